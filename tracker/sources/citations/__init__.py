"""Files of citations: CSV, RIS, BibTeX, PubMed's nbib, Europe PMC's JSON; each row read, or refused with its reason.

``read`` gives every row in its order and holds one at a time. It knows no database: whether a study is new is asked
above, in ``sync.study_files``.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from tracker.sources.citations import bibtex, europepmc, tables, tagged
from tracker.sources.citations.rows import RefusedRow, Row
from tracker.terms import CitationFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ENDINGS", "CitationFormat", "RefusedRow", "Row", "format_of", "read", "unread_columns"]

_READERS: dict[CitationFormat, Callable[..., Iterator[Row | RefusedRow]]] = {
    CitationFormat.CSV: tables.read,
    CitationFormat.RIS: tagged.read_ris,
    CitationFormat.BIBTEX: bibtex.read,
    CitationFormat.NBIB: tagged.read_medline,
    CitationFormat.EUROPEPMC: europepmc.read,
}
ENDINGS = {
    ".csv": CitationFormat.CSV,
    ".tsv": CitationFormat.CSV,
    ".ris": CitationFormat.RIS,
    ".bib": CitationFormat.BIBTEX,
    ".bibtex": CitationFormat.BIBTEX,
    ".nbib": CitationFormat.NBIB,
    ".medline": CitationFormat.NBIB,
    ".json": CitationFormat.EUROPEPMC,
    ".ndjson": CitationFormat.EUROPEPMC,
}


def format_of(name: str, stream: IO[bytes]) -> CitationFormat:
    """The format of a file by its name's ending; of any other name by how the file begins."""
    for ending, known in ENDINGS.items():
        if name.lower().endswith(ending):
            return known
    start = stream.read(4096).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"")
    stream.seek(0)
    if start.startswith(b"TY  -") or b"\nTY  -" in start:
        return CitationFormat.RIS
    if start.startswith(b"PMID-"):
        return CitationFormat.NBIB
    if start.startswith((b"@", b"%")):
        return CitationFormat.BIBTEX
    if start.startswith((b"{", b"[")):
        return CitationFormat.EUROPEPMC
    return CitationFormat.CSV


def read(stream: IO[bytes], *, format: CitationFormat, this_year: int) -> Iterator[Row | RefusedRow]:
    """Every row of this file, read or refused; ``this_year`` bounds the years that can be.

    The stream must be able to go back to its beginning (a file, or bytes in memory).
    """
    yield from _READERS[format](stream, this_year=this_year)


def unread_columns(stream: IO[bytes], *, format: CitationFormat) -> list[str]:
    """The columns of a table that are not read; none for formats whose fields are fixed."""
    return tables.unread(stream) if format is CitationFormat.CSV else []
