"""How a request is read and how it is refused.

A parameter this API does not know, or cannot read, is an error and not ignored: a misspelt filter would otherwise
answer with every trial. A refusal says what was wrong, where, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import APIView

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest
    from rest_framework.request import Request


class Problem(exceptions.APIException):
    """A refusal in words. `see` is the address that helps, where there is one."""

    def __init__(self, *, what: str, where: str, what_to_do: str, see: str | None = None, code: int = 400) -> None:
        super().__init__(what)
        self.status_code = code
        self.body = {"what": what, "where": where, "what_to_do": what_to_do, "see": see}


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal in the one shape, with the headers that HTTP asks of it; a fault of ours is left to Django."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if isinstance(error, exceptions.Throttled) and (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, Problem):
        return Response(error.body, status=error.status_code, headers=headers)
    request: Request = context["request"]
    body = {
        "what": str(error.detail),
        "where": request.path,
        "what_to_do": _ADVICE.get(error.status_code, "See /api/v1/docs/ for what can be asked."),
        "see": request.build_absolute_uri("/api/v1/docs/"),
    }
    return Response(body, status=error.status_code, headers=headers)


_ADVICE = {
    status.HTTP_405_METHOD_NOT_ALLOWED: "Use GET: this API is read-only. What people decide is entered in the admin.",
    status.HTTP_406_NOT_ACCEPTABLE: "Accept application/json.",
    status.HTTP_429_TOO_MANY_REQUESTS: "Wait as long as Retry-After says, then ask again.",
}


@method_decorator(conditional_page, name="dispatch")
class Asked(APIView):
    """A view that knows the parameters it may be asked with. Anonymous; it never looks at a session.

    Its ETag is made from the answer itself: a tool that asks again and again is told 304 and reads nothing twice.
    """

    parameters: ClassVar[frozenset[str]] = frozenset()
    http_method_names = ["get", "head", "options"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "OPTIONS":
            return
        for name, values in request.query_params.lists():
            if name not in self.parameters:
                known = ", ".join(sorted(self.parameters)) or "none here"
                refuse(name, f"“{name[:60]}” is no parameter of this list", f"Use one of: {known}.")
            if name != "search" and any(not value.strip() for value in values):
                refuse(name, "the value is empty", "Give a value, or leave the parameter out.")


def refuse(where: str, what: str, what_to_do: str) -> NoReturn:
    """Answer 400 for this parameter."""
    raise Problem(what=what, where=where[:60], what_to_do=what_to_do)


def one_of(request: Request, name: str, allowed: list[str]) -> str | None:
    """The value of a parameter with a closed vocabulary, or None where it was not given."""
    given = request.query_params.get(name)
    if given is None or given in allowed:
        return given
    refuse(name, f"“{given[:60]}” is not known", f"Give one of: {', '.join(allowed)}.")


def whole_number(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    """The value of a parameter that is a number."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if given.isascii() and given.isdecimal() and len(given) < 10 and least <= int(given) <= most:
        return int(given)
    refuse(name, f"“{given[:60]}” is not a whole number from {least} to {most}", f"Give {least} to {most}.")


def absolute(request: HttpRequest | Request, path: str) -> str:
    """The address of a path here, whole, so that a tool can follow it as it stands."""
    address: str = request.build_absolute_uri(path)
    return address
