"""A fake registry with a handful of lung cancer records, and a sync of it that stores and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.factories import raw_record
from tests.fakes.ctgov import FakeRegistry
from tracker.sources.clinicaltrials import Patience, Registry
from tracker.sync import trials
from tracker.sync.store import store

if TYPE_CHECKING:
    from tracker.models import RegistryQuery, SyncRun

#: the fake's first data version is of 2026-08-07
NOW = datetime(2026, 8, 7, 14, 30, tzinfo=UTC)
QUICK = Patience(attempts=2, first=0.01, longest=0.01, attempts_after_500=2)


def numbers(first: int, last: int) -> list[str]:
    return [f"NCT{number:08d}" for number in range(first, last + 1)]


def registry_of(ids) -> FakeRegistry:
    title = {
        "identificationModule__briefTitle": "Exosomes in lung cancer",
        "conditionsModule__conditions": ["Lung Cancer"],
    }
    return FakeRegistry([raw_record(number, **title) for number in ids])


class Clock:
    """A clock that moves a second each time it is read, and whole days when told."""

    def __init__(self, start: datetime = NOW) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


class Desk:
    """Somebody who asks this registry for one query, time after time."""

    def __init__(self, fake: FakeRegistry, query: RegistryQuery, *, page_size: int = 4, absorb=store) -> None:
        self.fake = fake
        self.query = query
        self.page_size = page_size
        self.absorb = absorb
        self.clock = Clock()

    def sync(self, *, full: bool = False, queries=None, absorb=None, progress=lambda run: None):
        with Registry(self.fake.url, "tests", 0, patience=QUICK) as registry:
            runs = trials.sync(
                queries=queries or [self.query],
                registry=registry,
                absorb=absorb or self.absorb,
                clock=self.clock,
                full=full,
                page_size=self.page_size,
                progress=progress,
            )
        return runs if queries else runs[0]

    def next_day(self) -> None:
        self.fake.advance()
        self.clock.pass_days(1)

    def pages_asked(self) -> int:
        return len(self.fake.asked(r"^/studies$"))


def counts(run: SyncRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in ("seen", "new", "changed", "unchanged", "set_aside")}
