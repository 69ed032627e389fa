"""Addresses. Pages at the root, REST under /api/v1/, curation under /admin/."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
