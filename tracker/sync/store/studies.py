"""The only writer of studies as their sources give them: their rows, versions, changes and suspected doubles.

Whole batches by COPY and set-based SQL: the number of statements is the same for one record and for a thousand. Which
source's word stands in a column is decided in `merging`; what a person entered stays. Two records are one study where
they share an identifier. A record that shares one with each of two stored studies joins the one of its strongest
identifier, and the two are noted as suspected doubles for a person: studies are never merged here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from django.db import connection, transaction

from tracker.sources.bibliography import FIELDS, StudyRecord, title_key, told_again
from tracker.sources.europepmc_records import read_study
from tracker.sources.packing import pack, unpack
from tracker.sync.merging import Difference, Telling, differences, merged
from tracker.terms import ChangeKind, StudyOrigin

from . import study_statements as sql
from .writing import copy_rows, encode, one_at_a_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from tracker.models import LiteratureQuery, SyncRun

Key = tuple[StudyOrigin, str]  # the origin and the source's own number


class Told(NamedTuple):
    """A row as it came, the study that it is of, and what it is to its run: new, changed or unchanged."""

    study_id: int
    record: StudyRecord
    outcome: str


@dataclass(frozen=True, slots=True)
class StoredStudies:
    """What became of a batch, by the study's number: each study as it stands now, all that tells of it taken together.

    `suspected` are those of `new` and `changed` for which a double is newly suspected. `told` are the rows in their
    order.
    """

    new: dict[int, StudyRecord]
    changed: dict[int, StudyRecord]
    unchanged: dict[int, StudyRecord]
    suspected: dict[int, StudyRecord]
    told: list[Told]

    @property
    def current(self) -> dict[int, StudyRecord]:
        """The studies that have to be read and scored anew."""
        return {**self.new, **self.changed}

    @property
    def ids(self) -> list[int]:
        """The studies of the given rows, one a row in their order."""
        return [told.study_id for told in self.told]

    def outcomes(self) -> Iterator[tuple[str, str, StudyRecord]]:
        """What each record is to its run, by its source's number: a preprint and its paper are two."""
        for study_id, record, outcome in self.told:
            yield outcome, record.source_id or str(study_id), record

    def add(self, more: StoredStudies) -> None:
        """Take in what became of some more records."""
        for name in ("new", "changed", "unchanged", "suspected"):
            getattr(self, name).update(getattr(more, name))
        self.told.extend(more.told)


@dataclass(slots=True)
class _Version:
    key: Key
    record: StudyRecord
    number: int


@dataclass(slots=True, eq=False)
class _Held:
    """A study as it is stored, and, while a batch is walked, as it will be."""

    id: int = 0  # 0: new, numbered before it is written
    standing: StudyRecord | None = None
    origin: StudyOrigin = StudyOrigin.FILE
    entered: frozenset[str] = frozenset()
    count: int = 0
    owned: set[str] = field(default_factory=set)  # identifiers that are its own
    hashes: set[tuple[Key, str]] = field(default_factory=set)
    latest: dict[Key, tuple[int, str, str]] = field(default_factory=dict)  # number, hash, revised
    tellings: dict[Key, StudyRecord] = field(default_factory=dict)
    versions: list[_Version] = field(default_factory=list)
    study: StudyRecord | None = None  # as it will stand
    told: list[Difference] = field(default_factory=list)

    @property
    def is_moved(self) -> bool:
        return bool(self.versions)


@transaction.atomic
def store_studies(
    *, rows: Sequence[StudyRecord], origin: StudyOrigin, run: SyncRun | None, at: datetime
) -> StoredStudies:
    """Store these records in their order."""
    if not rows:
        return StoredStudies({}, {}, {}, {}, [])
    one_at_a_time()
    index = _index(rows)
    walked, pairs = [], {}
    for record in rows:
        held, others = _study_of(record, index, origin=origin)
        for other, basis in others:
            pairs[held, other] = basis
        walked.append((held, record, _take(held, record, origin)))
    touched = list(dict.fromkeys(held for held, _, _ in walked))
    moved = [held for held in touched if held.is_moved]
    _read_other_tellings([held for held in moved if held.id])
    for held in moved:
        _settle(held)
    _number([held for held in moved if not held.id])
    suspected = _write(moved, pairs, run=run, at=at)
    return StoredStudies(
        new={held.id: held.study for held in moved if held.standing is None and held.study},
        changed={held.id: held.study for held in moved if held.standing is not None and held.study},
        unchanged={held.id: held.standing for held in touched if not held.is_moved and held.standing},
        suspected={held.id: held.study for held in moved if held.id in suspected and held.study},
        told=[Told(held.id, record, outcome) for held, record, outcome in walked],
    )


