"""One pull of the trials that a query asks the registry for; how a pull goes is in `pulls`."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tracker.models import RegistryQuery
from tracker.sources.clinicaltrials import PAGE_SIZE, Registry, SourceError, Version
from tracker.terms import Origin

from . import belief, missing, store
from .batches import Tally, read_batches, take, trials_of
from .pulls import MOST_RESTARTS, MOST_TRIES, Busy, Pull, Turned, believe, one_at_a_time, resumable, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tracker.models import SyncRun

    from .batches import Absorb

__all__ = ["MOST_RESTARTS", "MOST_TRIES", "Busy", "believe", "fingerprint", "resumable", "sweep", "sync"]

# Two days before the last good run: the registry dates a posting by its own day and shows it the morning after.
OVERLAP = timedelta(days=2)


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
    for query, lock in one_at_a_time(queries):
        if isinstance(lock, Busy):
            outcome.append(lock)
            continue
        began, before = clock(), registry.requests
        if version is None:
            version = _version(registry)
        pull = _Pull(
            query=query,
            source=registry,
            absorb=absorb,
            clock=clock,
            progress=progress,
            lock=lock,
            page_size=page_size,
            counted=before,
            stamp=version.data_timestamp if isinstance(version, Version) else "",
        )
        failed = version if isinstance(version, SourceError) else None
        outcome.append(pull.run(began=began, full=full, failed=failed))
    return outcome


def _version(registry: Registry) -> Version | SourceError:
    try:
        return registry.version()
    except SourceError as error:
        return error


def fingerprint(query: RegistryQuery) -> str:
    """The question as a hash: a run of another question is no run to go on from or to compare with."""
    return hashlib.sha256(json.dumps(query.parameters(), sort_keys=True).encode()).hexdigest()


@dataclass(kw_only=True)
class _Pull(Pull[RegistryQuery]):
    source: Registry
    absorb: Absorb

    named = "The registry"
    on_doubt = "Nothing was marked as gone. A person should look."
    watched = belief.WATCHED

    def fingerprint(self) -> str:
        return fingerprint(self.query)

    def asked(self, since: date | None) -> dict[str, str]:
        asked = dict(self.query.parameters())
        if since:
            posted = f"AREA[LastUpdatePostDate]RANGE[{since.isoformat()},MAX]"
            own = asked.get("filter.advanced")
            asked["filter.advanced"] = f"({own}) AND {posted}" if own else posted
        return {**asked, "pageSize": str(self.page_size), "countTotal": "true"}

    def is_nothing_new(self, good: SyncRun) -> bool:
        return good.data_timestamp == self.stamp

    def watermark(self, pulled: SyncRun) -> date:
        """Two days before the last run that pulled *began*.

        Its start, because what is posted while it runs is then seen by the next one; and no later than the data it
        saw, because the registry's data can be days older than the clock, and what it posts next is dated from there.
        """
        day = pulled.started.date()
        with suppress(ValueError):  # a time stamp of another shape than the registry's document gives
            day = min(day, date.fromisoformat(pulled.data_timestamp[:10]))
        return day - OVERLAP

    def turn(self, run: SyncRun) -> Callable[[Tally, datetime], Turned]:
        page = self.source.page(run.asked, run.next_page_token or None)

        def keep(tally: Tally, at: datetime) -> Turned:
            given = ((self.query.slug, raw) for raw in page.records)
            for batch in read_batches(given, reader=trials_of(Origin.REGISTRY)):
                stored, aside = take(batch, absorb=self.absorb, origin=Origin.REGISTRY, run=run, at=at, tally=tally)
                ids = {nct_id for _, nct_id, _ in stored.outcomes()}
                met = store.matched(nct_ids=sorted(ids.union(aside)), query=self.query, run=run, at=at)
                tally.count(stored, met=met)
            return Turned(page.next_page_token, page.total_count)

        return keep

    def look_after(self, run: SyncRun) -> None:
        def before_each() -> None:
            self.lock.check()
            self.progress(run)

        missing.ask(
            run=run,
            query=self.query,
            registry=self.source,
            absorb=self.absorb,
            clock=self.clock,
            before_each=before_each,
        )
