"""The end to end: real worker, real beat, real PostgreSQL and Redis or Valkey, and a registry on this machine."""

from __future__ import annotations

import pytest

from tests.factories import raw_record
from tests.fakes import faults
from tests.fakes.ctgov import FakeRegistry
from tests.integration.installation import Installation, until
from tests.records import real, transcribed
from tracker.sources.clinicaltrials import Registry
from tracker.sources.ctgov_records import read_record
from tracker.terms import Origin

pytestmark = pytest.mark.integration

EVERYTHING = "cancer OR exosome OR NSCLC"
FIRST = 1000  # records on the first page


@pytest.fixture(scope="module")
def registry():
    """Enough records for two pages at the registry's own page size: the real ones and some small."""
    with FakeRegistry([*real(), *transcribed(), *(_small(number) for number in range(1100))]) as fake:
        yield fake


@pytest.fixture(scope="module")
def total(registry):
    """How many records the query matches."""
    with Registry(registry.url, "tests", 0) as source:
        found = source.page({"query.term": EVERYTHING}).total_count
    assert found > FIRST + 250
    return found


@pytest.fixture(scope="module")
def installation(registry, tmp_path_factory):
    with Installation(tmp_path_factory.mktemp("data"), registry.url) as made:
        with made.connect() as database:
            database.execute("UPDATE tracker_registryquery SET query_term = %s", [EVERYTHING])
        yield made


@pytest.fixture(autouse=True)
def fresh(installation, registry):
    installation.forget()
    registry.behave()
    yield
    for process in installation.processes:
        installation.kill(process)


def _small(number):
    return raw_record(
        f"NCT9{number:07d}",
        identificationModule__briefTitle=f"Plasma exosomes in lung cancer, cohort {number}",
        identificationModule__officialTitle=f"A cohort of lung cancer, {number}",
        descriptionModule={"briefSummary": "Exosomes of patients with lung cancer are measured."},
        eligibilityModule={"eligibilityCriteria": "Lung cancer."},
        outcomesModule={},
        contactsLocationsModule={},
        armsInterventionsModule={},
    )


def run_state(installation):
    return installation.one("SELECT state FROM tracker_syncrun ORDER BY id DESC LIMIT 1")


def queue_sync(installation, **arguments):
    code = f"from tracker.tasks import sync_trials; sync_trials.delay(**{arguments!r})"
    installation.manage("shell", "--command", code)


def test_a_scheduled_sync_happens(installation, total):
    with installation.connect() as database:
        (interval,) = database.execute(
            "INSERT INTO django_celery_beat_intervalschedule (every, period) VALUES (1, 'seconds') RETURNING id"
        ).fetchone()
        database.execute(
            "UPDATE django_celery_beat_periodictask SET enabled = true, crontab_id = NULL, interval_id = %s "
            "WHERE name LIKE 'Sync what was posted%%'",
            [interval],
        )

    installation.worker()
    installation.beat()

    until(lambda: run_state(installation) in ("done", "unchanged"), "a scheduled sync was done")
    assert installation.one("SELECT seen FROM tracker_syncrun ORDER BY id LIMIT 1") == total
    assert installation.one("SELECT count(*) FROM tracker_trial") == total
    assert installation.one("SELECT count(*) FROM tracker_maturity WHERE is_current") > 0
    until(lambda: run_state(installation) == "unchanged", "the next one found nothing new")


def test_a_worker_killed_in_the_middle_of_a_page_loses_and_doubles_nothing(installation, registry):
    installation.manage("sync_trials")
    undisturbed = installation.evidence()
    counted = counts(installation)
    installation.forget()
    with Registry(registry.url, "tests", 0) as source:
        page = source.page({"query.term": EVERYTHING})
        page = source.page({"query.term": EVERYTHING}, page.next_page_token)
    last = read_record(page.records[-1], origin=Origin.REGISTRY).nct_id

    # A row of the second page's last record, not committed: the worker writes all that comes before and then waits.
    with installation.connect() as barrier:
        barrier.execute("BEGIN")
        barrier.execute(
            "INSERT INTO tracker_trial (nct_id, origin, is_partial, presence, version_number, version_count, "
            "first_seen, last_changed, secondary_ids, who_masked, conditions, keywords, mesh_terms, countries, "
            'collaborators, interventions, primary_outcomes, secondary_outcomes, "references", documents) '
            "VALUES (%s, 'registry', false, 'present', 1, 1, now(), now(), '{}', '{}', '{}', '{}', '{}', '{}', "
            "'[]', '[]', '[]', '[]', '[]', '[]')",
            [last],
        )
        worker = installation.worker()
        queue_sync(installation)
        until(lambda: waits_for_a_lock(installation), "the worker stood in the middle of the second page")
        assert installation.rows("SELECT pages, seen, state FROM tracker_syncrun") == [(1, FIRST, "running")]
        installation.kill(worker)
        barrier.execute("ROLLBACK")
    until(lambda: not waits_for_a_lock(installation), "the server noticed that the worker was gone")
    assert installation.one("SELECT count(*) FROM tracker_trial") == FIRST

    pages = len(registry.asked("^/studies$"))
    installation.worker()
    queue_sync(installation)
    until(lambda: run_state(installation) == "done", "the next run ended well")

    assert len(registry.asked("^/studies$")) == pages + 1
    assert installation.evidence() == undisturbed
    assert counts(installation) == counted


def test_two_runs_at_once_are_one(installation, registry, total):
    registry.misbehave(faults.slow(3, on="/version"))
    first = installation.start("manage.py", "sync_trials")
    until(lambda: installation.one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "the first had begun")

    second = installation.manage("sync_trials")

    assert "a run is already going" in second.stdout
    first.wait(timeout=120)
    assert first.returncode == 0, installation.logs()
    assert installation.rows("SELECT state, seen, new FROM tracker_syncrun") == [("done", total, total)]


def test_a_run_whose_worker_died_is_swept_and_goes_on(installation):
    with installation.connect() as database:
        database.execute(
            "INSERT INTO tracker_syncrun (query_id, kind, state, started, asked, fingerprint, data_timestamp, "
            "next_page_token, pages, all_pages, restarts, requests, seen, new, changed, unchanged, set_aside, missing, "
            "filled, drift, message) SELECT id, 'full', 'running', now(), '{}', '', '', '', 0, false, 0, 0, 0, 0, 0, "
            "0, 0, 0, '{}', '{}', '' FROM tracker_registryquery"
        )
    installation.worker()

    installation.manage("shell", "--command", "from tracker.tasks import sweep_runs; sweep_runs.delay()")

    until(lambda: run_state(installation) == "done", "the sweep let the sync go on")
    states = installation.rows("SELECT state FROM tracker_syncrun ORDER BY id")
    assert [state for (state,) in states] == ["incomplete", "done"]


def counts(installation):
    return installation.rows(
        "SELECT state, pages, seen, new, changed, unchanged, set_aside, filled FROM tracker_syncrun"
    )


def waits_for_a_lock(installation):
    return installation.one(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
