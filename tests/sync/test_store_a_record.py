"""Versions, their order, and which copy of a record is current."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW, posted, raw_record, trial_record
from tests.records import MISSING, altered, real
from tracker.models import ChangeEvent, Trial, TrialAlias, TrialVersion
from tracker.sources.ctgov_records import read_record
from tracker.sync import columns
from tracker.sync.store import store
from tracker.terms import ChangeKind, Origin, Presence

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
NUMBER = "NCT00000007"


def take(*records, origin=Origin.REGISTRY, at=NOW, **rest):
    return store(records=records, origin=origin, run=None, at=at, **rest)


def kinds():
    return list(ChangeEvent.objects.order_by("id").values_list("kind", flat=True))


def partial(**changes):
    raw = altered(raw_record(NUMBER, **changes), {"derivedSection.miscInfoModule.versionHolder": MISSING})
    return read_record(raw, origin=Origin.FILE)


def from_file(**changes):
    return trial_record(NUMBER, origin=Origin.FILE, **changes)


def test_columns_are_those_of_the_trial_and_of_the_record():
    ours = [
        field.attname for field in Trial._meta.concrete_fields if field.attname in set(trial_record().__struct_fields__)
    ]

    assert list(columns.FACTS) == [name for name in ours if name not in {"origin", "is_partial", "registry_version"}]
    types = {field.attname: field.get_internal_type() for field in Trial._meta.concrete_fields}
    assert {name for name in columns.FACTS if types[name] == "JSONField"} == set(columns.TABLES)
    assert {name for name in columns.FACTS if types[name] == "ArrayField"} == set(columns.TEXT_LISTS)


def test_every_real_record_comes_back_as_it_was_read():
    records = [read_record(raw, origin=Origin.REGISTRY) for raw in real()]

    stored = take(*records)

    assert len(stored.new) == len(records)
    rows = {trial.nct_id: trial for trial in Trial.objects.all()}
    for record in records:
        row = rows[record.nct_id]
        assert {name: getattr(row, name) for name in columns.FACTS} == {
            name: getattr(record, name) for name in columns.FACTS
        }
        assert (row.version_number, row.version_count, row.presence) == (1, 1, "present")
        assert (row.relevance, row.lexicon_version, row.roles) == ("none", "", [])
    for version in TrialVersion.objects.all():
        assert version.record().raw_hash == version.raw_hash


def test_first_sight_is_an_event_and_the_same_state_again_is_nothing():
    take(trial_record(NUMBER))

    again = take(trial_record(NUMBER, derivedSection__miscInfoModule__versionHolder="2026-04-01"), at=LATER)

    assert (len(again.new), len(again.changed), len(again.unchanged)) == (0, 0, 1)
    assert kinds() == [ChangeKind.FIRST_SEEN]
    trial = Trial.objects.get()
    assert (trial.version_count, trial.first_seen, trial.last_changed) == (1, NOW, NOW)


def test_a_change_is_a_version_with_named_differences():
    take(trial_record(NUMBER))

    stored = take(
        trial_record(NUMBER, statusModule__overallStatus="TERMINATED", statusModule__whyStopped="Slow accrual."),
        at=LATER,
    )

    assert [record.nct_id for record in stored.changed] == [NUMBER]
    assert kinds() == [ChangeKind.FIRST_SEEN, ChangeKind.STATUS, ChangeKind.OTHER]
    status = ChangeEvent.objects.get(kind=ChangeKind.STATUS)
    assert (status.before, status.after) == ("RECRUITING", "TERMINATED")
    assert (status.version_before, status.version_after, status.seen) == (1, 2, LATER)
    trial = Trial.objects.get()
    assert (trial.overall_status, trial.version_number, trial.last_changed) == ("TERMINATED", 2, LATER)
    assert trial.first_seen == NOW


def test_a_state_that_returns_is_a_third_version():
    take(trial_record(NUMBER))
    take(trial_record(NUMBER, statusModule__overallStatus="SUSPENDED"))
    take(trial_record(NUMBER))

    trial = Trial.objects.get()
    assert (trial.version_number, trial.version_count, trial.overall_status) == (3, 3, "RECRUITING")
    first, _, third = trial.versions.all()
    assert first.raw_hash == third.raw_hash


def test_several_states_in_one_batch_are_versions_in_their_order():
    stored = take(
        trial_record(NUMBER),
        trial_record(NUMBER, statusModule__overallStatus="SUSPENDED"),
        trial_record(NUMBER, statusModule__overallStatus="COMPLETED"),
    )

    assert [record.overall_status for record in stored.new] == ["COMPLETED"]
    assert [version.record().overall_status for version in TrialVersion.objects.all()] == [
        "RECRUITING",
        "SUSPENDED",
        "COMPLETED",
    ]
    assert kinds() == [ChangeKind.FIRST_SEEN, ChangeKind.STATUS, ChangeKind.STATUS]


def test_an_older_copy_is_kept_and_does_not_become_current():
    take(trial_record(NUMBER, **posted("2026-01-12")))

    older = trial_record(NUMBER, statusModule__overallStatus="NOT_YET_RECRUITING", **posted("2025-06-01"))
    first, second = take(older, at=LATER), take(older, at=LATER)

    assert (len(first.kept), len(second.kept), len(second.unchanged)) == (1, 0, 1)
    trial = Trial.objects.get()
    assert (trial.overall_status, trial.version_number, trial.version_count) == ("RECRUITING", 1, 2)
    assert kinds() == [ChangeKind.FIRST_SEEN]
    assert trial.last_changed == NOW


def test_a_registry_copy_supersedes_a_partial_one_without_news():
    take(partial(statusModule__overallStatus="COMPLETED", **posted("2026-03-01")), origin=Origin.FILE)

    stored = take(trial_record(NUMBER, **posted("2026-01-12")), at=LATER)

    assert len(stored.changed) == 1
    trial = Trial.objects.get()
    assert (trial.origin, trial.is_partial, trial.version_number) == ("registry", False, 2)
    assert kinds() == [ChangeKind.FIRST_SEEN]
    assert trial.last_changed == NOW


def test_a_partial_copy_never_replaces_a_whole_one():
    take(trial_record(NUMBER))

    stored = take(
        partial(statusModule__overallStatus="COMPLETED", **posted("2026-03-01")), origin=Origin.FILE, at=LATER
    )

    assert len(stored.kept) == 1
    trial = Trial.objects.get()
    assert (trial.origin, trial.is_partial, trial.overall_status) == ("registry", False, "RECRUITING")
    assert kinds() == [ChangeKind.FIRST_SEEN]


def test_the_whole_copy_of_a_partial_state_lends_it_its_provenance():
    take(partial(), origin=Origin.FILE)

    stored = take(trial_record(NUMBER), at=LATER)

    assert len(stored.unchanged) == 1
    trial, version = Trial.objects.get(), TrialVersion.objects.get()
    assert (trial.origin, trial.is_partial, trial.registry_version) == (
        "registry",
        False,
        trial_record().registry_version,
    )
    assert (version.origin, version.is_partial) == ("registry", False)
    assert version.record().registry_version == trial_record().registry_version


def test_a_file_of_the_same_day_does_not_displace_the_registry():
    take(trial_record(NUMBER))

    same_day = from_file(statusModule__overallStatus="COMPLETED")
    assert len(take(same_day, origin=Origin.FILE).kept) == 1

    later = from_file(statusModule__overallStatus="COMPLETED", **posted("2027-01-01"))
    assert len(take(later, origin=Origin.FILE).changed) == 1


def test_a_replayed_record_needs_a_later_state():
    take(trial_record(NUMBER))

    assert len(take(trial_record(NUMBER, statusModule__overallStatus="SUSPENDED"), is_live=False).kept) == 1


def test_what_people_and_rules_wrote_stays_through_an_update():
    take(trial_record(NUMBER))
    Trial.objects.update(
        relevance="about",
        relevance_by="person",
        relevance_words=[{"field": "brief_title"}],
        lexicon_version="2026-1",
        track="diagnostic",
        stage=3,
        stage_possible=4,
        score="12.5",
        score_possible="20",
        roles=["diagnosis"],
    )

    take(trial_record(NUMBER, statusModule__overallStatus="COMPLETED"))

    trial = Trial.objects.get()
    assert (trial.relevance, trial.relevance_by, trial.lexicon_version) == ("about", "person", "2026-1")
    assert (trial.track, trial.stage, float(trial.score), trial.roles) == ("diagnostic", 3, 12.5, ["diagnosis"])
    assert trial.relevance_words == [{"field": "brief_title"}]


def test_a_reader_finds_a_trial_by_its_words_and_its_number():
    take(trial_record(NUMBER, descriptionModule__briefSummary="Circulating exosomes were sequenced."))

    assert Trial.objects.matching("exosome sequencing").get().nct_id == NUMBER
    assert Trial.objects.matching("nct0000").get().nct_id == NUMBER
    assert not Trial.objects.matching("mesothelioma").exists()


def test_two_numbers_lead_to_one_trial_and_nothing_is_deleted():
    take(trial_record("NCT00000001"))
    take(trial_record("NCT00000002", identificationModule__nctIdAliases=["NCT00000001"]), at=LATER)

    assert TrialAlias.objects.get().trial_id == "NCT00000002"
    old = Trial.objects.get(pk="NCT00000001")
    assert (old.presence, old.versions.count()) == (Presence.FOLDED, 1)
    assert [trial.nct_id for trial in Trial.objects.standing()] == ["NCT00000002"]
    assert Trial.objects.called("NCT00000001").nct_id == "NCT00000002"
    event = ChangeEvent.objects.get(kind=ChangeKind.ALIAS)
    assert (event.trial_id, event.before, event.after) == ("NCT00000001", "NCT00000001", "NCT00000002")


def test_an_old_file_of_a_folded_number_stays_folded():
    take(trial_record("NCT00000002", identificationModule__nctIdAliases=["NCT00000001"]))
    take(trial_record("NCT00000001", origin=Origin.FILE), origin=Origin.FILE)

    assert Trial.objects.get(pk="NCT00000001").presence == Presence.FOLDED
    assert Trial.objects.called("NCT00000001").nct_id == "NCT00000002"


def test_a_number_folded_twice_leads_to_the_last():
    take(trial_record("NCT00000002", identificationModule__nctIdAliases=["NCT00000001"]))
    take(trial_record("NCT00000003", identificationModule__nctIdAliases=["NCT00000002"]))

    assert Trial.objects.called("NCT00000001").nct_id == "NCT00000003"
    assert Trial.objects.called("NCT00000002").nct_id == "NCT00000003"
    assert [trial.nct_id for trial in Trial.objects.standing()] == ["NCT00000003"]


@pytest.mark.parametrize("how", ["new", "changed", "unchanged", "kept"])
def test_the_number_of_statements_does_not_grow_with_the_batch(how):
    changes = {"changed": {"statusModule__overallStatus": "COMPLETED"}, "kept": posted("2001-01-01")}.get(how, {})

    def statements(first, many):
        numbers = [f"NCT{first + number:08d}" for number in range(many)]
        if how != "new":
            take(*(trial_record(number) for number in numbers))
        records = [trial_record(number, **changes) for number in numbers]
        with CaptureQueriesContext(connection) as caught:
            stored = take(*records)
        assert len(getattr(stored, how)) == many
        return len(caught)

    assert statements(100, 2) == statements(200, 12)
