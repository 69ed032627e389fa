"""One pull of the trials that a query asks for: page by page, stopped anywhere, gone on with later.

What is stored and where the run stands are one transaction a page, so a killed worker leaves a state from which the
next run ends where an undisturbed one would. The state lives in `SyncRun`; nobody else writes a run that is running.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from tracker.models import RegistryQuery, SyncRun
from tracker.sources.clinicaltrials import PAGE_SIZE, Blocked, Refused, SourceError, TokenDied, Version
from tracker.terms import GOOD_RUNS, Origin, RunKind, RunState

from . import belief, missing, store
from .batches import Tally, read_ahead, take
from .lock import Lost, holding, key_of, key_of_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tracker.sources.clinicaltrials import Registry
    from tracker.sources.ctgov_pages import Page

    from .batches import Absorb
    from .lock import Lock

PULLS = (RunKind.INCREMENTAL, RunKind.FULL)
# Two days before the last good run: the registry dates a posting by its own day and shows it the morning after.
OVERLAP = timedelta(days=2)
# A token dies with the registry's daily refresh; a query that loses it three times in a run has another trouble.
MOST_RESTARTS = 3
# Stopped runs in a row that a sweep lets go on; each may try for many minutes by itself.
MOST_TRIES = 24


@dataclass(frozen=True)
class Busy:
    """The answer to a second caller: this query is being asked already."""

    query: RegistryQuery
    since: datetime | None

    def __str__(self) -> str:
        since = f"since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else "and has only just begun"
        return f"{self.query.slug}: a run is already going, {since}. Its result will be this one's too."


def sync(
    *,
    queries: Iterable[RegistryQuery],
    registry: Registry,
    absorb: Absorb,
    clock: Callable[[], datetime],
    full: bool = False,
    progress: Callable[[SyncRun], None] = lambda run: None,
    page_size: int = PAGE_SIZE,
) -> list[SyncRun | Busy]:
    """Ask each query, one after another; the registry's version is asked once for all of them.

    A run ends `unchanged` when neither the registry's data nor the query differ from the last good run's. `full` asks
    for the whole query whatever stands, and is what finds records that are gone.
    """
    version: Version | SourceError | None = None
    outcome: list[SyncRun | Busy] = []
    for query in queries:
        with holding(key_of_query(query.pk)) as lock:
            if lock is None:
                running = SyncRun.objects.filter(query=query, state=RunState.RUNNING).order_by("-started").first()
                outcome.append(Busy(query, running.started if running else None))
                continue
            began, before = clock(), registry.requests
            if version is None:
                version = _version(registry)
            pull = _Pull(
                query=query,
                registry=registry,
                absorb=absorb,
                clock=clock,
                progress=progress,
                lock=lock,
                page_size=page_size,
                counted=before,
            )
            outcome.append(pull.run(version, began=began, full=full))
    return outcome


def _version(registry: Registry) -> Version | SourceError:
    try:
        return registry.version()
    except SourceError as error:
        return error


def fingerprint(query: RegistryQuery) -> str:
    """The question as a hash: a run of another question is no run to go on from or to compare with."""
    return hashlib.sha256(json.dumps(query.parameters(), sort_keys=True).encode()).hexdigest()


def sweep(*, clock: Callable[[], datetime]) -> list[SyncRun]:
    """End the runs whose process has died; gives them. A run that lives holds its lock and is left alone."""
    ended = []
    for run in SyncRun.objects.filter(state=RunState.RUNNING).select_related("query"):
        with holding(key_of(run)) as lock:
            if lock is not None and _end_dead(run, at=clock()):
                ended.append(run)
    return ended


def believe(*, run: SyncRun, by: str, at: datetime) -> bool:
    """Take a suspect answer as true after a person has looked; gives whether it was still suspect.

    Later runs are compared with it from then on. It marks nothing as gone itself: the next whole pull does.
    """
    said = f"{run.message} Believed by {by}, {at:%Y-%m-%d %H:%M} UTC."
    return bool(SyncRun.objects.filter(pk=run.pk, state=RunState.SUSPECT).update(state=RunState.DONE, message=said))


def resumable(*, at: datetime) -> list[int]:
    """The runs that stopped early, are their query's latest, and may be gone on with by now.

    An hour after they stopped; when as many as a day's hours have stopped in a row, the registry is left to the
    schedule. A block is left to a person.
    """
    pulls = SyncRun.objects.filter(query__is_on=True, kind__in=PULLS).order_by("query_id", "-started", "-id")
    found = []
    for run in pulls.distinct("query_id"):
        if run.state != RunState.INCOMPLETE or run.finished is None or at - run.finished < timedelta(hours=1):
            continue
        states = pulls.filter(query=run.query_id).values_list("state", flat=True)[:MOST_TRIES]
        if len(states) < MOST_TRIES or any(state != RunState.INCOMPLETE for state in states):
            found.append(run.pk)
    return found


def _end_dead(run: SyncRun, *, at: datetime) -> bool:
    message = "Its process ended without a word, so it was stopped here."
    return bool(
        SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
            state=RunState.INCOMPLETE, finished=at, message=message
        )
    )


@dataclass(kw_only=True)
class _Pull:
    """One query's run, while its lock is held."""

    query: RegistryQuery
    registry: Registry
    absorb: Absorb
    clock: Callable[[], datetime]
    progress: Callable[[SyncRun], None]
    lock: Lock
    page_size: int
    counted: int  # of the registry's requests, those that are on a run already

    def run(self, version: Version | SourceError, *, began: datetime, full: bool) -> SyncRun:
        for dead in SyncRun.objects.filter(query=self.query, state=RunState.RUNNING):
            _end_dead(dead, at=began)
        if isinstance(version, SourceError):
            run = self._begin(RunKind.FULL if full else RunKind.INCREMENTAL, began=began)
            return self._end(run, *_ending(version))
        run = self._planned(version, began=began, full=full)
        if run.state == RunState.UNCHANGED:
            return run
        self.progress(run)
        try:
            self._pages(run)
            doubts = self._doubts(run)
            if doubts:
                message = " ".join([*doubts, "Nothing was marked as gone. A person should look."])
                return self._end(run, RunState.SUSPECT, message)
            if run.kind == RunKind.FULL:
                self._missing(run)
        except (SourceError, Lost) as error:
            return self._end(run, *_ending(error))
        except BaseException as error:
            # Stopped by hand, by the clock or by a fault: what was stored stands, and the next run goes on.
            self._end(run, RunState.INCOMPLETE, f"Stopped: {type(error).__name__}: {error}".rstrip(": "))
            raise
        return self._end(run, RunState.DONE, "")

    # --- what to ask ---

    def _planned(self, version: Version, *, began: datetime, full: bool) -> SyncRun:
        pulls = SyncRun.objects.filter(query=self.query, kind__in=PULLS).order_by("-started", "-id")
        same = pulls.filter(fingerprint=fingerprint(self.query))
        # A run that failed before its first page asked nothing, so it owes nothing; unless all was asked of it.
        latest = same.filter(Q(pages__gt=0) | Q(state__in=GOOD_RUNS) | Q(kind=RunKind.FULL)).first()
        unfinished = latest if latest and latest.state in (RunState.INCOMPLETE, RunState.BLOCKED) else None
        good = same.filter(state__in=GOOD_RUNS).first()
        pulled = same.filter(state=RunState.DONE).first()
        if unfinished and unfinished.data_timestamp == version.data_timestamp and unfinished.pages:
            if unfinished.kind == RunKind.FULL or not full:
                return self._go_on(unfinished)
        elif good and good.data_timestamp == version.data_timestamp and not full and not _owes_more(latest):
            run = self._begin(RunKind.INCREMENTAL, began=began, version=version)
            return self._end(run, RunState.UNCHANGED, "")
        if full or pulled is None or _owes_whole(latest):
            return self._begin(RunKind.FULL, began=began, version=version)
        return self._begin(RunKind.INCREMENTAL, began=began, version=version, since=_watermark(pulled))

    def _begin(
        self, kind: RunKind, *, began: datetime, version: Version | None = None, since: date | None = None
    ) -> SyncRun:
        asked = dict(self.query.parameters())
        if since:
            posted = f"AREA[LastUpdatePostDate]RANGE[{since.isoformat()},MAX]"
            own = asked.get("filter.advanced")
            asked["filter.advanced"] = f"({own}) AND {posted}" if own else posted
        return SyncRun.objects.create(
            query=self.query,
            kind=kind,
            started=began,
            # Every page of the run is asked with these, by whichever process asks for it.
            asked={**asked, "pageSize": str(self.page_size), "countTotal": "true"},
            fingerprint=fingerprint(self.query),
            data_timestamp=version.data_timestamp if version else "",
            posted_from=since,
        )

    def _go_on(self, run: SyncRun) -> SyncRun:
        run.state, run.finished, run.message = RunState.RUNNING, None, ""
        run.save(update_fields=["state", "finished", "message"])
        return run

    # --- the pages ---

    def _pages(self, run: SyncRun) -> None:
        while not run.all_pages:
            self.lock.check()
            try:
                page = self.registry.page(run.asked, run.next_page_token or None)
            except TokenDied:
                if run.restarts >= MOST_RESTARTS:
                    raise
                # From the first page again: what is stored is met as unchanged and counted once.
                run.restarts, run.next_page_token = run.restarts + 1, ""
                run.save(update_fields=["restarts", "next_page_token"])
                continue
            self._take(run, page)
            self.progress(run)

    def _take(self, run: SyncRun, page: Page) -> None:
        """Store a page and where the run stands after it: both or neither."""
        tally, at = Tally(), self.clock()
        with transaction.atomic():
            for batch in read_ahead(((self.query.slug, raw) for raw in page.records), origin=Origin.REGISTRY):
                stored, aside = take(batch, absorb=self.absorb, origin=Origin.REGISTRY, run=run, at=at, tally=tally)
                records = [*stored.new, *stored.changed, *stored.unchanged, *stored.kept]
                ids = {record.nct_id for record in records}
                met = store.matched(nct_ids=sorted(ids.union(aside)), query=self.query, run=run, at=at)
                tally.count(stored, met=met)
            before = run.pages
            tally.add_to(run)
            run.pages += 1
            run.next_page_token = page.next_page_token or ""
            run.all_pages = page.next_page_token is None
            if page.total_count is not None:
                run.expected = page.total_count
            run.requests += self._requests()
            claimed = SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING, pages=before).update(
                **{name: getattr(run, name) for name in _ADVANCED}
            )
            if not claimed:
                raise Lost("Another process has gone on with this run; this one leaves it to that.")

    def _doubts(self, run: SyncRun) -> list[str]:
        whole = (
            SyncRun.objects.filter(
                query=self.query, kind=RunKind.FULL, state=RunState.DONE, fingerprint=run.fingerprint
            )
            .exclude(pk=run.pk)
            .order_by("-started")
            .first()
        )
        before = belief.Answer(whole.seen, whole.filled, whole.set_aside) if whole else None
        answer = belief.Answer(run.seen, run.filled, run.set_aside, run.expected)
        return belief.doubts(answer, is_whole=run.kind == RunKind.FULL, before=before)

    def _missing(self, run: SyncRun) -> None:
        def before_each() -> None:
            self.lock.check()
            self.progress(run)

        missing.ask(
            run=run,
            query=self.query,
            registry=self.registry,
            absorb=self.absorb,
            clock=self.clock,
            before_each=before_each,
        )

    # --- the end ---

    def _requests(self) -> int:
        """Requests made since this was last asked."""
        made, self.counted = self.registry.requests - self.counted, self.registry.requests
        return made

    def _end(self, run: SyncRun, state: RunState, message: str) -> SyncRun:
        run.requests += self._requests()
        run.state, run.message, run.finished = state, message, self.clock()
        ended = SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
            state=state, message=message, finished=run.finished, requests=run.requests
        )
        if not ended:
            run.refresh_from_db()
        return run


