"""Studies from tagged files: RIS, and PubMed's nbib (MEDLINE format).

Both are a tag, a dash and a value on each line. rispy reads the tags; here the file is cut into records first, so
that each is known by its line, a damaged one spoils no other, and one is held at a time.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from rispy import RisParser

from tracker.sources.bibliography import doi_of, plain
from tracker.sources.citations import rows, text
from tracker.sources.citations.rows import Refused, RefusedRow, Row, row, taken
from tracker.terms import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_LINES = 20_000  # a record that goes on for longer has lost its end

_RIS_TAG = re.compile(r"([A-Z][A-Z0-9])  -(?: |$)")
_MEDLINE_TAG = re.compile(r"([A-Z]{2,4}) {0,2}- ")
_PAPERS = frozenset({"JOUR", "JFULL", "EJOUR", "MGZN", "CONF", "CPAPER", "CHAP", "BOOK", "RPRT", "THES", "UNPB", "GEN"})
_PAPERS |= {"ABST", "INPR", "ELEC", "EBOOK", "ECHAP", "SER", "PREP"}


class Block(NamedTuple):
    """The lines of one record, and the number of the first; whether its end was there."""

    line: int
    lines: list[str]
    is_ended: bool


class _Values(RisParser):
    """rispy's reading, with every tag under its own name and every value kept."""

    DEFAULT_MAPPING = {f"{first}{second}": f"{first}{second}" for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"} | {"UK": "unknown"}  # fmt: skip
    DEFAULT_LIST_TAGS = [tag for tag in DEFAULT_MAPPING if tag != "TY"]
    DEFAULT_DELIMITER_MAPPING: dict[str, str] = {}


class _MedlineValues(RisParser):
    """The same for PubMed's longer tags; continued lines were joined before."""

    START_TAG = "PMID"
    END_TAG = "ER"
    DEFAULT_MAPPING = {
        tag: tag
        for tag in (
            *("PMID", "PMC", "LID", "AID", "TI", "TT", "BTI", "AB", "AU", "CN", "JT", "TA", "DP", "PT", "MH", "OT"),
            *("LA", "SI", "RIN", "EIN", "ECI", "CRI"),
        )
    } | {"UK": "unknown"}
    DEFAULT_LIST_TAGS = [tag for tag in DEFAULT_MAPPING if tag != "PMID"]
    DEFAULT_DELIMITER_MAPPING: dict[str, str] = {}

    def parse_line(self, line: str) -> tuple[str, str] | tuple[None, str]:
        found = _MEDLINE_TAG.match(line)
        return (found[1], line[found.end() :].strip()) if found else (None, line.strip())


class Tags:
    """The values of one record, by tag."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def all(self, *tags: str) -> list[str]:
        """The values of the first of these tags that has any."""
        for tag in tags:
            found = [value for given in self._listed(tag) if (value := taken(given, tag))]
            if found:
                return found
        return []

    def first(self, *tags: str) -> tuple[str, str]:
        """The first value of these tags, and the tag it stands under; "" where there is none."""
        for tag in tags:
            if found := self.all(tag):
                return found[0], tag
        return "", tags[0]

    def _listed(self, tag: str) -> list[str]:
        value = self._values.get(tag, [])
        return [value] if isinstance(value, str) else list(value)


def read_ris(stream: IO[bytes], *, this_year: int) -> Iterator[Row | RefusedRow]:
    """Every reference of a RIS file, in order."""
    yield from _records(
        _ris_blocks(text.lines(stream)), parser=_Values, read=lambda tags: _ris(tags, this_year=this_year), end="ER"
    )


def read_medline(stream: IO[bytes], *, this_year: int) -> Iterator[Row | RefusedRow]:
    """Every record of an nbib file, in order."""
    yield from _records(
        _medline_blocks(text.lines(stream)),
        parser=_MedlineValues,
        read=lambda tags: _medline(tags, this_year=this_year),
        end="",
    )


def _records(
    blocks: Iterator[Block | RefusedRow], *, parser: type[RisParser], read: Callable[[Tags], dict[str, Any]], end: str
) -> Iterator[Row | RefusedRow]:
    is_empty = True
    for block in blocks:
        is_empty = False
        if isinstance(block, RefusedRow):
            yield block
            continue
        if not block.is_ended:
            yield RefusedRow(block.line, end, f"The record has no end (a line {end}); the file may be cut off here.")
            continue
        try:
            found = parser().parse("\n".join([*block.lines, "ER  - "]))
            yield row(block.line, read(Tags(found[0])))
        except Refused as error:
            yield RefusedRow(block.line, error.column, error.reason)
    if is_empty:
        yield RefusedRow(1, "", "No record begins in this file.")


# --- RIS ------------------------------------------------------------------------------------------------------------


def _ris_blocks(lines: Iterator[text.Line]) -> Iterator[Block | RefusedRow]:
    start, is_lost = 0, False
    held: list[str] = []
    for number, given in lines:
        line = given.rstrip("\r\n")
        found = _RIS_TAG.match(line)
        tag = found[1] if found else ""
        if tag == "TY":
            if start:
                yield Block(start, held, is_ended=False)
            start, held, is_lost = number, [line], False
        elif tag == "ER" and start:
            yield Block(start, held, is_ended=True)
            start, held = 0, []
        elif start and found:
            held.append(line)
        elif start:
            held[-1] += f" {line.strip()}"  # a value that goes on
        elif line.strip() and not is_lost:
            is_lost = True  # said once for all that stands between two records
            yield RefusedRow(number, "TY", "It stands outside any record; a record begins with TY and ends with ER.")
        if len(held) > MOST_LINES:
            yield RefusedRow(start, "ER", f"The record goes on for more than {MOST_LINES:,} lines; its end is missing.")
            start, held, is_lost = 0, [], True
    if start:
        yield Block(start, held, is_ended=False)


def _ris(tags: Tags, *, this_year: int) -> dict[str, Any]:
    kind, _ = tags.first("TY")
    if kind not in _PAPERS:
        raise Refused("TY", f"{rows.shown(kind)} is no kind of publication.")
    title, tag = tags.first("TI", "T1", "CT")
    told: dict[str, Any] = {"title": rows.title(title, tag)}
    told["authors"] = [rows.author(name) for name in tags.all("AU", "A1")]
    journal, _ = tags.first("JF", "T2", "JO", "JA", "J2")
    told["journal"] = plain(journal) or None
    published, tag = tags.first("PY", "Y1", "DA")
    if published.strip("/"):
        told["year"] = rows.year(published, tag, this_year=this_year)
    abstract, _ = tags.first("AB", "N2")
    told["abstract"] = plain(abstract) or None
    told["keywords"] = rows.texts(tags.all("KW"))
    language, _ = tags.first("LA")
    told["language"] = rows.language(language)
    doi, tag = tags.first("DO", "M3")
    if doi and (tag == "DO" or doi_of(doi)):
        told["doi"] = rows.doi(doi, tag)
    number, tag = tags.first("AN", "C7", "ID")
    if re.fullmatch(r"(?i)(?:pmid|pubmed)\s*:?\s*\d+", number) or _is_pubmed(tags, number):
        told["pmid"] = rows.pmid(number, tag)
    pmcid, tag = tags.first("C2")
    if pmcid.upper().startswith("PMC"):
        told["pmcid"] = rows.pmcid(pmcid, tag)
    told["source_url"] = next((one for one in tags.all("UR") if rows.is_web_address(one)), None)
    if kind == "PREP":
        told["publication_types"] = ["Preprint"]
    return told


def _is_pubmed(tags: Tags, number: str) -> bool:
    """A bare accession number is a PMID where the reference says that it comes from PubMed."""
    database, _ = tags.first("DB", "DP")
    return number.isdigit() and any(name in database.casefold() for name in ("pubmed", "medline"))


# --- PubMed ---------------------------------------------------------------------------------------------------------

_NOTICES = (("RIN", NoticeKind.RETRACTION), ("EIN", NoticeKind.CORRECTION), ("CRI", NoticeKind.CORRECTION),
            ("ECI", NoticeKind.CONCERN))  # fmt: skip
_LANGUAGES = 3  # MEDLINE's codes have three letters: eng, chi


def _medline_blocks(lines: Iterator[text.Line]) -> Iterator[Block | RefusedRow]:
    """A record begins at its PMID; lines of six spaces go on with the value before."""
    start: int = 0
    held: list[str] = []
    is_lost = False
    for number, given in lines:
        line = given.rstrip("\r\n")
        if line.startswith("PMID"):
            if start:
                yield Block(start, held, is_ended=True)
            start, held, is_lost = number, [line], False
        elif not line.strip():
            continue
        elif not start:
            if not is_lost:
                is_lost = True
                yield RefusedRow(number, "PMID", "It stands outside any record; a record begins with a line PMID.")
        elif line.startswith("      ") and len(held) <= MOST_LINES:
            held[-1] += " " + line.strip()
        elif _MEDLINE_TAG.match(line):
            held.append(line)
        if len(held) > MOST_LINES:
            yield RefusedRow(start, "PMID", f"The record goes on for more than {MOST_LINES:,} lines.")
            start, held, is_lost = 0, [], True
    if start:
        yield Block(start, held, is_ended=True)


def _medline(tags: Tags, *, this_year: int) -> dict[str, Any]:
    number, _ = tags.first("PMID")
    title, tag = tags.first("TI", "BTI", "TT")
    told: dict[str, Any] = {
        "pmid": rows.pmid(number, "PMID"),
        "title": rows.title(title.strip("[]") if title.startswith("[") else title, tag),
        "authors": [*tags.all("AU"), *tags.all("CN")],
        "journal": plain(tags.first("JT", "TA")[0]) or None,
        "abstract": plain(tags.first("AB")[0]) or None,
        "keywords": rows.texts(word.removeprefix("*") for word in tags.all("OT")),
        "mesh_terms": rows.texts(_heading(term) for term in tags.all("MH")),
        "publication_types": rows.texts(tags.all("PT")),
        "language": tags.first("LA")[0].lower()[:_LANGUAGES] or None,
    }
    pmcid, tag = tags.first("PMC")
    if pmcid:
        told["pmcid"] = rows.pmcid(pmcid, tag)
    for tag in ("LID", "AID"):
        for given in tags.all(tag):
            if given.endswith("[doi]") and "doi" not in told:
                told["doi"] = rows.doi(given.removesuffix("[doi]").strip(), tag)
    published, tag = tags.first("DP")
    if published:
        told["year"] = rows.year(published, tag, this_year=this_year)
    told["trial_numbers"] = [given for given in tags.all("SI") if "clinicaltrials.gov" in given.casefold()]
    told["notices"] = [_notice(kind, given) for tag, kind in _NOTICES for given in tags.all(tag)]
    told["is_retracted"] = bool(tags.all("RIN"))
    return told


def _heading(given: str) -> str:
    """A MeSH heading without its qualifiers and the star of a main topic (``*Exosomes/metabolism``)."""
    return given.partition("/")[0].removeprefix("*")


def _notice(kind: NoticeKind, given: str) -> dict[str, str | None]:
    """``Cancer Lett. 2020 Jan 1;5:12. doi: 10.1/x. PMID: 31987654`` as the notice it cites."""
    number = re.search(r"PMID:\s*(\d{1,9})", given)
    year = re.search(r"\b(?:19|20)\d\d\b", given)
    doi = doi_of(found[1]) if (found := re.search(r"doi:\s*(\S+)", given)) else None
    return {
        "kind": kind.value,
        "given_on": year[0] if year else None,
        "identifier": f"PMID {number[1]}" if number else doi,
        "url": f"https://europepmc.org/article/MED/{number[1]}" if number else None,
    }
