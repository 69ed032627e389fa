"""Bytes to stored records, a batch at a time: read, absorb, and put aside what will not go.

What is in hand at a time is bounded by bytes, not by records: a page of a thousand is 20 MB of JSON as a rule and may
be ten times that, and a decoded record takes a few times its bytes.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Protocol

from django.db import transaction

from tracker.sources.ctgov_records import TrialRecord, Unreadable, read_record

from . import belief, store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    import msgspec

    from tracker.models import SyncRun
    from tracker.terms import Origin

BATCH_BYTES = 4 << 20
BATCH_RECORDS = 250


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

    def __init__(self) -> None:
        self.seen = self.new = self.changed = self.unchanged = self.set_aside = 0
        self.filled: Counter[str] = Counter()
        self.drift: Counter[str] = Counter()

    def count(self, stored: store.Stored, *, met: set[str] | None) -> None:
        """Count what this run has not met before: pages overlap, and a restart comes by again.

        With None everything counts: two copies in a file are two.
        """
        everyone = []
        for name, records in (
            ("new", stored.new),
            ("changed", stored.changed),
            ("unchanged", [*stored.unchanged, *stored.kept]),
        ):
            for record in records:
                if met is not None:
                    if record.nct_id in met:
                        continue
                    met.add(record.nct_id)
                setattr(self, name, getattr(self, name) + 1)
                everyone.append(record)
        self.seen += len(everyone)
        self.filled += belief.filled(everyone)
        self.drift.update(what for record in everyone for what in record.drift)

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


class Read(NamedTuple):
    """A batch, read: its records, where each came from (by ``id``), and what could not be read, with its place."""

    records: list[TrialRecord]
    places: dict[int, str]
    unreadable: list[tuple[str, Unreadable]]


def read(batch: Iterable[tuple[str, bytes | msgspec.Raw]], *, origin: Origin) -> Read:
    done = Read([], {}, [])
    for place, raw in batch:
        try:
            record = read_record(raw, origin=origin)
        except Unreadable as error:
            done.unreadable.append((place, error))
        else:
            done.places[id(record)] = place
            done.records.append(record)
    return done


def read_ahead(given: Iterable[tuple[str, bytes | msgspec.Raw]], *, origin: Origin) -> Iterator[Read]:
    """The records in batches, each read while the caller stores the one before: then the database does the work."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        coming: Future[Read] | None = None
        for batch in batches(given):
            following = beside.submit(read, batch, origin=origin)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()


def take(
    batch: Read, *, absorb: Absorb, origin: Origin, run: SyncRun, at: datetime, tally: Tally
) -> tuple[store.Stored, list[str]]:
    """Absorb a batch; gives what was stored and the numbers of what was set aside."""
    stored, refused = _absorbed(batch.records, absorb=absorb, origin=origin, run=run, at=at)
    unreadable = batch.unreadable + [(batch.places[id(record)], error) for record, error in refused]
    tally.set_aside += store.set_aside(unreadable=unreadable, origin=origin, run=run, at=at)
    return stored, [error.nct_id for _, error in unreadable if error.nct_id]


def _absorbed(
    records: Sequence[TrialRecord], *, absorb: Absorb, origin: Origin, run: SyncRun, at: datetime
) -> tuple[store.Stored, list[tuple[TrialRecord, Unreadable]]]:
    """Absorb these; where the database refuses a value, find the record by halves and leave it alone out.

    A registry without length limits can send what no column takes. One such record must not hold up its page, and
    with it every later run, for ever.
    """
    try:
        with transaction.atomic():
            return absorb(records=records, origin=origin, run=run, at=at), []
    except store.REFUSALS as error:
        if len(records) == 1:
            refused = Unreadable(nct_id=records[0].nct_id, reason=store.refusal(error), raw=records[0].raw)
            return store.Stored([], [], [], [], []), [(records[0], refused)]
    middle = len(records) // 2
    stored = store.Stored([], [], [], [], [])
    left_out = []
    for half in (records[:middle], records[middle:]):
        some, out = _absorbed(half, absorb=absorb, origin=origin, run=run, at=at)
        for name in ("new", "changed", "unchanged", "kept", "events"):
            getattr(stored, name).extend(getattr(some, name))
        left_out += out
    return stored, left_out
