"""Addresses. Pages at the root, REST under /api/v1/, curation under /admin/."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("tracker.api.urls")),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("", include("tracker.dashboards.urls")),
]
if settings.METRICS:
    urlpatterns.append(path("", include("django_prometheus.urls")))  # /metrics

handler404 = "tracker.dashboards.views.not_found"
handler500 = "tracker.dashboards.views.server_fault"
