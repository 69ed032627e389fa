"""The pages of candidates: the list, its CSV, one candidate, and its time line as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from tracker.reads.candidate import find_candidate, whole_candidate
from tracker.reads.candidates import (
    CANDIDATES,
    CandidateFilter,
    CandidateSort,
    candidates_summary,
    page_of_candidates,
    rungs_of,
)
from tracker.reads.facets import chips_of, facets_of
from tracker.reads.listing import Cursor, Refused

from .listing import csv_answer, heading
from .lists import candidate_rows, csv_lines
from .pages import page
from .pictures import for_page, png_file, portable, svg_file
from .time_line import specification, time_line_rows

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_SORT_WORDS = {
    "name": ("name, from Z to A", "name, from A to Z"),
    "stage": ("furthest evidence, highest first", "furthest evidence, lowest first"),
    "evidence": ("supporting records, most first", "supporting records, fewest first"),
    "added": ("last added first", "first added first"),
}
_HEADINGS = (
    ("name", "Candidate"),
    ("stage", "Furthest evidence, 0–9"),
    ("records", "Records and direction"),
    ("evidence", "Supporting"),
)


@require_safe
def candidates(request: HttpRequest) -> HttpResponse:
    """The list of candidates."""
    try:
        chosen = CandidateFilter.read(dict(request.GET.lists()))
        sort = CandidateSort.read(request.GET.get("sort"))
        cursor = Cursor.read(request.GET.get("cursor"), sort=sort)
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    shown = page_of_candidates(chosen=chosen, sort=sort, cursor=cursor)
    order = "" if sort == CandidateSort() else str(sort)

    def at(place: str | None) -> str:
        return chosen.address(sort=order, cursor=place) if place else ""

    context: dict[str, object] = {
        "summary": candidates_summary(chosen),
        "facets": facets_of(CANDIDATES, chosen, sort=order),
        "chips": chips_of(CANDIDATES, chosen, sort=order),
        "shown": [(one, rungs_of(one)) for one in shown.rows],
        "list_url": reverse("candidates"),
        "list_search": chosen.search,
        "kept": chosen.dropped("search").parameters(),
        "address": chosen.address(sort=order),
        "earlier": at(shown.earlier),
        "later": at(shown.later),
        "headings": [
            heading(name, words, sort=sort, chosen=chosen, implied=None, ascending=("name",))
            for name, words in _HEADINGS
        ],
        "rungs_shown": (1, 2, 3, 5, 7),  # of the key to the marks
        "rungs_short": (1, 2, 3),
        "sort_words": _SORT_WORDS[sort.name][0 if sort.descending else 1],
    }
    return page(request, "candidates", context)


@require_safe
def candidates_csv(request: HttpRequest) -> HttpResponseBase:
    """The list of this address as CSV, whole and in its order."""
    try:
        chosen = CandidateFilter.read(dict(request.GET.lists()))
        sort = CandidateSort.read(request.GET.get("sort"))
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    return csv_answer(csv_lines(candidate_rows(chosen=chosen, sort=sort)), name="candidates.csv")


@require_safe
def candidate(request: HttpRequest, slug: str) -> HttpResponse:
    """One candidate. An old address, or one merged into another, leads to where it is now."""
    stored = find_candidate(slug)
    if stored is None:
        return page(request, "404", {"number": None, "asked": request.path, "shape": ""}, status=404)
    if stored != slug:
        return redirect("candidate", stored, permanent=True)
    whole = whole_candidate(slug)
    spec = specification(whole) if whole.time_line.dated else None
    context: dict[str, object] = {
        "whole": whole,
        "picture": for_page(spec) if spec else "",
        "here": request.build_absolute_uri(request.path),
    }
    return page(request, "candidate", context)


@require_safe
def time_line_file(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """The time line of a candidate as CSV (its numbers), SVG, PNG, or JSON (its specification)."""
    stored = find_candidate(slug)
    if stored is None:
        raise Http404(f"No candidate is at {slug[:60]!r}.")
    if stored != slug:
        return redirect("time-line-file", stored, kind, permanent=True)
    whole = whole_candidate(slug)
    if kind == "csv":
        return csv_answer(csv_lines(time_line_rows(whole)), name=f"{slug}-time-line.csv")
    if kind not in ("svg", "png", "json") or not whole.time_line.dated:
        raise Http404(f"The time line is there as csv, svg, png and json, not as {kind[:20]!r}.")
    spec = specification(whole, linked=False)
    match kind:
        case "svg":
            return HttpResponse(svg_file(spec), content_type="image/svg+xml")
        case "png":
            return HttpResponse(png_file(spec), content_type="image/png")
        case _:
            return JsonResponse(portable(spec))
