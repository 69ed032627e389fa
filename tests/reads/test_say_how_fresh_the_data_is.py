"""The freshness line: its states, and its words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from tests.reads.starter import starter_trials
from tracker import terms
from tracker.models import RegistryQuery, SetAside, SyncRun
from tracker.reads.freshness import freshness, last_pulls, next_pull

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 30, 16, 0, tzinfo=UTC)  # a Friday


@pytest.fixture
def query(db):
    query, _ = RegistryQuery.objects.update_or_create(
        slug="lung-cancer-ev", defaults={"name": "EVs in lung cancer", "query_cond": "lung cancer", "is_on": True}
    )
    return query


@pytest.fixture(autouse=True)
def schedule(db):
    PeriodicTask.objects.all().delete()
    weekdays = CrontabSchedule.objects.create(minute="30", hour="14", day_of_week="1-5", timezone="UTC")
    return PeriodicTask.objects.create(name="pull", task="tracker.tasks.sync_trials", crontab=weekdays)


def run(query, state, *, ago=timedelta(hours=1, minutes=29), **values):
    finished = NOW - ago
    return SyncRun.objects.create(
        query=query,
        kind="incremental",
        state=state,
        started=finished - timedelta(minutes=1),
        finished=finished,
        **values,
    )


def test_a_good_read_names_its_time_the_next_and_what_waits(query):
    run(query, "done", data_timestamp="2026-01-30T09:00:05")
    line = freshness(now=NOW)
    assert (line.state, line.tone, line.data_date) == ("good", "", "2026-01-30")
    assert line.lead == "Registry read 2026-01-30 14:31 UTC"
    assert line.rest == ("next Monday 14:30 UTC", "nothing set aside")


def test_an_unchanged_registry_is_a_good_read_too(query):
    run(query, "done", ago=timedelta(days=9))
    run(query, "unchanged")
    assert freshness(now=NOW).lead == "Registry read 2026-01-30 14:31 UTC"


def test_set_aside_records_are_counted_until_replayed(query):
    run(query, "done")
    for at, state in enumerate(["waiting", "waiting", "replayed"]):
        SetAside.objects.create(
            source="lung-cancer-ev",
            origin="registry",
            raw=b"",
            raw_hash=str(at),
            reason="no number",
            state=state,
            first_seen=NOW,
            last_seen=NOW,
            replayed=NOW if state == "replayed" else None,
        )
    line = freshness(now=NOW)
    assert line.rest[1] == "2 records set aside"
    assert line.waiting == 2


def test_after_four_days_it_says_how_old_it_is(query):
    run(query, "done", ago=timedelta(days=10, hours=1, minutes=29))
    line = freshness(now=NOW)
    assert line.state == "stale"
    assert line.lead == "Last good read 2026-01-20, 10 days ago. What you see was true then."
    assert line.run == SyncRun.objects.get().pk


def test_four_days_are_not_stale(query):
    run(query, "done", ago=timedelta(days=4))
    assert freshness(now=NOW).state == "good"


def test_an_incomplete_run_says_how_far_it_came(query):
    run(query, "done", ago=timedelta(days=1))
    run(query, "incomplete", seen=340, message="the registry answered 503.")
    line = freshness(now=NOW)
    assert line.state == "incomplete"
    assert line.lead == "The run of 2026-01-30 stopped after 340 records: the registry answered 503."
    assert line.rest == ("Registry read 2026-01-29 16:00 UTC. Earlier data stand.",)


def test_a_suspect_run_asks_for_a_person(query):
    run(query, "done", ago=timedelta(days=1))
    run(query, "suspect")
    line = freshness(now=NOW)
    assert (line.state, line.tone) == ("suspect", "bad")
    assert line.lead == (
        "The registry sent far fewer records than before. Nothing was marked as gone. A person should look."
    )


def test_an_unreachable_registry_leaves_the_starter_set(query):
    starter_trials()
    run(query, "incomplete", message="http://127.0.0.1:9/api/v2/version gave no usable answer: [Errno 111] refused.")
    line = freshness(now=NOW)
    assert line.state == "unreachable"
    assert line.lead == f"The registry could not be reached on {last_pulls()[0].started:%Y-%m-%d %H:%M} UTC."
    assert line.told == "http://127.0.0.1:9/api/v2/version gave no usable answer: [Errno 111] refused."
    assert line.rest[0] == "The starter set stands: 8 real records, 7 of them partial."


def test_long_words_of_a_run_are_left_to_its_page(query):
    run(query, "done", ago=timedelta(days=1))
    run(query, "incomplete", seen=340, message="https://clinicaltrials.gov/api/v2/studies gave no answer (6 times).")
    line = freshness(now=NOW)
    assert line.lead == "The run of 2026-01-30 stopped after 340 records."
    assert line.told.startswith("https://")


def test_a_block_is_named_as_one(query):
    starter_trials()
    run(query, "blocked", message="403")
    line = freshness(now=NOW)
    assert line.state == "blocked"
    assert line.lead == "The registry blocked us on 2026-01-30: 403."


def test_before_the_first_pull_it_is_the_starter_set(query):
    starter_trials()
    SyncRun.objects.create(kind="file", state="done", started=NOW, finished=NOW)
    line = freshness(now=NOW)
    assert line.state == "starter"
    assert line.lead == "Starter set, no pull yet."
    assert line.rest == (
        "8 real records, 7 of them partial.",
        "First pull from the registry: Monday 14:30 UTC",
    )
    assert line.data_date == "2026-03-13"


def test_an_empty_database_says_so(query):
    assert freshness(now=NOW).lead == "Nothing is stored yet."


def test_a_run_of_a_query_that_was_turned_off_does_not_count(query):
    run(query, "done")
    query.is_on = False
    query.save()
    assert freshness(now=NOW).state == "empty"


def test_a_switched_off_schedule_is_said(query, schedule):
    schedule.enabled = False
    schedule.save()
    run(query, "done")
    assert freshness(now=NOW).rest[0] == "no pull is scheduled"
    assert next_pull(now=NOW) is None


def test_the_line_costs_three_queries_however_many_runs(query, django_assert_num_queries):
    for state in terms.RunState:
        if state != terms.RunState.RUNNING:
            run(query, state.value)
    with django_assert_num_queries(3):
        freshness(now=NOW)
    SyncRun.objects.filter(state__in=["done", "unchanged"]).delete()
    with django_assert_num_queries(4):
        freshness(now=NOW)
