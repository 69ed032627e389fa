"""The list of trials and one trial: what the pages show, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http import HttpResponsePermanentRedirect
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.response import Response

from tracker import terms
from tracker.models import ChangeEvent, Trial, TrialVersion
from tracker.reads.candidate import links_of_trial
from tracker.reads.lineage import lineage_of
from tracker.reads.listing import LARGEST_PAGE, NOT_REPORTED, PAGE_SIZE, Cursor, Refused
from tracker.reads.trial import find_number
from tracker.reads.trials import (
    SORTS,
    Sort,
    TrialFilter,
    page_of_trials,
    with_evidence,
)

from .asking import Asked, Problem, absolute, refuse, whole_number
from .shapes import ProblemSerializer, TrialSerializer, TrialsPageSerializer, WholeTrialSerializer

if TYPE_CHECKING:
    from django.http import HttpResponseBase
    from rest_framework.request import Request

ORDERINGS = [*SORTS, *(f"-{name}" for name in SORTS)]
REFUSED = OpenApiResponse(ProblemSerializer, description="A parameter is unknown or cannot be read.")


def several(name: str, values: list[str] | None, about: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, many=True, enum=values, description=f"{about} Given twice: either.")


def values_of(vocabulary: type[terms.Term]) -> list[str]:
    return [member.value for member in vocabulary]


FILTERS = [
    several("relevance", values_of(terms.Relevance), "Relevance; without it every stored trial is listed."),
    several("status", [*values_of(terms.Status), NOT_REPORTED], "The registry's overall status."),
    OpenApiParameter(
        "stage", {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}},
        description="Stage earned. Given twice: either.",
    ),
    OpenApiParameter("stage_min", {"type": "integer", "minimum": 0, "maximum": 9}, description="Least stage earned."),
    several("track", values_of(terms.Track), "Track of the leading maturity."),
    several("role", values_of(terms.Role), "What the vesicles are for."),
    several("momentum", values_of(terms.Momentum), "Alive or not."),
    several("country", None, f"Country of a site, as the registry writes it, or {NOT_REPORTED}."),
    several("sponsor", None, f"Lead sponsor, as the registry writes it, or {NOT_REPORTED}."),
    several("year", None, f"Year of the start date, or {NOT_REPORTED}."),
    OpenApiParameter("partial", str, enum=["true", "false"], description="Copies with parts missing."),
    several("stop_class", values_of(terms.StopClass), "Reason for stopping."),
    several("presence", values_of(terms.Presence), "Where the trial stands towards the registry."),
    several("origin", values_of(terms.Origin), "Where the current version was read."),
    OpenApiParameter("search", str, description="Words of the record (quotes, -word, or), or the start of a number."),
    OpenApiParameter("ordering", str, enum=ORDERINGS, default="-score", description="Silent records stand last."),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        description="Trials a page.",
    ),
    OpenApiParameter("cursor", str, description="From `next` or `previous`; not to be made by hand."),
]  # fmt: skip


class TrialList(Asked):
    """Every stored trial that passes the filters, a page at a time."""

    parameters = frozenset({*TrialFilter.names(), "ordering", "page_size", "cursor"})

    @extend_schema(
        operation_id="trials_list",
        summary="List trials",
        parameters=FILTERS,
        responses={200: TrialsPageSerializer, 400: REFUSED},
    )
    def get(self, request: Request) -> Response:
        size = whole_number(request, "page_size", default=PAGE_SIZE, least=1, most=LARGEST_PAGE)
        try:
            chosen = TrialFilter.read(dict(request.query_params.lists()))
            sort = _sort(request)
            cursor = Cursor.read(request.query_params.get("cursor"), sort=sort)
        except Refused as refusal:
            refuse(refusal.field, refusal.message, "Correct the value, or leave the parameter out.")
        page = page_of_trials(chosen=chosen, sort=sort, cursor=cursor, size=size, evidence=True)
        further = {
            name: request.query_params[name] for name in ("ordering", "page_size") if name in request.query_params
        }

        def address(place: str | None) -> str | None:
            asked = urlencode([*chosen.parameters(), *further.items(), ("cursor", place or "")])
            return absolute(request, f"{request.path}?{asked}") if place else None

        shown = TrialSerializer(page.trials, many=True, context={"request": request})
        return Response({"next": address(page.later), "previous": address(page.earlier), "results": shown.data})


def _sort(request: Request) -> Sort:
    given = request.query_params.get("ordering")
    try:
        return Sort.read(given)
    except Refused as refusal:
        raise Refused("ordering", refusal.message) from refusal


class TrialDetail(Asked):
    """One trial by its number; any case, any number of leading zeros, and an older number of the same trial."""

    @extend_schema(
        operation_id="trials_retrieve",
        summary="One trial",
        parameters=[OpenApiParameter("nct_id", str, "path", description="NCT number, for example NCT01159288.")],
        responses={
            200: WholeTrialSerializer,
            301: OpenApiResponse(description="An alias: Location leads to the number that survives."),
            400: REFUSED,
            404: OpenApiResponse(ProblemSerializer, description="Not stored; `see` leads to why."),
        },
    )
    def get(self, request: Request, nct_id: str) -> Response | HttpResponseBase:
        stored, number = find_number(nct_id)
        if number is None:
            raise Problem(
                what=f"“{nct_id[:60]}” is no NCT number",
                where="nct_id",
                what_to_do="Give NCT and eight digits, for example NCT01159288.",
                code=404,
            )
        if stored is None:
            raise Problem(
                what=f"{number} is not stored here",
                where="nct_id",
                what_to_do="Ask why: the address under `see` says whether it was asked for, set aside or judged away.",
                see=absolute(request, reverse("api-why", args=[number])),
                code=404,
            )
        if stored != number:
            return HttpResponsePermanentRedirect(reverse("api-trial", args=[stored]))
        history = (
            Prefetch("versions", queryset=TrialVersion.objects.defer("raw")),
            Prefetch("changes", queryset=ChangeEvent.objects.order_by("-seen", "-id")),
            "aliases",
        )
        trial = with_evidence(Trial.objects.filter(pk=stored).defer("search")).prefetch_related(*history).get()
        trial.link_lines = links_of_trial(stored)  # type: ignore[attr-defined]
        trial.lineage_lines = lineage_of(trials=[stored])  # type: ignore[attr-defined]
        return Response(WholeTrialSerializer(trial, context={"request": request}).data)
