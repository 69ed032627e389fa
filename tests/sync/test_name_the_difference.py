"""Neighbouring versions → named differences with before and after."""

from __future__ import annotations

import pytest

from tests.factories import posted, trial_record
from tests.records import MISSING, real
from tracker.dates import PartialDate
from tracker.sources.ctgov_records import read_record
from tracker.sync.differences import between, days_between
from tracker.terms import ChangeKind, Origin

NUMBER = "NCT00000007"


def differences(**changes):
    return between(trial_record(NUMBER), trial_record(NUMBER, **changes))


def only(**changes):
    (difference,) = differences(**changes)
    return difference


def test_no_record_differs_from_itself():
    for raw in real():
        record = read_record(raw, origin=Origin.REGISTRY)
        assert between(record, record) == []


def test_status():
    assert only(statusModule__overallStatus="COMPLETED")[:4] == (
        ChangeKind.STATUS,
        "overall_status",
        "RECRUITING",
        "COMPLETED",
    )


def test_enrolment_tells_number_and_kind_together():
    found = only(designModule__enrollmentInfo={"count": 12, "type": "ACTUAL"})

    assert found.kind is ChangeKind.ENROLMENT
    assert found.before == {"count": 150, "type": "ESTIMATED"}
    assert found.after == {"count": 12, "type": "ACTUAL"}


def test_a_date_slips_by_days():
    found = only(statusModule__completionDateStruct={"date": "2027-05-31", "type": "ESTIMATED"})

    assert (found.kind, found.field, found.days) == (ChangeKind.DATE_SLIPPED, "completion_given", 31)
    assert found.before == {"date": "2027-04-30", "type": "ESTIMATED"}
    assert found.after == {"date": "2027-05-31", "type": "ESTIMATED"}


def test_a_date_that_moves_and_becomes_actual_is_one_difference():
    found = only(statusModule__completionDateStruct={"date": "2027-04-01", "type": "ACTUAL"})

    assert (found.days, found.after["type"]) == (-29, "ACTUAL")


def test_a_date_that_only_loses_its_day_has_not_moved():
    found = only(statusModule__completionDateStruct__date="2027-04")

    assert found.kind is ChangeKind.OTHER
    assert found.after == {"completion_given": "2027-04"}


def test_a_date_given_for_the_first_time_has_not_moved():
    before = trial_record(NUMBER, statusModule__completionDateStruct=MISSING)

    (found,) = between(before, trial_record(NUMBER))

    assert found.kind is ChangeKind.OTHER
    assert found.before == {"completion_given": None, "completion_type": None}


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        ("2024-01-31", "2024-03-01", 30),
        ("2024-03", "2024-06", 92),
        ("2024-06", "2024-03", -92),
        ("2024-03-31", "2024-04", 31),
        ("2024-03-15", "2024-03", 0),
        ("2024", "2025-07", 366),
        ("2024-02-29", "2024-02-29", 0),
    ],
)
def test_partial_dates_are_counted_at_the_coarser_precision(before, after, days):
    first, last = PartialDate.read(before), PartialDate.read(after)

    assert days_between(first, last) == days
    assert days_between(last, first) == -days


def test_primary_outcome_changed_and_merely_reordered():
    one, two = {"measure": "ORR", "timeFrame": "2 years"}, {"measure": "PFS", "timeFrame": "2 years"}
    before = trial_record(NUMBER, outcomesModule__primaryOutcomes=[one, two])
    swapped = trial_record(NUMBER, outcomesModule__primaryOutcomes=[two, one])
    changed = trial_record(NUMBER, outcomesModule__primaryOutcomes=[one, {**two, "timeFrame": "1 year"}])

    assert [d.kind for d in between(before, changed)] == [ChangeKind.PRIMARY_OUTCOME]
    assert between(before, changed)[0].after[1] == {"measure": "PFS", "time_frame": "1 year"}
    assert [d.kind for d in between(before, swapped)] == [ChangeKind.OTHER]


def test_phase():
    found = only(designModule__phases=["PHASE2"])

    assert (found.kind, found.after) == (ChangeKind.PHASE, ["PHASE2"])


def test_sites_added_and_removed():
    site = {"facility": "Royal Marsden", "city": "London", "country": "United Kingdom"}
    before = trial_record(NUMBER)

    found = only(contactsLocationsModule__locations__0=site)

    assert found.kind is ChangeKind.SITES
    assert found.before == {"count": len(before.sites), "removed": [before.sites[0]]}
    assert found.after["count"] == len(before.sites)
    assert [added["facility"] for added in found.after["added"]] == ["Royal Marsden"]


def test_two_sites_of_one_name_are_two():
    site = {"facility": "Research Site", "city": "Boston", "country": "United States"}
    before = trial_record(NUMBER, contactsLocationsModule__locations=[site, site])
    after = trial_record(NUMBER, contactsLocationsModule__locations=[site])

    (found,) = between(before, after)

    assert len(found.before["removed"]) == 1
    assert found.after == {"count": 1, "added": []}


def test_results_posted():
    found = only(hasResults=True, statusModule__resultsFirstPostDateStruct={"date": "2026-03-01", "type": "ACTUAL"})

    assert found[:4] == (ChangeKind.RESULTS_POSTED, "has_results", None, "2026-03-01")


def test_results_withdrawn_are_no_posting():
    before = trial_record(NUMBER, hasResults=True)

    (found,) = between(before, trial_record(NUMBER))

    assert (found.kind, found.before, found.after) == (ChangeKind.OTHER, {"has_results": True}, {"has_results": False})


def test_titles_are_told_one_by_one():
    found = differences(identificationModule__briefTitle="A", identificationModule__officialTitle="B")

    assert [(d.kind, d.field, d.after) for d in found] == [
        (ChangeKind.TITLE, "brief_title", "A"),
        (ChangeKind.TITLE, "official_title", "B"),
    ]


def test_other_names_the_fields_and_only_names_long_texts():
    found = only(
        conditionsModule__conditions=["NSCLC"],
        descriptionModule__briefSummary="Another summary.",
        armsInterventionsModule__interventions__0__description="Another description.",
    )

    assert found.kind is ChangeKind.OTHER
    assert found.after == {"conditions": ["NSCLC"], "brief_summary": None, "interventions.description": None}


def test_an_update_without_news_is_named_by_its_dates():
    found = only(**posted("2026-04-01"), statusModule__statusVerifiedDate="2026-04")

    assert found.kind is ChangeKind.OTHER
    assert found.after == {"status_verified_given": "2026-04", "last_update_post_date": "2026-04-01"}


def test_an_update_with_news_does_not_mention_its_dates():
    assert [d.kind for d in differences(statusModule__overallStatus="COMPLETED", **posted("2026-04-01"))] == [
        ChangeKind.STATUS
    ]


def test_what_no_column_holds_is_named_by_its_module():
    found = only(resultsSection__adverseEventsModule={"timeFrame": "1 year"})

    assert found.after == {"resultsSection.adverseEventsModule": None}
