"""Studies from a file: what it would do, and then doing it.

A file is read three times at most and one batch is held at a time: first for which of its rows are one publication,
then to judge each row against what is stored, and the same again, with storing, when it is taken in. Rows of one
publication (they share a PMID, PMCID, DOI or key of the collection, directly or through a third row) are never merged:
the one that tells most goes in and the others are named. Where such rows contradict each other, none goes in, since
nobody but a person can tell which is right. What becomes of a row does not hang on the order of the rows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from django.db import transaction

from tracker.models import SyncRun
from tracker.sources.bibliography import FIELDS, StudyRecord, study_record, title_key
from tracker.sources.citations import CitationFormat, RefusedRow, Row, read, unread_columns
from tracker.terms import RowFate, RunKind, RunState, StudyOrigin

from . import store
from .store.foresight import Foreseen, alike, facts_stated, foreseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tracker.terms import StudyFactName

BATCH = 500
SHOWN = 200  # rows of each fate that an outcome keeps; the counts cover all
_TOLD_ONCE = ("pmid", "pmcid", "doi")
_NAMES = {"pmid": "PMID", "pmcid": "PMCID", "doi": "DOI"}


class AbsorbStudies(Protocol):
    """The whole flow for studies in hand; `pipeline.absorb_studies` is it."""

    def __call__(
        self,
        *,
        records: Sequence[StudyRecord],
        facts: Sequence[Mapping[StudyFactName, object]],
        origin: StudyOrigin,
        run: SyncRun | None,
        at: datetime,
    ) -> store.StoredStudies: ...


class StudyFileRow(NamedTuple):
    """What becomes of a row: `study_id` is the stored study it is of, `like` lines or studies it may be the same as."""

    line: int
    fate: RowFate
    title: str
    column: str
    reason: str
    study_id: int | None


@dataclass
class Outcome:
    """What a file would do, or did: a count for every fate, and the first rows of each."""

    name: str
    format: CitationFormat
    origin: StudyOrigin
    unread_columns: list[str] = field(default_factory=list)
    counts: Counter[RowFate] = field(default_factory=Counter)
    suspected: int = 0
    shown: dict[RowFate, list[StudyFileRow]] = field(default_factory=lambda: {fate: [] for fate in RowFate})
    run: SyncRun | None = None

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def is_nothing(self) -> bool:
        """Whether not one row could be read."""
        return self.rows == self.counts[RowFate.REFUSED]

    def note(self, row: StudyFileRow) -> None:
        self.counts[row.fate] += 1
        if len(self.shown[row.fate]) < SHOWN:
            self.shown[row.fate].append(row)


class File(NamedTuple):
    """A file that can be opened again and again: its name, its format, and how to open it."""

    name: str
    format: CitationFormat
    open: Callable[[], IO[bytes]]

    @property
    def origin(self) -> StudyOrigin:
        """Europe PMC's own records stay its own wherever they were kept; all other formats are somebody's file."""
        return StudyOrigin.EUROPEPMC if self.format is CitationFormat.EUROPEPMC else StudyOrigin.FILE


def preview(*, file: File, origin: StudyOrigin, this_year: int) -> Outcome:
    """What taking this file in would do; nothing is written."""
    outcome = _outcome(file, origin)
    for _ in _judged(file, origin, outcome, this_year=this_year):
        pass
    return outcome


def take_in(
    *,
    file: File,
    origin: StudyOrigin,
    absorb: AbsorbStudies,
    clock: Callable[[], datetime],
    progress: Callable[[SyncRun], None] = lambda run: None,
) -> Outcome:
    """Take the good rows of this file in, all of them or, where this is stopped, none."""
    begun = clock()
    run = SyncRun.objects.create(
        kind=RunKind.FILE,
        started=begun,
        asked={"studies": file.name, "format": file.format.value, "origin": origin.value},
    )
    outcome = _outcome(file, origin)
    outcome.run = run
    try:
        with transaction.atomic():
            for rows in _judged(file, origin, outcome, this_year=begun.year):
                _absorb(rows, outcome, absorb=absorb, run=run, at=clock())
                _count(run, outcome)
                progress(run)
    except BaseException as error:
        for name in ("seen", "new", "changed", "unchanged", "set_aside"):
            setattr(run, name, 0)
        why = f"{type(error).__name__}: {error}".rstrip(": ")
        run.state, run.message = RunState.INCOMPLETE, f"Stopped, and nothing of the file was taken in. {why}"
        run.finished = clock()
        run.save()
        raise
    _count(run, outcome)
    run.state, run.finished = RunState.DONE, clock()
    run.message = "Nothing could be read." if outcome.is_nothing else ""
    run.save()
    return outcome


def _outcome(file: File, origin: StudyOrigin) -> Outcome:
    with file.open() as stream:
        return Outcome(file.name, file.format, origin, unread_columns(stream, format=file.format))


def _count(run: SyncRun, outcome: Outcome) -> None:
    counts = outcome.counts
    run.seen = outcome.rows - counts[RowFate.REFUSED]
    run.new, run.changed = counts[RowFate.NEW], counts[RowFate.CHANGED]
    run.unchanged = counts[RowFate.UNCHANGED] + counts[RowFate.DUPLICATE]
    run.set_aside = counts[RowFate.REFUSED]


# --- judging ---------------------------------------------------------------------------------------------------------


def _judged(file: File, origin: StudyOrigin, outcome: Outcome, *, this_year: int) -> Iterator[list[Row]]:
    """The rows that go in, a batch at a time; what becomes of every row is noted on the way."""
    with file.open() as stream:
        kin = kinship(read(stream, format=file.format, this_year=this_year))
    with file.open() as stream:
        found = iter(read(stream, format=file.format, this_year=this_year))
        at = 0
        while batch := list(islice(found, BATCH)):
            chosen: list[tuple[Row, str]] = []
            for row in batch:
                if isinstance(row, RefusedRow):
                    outcome.note(StudyFileRow(row.line, RowFate.REFUSED, "", row.column, row.reason, None))
                    continue
                said = kin.said(at)
                at += 1
                if said is None:
                    chosen.append((row, kin.like(row)))
                else:
                    fate, column, reason = said
                    outcome.note(StudyFileRow(row.line, fate, row.record.title, column, reason, None))
            yield _against_stored(chosen, origin, outcome)


def _against_stored(chosen: list[tuple[Row, str]], origin: StudyOrigin, outcome: Outcome) -> list[Row]:
    rows = [row._replace(record=_of_origin(row.record, origin)) for row, _ in chosen]
    records = [row.record for row in rows]
    known = foreseen(rows=records, origin=origin)
    stated = facts_stated(study_ids=[one.study_id for one in known if one.study_id])
    twins = alike(rows=records)
    taken = []
    for row, (_, like), one in zip(rows, chosen, known, strict=True):
        title, study = row.record.title, one.study_id or None
        fault = _contradiction(row.record, one)
        if fault:
            outcome.note(StudyFileRow(row.line, RowFate.REFUSED, title, *fault, study))
            continue
        suspicion = " ".join(filter(None, [like, _like_stored(row.record, one, twins)]))
        outcome.suspected += bool(suspicion)
        if study is None:
            fate = RowFate.NEW
        elif one.is_news or _states_more(row.facts, stated.get(study, {})):
            fate = RowFate.CHANGED
        else:
            fate, suspicion = RowFate.UNCHANGED, ""
        outcome.note(StudyFileRow(row.line, fate, title, "", suspicion, study))
        taken.append(row)
    return taken


def _of_origin(record: StudyRecord, origin: StudyOrigin) -> StudyRecord:
    """A record of Europe PMC that is to count as a file's is kept as its values, as all that files tell is."""
    if origin is StudyOrigin.EUROPEPMC or not record.source_id:
        return record
    values = {name: getattr(record, name) for name in FIELDS if name != "title"}
    return study_record(title=record.title, **values)


