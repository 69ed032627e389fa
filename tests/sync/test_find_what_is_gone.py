"""Records that a whole pull no longer holds, and answers that are not believed."""

from __future__ import annotations

import pytest

from tests.factories import QueryFactory
from tests.fakes import faults
from tests.records import MISSING
from tests.sync.pulling import Desk, counts, numbers, registry_of
from tracker.models import ChangeEvent, SyncRun, Trial, TrialAlias, TrialMatch, TrialVersion
from tracker.sync import trials
from tracker.terms import ChangeKind, Presence, RunKind, RunState

pytestmark = pytest.mark.django_db

LOST = "NCT00000003"
ELSEWHERE = {
    "protocolSection.conditionsModule.conditions": ["Asthma"],
    "protocolSection.identificationModule.briefTitle": "Exosomes in asthma",
    "protocolSection.identificationModule.officialTitle": MISSING,
    "protocolSection.conditionsModule.keywords": MISSING,
    "derivedSection": {},
}


@pytest.fixture
def desk():
    with registry_of(numbers(1, 10)) as fake:
        desk = Desk(fake, QueryFactory())
        desk.sync()
        desk.next_day()
        yield desk


def presence(nct_id=LOST):
    return Trial.objects.get(pk=nct_id).presence


def events():
    return list(ChangeEvent.objects.exclude(kind=ChangeKind.FIRST_SEEN).order_by("id").values_list("kind", flat=True))


def test_a_record_is_gone_after_two_misses_in_two_runs(desk):
    desk.fake.remove(LOST)

    first = desk.sync(full=True)
    assert (first.state, first.missing, presence()) == (RunState.DONE, 1, Presence.PRESENT)
    second = desk.sync(full=True)

    assert (second.missing, presence()) == (1, Presence.GONE)
    assert events() == [ChangeKind.GONE]
    assert TrialVersion.objects.filter(trial=LOST).count() == 1
    assert desk.sync(full=True).missing == 0
    assert len(desk.fake.asked(LOST)) == 2


def test_a_record_that_comes_back_is_back(desk):
    kept = desk.fake.raw(LOST)
    desk.fake.remove(LOST)
    desk.sync(full=True)
    desk.sync(full=True)
    desk.fake.set(kept)

    desk.sync(full=True)

    assert (presence(), events()) == (Presence.PRESENT, [ChangeKind.GONE, ChangeKind.BACK])
    assert TrialMatch.objects.get(trial=LOST).not_found == 0


def test_one_miss_is_forgotten_when_the_record_shows_again(desk):
    kept = desk.fake.raw(LOST)
    desk.fake.remove(LOST)
    desk.sync(full=True)
    desk.fake.set(kept)
    desk.sync(full=True)
    desk.fake.remove(LOST)

    desk.sync(full=True)

    assert presence() == Presence.PRESENT
    assert events() == []


def test_an_incremental_pull_concludes_nothing_from_what_it_lacks(desk):
    desk.fake.remove(LOST)

    run = desk.sync()

    assert (run.kind, run.missing, presence()) == (RunKind.INCREMENTAL, 0, Presence.PRESENT)


def test_a_record_that_no_longer_matches_is_read_once_more_and_kept(desk):
    desk.fake.change(LOST, ELSEWHERE)

    desk.sync(full=True)

    trial = Trial.objects.get(pk=LOST)
    assert (trial.presence, trial.conditions, trial.version_count) == (Presence.NO_LONGER_MATCHES, ["Asthma"], 2)
    assert events()[-1] == ChangeKind.NO_LONGER_MATCHES
    asked = len(desk.fake.asked(LOST))
    desk.sync(full=True)
    assert len(desk.fake.asked(LOST)) == asked


def test_a_record_that_another_query_holds_still_matches(desk):
    asthma = QueryFactory(query_cond="asthma OR lung cancer")
    desk.fake.change(LOST, ELSEWHERE)
    desk.sync(queries=[asthma])

    desk.sync(full=True)

    assert presence() == Presence.PRESENT
    assert TrialMatch.objects.get(trial=LOST, query=desk.query).misses == 1


def test_a_number_that_redirects_is_an_alias(desk):
    desk.fake.alias(LOST, "NCT00000004")

    desk.sync(full=True)

    assert TrialAlias.objects.get(alias=LOST).trial_id == "NCT00000004"
    assert presence() == Presence.FOLDED
    assert Trial.objects.called(LOST).nct_id == "NCT00000004"
    assert ChangeKind.ALIAS in events()


def test_a_redirect_that_no_record_names_is_an_alias_too(desk):
    desk.fake.alias(LOST, "NCT00000004")
    desk.fake.set(desk.fake.raw("NCT00000004").replace(b'"nctIdAliases":["NCT00000003"]', b'"nctIdAliases":[]'))

    desk.sync(full=True)

    assert TrialAlias.objects.get(alias=LOST).trial_id == "NCT00000004"