_ADVANCED = (
    "pages",
    "next_page_token",
    "all_pages",
    "expected",
    "requests",
    "seen",
    "new",
    "changed",
    "unchanged",
    "set_aside",
    "filled",
    "drift",
)


def _ending(error: SourceError | Lost) -> tuple[RunState, str]:
    if isinstance(error, Blocked):
        return RunState.BLOCKED, str(error)
    if isinstance(error, Refused) and not isinstance(error, TokenDied):
        return RunState.REFUSED, error.words or str(error)
    return RunState.INCOMPLETE, str(error)


def _owes_more(latest: SyncRun | None) -> bool:
    """Whether the latest run left something to ask, however fresh the last good one is."""
    return latest is not None and latest.state not in GOOD_RUNS


def _owes_whole(latest: SyncRun | None) -> bool:
    return _owes_more(latest) and latest is not None and latest.kind == RunKind.FULL


def _watermark(pulled: SyncRun) -> date:
    """From which day of posting on to ask: two days before the last run that pulled *began*.

    Its start, because what is posted while it runs is then seen by the next one; and no later than the data it saw,
    because the registry's data can be days older than the clock, and what it posts next is dated from there.
    """
    day = pulled.started.date()
    with suppress(ValueError):  # a time stamp of another shape than the registry's document gives
        day = min(day, date.fromisoformat(pulled.data_timestamp[:10]))
    return day - OVERLAP
