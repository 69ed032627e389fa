"""How fresh the data is, and whether the last pull succeeded: one line under the top band of every page.

The states and their words are fixed: good, stale, incomplete, suspect, unreachable or blocked, starter set. The
line never says more than the runs do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Max, OuterRef, Q, Subquery
from django_celery_beat.models import PeriodicTask

from tracker import terms
from tracker.models import RegistryQuery, SetAside, SyncRun, Trial

from .wording import days_ago, figure, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

STALE_AFTER = timedelta(days=4)  # a weekend and a holiday may pass without a pull
LONGEST_TOLD = 90  # characters of a run's own words that the line holds; longer ones stand on a page of their own
PULLS_SHOWN = 8
PULLS = (terms.RunKind.INCREMENTAL, terms.RunKind.FULL)
TASK_PREFIX = "tracker.tasks.sync"

GOOD, STALE, INCOMPLETE, SUSPECT = "good", "stale", "incomplete", "suspect"
UNREACHABLE, BLOCKED, REFUSED, STARTER, EMPTY = "unreachable", "blocked", "refused", "starter", "empty"
_NAMED = {
    terms.RunState.INCOMPLETE: INCOMPLETE,
    terms.RunState.SUSPECT: SUSPECT,
    terms.RunState.BLOCKED: BLOCKED,
    terms.RunState.REFUSED: REFUSED,
}


@dataclass(frozen=True, slots=True)
class Freshness:
    """The line: ``lead`` carries the weight, ``rest`` follows it; ``tone`` is "", "warn" or "bad".

    ``data_date`` is the day of the data: the registry's data version of the last good read, else the newest copy
    date among the stored records; None while nothing is stored. ``run`` is the run to look at when it is not good.
    """

    state: str
    lead: str
    rest: tuple[str, ...]
    tone: str
    data_date: str | None
    run: int | None
    last_good: datetime | None
    waiting: int
    told: str = ""  # the run's own words, where the line leaves them to another page

    @property
    def is_good(self) -> bool:
        return self.state == GOOD


def freshness(*, now: datetime) -> Freshness:
    """The line as it stands at ``now``: three queries, four while no pull has succeeded."""
    good, ended = _runs()
    waiting = SetAside.objects.filter(state=terms.SetAsideState.WAITING).count()
    if good and good.finished:
        return _after_a_good_read(good, ended, now, waiting)
    counts = Trial.objects.aggregate(
        stored=Count("pk"),
        partial=Count("pk", filter=Q(is_partial=True)),
        copied=Max("registry_version"),
        posted=Max("last_update_post_date"),
    )
    data_date = counts["copied"] or counts["posted"]
    lead, rest, state, tone, run = _before_the_first(ended, counts["stored"], counts["partial"], now)
    told = _left_out(ended) if ended else ""
    return Freshness(state, lead, rest, tone, str(data_date) if data_date else None, run, None, waiting, told)


def _runs() -> tuple[SyncRun | None, SyncRun | None]:
    """The last good pull and the last ended one, in one query; queries that are off do not count."""
    pulls = SyncRun.objects.filter(kind__in=PULLS).exclude(state=terms.RunState.RUNNING)
    pulls = pulls.filter(Q(query=None) | Q(query__is_on=True)).order_by("-started", "-id")
    good = pulls.filter(state__in=terms.GOOD_RUNS)
    found = SyncRun.objects.filter(
        Q(pk=Subquery(pulls.values("pk")[:1])) | Q(pk=Subquery(good.values("pk")[:1]))
    ).order_by("-started", "-id")
    runs = list(found)
    return next((run for run in runs if run.is_good), None), runs[0] if runs else None


def _after_a_good_read(good: SyncRun, ended: SyncRun | None, now: datetime, waiting: int) -> Freshness:
    assert good.finished
    read = f"Registry read {utc(good.finished)}"
    aside = f"{figure(waiting, 'record')} set aside" if waiting else "nothing set aside"
    coming = next_pull(now=now)
    tail = (f"next {coming}" if coming else "no pull is scheduled", aside)
    data_date = (good.data_timestamp or f"{good.finished:%Y-%m-%d}")[:10]
    stale = now - good.finished > STALE_AFTER
    day = good.finished.date()
    old = f"Last good read {day}, {days_ago(day, now.date())}. What you see was true then."
    if ended and not ended.is_good:
        state = _NAMED.get(terms.RunState(ended.state), INCOMPLETE)
        rest = (old,) if stale else (f"{read}. Earlier data stand.",)
        return Freshness(
            state,
            _what_happened(ended),
            rest,
            "bad" if state == SUSPECT else "warn",
            data_date,
            ended.pk,
            good.finished,
            waiting,
            _left_out(ended),
        )
    if stale:
        return Freshness(STALE, old, tail, "warn", data_date, good.pk, good.finished, waiting)
    return Freshness(GOOD, read, tail, "", data_date, None, good.finished, waiting)


def _before_the_first(
    ended: SyncRun | None, stored: int, partial: int, now: datetime
) -> tuple[str, tuple[str, ...], str, str, int | None]:
    coming = next_pull(now=now)
    first = f"First pull from the registry: {coming}" if coming else "First pull from the registry: not scheduled"
    if partial == stored and stored:
        share = "all of them partial"
    else:
        share = f"{partial:,} of them partial" if partial else "none of them partial"
    real = f"{figure(stored, 'real record')}, {share}."
    if ended:
        stands = f"The starter set stands: {real}" if stored else "Nothing is stored yet."
        state = _NAMED.get(terms.RunState(ended.state), INCOMPLETE)
        if state == INCOMPLETE and not ended.seen:
            state = UNREACHABLE
        return _what_happened(ended), (stands, first), state, "bad" if state == SUSPECT else "warn", ended.pk
    if not stored:
        return "Nothing is stored yet.", (first,), EMPTY, "warn", None
    return "Starter set, no pull yet.", (real, first), STARTER, "warn", None


def _left_out(run: SyncRun) -> str:
    """The run's own words where the line does not hold them: an address and an error number calm nobody."""
    told = re.sub(r"\s+", " ", run.message).strip()
    is_short = len(told) <= LONGEST_TOLD and "://" not in told
    stated = is_short and (run.seen or run.state != terms.RunState.INCOMPLETE)
    return "" if stated or run.is_good else told


