"""The only writer of trials, their versions and changes, and of where they stand.

Whole batches by COPY and set-based SQL: the number of statements is the same for one record and for a thousand.
Which copy of a record becomes current is decided in `versions`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

from tracker.models import ChangeEvent
from tracker.sources.packing import pack
from tracker.sync import columns
from tracker.sync.versions import Held, Walk
from tracker.terms import ChangeKind, Origin, Presence

from .writing import copy_rows, encode, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

    from tracker.models import RegistryQuery, SyncRun
    from tracker.sources.ctgov_records import TrialRecord
    from tracker.sync.versions import Version


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: each record in one of four lists, and the events that were noted.

    `new` and `changed` hold one record a trial, the one that is current now; `kept` are copies that are older or
    partial: their version is stored and does not become current.
    """

    new: list[TrialRecord]
    changed: list[TrialRecord]
    unchanged: list[TrialRecord]
    kept: list[TrialRecord]
    events: list[ChangeEvent]

    @property
    def current(self) -> list[TrialRecord]:
        """The records that became their trial's current state: what has to be read and scored anew."""
        return [*self.new, *self.changed]

    def outcomes(self) -> Iterator[tuple[str, str, TrialRecord]]:
        """What each record is to its run, by its number."""
        for name, records in (
            ("new", self.new),
            ("changed", self.changed),
            ("unchanged", [*self.unchanged, *self.kept]),
        ):
            for record in records:
                yield name, record.nct_id, record

    def add(self, more: Stored) -> None:
        """Take in what became of some more records."""
        for name in ("new", "changed", "unchanged", "kept", "events"):
            getattr(self, name).extend(getattr(more, name))


def store(
    *, records: Sequence[TrialRecord], origin: Origin, run: SyncRun | None, at: datetime, is_live: bool = True
) -> Stored:
    """Store these records in their order.

    `is_live` says that a registry record is what the registry answers now; one that is replayed later is not, and
    then needs a later state than the stored one to become current.
    """
    with storing(records=records, origin=origin, run=run, at=at, is_live=is_live) as stored:
        return stored


@contextmanager
def storing(
    *,
    records: Sequence[TrialRecord],
    origin: Origin,
    run: SyncRun | None,
    at: datetime,
    is_live: bool = True,
    lexicon: str = "",
) -> Iterator[Stored]:
    """Store these records while the caller goes on; all is written at the end of the block, or it raises there.

    Taking trials in is most of the database's work (indexes, full-text vectors), and it leaves this process idle. What
    is done in the block meanwhile must not ask the database.

    `lexicon` is the version that the caller reads the texts by in the same transaction. New trials are stored as read
    by it: most name no vesicles, and so need no second writing.
    """
    if not records:
        yield Stored([], [], [], [], [])
        return
    with transaction.atomic():
        one_at_a_time()
        walk = Walk(held=_held(records), origin=origin, is_live=is_live)
        for record in records:
            walk.take(record)
        stored = Stored(
            new=[record for record in walk.current.values() if walk.held[record.nct_id].is_new],
            changed=[record for record in walk.current.values() if not walk.held[record.nct_id].is_new],
            unchanged=walk.unchanged,
            kept=walk.kept,
            events=_events(walk, run=run, at=at),
        )
        with connection.cursor() as cursor, ThreadPoolExecutor(max_workers=1) as beside:
            taking = []
            if walk.current:
                _stage_trials(cursor, walk, at=at)
                # One long wait: anything with more steps would stand in line for the interpreter between them.
                taking.append(beside.submit(cursor.execute, columns.TAKE_STAGE, {"at": at, "lexicon": lexicon}))
            try:
                versions = [_version(version, origin=origin, run=run, at=at) for version in walk.versions]
                yield stored
            finally:
                wait(taking)
            for each in taking:
                each.result()
            if versions:
                copy_rows(cursor, columns.COPY_VERSIONS, columns.VERSION_TYPES, versions)
            if stored.events:
                _copy_events(cursor, stored.events)
        _write_counts({record.nct_id: walk.held[record.nct_id].count for record in walk.kept})
        _write_provenance(walk.better, origin=origin)
        folded = [(alias, record.nct_id) for record in walk.current.values() for alias in record.aliases]
        if folded:
            stored.events.extend(fold(pairs=folded, run=run, at=at))


def _events(walk: Walk, *, run: SyncRun | None, at: datetime) -> list[ChangeEvent]:
    return [
        ChangeEvent(
            trial_id=event.record.nct_id,
            kind=event.difference.kind,
            field=event.difference.field,
            before=event.difference.before,
            after=event.difference.after,
            days=event.difference.days,
            version_before=event.version_before,
            version_after=event.version_after,
            posted=event.record.last_update_post_date,
            seen=at,
            run=run,
        )
        for event in walk.events
    ]


