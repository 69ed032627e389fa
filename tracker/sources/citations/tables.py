"""Studies from a table: CSV with commas, semicolons or tabs, in any encoding that spreadsheets write.

A row that cannot be read is refused with its line and column, and reading goes on behind it. A quotation mark that
nobody closes would swallow the rest of the file: then only its own line is refused, and the next line is read as a
row again.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from tracker.sources.citations import columns, text
from tracker.sources.citations.rows import LONGEST_VALUE, Refused, RefusedRow, Row, row, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracker.sources.citations.text import Line
    from tracker.terms import StudyFactName

DELIMITERS = ",;\t"
# A row longer than this is not one: some quotation mark was left open.
LONGEST_ROW = 16 << 20


class Heading(NamedTuple):
    """A column of this file: where it stands, how the file writes it, and what it is (None: not read)."""

    at: int
    written: str
    name: str | None


def read(stream: IO[bytes], *, this_year: int) -> Iterator[Row | RefusedRow]:
    """Every row of the table, in order. The first line that is not empty names the columns."""
    found_cells = cells(stream, known=columns.known)
    first = next(found_cells, None)
    if first is None:
        yield RefusedRow(1, "", "The file is empty.")
        return
    if isinstance(first, RefusedRow):
        yield RefusedRow(first.line, "", f"The line that names the columns cannot be read. {first.reason}")
        return
    line, names = first
    headings = [Heading(at, name.strip(), columns.known(name)) for at, name in enumerate(names)]
    fault = _fault(headings)
    if fault:
        yield RefusedRow(line, *fault)
        return
    for found in found_cells:
        if isinstance(found, RefusedRow):
            yield found
        else:
            line, values = found
            try:
                yield _row(line, values, headings, this_year=this_year)
            except Refused as error:
                yield RefusedRow(line, error.column, error.reason)


def cells(stream: IO[bytes], *, known: Callable[[str], str | None]) -> Iterator[tuple[int, list[str]] | RefusedRow]:
    """The cells of each row of any table with the line it begins at; ``known`` tells which headings name a column."""
    return _cells(_Lines(text.lines(stream)), known)


def unread(stream: IO[bytes]) -> list[str]:
    """The headings of this table that name nothing we read, so that a person sees what was left out."""
    first = next(cells(stream, known=columns.known), None)
    stream.seek(0)
    names = first[1] if first is not None and not isinstance(first, RefusedRow) else []
    return [name.strip() for name in names if name.strip() and columns.known(name) is None]


def _fault(headings: list[Heading]) -> tuple[str, str] | None:
    """What is wrong with the columns as a whole: then no row of the file is read."""
    seen: dict[str, str] = {}
    for heading in headings:
        if heading.name is None:
            continue
        if heading.name in seen:
            first = seen[heading.name]
            return heading.written, f"Two columns mean the same: “{first}” and “{heading.written}”; keep one."
        seen[heading.name] = heading.written
    if "title" not in seen:
        named = ", ".join(f"“{heading.written[:40]}”" for heading in headings[:8])
        return "", f"No column is called “title”; the first line must name the columns, and it says {named}."
    return None


def _row(line: int, values: list[str], headings: list[Heading], *, this_year: int) -> Row:
    if len(values) > len(headings):
        raise Refused(
            "",
            f"It has {len(values)} cells and the table {len(headings)} columns; a cell that holds the separator must "
            "stand in quotation marks.",
        )
    told: dict[str, Any] = {}
    facts: dict[StudyFactName, Any] = {}
    title_heading = ""
    for heading in headings:
        if heading.name == "title":
            title_heading = heading.written
        if heading.name is None or heading.at >= len(values):
            continue
        given = taken(values[heading.at], heading.written)
        if not given:
            continue  # empty means not read; it never means none
        if columns.is_bibliographic(heading.name):
            told |= columns.bibliography(heading.name, given, heading.written, this_year=this_year)
        else:
            facts |= columns.facts(heading.name, given, heading.written)
    if not told.get("title"):
        raise Refused(title_heading, "It has no title, and a study is not kept without one.")
    candidate = facts.get(columns.CANDIDATE)
    return row(line, told, facts=facts, candidate=candidate)


# --- from lines to cells ---------------------------------------------------------------------------------------------


class _Lines:
    """Lines that can be given back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._back: deque[Line] = deque()

    def next(self) -> Line | None:
        if self._back:
            return self._back.popleft()
        return next(self._lines, None)

    def give_back(self, lines: list[Line]) -> None:
        self._back.extendleft(reversed(lines))


class _TooLong(Exception):
    """A row that does not end."""


def _cells(lines: _Lines, known: Callable[[str], str | None]) -> Iterator[tuple[int, list[str]] | RefusedRow]:
    """The cells of each row with the line that it begins at."""
    first = lines.next()
    while first is not None and not first.text.strip("\r\n\0 ,;\t"):
        first = lines.next()
    if first is None:
        return
    declared = first.text.strip().removeprefix("sep=") if first.text.startswith("sep=") else ""
    if len(declared) == 1:  # how spreadsheets tell each other; no other line of the table begins so
        delimiter = declared
    else:
        delimiter = _delimiter(first.text, known)
        lines.give_back([first])
    while True:
        spent: list[Line] = []
        try:
            values = next(csv.reader(_fed(lines, spent), delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            yield _resume(lines, spent, str(error), delimiter)
        else:
            if any(value.strip() for value in values):
                yield spent[0].number, values


def _fed(lines: _Lines, spent: list[Line]) -> Iterator[str]:
    size = 0
    while (line := lines.next()) is not None:
        spent.append(line)
        size += len(line.text)
        if size > LONGEST_ROW:
            raise _TooLong
        yield line.text.replace("\0", "")


def _resume(lines: _Lines, spent: list[Line], error: str, delimiter: str) -> RefusedRow:
    """Refuse the row that begins with the first of these lines, and go on with what follows it."""
    first = spent[0]
    is_long = "larger than field limit" in error or len(first.text) >= text.LONGEST_LINE
    if is_long and _closes(lines, spent, delimiter):
        reason = f"A cell is longer than {LONGEST_VALUE:,} characters; none that long is taken."
        return RefusedRow(first.number, "", reason)
    lines.give_back(spent[1:])
    if len(spent) > 1 or "unexpected end" in error:
        return RefusedRow(
            first.number, "", "A quotation mark that opens on this line is not closed where its cell ends."
        )
    return RefusedRow(
        first.number, "", "A cell in quotation marks goes on behind its closing mark; write a mark inside a cell twice."
    )


def _closes(lines: _Lines, spent: list[Line], delimiter: str) -> bool:
    """Whether the long cell on these lines ends as cells do, on them or on later ones, which are spent then.

    A mark that opens the cell of a later row stands before its text; one that closes stands before a separator.
    """
    is_open = spent[0].text.count('"') % 2 == 1
    rest = _fed(lines, spent)
    at = 1
    while is_open:
        if at == len(spent):
            try:
                next(rest)
            except (StopIteration, _TooLong):
                return False
        bare = spent[at].text.replace('""', "")
        found = bare.find('"')
        if found >= 0:
            if bare[found + 1 : found + 2] not in ("", "\r", "\n", delimiter):
                return False
            is_open = bare[found + 1 :].count('"') % 2 == 1
        at += 1
    lines.give_back(spent[at:])
    return True


def _delimiter(line: str, known: Callable[[str], str | None]) -> str:
    """The separator by which this line names most columns that we know; the comma where none does."""
    best, most = ",", 0
    for delimiter in DELIMITERS:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        found = sum(known(name) is not None for name in names)
        if found > most:
            best, most = delimiter, found
    return best