def _contradiction(record: StudyRecord, one: Foreseen) -> tuple[str, str] | None:
    """The column and the reason where the row names a stored study by one identifier and denies it by another.

    To join the two would be a merger, to part them would leave one identifier with two studies.
    """
    if one.standing is None:
        return None
    for name in _TOLD_ONCE:
        ours, theirs = getattr(record, name), getattr(one.standing, name)
        if ours and theirs and ours != theirs and f"{name}:{ours}" not in one.standing.identifiers:
            shared = next(known for known in record.identifiers if known in one.standing.identifiers)
            return name, (
                f"By its {_worded(shared)} it is study {one.study_id}, whose {_NAMES[name]} is {theirs}; the row says "
                f"{ours}. See which is right."
            )
    if record.collection_key and record.collection_key == one.standing.collection_key and _is_only_by_key(record, one):
        return "study_id", (
            f"“{record.collection_key}” is the name of study {one.study_id}, “{one.standing.title[:80]}”; a file of "
            "another collection needs other names, or none."
        )
    return None


def _is_only_by_key(record: StudyRecord, one: Foreseen) -> bool:
    """Whether nothing but a name of somebody's collection says that the two are one, and their titles deny it."""
    assert one.standing is not None
    shared = [known for known in record.identifiers if known in one.standing.identifiers]
    titles = {"".join(filter(str.isalnum, title.casefold())) for title in (record.title, one.standing.title)}
    return all(known.startswith("key:") for known in shared) and len(titles) > 1