def _held(records: Sequence[TrialRecord]) -> dict[str, Held]:
    """What is stored of these records' trials."""
    states: dict[str, set[str]] = {}
    for record in records:
        states.setdefault(record.nct_id, set()).add(record.raw_hash)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT trial.nct_id, trial.version_number, trial.version_count, trial.origin, trial.is_partial,
                   trial.last_update_post_date, trial.registry_version, version.raw_hash
            FROM tracker_trial AS trial
            JOIN tracker_trialversion AS version
              ON version.trial_id = trial.nct_id AND version.number = trial.version_number
            WHERE trial.nct_id = ANY(%s)
            """,
            [list(states)],
        )
        held = {
            nct_id: Held(number, count, Origin(origin), is_partial, posted, copied, raw_hash)
            for nct_id, number, count, origin, is_partial, posted, copied, raw_hash in cursor
        }
        moved = [nct_id for nct_id, known in held.items() if states[nct_id] != {known.raw_hash}]
        # The older states of what moved, and the current one whole: only these are compared.
        cursor.execute(
            """
            SELECT version.trial_id, version.raw_hash,
                   CASE WHEN version.number = trial.version_number AND NOT trial.is_partial THEN version.raw END
            FROM tracker_trialversion AS version JOIN tracker_trial AS trial ON trial.nct_id = version.trial_id
            WHERE version.trial_id = ANY(%s)
            """,
            [moved],
        )
        for nct_id, raw_hash, packed in cursor:
            held[nct_id].hashes.add(raw_hash)
            if packed is not None:
                held[nct_id].packed = bytes(packed)
    return held


def _stage_trials(cursor: CursorWrapper, walk: Walk, *, at: datetime) -> None:
    told = {event.record.nct_id for event in walk.events}
    origin = walk.origin.value
    cursor.execute(columns.MAKE_STAGE)
    cursor.execute("TRUNCATE incoming_trial")
    rows = (
        (
            *columns.facts(record),
            origin,
            record.is_partial,
            record.registry_version,
            held.number,
            held.count,
            # A copy that changed nothing we can tell (a partial one superseded) is no news.
            at if record.nct_id in told else None,
            *columns.searched(record),
        )
        for record in walk.current.values()
        for held in (walk.held[record.nct_id],)
    )
    copy_rows(cursor, columns.FILL_STAGE, columns.STAGE_TYPES, rows)


def _version(version: Version, *, origin: Origin, run: SyncRun | None, at: datetime) -> tuple[object, ...]:
    number, record = version
    return (
        record.nct_id,
        number,
        origin.value,
        record.is_partial,
        pack(record.raw),
        record.raw_hash,
        len(record.raw),
        record.registry_version,
        record.last_update_post_date,
        at,
        run.pk if run else None,
    )


def _write_counts(counts: dict[str, int]) -> None:
    if not counts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracker_trial AS trial SET version_count = given.count
            FROM unnest(%s::text[], %s::int[]) AS given (nct_id, count) WHERE trial.nct_id = given.nct_id
            """,
            [list(counts), list(counts.values())],
        )


def _write_provenance(better: dict[str, Version], *, origin: Origin) -> None:
    """Give the version of a state, and its trial, the provenance of the better copy that came."""
    if not better:
        return
    records = [version.record for version in better.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH given AS (
                SELECT * FROM unnest(%s::text[], %s::int[], %s::date[], %s::bytea[], %s::int[])
                              AS given (nct_id, number, copied, raw, size)
            ), versions AS (
                UPDATE tracker_trialversion AS version
                SET origin = %s, is_partial = false, registry_version = given.copied,
                    raw = given.raw, raw_size = given.size
                FROM given WHERE version.trial_id = given.nct_id AND version.number = given.number
            )
            UPDATE tracker_trial AS trial SET origin = %s, is_partial = false, registry_version = given.copied
            FROM given WHERE trial.nct_id = given.nct_id
            """,
            [
                list(better),
                [version.number for version in better.values()],
                [record.registry_version for record in records],
                [pack(record.raw) for record in records],
                [len(record.raw) for record in records],
                origin.value,
                origin.value,
            ],
        )


def _write_events(events: Sequence[ChangeEvent]) -> None:
    with connection.cursor() as cursor:
        _copy_events(cursor, events)


def _copy_events(cursor: CursorWrapper, events: Iterable[ChangeEvent]) -> None:
    with cursor.copy(columns.COPY_EVENTS) as copy:
        for event in events:
            copy.write_row(
                (
                    event.trial_id,
                    str(event.kind),
                    event.field,
                    None if event.before is None else encode(event.before).decode(),
                    None if event.after is None else encode(event.after).decode(),
                    event.days,
                    event.version_before,
                    event.version_after,
                    event.posted,
                    event.seen,
                    event.run_id,
                )
            )


# --- where trials stand towards the registry -----------------------------------------------------------------------


def fold(*, pairs: Sequence[tuple[str, str]], run: SyncRun | None, at: datetime) -> list[ChangeEvent]:
    """Let each number of these (alias, number) pairs lead to the trial that the registry folded it into.

    The row of a number that had been stored as a trial of its own stays with all its versions and is marked
    `folded`; lists leave it out and its number leads to the other (docs/decisions/0203).
    """
    aliases, numbers = [alias for alias, _ in pairs], [number for _, number in pairs]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracker_trialalias (alias, trial_id, seen)
            SELECT DISTINCT ON (alias) alias, number, %s FROM unnest(%s::text[], %s::text[]) AS given (alias, number)
            WHERE alias <> number
            ON CONFLICT (alias) DO UPDATE SET trial_id = EXCLUDED.trial_id
            WHERE tracker_trialalias.trial_id <> EXCLUDED.trial_id
            """,
            [at, aliases, numbers],
        )
        # A number that was folded into one that is folded now: both lead to the last.
        cursor.execute(
            """
            UPDATE tracker_trialalias AS earlier SET trial_id = later.trial_id
            FROM tracker_trialalias AS later
            WHERE earlier.trial_id = later.alias AND later.alias = ANY(%s) AND earlier.alias <> later.trial_id
            """,
            [aliases],
        )
        cursor.execute(
            """
            UPDATE tracker_trial AS trial SET presence = %s FROM tracker_trialalias AS alias
            WHERE alias.alias = trial.nct_id AND trial.nct_id = ANY(%s) AND trial.presence <> %s
            RETURNING trial.nct_id, alias.trial_id
            """,
            [Presence.FOLDED.value, aliases, Presence.FOLDED.value],
        )
        folded = cursor.fetchall()
    return _note([(nct_id, ChangeKind.ALIAS, nct_id, into) for nct_id, into in folded], run=run, at=at)


