"""No person reaches the store: not from where the API puts them, not from where it might, not from a broken record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.records import altered, real, record, transcribed
from tracker.sources.ctgov_contacts import scrubbed
from tracker.sources.ctgov_records import Unreadable, read_record
from tracker.terms import Origin

SOMEONE = "Jeanne Martin"
PHONE = "+33 3 80 73 75 00"
MAIL = "j.martin@example.org"
CONTACT = {"name": SOMEONE, "role": "CONTACT", "phone": PHONE, "phoneExt": "12", "email": MAIL}


def peopled(raw: bytes) -> bytes:
    """This record with people at every place where the API puts them."""
    return altered(
        raw,
        {
            "protocolSection.contactsLocationsModule.centralContacts": [CONTACT],
            "protocolSection.contactsLocationsModule.overallOfficials": [
                {"name": SOMEONE, "affiliation": "Dijon", "role": "PRINCIPAL_INVESTIGATOR"}
            ],
            "protocolSection.contactsLocationsModule.locations": [
                {"facility": "CHU Dijon", "city": "Dijon", "country": "France", "contacts": [CONTACT]}
            ],
            "protocolSection.sponsorCollaboratorsModule.responsibleParty": {
                "type": "SPONSOR_INVESTIGATOR",
                "investigatorFullName": SOMEONE,
                "investigatorTitle": "Professor",
                "investigatorAffiliation": "CHU Dijon",
                "oldNameTitle": SOMEONE,
                "oldOrganization": "CHU Dijon",
            },
            "resultsSection.moreInfoModule": {
                "certainAgreement": {"piSponsorEmployee": False},
                "pointOfContact": {"title": SOMEONE, "organization": "CHU", "email": MAIL, "phone": PHONE},
            },
        },
    )


def names_nobody(raw: bytes) -> bool:
    return not any(person.encode() in raw for person in (SOMEONE, PHONE, MAIL, "Professor"))


def test_people_are_taken_out_and_institutions_stay() -> None:
    trial = read_record(peopled(record("NCT07376512")), origin=Origin.REGISTRY)

    assert names_nobody(trial.raw)
    stored = json.loads(trial.raw)
    assert stored["protocolSection"]["sponsorCollaboratorsModule"]["responsibleParty"] == {
        "type": "SPONSOR_INVESTIGATOR",
        "investigatorAffiliation": "CHU Dijon",
        "oldOrganization": "CHU Dijon",
    }
    assert stored["resultsSection"]["moreInfoModule"] == {"certainAgreement": {"piSponsorEmployee": False}}
    assert stored["protocolSection"]["contactsLocationsModule"] == {
        "locations": [{"facility": "CHU Dijon", "city": "Dijon", "country": "France"}]
    }
    assert trial.drift == ()


def test_a_new_contact_is_no_new_state() -> None:
    before = read_record(peopled(record("NCT07376512")), origin=Origin.REGISTRY)
    other = peopled(record("NCT07376512")).replace(SOMEONE.encode(), b"Paul Dubois")

    assert read_record(other, origin=Origin.REGISTRY).raw_hash == before.raw_hash


@pytest.mark.parametrize(
    "place",
    [
        "protocolSection.teamModule.overallOfficials",
        "protocolSection.contactsLocationsModule.locations_nested",
        "protocolSection.sponsorCollaboratorsModule.leadSponsor.pointOfContact",
        "newSection.module.0.contacts",
        "contacts",
    ],
)
def test_people_at_a_place_the_registry_does_not_describe_are_taken_out(place: str) -> None:
    parts = place.split(".0.")
    changes: dict[str, Any] = {place: [CONTACT]} if len(parts) == 1 else {parts[0]: [{parts[1]: [CONTACT]}]}
    if place.endswith("nested"):
        changes = {place: [{"facility": "CHU", "contacts": [CONTACT]}]}

    trial = read_record(altered(record("NCT07376512"), changes), origin=Origin.REGISTRY)

    assert names_nobody(trial.raw)
    assert trial.drift


def test_contacts_of_the_wrong_shape_are_taken_out_too() -> None:
    for shape in ({"centralContacts": {"name": SOMEONE}}, [CONTACT], {"locations": {"contacts": [CONTACT]}}):
        raw = altered(record("NCT07376512"), {"protocolSection.contactsLocationsModule": shape})
        try:
            stored = read_record(raw, origin=Origin.REGISTRY).raw
        except Unreadable as unreadable:
            stored = unreadable.raw
        assert PHONE.encode() not in stored
        assert MAIL.encode() not in stored


def test_a_record_that_is_set_aside_names_nobody() -> None:
    raw = altered(
        peopled(record("NCT07376512")), {"protocolSection.designModule.enrollmentInfo.count": "about a hundred"}
    )

    with pytest.raises(Unreadable) as caught:
        read_record(raw, origin=Origin.REGISTRY)

    assert names_nobody(caught.value.raw)
    assert b"about a hundred" in caught.value.raw


def test_a_list_of_records_that_is_set_aside_names_nobody() -> None:
    with pytest.raises(Unreadable) as caught:
        read_record(b"[" + peopled(record("NCT07376512")) + b"]", origin=Origin.FILE)

    assert names_nobody(caught.value.raw)


@pytest.mark.parametrize("share", [0.9, 0.95, 0.97, 0.99, 0.995, 0.999])
def test_bytes_that_do_not_parse_are_scrubbed(share: float) -> None:
    whole = peopled(record("NCT07376512"))

    with pytest.raises(Unreadable) as caught:
        read_record(whole[: int(len(whole) * share)], origin=Origin.REGISTRY)

    assert names_nobody(caught.value.raw)
    assert caught.value.nct_id == ("NCT07376512" if b'"nctId"' in caught.value.raw else "")
    assert b"Predicting Response to Anti-PD-1" in caught.value.raw


@pytest.mark.parametrize(
    "private",
    [
        '"phone":"13812345678"',
        '"email":"a.b+c@hospital.example"',
        '"name":"Jeanne Martin","role":"CONTACT"',
        '"name": "Jeanne Martin" , "affiliation": "CHU"',
        '"investigatorFullName":"Jeanne Martin',
        "call +86 21 5678 1234 or write",
        "call (555) 555-1234",
        "call 010-12345678 now",
        "call 555.123.4567",
        "write to a.b@c.example.org",
    ],
)
def test_what_is_scrubbed_from_broken_bytes(private: str) -> None:
    left = scrubbed(b'{"x": ' + private.encode()).decode()

    assert "[removed]" in left
    assert not any(piece in left for piece in ("Jeanne", "@", "5678", "1234", "4567"))


@pytest.mark.parametrize(
    "kept",
    [
        '"pmid":"29618526"',
        '"nctId":"NCT07376512"',
        '"date":"2026-03-01"',
        '"count":99999999',
        '"geoPoint":{"lat":39.90750,"lon":-116.39723}',
        '"name":"Osimertinib","description"',
        '"name":"CHU Dijon","class":"OTHER"',
        "EudraCT 2018-001234-11",
    ],
)
def test_what_is_kept_in_broken_bytes(kept: str) -> None:
    assert scrubbed(kept.encode()).decode() == kept


def test_the_test_records_name_nobody() -> None:
    for raw in real() + transcribed():
        assert read_record(raw, origin=Origin.REGISTRY).raw == raw  # already without people, in canonical order
