"""What a line of a citation file becomes: a row that can be stored, or one refused with its place and reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.sources.bibliography import (
    StudyRecord,
    doi_of,
    nct_numbers,
    plain,
    pmcid_of,
    pmid_of,
    study_record,
)
from tracker.sources.citations.text import is_damaged, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracker.terms import StudyFactName

#: a fact's value, in the shape that ``terms.StudyFactName`` names
Value = str | int | list[str] | list[dict[str, Any]]

# No abstract comes near this; what is longer is a broken file, and no full-text vector would take it.
LONGEST_VALUE = 131_072
LONGEST_TITLE = 2_000
EARLIEST_YEAR = 1900
_SHOWN = 60


class Row(NamedTuple):
    """One publication as a line (or a record that begins at a line) of a file tells it."""

    line: int
    record: StudyRecord
    facts: Mapping[StudyFactName, Value]
    candidate: str | None


class RefusedRow(NamedTuple):
    """A line that was not taken: where it stands, which column or tag is wrong ("" for the whole line), and why."""

    line: int
    column: str
    reason: str


class Refused(Exception):
    """Raised while a row is read; its line is known where it is caught."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def row(
    line: int, told: dict[str, Any], *, facts: Mapping[StudyFactName, Value] | None = None, candidate: str | None = None
) -> Row:
    """The row of these values, which are cleaned already; completes what follows from them.

    A preprint's own DOI is kept beside the paper's, and NCT numbers that the text names are found.
    """
    kinds = {kind.casefold() for kind in told.get("publication_types", ())}
    if "preprint" in kinds and not told.get("is_preprint"):
        told |= {"is_preprint": True, "preprint_doi": told.get("doi"), "doi": None}
    if "retracted publication" in kinds:
        told["is_retracted"] = True
    texts = [told["title"], told.get("abstract") or "", *told.get("keywords", ()), *told.get("trial_numbers", ())]
    told["trial_numbers"] = nct_numbers(*texts)
    return Row(line, study_record(**told), facts or {}, candidate)


# --- single values; each raises Refused with the column's name as the file writes it ---------------------------------


def shown(given: str) -> str:
    """The value as a reason quotes it."""
    text = " ".join(given.split())
    return f"“{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}”"


def taken(given: str, column: str) -> str:
    """This value as text that can be stored: without control signs, not endless, whole."""
    if len(given) > LONGEST_VALUE:
        raise Refused(column, f"It holds {len(given):,} characters; the longest value taken is {LONGEST_VALUE:,}.")
    if is_damaged(given):
        raise Refused(column, "It holds bytes that are not of the file's encoding (UTF-8); save the file anew.")
    return storable(given).strip()


def title(given: str, column: str) -> str:
    text = plain(given).removesuffix(".").strip()
    if not text:
        raise Refused(column, "It has no title, and a study is not kept without one.")
    if len(text) > LONGEST_TITLE:
        raise Refused(
            column, f"It holds {len(text):,} characters, so it is no title; the longest is {LONGEST_TITLE:,}."
        )
    return text


def pmid(given: str, column: str) -> str:
    number = pmid_of(given)
    if number is None:
        raise Refused(column, f"{shown(given)} is no PubMed number; a PMID has up to nine digits and nothing else.")
    return number


def pmcid(given: str, column: str) -> str:
    number = pmcid_of(given)
    if number is None:
        raise Refused(column, f"{shown(given)} is no PubMed Central number; a PMCID is PMC and up to nine digits.")
    return number


def doi(given: str, column: str) -> str:
    name = doi_of(given)
    if name is None:
        raise Refused(column, f"{shown(given)} is no DOI; a DOI begins with 10., a registrant's number and a slash.")
    return name


def year(given: str, column: str, *, this_year: int) -> int:
    """A year, alone or at the beginning of a date (``2017``, ``2017.0``, ``2017/05/03/``, ``2017 May 3``)."""
    found = re.match(r"(\d{4})(?!\d)", given)
    if not found:
        raise Refused(column, f"{shown(given)} is no year; write four digits.")
    number = int(found[1])
    if not EARLIEST_YEAR <= number <= this_year + 1:
        raise Refused(column, f"{number} is not a year of publication between {EARLIEST_YEAR} and {this_year + 1}.")
    return number


def is_web_address(given: str) -> bool:
    """Whether a page may make a link of it."""
    return re.fullmatch(r"https?://[^\s<>\"'`\\]+", given, re.IGNORECASE) is not None


def web_address(given: str, column: str) -> str:
    if not is_web_address(given):
        raise Refused(column, f"{shown(given)} is no web address; one begins with https:// and has no spaces.")
    return given


_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{2,4})?")


def language(given: str) -> str | None:
    """A code of a language; other words for it ("English") are left out, since columns hold codes."""
    return given.lower() if _LANGUAGE.fullmatch(given) else None


def author(given: str) -> str:
    """A name as papers are cited: ``Liu, Yi-Ming`` and ``Liu, Y. M.`` are ``Liu YM``; other forms stay as they are."""
    family, comma, rest = (part.strip() for part in given.partition(","))
    if not comma or not family or not rest or "," in rest:
        return " ".join(given.replace(",", " ").split()) if comma and not rest else given.strip()
    if re.fullmatch(r"[A-Z]{1,4}", rest):
        return f"{family} {rest}"
    initials = "".join(part[0].upper() for part in re.split(r"[\s.\-]+", rest) if part)
    return f"{family} {initials}"


def several(given: str, *, separator: str = ";") -> list[str]:
    """The values of a cell that holds several, each once; a separator inside brackets parts nothing.

    >>> several("western blot (CD9; CD63); NTA;")
    ['western blot (CD9; CD63)', 'NTA']
    """
    if "(" not in given and "[" not in given:
        return texts(given.split(separator))
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(given):
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(0, depth - 1)
        elif sign == separator and not depth:
            parts.append(given[start:at])
            start = at + 1
    parts.append(given[start:])
    if depth:  # a bracket that nobody closed
        parts = given.split(separator)
    return texts(parts)


def texts(given: Iterable[str]) -> list[str]:
    """These texts without mark-up, each once, none empty."""
    return list(dict.fromkeys(text for one in given if (text := plain(one))))
