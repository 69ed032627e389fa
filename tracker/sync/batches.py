"""Bytes to stored records, a batch at a time: read, absorb, and put aside what will not go.

What is in hand at a time is bounded by bytes, not by records: a page of a thousand is 20 MB of JSON as a rule and may
be ten times that, and a decoded record takes a few times its bytes.
"""

from __future__ import annotations

import gc
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, Self, TypeVar

from django.db import transaction

from tracker.sources.ctgov_records import TrialRecord, Unreadable, read_record

from . import belief, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    import msgspec

    from tracker.models import SyncRun
    from tracker.terms import Origin

BATCH_BYTES = 8 << 20
BATCH_RECORDS = 400


R = TypeVar("R")


class Outcome(Protocol):
    """What became of some records, of trials or of studies."""

    def outcomes(self) -> Iterable[tuple[str, str, object]]:
        """What each is to its run (new, changed, unchanged), which record it is, and the record."""
        ...

    def add(self, more: Self) -> None:
        """Take in what became of some more."""
        ...


S = TypeVar("S", bound=Outcome)


class Absorb(Protocol):
    """The whole flow for records in hand; `pipeline.absorb` is it."""

    def __call__(
        self,
        *,
        records: Sequence[TrialRecord],
        origin: Origin,
        run: SyncRun | None,
        at: datetime,
        is_live: bool = True,
    ) -> store.Stored: ...


class Tally:
    """What came of some batches, to be added to their run once they are committed."""

    def __init__(self, watched: Sequence[str] = belief.WATCHED) -> None:
        self.seen = self.new = self.changed = self.unchanged = self.set_aside = 0
        self.watched = watched
        self.filled: Counter[str] = Counter()
        self.drift: Counter[str] = Counter()

    def count(self, stored: Outcome, *, met: set[str] | None) -> None:
        """Count what this run has not met before: pages overlap, and a restart comes by again.

        With None everything counts: two copies in a file are two.
        """
        everyone: list[object] = []
        for name, key, record in stored.outcomes():
            if met is not None:
                if key in met:
                    continue
                met.add(key)
            setattr(self, name, getattr(self, name) + 1)
            everyone.append(record)
        self.seen += len(everyone)
        self.filled += belief.filled(everyone, watched=self.watched)
        self.drift.update(what for record in everyone for what in getattr(record, "drift", ()))

    def add_to(self, run: SyncRun) -> None:
        for name in ("seen", "new", "changed", "unchanged", "set_aside"):
            setattr(run, name, getattr(run, name) + getattr(self, name))
        run.filled = dict(sorted((Counter(run.filled) + self.filled).items()))
        run.drift = dict(sorted((Counter(run.drift) + self.drift).items()))


def batches(given: Iterable[tuple[str, bytes | msgspec.Raw]]) -> Iterator[list[tuple[str, bytes | msgspec.Raw]]]:
    """The records in batches of bounded size; one that is larger by itself is a batch by itself."""
    batch: list[tuple[str, bytes | msgspec.Raw]] = []
    size = 0
    for place, raw in given:
        length = len(memoryview(raw))
        if batch and (size + length > BATCH_BYTES or len(batch) >= BATCH_RECORDS):
            yield batch
            batch, size = [], 0
        batch.append((place, raw))
        size += length
    if batch:
        yield batch


class Read(NamedTuple, Generic[R]):
    """A batch, read: its records, where each came from (by ``id``), and what could not be read, with its place."""

    records: list[R]
    places: dict[int, str]
    unreadable: list[tuple[str, Unreadable]]


def trials_of(origin: Origin) -> Callable[[bytes | msgspec.Raw], TrialRecord]:
    """How trials of this origin are read."""
    return lambda raw: read_record(raw, origin=origin)


def read(batch: Iterable[tuple[str, bytes | msgspec.Raw]], *, reader: Callable[[bytes | msgspec.Raw], R]) -> Read[R]:
    done: Read[R] = Read([], {}, [])
    for place, raw in batch:
        try:
            record = reader(raw)
        except Unreadable as error:
            done.unreadable.append((place, error))
        else:
            done.places[id(record)] = place
            done.records.append(record)
    return done


def read_batches(
    given: Iterable[tuple[str, bytes | msgspec.Raw]], *, reader: Callable[[bytes | msgspec.Raw], R]
) -> Iterator[Read[R]]:
    """The records in batches of bounded size, each read when it is asked for.

    Not in a thread ahead of the caller: both need the interpreter and kept each other waiting (docs/benchmarks.md).
    """
    with _rarely_collected():
        for batch in batches(given):
            yield read(batch, reader=reader)


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Let Python look for cycles a tenth as often: a record is a thousand small lists and rows, and none is in a cycle.

    As it is, a tenth of a pull goes into looking through them, and through all of Django, again and again.
    """
    before = gc.get_threshold()
    gc.set_threshold(10_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def take(
    batch: Read[TrialRecord], *, absorb: Absorb, origin: Origin, run: SyncRun, at: datetime, tally: Tally
) -> tuple[store.Stored, list[str]]:
    """Absorb a batch; gives what was stored and the numbers of what was set aside."""

    def some(records: Sequence[TrialRecord]) -> store.Stored:
        return absorb(records=records, origin=origin, run=run, at=at)

    stored = store.Stored([], [], [], [], [])
    unreadable = [
        *batch.unreadable,
        *left_out(batch, some, stored, name=lambda record: record.nct_id, raw=lambda record: record.raw),
    ]
    tally.set_aside += store.set_aside(unreadable=unreadable, origin=origin, run=run, at=at)
    return stored, [error.nct_id for _, error in unreadable if error.nct_id]


def left_out(
    batch: Read[R],
    absorb: Callable[[Sequence[R]], S],
    stored: S,
    *,
    name: Callable[[R], str],
    raw: Callable[[R], bytes],
) -> list[tuple[str, Unreadable]]:
    """Absorb a batch into ``stored``; gives what the database refused, each with its place."""
    refused = _absorbed(batch.records, absorb, stored)
    return [
        (batch.places[id(record)], Unreadable(nct_id=name(record), reason=reason, raw=raw(record)))
        for record, reason in refused
    ]


def _absorbed(records: Sequence[R], absorb: Callable[[Sequence[R]], S], stored: S) -> list[tuple[R, str]]:
    """Absorb these; where the database refuses a value, find the record by halves and leave it alone out.

    A source without length limits can send what no column takes. One such record must not hold up its page, and with
    it every later run, for ever.
    """
    try:
        with transaction.atomic():
            done = absorb(records)
    except store.REFUSALS as error:
        if len(records) == 1:
            return [(records[0], store.refusal(error))]
    else:
        stored.add(done)
        return []
    middle = len(records) // 2
    return _absorbed(records[:middle], absorb, stored) + _absorbed(records[middle:], absorb, stored)
