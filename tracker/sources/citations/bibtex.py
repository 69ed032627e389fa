"""Studies from BibTeX, read by bibtexparser, a few hundred entries at a time."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import DuplicateFieldKeyBlock, Entry, ParsingFailedBlock
from pylatexenc.latex2text import LatexNodes2Text

from tracker.sources.bibliography import plain
from tracker.sources.citations import rows, text
from tracker.sources.citations.rows import Refused, RefusedRow, Row, row, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bibtexparser.model import Block

# What it would log is refused with its line and reason.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

ENTRIES = 200
# An entry that is longer has lost its end.
LONGEST = 4 << 20
_BEGINS = re.compile(r"\s*@\s*(\w+)\s*[{(]")
_KEY = re.compile(r"^(\s*@\s*\w+\s*[{(])\s*[^,{}=\"]*,")
_NO_PAPER = frozenset({"comment", "preamble", "string"})
_LATEX = re.compile(r"[\\{}$~]|--|``|''")


def read(stream: IO[bytes], *, this_year: int) -> Iterator[Row | RefusedRow]:
    """Every entry of a BibTeX file, in order."""
    is_empty = True
    for offset, source, skipped in _chunks(text.lines(stream)):
        # bibtexparser counts lines from nought; the strings (@string) of the file stand before each chunk.
        for block in parse_string(source).blocks:
            at = block.start_line or 0
            if at < skipped:
                continue
            found = _read(block, at - skipped + offset, this_year=this_year)
            if found is not None:
                is_empty = False
                yield found
    if is_empty:
        yield RefusedRow(1, "", "No entry begins in this file.")


def _chunks(lines: Iterator[text.Line]) -> Iterator[tuple[int, str, int]]:
    """Pieces of the file that begin where an entry does: the first line's number, the text, its lines of strings.

    An entry begins at a line that opens with ``@``; so one that never closes ends where the next begins.
    """
    strings: list[str] = []
    piece: list[str] = []
    start, entries, size = 1, 0, 0
    is_string = False
    for number, line in lines:
        begins = _BEGINS.match(line)
        if begins:
            if entries >= ENTRIES or size > LONGEST:
                yield start, "".join([*strings, *piece]), len(strings)
                start, piece, entries, size = number, [], 0, 0
            entries += 1
            is_string = begins[1].lower() == "string"
        taken_over = line.rstrip("\r\n")
        if is_string and line.count("{") == line.count("}"):
            strings.append(line.strip() + "\n")  # known to every later piece
            taken_over, is_string = "", False
        elif begins:
            # Two papers under one key are a matter of the file, not of the papers.
            taken_over = _KEY.sub(rf"\g<1>line{number},", taken_over, count=1)
        size += len(line)
        # An entry that never closes is refused; its lines stay counted.
        piece.append(("" if size > 2 * LONGEST else taken_over) + "\n")
    if piece:
        yield start, "".join([*strings, *piece]), len(strings)


def _read(block: Block, line: int, *, this_year: int) -> Row | RefusedRow | None:
    if isinstance(block, DuplicateFieldKeyBlock):
        names = ", ".join(sorted(block.duplicate_keys))
        return RefusedRow(line, names, f"The entry has the field {names} more than once; keep one.")
    if isinstance(block, ParsingFailedBlock):
        begins = _BEGINS.match(block.raw or "")
        if begins and begins[1].lower() in _NO_PAPER:
            return None
        return RefusedRow(line, "", "The entry is not closed, or a brace or quotation mark in it is not.")
    return _entry(block, line, this_year=this_year) if isinstance(block, Entry) else None


def _entry(entry: Entry, line: int, *, this_year: int) -> Row | RefusedRow:
    try:
        return row(line, _told(entry, this_year=this_year))
    except Refused as error:
        return RefusedRow(line, error.column, error.reason)


def _told(entry: Entry, *, this_year: int) -> dict[str, Any]:
    fields = {field.key.casefold(): str(field.value) for field in entry.fields}
    given = {name: _plain(value, name) for name, value in fields.items() if name in _READ}
    told: dict[str, Any] = {"title": rows.title(given.get("title", ""), "title")}
    # Names are parted before LaTeX is undone: {Smith and Co} is one of them.
    told["authors"] = [rows.author(plain(_undone(name))) for name in _names(taken(fields.get("author", ""), "author"))]
    told["journal"] = next(
        (name for key in ("journal", "journaltitle", "booktitle") if (name := plain(given.get(key, "")))), None
    )
    for key in ("year", "date"):
        if given.get(key):
            told["year"] = rows.year(given[key], key, this_year=this_year)
            break
    for key, read in (("doi", rows.doi), ("pmid", rows.pmid), ("pmcid", rows.pmcid)):
        if given.get(key):
            told[key] = read(given[key], key)
    told["abstract"] = plain(given.get("abstract", "")) or None
    told["keywords"] = rows.several(given.get("keywords", "").replace(",", ";"))
    told["language"] = rows.language(given.get("language", given.get("langid", "")))
    if rows.is_web_address(given.get("url", "")):
        told["source_url"] = given["url"]
    return told


_READ = frozenset(
    (
        *("title", "author", "journal", "journaltitle", "booktitle", "year", "date", "doi", "pmid", "pmcid"),
        *("abstract", "keywords", "language", "langid", "url"),
    )
)
_VERBATIM = frozenset({"url", "doi"})


def _plain(value: str, name: str) -> str:
    whole = taken(value, name)
    if name in _VERBATIM:
        return whole.replace("\\_", "_").replace("{", "").replace("}", "").replace("\\%", "%").replace("\\&", "&")
    return _undone(whole)


def _undone(value: str) -> str:
    """The text that LaTeX would set; only where there is any LaTeX in it, since that reading takes its time."""
    if not _LATEX.search(value):
        return value
    return str(_latex().latex_to_text(value)).replace("\xa0", " ")


@cache
def _latex() -> LatexNodes2Text:
    return LatexNodes2Text(keep_braced_groups=False, math_mode="text", strict_latex_spaces=False)


def _names(value: str) -> list[str]:
    """The names of ``A and {B and C}``, which are two."""
    names, depth, held = [], 0, ""
    for part in re.split(r"(\s+and\s+)", value):
        if part.strip() == "and" and part != part.strip() and depth == 0:
            names.append(held)
            held = ""
        else:
            held += part
            depth += part.count("{") - part.count("}")
    names.append(held)
    return [name.strip() for name in names if name.strip() and name.strip().casefold() != "others"]
