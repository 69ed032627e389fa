"""The synthetic table of studies is read to its last row, and is the same for the same seed."""

from __future__ import annotations

from tests.benchmarks import study_rows
from tracker.sources.citations import CitationFormat, Row, read, unread_columns


def test_every_row_is_read_and_none_is_another(tmp_path):
    table = tmp_path / "studies.csv"
    study_rows.write(table, count=300, seed=1)
    with table.open("rb") as file:
        assert unread_columns(file, format=CitationFormat.CSV) == []
        rows = list(read(file, format=CitationFormat.CSV, this_year=2026))

    assert len(rows) == 300
    assert all(isinstance(row, Row) for row in rows)
    known = [one for row in rows for one in row.record.identifiers]
    assert len(known) == len(set(known))
    assert all(row.record.title.startswith("[Synthetic study") for row in rows)


def test_a_seed_gives_the_same_table(tmp_path):
    first, second, other = (tmp_path / name for name in ("a", "b", "c"))
    study_rows.write(first, count=20, seed=1)
    study_rows.write(second, count=20, seed=1)
    study_rows.write(other, count=20, seed=2)

    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
