"""The first address, which names the others, and the answer for an address that is none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from rest_framework.response import Response

from .asking import Asked, Problem, absolute

if TYPE_CHECKING:
    from rest_framework.request import Request

ADDRESSES = ("trials", "studies", "candidates", "changes", "sync-runs", "schema", "docs")


class Index(Asked):
    """What can be read here."""

    schema = None  # it describes no data

    def get(self, request: Request) -> Response:
        return Response({name: absolute(request, reverse(f"api-{name}")) for name in ADDRESSES})


class Nowhere(Asked):
    """An address under /api/v1/ that is none: a tool reads JSON, so its 404 is JSON."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Problem(
            what=f"Nothing is at {request.path[:200]}",
            where="path",
            what_to_do="See the addresses that there are.",
            see=absolute(request, reverse("api-index")),
            code=404,
        )
