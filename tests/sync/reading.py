"""A fake Europe PMC with a handful of publications, and a sync of it that stores and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.fakes.europepmc import FakeEuropePmc
from tests.records.europepmc import result
from tests.sync.pulling import NOW, QUICK, Clock, counts
from tracker.models import LiteratureQuery
from tracker.sources.europepmc import EuropePmc
from tracker.sync import studies
from tracker.sync.store import store_studies
from tracker.terms import StudyOrigin

if TYPE_CHECKING:
    from tracker.sources.bibliography import StudyRecord

__all__ = ["NOW", "Reader", "asking", "counts", "only_store", "take"]


def only_store(*, records, origin, run, at):
    return store_studies(rows=records, origin=origin, run=run, at=at)


def take(*records: StudyRecord, origin=StudyOrigin.EUROPEPMC, at=NOW):
    return store_studies(rows=records, origin=origin, run=None, at=at)


def asking(query: str = "exosomes", slug: str = "exosomes") -> LiteratureQuery:
    return LiteratureQuery.objects.create(name=slug, slug=slug, query=query, is_on=True)


def source_of(numbers) -> FakeEuropePmc:
    """A source whose records were last updated a month before anybody asks."""
    source = FakeEuropePmc([result(number) for number in numbers], today="2026-07-07")
    source.today = NOW.date().isoformat()
    return source


class Reader:
    """Somebody who asks this source for one query, time after time."""

    def __init__(self, fake: FakeEuropePmc, query: LiteratureQuery, *, page_size: int = 3, absorb=only_store) -> None:
        self.fake = fake
        self.query = query
        self.page_size = page_size
        self.absorb = absorb
        self.clock = Clock()

    def sync(self, *, full: bool = False, absorb=None, progress=lambda run: None):
        with EuropePmc(self.fake.url, "tests", 0, patience=QUICK) as source:
            [run] = studies.sync(
                queries=[self.query],
                europepmc=source,
                absorb=absorb or self.absorb,
                clock=self.clock,
                full=full,
                page_size=self.page_size,
                progress=progress,
            )
        return run

    def pass_days(self, days: int) -> None:
        self.clock.pass_days(days)
        self.fake.today = (self.clock.now + timedelta(0)).date().isoformat()
