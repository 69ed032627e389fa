"""Candidates, evidence links and lineage from tables: each row is read, or refused with its line, column and reason.

No database here. ``docs/curation.md`` describes the columns for people; a test holds both together.
"""

from __future__ import annotations

import re
from functools import cache
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from tracker.classify import lexicon
from tracker.sources.bibliography import doi_of, nct_numbers, pmcid_of, pmid_of
from tracker.sources.citations.columns import folded as heading_folded
from tracker.sources.citations.rows import Refused, RefusedRow, is_web_address, several, shown, taken
from tracker.sources.citations.tables import cells
from tracker.terms import AnnotationState, Direction, Facet, LineageKind, Role, Term, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Read = TypeVar("Read")
Known = TypeVar("Known", bound=Term)

#: the columns of each table; the first ones, up to the number behind, must be there
CANDIDATES = (
    "name", "kind", "synonyms", "roles", "ev_sources", "cargo", "targets", "mechanisms", "developer", "description",
    "references",
)  # fmt: skip
LINKS = ("candidate", "record", "direction", "reason", "state")
LINEAGE = ("kind", "from", "to", "reason", "state")
NEEDED = {CANDIDATES: 2, LINKS: 4, LINEAGE: 4}

_TERMS = {"ev_sources": Facet.EV_SOURCE, "cargo": Facet.CARGO, "mechanisms": Facet.MECHANISM}
_REFERENCE = re.compile(r"\s*(.+?)\s*<([^<>]*)>\s*(?:;|$)")
LONGEST_NAME = 200


class Record(NamedTuple):
    """A trial or a study as a table names it: an identifier as ``scheme:value``, and the words of the cell."""

    known: str
    written: str

    @property
    def is_trial(self) -> bool:
        return self.known.startswith("nct:")

    @property
    def value(self) -> str:
        return self.known.partition(":")[2]


class CandidateRow(NamedTuple):
    """A candidate; ``told`` holds the columns of ``decisions.TOLD`` besides name and kind, empty where not read."""

    line: int
    name: str
    kind: Track
    synonyms: list[str]
    told: dict[str, object]


class LinkRow(NamedTuple):
    """That a record bears on a candidate."""

    line: int
    candidate: str
    record: Record
    direction: Direction
    reason: str


class LineageRow(NamedTuple):
    """That one record led to, replicates, continues or reports another."""

    line: int
    kind: LineageKind
    origin: Record
    onward: Record
    reason: str


def read_candidates(stream: IO[bytes]) -> Iterator[CandidateRow | RefusedRow]:
    """Every row of a table of candidates, in order."""
    return _read(stream, CANDIDATES, _candidate)


def read_links(stream: IO[bytes]) -> Iterator[LinkRow | RefusedRow]:
    """Every row of a table of evidence links, in order."""
    return _read(stream, LINKS, _link)


def read_lineage(stream: IO[bytes]) -> Iterator[LineageRow | RefusedRow]:
    """Every row of a table of lineage, in order."""
    return _read(stream, LINEAGE, _lineage)


def _read(
    stream: IO[bytes], columns: tuple[str, ...], make: Callable[[int, Mapping[str, str]], Read]
) -> Iterator[Read | RefusedRow]:
    by_heading = {heading_folded(name): name for name in columns}
    found = cells(stream, known=lambda written: by_heading.get(heading_folded(written)))
    first = next(found, None)
    if first is None:
        yield RefusedRow(1, "", "The file is empty.")
        return
    if isinstance(first, RefusedRow):
        yield RefusedRow(first.line, "", f"The line that names the columns cannot be read. {first.reason}")
        return
    line, headings = first
    names = [by_heading.get(heading_folded(written), "") for written in headings]
    fault = _fault(columns, headings, names)
    if fault:
        yield RefusedRow(line, *fault)
        return
    for row in found:
        if isinstance(row, RefusedRow):
            yield row
            continue
        line, values = row
        try:
            if len(values) > len(names):
                raise Refused("", f"It has {len(values)} cells and the table {len(names)} columns; quote the cells.")
            told = {name: taken(value, name) for name, value in zip(names, values, strict=False)}
            yield make(line, {name: told.get(name, "") for name in columns})
        except Refused as error:
            yield RefusedRow(line, error.column, error.reason)


