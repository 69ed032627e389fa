"""`manage.py doctor`: each examination finds what is wrong and says how to mend it."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from tracker import schedule, terms
from tracker.models import Annotation, Maturity, RegistryQuery, SetAside, SyncRun, Trial, TrialVersion
from tracker.reads import doctor

pytestmark = pytest.mark.django_db

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "trials"
NOW = timezone.now()


@pytest.fixture
def trials():
    """Some real trials about EVs, by the way they always come."""
    call_command(
        "import_trials", str(FIXTURES / "transcribed"), origin="transcribed", stdout=io.StringIO(), stderr=io.StringIO()
    )
    assert Maturity.objects.exists()
    schedule.make_missing()


def finding(name: str) -> doctor.Finding:
    return next(doctor.examine(at=NOW, names=[name]))


def pull(state: terms.RunState, *, ago: dt.timedelta, message: str = "") -> SyncRun:
    return SyncRun.objects.create(
        query=RegistryQuery.objects.get(), kind=terms.RunKind.FULL, state=state, message=message,
        started=NOW - ago, finished=None if state == terms.RunState.RUNNING else NOW - ago,
    )  # fmt: skip


def test_a_sound_installation_is_well_in_every_respect(trials):
    pull(terms.RunState.DONE, ago=dt.timedelta(hours=2))
    found = list(doctor.examine(at=NOW))
    assert [each.name for each in found] == list(doctor.EXAMINATIONS)
    assert [each for each in found if not each.is_well] == []


def test_the_command_says_what_is_wrong_with_its_mend_and_ends_with_one(trials):
    said = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=said)
    assert ended.value.code == 1
    assert "wrong  runs: lung-cancer" in said.getvalue()
    assert "       mend: manage.py sync_trials" in said.getvalue()


def test_one_examination_alone(trials):
    said = io.StringIO()
    call_command("doctor", only=["words"], stdout=said)
    assert said.getvalue() == "well   words: every quoted word stands in the stored text\n"


@pytest.mark.parametrize(
    ("state", "ago", "words"),
    [
        (terms.RunState.SUSPECT, 1, "not believed"),
        (terms.RunState.BLOCKED, 1, "blocked us"),
        (terms.RunState.INCOMPLETE, 1, "stopped early"),
        (terms.RunState.RUNNING, 5, "runs since"),
        (terms.RunState.DONE, 24 * 9, "no good pull within 8 days"),
    ],
)
def test_a_pull_that_went_wrong_is_found(state, ago, words):
    if state != terms.RunState.DONE:
        pull(terms.RunState.DONE, ago=dt.timedelta(days=2))
    pull(state, ago=dt.timedelta(hours=ago))
    assert not finding("runs").is_well
    assert words in finding("runs").what


def test_a_query_that_is_off_is_not_missed_and_none_on_is():
    RegistryQuery.objects.update(is_on=False)
    assert finding("runs").is_well
    assert not finding("queries").is_well


def test_a_schedule_that_never_asks_is_found():
    schedule.make_missing()
    assert finding("schedule").is_well
    PeriodicTask.objects.filter(task__contains="sync").update(enabled=False)
    assert finding("schedule").what == "asks the registry never"
    PeriodicTask.objects.all().delete()
    assert finding("schedule").what == "has no entry"


def test_a_beat_that_does_not_run_is_found():
    schedule.make_missing()
    PeriodicTask.objects.update(last_run_at=NOW - dt.timedelta(minutes=5))
    assert finding("overdue").is_well
    PeriodicTask.objects.update(last_run_at=NOW - dt.timedelta(days=9))
    assert not finding("overdue").is_well
    assert "Sync what was posted" in finding("overdue").what


def test_what_waits_to_be_read_is_counted_by_reason():
    for number in range(3):
        SetAside.objects.create(
            source="lung-cancer", nct_id=f"NCT0000000{number}", origin=terms.Origin.REGISTRY, raw=b"",
            reason="no number", raw_hash=str(number), first_seen=NOW, last_seen=NOW,
        )  # fmt: skip
    assert finding("set-aside").what == "3 could not be read: no number (3)"


def test_a_kept_record_that_is_damaged_is_found(trials):
    version = TrialVersion.objects.order_by("trial_id").first()
    TrialVersion.objects.filter(pk=version.pk).update(raw=b"not zstandard")
    assert finding("versions").what == f"{version.trial_id}: cannot be read from the kept record"


def test_a_quoted_word_that_is_not_in_the_text_is_found(trials):
    annotation = Annotation.objects.exclude(words=[]).first()
    annotation.words[0]["text"] = "a word that nobody wrote"
    annotation.save()
    assert not finding("words").is_well
    assert annotation.trial_id in finding("words").what


def test_a_maturity_that_the_rules_do_not_give_is_found_and_left_as_it_is(trials):
    trial = Trial.objects.filter(relevance=terms.Relevance.ABOUT, track__isnull=False).first()
    Trial.objects.filter(pk=trial.pk).update(enrollment_count=(trial.enrollment_count or 0) + 5000)
    before = list(Maturity.objects.order_by("pk").values())

    assert trial.pk in finding("maturities").what

    assert list(Maturity.objects.order_by("pk").values()) == before, "an examination changes nothing"


def test_a_database_that_cannot_be_asked_is_no_crash(monkeypatch):
    from django.db import ProgrammingError

    def no_table(at):
        raise ProgrammingError('relation "tracker_trial" does not exist\nLINE 1: …')

    monkeypatch.setitem(doctor.EXAMINATIONS, "versions", no_table)
    assert finding("versions").what == 'could not be examined: relation "tracker_trial" does not exist'
