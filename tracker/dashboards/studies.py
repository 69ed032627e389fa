"""The pages of studies: the list, its CSV, and one study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from tracker.models import Study
from tracker.reads.facets import chips_of, facets_of
from tracker.reads.listing import Cursor, Refused
from tracker.reads.studies import STUDIES, StudyFilter, StudySort, page_of_studies, studies_summary
from tracker.reads.study import surviving_study, whole_study
from tracker.reads.wording import STAGE_NAMES
from tracker.terms import Relevance

from .listing import csv_answer, heading
from .lists import csv_lines, study_rows
from .pages import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint
_IMPLIED = StudyFilter(relevance=(Relevance.ABOUT.value,))  # what the pages ask unless told otherwise
_SORT_WORDS = {
    "score": ("score, highest first", "score, lowest first"),
    "stage": ("stage, furthest first", "stage, earliest first"),
    "strength": ("strength, highest first", "strength, lowest first"),
    "year": ("year, newest first", "year, oldest first"),
    "title": ("title, from Z to A", "title, from A to Z"),
    "added": ("last added first", "first added first"),
}
_HEADINGS = (
    ("title", "Study"),
    ("stage", "Stage, 0–9"),
    ("strength", "Strength, 0–100"),
    ("score", "Score"),
    ("candidates", "Candidates"),
    ("year", "Year"),
)


def _asked(request: HttpRequest) -> tuple[StudyFilter, StudySort]:
    """The filter and the order of the address. Raises Refused."""
    chosen = StudyFilter.read({"relevance": list(_IMPLIED.relevance), **dict(request.GET.lists())})
    return chosen, StudySort.read(request.GET.get("sort"))


@require_safe
def studies(request: HttpRequest) -> HttpResponse:
    """The list of studies."""
    try:
        chosen, sort = _asked(request)
        cursor = Cursor.read(request.GET.get("cursor"), sort=sort)
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    shown = page_of_studies(chosen=chosen, sort=sort, cursor=cursor, evidence=True)
    order = "" if sort == StudySort() else str(sort)

    def at(place: str | None) -> str:
        return chosen.address(implied=_IMPLIED, sort=order, cursor=place) if place else ""

    context: dict[str, object] = {
        "summary": studies_summary(chosen, implied=_IMPLIED),
        "facets": facets_of(STUDIES, chosen, sort=order, implied=_IMPLIED),
        "chips": chips_of(STUDIES, chosen, sort=order, implied=_IMPLIED),
        "shown": shown,
        "list_url": reverse("studies"),
        "list_search": chosen.search,
        "kept": [pair for pair in chosen.dropped("search").parameters() if pair not in _IMPLIED.parameters()],
        "address": chosen.address(implied=_IMPLIED, sort=order),
        "earlier": at(shown.earlier),
        "later": at(shown.later),
        "headings": [
            heading(name, words, sort=sort, chosen=chosen, implied=_IMPLIED, ascending=("title",))
            for name, words in _HEADINGS
        ],
        "sort_words": _SORT_WORDS[sort.name][0 if sort.descending else 1],
        "by_year": sort.name == "year",
    }
    return page(request, "studies", context)


@require_safe
def studies_csv(request: HttpRequest) -> HttpResponseBase:
    """The list of this address as CSV, whole and in its order."""
    try:
        chosen, sort = _asked(request)
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    return csv_answer(csv_lines(study_rows(chosen=chosen, sort=sort)), name="studies.csv")


@require_safe
def study(request: HttpRequest, number: int) -> HttpResponse:
    """One study. The number of one that was folded into another leads to that one."""
    if number > LARGEST_ID:
        return page(request, "404", {"number": None, "asked": request.path, "shape": ""}, status=404)
    kept = surviving_study(number)
    if kept != number:
        return redirect("study", kept, permanent=True)
    try:
        whole = whole_study(number)
    except Study.DoesNotExist:
        return page(request, "404", {"number": None, "asked": request.path, "shape": ""}, status=404)
    context = {
        "whole": whole,
        "stations": STAGE_NAMES[whole.maturity.row.track] if whole.maturity else (),
        "here": request.build_absolute_uri(request.path),
    }
    return page(request, "study", context)
