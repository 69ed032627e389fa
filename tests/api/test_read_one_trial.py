"""One trial by any way of writing its number; an older number leads to it; an absent one says where to ask why."""

from __future__ import annotations

import pytest

from tracker.models import ChangeEvent, Maturity, Trial, TrialVersion
from tracker.reads.trial import why_no_stage

from .conftest import NOON, ONE

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("written", [ONE, ONE.lower(), "nct007376512", "NCT7376512"])
def test_the_number_is_read_as_the_registry_reads_it(eight, ask, written):
    assert ask(f"/api/v1/trials/{written}/")["nct_id"] == ONE


def test_the_detail_says_what_the_list_says_and_its_history(eight, ask):
    whole = ask(f"/api/v1/trials/{ONE}/")
    listed = ask("/api/v1/trials/", search=ONE)["results"][0]
    assert {name: whole[name] for name in listed} == listed
    assert [version["number"] for version in whole["versions"]] == [1, 2]
    (change,) = whole["changes"]
    assert change["days"] == 365
    assert change["sentence"] == "Completion moved 365 days later, 2028-03 → 2029-03"
    assert whole["aliases"] == ["NCT00000042"]
    assert whole["none_because"] is None


def test_a_trial_without_maturity_says_why(eight, ask):
    Maturity.objects.filter(trial=ONE).delete()
    Trial.objects.filter(pk=ONE).update(relevance="mention", track=None, stage=None, stage_possible=None, score=None)
    whole = ask(f"/api/v1/trials/{ONE}/")
    assert whole["maturity"] is None
    assert whole["none_because"] == why_no_stage(Trial.objects.get(pk=ONE))
    assert whole["none_because"].endswith("so it has no stage.")


def test_an_older_number_leads_to_the_survivor(eight, client):
    answer = client.get("/api/v1/trials/nct00000042/")
    assert answer.status_code == 301
    assert answer["Location"] == f"/api/v1/trials/{ONE}/"


def test_a_number_that_is_not_stored_leads_to_why(eight, client):
    answer = client.get("/api/v1/trials/NCT99999999/")
    assert answer.status_code == 404
    assert answer.json()["see"] == "http://testserver/api/v1/why/NCT99999999/"
    assert client.get(answer.json()["see"]).json()["answer"] == "absent"


@pytest.mark.parametrize("written", ["12345678", "NCT", "NCT123456789", "NCT00000000", "ISRCTN1"])
def test_what_is_no_number_is_not_found(client, db, written):
    answer = client.get(f"/api/v1/trials/{written}/")
    assert answer.status_code == 404
    assert "NCT and eight digits" in answer.json()["what_to_do"]


def test_one_trial_costs_the_same_queries_with_ten_versions_more(eight, client, django_assert_num_queries):
    with django_assert_num_queries(10):
        client.get(f"/api/v1/trials/{ONE}/")
    for number in range(3, 13):
        TrialVersion.objects.create(
            trial_id=ONE, number=number, origin="registry", raw=b"", raw_hash=str(number), raw_size=2, first_seen=NOON
        )
        ChangeEvent.objects.create(trial_id=ONE, kind="status", seen=NOON, version_after=number)
    with django_assert_num_queries(10):
        client.get(f"/api/v1/trials/{ONE}/")


def test_what_has_not_changed_is_not_sent_again(eight, client):
    first = client.get(f"/api/v1/trials/{ONE}/")
    again = client.get(f"/api/v1/trials/{ONE}/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    Trial.objects.filter(pk=ONE).update(brief_title="Renamed")
    changed = client.get(f"/api/v1/trials/{ONE}/", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
