"""What becomes of a record that comes: a new version, a copy that is kept, or nothing new. No database here.

Which copy of a record is current:
  - any whole copy beats a partial one (a file's copy without the registry's data date), whatever their dates;
  - what the registry says now beats what we hold, unless its last update was posted earlier than ours;
  - a whole copy from a file beats ours only when it is of a later state: by last update posted, then by data date;
  - among partial copies the later last update wins, and of two of one date the one that came later.
A copy that loses is kept as a version and counted, and changes nothing else. The same state seen again is no new
version, except that a state which returns after another (A → B → A) is a third one. Where a better copy of the same
state comes (whole for partial, registry for file), the version takes its provenance and stays what it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from tracker.sources.ctgov_records import read_record
from tracker.sources.packing import unpack
from tracker.terms import ChangeKind, Origin

from . import differences

if TYPE_CHECKING:
    from tracker.sources.ctgov_records import TrialRecord


@dataclass(slots=True)
class Held:
    """What is stored of one trial, and, while a batch is walked, what will be."""

    number: int  # of the current version
    count: int
    origin: Origin
    is_partial: bool
    posted: date | None
    copied: date | None
    raw_hash: str
    hashes: set[str] = field(default_factory=set)  # of every version, where they are asked for
    packed: bytes | None = None  # the current version, where a difference may be asked for
    record: TrialRecord | None = None
    is_new: bool = False

    def current(self) -> TrialRecord:
        if self.record is None:
            assert self.packed is not None
            self.record = read_record(unpack(self.packed), origin=self.origin)
        return self.record


class Version(NamedTuple):
    number: int
    record: TrialRecord


class Event(NamedTuple):
    """A difference (or the first sight) of a record, with the versions it lies between."""

    record: TrialRecord
    difference: differences.Difference
    version_before: int | None
    version_after: int


@dataclass(slots=True)
class Walk:
    """A batch, walked record by record; at its end it holds all that has to be written."""

    held: dict[str, Held]
    origin: Origin
    is_live: bool
    current: dict[str, TrialRecord] = field(default_factory=dict)
    unchanged: list[TrialRecord] = field(default_factory=list)
    kept: list[TrialRecord] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    better: dict[str, Version] = field(default_factory=dict)

    def take(self, record: TrialRecord) -> None:
        held = self.held.get(record.nct_id)
        if held is None:
            held = self.held[record.nct_id] = Held(0, 0, self.origin, record.is_partial, None, None, "", is_new=True)
            self._advance(record, held)
            first = differences.Difference(ChangeKind.FIRST_SEEN, "", None, None)
            self.events.append(Event(record, first, None, held.number))
        elif held.raw_hash == record.raw_hash:
            self._confirm(record, held)
        elif supersedes(record, held, origin=self.origin, is_live=self.is_live):
            # To or from a partial copy nothing can be told: what it lacks may never have been absent.
            named = [] if record.is_partial or held.is_partial else differences.between(held.current(), record)
            before = held.number
            self._advance(record, held)
            self.events += [Event(record, difference, before, held.number) for difference in named]
        elif record.raw_hash in held.hashes:
            self.unchanged.append(record)
        else:
            held.count += 1
            held.hashes.add(record.raw_hash)
            self.kept.append(record)
            self.versions.append(Version(held.count, record))

    def _advance(self, record: TrialRecord, held: Held) -> None:
        held.count += 1
        held.number = held.count
        held.origin, held.is_partial = self.origin, record.is_partial
        held.posted, held.copied = record.last_update_post_date, record.registry_version
        held.raw_hash, held.record = record.raw_hash, record
        held.hashes.add(record.raw_hash)
        self.current[record.nct_id] = record
        self.versions.append(Version(held.number, record))

    def _confirm(self, record: TrialRecord, held: Held) -> None:
        """The same state again; a better copy of it lends its provenance."""
        self.unchanged.append(record)
        is_first_from_registry = held.origin is not Origin.REGISTRY and self.origin is Origin.REGISTRY
        if not record.is_partial and (held.is_partial or is_first_from_registry):
            held.origin, held.is_partial, held.copied = self.origin, False, record.registry_version
            self.better[record.nct_id] = Version(held.number, record)


def supersedes(record: TrialRecord, held: Held, *, origin: Origin, is_live: bool) -> bool:
    """Whether this copy, of another state than the current one, becomes current."""
    if record.is_partial != held.is_partial:
        return held.is_partial
    posted, held_posted = record.last_update_post_date or date.min, held.posted or date.min
    if record.is_partial:
        return posted >= held_posted
    if origin is Origin.REGISTRY and is_live:
        # A record without a date is what a withheld one looks like: it is still what the registry says now.
        return record.last_update_post_date is None or posted >= held_posted
    ours, theirs = (held_posted, held.copied or date.min), (posted, record.registry_version or date.min)
    return theirs > ours if held.origin is Origin.REGISTRY else theirs >= ours
