"""A record that fits the registry's description is read in one pass; any other piece by piece, to the same result."""

from __future__ import annotations

import pytest

from tests.records import MISSING, altered, real, record, transcribed
from tracker.sources import ctgov_records
from tracker.sources.ctgov_records import read_record
from tracker.terms import Origin


def test_both_ways_give_the_same_row_bytes_and_hash():
    read_both_ways = 0

    for raw in [*real(), *transcribed()]:
        whole = ctgov_records._whole(raw, Origin.REGISTRY)
        pieces = ctgov_records._piecemeal(raw, Origin.REGISTRY)
        if whole is None:
            assert pieces.drift, f"{pieces.nct_id} has no drift and should have been read in one pass"
        else:
            assert whole == pieces
            read_both_ways += 1

    assert read_both_ways > 190


@pytest.mark.parametrize(
    "changes",
    [
        {"protocolSection.descriptionModule.briefSummary": None},
        {"derivedSection.miscInfoModule": None},
        {"protocolSection.contactsLocationsModule.centralContacts": [{"name": "A Person", "phone": "1"}]},
        {"protocolSection.contactsLocationsModule.locations.0.geoPoint": {"lat": 40, "lon": -3.5}},
        {"protocolSection.sponsorCollaboratorsModule.responsibleParty.investigatorFullName": "A Person"},
        {"resultsSection.moreInfoModule.pointOfContact": {"title": "A Person", "email": "a@example.org"}},
    ],
)
def test_nulls_people_and_whole_numbers_are_written_alike(changes):
    raw = altered(record("NCT02475213"), changes)

    whole = ctgov_records._whole(raw, Origin.REGISTRY)

    assert whole is not None
    assert whole == ctgov_records._piecemeal(raw, Origin.REGISTRY)
    assert b"A Person" not in whole.raw
    assert b"null" not in whole.raw.replace(b'"null', b"")


def test_an_absent_field_and_a_null_are_one_state():
    raw = record("NCT02475213")
    field = "protocolSection.oversightModule.oversightHasDmc"

    absent = read_record(altered(raw, {field: MISSING}), origin=Origin.REGISTRY)
    null = read_record(altered(raw, {field: None}), origin=Origin.REGISTRY)

    assert absent == null
    assert absent.raw_hash != read_record(raw, origin=Origin.REGISTRY).raw_hash
