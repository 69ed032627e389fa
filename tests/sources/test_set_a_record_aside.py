"""Records that cannot be read are refused whole, with the number, the place and the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.records import MISSING, altered, record
from tracker.sources.ctgov_records import Unreadable, read_record
from tracker.terms import Origin

RAW = record("NCT07376512")
COUNT = "protocolSection.designModule.enrollmentInfo.count"


def refused(raw: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_record(raw, origin=Origin.REGISTRY)
    return caught.value


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (COUNT, "abc", COUNT),
        (COUNT, -1, COUNT),
        (COUNT, 2**63, COUNT),
        (COUNT, 10**40, COUNT),
        (COUNT, 1.5, COUNT),
        (COUNT, True, COUNT),
        ("protocolSection.identificationModule.briefTitle", ["a"], "protocolSection.identificationModule.briefTitle"),
        ("protocolSection.conditionsModule.conditions", "lung cancer", "protocolSection.conditionsModule.conditions"),
        ("protocolSection.conditionsModule.conditions", [1], "protocolSection.conditionsModule.conditions[0]"),
        ("protocolSection.statusModule", [], "protocolSection.statusModule"),
        ("protocolSection", "x", "protocolSection"),
        ("hasResults", "false", "hasResults"),
        (
            "protocolSection.outcomesModule.primaryOutcomes.0.measure",
            5,
            "protocolSection.outcomesModule.primaryOutcomes[0].measure",
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_named(path: str, value: Any, place: str) -> None:
    error = refused(altered(RAW, {path: value}))

    assert f"The field {place} is not as the registry describes it" in error.reason
    assert error.nct_id == ("" if path == "protocolSection" else "NCT07376512")
    assert json.loads(error.raw)["hasResults"] == (value if path == "hasResults" else False)


def test_a_wrong_type_where_nothing_is_read_is_drift_only() -> None:
    raw = altered(RAW, {"protocolSection.oversightModule.oversightHasDmc": "no"})

    assert read_record(raw, origin=Origin.REGISTRY).drift == ("type protocolSection.oversightModule.oversightHasDmc",)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (MISSING, "is missing"),
        (None, "is missing"),
        ("", "is ''"),
        ("NCT00000000", "is 'NCT00000000'"),
        ("x" * 99, "is 'xxx"),
    ],
)
def test_a_record_without_a_number_is_refused(value: Any, what: str) -> None:
    error = refused(altered(RAW, {"protocolSection.identificationModule.nctId": value}))

    assert error.nct_id == ""
    assert error.reason.startswith(f"Its number (protocolSection.identificationModule.nctId) {what}")
    assert "EVpredict" in error.raw.decode()


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"[]", "a list"),
        (b'"x"', "a text"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "true or false"),
        (b"null", "null"),
    ],
)
def test_json_that_is_no_object_is_refused(raw: bytes, kind: str) -> None:
    assert refused(raw).reason.startswith(f"It is {kind}, not a study")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"nctId", b'{"a": NaN}', b'{"a": 1} {"b": 2}', b'{"a": "\xff"}', b"\x00", b'{"a": 1e999}']
)
def test_bytes_that_are_no_json_are_refused_and_kept(raw: bytes) -> None:
    error = refused(raw)

    assert error.reason.startswith("It is not whole JSON")
    assert error.raw == raw
    assert error.nct_id == ""


def test_the_number_of_broken_bytes_is_read_where_it_can_be() -> None:
    assert refused(RAW[:-1]).nct_id == "NCT07376512"


def test_json_nested_without_end_is_refused() -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000

    assert "nested too deep" in refused(deep).reason


def test_the_message_names_the_record() -> None:
    assert str(refused(altered(RAW, {COUNT: "abc"}))).startswith("NCT07376512: The field protocolSection.designModule")
    assert str(refused(b"{")).startswith("A record without a readable number: ")


def test_a_set_aside_record_reads_after_the_fix() -> None:
    error = refused(altered(RAW, {COUNT: "378"}))

    mended = altered(error.raw, {COUNT: 378})

    assert read_record(mended, origin=Origin.REGISTRY).raw_hash == read_record(RAW, origin=Origin.REGISTRY).raw_hash


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_record(b"\xef\xbb\xbf" + RAW, origin=Origin.FILE).nct_id == "NCT07376512"