def last_pulls() -> list[SyncRun]:
    """The newest pulls that have ended, whatever became of them."""
    return list(
        SyncRun.objects.filter(kind__in=PULLS)
        .exclude(state=terms.RunState.RUNNING)
        .select_related("query")
        .order_by("-started", "-id")[:PULLS_SHOWN]
    )


def _what_happened(run: SyncRun) -> str:
    """The words of a run that is not good; the registry's own where it spoke and was brief."""
    day = f"{run.started:%Y-%m-%d}"
    told = "" if _left_out(run) else re.sub(r"\s+", " ", run.message).strip().rstrip(".")
    match run.state:
        case terms.RunState.SUSPECT:
            return (
                (f"{told}." if told else "The registry sent far fewer records than before.")
                + ("" if "marked as gone" in told else " Nothing was marked as gone.")
                + ("" if "should look" in told else " A person should look.")
            )
        case terms.RunState.BLOCKED:
            return f"The registry blocked us on {day}" + (f": {told}." if told else ".")
        case terms.RunState.REFUSED:
            return f"The registry refused the question on {day}" + (f": {told}." if told else ".")
        case _ if not run.seen:
            return f"The registry could not be reached on {utc(run.started)}."
        case _:
            return f"The run of {day} stopped after {figure(run.seen, 'record')}" + (f": {told}." if told else ".")


def next_pull(*, now: datetime) -> str | None:
    """When the schedule asks the registry next: ``Monday 14:30 UTC``, with the date when it is over a week away."""
    coming: list[datetime] = []
    tasks: Sequence[PeriodicTask] = list(
        PeriodicTask.objects.filter(enabled=True, task__startswith=TASK_PREFIX).select_related(
            "crontab", "interval", "solar", "clocked"
        )
    )
    for task in tasks:
        schedule = task.schedule
        schedule.nowfun = lambda: now
        last = task.last_run_at or now if task.interval_id else now
        coming.append(now + schedule.remaining_estimate(last))
    if not coming:
        return None
    first = min(coming)
    words = f"{first:%A %H:%M} UTC"
    return words if first - now < timedelta(days=6) else f"{words}, {first:%Y-%m-%d}"


def queries_asked(*, now: datetime) -> list[RegistryQuery]:
    """The queries that are on, each with ``last_good``, the time of its last good read, or None."""
    good = SyncRun.objects.filter(query=OuterRef("pk"), kind__in=PULLS, state__in=terms.GOOD_RUNS).order_by("-started")
    return list(RegistryQuery.objects.filter(is_on=True).annotate(last_good=Subquery(good.values("finished")[:1])))
