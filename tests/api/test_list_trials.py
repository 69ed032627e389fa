"""The list of trials: what a trial carries, filters, order, pages."""

from __future__ import annotations

import pytest

from tracker.models import Annotation, Maturity, Trial

from .conftest import ONE

pytestmark = pytest.mark.django_db
TRIALS = "/api/v1/trials/"
PROMISED = {
    "nct_id", "title", "status", "study_type", "phases", "enrollment", "relevance", "track", "roles", "annotations",
    "why_stopped", "stop_classes", "origin", "partial", "maturity", "other_maturity", "version_count", "first_seen",
    "last_changed", "url",
}  # fmt: skip
PROMISED_OF_MATURITY = {
    "stage", "stage_possible", "step", "earned", "possible", "components", "deductions", "score", "score_possible",
    "momentum", "rubric", "scored_on", "explanation",
}  # fmt: skip


def numbers(answer: dict) -> list[str]:
    return [trial["nct_id"] for trial in answer["results"]]


def test_a_trial_carries_what_others_rely_on(eight, ask):
    trial = next(trial for trial in ask(TRIALS)["results"] if trial["nct_id"] == ONE)
    assert set(trial) >= PROMISED
    assert set(trial["maturity"]) >= PROMISED_OF_MATURITY
    assert trial["title"].startswith("Predicting Response")
    assert trial["status"] == "NOT_YET_RECRUITING"
    assert trial["enrollment"] == 378
    assert trial["start"] == {"date": "2026-03-01", "type": "ESTIMATED"}
    assert trial["relevance"] == "about"
    assert trial["partial"] is False
    assert trial["url"] == f"http://testserver/trials/{ONE}/"
    assert trial["annotations"] == [
        {
            "facet": "specimen",
            "term": "plasma",
            "proposer": "rule",
            "state": "proposed",
            "words": [{"field": "brief_title", "start": 57, "end": 63, "text": "Plasma"}],
        }
    ]


def test_numbers_are_json_numbers_and_words_are_words(eight, ask):
    maturity = next(trial for trial in ask(TRIALS)["results"] if trial["nct_id"] == ONE)["maturity"]
    assert (maturity["stage"], maturity["stage_possible"], maturity["step"]) == (2, 6, "planned")
    assert (maturity["earned"], maturity["possible"]) == (58.0, 83.0)
    assert (maturity["score"], maturity["score_possible"], maturity["deductions"]) == (25.8, 68.3, 0)
    assert maturity["momentum"] == "advancing"
    assert maturity["scored_on"] == "2026-01-30"
    assert maturity["components"] == [{"name": "rigour", "earned": 20.0, "possible": 25.0, "weight": 30}]
    assert maturity["explanation"] == [
        {
            "component": "rigour", "rule": "reference standard named", "fact": "RECIST 1.1",
            "origin": "primary_outcomes.0.description", "state": "reported", "earned": 5.0, "possible": 5.0,
            "source": "Whiting et al. 2011",
        }
    ]  # fmt: skip


def test_what_the_record_does_not_say_is_null(eight, ask):
    silent = next(trial for trial in ask(TRIALS)["results"] if trial["nct_id"] == "NCT07070011")
    assert silent["title"] is None
    assert silent["status"] is None
    assert silent["phases"] is None
    assert silent["other_maturity"] is None
    assert silent["start"] == {"date": None, "type": None}


def test_the_registrys_mark_for_not_known_is_no_number_of_people(eight, ask):
    Trial.objects.filter(pk=ONE).update(enrollment_count=99_999_999)
    assert ask(TRIALS, search=ONE)["results"][0]["enrollment"] is None
    Trial.objects.filter(pk=ONE).update(enrollment_count=0, overall_status="WITHDRAWN")
    assert ask(TRIALS, search=ONE)["results"][0]["enrollment"] == 0


def test_a_second_track_stands_beside_the_first_and_an_older_rubric_nowhere(eight, ask):
    row = Maturity.objects.get(trial=ONE)
    row.pk, row.track, row.is_leading, row.stage, row.stage_possible = None, "therapeutic", False, 1, 1
    row.save()
    row.pk, row.track, row.rubric = None, "diagnostic", "2025-1"
    row.save()
    trial = ask(TRIALS, search=ONE)["results"][0]
    assert trial["maturity"]["track"] == "diagnostic"
    assert trial["maturity"]["rubric"] == "2026-1"
    assert trial["other_maturity"]["track"] == "therapeutic"


def test_without_relevance_every_stored_trial_is_listed(eight, ask):
    Trial.objects.filter(pk="NCT04629079").update(
        relevance="none", track=None, stage=None, stage_possible=None, score=None
    )
    Maturity.objects.filter(trial="NCT04629079").delete()
    assert len(ask(TRIALS)["results"]) == 8
    assert "NCT04629079" not in numbers(ask(TRIALS, relevance="about"))
    (none,) = ask(TRIALS, relevance="none")["results"]
    assert none["maturity"] is None
    assert none["track"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "RECRUITING"}, {"NCT04629079"}),
        ({"stage_min": 5}, {"NCT02657460"}),
        ({"stage": [3, 7]}, {"NCT02657460", "NCT03830619", "NCT04529915", "NCT04182893"}),
        ({"track": "therapeutic"}, {"NCT02657460"}),
        ({"role": "monitoring"}, {"NCT04499794"}),
        ({"momentum": "advancing"}, {ONE}),
        ({"country": "South Korea"}, {"NCT04529915"}),
        ({"sponsor": "King's College London"}, {"NCT04629079"}),
        ({"year": 2026}, {ONE}),
        ({"search": "immunotherapy"}, {ONE}),
        ({"relevance": "about", "stage_min": 5, "search": "microparticles"}, {"NCT02657460"}),
        ({"partial": "false"}, {ONE}),
    ],
)
def test_a_filter_holds_the_trials_it_names(eight, ask, query, expected):
    assert set(numbers(ask(TRIALS, **query))) == expected


def test_the_best_score_stands_first_unless_asked_otherwise(eight, ask):
    scores = [trial["maturity"]["score"] for trial in ask(TRIALS)["results"]]
    assert scores == sorted(scores, reverse=True)
    assert numbers(ask(TRIALS, ordering="number")) == sorted(numbers(ask(TRIALS)))


@pytest.mark.parametrize("size", [1, 3, 7, 8])
def test_absolute_addresses_lead_through_every_trial_once_and_back(eight, client, ask, size):
    page = ask(TRIALS, page_size=size, ordering="-people", relevance="about")
    assert page["previous"] is None
    seen, last = numbers(page), page
    while last["next"]:
        assert last["next"].startswith(f"http://testserver{TRIALS}?")
        assert "relevance=about" in last["next"]
        last = client.get(last["next"]).json()
        seen += numbers(last)
    assert sorted(seen) == sorted(trial.nct_id for trial in eight)
    back = numbers(last)
    while last["previous"]:
        last = client.get(last["previous"]).json()
        back = numbers(last) + back
    assert back == seen


def test_the_list_costs_the_same_queries_with_ten_rows_more(eight, client, django_assert_num_queries):
    with django_assert_num_queries(3):
        client.get(TRIALS)
    template = Trial.objects.get(pk=ONE)
    maturity = Maturity.objects.get(trial=ONE)
    for number in range(10):
        template.nct_id = f"NCT1000000{number}"
        template.save(force_insert=True)
        maturity.pk, maturity.trial = None, template
        maturity.save()
        Annotation.objects.create(trial=template, facet="cargo", term="mirna", proposed=template.first_seen)
    with django_assert_num_queries(3):
        assert len(client.get(TRIALS).json()["results"]) == 18
