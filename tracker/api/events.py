"""What happened to trials and studies, and the runs that brought it: two lists, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from django.db.models import Model
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from tracker import terms
from tracker.dates import PartialDate
from tracker.models import ChangeEvent, SyncRun
from tracker.sources.ctgov_records import nct_number

from .asking import Asked, absolute, one_of, refuse, whole_number
from .shapes import ChangeSerializer, ChangesPageSerializer, RunSerializer, RunsPageSerializer
from .trials import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.db.models import QuerySet
    from rest_framework.request import Request

PAGE_SIZE = 50
LARGEST_PAGE = 200
LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint

Row = TypeVar("Row", bound=Model)

PAGING = [
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        description="Rows a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous`; not to be made by hand."),
]  # fmt: skip


class ChangeList(Asked):
    """Named differences between neighbouring versions, trials that came and went, studies retracted or corrected."""

    parameters = frozenset({"trial", "study", "kind", "since", "page_size", "cursor"})

    @extend_schema(
        operation_id="changes_list",
        summary="List changes, newest first",
        parameters=[
            OpenApiParameter("trial", str, description="NCT number."),
            OpenApiParameter(
                "study", {"type": "integer", "minimum": 1, "maximum": 999_999_999}, description="A study's number here."
            ),
            OpenApiParameter("kind", str, enum=[kind.value for kind in terms.ChangeKind]),
            OpenApiParameter(
                "since", {"type": "string", "format": "date"}, description="Seen on this day (UTC) or later."
            ),
            *PAGING,
        ],
        responses={200: ChangesPageSerializer, 400: REFUSED},
    )
    def get(self, request: Request) -> Response:
        rows = ChangeEvent.objects.select_related("trial", "study").defer("trial__search", "study__search")
        if given := request.query_params.get("trial"):
            number = nct_number(given)
            if number is None:
                refuse("trial", f"“{given[:60]}” is no NCT number", "Give NCT and eight digits, as NCT01159288.")
            rows = rows.filter(trial_id=number)
        if "study" in request.query_params:
            rows = rows.filter(study_id=whole_number(request, "study", default=0, least=1, most=999_999_999))
        if kind := one_of(request, "kind", [kind.value for kind in terms.ChangeKind]):
            rows = rows.filter(kind=kind)
        if since := _day(request, "since"):
            rows = rows.filter(seen__date__gte=since)
        return _page(request, rows, ChangeSerializer)


class RunList(Asked):
    """Every pull: what it asked, saw, stored and could not read."""

    parameters = frozenset({"query", "state", "kind", "page_size", "cursor"})

    @extend_schema(
        operation_id="sync_runs_list",
        summary="List sync runs, newest first",
        parameters=[
            OpenApiParameter("query", str, description="Slug of a registry query."),
            OpenApiParameter("state", str, enum=[state.value for state in terms.RunState]),
            OpenApiParameter("kind", str, enum=[kind.value for kind in terms.RunKind]),
            *PAGING,
        ],
        responses={200: RunsPageSerializer, 400: REFUSED},
    )
    def get(self, request: Request) -> Response:
        rows = SyncRun.objects.select_related("query")
        if slug := request.query_params.get("query"):
            if "\x00" in slug or len(slug) > 60:
                refuse("query", "this is no slug of a query", "Give a slug of at most 60 characters.")
            rows = rows.filter(query__slug=slug)
        if state := one_of(request, "state", [state.value for state in terms.RunState]):
            rows = rows.filter(state=state)
        if kind := one_of(request, "kind", [kind.value for kind in terms.RunKind]):
            rows = rows.filter(kind=kind)
        return _page(request, rows, RunSerializer)


def _day(request: Request, name: str) -> date | None:
    given = request.query_params.get(name)
    if given is None:
        return None
    day = PartialDate.read(given)
    if day is None or not day.has_day:
        refuse(name, f"“{given[:60]}” is no date", "Give a day as 2026-01-30.")
    return day.first


def _page(request: Request, rows: QuerySet[Row], shape: type[ChangeSerializer] | type[RunSerializer]) -> Response:
    """A page by keyset over the primary key, which grows with time: one query, and rows that come meanwhile move none.

    The cursor is the key of the row beyond which the page begins, with its direction: ``after-812`` or ``before-812``.
    """
    size = whole_number(request, "page_size", default=PAGE_SIZE, least=1, most=LARGEST_PAGE)
    given = request.query_params.get("cursor")
    direction, _, key = (given or "").partition("-")
    if given is not None and not (
        direction in ("after", "before") and key.isascii() and key.isdecimal() and int(key[:20]) <= LARGEST_ID
    ):
        refuse("cursor", "this place in the list cannot be read", "Begin again without cursor.")
    backwards = direction == "before"
    if given is not None:
        rows = rows.filter(pk__gt=int(key)) if backwards else rows.filter(pk__lt=int(key))
    found: Sequence[Row] = list(rows.order_by("pk" if backwards else "-pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found = found[::-1]
    older = f"after-{found[-1].pk}" if found and (more or backwards) else None
    newer = f"before-{found[0].pk}" if found and (more if backwards else given is not None) else None

    def address(cursor: str | None) -> str | None:
        asked = {name: value for name, value in request.query_params.items() if name != "cursor"}
        return absolute(request, f"{request.path}?{urlencode({**asked, 'cursor': cursor})}") if cursor else None

    shown = shape(found, many=True, context={"request": request})
    return Response({"next": address(older), "previous": address(newer), "results": shown.data})
