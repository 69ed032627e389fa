"""Changes and runs, newest first, a page at a time; and why a number is here or not."""

from __future__ import annotations

import pytest

from tracker.models import ChangeEvent, SetAside, SyncRun, Trial

from .conftest import NOON, ONE

pytestmark = pytest.mark.django_db
CHANGES = "/api/v1/changes/"
RUNS = "/api/v1/sync-runs/"


def test_a_change_says_what_happened_in_words_and_in_values(eight, ask):
    (change,) = ask(CHANGES)["results"]
    assert change["nct_id"] == ONE
    assert change["title"].startswith("Predicting Response")
    assert (change["kind"], change["before"], change["after"]) == ("date_slipped", "2028-03", "2029-03")
    assert change["seen"] == "2026-01-30T12:00:00Z"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"trial": "nct7376512"}, 1),
        ({"trial": "NCT02657460"}, 0),
        ({"kind": "date_slipped"}, 1),
        ({"kind": "status"}, 0),
        ({"since": "2026-01-30"}, 1),
        ({"since": "2026-01-31"}, 0),
    ],
)
def test_changes_are_filtered(eight, ask, query, found):
    assert len(ask(CHANGES, **query)["results"]) == found


def test_pages_of_changes_hold_each_once_in_both_directions(eight, client, ask):
    for number in range(9):
        ChangeEvent.objects.create(trial_id=ONE, kind="other", seen=NOON, field=str(number))
    page = ask(CHANGES, page_size=4, trial=ONE)
    assert page["previous"] is None
    seen = [change["id"] for change in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [change["id"] for change in page["results"]]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 10
    back = [change["id"] for change in page["results"]]
    while page["previous"]:
        page = client.get(page["previous"]).json()
        back = [change["id"] for change in page["results"]] + back
    assert back == seen


@pytest.mark.parametrize("address", [CHANGES, RUNS])
def test_a_list_costs_the_same_queries_with_ten_rows_more(eight, runs, client, address, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get(address)
    for number in range(10):
        ChangeEvent.objects.create(trial_id="NCT02657460", kind="other", seen=NOON, field=str(number))
        SyncRun.objects.create(kind="file", state="done", started=NOON, finished=NOON, asked={"paths": ["a.json"]})
    with django_assert_num_queries(1):
        client.get(address)


def test_a_run_says_what_it_asked_saw_and_could_not_read(runs, ask):
    answer = ask(RUNS)
    assert [run["state"] for run in answer["results"]] == ["unchanged", "suspect", "done"]
    assert [run["good"] for run in answer["results"]] == [True, False, True]
    run = answer["results"][0]
    assert run["asked"] == {"query.cond": "lung cancer"}
    assert run["drift"] == {"status=PAUSED": 1}
    assert run["seen"] == 8
    (bad,) = ask(RUNS, state="suspect")["results"]
    assert bad["state"] == "suspect"
    assert ask(RUNS, kind="full")["results"] == []
    assert len(ask(RUNS, query=run["query"])["results"]) == 3


def test_why_a_number_is_here(eight, runs, ask):
    answer = ask(f"/api/v1/why/{ONE.lower()}/")
    assert answer["nct_id"] == answer["trial"] == ONE
    assert answer["answer"] == "here"
    assert answer["relevance"] == "about"
    assert answer["queries"][0]["last_good"] is not None


def test_why_an_older_number_leads_elsewhere(eight, ask):
    answer = ask("/api/v1/why/NCT00000042/")
    assert (answer["answer"], answer["trial"]) == ("alias", ONE)


def test_why_a_record_is_set_aside(eight, ask):
    SetAside.objects.create(
        source="x", nct_id="NCT11111111", origin="registry", raw=b"", raw_hash="x", reason="Its number is no number.",
        first_seen=NOON, last_seen=NOON,
    )  # fmt: skip
    answer = ask("/api/v1/why/NCT11111111/")
    assert answer["answer"] == "set_aside"
    assert answer["set_aside"][0]["reason"] == "Its number is no number."
    assert answer["trial"] is None
    assert answer["relevance"] is None
    assert answer["relevance_words"] == []


def test_why_a_number_is_gone(eight, ask):
    Trial.objects.filter(pk=ONE).update(presence="gone")
    ChangeEvent.objects.create(trial_id=ONE, kind="gone", seen=NOON)
    answer = ask(f"/api/v1/why/{ONE}/")
    assert answer["answer"] == "gone"
    assert answer["presence"][0]["kind"] == "gone"


def test_why_asked_of_no_number_is_not_found(client, db):
    answer = client.get("/api/v1/why/hello/")
    assert answer.status_code == 404
    assert "NCT" in answer.json()["what_to_do"]
