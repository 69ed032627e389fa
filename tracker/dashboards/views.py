"""The pages: each reads its address, asks one read, and shows it."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.template import loader
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError as QueueError

from tracker.models import Trial
from tracker.reads.facets import chips, facets
from tracker.reads.freshness import last_pulls
from tracker.reads.landscape import NEWS_DAYS, SIGN_WORDS, beside_the_trials, news, pipeline
from tracker.reads.listing import Cursor, Refused
from tracker.reads.trial import find_number, surviving, whole_trial
from tracker.reads.trials import Sort, TrialFilter, page_of_trials
from tracker.reads.why import SHAPE, why
from tracker.reads.wording import STAGE_NAMES
from tracker.sources.ctgov_records import nct_number
from tracker.tasks import fetch_trial
from tracker.terms import Relevance

from .listing import csv_answer, heading
from .lists import csv_lines, trial_rows
from .pages import DENSITIES, THEMES, page
from .pictures import drawn, lanes, png_file, portable, specification, svg_file

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

log = logging.getLogger(__name__)

_A_YEAR = 365 * 24 * 3600
_SORT_WORDS = {
    "score": ("score, highest first", "score, lowest first"),
    "stage": ("stage, furthest first", "stage, earliest first"),
    "strength": ("strength, highest first", "strength, lowest first"),
    "momentum": ("momentum, stopped first", "momentum, advancing first"),
    "people": ("people, most first", "people, fewest first"),
    "title": ("title, from Z to A", "title, from A to Z"),
    "updated": ("last update, newest first", "last update, oldest first"),
    "number": ("number, highest first", "number, lowest first"),
}
_FIRST_ASCENDING = ("title", "momentum")  # what a first click on the heading means
_HEADINGS = (
    ("title", "Trial"),
    ("stage", "Stage, 0–9"),
    ("strength", "Strength, 0–100"),
    ("score", "Score"),
    ("momentum", "Momentum, status"),
    ("people", "People"),
)


_IMPLIED = TrialFilter(relevance=(Relevance.ABOUT.value,))  # what the pages ask unless told otherwise


def _chosen(request: HttpRequest) -> TrialFilter:
    """The filter of the address; the pages show trials about EVs unless asked otherwise. Raises Refused."""
    return TrialFilter.read({"relevance": list(_IMPLIED.relevance), **dict(request.GET.lists())})


@require_safe
def landscape(request: HttpRequest) -> HttpResponse:
    """The landscape: the finding, the picture, the filters, the table."""
    number = nct_number(request.GET.get("search", "").strip())
    if number:
        return redirect("trial" if find_number(number)[0] else "why", number)
    try:
        chosen, sort = _chosen(request), Sort.read(request.GET.get("sort"))
        cursor = Cursor.read(request.GET.get("cursor"), sort=sort)
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    shown = page_of_trials(chosen=chosen, sort=sort, cursor=cursor)
    road = pipeline(chosen)
    order = "" if sort == Sort() else str(sort)
    context = {
        "pipeline": road,
        "picture": drawn(specification(road), pipeline=road) if road.standings else "",
        "lanes": lanes(road),
        "signs": SIGN_WORDS,
        "cells": [(cell, SIGN_WORDS[cell.sign], road.rows_of(cell).address(implied=_IMPLIED)) for cell in road.cells],
        "facets": facets(chosen, sort=order, implied=_IMPLIED),
        "chips": chips(chosen, sort=order, implied=_IMPLIED),
        "shown": shown,
        "list_url": reverse("landscape"),
        "beside": beside_the_trials(),
        "search": chosen.search,
        "address": chosen.address(implied=_IMPLIED, sort=order),
        "earlier": chosen.address(implied=_IMPLIED, sort=order, cursor=shown.earlier) if shown.earlier else "",
        "later": chosen.address(implied=_IMPLIED, sort=order, cursor=shown.later) if shown.later else "",
        "headings": [
            heading(name, words, sort=sort, chosen=chosen, implied=_IMPLIED, ascending=_FIRST_ASCENDING)
            for name, words in _HEADINGS
        ],
        "sort_words": _SORT_WORDS[sort.name][0 if sort.descending else 1],
        "by_update": "" if sort.name == "updated" else chosen.address(implied=_IMPLIED, sort="-updated"),
        "is_by_update": sort.name == "updated",
        "news": news(now=timezone.now()),
        "news_days": NEWS_DAYS,
    }
    return page(request, "landscape", context)


@require_safe
def trials_csv(request: HttpRequest) -> HttpResponseBase:
    """The list of this address as CSV, whole and in its order."""
    try:
        chosen, sort = _chosen(request), Sort.read(request.GET.get("sort"))
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    return csv_answer(csv_lines(trial_rows(chosen=chosen, sort=sort)), name="trials.csv")


@require_safe
def pipeline_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The picture of this address as CSV (its numbers), SVG, PNG, or JSON (its specification)."""
    try:
        road = pipeline(_chosen(request))
    except Refused as refused:
        return page(request, "refused", {"refused": refused}, status=400)
    match kind:
        case "csv":
            rows = (("track", "stage", "momentum", "trials"), *road.cells)
            return csv_answer(csv_lines(rows), name="pipeline.csv")
        case "svg":
            return HttpResponse(svg_file(specification(road)), content_type="image/svg+xml")
        case "png":
            return HttpResponse(png_file(specification(road)), content_type="image/png")
        case "json":
            return JsonResponse(portable(specification(road)))
    raise Http404(f"The picture is there as csv, svg, png and json, not as {kind[:20]!r}.")


