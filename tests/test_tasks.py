"""Every task may run twice, late or never; the schedule is made when missing and never overwritten."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from celery import current_app
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from config.settings import CELERY_BROKER_TRANSPORT_OPTIONS
from tests.dump import EVIDENCE, dump
from tests.factories import NOW, QueryFactory, RunFactory, stored_trial
from tests.fakes import faults
from tests.fakes.ctgov import FakeRegistry
from tests.fakes.europepmc import FakeEuropePmc
from tests.records import transcribed
from tests.records.europepmc import linked, publications, result
from tracker import schedule, tasks
from tracker.models import LiteratureQuery, RegistryDescription, RegistryQuery, SyncRun, Trial
from tracker.sources.clinicaltrials import Patience
from tracker.sync.trials import MOST_TRIES
from tracker.terms import RunKind, RunState

pytestmark = pytest.mark.django_db

OURS = {name: task for name, task in current_app.tasks.items() if name.startswith("tracker.")}
ABOUT = "NCT04529915"


@pytest.fixture
def fake(settings, monkeypatch):
    with FakeRegistry(transcribed()) as registry:
        settings.CTGOV_BASE_URL = registry.url
        settings.CTGOV_MIN_INTERVAL = 0
        quick = Patience(attempts=2, first=0.01, longest=0.01, attempts_after_500=2)
        monkeypatch.setattr("tracker.sources.session.Patience", lambda: quick)
        yield registry


@pytest.fixture
def literature(settings, monkeypatch):
    """Europe PMC with real publications, one that cannot be read, and a preprint of one of them."""
    with FakeEuropePmc(
        [*publications(), result(50, source="PPR", commentCorrectionList=linked("Preprint of", "28553110"))]
    ) as source:
        source.set(result(77, journalInfo="a journal where its description was"))
        settings.EUROPEPMC_BASE_URL = source.url
        settings.EUROPEPMC_MIN_INTERVAL = 0
        yield source


@pytest.fixture
def poked(monkeypatch):
    """The syncs that a task queued."""
    queued = []
    monkeypatch.setattr(tasks.sync_trials, "delay", lambda **arguments: queued.append(arguments))
    monkeypatch.setattr(tasks.sync_studies, "delay", lambda **arguments: queued.append({"studies": True, **arguments}))
    return queued


def prepare_sync():
    return {}


def prepare_fetch():
    return {"nct_id": ABOUT}


def prepare_rescore():
    stored_trial("NCT00000001")
    return {}


def prepare_sweep():
    RunFactory(state=RunState.RUNNING, finished=None)
    return {}


PREPARED = {
    "tracker.tasks.sync_studies": prepare_sync,
    "tracker.tasks.sync_trials": prepare_sync,
    "tracker.tasks.fetch_trial": prepare_fetch,
    "tracker.tasks.rescore": prepare_rescore,
    "tracker.tasks.describe_registry": dict,
    "tracker.tasks.sweep_runs": prepare_sweep,
}


def test_every_task_is_tried():
    assert set(PREPARED) == set(OURS)


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_task_run_twice_leaves_what_it_left_once(name, fake, literature, poked):
    arguments = PREPARED[name]()
    OURS[name](**arguments)
    once = dump((*EVIDENCE, "tracker_registrydescription"))

    OURS[name](**arguments)

    assert dump((*EVIDENCE, "tracker_registrydescription")) == once


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_task_declares_its_fate(name):
    task = OURS[name]

    assert task.acks_late
    assert task.reject_on_worker_lost
    assert task.expires
    assert task.autoretry_for
    # The soft limit of the settings is hours: a shorter hard one alone makes every message of the task an error.
    assert 0 < task.soft_time_limit < task.time_limit
    assert task.time_limit < CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    # A message of a newer release does not fall over an old worker.
    assert inspect.Parameter.VAR_KEYWORD in {one.kind for one in inspect.signature(task.run).parameters.values()}


def test_a_sync_task_asks_what_is_on_or_what_is_named(fake):
    RegistryQuery.objects.all().delete()
    on, off = QueryFactory(query_cond=""), QueryFactory(is_on=False, query_cond="")

    tasks.sync_trials()
    assert set(SyncRun.objects.values_list("query", flat=True)) == {on.pk}
    tasks.sync_trials(query=off.slug, full=True)

    assert SyncRun.objects.get(query=off.pk).kind == RunKind.FULL


def test_a_task_for_studies_asks_what_is_on_or_what_is_named(literature):
    tasks.sync_studies()
    run = SyncRun.objects.get()
    assert (run.literature_query.slug, run.state, run.set_aside) == ("lung-cancer-ev", RunState.DONE, 1)
    LiteratureQuery.objects.create(name="All", slug="all", query="SRC:MED OR SRC:PPR", is_on=False)

    tasks.sync_studies(query="all", full=True)

    assert SyncRun.objects.get(literature_query__slug="all").kind == RunKind.FULL


def test_a_dead_run_of_studies_is_poked_by_its_own_task(literature, poked):
    tasks.sync_studies()
    SyncRun.objects.update(state=RunState.RUNNING, finished=None)

    tasks.sweep_runs()

    assert poked == [{"studies": True, "query": "lung-cancer-ev"}]


def test_a_fetch_task_stores_and_scores_the_record(fake):
    tasks.fetch_trial(ABOUT)

    trial = Trial.objects.get(pk=ABOUT)
    assert trial.relevance == "about"
    assert trial.stage is not None


def test_a_description_out_of_reach_is_left_for_tomorrow(fake):
    fake.misbehave(faults.status(503, times=None))

    tasks.describe_registry()

    assert not RegistryDescription.objects.exists()


def test_a_sweep_lets_dead_runs_go_on_and_leaves_the_rest(poked):
    dead = RunFactory(state=RunState.RUNNING, finished=None)
    RunFactory(state=RunState.DONE)
    off = RunFactory(state=RunState.RUNNING, finished=None, query__is_on=False)

    tasks.sweep_runs()

    assert poked == [{"query": dead.query.slug}]
    assert set(SyncRun.objects.filter(pk__in=[dead.pk, off.pk]).values_list("state", flat=True)) == {"incomplete"}


@pytest.mark.parametrize(
    ("state", "hours_ago", "is_poked"),
    [
        (RunState.INCOMPLETE, 0, False),
        (RunState.INCOMPLETE, 2, True),
        (RunState.INCOMPLETE, 60, True),
        (RunState.BLOCKED, 2, False),
        (RunState.SUSPECT, 2, False),
        (RunState.REFUSED, 2, False),
    ],
)
def test_a_sweep_lets_a_stopped_run_go_on_after_an_hour(poked, state, hours_ago, is_poked):
    ended = timezone.now() - timedelta(hours=hours_ago)
    run = RunFactory(state=state, started=ended, finished=ended)

    tasks.sweep_runs()

    assert poked == ([{"query": run.query.slug}] if is_poked else [])


def test_a_sweep_gives_up_after_a_day_of_stopped_runs(poked):
    query = QueryFactory()
    for hours_ago in range(2, 2 + MOST_TRIES):
        ended = timezone.now() - timedelta(hours=hours_ago)
        RunFactory(query=query, state=RunState.INCOMPLETE, started=ended, finished=ended)

    tasks.sweep_runs()

    assert poked == []


def test_a_sweep_leaves_a_run_that_a_later_one_has_made_good(poked):
    run = RunFactory(state=RunState.INCOMPLETE, started=timezone.now() - timedelta(hours=3), finished=NOW)
    RunFactory(query=run.query, started=timezone.now() - timedelta(hours=2))

    tasks.sweep_runs()

    assert poked == []


# --- the schedule ---


def entries():
    return {task.name: task for task in PeriodicTask.objects.select_related("crontab")}


def test_after_migrate_alone_the_schedule_stands():
    found = entries()

    assert {entry.name for entry in schedule.ENTRIES} <= set(found)
    weekly = found["Full sync (Sunday)"]
    assert (weekly.task, weekly.kwargs, weekly.crontab.day_of_week) == (
        "tracker.tasks.sync_trials",
        '{"full": true}',
        "0",
    )
    daily = found["Sync what was posted (Monday–Friday)"].crontab
    assert (daily.minute, daily.hour, daily.day_of_week, str(daily.timezone)) == ("30", "14", "1-5", "UTC")


def test_every_entry_names_a_task_of_ours_with_arguments_it_takes():
    for entry in schedule.ENTRIES:
        inspect.signature(OURS[entry.task].run).bind(**entry.arguments)
        assert entry.expires < 24 * 3600


def test_what_a_curator_changed_is_never_overwritten():
    task = PeriodicTask.objects.get(name="Full sync (Sunday)")
    task.enabled = False
    task.crontab = CrontabSchedule.objects.create(minute="1", hour="2", day_of_week="3", timezone="UTC")
    task.save()
    PeriodicTask.objects.filter(name__startswith="Score").delete()

    call_command("migrate", verbosity=0)

    again = PeriodicTask.objects.get(pk=task.pk)
    assert (again.enabled, again.crontab.day_of_week) == (False, "3")
    assert PeriodicTask.objects.filter(name__startswith="Score").count() == 1
    assert len(entries()) == len(schedule.ENTRIES)