# --- which study a record is of ------------------------------------------------------------------------------------


def _index(rows: Sequence[StudyRecord]) -> dict[str, _Held]:
    """The stored studies that these records may be of, by each of their identifiers."""
    asked = sorted({known for record in rows for known in record.identifiers})
    by_scheme: dict[str, list[str]] = {"pmid": [], "pmcid": [], "doi": [], "key": []}
    for known in asked:
        scheme, _, value = known.partition(":")
        if scheme in by_scheme:
            by_scheme[scheme].append(value)
    index: dict[str, _Held] = {}
    by_id: dict[int, _Held] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.FIND, {**by_scheme, "asked": asked})
        for number, count, entered, given, *columns in cursor:
            standing = _told(columns)
            held = by_id[number] = _Held(
                number, standing, StudyOrigin(given), frozenset(entered), count, set(standing.identifiers)
            )
            for known in standing.identifiers:
                index.setdefault(known, held)
        cursor.execute(sql.VERSIONS, [list(by_id)])
        for number, version, given, source_id, raw_hash, revised in cursor:
            key = (StudyOrigin(given), source_id)
            by_id[number].hashes.add((key, raw_hash))
            held = by_id[number]
            # A copy of an earlier revision that came late stands in its number, never for the source.
            if key not in held.latest or revised >= held.latest[key][2]:
                held.latest[key] = (version, raw_hash, revised)
    return index


def _told(columns: Sequence[object]) -> StudyRecord:
    """The study of a row's columns, in the order of FIELDS."""
    values = {
        name: msgspec.json.decode(value) if name in sql.TABLES and isinstance(value, str) else value
        for name, value in zip(FIELDS, columns, strict=True)
    }
    return msgspec.convert(values, StudyRecord)


def _study_of(
    record: StudyRecord, index: dict[str, _Held], *, origin: StudyOrigin
) -> tuple[_Held, list[tuple[_Held, str]]]:
    """The study of the record's strongest known identifier (a new one where none is), and those it also points to."""
    found: dict[_Held, str] = {}
    for known in record.identifiers:
        if known in index:
            found.setdefault(index[known], known)
    held = next(iter(found), None) or _Held(origin=origin)
    for known in record.identifiers:
        if index.setdefault(known, held) is held:
            held.owned.add(known)
    others = [
        (other, f"One record names {found[held]} of the one and {known} of the other.")
        for other, known in found.items()
        if other is not held
    ]
    return held, others


def _take(held: _Held, record: StudyRecord, origin: StudyOrigin) -> str:
    """Note what the record is to its study: a new state of its source, an old one, or nothing new."""
    key = (origin, record.source_id)
    latest = held.latest.get(key)
    known = (key, record.raw_hash) in held.hashes
    # A file's row that came before says nothing new however often it comes; a source's state may return (A, B, A).
    if known and (origin is not StudyOrigin.EUROPEPMC or (latest and latest[1] == record.raw_hash)):
        return "unchanged"
    is_older = latest is not None and (record.revised or "") < latest[2]
    if known and is_older:
        return "unchanged"
    outcome = "changed" if held.id or held.versions else "new"
    held.count += 1
    held.hashes.add((key, record.raw_hash))
    held.versions.append(_Version(key, record, held.count))
    if not is_older:
        held.latest[key] = (held.count, record.raw_hash, record.revised or "")
        held.tellings[key] = record
    return outcome


def _read_other_tellings(moved: Sequence[_Held]) -> None:
    """Read what the other sources of these studies last said, for it stands beside what came now."""
    wanted = {
        (held.id, number): (held, key)
        for held in moved
        for key, (number, _, _) in held.latest.items()
        if key not in held.tellings
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.RAWS, [[study for study, _ in wanted], [number for _, number in wanted]])
        for study, number, packed in cursor:
            held, key = wanted[study, number]
            raw = unpack(bytes(packed))
            held.tellings[key] = read_study(raw) if key[0] is StudyOrigin.EUROPEPMC else told_again(raw)


def _settle(held: _Held) -> None:
    tellings = [Telling(origin, record) for (origin, _), record in held.tellings.items()]
    held.study = merged(tellings, standing=held.standing, entered=held.entered, owned=held.owned)
    origins = {telling.origin for telling in tellings}
    if StudyOrigin.EUROPEPMC in origins:
        held.origin = StudyOrigin.EUROPEPMC
    if held.standing is None:
        held.told = [Difference(ChangeKind.FIRST_SEEN, "", None, None)]
    else:
        held.told = differences(held.standing, held.study)


