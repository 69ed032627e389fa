"""The starter set, imported as an operator does, through every door of REST: exact shapes and sums that hold."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import schemathesis
from django.core.management import call_command

from config.wsgi import application
from tracker.models import Trial

from .test_keep_to_the_description import one_connection  # noqa: F401 - a fixture

STARTER = Path(__file__).parents[2] / "fixtures" / "trials"
schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
pytestmark = pytest.mark.usefixtures("one_connection")


@pytest.fixture
def starter(db, capsys) -> None:
    call_command("import_trials", str(STARTER))


def get(path: str, **parameters: object) -> dict:
    """The answer to this request, held to the document."""
    template = path.replace(path.split("/")[4], "{nct_id}") if path.count("/") > 4 else path
    operation = schema[template]["GET"]
    places = {"nct_id": path.split("/")[4]} if template != path else {}
    answer = operation.Case(path_parameters=places, query=parameters).call()
    assert answer.status_code == 200, answer.content
    operation.validate_response(answer)
    return answer.json()


def test_every_trial_is_listed_in_the_described_shape(starter):
    trials = get("/api/v1/trials/", page_size=200)["results"]
    assert len(trials) == Trial.objects.count() >= 60
    assert {trial["relevance"] for trial in trials} == {"about", "mention", "none"}
    for trial in trials:
        assert (trial["maturity"] is None) == (trial["track"] is None)
        if trial["relevance"] != "about":
            assert trial["maturity"] is None


def test_the_rows_of_an_explanation_sum_to_the_score(starter):
    maturities = [trial["maturity"] for trial in get("/api/v1/trials/", relevance="about")["results"]]
    assert maturities
    for maturity in filter(None, maturities):
        for end, score in (("earned", "score"), ("possible", "score_possible")):
            rows = sum(Decimal(str(row[end])) for row in maturity["explanation"])
            parts = sum(Decimal(str(component[end])) for component in maturity["components"])
            assert rows == parts == Decimal(str(maturity[end]))
            stage = maturity["stage" if end == "earned" else "stage_possible"]
            total = 10 * stage + rows / 10 - Decimal(str(maturity["deductions"]))
            assert Decimal(str(maturity[score])) == max(total, Decimal(0))


def test_each_trial_says_alone_what_the_list_says_of_it_and_why_it_is_here(starter):
    for listed in get("/api/v1/trials/", page_size=30)["results"]:
        whole = get(f"/api/v1/trials/{listed['nct_id']}/")
        assert {name: whole[name] for name in listed} == listed
        assert (whole["none_because"] is None) == (whole["maturity"] is not None)
        why = get(f"/api/v1/why/{listed['nct_id']}/")
        assert why["relevance"] == listed["relevance"]
        assert why["relevance_words"] == listed["relevance_words"]


def test_its_changes_and_runs_have_the_described_shape(starter):
    assert get("/api/v1/changes/", page_size=200)["results"]
    (run,) = get("/api/v1/sync-runs/")["results"]
    assert run["kind"] == "file"
    assert run["seen"] >= 60
