"""A pull: what it asks, what it stores, and where it goes on after every way of stopping."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories import QueryFactory
from tests.fakes import faults
from tests.sync.pulling import Desk, counts, numbers, registry_of
from tracker.models import ChangeEvent, SetAside, SyncRun, Trial, TrialMatch, TrialVersion
from tracker.sources.clinicaltrials import Registry
from tracker.sync import trials
from tracker.sync.lock import holding, key_of_query
from tracker.sync.store import store
from tracker.terms import RunKind, RunState

pytestmark = pytest.mark.django_db

COMPLETED = {"protocolSection.statusModule.overallStatus": "COMPLETED"}


@pytest.fixture
def fake():
    with registry_of(numbers(1, 10)) as registry:
        yield registry


@pytest.fixture
def desk(fake):
    return Desk(fake, QueryFactory())


class Killed(BaseException):
    """As sudden as kill -9: nothing below catches it in good order."""


def test_the_first_pull_asks_the_whole_query_page_by_page(desk):
    run = desk.sync()

    assert (run.kind, run.state, run.message) == (RunKind.FULL, RunState.DONE, "")
    assert counts(run) == {"seen": 10, "new": 10, "changed": 0, "unchanged": 0, "set_aside": 0}
    assert (run.pages, run.requests, run.expected) == (3, 4, 10)
    assert Trial.objects.count() == TrialMatch.objects.count() == TrialVersion.objects.count() == 10
    pages = desk.fake.asked(r"^/studies$")
    same = [{name: value for name, value in page.params.items() if name != "pageToken"} for page in pages]
    assert same[0] == same[1] == same[2]
    assert run.asked.items() <= same[0].items()


def test_the_registry_is_asked_a_thousand_at_a_time(fake):
    desk = Desk(fake, QueryFactory(), page_size=trials.PAGE_SIZE)

    assert desk.sync().asked["pageSize"] == "1000"


def test_nothing_new_costs_one_request(desk):
    desk.sync()
    desk.clock.pass_days(1)

    run = desk.sync()

    assert (run.state, run.requests, run.seen, run.pages) == (RunState.UNCHANGED, 1, 0, 0)


def test_an_edited_query_is_asked_anew_though_the_data_are_the_same(desk):
    desk.sync()
    desk.query.query_term = "exosome OR microvesicle"

    run = desk.sync()

    assert (run.state, run.kind, run.seen) == (RunState.DONE, RunKind.FULL, 10)


def test_the_version_is_asked_once_for_all_queries(desk):
    first, second = desk.sync(queries=[desk.query, QueryFactory()])

    assert (first.requests, second.requests) == (4, 3)
    assert len(desk.fake.asked("^/version$")) == 1
    assert counts(second) == {"seen": 10, "new": 0, "changed": 0, "unchanged": 10, "set_aside": 0}


def test_later_pulls_ask_for_what_was_posted_since_two_days_before_the_last_began(desk):
    desk.sync()
    desk.next_day()
    desk.fake.change("NCT00000003", COMPLETED)

    run = desk.sync()

    assert (run.kind, run.posted_from) == (RunKind.INCREMENTAL, date(2026, 8, 5))
    assert run.asked["filter.advanced"] == "AREA[LastUpdatePostDate]RANGE[2026-08-05,MAX]"
    assert counts(run) == {"seen": 1, "new": 0, "changed": 1, "unchanged": 0, "set_aside": 0}
    assert Trial.objects.get(pk="NCT00000003").overall_status == "COMPLETED"
    assert Trial.objects.filter(presence="present").count() == 10


def test_a_querys_own_filter_holds_beside_the_dates(desk):
    desk.query.filter_advanced = "AREA[StudyType]INTERVENTIONAL OR AREA[StudyType]OBSERVATIONAL"
    desk.query.save()
    desk.sync()
    desk.next_day()

    assert desk.sync().asked["filter.advanced"] == (
        "(AREA[StudyType]INTERVENTIONAL OR AREA[StudyType]OBSERVATIONAL) AND "
        "AREA[LastUpdatePostDate]RANGE[2026-08-05,MAX]"
    )


def test_the_mark_is_set_by_the_runs_start_and_by_no_run_that_pulled_nothing(desk):
    began = desk.sync().started
    desk.clock.pass_days(5)
    assert desk.sync().state == RunState.UNCHANGED
    desk.fake.advance("2026-08-13T09:00:05")

    assert desk.sync().posted_from == began.date() - trials.OVERLAP


def test_data_older_than_the_clock_set_the_mark_back(desk):
    desk.clock.pass_days(10)
    desk.sync()
    desk.next_day()

    assert desk.sync().posted_from == date(2026, 8, 5)


def test_a_record_met_twice_in_a_run_counts_once(desk, monkeypatch):
    def twice(self, params, token=None):
        page = honest(self, params, token)
        return page._replace(records=[*page.records, *page.records])

    honest = Registry.page
    monkeypatch.setattr(Registry, "page", twice)

    run = desk.sync()

    assert counts(run) == {"seen": 10, "new": 10, "changed": 0, "unchanged": 0, "set_aside": 0}
    assert run.filled["conditions"] == 10


# --- stopped ---


def test_an_unreachable_registry_leaves_an_incomplete_run_that_the_next_goes_on_with(desk):
    desk.fake.misbehave(faults.stops_after_pages(2, on=r"^/studies\?"))
    stopped = desk.sync()
    assert (stopped.state, stopped.pages, stopped.seen) == (RunState.INCOMPLETE, 2, 8)
    assert "503" in stopped.message
    assert Trial.objects.count() == 8
    desk.fake.behave()
    before = desk.pages_asked()

    run = desk.sync()

    assert (run.pk, run.state, run.started) == (stopped.pk, RunState.DONE, stopped.started)
    assert counts(run) == {"seen": 10, "new": 10, "changed": 0, "unchanged": 0, "set_aside": 0}
    assert desk.pages_asked() - before == 1


def test_a_registry_down_from_the_start_is_a_run_that_says_so(desk):
    desk.fake.misbehave(faults.status(503, times=None, on="/version"))

    run = desk.sync()

    assert (run.state, run.seen) == (RunState.INCOMPLETE, 0)
    assert run.requests == 2
    desk.fake.behave()
    assert desk.sync().state == RunState.DONE


def test_a_run_that_never_reached_the_registry_is_no_reason_to_ask_again(desk):
    desk.sync()
    desk.fake.misbehave(faults.status(503, times=None, on="/version"))
    assert desk.sync().state == RunState.INCOMPLETE
    desk.fake.behave()

    assert (desk.sync().state, desk.sync().requests) == (RunState.UNCHANGED, 1)


def test_a_run_that_never_reached_the_registry_does_not_hide_the_one_to_go_on_with(desk):
    desk.fake.misbehave(faults.stops_after_pages(2, on=r"^/studies\?"))
    stopped = desk.sync()
    desk.fake.behave()
    desk.fake.misbehave(faults.status(503, times=None, on="/version"))
    desk.sync()
    desk.fake.behave()

    assert (run := desk.sync()).pk == stopped.pk
    assert (run.state, run.seen) == (RunState.DONE, 10)


def test_after_a_refresh_an_incomplete_run_begins_anew_without_doubles(desk):
    desk.fake.misbehave(faults.stops_after_pages(2, on=r"^/studies\?"))
    stopped = desk.sync()
    desk.fake.behave()
    desk.next_day()

    run = desk.sync()

    assert run.pk != stopped.pk
    assert (run.kind, run.state) == (RunKind.FULL, RunState.DONE)
    assert counts(run) == {"seen": 10, "new": 2, "changed": 0, "unchanged": 8, "set_aside": 0}
    assert TrialVersion.objects.count() == 10


def test_a_dead_token_restarts_the_query_without_doubles(desk):
    def refresh(run):
        if run.pages == 2 and not run.restarts:
            desk.fake.advance()

    run = desk.sync(progress=refresh)

    assert (run.state, run.restarts) == (RunState.DONE, 1)
    assert counts(run) == {"seen": 10, "new": 10, "changed": 0, "unchanged": 0, "set_aside": 0}
    assert TrialVersion.objects.count() == ChangeEvent.objects.count() == 10


def test_tokens_that_keep_dying_end_the_run(desk):
    desk.fake.misbehave(faults.status(400, body="bad token", on="pageToken", times=None))

    run = desk.sync()

    assert (run.state, run.restarts) == (RunState.INCOMPLETE, trials.MOST_RESTARTS)


def test_a_refused_question_ends_with_the_registrys_own_words(desk):
    desk.query.query_term = "exosome AND ("
    desk.query.save()

    run = desk.sync()

    assert run.state == RunState.REFUSED
    assert run.message.startswith("Error parsing query in `query.term`")


def test_a_block_is_never_an_empty_answer(desk):
    desk.sync()
    desk.next_day()
    desk.fake.misbehave(faults.status(403, times=None))

    run = desk.sync(full=True)

    assert (run.state, run.missing) == (RunState.BLOCKED, 0)
    assert Trial.objects.filter(presence="present").count() == 10


@pytest.mark.parametrize("when", [1, 2, 3])
@pytest.mark.parametrize("where", ["before the page is stored", "after it is stored"])
def test_a_killed_run_ends_where_an_undisturbed_one_does(desk, when, where):
    met = []

    def dies(**given):
        met.append(1)
        stored = store(**given) if where == "after it is stored" else None
        if len(met) == when:
            raise Killed
        return stored or store(**given)

    with pytest.raises(Killed):
        desk.sync(absorb=dies)
    # What a kill leaves is a run that is still marked as running.
    SyncRun.objects.update(state=RunState.RUNNING, finished=None)
    assert SyncRun.objects.get().pages == when - 1
    assert Trial.objects.count() == 4 * (when - 1)

    run = desk.sync()

    assert run.state == RunState.DONE
    assert counts(run) == {"seen": 10, "new": 10, "changed": 0, "unchanged": 0, "set_aside": 0}
    assert TrialVersion.objects.count() == ChangeEvent.objects.count() == TrialMatch.objects.count() == 10


def test_a_fault_of_ours_ends_the_run_with_its_name_and_is_raised(desk):
    def breaks(**given):
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        desk.sync(absorb=breaks)

    run = SyncRun.objects.get()
    assert (run.state, run.message) == (RunState.INCOMPLETE, "Stopped: ZeroDivisionError: a bug")


def test_a_dead_run_is_swept(desk):
    dead = SyncRun.objects.create(query=desk.query, kind="full", started=desk.clock())
    alone = SyncRun.objects.create(kind="file", started=desk.clock())

    with holding(key_of_query(desk.query)):
        assert [run.pk for run in trials.sweep(clock=desk.clock)] == [alone.pk]
    assert [run.pk for run in trials.sweep(clock=desk.clock)] == [dead.pk]
    assert set(SyncRun.objects.values_list("state", flat=True)) == {RunState.INCOMPLETE}


def test_a_second_caller_is_told_since_when(desk):
    running = SyncRun.objects.create(query=desk.query, kind="full", started=desk.clock())

    with holding(key_of_query(desk.query)):
        answer = desk.sync()

    assert isinstance(answer, trials.Busy)
    assert answer.since == running.started
    assert "already going, since 2026-08-07 14:30 UTC" in str(answer)
    assert not desk.fake.log


def test_a_run_that_another_has_gone_on_with_stores_nothing_more(desk):
    def overtaken(run):
        if run.pages == 1:
            SyncRun.objects.filter(pk=run.pk).update(pages=2)

    run = desk.sync(progress=overtaken)

    assert run.state == RunState.INCOMPLETE
    assert Trial.objects.count() == 4


# --- records that cannot be read ---


def test_an_unreadable_record_is_set_aside_whole_and_its_page_is_stored(desk):
    desk.fake.misbehave(faults.garbled_record("NCT00000004", raw=b'{"protocolSection": {"x": 1}}', times=None))

    run = desk.sync()

    assert run.state == RunState.DONE
    assert counts(run) == {"seen": 9, "new": 9, "changed": 0, "unchanged": 0, "set_aside": 1}
    aside = SetAside.objects.get()
    assert (aside.source, aside.state, aside.run_id) == (desk.query.slug, "waiting", run.pk)


def test_a_record_that_the_database_refuses_is_left_out_alone(desk):
    raw = desk.fake.raw("NCT00000004").replace(b'"count":150', b'"count":9223372036854775807')
    desk.fake.set(raw)

    def absorb(*, records, **rest):
        from django.db import DataError

        if any(record.enrollment_count == 2**63 - 1 for record in records):
            raise DataError("value out of range")
        return store(records=records, **rest)

    run = desk.sync(absorb=absorb)

    assert counts(run) == {"seen": 9, "new": 9, "changed": 0, "unchanged": 0, "set_aside": 1}
    aside = SetAside.objects.get()
    assert (aside.nct_id, aside.reason) == ("NCT00000004", "The database refused it: value out of range")
