"""The API's description: the OpenAPI document, and a page to read and try it that asks no third party."""

from __future__ import annotations

from csp.decorators import csp_update
from django.conf import settings
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3 document of this API, as JSON or YAML."""


@method_decorator(csp_update(settings.API_DOCS_CONTENT_SECURITY_POLICY), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from this server's own files; its script is a file of its own, so nothing inline has to run."""
