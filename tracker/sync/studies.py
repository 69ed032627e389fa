"""One pull of the studies that a query asks Europe PMC for; how a pull goes is in `pulls`.

Between whole pulls only what Europe PMC updated since the last run is asked for (`UPDATE_DATE`), so that MeSH terms,
corrections and retractions come, which are added to a record long after its first day. The service has no version of
its data that could say that nothing is new, so every run asks. A study that a whole pull no longer holds stays as it
is: publications leave an index for reasons of the index, and nothing follows about the paper.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from tracker.models import LiteratureQuery
from tracker.sources.europepmc import PAGE_SIZE, EuropePmc
from tracker.sources.europepmc_records import read_study
from tracker.terms import StudyOrigin, Subject

from . import belief, store
from .batches import Tally, left_out, read_batches
from .pulls import Busy, Pull, Turned, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from tracker.models import SyncRun
    from tracker.sources.bibliography import StudyRecord

    from .batches import Read

# Europe PMC indexes daily and dates an update by its own day; three days bridge its weekend.
OVERLAP = timedelta(days=3)
# What the service's own examples write for "until now".
UNTIL_NOW = "3000-12-31"


class AbsorbStudies(Protocol):
    """The whole flow for studies in hand; `pipeline.absorb_studies` is it."""

    def __call__(
        self, *, records: Sequence[StudyRecord], origin: StudyOrigin, run: SyncRun | None, at: datetime
    ) -> store.StoredStudies: ...


def sync(
    *,
    queries: Iterable[LiteratureQuery],
    europepmc: EuropePmc,
    absorb: AbsorbStudies,
    clock: Callable[[], datetime],
    full: bool = False,
    progress: Callable[[SyncRun], None] = lambda run: None,
    page_size: int = PAGE_SIZE,
) -> list[SyncRun | Busy]:
    """Ask each query, one after another. `full` asks for the whole query whatever stands."""
    outcome: list[SyncRun | Busy] = []
    for query, lock in one_at_a_time(queries):
        if isinstance(lock, Busy):
            outcome.append(lock)
            continue
        pull = _Pull(
            query=query,
            source=europepmc,
            absorb=absorb,
            clock=clock,
            progress=progress,
            lock=lock,
            page_size=page_size,
            counted=europepmc.requests,
        )
        outcome.append(pull.run(began=clock(), full=full))
    return outcome


@dataclass(kw_only=True)
class _Pull(Pull[LiteratureQuery]):
    source: EuropePmc
    absorb: AbsorbStudies

    named = "Europe PMC"
    watched = belief.WATCHED_OF_STUDIES

    def fingerprint(self) -> str:
        return hashlib.sha256(_question(self.query).encode()).hexdigest()

    def asked(self, since: date | None) -> dict[str, str]:
        question = _question(self.query)
        if since:
            question = f"({question}) AND UPDATE_DATE:[{since.isoformat()} TO {UNTIL_NOW}]"
        return {"query": question, "pageSize": str(self.page_size)}

    def is_nothing_new(self, good: SyncRun) -> bool:
        return False

    def watermark(self, pulled: SyncRun) -> date:
        """Three days before the last run that pulled *began*, so that what was updated while it ran is seen."""
        return pulled.started.date() - OVERLAP

    def turn(self, run: SyncRun) -> Callable[[Tally, datetime], Turned]:
        page = self.source.page(run.asked, run.next_page_token or None)

        def keep(tally: Tally, at: datetime) -> Turned:
            given = ((self.query.slug, raw) for raw in page.records)
            for batch in read_batches(given, reader=read_study):
                stored = self._absorbed(batch, run=run, at=at, tally=tally)
                tally.count(stored, met=store.studies_matched(told=stored.told, query=self.query, run=run, at=at))
            return Turned(page.next_cursor, page.hit_count)

        return keep

    def _absorbed(self, batch: Read[StudyRecord], *, run: SyncRun, at: datetime, tally: Tally) -> store.StoredStudies:
        def some(records: Sequence[StudyRecord]) -> store.StoredStudies:
            return self.absorb(records=records, origin=StudyOrigin.EUROPEPMC, run=run, at=at)

        stored = store.StoredStudies({}, {}, {}, {}, [])
        refused = left_out(
            batch, some, stored, name=lambda record: record.source_id[:40], raw=lambda record: record.raw
        )
        tally.set_aside += store.set_aside(
            unreadable=[*batch.unreadable, *refused],
            origin=StudyOrigin.EUROPEPMC,
            run=run,
            at=at,
            subject=Subject.STUDY,
        )
        return stored


def _question(query: LiteratureQuery) -> str:
    return " ".join(query.query.split())