# --- writing -------------------------------------------------------------------------------------------------------


def _number(new: Sequence[_Held]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.NUMBERS, [len(new)])
        for held, (number,) in zip(new, cursor.fetchall(), strict=True):
            held.id = number


def _write(
    moved: Sequence[_Held], pairs: dict[tuple[_Held, _Held], str], *, run: SyncRun | None, at: datetime
) -> set[int]:
    """Write the studies, their versions and events, and what is suspected; gives the studies newly suspected."""
    with connection.cursor() as cursor:
        cursor.execute(sql.MAKE_STAGE)
        cursor.execute("TRUNCATE incoming_study")
        copy_rows(cursor, sql.FILL_STAGE, sql.STAGE_TYPES, (_row(held, at=at) for held in moved))
        cursor.execute(sql.TAKE_STAGE, {"at": at})
        run_id = run.pk if run else None
        versions = (
            (
                held.id,
                version.number,
                version.key[0].value,
                version.key[1],
                pack(version.record.raw),
                version.record.raw_hash,
                version.record.revised or "",
                at,
                run_id,
            )
            for held in moved
            for version in held.versions
        )
        copy_rows(cursor, sql.COPY_VERSIONS, sql.VERSION_TYPES, versions)
        with cursor.copy(sql.COPY_EVENTS) as copy:
            for held in moved:
                for kind, name, before, after in held.told:
                    pair = (None if value is None else encode(value).decode() for value in (before, after))
                    copy.write_row((held.id, str(kind), name, *pair, held.count, at, run_id))
        cursor.execute(
            sql.SUSPECT,
            {
                "ones": [one.id for one, _ in pairs],
                "others": [other.id for _, other in pairs],
                "bases": list(pairs.values()),
                "at": at,
            },
        )
        return {number for pair in cursor.fetchall() for number in pair}


def _row(held: _Held, *, at: datetime) -> tuple[object, ...]:
    study = held.study
    assert study is not None
    is_told = held.standing is None or any(
        getattr(study, name) != getattr(held.standing, name) for name in FIELDS if name != "other_ids"
    )
    return (
        held.id,
        *(list(value) if isinstance(value := getattr(study, name), tuple) else value for name in FIELDS),
        title_key(study.title),
        held.origin.value,
        held.count,
        at if is_told else None,
        *sql.searched(study),
    )


@transaction.atomic
def studies_matched(*, told: Sequence[Told], query: LiteratureQuery, run: SyncRun, at: datetime) -> set[str]:
    """Note that the query's answer held these records; gives the numbers of those that this run had met already."""
    pairs = sorted({(study_id, record.source_id) for study_id, record, _ in told})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT unnest(source_ids) FROM tracker_studymatch
            WHERE query_id = %s AND study_id = ANY(%s) AND last_matched >= %s
            """,
            [query.pk, [study_id for study_id, _ in pairs], run.started],
        )
        met = {source_id for (source_id,) in cursor}
        cursor.execute(
            """
            INSERT INTO tracker_studymatch AS held (study_id, query_id, first_matched, last_matched, source_ids)
            SELECT study_id, %(query)s, %(at)s, %(at)s, array_agg(source_id ORDER BY source_id)
            FROM unnest(%(studies)s::bigint[], %(sources)s::text[]) AS given (study_id, source_id) GROUP BY study_id
            ON CONFLICT (study_id, query_id) DO UPDATE
            SET last_matched = EXCLUDED.last_matched,
                source_ids = CASE WHEN held.last_matched >= %(began)s THEN ARRAY(
                    SELECT DISTINCT source_id FROM unnest(held.source_ids || EXCLUDED.source_ids) AS both_of (source_id)
                    ORDER BY source_id
                ) ELSE EXCLUDED.source_ids END
            """,
            {
                "query": query.pk,
                "at": at,
                "began": run.started,
                "studies": [study_id for study_id, _ in pairs],
                "sources": [source_id for _, source_id in pairs],
            },
        )
    return met


@transaction.atomic
def index_studies(*, study_ids: Iterable[int]) -> None:
    """Make the full text and the folded title of these studies from their columns, as after a person's change."""
    with connection.cursor() as cursor:
        cursor.execute(sql.COLUMNS, [list(study_ids)])
        found = [(number, _told(columns)) for number, *columns in cursor]
        cursor.execute(
            sql.INDEX,
            [
                [number for number, _ in found],
                [title_key(study.title) for _, study in found],
                *([sql.searched(study)[at] for _, study in found] for at in range(4)),
            ],
        )