@require_safe
def trial(request: HttpRequest, number: str) -> HttpResponse:
    """One trial. A number in any case, with needless or missing zeros, or an alias, leads to the trial's address."""
    canonical = nct_number(number)
    if canonical and canonical != number:
        return redirect("trial", surviving(canonical), permanent=True)
    try:
        whole = whole_trial(canonical) if canonical else None
    except Trial.DoesNotExist:
        whole = None
    stored = whole.survivor if whole else surviving(canonical) if canonical else None
    if stored and stored != number:
        return redirect("trial", stored, permanent=True)
    if whole is None:
        return page(request, "404", {"number": canonical, "asked": number, "shape": SHAPE}, status=404)
    context = {
        "whole": whole,
        "stations": STAGE_NAMES[whole.maturity.row.track] if whole.maturity else (),
        "here": request.build_absolute_uri(request.path),
    }
    return page(request, "trial", context)


@require_safe
def why_form(request: HttpRequest) -> HttpResponse:
    """The question: which number?"""
    asked = request.GET.get("number", "").strip()
    if asked:
        return redirect("why", nct_number(asked) or asked[:60].replace("/", " ").strip() or "-")
    return page(request, "why", {"why": None, "pulls": last_pulls()})


@require_safe
def why_number(request: HttpRequest, number: str) -> HttpResponse:
    """The answer. A number in any case or length leads to its canonical address."""
    canonical = nct_number(number)
    if canonical and canonical != number:
        return redirect("why", canonical)
    answer = why(number, now=timezone.now())
    may_fetch = answer.number is not None and request.user.has_perm("tracker.change_trial")
    return page(request, "why", {"why": answer, "may_fetch": may_fetch, "shape": SHAPE})


@require_POST
@permission_required("tracker.change_trial", raise_exception=True)
def fetch_now(request: HttpRequest, number: str) -> HttpResponse:
    """Poke a worker to ask the registry for this one record; what came of it stands on the page of the number."""
    canonical = nct_number(number)
    if canonical is None:
        raise Http404(f"“{number[:60]}” is not an NCT number. {SHAPE}")
    try:
        fetch_trial.delay(nct_id=canonical)
    except QueueError as error:
        log.error("The queue did not take the fetch of %s: %s", canonical, error)
        messages.error(request, f"{canonical} was not asked for: the queue cannot be reached. Ask again in a minute.")
    else:
        messages.success(request, f"The registry is being asked for {canonical}. Load this page again in a moment.")
    return redirect("why", canonical)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice of theme or density in a cookie, and go back."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("landscape")
    answer = HttpResponseRedirect(back)
    for name, allowed in (("theme", THEMES), ("density", DENSITIES)):
        if request.POST.get(name) in allowed:
            answer.set_cookie(
                name, request.POST[name], max_age=_A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
            )
    return answer


def server_fault(request: HttpRequest) -> HttpResponse:
    """The page for a fault of ours: no database, no session, and a reference that stands in the log."""
    reference = secrets.token_hex(2)
    log.error("Fault %s at %s", reference, request.path)
    return HttpResponse(loader.render_to_string("500.html", {"reference": reference}), status=500)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return page(request, "404", {"number": None, "asked": request.path, "shape": ""}, status=404)
