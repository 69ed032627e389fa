"""What the tests of this folder share: real records, labels, and short made-up ones with a clear meaning."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from tests.records import real, record, transcribed
from tracker.classify.relevance import Classified, classify
from tracker.sources.ctgov_records import TrialRecord, read_record
from tracker.terms import Facet, Origin

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@cache
def all_records() -> dict[str, TrialRecord]:
    """Every real record at hand, whole and transcribed, by number."""
    whole = [read_record(raw, origin=Origin.REGISTRY) for raw in real()]
    partial = [read_record(raw, origin=Origin.TRANSCRIBED) for raw in transcribed()]
    return {one.nct_id: one for one in (*whole, *partial)}


def read(nct_id: str) -> TrialRecord:
    return all_records()[nct_id]


@cache
def labels(name: str) -> list[dict[str, str]]:
    """The rows of fixtures/labels/NAME.csv."""
    with (FIXTURES / "labels" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def named(classified: Classified, facet: Facet) -> dict[str, list[str]]:
    """The terms of one facet, each with the words it rests on."""
    return {
        proposal.term: [words["text"] for words in proposal.words]
        for proposal in classified.proposals
        if proposal.facet is facet
    }


def text_of(one: TrialRecord) -> dict[str, str]:
    return dict(one.passages)


__all__ = ["all_records", "classify", "labels", "named", "read", "record", "text_of"]
