"""The Content-Security-Policy of the admin's pages, looser than the public's where unfold needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class AdminPolicy:
    """Adds `ADMIN_CONTENT_SECURITY_POLICY` to answers under /admin/; stands inside django-csp's middleware.

    A middleware and not a decorator, so that the login page and the admin's own errors have the same policy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(reverse("admin:index")):
            response._csp_update = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        return response
