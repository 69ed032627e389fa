"""Eight real records as rows, with one maturity explained row by row, and a way to ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.reads.bench import bench_work
from tests.reads.starter import starter_trials
from tracker.models import Annotation, ChangeEvent, Maturity, RegistryQuery, SyncRun, Trial, TrialAlias, TrialVersion

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
ONE = "NCT07376512"


@pytest.fixture
def eight(db) -> list[Trial]:
    """Eight trials; the fifth (EVpredict) with annotation, explanation, two versions, a change and an older number."""
    trials = starter_trials()
    one = Trial.objects.get(pk=ONE)
    Annotation.objects.create(
        trial=one, facet="specimen", term="plasma", proposed=NOON,
        words=[{"field": "brief_title", "start": 57, "end": 63, "text": "Plasma"}],
    )  # fmt: skip
    Maturity.objects.filter(trial=one).update(
        components=[{"name": "rigour", "earned": 20.0, "possible": 25.0, "weight": 30}],
        explanation=[
            {
                "component": "rigour", "rule": "reference standard named", "fact": "RECIST 1.1",
                "origin": "primary_outcomes.0.description", "state": "reported", "earned": 5.0, "possible": 5.0,
                "source": "Whiting et al. 2011",
            }
        ],
    )  # fmt: skip
    for number in (1, 2):
        TrialVersion.objects.create(
            trial=one, number=number, origin="registry", raw=b"", raw_hash=str(number) * 64, raw_size=2, first_seen=NOON
        )
    ChangeEvent.objects.create(
        trial=one, kind="date_slipped", field="completion", before="2028-03", after="2029-03", days=365, seen=NOON,
        version_before=1, version_after=2,
    )  # fmt: skip
    TrialAlias.objects.create(alias="NCT00000042", trial=one, seen=NOON)
    return trials


@pytest.fixture
def bench(eight):
    """Studies and candidates beside the eight trials; studies by a short name."""
    return bench_work()


@pytest.fixture
def runs(db) -> list[SyncRun]:
    query = RegistryQuery.objects.earliest("pk")
    return [
        SyncRun.objects.create(
            query=query, kind="incremental", state=state, started=NOON + timedelta(days=day),
            finished=NOON + timedelta(days=day, minutes=1), asked={"query.cond": "lung cancer"}, seen=8,
            filled={"conditions": 8}, drift={"status=PAUSED": 1},
        )
        for day, state in enumerate(["done", "suspect", "unchanged"])
    ]  # fmt: skip


@pytest.fixture
def ask(client):
    """The JSON of an address, which must answer 200."""

    def ask(address: str, **query: object) -> dict:
        answer = client.get(address, query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask
