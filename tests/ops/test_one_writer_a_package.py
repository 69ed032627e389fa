"""Each package below the doors has one writer, a module or a folder of them; the rest of it only reads."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TRACKER = Path(__file__).resolve().parents[2] / "tracker"
WRITERS = {
    "sync": {"store", "columns.py"},  # columns.py holds the statements that the store runs
    "classify": {"proposals.py", "writing.py"},  # writing.py holds what proposals.py writes with
    "scoring": {"ledger.py", "statements.py"},  # statements.py holds those that the ledger runs
    "curation": {"decisions"},
    "reads": set(),
    "sources": set(),
}
# The evidence. A pull keeps the books of its own run wherever it stands.
EVIDENCE = r"\b(Trial|TrialVersion|TrialAlias|TrialMatch|ChangeEvent|Annotation|Maturity|Study|StudyVersion|StudyMatch"
EVIDENCE += r"|SuspectedDuplicate|trial|version|alias|match|event|annotation|maturity|study|studie|duplicate)s?\b"
CALLS = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
TABLES = "trial|trialversion|trialalias|trialmatch|changeevent|annotation|maturity"
TABLES += "|study|studyversion|studymatch|studyfact|suspectedduplicate"
SQL = re.compile(rf"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY)\s+tracker_({TABLES})\b")


def writes(source: str) -> list[int]:
    """The lines that write evidence."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            chain = ast.unparse(node.func.value)
            if re.search(EVIDENCE, chain) and (node.func.attr == "save" or re.search(r"\.\w+", chain)):
                found.append(node.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
            found.append(node.lineno)
    return found


def is_writer(package: str, path: Path) -> bool:
    return path.relative_to(TRACKER / package).parts[0] in WRITERS[package]


@pytest.mark.parametrize("package", WRITERS)
def test_only_the_writer_writes(package):
    others = [path for path in (TRACKER / package).rglob("*.py") if not is_writer(package, path)]
    assert {str(path.relative_to(TRACKER)): lines for path in others if (lines := writes(path.read_text()))} == {}


@pytest.mark.parametrize("package", [package for package, writers in WRITERS.items() if writers])
def test_the_writer_does_write(package):
    texts = [path.read_text() for path in (TRACKER / package).rglob("*.py") if is_writer(package, path)]
    assert any(writes(text) for text in texts), "the reading of the code finds nothing where it must"


@pytest.mark.parametrize(
    "line",
    [
        "Trial.objects.filter(pk=1).update(relevance='about')",
        "trial.save()",
        "trial.versions.create(number=2)",
        "Maturity.objects.bulk_create(rows)",
        "cursor.execute('DELETE FROM tracker_annotation')",
    ],
)
def test_a_write_is_noticed(line):
    assert writes(line) == [1]


@pytest.mark.parametrize("line", ["counts.update(more)", "run.save()", "SyncRun.objects.create()", "words.copy()"])
def test_the_books_of_a_run_are_its_own(line):
    assert writes(line) == []
