"""Whatever happens on the way (kills, outages, refreshes, old files, partial copies), the end is the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import QueryFactory
from tests.fakes import faults
from tests.records import MISSING, altered
from tests.sync.pulling import Desk, numbers, registry_of
from tracker.models import ChangeEvent, RegistryQuery, SyncRun, Trial, TrialMatch, TrialVersion
from tracker.sources.ctgov_records import read_record
from tracker.sync import columns
from tracker.sync.store import store
from tracker.terms import ChangeKind, Origin, Presence, RunState

IDS = numbers(1, 5)
STATUSES = ("RECRUITING", "SUSPENDED", "COMPLETED")

ids = st.sampled_from(IDS)
ACTS = st.one_of(
    st.tuples(st.just("change"), ids, st.sampled_from(STATUSES)),
    st.tuples(st.just("change without a date"), ids, st.sampled_from(STATUSES)),
    st.tuples(st.just("vanish"), ids, st.none()),
    st.tuples(st.just("come back"), ids, st.none()),
    st.tuples(st.just("refresh"), st.none(), st.none()),
    st.tuples(st.just("sync"), st.none(), st.booleans()),
    st.tuples(st.just("kill before storing"), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("kill after storing"), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("outage"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("refresh under way"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("keep a copy"), ids, st.none()),
    st.tuples(st.just("import the copy"), ids, st.booleans()),
)


class Killed(BaseException):
    pass


class Rolled(Exception):
    """Ends an example and takes back what it stored."""


class Story:
    """One example: a registry, somebody who asks it, and copies lying about."""

    def __init__(self, fake):
        self.fake = fake
        self.desk = Desk(fake, QueryFactory(), page_size=2)
        self.shelf = {nct_id: fake.raw(nct_id) for nct_id in IDS}
        self.copies = dict(self.shelf)

    def act(self, name, what, how):
        getattr(self, name.replace(" ", "_"))(what, how)

    def change(self, nct_id, status):
        if nct_id in self.fake.numbers:
            self.fake.advance()
            self.desk.clock.pass_days(1)
            self.fake.change(nct_id, {"protocolSection.statusModule.overallStatus": status})

    def change_without_a_date(self, nct_id, status):
        if nct_id in self.fake.numbers:
            self.fake.advance()
            self.desk.clock.pass_days(1)
            self.fake.set(altered(self.fake.raw(nct_id), {"protocolSection.statusModule.overallStatus": status}))

    def vanish(self, nct_id, _):
        if nct_id in self.fake.numbers and len(self.fake.numbers) > 1:
            self.shelf[nct_id] = self.fake.raw(nct_id)
            self.fake.remove(nct_id)

    def come_back(self, nct_id, _):
        if nct_id not in self.fake.numbers:
            self.fake.set(self.shelf[nct_id])

    def refresh(self, *_):
        self.fake.advance()
        self.desk.clock.pass_days(1)

    def sync(self, _, full):
        self.desk.sync(full=full)

    def _killed(self, when, full, *, after):
        calls = []

        def dies(**given):
            calls.append(1)
            if len(calls) == when and not after:
                raise Killed
            stored = store(**given)
            if len(calls) == when:
                raise Killed
            return stored

        try:
            self.desk.sync(full=full, absorb=dies)
        except Killed:
            SyncRun.objects.filter(state=RunState.INCOMPLETE).update(state=RunState.RUNNING, finished=None)

    def kill_before_storing(self, when, full):
        self._killed(when, full, after=False)

    def kill_after_storing(self, when, full):
        self._killed(when, full, after=True)

    def outage(self, pages, full):
        self.fake.misbehave(faults.stops_after_pages(pages, on=r"^/studies"))
        self.desk.sync(full=full)
        self.fake.behave()

    def refresh_under_way(self, page, full):
        def progress(run):
            if run.pages == page and not run.restarts:
                self.fake.advance()

        self.desk.sync(full=full, progress=progress)

    def keep_a_copy(self, nct_id, _):
        if nct_id in self.fake.numbers:
            self.copies[nct_id] = self.fake.raw(nct_id)

    def import_the_copy(self, nct_id, is_partial):
        holder = MISSING if is_partial else "2026-01-01"
        raw = altered(self.copies[nct_id], {"derivedSection.miscInfoModule.versionHolder": holder})
        record = read_record(raw, origin=Origin.FILE)
        store(records=[record], origin=Origin.FILE, run=None, at=self.desk.clock())

    def settle(self):
        """Two calm whole pulls: the second is what tells a vanished record from a lapse."""
        self.refresh()
        assert self.desk.sync(full=True).state == RunState.DONE
        assert self.desk.sync(full=True).state == RunState.DONE


def current():
    """What readers see of the trials that the registry has."""
    return {
        row.pop("nct_id"): row
        for row in Trial.objects.filter(presence=Presence.PRESENT).values(
            *columns.FACTS, "origin", "is_partial", "search"
        )
        if TrialMatch.objects.filter(trial=row["nct_id"]).exists()
    }


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(ACTS, max_size=9))
def test_any_story_ends_where_an_undisturbed_pull_does(acts):
    with registry_of(IDS) as fake, suppress(Rolled), transaction.atomic():
        story = Story(fake)
        for name, what, how in acts:
            story.act(name, what, how)
        story.settle()

        found = current()
        check_the_books()
        gone = set(Trial.objects.filter(presence=Presence.GONE).values_list("nct_id", flat=True))
        matched = set(TrialMatch.objects.values_list("trial_id", flat=True))
        assert matched - set(fake.numbers) == gone

        forget_everything()
        calm = Desk(fake, QueryFactory(), page_size=2)
        assert calm.sync().state == RunState.DONE
        assert found == current()
        assert set(found) == set(fake.numbers)
        raise Rolled


def check_the_books():
    """Versions are numbered without gaps, the current one is what the columns say, first sight is told once."""
    for trial in Trial.objects.prefetch_related("versions"):
        versions = list(trial.versions.all())
        assert [version.number for version in versions] == list(range(1, trial.version_count + 1))
        record = versions[trial.version_number - 1].record()
        assert record.overall_status == trial.overall_status
        whole = [version for version in versions if not version.is_partial]
        assert trial.is_partial == (not whole)
        first = ChangeEvent.objects.filter(trial=trial, kind=ChangeKind.FIRST_SEEN)
        assert first.count() == 1
    partial = {(version.trial_id, version.number) for version in TrialVersion.objects.filter(is_partial=True)}
    for event in ChangeEvent.objects.exclude(version_before=None):
        assert not {(event.trial_id, event.version_before), (event.trial_id, event.version_after)} & partial


def forget_everything():
    for model in (ChangeEvent, TrialMatch, TrialVersion, Trial, SyncRun, RegistryQuery):
        model.objects.all().delete()
