"""The list of candidates and one candidate: what the pages show, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponsePermanentRedirect
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response

from tracker import terms
from tracker.models import Candidate
from tracker.reads.candidate import find_candidate, whole_candidate
from tracker.reads.candidates import CandidateFilter, CandidateSort, page_of_candidates, with_counts
from tracker.reads.listing import LARGEST_PAGE, PAGE_SIZE, Cursor, Refused

from .asking import Asked, Problem, absolute, refuse, whole_number
from .evidence_shapes import CandidateDetailSerializer, CandidateSerializer, CandidatesPageSerializer
from .shapes import ProblemSerializer
from .studies import neighbour
from .trials import REFUSED, several, values_of

if TYPE_CHECKING:
    from django.http import HttpResponseBase
    from rest_framework.request import Request

ORDERINGS = [*CandidateSort.ORDERS, *(f"-{name}" for name in CandidateSort.ORDERS)]

FILTERS = [
    several("kind", values_of(terms.Track), "Diagnostic or therapeutic."),
    several("role", values_of(terms.Role), "What the vesicles are for."),
    several("ev_source", None, "Source of the vesicles, as stored."),
    several("cargo", None, "Cargo, as stored."),
    several("mechanism", None, "Mechanism, as stored."),
    several("target", None, "Target, as stored."),
    several("status", values_of(terms.CandidateStatus), "Without it all but those merged into another."),
    OpenApiParameter("search", str, description="Words of name, synonyms, description or developer."),
    OpenApiParameter("ordering", str, enum=ORDERINGS, default="name", description="Silent ones stand last."),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        description="Candidates a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous`; not to be made by hand."),
]  # fmt: skip


class CandidateList(Asked):
    """Every candidate that passes the filters, a page at a time."""

    parameters = frozenset({*CandidateFilter.names(), "ordering", "page_size", "cursor"})

    @extend_schema(
        operation_id="candidates_list",
        summary="List candidates",
        parameters=FILTERS,
        responses={200: CandidatesPageSerializer, 400: REFUSED},
    )
    def get(self, request: Request) -> Response:
        size = whole_number(request, "page_size", default=PAGE_SIZE, least=1, most=LARGEST_PAGE)
        try:
            chosen = CandidateFilter.read(dict(request.query_params.lists()))
            sort = CandidateSort.read(request.query_params.get("ordering"))
            cursor = Cursor.read(request.query_params.get("cursor"), sort=sort)
        except Refused as refusal:
            field = "ordering" if refusal.field == "sort" else refusal.field
            refuse(field, refusal.message, "Correct the value, or leave the parameter out.")
        page = page_of_candidates(chosen=chosen, sort=sort, cursor=cursor, size=size)
        shown = CandidateSerializer(page.rows, many=True, context={"request": request})
        return Response(
            {
                "next": neighbour(request, chosen, page.later),
                "previous": neighbour(request, chosen, page.earlier),
                "results": shown.data,
            }
        )


class CandidateDetail(Asked):
    """One candidate by its slug; an old one, or that of a candidate merged into another, leads on."""

    @extend_schema(
        operation_id="candidates_retrieve",
        summary="One candidate",
        parameters=[
            OpenApiParameter("slug", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, "path", description="Its slug.")
        ],
        responses={
            200: CandidateDetailSerializer,
            301: OpenApiResponse(description="Renamed or merged: Location leads to where it is now."),
            400: REFUSED,
            404: OpenApiResponse(ProblemSerializer, description="No such candidate."),
        },
    )
    def get(self, request: Request, slug: str) -> Response | HttpResponseBase:
        stored = find_candidate(slug)
        if stored is None:
            raise Problem(
                what=f"No candidate is called “{slug[:60]}” here",
                where="slug",
                what_to_do="Look for its name or a synonym in the list, with search.",
                see=absolute(request, reverse("api-candidates")),
                code=404,
            )
        if stored != slug:
            return HttpResponsePermanentRedirect(reverse("api-candidate", args=[stored]))
        candidate = with_counts(Candidate.objects.filter(slug=slug)).prefetch_related("names").get()
        candidate.whole = whole_candidate(slug)  # type: ignore[attr-defined]
        return Response(CandidateDetailSerializer(candidate, context={"request": request}).data)
