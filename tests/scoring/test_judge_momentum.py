"""The momentum table row by row, at its exact limits, and what is deducted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.scoring.support import diagnostic, facts_of, says, stops, therapeutic, therapy, trial
from tracker.terms import Facet, StopClass

TODAY = date(2026, 1, 31)
DAY = timedelta(days=1)


def momentum(found: object, *annotations: object, today: date = TODAY) -> str:
    return diagnostic(found, *annotations, today=today).momentum.value


class TestUnknown:
    @pytest.mark.parametrize(
        "status",
        [
            None,
            "WITHHELD",
            "AVAILABLE",
            "NO_LONGER_AVAILABLE",
            "TEMPORARILY_NOT_AVAILABLE",
            "APPROVED_FOR_MARKETING",
            "A_NEW_ONE",
        ],
    )
    def test_when_the_status_says_nothing(self, status):
        assert momentum(trial(overall_status=status)) == "unknown"


class TestStopped:
    @pytest.mark.parametrize("status", ["TERMINATED", "WITHDRAWN"])
    @pytest.mark.parametrize(
        ("classes", "expected"),
        [
            ([StopClass.SUCCESS], "holding"),
            ([StopClass.SUCCESS, StopClass.ENROLMENT], "holding"),
            ([StopClass.SUCCESS, StopClass.NEGATIVE], "stopped"),
            ([StopClass.SUCCESS, StopClass.SAFETY], "stopped"),
            ([StopClass.BUSINESS], "stopped"),
            ([], "stopped"),
        ],
    )
    def test_for_success_holds_and_otherwise_stops(self, status, classes, expected):
        assert momentum(trial(overall_status=status, why_stopped="x"), *stops(*classes)) == expected

    @pytest.mark.parametrize("against", [StopClass.NEGATIVE, StopClass.SAFETY])
    def test_suspended_for_lack_of_effect_or_harm(self, against):
        assert momentum(trial(overall_status="SUSPENDED", why_stopped="x"), *stops(against)) == "stopped"

    def test_suspended_for_another_reason_only_holds(self):
        assert momentum(trial(overall_status="SUSPENDED", why_stopped="x"), *stops(StopClass.STAFF)) == "holding"

    def test_the_classes_of_reason_are_always_said(self):
        found = diagnostic(trial(overall_status="TERMINATED", why_stopped="x"), *stops(StopClass.BUSINESS))
        assert found.stop_classes == (StopClass.BUSINESS,)
        assert found.reasons["momentum"] == "Terminated: business or funding."


class TestStopClasses:
    @pytest.mark.parametrize("status", ["TERMINATED", "WITHDRAWN", "SUSPENDED"])
    def test_stopped_without_words_is_not_given(self, status):
        assert facts_of(trial(overall_status=status)).stop_classes == (StopClass.NOT_GIVEN,)
        assert facts_of(trial(overall_status=status, why_stopped="  ")).stop_classes == (StopClass.NOT_GIVEN,)

    def test_words_that_no_rule_catches_are_unclear(self):
        assert facts_of(trial(overall_status="TERMINATED", why_stopped="x")).stop_classes == (StopClass.UNCLEAR,)

    def test_words_are_classed_whatever_the_status(self):
        found = facts_of(trial(overall_status="COMPLETED", why_stopped="x"), *stops(StopClass.COVID))
        assert found.stop_classes == (StopClass.COVID,)

    def test_otherwise_there_are_none(self):
        assert facts_of(trial()).stop_classes == ()

    def test_a_class_that_a_person_rejected_does_not_count(self):
        rejected = says(Facet.STOP_REASON, StopClass.NEGATIVE, state="rejected")
        assert facts_of(trial(overall_status="TERMINATED", why_stopped="x"), rejected).stop_classes == (
            StopClass.UNCLEAR,
        )


class TestStalled:
    @pytest.mark.parametrize("last", [None, "RECRUITING", "NOT_YET_RECRUITING"])
    def test_status_unknown(self, last):
        assert momentum(trial(overall_status="UNKNOWN", last_known_status=last)) == "stalled"

    def test_suspended_and_not_verified_for_twelve_months(self):
        # A month counts as its last day: verified 2025-01 is 2025-01-31, twelve months before 2026-01-31.
        found = trial(overall_status="SUSPENDED", status_verified_given="2025-01")
        assert momentum(found) == "stalled"
        assert momentum(found, today=TODAY - DAY) == "holding"

    def test_suspended_without_a_verification_counts_from_the_update(self):
        found = trial(overall_status="SUSPENDED", status_verified_given=None, last_update_post_date=date(2025, 1, 31))
        assert momentum(found) == "stalled"
        assert momentum(found, today=TODAY - DAY) == "holding"

    def test_suspended_without_either_cannot_be_told(self):
        found = trial(
            overall_status="SUSPENDED",
            status_verified_given=None,
            last_update_post_date=None,
            last_update_submit_date=None,
        )
        assert momentum(found) == "holding"

    def test_not_yet_recruiting_six_months_after_its_start(self):
        found = trial(overall_status="NOT_YET_RECRUITING", start_given="2025-07-31")
        assert momentum(found) == "stalled"
        assert momentum(found, today=TODAY - DAY) == "holding"

    def test_six_months_after_the_last_of_august_is_the_last_of_february(self):
        found = trial(overall_status="NOT_YET_RECRUITING", start_given="2025-08")
        assert momentum(found, today=date(2026, 2, 28)) == "stalled"
        assert momentum(found, today=date(2026, 2, 27)) == "holding"

    @pytest.mark.parametrize("status", ["RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING"])
    def test_under_way_twelve_months_after_its_completion(self, status):
        found = trial(overall_status=status, completion_given="2025-01")
        assert momentum(found) == "stalled"
        assert momentum(found, today=TODAY - DAY) == "advancing"

    def test_the_primary_completion_counts_where_there_is_no_other(self):
        assert momentum(trial(completion_given=None, primary_completion_given="2025-01-31")) == "stalled"
        assert momentum(trial(completion_given="2025-02-01", primary_completion_given="2024-01-01")) == "advancing"

    @pytest.mark.parametrize("status", ["RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING"])
    def test_under_way_and_not_verified_for_twenty_four_months(self, status):
        found = trial(overall_status=status, status_verified_given="2024-01")
        assert momentum(found) == "stalled"
        assert momentum(found, today=TODAY - DAY) == "advancing"

    def test_completed_twenty_four_months_ago_and_no_results_known(self):
        found = trial(overall_status="COMPLETED", completion_given="2024-01-31")
        assert momentum(found) == "stalled"
        assert momentum(found, today=TODAY - DAY) == "holding"

    def test_an_absent_results_flag_is_not_known_either(self):
        found = trial(overall_status="COMPLETED", completion_given="2024-01-31", has_results=None)
        assert momentum(found) == "stalled"


class TestAdvancing:
    @pytest.mark.parametrize("status", ["RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING"])
    def test_under_way(self, status):
        assert momentum(trial(overall_status=status)) == "advancing"

    def test_not_yet_recruiting_with_its_start_ahead(self):
        found = trial(overall_status="NOT_YET_RECRUITING", start_given="2026-02-01")
        assert momentum(found) == "advancing"
        assert momentum(found, today=TODAY + DAY) == "holding"

    def test_a_start_within_this_month_is_ahead_until_the_month_is_over(self):
        found = trial(overall_status="NOT_YET_RECRUITING", start_given="2026-01")
        assert momentum(found, today=TODAY - DAY) == "advancing"
        assert momentum(found) == "holding"

    def test_completed_within_twenty_four_months_with_results_known(self):
        found = trial(overall_status="COMPLETED", completion_given="2024-01-31", has_results=True)
        assert momentum(found) == "advancing"
        assert momentum(found, today=TODAY + DAY) == "holding"

    def test_a_result_publication_is_a_known_result(self):
        references = [{"pmid": "1", "type": "RESULT", "citation": "x"}]
        found = trial(overall_status="COMPLETED", completion_given="2025-01-31", references=references)
        assert momentum(found) == "advancing"


class TestHolding:
    def test_completed_lately_without_results(self):
        assert momentum(trial(overall_status="COMPLETED", completion_given="2025-01-31")) == "holding"

    def test_completed_without_a_date(self):
        found = trial(overall_status="COMPLETED", completion_given=None, primary_completion_given=None)
        assert momentum(found) == "holding"

    def test_not_yet_recruiting_without_a_start(self):
        assert momentum(trial(overall_status="NOT_YET_RECRUITING", start_given=None)) == "holding"


def test_reasons_never_name_today():
    first = diagnostic(trial(), today=date(2026, 1, 30))
    later = diagnostic(trial(), today=date(2026, 1, 31))
    assert first.reasons == later.reasons
    assert first.explanation == later.explanation


class TestDeductions:
    @pytest.mark.parametrize("status", ["TERMINATED", "WITHDRAWN", "SUSPENDED"])
    @pytest.mark.parametrize("against", [StopClass.NEGATIVE, StopClass.SAFETY])
    def test_lack_of_effect_or_harm_costs_one_stage(self, status, against):
        result = therapeutic(therapy(overall_status=status, why_stopped="x"), *stops(against))
        assert result.deductions == 10
        assert result.score == 10 * result.stage + result.earned / 10 - 10
        assert result.score_possible == 10 * result.stage_possible + result.possible / 10 - 10
        assert "− 10 (stopped for lack of effect or for harm)" in result.reasons["score"]

    def test_both_cost_it_once(self):
        found = therapy(overall_status="TERMINATED", why_stopped="x")
        assert therapeutic(found, *stops(StopClass.NEGATIVE, StopClass.SAFETY)).deductions == 10

    @pytest.mark.parametrize("other", sorted(set(StopClass) - {StopClass.NEGATIVE, StopClass.SAFETY}))
    def test_no_other_reason_costs_anything(self, other):
        found = therapy(overall_status="TERMINATED", why_stopped="x")
        assert therapeutic(found, *stops(other)).deductions == 0

    @pytest.mark.parametrize("status", ["COMPLETED", "RECRUITING", "UNKNOWN", None])
    def test_a_trial_that_did_not_stop_loses_nothing(self, status):
        found = therapy(overall_status=status, why_stopped="x")
        assert therapeutic(found, *stops(StopClass.NEGATIVE)).deductions == 0