def test_a_run_stopped_while_it_asks_goes_on_with_those_it_has_not_asked(desk):
    for nct_id in numbers(1, 5):
        desk.fake.remove(nct_id)
    desk.fake.misbehave(faults.status(503, times=None, on=r"/studies/NCT", after=2))
    stopped = desk.sync(full=True)
    assert (stopped.state, stopped.missing, stopped.all_pages) == (RunState.INCOMPLETE, 2, True)
    desk.fake.behave()

    run = desk.sync()

    assert (run.pk, run.state, run.missing) == (stopped.pk, RunState.DONE, 5)
    assert set(TrialMatch.objects.filter(trial__in=numbers(1, 5)).values_list("misses", "not_found")) == {(1, 1)}


def test_a_block_while_asking_marks_nothing(desk):
    desk.fake.remove(LOST)
    desk.fake.misbehave(faults.status(403, times=None, on="/studies/NCT"))

    run = desk.sync(full=True)

    assert (run.state, presence()) == (RunState.BLOCKED, Presence.PRESENT)
    assert TrialMatch.objects.get(trial=LOST).not_found == 0


# --- not believed ---


def test_an_answer_of_nothing_is_not_believed(desk):
    desk.fake.misbehave(faults.empty(times=None, on=r"^/studies\?"))

    run = desk.sync(full=True)

    assert (run.state, run.missing) == (RunState.SUSPECT, 0)
    assert "no record at all" in run.message
    assert Trial.objects.filter(presence=Presence.PRESENT).count() == 10
    desk.fake.behave()
    assert desk.sync().kind == RunKind.FULL


def test_not_even_the_first_answer_may_be_nothing():
    with registry_of(numbers(1, 3)) as fake:
        fake.misbehave(faults.empty(on=r"^/studies\?"))
        desk = Desk(fake, QueryFactory())

        assert desk.sync().state == RunState.SUSPECT
        assert counts(desk.sync())["new"] == 3


def test_an_answer_far_smaller_than_the_last_is_not_believed():
    with registry_of(numbers(1, 60)) as fake:
        desk = Desk(fake, QueryFactory(), page_size=1000)
        desk.sync()
        desk.next_day()
        for nct_id in numbers(1, 20):
            fake.remove(nct_id)

        run = desk.sync(full=True)

        assert (run.state, run.missing) == (RunState.SUSPECT, 0)
        assert run.message.startswith("The registry sent 40 records; the last good whole pull had 60.")
        assert not fake.asked("NCT")


def test_a_suspect_answer_that_a_person_believes_is_what_later_ones_are_compared_with():
    with registry_of(numbers(1, 60)) as fake:
        desk = Desk(fake, QueryFactory(), page_size=1000)
        desk.sync()
        for nct_id in numbers(1, 20):
            fake.remove(nct_id)
        suspect = desk.sync(full=True)

        assert trials.believe(run=suspect, by="lead", at=desk.clock())
        assert not trials.believe(run=suspect, by="lead", at=desk.clock())

        suspect.refresh_from_db()
        assert suspect.state == RunState.DONE
        assert suspect.message.endswith("Believed by lead, 2026-08-07 14:30 UTC.")
        again = desk.sync(full=True)
        assert (again.state, again.missing) == (RunState.DONE, 20)


def test_an_answer_a_little_smaller_is_believed(desk):
    desk.fake.remove(LOST)
    desk.fake.remove("NCT00000004")

    assert desk.sync(full=True).state == RunState.DONE


def test_records_that_lost_a_field_are_not_believed(desk):
    desk.fake.misbehave(faults.without_fields("protocolSection.contactsLocationsModule", times=None, on=r"^/studies\?"))

    run = desk.sync(full=True)

    assert (run.state, run.missing) == (RunState.SUSPECT, 0)
    assert "The field sites is filled in 0 of 10 records; before it was in 10 of 10." in run.message


def test_the_shares_of_filled_fields_are_kept_with_the_run(desk):
    run = SyncRun.objects.earliest("pk")

    assert run.filled["sites"] == run.filled["conditions"] == 10
    assert "keywords" not in run.filled or run.filled["keywords"] <= 10


def test_unknown_fields_and_values_are_counted_with_the_run(desk):
    desk.fake.change(LOST, {"protocolSection.statusModule.overallStatus": "PAUSED"})

    run = desk.sync()

    assert sum(run.drift.values()) >= 1
    assert any("PAUSED" in what for what in run.drift)
    assert Trial.objects.get(pk=LOST).overall_status == "PAUSED"


def test_a_suspect_incremental_run_does_not_move_the_mark(desk):
    began = SyncRun.objects.get().started.date()
    for nct_id in numbers(1, 10):
        desk.fake.change(nct_id, {"protocolSection.conditionsModule": MISSING, "derivedSection": {}})
    # Without conditions the query still matches by title.
    run = desk.sync()
    assert (run.kind, run.state, run.seen) == (RunKind.INCREMENTAL, RunState.SUSPECT, 10)
    assert "The field conditions is filled in 0 of 10 records; before it was in 10 of 10." in run.message
    desk.next_day()

    again = desk.sync()

    assert again.posted_from < began
    assert again.kind == RunKind.INCREMENTAL
