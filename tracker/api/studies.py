"""The list of studies and one study: what the pages show, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpResponsePermanentRedirect
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response

from tracker import terms
from tracker.models import Study
from tracker.reads.listing import LARGEST_PAGE, NOT_REPORTED, PAGE_SIZE, Cursor, Refused
from tracker.reads.studies import StudyFilter, StudySort, page_of_studies
from tracker.reads.study import surviving_study, whole_study

from .asking import Asked, Problem, absolute, refuse, whole_number
from .evidence_shapes import StudiesPageSerializer, StudyDetailSerializer, StudySerializer
from .shapes import ProblemSerializer
from .trials import REFUSED, several, values_of

if TYPE_CHECKING:
    from django.http import HttpResponseBase
    from rest_framework.request import Request

    from tracker.reads.listing import Filter

LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint
ORDERINGS = [*StudySort.ORDERS, *(f"-{name}" for name in StudySort.ORDERS)]
YES_NO = ["true", "false"]

FILTERS = [
    several("relevance", values_of(terms.Relevance), "Relevance; without it every stored study is listed."),
    several("track", values_of(terms.Track), "Track of the leading maturity."),
    OpenApiParameter(
        "stage", {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}},
        description="Stage earned. Given twice: either.",
    ),
    OpenApiParameter("stage_min", {"type": "integer", "minimum": 0, "maximum": 9}, description="Least stage earned."),
    several("role", values_of(terms.Role), "What the vesicles are for."),
    several("year", None, f"Year of publication, or {NOT_REPORTED}."),
    several("origin", values_of(terms.StudyOrigin), "Where the bibliographic record was read."),
    OpenApiParameter("retracted", str, enum=YES_NO, description="Retracted studies."),
    OpenApiParameter("preprint", str, enum=YES_NO, description="Preprints without a published paper."),
    several("candidate", None, "Slug of a candidate that an accepted link ties it to."),
    OpenApiParameter("search", str, description="Words of the study (quotes, -word, or), or a PMID, PMCID or DOI."),
    OpenApiParameter("ordering", str, enum=ORDERINGS, default="-score", description="Silent records stand last."),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        description="Studies a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous`; not to be made by hand."),
]  # fmt: skip


class StudyList(Asked):
    """Every stored study that passes the filters, a page at a time."""

    parameters = frozenset({*StudyFilter.names(), "ordering", "page_size", "cursor"})

    @extend_schema(
        operation_id="studies_list",
        summary="List studies",
        parameters=FILTERS,
        responses={200: StudiesPageSerializer, 400: REFUSED},
    )
    def get(self, request: Request) -> Response:
        size = whole_number(request, "page_size", default=PAGE_SIZE, least=1, most=LARGEST_PAGE)
        try:
            chosen = StudyFilter.read(dict(request.query_params.lists()))
            sort = StudySort.read(request.query_params.get("ordering"))
            cursor = Cursor.read(request.query_params.get("cursor"), sort=sort)
        except Refused as refusal:
            field = "ordering" if refusal.field == "sort" else refusal.field
            refuse(field, refusal.message, "Correct the value, or leave the parameter out.")
        page = page_of_studies(chosen=chosen, sort=sort, cursor=cursor, size=size, evidence=True)
        shown = StudySerializer(page.rows, many=True, context={"request": request})
        return Response(
            {
                "next": neighbour(request, chosen, page.later),
                "previous": neighbour(request, chosen, page.earlier),
                "results": shown.data,
            }
        )


def neighbour(request: Request, chosen: Filter, place: str | None) -> str | None:
    """The whole address of the page at this place, with what was asked."""
    further = {name: request.query_params[name] for name in ("ordering", "page_size") if name in request.query_params}
    asked = urlencode([*chosen.parameters(), *further.items(), ("cursor", place or "")])
    return absolute(request, f"{request.path}?{asked}") if place else None


class StudyDetail(Asked):
    """One study by its number here."""

    @extend_schema(
        operation_id="studies_retrieve",
        summary="One study",
        parameters=[
            OpenApiParameter(
                "number", {"type": "integer", "minimum": 1}, "path", description="The study's number here."
            )
        ],
        responses={
            200: StudyDetailSerializer,
            301: OpenApiResponse(description="Folded into another study: Location leads to it."),
            400: REFUSED,
            404: OpenApiResponse(ProblemSerializer, description="No such study."),
        },
    )
    def get(self, request: Request, number: int) -> Response | HttpResponseBase:
        kept = surviving_study(number) if number <= LARGEST_ID else number
        if kept != number:
            return HttpResponsePermanentRedirect(reverse("api-study", args=[kept]))
        try:
            whole = whole_study(number) if number <= LARGEST_ID else None
        except Study.DoesNotExist:
            whole = None
        if whole is None:
            raise Problem(
                what=f"No study has the number {str(number)[:30]} here",
                where="number",
                what_to_do="Look for its PMID or DOI in the list, with search.",
                see=absolute(request, reverse("api-studies")),
                code=404,
            )
        study = whole.study
        study.items_read = whole.items.items  # type: ignore[attr-defined]
        study.experiments_read = whole.experiments  # type: ignore[attr-defined]
        study.findings_read = whole.findings  # type: ignore[attr-defined]
        study.lineage_lines = whole.lineage  # type: ignore[attr-defined]
        study.why_none = whole.none_because  # type: ignore[attr-defined]
        return Response(StudyDetailSerializer(study, context={"request": request}).data)
