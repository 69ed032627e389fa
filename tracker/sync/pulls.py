"""One pull of what a query asks of a source: page by page, stopped anywhere, gone on with later.

What is stored and where the run stands are one transaction a page, so a killed worker leaves a state from which the
next run ends where an undisturbed one would. The state lives in `SyncRun`; nobody else writes a run that is running.
What trials and studies have of their own is in `trials` and `studies`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from django.db import transaction
from django.db.models import Q

from tracker.models import LiteratureQuery, RegistryQuery, SyncRun
from tracker.sources.session import Blocked, Refused, SourceError, TokenDied
from tracker.terms import GOOD_RUNS, RunKind, RunState

from . import belief
from .batches import Tally
from .lock import Lost, holding, key_of, key_of_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date, datetime

    from django.db.models import QuerySet

    from .lock import Lock

PULLS = (RunKind.INCREMENTAL, RunKind.FULL)
# A token dies when the source's data moves on; a query that loses it three times in a run has another trouble.
MOST_RESTARTS = 3
# Stopped runs in a row that a sweep lets go on; each may try for many minutes by itself.
MOST_TRIES = 24

Query = TypeVar("Query", RegistryQuery, LiteratureQuery)


class Source(Protocol):
    """What is asked; it counts its requests."""

    @property
    def requests(self) -> int: ...


class Turned(NamedTuple):
    """A page of any source as a pull needs it: its next token (None on the last), the total where it was said."""

    next_token: str | None
    total: int | None


@dataclass(frozen=True)
class Busy:
    """The answer to a second caller: this query is being asked already."""

    query: RegistryQuery | LiteratureQuery
    since: datetime | None

    def __str__(self) -> str:
        since = f"since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else "and has only just begun"
        return f"{self.query.slug}: a run is already going, {since}. Its result will be this one's too."


def one_at_a_time(queries: Iterable[Query]) -> Iterator[tuple[Query, Lock | Busy]]:
    """Each query with its lock, held until the next is asked for; Busy where somebody else holds it."""
    for query in queries:
        with holding(key_of_query(query)) as lock:
            if lock is None:
                running = runs_of(query).filter(state=RunState.RUNNING).order_by("-started").first()
                yield query, Busy(query, running.started if running else None)
            else:
                yield query, lock


def runs_of(query: RegistryQuery | LiteratureQuery) -> QuerySet[SyncRun]:
    if isinstance(query, RegistryQuery):
        return SyncRun.objects.filter(query=query)
    return SyncRun.objects.filter(literature_query=query)


def sweep(*, clock: Callable[[], datetime]) -> list[SyncRun]:
    """End the runs whose process has died; gives them. A run that lives holds its lock and is left alone."""
    ended = []
    for run in SyncRun.objects.filter(state=RunState.RUNNING).select_related("query", "literature_query"):
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

    An hour after they stopped; when as many as a day's hours have stopped in a row, the source is left to the
    schedule. A block is left to a person.
    """
    found = []
    for name in ("query", "literature_query"):
        pulls = SyncRun.objects.filter(**{f"{name}__is_on": True}, kind__in=PULLS)
        for run in pulls.order_by(f"{name}_id", "-started", "-id").distinct(f"{name}_id"):
            if run.state != RunState.INCOMPLETE or run.finished is None or at - run.finished < timedelta(hours=1):
                continue
            same = pulls.filter(**{name: getattr(run, f"{name}_id")}).order_by("-started", "-id")
            states = same.values_list("state", flat=True)[:MOST_TRIES]
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
class Pull(ABC, Generic[Query]):
    """One query's run, while its lock is held. ``counted``: of the source's requests, those that are on a run already.

    ``stamp`` is the source's data version, "" where it has none.
    """

    query: Query
    source: Source
    clock: Callable[[], datetime]
    progress: Callable[[SyncRun], None]
    lock: Lock
    page_size: int
    counted: int
    stamp: str = ""

    named: ClassVar[str]  # the source in a sentence
    on_doubt: ClassVar[str] = "A person should look."
    watched: ClassVar[Sequence[str]]

    # --- what each source does its own way ---

    @abstractmethod
    def fingerprint(self) -> str:
        """The question as a hash: a run of another question is no run to go on from or to compare with."""

    @abstractmethod
    def asked(self, since: date | None) -> dict[str, str]:
        """The parameters of every page of a run, by whichever process it is asked; of what is new since that day."""

    @abstractmethod
    def watermark(self, pulled: SyncRun) -> date:
        """From which day on to ask after this run."""

    @abstractmethod
    def is_nothing_new(self, good: SyncRun) -> bool:
        """Whether the source holds nothing that the last good run did not see."""

    @abstractmethod
    def turn(self, run: SyncRun) -> Callable[[Tally, datetime], Turned]:
        """Fetch the next page; gives what stores it."""

    def look_after(self, run: SyncRun) -> None:
        """What a whole pull that is believed is followed by."""

    # --- the run ---

    def run(self, *, began: datetime, full: bool, failed: SourceError | None = None) -> SyncRun:
        """``failed`` is what stopped the source from saying which data it has."""
        for dead in runs_of(self.query).filter(state=RunState.RUNNING):
            _end_dead(dead, at=began)
        if failed is not None:
            run = self._begin(RunKind.FULL if full else RunKind.INCREMENTAL, began=began)
            return self._end(run, *_ending(failed))
        run = self._planned(began=began, full=full)
        if run.state == RunState.UNCHANGED:
            return run
        self.progress(run)
        try:
            self._pages(run)
            found: list[str] = self._doubts(run)
            if found:
                return self._end(run, RunState.SUSPECT, " ".join([*found, self.on_doubt]))
            if run.kind == RunKind.FULL:
                self.look_after(run)
        except (SourceError, Lost) as error:
            return self._end(run, *_ending(error))
        except BaseException as error:
            # Stopped by hand, by the clock or by a fault: what was stored stands, and the next run goes on.
            self._end(run, RunState.INCOMPLETE, f"Stopped: {type(error).__name__}: {error}".rstrip(": "))
            raise
        return self._end(run, RunState.DONE, "")

    # --- what to ask ---

    def _planned(self, *, began: datetime, full: bool) -> SyncRun:
        pulls = runs_of(self.query).filter(kind__in=PULLS).order_by("-started", "-id")
        same = pulls.filter(fingerprint=self.fingerprint())
        # A run that failed before its first page asked nothing, so it owes nothing; unless all was asked of it.
        latest = same.filter(Q(pages__gt=0) | Q(state__in=GOOD_RUNS) | Q(kind=RunKind.FULL)).first()
        unfinished = latest if latest and latest.state in (RunState.INCOMPLETE, RunState.BLOCKED) else None
        good = same.filter(state__in=GOOD_RUNS).first()
        pulled = same.filter(state=RunState.DONE).first()
        if unfinished and unfinished.data_timestamp == self.stamp and unfinished.pages:
            if unfinished.kind == RunKind.FULL or not full:
                return self._go_on(unfinished)
        elif good and self.is_nothing_new(good) and not full and not _owes_more(latest):
            run = self._begin(RunKind.INCREMENTAL, began=began)
            return self._end(run, RunState.UNCHANGED, "")
        if full or pulled is None or _owes_whole(latest):
            return self._begin(RunKind.FULL, began=began)
        return self._begin(RunKind.INCREMENTAL, began=began, since=self.watermark(pulled))

    def _begin(self, kind: RunKind, *, began: datetime, since: date | None = None) -> SyncRun:
        run = SyncRun(
            kind=kind,
            started=began,
            asked=self.asked(since),
            fingerprint=self.fingerprint(),
            data_timestamp=self.stamp,
            posted_from=since,
        )
        if isinstance(self.query, RegistryQuery):
            run.query = self.query
        else:
            run.literature_query = self.query
        run.save(force_insert=True)
        return run

    def _go_on(self, run: SyncRun) -> SyncRun:
        run.state, run.finished, run.message = RunState.RUNNING, None, ""
        run.save(update_fields=["state", "finished", "message"])
        return run

    # --- the pages ---

    def _pages(self, run: SyncRun) -> None:
        while not run.all_pages:
            self.lock.check()
            try:
                keep = self.turn(run)
            except TokenDied:
                if run.restarts >= MOST_RESTARTS:
                    raise
                # From the first page again: what is stored is met as unchanged and counted once.
                run.restarts, run.next_page_token = run.restarts + 1, ""
                run.save(update_fields=["restarts", "next_page_token"])
                continue
            self._take(run, keep)
            self.progress(run)

    def _take(self, run: SyncRun, keep: Callable[[Tally, datetime], Turned]) -> None:
        """Store a page and where the run stands after it: both or neither."""
        tally, at = Tally(self.watched), self.clock()
        with transaction.atomic():
            page = keep(tally, at)
            before = run.pages
            tally.add_to(run)
            run.pages += 1
            run.next_page_token = page.next_token or ""
            run.all_pages = page.next_token is None
            if page.total is not None:
                run.expected = page.total
            run.requests += self._requests()
            claimed = SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING, pages=before).update(
                **{name: getattr(run, name) for name in _ADVANCED}
            )
            if not claimed:
                raise Lost("Another process has gone on with this run; this one leaves it to that.")

    def _doubts(self, run: SyncRun) -> list[str]:
        whole = (
            runs_of(self.query)
            .filter(kind=RunKind.FULL, state=RunState.DONE, fingerprint=run.fingerprint)
            .exclude(pk=run.pk)
            .order_by("-started")
            .first()
        )
        before = belief.Answer(whole.seen, whole.filled, whole.set_aside) if whole else None
        answer = belief.Answer(run.seen, run.filled, run.set_aside, run.expected)
        return belief.doubts(answer, is_whole=run.kind == RunKind.FULL, before=before, source=self.named)

    # --- the end ---

    def _requests(self) -> int:
        """Requests made since this was last asked."""
        made, self.counted = self.source.requests - self.counted, self.source.requests
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