def _worded(known: str) -> str:
    scheme, _, value = known.partition(":")
    return f"{_NAMES.get(scheme, 'own name')} {value}"


def _like_stored(record: StudyRecord, one: Foreseen, twins: dict[str, list[tuple[int, int | None]]]) -> str:
    others = [
        number
        for number, year in twins.get(title_key(record.title), [])
        if number != one.study_id and (record.year is None or year is None or record.year == year)
    ]
    others += [number for number in one.others if number not in others]
    return f"It may be the same as study {', '.join(map(str, others))}; a person decides." if others else ""


def _states_more(facts: Mapping[StudyFactName, object], stated: Mapping[str, object]) -> bool:
    return any(stated.get(name.value) != value for name, value in facts.items())


# --- which rows of a file are one publication ------------------------------------------------------------------------


class _Seen(NamedTuple):
    """What is kept of a row while the others are compared with it: a few numbers."""

    line: int
    claims: tuple[int, int, int]  # of its PMID, PMCID and DOI; 0 where it has none
    rank: tuple[int, bytes]  # the row that tells most comes first; of equals the one whose bytes do
    twin: int  # of its folded title and year; 0 where the title tells nothing apart


class Kinship:
    """Which rows of a file are one publication, by their place among its readable rows."""

    def __init__(self) -> None:
        self._seen: list[_Seen] = []
        self._parent: list[int] = []
        self._by_identifier: dict[int, int] = {}
        self._groups: dict[int, list[int]] = {}
        self._twins: dict[int, list[int]] = {}

    def add(self, row: Row) -> None:
        at = len(self._seen)
        record = row.record
        claims = tuple(hash(value) if (value := getattr(record, name)) else 0 for name in _TOLD_ONCE)
        told = sum(getattr(record, name) not in (None, (), "") for name in FIELDS) + len(row.facts)
        digest = hashlib.blake2b(record.raw + msgspec.json.encode(dict(row.facts), order="sorted"), digest_size=12)
        key = title_key(record.title)
        twin = hash((key, record.year)) if key else 0
        self._seen.append(_Seen(row.line, claims, (-told, digest.digest()), twin))  # type: ignore[arg-type]
        self._parent.append(at)
        for known in record.identifiers:
            self._join(at, self._by_identifier.setdefault(hash(known), at))

    def _join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first

    def _root(self, at: int) -> int:
        while self._parent[at] != at:
            self._parent[at] = self._parent[self._parent[at]]
            at = self._parent[at]
        return at

    def close(self) -> None:
        """All rows are there: put each into its group."""
        self._by_identifier.clear()
        for at, seen in enumerate(self._seen):
            self._groups.setdefault(self._root(at), []).append(at)
            if seen.twin:
                self._twins.setdefault(seen.twin, []).append(at)
        self._groups = {root: group for root, group in self._groups.items() if len(group) > 1}
        self._twins = {twin: places for twin, places in self._twins.items() if len({*map(self._root, places)}) > 1}

    def said(self, at: int) -> tuple[RowFate, str, str] | None:
        """Why the row at this place does not go in: its fate, the column and the reason. None where it does."""
        group = self._groups.get(self._root(at))
        if group is None:
            return None
        denied = self._denied(group)
        if denied:
            others = self._lines(one for one in group if one != at)
            return RowFate.REFUSED, denied, (
                f"It is the same publication as {others}, and they give different values for {_NAMES[denied]}; "
                "correct them, none was taken in."
            )  # fmt: skip
        best = min(group, key=lambda one: (self._seen[one].rank, one))
        if best == at:
            return None
        return RowFate.DUPLICATE, "", (
            f"It is the same publication as line {self._seen[best].line}, which goes in since it tells "
            f"{'more' if self._seen[best].rank[0] < self._seen[at].rank[0] else 'as much'}."
        )  # fmt: skip

    def _denied(self, group: list[int]) -> str:
        for place, name in enumerate(_TOLD_ONCE):
            if len({claim for one in group if (claim := self._seen[one].claims[place])}) > 1:
                return name
        return ""

    def like(self, row: Row) -> str:
        """Other rows with this one's title and year, in words."""
        key = title_key(row.record.title)
        places = self._twins.get(hash((key, row.record.year)), []) if key else []
        others = [one for one in places if self._seen[one].line != row.line]
        if not others:
            return ""
        return f"It may be the same as {self._lines(others)} (title and year are alike); a person decides."

    def _lines(self, places: Iterable[int]) -> str:
        lines = sorted(self._seen[one].line for one in places)
        more = f" and {len(lines) - 5} more" if len(lines) > 5 else ""
        return f"{'lines' if len(lines) > 1 else 'line'} {', '.join(map(str, lines[:5]))}{more}"


