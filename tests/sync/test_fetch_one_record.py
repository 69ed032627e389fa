"""One record by its number, a replay, and the registry's description of itself."""

from __future__ import annotations

import pytest

from tests.factories import posted, raw_record, trial_record
from tests.fakes import faults
from tests.sync.pulling import QUICK, Clock, Desk, numbers, registry_of
from tracker.models import ChangeEvent, RegistryDescription, SetAside, Trial, TrialAlias
from tracker.pipeline import absorb_studies
from tracker.sources.clinicaltrials import Registry, Unavailable
from tracker.sources.ctgov_records import Unreadable
from tracker.sync.description import describe
from tracker.sync.single import fetch_one, replay
from tracker.sync.store import set_aside, store
from tracker.terms import ChangeKind, Origin, Presence, RunKind, RunState, SetAsideState

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake():
    with registry_of(numbers(1, 3)) as registry:
        yield registry


def fetch(fake, nct_id):
    with Registry(fake.url, "tests", 0, patience=QUICK) as registry:
        return fetch_one(nct_id=nct_id, registry=registry, absorb=store, clock=Clock())


def test_a_record_is_fetched_and_stored(fake):
    first, second = fetch(fake, "NCT00000001"), fetch(fake, "NCT00000001")

    assert (first.kind, first.state, first.new, first.requests) == (RunKind.SINGLE, RunState.DONE, 1, 1)
    assert first.message == "NCT00000001 is stored for the first time."
    assert second.message == "NCT00000001 is as it was stored."


def test_a_folded_number_brings_the_record_it_leads_to(fake):
    fetch(fake, "NCT00000001")
    fake.alias("NCT00000001", "NCT00000002")

    run = fetch(fake, "NCT00000001")

    assert run.message == "NCT00000001 is now NCT00000002."
    assert TrialAlias.objects.get(alias="NCT00000001").trial_id == "NCT00000002"
    assert Trial.objects.get(pk="NCT00000001").presence == Presence.FOLDED


def test_a_number_that_the_registry_does_not_know_marks_nothing(fake):
    fetch(fake, "NCT00000001")
    fake.remove("NCT00000001")

    run = fetch(fake, "NCT00000001")

    assert (run.state, run.message) == (RunState.DONE, "The registry has no record of NCT00000001 (404).")
    assert Trial.objects.get().presence == Presence.PRESENT


def test_a_record_that_was_gone_is_back(fake):
    fetch(fake, "NCT00000001")
    Trial.objects.update(presence=Presence.GONE)

    fetch(fake, "NCT00000001")

    assert Trial.objects.get().presence == Presence.PRESENT
    assert ChangeEvent.objects.filter(kind=ChangeKind.BACK).count() == 1


@pytest.mark.parametrize(
    ("code", "state"), [(403, RunState.BLOCKED), (503, RunState.INCOMPLETE), (400, RunState.REFUSED)]
)
def test_a_registry_that_does_not_answer_is_named(fake, code, state):
    fake.misbehave(faults.status(code, body="its own words", times=None))

    run = fetch(fake, "NCT00000001")

    assert run.state == state
    assert "its own words" in run.message
    assert not Trial.objects.exists()


def test_a_record_that_cannot_be_read_is_set_aside(fake):
    fake.misbehave(faults.status(200, body='{"protocolSection": {}}', times=None))

    assert fetch(fake, "NCT00000001").message == "NCT00000001 came and could not be read; it was set aside."
    assert SetAside.objects.get().source == "asked for NCT00000001"


# --- replay ---


def put_aside(raw, reason="It cannot be read."):
    error = Unreadable(nct_id="", reason=reason, raw=raw)
    set_aside(unreadable=[("a-query", error)], origin=Origin.REGISTRY, run=None, at=Clock()())
    return SetAside.objects.get()


def test_a_record_is_replayed_once_after_a_fix():
    aside = put_aside(raw_record("NCT00000001"))

    assert replay(aside=aside, absorb=store, absorb_studies=absorb_studies, at=Clock()()) == ""

    aside.refresh_from_db()
    assert (aside.state, aside.nct_id, aside.replayed is not None) == (SetAsideState.REPLAYED, "NCT00000001", True)
    assert Trial.objects.get().version_count == 1
    assert replay(aside=aside, absorb=store, absorb_studies=absorb_studies, at=Clock()()) == ""
    assert Trial.objects.get().version_count == 1


def test_a_record_that_still_cannot_be_read_waits_with_the_new_reason():
    aside = put_aside(b'{"protocolSection": {}}')

    reason = replay(aside=aside, absorb=store, absorb_studies=absorb_studies, at=Clock()())

    aside.refresh_from_db()
    assert reason == aside.reason
    assert "is missing; a number is NCT" in reason
    assert aside.state == SetAsideState.WAITING


def test_a_replayed_record_does_not_displace_a_newer_one():
    store(records=[trial_record("NCT00000001")], origin=Origin.REGISTRY, run=None, at=Clock()())
    aside = put_aside(raw_record("NCT00000001", statusModule__overallStatus="SUSPENDED", **posted("2024-01-01")))

    replay(aside=aside, absorb=store, absorb_studies=absorb_studies, at=Clock()())

    trial = Trial.objects.get()
    assert (trial.overall_status, trial.version_count, trial.version_number) == ("RECRUITING", 2, 1)


def test_a_record_that_is_set_aside_again_waits_again():
    aside = put_aside(raw_record("NCT00000001"))
    replay(aside=aside, absorb=store, absorb_studies=absorb_studies, at=Clock()())

    put_aside(raw_record("NCT00000001"))

    aside.refresh_from_db()
    assert (aside.state, aside.replayed) == (SetAsideState.WAITING, None)


# --- the registry's description ---


def look(fake, at):
    with Registry(fake.url, "tests", 0, patience=QUICK) as registry:
        return describe(registry=registry, at=at)


def test_a_changed_description_is_a_notice_with_its_lines(fake):
    clock = Clock()
    assert look(fake, clock()) == []
    assert look(fake, clock()) == []
    fake.describe(lambda fields: fields[0]["children"].append({"name": "newModule", "type": "NewModule"}))

    (changed,) = look(fake, clock())

    assert (changed.endpoint, changed.is_noticed) == ("metadata", False)
    assert any("newModule: new" in line for line in changed.difference)
    assert RegistryDescription.objects.filter(is_noticed=False).count() == 1
    changed.mark_as_read()
    assert not RegistryDescription.objects.filter(is_noticed=False).exists()


def test_a_description_that_returns_is_a_notice_again(fake):
    clock = Clock()
    look(fake, clock())
    fake.describe(lambda fields: fields[0]["children"].append({"name": "newModule", "type": "NewModule"}))
    look(fake, clock())
    fake.describe(lambda fields: fields[0]["children"].pop())

    (changed,) = look(fake, clock())

    assert changed.difference == [f"{changed.difference[0].split(':')[0]}: gone"]
    assert RegistryDescription.objects.filter(endpoint="metadata").count() == 2
    assert look(fake, clock()) == []


def test_a_description_out_of_reach_is_raised(fake):
    fake.misbehave(faults.status(503, times=None, on="metadata"))

    with pytest.raises(Unavailable):
        look(fake, Clock()())


def test_the_desk_and_the_button_agree(fake):
    from tests.factories import QueryFactory

    Desk(fake, QueryFactory()).sync()

    assert fetch(fake, "NCT00000002").message == "NCT00000002 is as it was stored."
