"""Records in, stored and read and scored, or none of it; and the commands that bring them."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW, QueryFactory, raw_record, trial_record
from tests.fakes import faults
from tests.fakes.ctgov import FakeRegistry
from tests.records import real, record, transcribed
from tracker import pipeline
from tracker.models import Annotation, ChangeEvent, Maturity, RegistryQuery, SetAside, SyncRun, Trial, TrialVersion
from tracker.sources.clinicaltrials import Patience, Registry
from tracker.sources.ctgov_records import read_record
from tracker.terms import Facet, Origin, RunState, SetAsideState

pytestmark = pytest.mark.django_db

#: about EVs in lung cancer, in the transcribed set
ABOUT = "NCT04529915"


def absorb(*records, origin=Origin.REGISTRY, **rest):
    return pipeline.absorb(records=records, origin=origin, run=None, at=NOW, **rest)


def about(**changes):
    return trial_record(
        "NCT00000007",
        identificationModule__briefTitle="Plasma Exosome miRNA for the Diagnosis of Lung Cancer",
        conditionsModule__conditions=["Lung Cancer"],
        descriptionModule__briefSummary="Exosomes are isolated from plasma of patients with lung cancer.",
        **changes,
    )


def test_a_record_is_stored_read_and_scored_at_once():
    absorb(about())

    trial = Trial.objects.get()
    assert trial.relevance == "about"
    assert trial.lexicon_version
    assert Annotation.objects.filter(trial=trial, facet=Facet.EV).exists()
    leading = Maturity.objects.get(trial=trial, is_leading=True, is_current=True)
    assert (trial.track, trial.stage, trial.score) == (leading.track, leading.stage, leading.score)
    assert leading.scored_on == NOW.date()


def test_an_unchanged_record_is_not_read_again():
    absorb(about())
    with CaptureQueriesContext(connection) as caught:
        stored = absorb(about())

    assert len(stored.unchanged) == 1
    assert not [query for query in caught if "annotation" in query["sql"] or "maturity" in query["sql"]]


def test_a_changed_record_is_read_and_scored_anew():
    absorb(about())

    absorb(about(statusModule__overallStatus="WITHDRAWN", statusModule__whyStopped="No funding."))

    trial = Trial.objects.get()
    assert trial.stop_classes == ["business"]
    assert trial.momentum == "stopped"
    assert Maturity.objects.filter(trial=trial).count() > Maturity.objects.filter(trial=trial, is_current=True).count()


def test_a_persons_decision_stands_through_a_sync():
    absorb(about())
    Trial.objects.update(relevance="none", relevance_by="person")

    absorb(about(statusModule__overallStatus="COMPLETED"))

    trial = Trial.objects.get()
    assert (trial.relevance, trial.relevance_by, trial.overall_status) == ("none", "person", "COMPLETED")
    assert trial.stage is None


def test_what_cannot_be_scored_is_not_stored_either(monkeypatch):
    def breaks(**given):
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "score", breaks)

    with pytest.raises(ZeroDivisionError):
        absorb(about())

    assert not Trial.objects.exists()
    assert not TrialVersion.objects.exists()


def test_all_real_and_transcribed_records_go_through():
    absorb(*(read_record(raw, origin=Origin.REGISTRY) for raw in real()))
    absorb(*(read_record(raw, origin=Origin.TRANSCRIBED) for raw in transcribed()), origin=Origin.TRANSCRIBED)

    assert Trial.objects.count() == len(real()) + len(transcribed())
    assert Trial.objects.about().filter(stage__isnull=True).count() == 0
    assert Trial.objects.get(pk=ABOUT).relevance == "about"


@pytest.mark.parametrize("changes", [{}, {"statusModule__overallStatus": "COMPLETED"}], ids=["new", "changed"])
def test_the_number_of_statements_does_not_grow_with_the_batch(changes):
    def statements(first, many):
        numbers = [f"NCT{first + number:08d}" for number in range(many)]
        if changes:
            absorb(*(trial_record(number) for number in numbers))
        records = [trial_record(number, **changes) for number in numbers]
        with CaptureQueriesContext(connection) as caught:
            absorb(*records)
        return len(caught)

    assert statements(100, 2) == statements(200, 12)


# --- after migrate alone ---


def test_one_query_stands_and_asks_for_vesicles_in_lung_cancer():
    query = RegistryQuery.objects.get()

    assert query.is_on
    assert "AREA[DetailedDescription]exosome" in query.query_term
    assert '"lung cancer"' in query.query_term


def test_the_default_query_finds_the_records_that_are_about_vesicles_in_lung_cancer():
    everything = [*real(), *transcribed()]
    absorb(*(read_record(raw, origin=Origin.REGISTRY) for raw in everything))
    judged = set(Trial.objects.about().values_list("nct_id", flat=True))
    with FakeRegistry(everything) as fake, Registry(fake.url, "tests", 0) as registry:
        page = registry.page(RegistryQuery.objects.get().parameters())
    found = {read_record(raw, origin=Origin.REGISTRY).nct_id for raw in page.records}

    assert len(judged) >= 8
    assert judged - found == set()


@pytest.fixture
def fake(settings, monkeypatch):
    with FakeRegistry([*real()[:30], record(ABOUT)]) as registry:
        settings.CTGOV_BASE_URL = registry.url
        settings.CTGOV_MIN_INTERVAL = 0
        quick = Patience(attempts=2, first=0.01, longest=0.01, attempts_after_500=2)
        monkeypatch.setattr("tracker.sources.session.Patience", lambda: quick)
        RegistryQuery.objects.all().delete()
        QueryFactory(slug="everything", query_cond="", query_term="cancer OR exosome OR disease OR study")
        yield registry


def run(command, *arguments, **options):
    """What the command wrote and its exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command(command, *arguments, stdout=out, stderr=err, **options)
    except SystemExit as exit_:
        code = exit_.code
    return out.getvalue(), err.getvalue(), code