@transaction.atomic
def matched(*, nct_ids: Collection[str], query: RegistryQuery, run: SyncRun, at: datetime) -> set[str]:
    """Note that the query's answer held these trials; gives those that this run had met already.

    A trial that was away is back. Numbers that are not stored (a record set aside at its first sight) are passed over.
    """
    ids = list(nct_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT trial_id FROM tracker_trialmatch WHERE query_id = %s AND trial_id = ANY(%s) AND last_matched >= %s",
            [query.pk, ids, run.started],
        )
        met = {nct_id for (nct_id,) in cursor}
        cursor.execute(
            """
            INSERT INTO tracker_trialmatch (trial_id, query_id, first_matched, last_matched, misses, not_found)
            SELECT nct_id, %s, %s, %s, 0, 0 FROM tracker_trial WHERE nct_id = ANY(%s)
            ON CONFLICT (trial_id, query_id) DO UPDATE
            SET last_matched = EXCLUDED.last_matched, misses = 0, not_found = 0
            """,
            [query.pk, at, at, ids],
        )
    back(nct_ids=ids, run=run, at=at)
    return met


def back(*, nct_ids: Collection[str], run: SyncRun | None, at: datetime, is_matched: bool = True) -> list[ChangeEvent]:
    """Mark those of these trials that were away as present again; without a match, only those that were gone."""
    away = [Presence.GONE, Presence.NO_LONGER_MATCHES] if is_matched else [Presence.GONE]
    return _stand(nct_ids, Presence.PRESENT, ChangeKind.BACK, of=away, run=run, at=at)


def no_longer_matching(*, nct_ids: Collection[str], run: SyncRun, at: datetime) -> list[ChangeEvent]:
    """Mark trials that the registry still has and that no query of ours holds any more."""
    of = [Presence.PRESENT, Presence.GONE]
    return _stand(nct_ids, Presence.NO_LONGER_MATCHES, ChangeKind.NO_LONGER_MATCHES, of=of, run=run, at=at)


def gone(*, nct_ids: Collection[str], run: SyncRun, at: datetime) -> list[ChangeEvent]:
    """Mark trials that the registry no longer has. Their rows, versions and scores stay."""
    of = [Presence.PRESENT, Presence.NO_LONGER_MATCHES]
    return _stand(nct_ids, Presence.GONE, ChangeKind.GONE, of=of, run=run, at=at)


def _stand(
    nct_ids: Collection[str],
    presence: Presence,
    kind: ChangeKind,
    *,
    of: Iterable[Presence],
    run: SyncRun | None,
    at: datetime,
) -> list[ChangeEvent]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH before AS (SELECT nct_id, presence FROM tracker_trial WHERE nct_id = ANY(%s) AND presence = ANY(%s))
            UPDATE tracker_trial AS trial SET presence = %s FROM before WHERE trial.nct_id = before.nct_id
            RETURNING trial.nct_id, before.presence
            """,
            [list(nct_ids), [member.value for member in of], presence.value],
        )
        moved = cursor.fetchall()
    return _note([(nct_id, kind, before, presence.value) for nct_id, before in moved], run=run, at=at)


def _note(moves: Iterable[tuple[str, ChangeKind, str, str]], *, run: SyncRun | None, at: datetime) -> list[ChangeEvent]:
    events = [
        ChangeEvent(trial_id=nct_id, kind=kind, field="presence", before=before, after=after, seen=at, run=run)
        for nct_id, kind, before, after in sorted(moves)
    ]
    _write_events(events)
    return events
