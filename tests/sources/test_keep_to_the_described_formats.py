"""docs/studies.md describes the formats; its examples are read, and its columns are those that are known."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from tracker.sources.citations import CitationFormat, Row, read, unread_columns
from tracker.sources.citations.columns import ALIASES, folded, known
from tracker.terms import Role

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "studies.md").read_text()
KINDS = {
    "csv": CitationFormat.CSV,
    "ris": CitationFormat.RIS,
    "bibtex": CitationFormat.BIBTEX,
    "nbib": CitationFormat.NBIB,
    "json": CitationFormat.EUROPEPMC,
}
EXAMPLES = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
COLUMNS = re.findall(r"^\| `(\w+)` \| ([^|]*)\|", TEXT, flags=re.MULTILINE)


def test_every_format_has_an_example():
    assert {kind for kind, _ in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_an_example_is_read_to_the_last_row_and_column(kind, example):
    data = example.encode()
    found = list(read(io.BytesIO(data), format=KINDS[kind], this_year=2026))

    assert found
    assert all(isinstance(row, Row) for row in found), found
    assert all(row.record.identifiers[0].startswith("pmid:") for row in found)
    assert all(row.record.year for row in found)
    assert unread_columns(io.BytesIO(data), format=KINDS[kind]) == []


def test_the_columns_described_are_those_that_are_known():
    from tracker.sources.citations import columns

    described = [name for name, _ in COLUMNS]
    assert sorted(described) == sorted(set(columns._NAMES.values()))
    for name, others in COLUMNS:
        assert known(name) == name
        also = [other.strip() for other in others.split(",") if other.strip()]
        assert {folded(other) for other in also} == {folded(other) for other in ALIASES.get(name, ())}, name


def test_every_role_is_described_as_it_may_be_written():
    (words,) = re.findall(r"^\| `role` \|[^|]*\| several of: ([^|]*) \|$", TEXT, flags=re.MULTILINE)
    for word in words.split(", "):
        row = next(read(io.BytesIO(f"title,role\nT,{word}\n".encode()), format=CitationFormat.CSV, this_year=2026))
        assert isinstance(row, Row), row
    assert len(words.split(", ")) == len(Role)