def _fault(columns: tuple[str, ...], headings: list[str], names: list[str]) -> tuple[str, str] | None:
    """What is wrong with the first line: then no row of the table is read. A stranger's column may hold decisions."""
    for written, name in zip(headings, names, strict=True):
        if not name:
            return written.strip(), f"No such column; this table has {', '.join(columns)}."
        if names.count(name) > 1:
            return written.strip(), f"Two columns are called “{name}”; keep one."
    for name in columns[: NEEDED[columns]]:
        if name not in names:
            return name, f"There is no column “{name}”; the first line must name it."
    return None


# --- rows ------------------------------------------------------------------------------------------------------------


def _candidate(line: int, cell: Mapping[str, str]) -> CandidateRow:
    name = _needed(cell, "name")
    if len(name) > LONGEST_NAME:
        raise Refused("name", f"It holds {len(name)} characters; a name has at most {LONGEST_NAME}.")
    told: dict[str, object] = {
        "roles": [_member(Role, one, "roles") for one in several(cell["roles"])],
        **{column: [_term(facet, one, column) for one in several(cell[column])] for column, facet in _TERMS.items()},
        "targets": several(cell["targets"]),
        "developer": cell["developer"] or None,
        "description": cell["description"],
        "references": _references(cell["references"]),
    }
    return CandidateRow(line, name, _member(Track, _needed(cell, "kind"), "kind"), several(cell["synonyms"]), told)


def _link(line: int, cell: Mapping[str, str]) -> LinkRow:
    _accepted(cell)
    return LinkRow(
        line, _needed(cell, "candidate"), record_of(_needed(cell, "record")),
        _member(Direction, _needed(cell, "direction"), "direction"), _needed(cell, "reason"),
    )  # fmt: skip


def _lineage(line: int, cell: Mapping[str, str]) -> LineageRow:
    _accepted(cell)
    return LineageRow(
        line, _member(LineageKind, _needed(cell, "kind"), "kind"), record_of(_needed(cell, "from")),
        record_of(_needed(cell, "to")), _needed(cell, "reason"),
    )  # fmt: skip


def _accepted(cell: Mapping[str, str]) -> None:
    if cell["state"] and cell["state"].casefold() != AnnotationState.ACCEPTED:
        raise Refused(
            "state", f"{shown(cell['state'])} is not accepted: rules propose, and a link is rejected in the admin."
        )


# --- cells -----------------------------------------------------------------------------------------------------------


def record_of(written: str) -> Record:
    """The record that this cell names: an NCT number, a PMID, PMCID or DOI, or its name in a collection.

    >>> record_of("S001").known, record_of("PMID 28436951").known
    ('key:S001', 'pmid:28436951')
    """
    numbers = nct_numbers(written)
    if numbers and len(written) <= len("NCT 00000000"):
        return Record(f"nct:{numbers[0]}", written)
    doi = doi_of(written)
    if doi:
        return Record(f"doi:{doi}", written)
    if written[:3].upper() == "PMC" and (pmcid := pmcid_of(written)):
        return Record(f"pmcid:{pmcid}", written)
    pmid = pmid_of(written)
    return Record(f"pmid:{pmid}" if pmid else f"key:{written}", written)


def _needed(cell: Mapping[str, str], column: str) -> str:
    if not cell[column]:
        raise Refused(column, f"The row has no {column}.")
    return cell[column]


def _member(vocabulary: type[Known], given: str, column: str) -> Known:
    wanted = heading_folded(given)
    for member in vocabulary:
        if wanted in (heading_folded(member.value), heading_folded(member.label)):
            return member
    raise Refused(column, f"{shown(given)} is not one of: {', '.join(member.value for member in vocabulary)}.")


def _term(facet: Facet, given: str, column: str) -> str:
    found = _terms(facet).get(heading_folded(given))
    if found is None:
        known = ", ".join(dict.fromkeys(_terms(facet).values()))
        raise Refused(column, f"{shown(given)} is no term of the lexicon's: {known}.")
    return found


@cache
def _terms(facet: Facet) -> dict[str, str]:
    """The lexicon's terms of a facet, by id and by label."""
    entries = [entry for entry in lexicon.load().entries if entry.facet == facet]
    return {heading_folded(name): entry.id for entry in entries for name in (entry.id, entry.label)}


def _references(given: str) -> list[dict[str, str]]:
    """``title <address>``, several parted by semicolons."""
    found, end = [], 0
    for match in _REFERENCE.finditer(given):
        if match.start() != end or not is_web_address(match[2]):
            break
        found.append({"title": " ".join(match[1].split()), "url": match[2]})
        end = match.end()
    if given[end:].strip():
        raise Refused("references", f"{shown(given[end:])} is no reference; write “title <https://…>”, parted by “;”.")
    return found