def kinship(rows: Iterable[Row | RefusedRow]) -> Kinship:
    """Which of these rows are one publication; what is kept of a row is some two hundred bytes."""
    kin = Kinship()
    for row in rows:
        if isinstance(row, Row):
            kin.add(row)
    kin.close()
    return kin


# --- storing ---------------------------------------------------------------------------------------------------------


def _absorb(rows: Sequence[Row], outcome: Outcome, *, absorb: AbsorbStudies, run: SyncRun, at: datetime) -> None:
    """Absorb these; a row whose value the database refuses is found by halves and left out."""
    if not rows:
        return
    try:
        with transaction.atomic():
            absorb(
                records=[row.record for row in rows],
                facts=[row.facts for row in rows],
                origin=outcome.origin,
                run=run,
                at=at,
            )
    except store.REFUSALS as error:
        if len(rows) == 1:
            _take_back(rows[0], outcome, store.refusal(error))
            return
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            _absorb(half, outcome, absorb=absorb, run=run, at=at)


def _take_back(row: Row, outcome: Outcome, reason: str) -> None:
    """Count a row as refused that had been judged good."""
    for fate in (RowFate.NEW, RowFate.CHANGED, RowFate.UNCHANGED):
        shown = [one for one in outcome.shown[fate] if one.line != row.line]
        if len(shown) < len(outcome.shown[fate]):
            outcome.shown[fate] = shown
            outcome.counts[fate] -= 1
            break
    else:
        outcome.counts[RowFate.NEW] -= 1
    outcome.note(StudyFileRow(row.line, RowFate.REFUSED, row.record.title, "", reason, None))
