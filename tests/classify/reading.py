"""What the tests of this folder share: real records, labels, and short made-up ones with a clear meaning."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from tests.factories import trial_record
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


BARE = {
    "identificationModule__briefTitle": "A Study",
    "identificationModule__officialTitle": "A Study",
    "identificationModule__acronym": "",
    "conditionsModule__conditions": ["Lung Cancer"],
    "conditionsModule__keywords": [],
    "descriptionModule__briefSummary": "A study.",
    "descriptionModule__detailedDescription": "",
    "armsInterventionsModule": {},
    "outcomesModule": {},
    "eligibilityModule__eligibilityCriteria": "",
    "eligibilityModule__studyPopulation": "",
}


def trial(**changes):
    """A record that says nothing but what is given; long names cut: title, summary, detail, eligibility, conditions."""
    short = {
        "title": "identificationModule__briefTitle",
        "summary": "descriptionModule__briefSummary",
        "detail": "descriptionModule__detailedDescription",
        "eligibility": "eligibilityModule__eligibilityCriteria",
        "conditions": "conditionsModule__conditions",
        "keywords": "conditionsModule__keywords",
        "interventions": "armsInterventionsModule__interventions",
        "primary": "outcomesModule__primaryOutcomes",
        "secondary": "outcomesModule__secondaryOutcomes",
        "purpose": "designModule__designInfo__primaryPurpose",
        "kind": "designModule__studyType",
    }
    given = {short.get(name, name): value for name, value in changes.items()}
    if any(name.startswith("armsInterventionsModule__") for name in given):
        given = {"armsInterventionsModule": {}} | given
    base = {name: value for name, value in BARE.items() if not any(one.startswith(name + "__") for one in given)}
    return trial_record(origin=Origin.REGISTRY, **{**base, **given})


__all__ = ["all_records", "classify", "labels", "named", "read", "record", "text_of", "trial"]
