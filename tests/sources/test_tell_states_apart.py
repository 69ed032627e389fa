"""The hash of a record's state: the same for the same state, whatever the day and order of the copy."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from tests.records import MISSING, altered, real, record, transcribed
from tracker.sources.ctgov_records import _piecemeal, _whole, read_record
from tracker.terms import Origin

RAW = record("NCT07376512")
HOLDER = "derivedSection.miscInfoModule.versionHolder"


def state(raw: bytes) -> str:
    return read_record(raw, origin=Origin.REGISTRY).raw_hash


def reversed_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reversed_order(value[key]) for key in reversed(list(value))}
    if isinstance(value, list):
        return [reversed_order(item) for item in value]
    return value


def test_the_day_of_the_copy_is_no_news() -> None:
    assert state(altered(RAW, {HOLDER: "2026-08-07"})) == state(RAW) == state(altered(RAW, {HOLDER: MISSING}))


def test_the_day_of_the_copy_is_kept_in_the_record() -> None:
    stored = json.loads(read_record(altered(RAW, {HOLDER: "2026-08-07"}), origin=Origin.REGISTRY).raw)

    assert stored["derivedSection"]["miscInfoModule"]["versionHolder"] == "2026-08-07"


def test_the_order_of_fields_is_no_news() -> None:
    for raw in real()[:40]:
        turned = json.dumps(reversed_order(json.loads(raw)), indent=2).encode()
        here, there = (read_record(one, origin=Origin.REGISTRY) for one in (raw, turned))
        assert here == there


def test_the_order_in_a_list_is_news() -> None:
    conditions = json.loads(RAW)["protocolSection"]["conditionsModule"]["conditions"]

    assert state(altered(RAW, {"protocolSection.conditionsModule.conditions": conditions[::-1]})) != state(RAW)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("protocolSection.identificationModule.briefTitle", "Another title"),
        ("protocolSection.descriptionModule.detailedDescription", MISSING),
        ("protocolSection.oversightModule.oversightHasDmc", True),
        ("derivedSection.miscInfoModule.removedCountries", ["Italy"]),
        ("derivedSection.conditionBrowseModule", MISSING),
        ("hasResults", True),
        ("newSection", {"new": 1}),
    ],
)
def test_any_other_field_is_news(path: str, value: object) -> None:
    assert state(altered(RAW, {path: value})) != state(RAW)


def test_the_raw_record_is_canonical_json() -> None:
    for raw in real()[:40]:
        stored = read_record(raw, origin=Origin.REGISTRY).raw
        assert stored == msgspec.json.encode(json.loads(stored), order="sorted")


def test_the_hash_is_the_sha256_of_the_state() -> None:
    document = json.loads(read_record(RAW, origin=Origin.REGISTRY).raw)
    del document["derivedSection"]["miscInfoModule"]["versionHolder"]

    assert state(RAW) == hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def test_both_ways_of_reading_write_the_same_record() -> None:
    # a record that fits the description is read in one pass, any other field by field
    for raw in real() + transcribed():
        assert _whole(raw, Origin.REGISTRY) in (None, _piecemeal(raw, Origin.REGISTRY))
    assert sum(_whole(raw, Origin.REGISTRY) is None for raw in real()) == 2  # those with drift


def test_a_null_is_the_same_as_silence() -> None:
    silent = altered(RAW, {"protocolSection.identificationModule.acronym": MISSING})
    null = altered(RAW, {"protocolSection.identificationModule.acronym": None})
    unknown = {"newSection": {"a": 1}}

    assert state(null) == state(silent)
    assert state(altered(null, unknown)) == state(altered(silent, unknown))
