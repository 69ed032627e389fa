"""Unknown fields and values never fail a record; they are counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.records import altered, record
from tracker.sources.ctgov_records import TrialRecord, read_record
from tracker.sources.ctgov_schema import drift
from tracker.terms import Origin

RAW = record("NCT07376512")
DESIGN = "protocolSection.designModule"


def read(changes: dict[str, Any]) -> TrialRecord:
    return read_record(altered(RAW, changes), origin=Origin.REGISTRY)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"protocolSection.newModule": {"a": 1}}, "field protocolSection.newModule"),
        ({"newSection": {}}, "field newSection"),
        ({f"{DESIGN}.designInfo.newField": "x"}, f"field {DESIGN}.designInfo.newField"),
        (
            {"protocolSection.contactsLocationsModule.locations.0.countryCode": "FR"},
            "field protocolSection.contactsLocationsModule.locations.countryCode",
        ),
        ({"protocolSection.statusModule.overallStatus": "PAUSED"}, "enum Status=PAUSED"),
        ({f"{DESIGN}.studyType": "PATIENT_REGISTRY"}, "enum StudyType=PATIENT_REGISTRY"),
        ({f"{DESIGN}.phases": ["PHASE5"]}, "enum Phase=PHASE5"),
        ({"protocolSection.eligibilityModule.stdAges": ["INFANT"]}, "enum StandardAge=INFANT"),
        ({"protocolSection.statusModule.delayedPosting": "yes"}, "type protocolSection.statusModule.delayedPosting"),
        ({"resultsSection.adverseEventsModule.eventGroups": {}}, "type resultsSection.adverseEventsModule.eventGroups"),
        ({"annotationSection": "none"}, "type annotationSection"),
    ],
)
def test_what_is_new_is_noted_and_the_record_reads(changes: dict[str, Any], note: str) -> None:
    trial = read(changes)

    assert trial.drift == (note,)
    assert trial.brief_title
    assert len(trial.passages) == len(read({}).passages)


def test_an_unknown_value_is_stored_as_given() -> None:
    trial = read({"protocolSection.statusModule.overallStatus": "PAUSED", f"{DESIGN}.phases": ["PHASE2", "PHASE2B"]})

    assert trial.overall_status == "PAUSED"
    assert trial.phases == ["PHASE2", "PHASE2B"]
    assert set(trial.drift) == {"enum Status=PAUSED", "enum Phase=PHASE2B"}


def test_the_same_drift_is_noted_once_a_record() -> None:
    places = json.loads(RAW)["protocolSection"]["contactsLocationsModule"]["locations"]
    raw = {"protocolSection.contactsLocationsModule.locations": [{**place, "countryCode": "FR"} for place in places]}

    assert len(places) > 1
    assert read(raw).drift == ("field protocolSection.contactsLocationsModule.locations.countryCode",)


def test_a_long_strange_value_is_noted_in_short() -> None:
    (note,) = read({"protocolSection.statusModule.overallStatus": "X" * 10_000}).drift

    assert note == "enum Status=" + "X" * 60


def test_null_is_absent() -> None:
    trial = read({"protocolSection.identificationModule.acronym": None, "protocolSection.conditionsModule": None})

    assert (trial.acronym, trial.conditions, trial.drift) == (None, [], ())


def test_nul_characters_are_left_out_and_noted() -> None:
    raw = altered(RAW, {"protocolSection.identificationModule.briefTitle": "EV\x00s in lung cancer"})
    assert b"\\u0000" in raw

    trial = read_record(raw, origin=Origin.REGISTRY)

    assert trial.brief_title == "EVs in lung cancer"
    assert b"\\u0000" not in trial.raw
    assert trial.drift == ("text NUL character",)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    raw = altered(RAW, {"protocolSection.identificationModule.briefTitle": r"the code \u0000"})

    trial = read_record(raw, origin=Origin.REGISTRY)

    assert (trial.brief_title, trial.drift) == (r"the code \u0000", ())


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (rb"EV\ud83e trial", "EV\ufffd trial"),
        (rb"EV\udd70 trial", "EV\ufffd trial"),
        (rb"EV\ud83e", "EV\ufffd"),
        (rb"EV\ud83e\ud83e\udd70", "EV\ufffd🥰"),
    ],
)
def test_lone_surrogates_are_replaced_and_noted(written: bytes, read_as: str) -> None:
    raw = RAW.replace(b'"acronym":"EVpredict"', b'"acronym":"' + written + b'"')

    trial = read_record(raw, origin=Origin.REGISTRY)

    assert trial.acronym == read_as
    assert trial.drift == ("text lone surrogate",)
    trial.raw.decode("utf-8")


def test_a_pair_of_surrogates_is_a_character() -> None:
    trial = read_record(RAW.replace(b"EVpredict", rb"EV\ud83e\udd70"), origin=Origin.REGISTRY)

    assert (trial.acronym, trial.drift) == ("EV🥰", ())


def test_everything_the_document_describes_is_no_drift() -> None:
    assert drift(json.loads(RAW)) == []