def test_sync_trials_stores_and_scores_before_it_returns(fake):
    out, err, code = run("sync_trials")

    assert (code, err) == (0, "")
    found = Trial.objects.count()
    assert found > 20
    assert f"asked {found}, seen {found}, new {found}, changed 0, unchanged 0, set aside 0, requests 2, seconds " in out
    assert Trial.objects.get(pk=ABOUT).stage is not None

    again, _, code = run("sync_trials")
    assert (code, "requests 1" in again, "nothing new at the registry" in again) == (0, True, True)


def test_sync_trials_exit_codes(fake):
    with pytest.raises(CommandError, match="no query called “nonsense”"):
        run("sync_trials", query="nonsense")
    fake.misbehave(faults.status(403, times=None, body="go away"))
    _, err, code = run("sync_trials", query="everything")
    assert (code, "go away" in err) == (1, True)
    fake.behave()
    fake.misbehave(faults.empty(times=None, on=r"^/studies\?"))
    assert run("sync_trials", full=True)[2] == 3


def test_import_trials_takes_a_folder_and_names_what_it_skips(tmp_path):
    (tmp_path / "one.json").write_bytes(raw_record("NCT00000001"))
    (tmp_path / "more.ndjson.gz").write_bytes(gzip.compress(raw_record("NCT00000002") + b"\nbroken\n"))
    (tmp_path / "SOURCES.md").write_text("from where")

    out, err, code = run("import_trials", str(tmp_path))

    assert code == 0
    assert "seen 2, new 2" in out
    assert "set aside 1" in out
    assert f"Passed over {tmp_path / 'SOURCES.md'}" in err
    assert Trial.objects.get(pk="NCT00000001").lexicon_version


def test_import_trials_of_nothing_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="Nothing could be read"):
        run("import_trials", str(tmp_path / "nowhere"))


def test_transcribed_records_keep_their_origin_and_are_partial(tmp_path):
    (tmp_path / "one.json").write_bytes(record(ABOUT))

    run("import_trials", str(tmp_path), origin="transcribed")

    trial = Trial.objects.get()
    assert (trial.origin, trial.is_partial) == ("transcribed", True)


def test_replay_set_aside_stores_what_a_fix_made_readable(tmp_path, monkeypatch):
    def refuses(raw, *, origin):
        from tracker.sources.ctgov_records import Unreadable

        raise Unreadable(nct_id="NCT00000001", reason="A fault of ours.", raw=bytes(raw))

    (tmp_path / "one.json").write_bytes(raw_record("NCT00000001"))
    with monkeypatch.context() as patch:
        patch.setattr("tracker.sync.batches.read_record", refuses)
        run("import_trials", str(tmp_path))
    assert not Trial.objects.exists()

    out, _, code = run("replay_set_aside")

    assert (code, out.strip()) == (0, "1 read and stored, 0 still set aside.")
    assert Trial.objects.get().lexicon_version
    assert SetAside.objects.get().state == SetAsideState.REPLAYED
    with pytest.raises(CommandError, match="no set-aside record 0"):
        run("replay_set_aside", id=0)


def test_describe_registry_says_what_changed(fake):
    assert "as before" in run("describe_registry")[0]
    fake.describe(lambda fields: fields[0]["children"].append({"name": "newModule", "type": "NewModule"}))

    assert "newModule: new" in run("describe_registry")[0]


def test_a_first_pull_after_the_starter_set_is_no_news(fake, tmp_path):
    stripped = json.loads(fake.raw(fake.numbers[0]))
    stripped["derivedSection"] = {}
    stripped["protocolSection"]["statusModule"]["overallStatus"] = "UNKNOWN"
    (tmp_path / "one.json").write_bytes(json.dumps(stripped).encode())
    run("import_trials", str(tmp_path))
    before = ChangeEvent.objects.count()

    run("sync_trials")

    trial = Trial.objects.get(pk=fake.numbers[0])
    assert (trial.origin, trial.is_partial, trial.version_count) == ("registry", False, 2)
    assert ChangeEvent.objects.filter(trial=trial).count() == before
    assert SyncRun.objects.filter(state=RunState.DONE).count() == 2
