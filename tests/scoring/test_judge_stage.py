"""Each sentence of "From a registry record to a stage", from both sides."""

from __future__ import annotations

import pytest

from tests.scoring.support import (
    MEASURED,
    PRODUCT,
    RUBRIC,
    diagnostic,
    facts_of,
    reads,
    stage,
    test_trial,
    therapeutic,
    therapy,
    trial,
    verdict,
)
from tracker.scoring.engine import score_trial
from tracker.scoring.rubric import CURRENT, load
from tracker.scoring.stages import lowered
from tracker.terms import Reading, Relevance, Step, Track

SITES = [
    {"facility": "A", "city": "Dijon", "country": "France"},
    {"facility": "B", "city": "Lyon", "country": "France"},
    {"facility": "C", "city": "Seoul", "country": "Korea, Republic of"},
]


class TestTrack:
    @pytest.mark.parametrize("reading", [Reading.EV_PRODUCT, Reading.EV_CARRIER, Reading.EV_TARGET])
    @pytest.mark.parametrize("purpose", ["TREATMENT", "PREVENTION", "SUPPORTIVE_CARE"])
    def test_is_therapeutic_when_an_intervention_is_delivers_by_or_acts_on_vesicles(self, reading, purpose):
        found = verdict(therapy(primary_purpose=purpose), *reads(reading))
        assert [one.track for one in found.maturities] == [Track.THERAPEUTIC]

    def test_is_not_therapeutic_for_another_purpose(self):
        found = verdict(therapy(primary_purpose="DIAGNOSTIC"), *PRODUCT)
        assert found.maturities == ()
        assert "neither track" in found.none_because

    def test_an_absent_purpose_counts_as_treatment(self):
        assert stage(therapeutic(therapy(primary_purpose=None))) == (7, 7)

    def test_therapeutic_needs_an_interventional_study(self):
        assert verdict(trial(), *PRODUCT).maturities == ()

    def test_is_diagnostic_when_vesicles_are_measured(self):
        assert [one.track for one in verdict(trial(), *MEASURED).maturities] == [Track.DIAGNOSTIC]

    def test_both_possible_scores_both_and_shows_the_higher_first(self):
        low = verdict(therapy(phases=["PHASE1"], enrollment_count=40), *PRODUCT, *MEASURED)
        assert [(one.track, one.stage) for one in low.maturities] == [(Track.THERAPEUTIC, 6), (Track.DIAGNOSTIC, 4)]
        high = verdict(
            therapy(phases=["PHASE1"], enrollment_count=400, overall_status="COMPLETED", has_results=True),
            *PRODUCT,
            *MEASURED,
        )
        assert [(one.track, one.stage) for one in high.maturities] == [(Track.DIAGNOSTIC, 7), (Track.THERAPEUTIC, 6)]

    @pytest.mark.parametrize(
        ("relevance", "words"), [(Relevance.MENTION, "but is not about them"), (Relevance.NONE, "not about")]
    )
    def test_a_mention_has_no_stage(self, relevance, words):
        found = score_trial(
            facts_of(trial(), *MEASURED, relevance=relevance), rubric=load(CURRENT), today=trial().first_submit_date
        )
        assert found.maturities == ()
        assert words in found.none_because

    def test_expanded_access_has_no_stage(self):
        found = verdict(therapy(study_type="EXPANDED_ACCESS", overall_status="AVAILABLE"), *PRODUCT, *MEASURED)
        assert found.maturities == ()
        assert "Expanded access" in found.none_because


class TestTherapy:
    @pytest.mark.parametrize(
        ("phases", "expected"),
        [
            (["EARLY_PHASE1"], 6),
            (["PHASE1"], 6),
            (["PHASE1", "PHASE2"], 7),
            (["PHASE2"], 7),
            (["PHASE2", "PHASE3"], 8),
            (["PHASE3"], 8),
            (["PHASE4"], 9),
            (["NA"], 6),
        ],
    )
    def test_stands_at_its_highest_phase(self, phases, expected):
        assert stage(therapeutic(therapy(phases=phases))) == (expected, expected)

    @pytest.mark.parametrize("status", ["NOT_YET_RECRUITING", "WITHDRAWN"])
    @pytest.mark.parametrize(("phase", "expected"), [("PHASE1", 5), ("PHASE2", 6), ("PHASE3", 7), ("PHASE4", 8)])
    def test_planned_stands_one_lower_and_its_possible_stage_is_its_earned_one(self, status, phase, expected):
        assert stage(therapeutic(therapy(phases=[phase], overall_status=status))) == (expected, expected)

    def test_planned_never_stands_under_five(self):
        assert stage(therapeutic(therapy(phases=["NA"], overall_status="NOT_YET_RECRUITING"))) == (5, 5)
        assert lowered(5, RUBRIC.limits) == 5, "were a phase ever given stage 5"

    def test_absent_phases_earn_six_and_may_be_nine(self):
        assert stage(therapeutic(therapy(phases=None))) == (6, 9)
        assert stage(therapeutic(therapy(phases=[]))) == (6, 9)

    def test_absent_phases_of_a_planned_therapy_count_one_lower(self):
        assert stage(therapeutic(therapy(phases=None, overall_status="NOT_YET_RECRUITING"))) == (5, 8)

    def test_a_phase_outside_the_enum_is_not_reported(self):
        assert stage(therapeutic(therapy(phases=["PHASE7"]))) == (6, 9)

    def test_an_absent_status_may_be_planned_or_started(self):
        assert stage(therapeutic(therapy(overall_status=None))) == (6, 7)

    @pytest.mark.parametrize("status", ["WITHHELD", "AVAILABLE", "APPROVED_FOR_MARKETING", "SOMETHING_NEW"])
    def test_a_withheld_expanded_or_unknown_word_of_status_is_read_as_absent(self, status):
        assert stage(therapeutic(therapy(overall_status=status))) == (6, 7)

    def test_unknown_last_known_as_not_yet_recruiting_is_planned(self):
        planned = therapy(overall_status="UNKNOWN", last_known_status="NOT_YET_RECRUITING")
        assert stage(therapeutic(planned)) == (6, 6)

    @pytest.mark.parametrize("last", [None, "RECRUITING", "ACTIVE_NOT_RECRUITING"])
    def test_unknown_otherwise_has_started(self, last):
        assert stage(therapeutic(therapy(overall_status="UNKNOWN", last_known_status=last))) == (7, 7)

    def test_an_absent_study_type_changes_nothing_since_only_one_type_has_a_stage_here(self):
        assert stage(therapeutic(therapy(study_type=None))) == (7, 7)


class TestObservational:
    @pytest.mark.parametrize("perspective", ["RETROSPECTIVE", "CROSS_SECTIONAL"])
    @pytest.mark.parametrize(("people", "expected"), [(99, 2), (100, 3)])
    def test_looking_back_stands_at_two_or_three(self, perspective, people, expected):
        found = trial(time_perspective=perspective, enrollment_count=people)
        assert stage(diagnostic(found)) == (expected, expected)

    def test_case_control_stands_there_whatever_its_perspective(self):
        assert stage(diagnostic(trial(observational_model="CASE_CONTROL"))) == (3, 3)

    def test_groups_read_as_case_control_count_whatever_the_model_says(self):
        assert stage(diagnostic(trial(observational_model="COHORT"), *reads(Reading.CASE_CONTROL_GROUPS))) == (3, 3)

    def test_people_under_suspicion_are_not_case_control(self):
        assert stage(diagnostic(trial(), *reads(Reading.SUSPECTED_POPULATION))) == (6, 6)

    def test_three_sites_in_two_countries_with_enough_people_stand_at_five(self):
        found = trial(time_perspective="RETROSPECTIVE", sites=SITES)
        assert stage(diagnostic(found)) == (5, 5)

    @pytest.mark.parametrize(
        "changes",
        [
            {"enrollment_count": 99},
            {"sites": SITES[:2]},
            {"sites": [{**site, "country": "France"} for site in SITES]},
        ],
    )
    def test_too_few_people_sites_or_countries_do_not(self, changes):
        found = trial(**{"time_perspective": "RETROSPECTIVE", "sites": SITES, **changes})
        assert diagnostic(found).stage_possible < 5

    def test_a_stated_blinded_multicentre_validation_stands_at_five(self):
        found = trial(time_perspective="RETROSPECTIVE")
        assert stage(diagnostic(found, *reads(Reading.BLINDED_MULTICENTRE))) == (5, 5)
        assert stage(diagnostic(found)) == (3, 3), "silence of the text widens nothing"
        few = trial(time_perspective="RETROSPECTIVE", enrollment_count=99)
        assert stage(diagnostic(few, *reads(Reading.BLINDED_MULTICENTRE))) == (2, 2)

    @pytest.mark.parametrize(("people", "expected"), [(99, 4), (100, 6)])
    def test_prospective_stands_at_four_or_six(self, people, expected):
        assert stage(diagnostic(trial(enrollment_count=people))) == (expected, expected)

    @pytest.mark.parametrize(
        "known", [{"has_results": True}, {"references": [{"pmid": "1", "type": "RESULT", "citation": "x"}]}]
    )
    def test_completed_with_results_or_a_result_publication_stands_at_seven(self, known):
        assert stage(diagnostic(trial(overall_status="COMPLETED", **known))) == (7, 7)

    @pytest.mark.parametrize("results", [False, None])
    def test_completed_without_them_may_be_seven(self, results):
        assert stage(diagnostic(trial(overall_status="COMPLETED", has_results=results))) == (6, 7)

    def test_other_references_are_no_result_publication(self):
        references = [{"pmid": "1", "type": kind, "citation": "x"} for kind in ("BACKGROUND", "DERIVED")]
        assert stage(diagnostic(trial(overall_status="COMPLETED", references=references))) == (6, 7)

    def test_results_without_completion_or_without_people_do_not_make_seven(self):
        assert stage(diagnostic(trial(has_results=True))) == (6, 6)
        assert stage(diagnostic(trial(overall_status="TERMINATED", has_results=True))) == (6, 6)
        small = trial(overall_status="COMPLETED", has_results=True, enrollment_count=99)
        assert stage(diagnostic(small)) == (4, 4)

    @pytest.mark.parametrize("perspective", [None, "OTHER", "SIDEWAYS"])
    def test_an_absent_or_other_perspective_may_be_any(self, perspective):
        assert stage(diagnostic(trial(time_perspective=perspective))) == (3, 6)

    def test_an_absent_model_may_be_case_control(self):
        assert stage(diagnostic(trial(observational_model=None))) == (3, 6)

    def test_an_absent_model_changes_nothing_where_the_groups_are_read_as_case_control(self):
        assert stage(diagnostic(trial(observational_model=None), *reads(Reading.CASE_CONTROL_GROUPS))) == (3, 3)

    def test_absent_people_may_be_any_number(self):
        assert stage(diagnostic(trial(enrollment_count=None))) == (4, 6)
        assert stage(diagnostic(trial(enrollment_count=None, overall_status="COMPLETED"))) == (4, 7)

    def test_absent_sites_may_be_many(self):
        assert stage(diagnostic(trial(time_perspective="RETROSPECTIVE", sites=None))) == (3, 5)

    def test_a_site_that_lacks_a_part_may_be_another(self):
        # Two whole sites in two countries and one without its facility: three sites are possible, two are sure.
        sites = [SITES[0], SITES[2], {"facility": None, "city": "Busan", "country": "Korea, Republic of"}]
        assert stage(diagnostic(trial(time_perspective="RETROSPECTIVE", sites=sites))) == (3, 5)

    def test_an_absent_status_may_be_planned_or_completed(self):
        assert stage(diagnostic(trial(overall_status=None))) == (2, 7)

    def test_an_absent_study_type_may_be_either(self):
        # Observational: 6. Interventional, of unknown purpose: 6 beside a product, else 7.
        assert stage(diagnostic(trial(study_type=None))) == (6, 7)


class TestPeople:
    @pytest.mark.parametrize("kind", ["ESTIMATED", None])
    @pytest.mark.parametrize(("people", "expected"), [(199, (4, 6)), (200, (6, 6)), (99, (4, 4))])
    def test_planned_people_count_half_for_what_is_earned_and_whole_for_what_is_possible(self, kind, people, expected):
        assert stage(diagnostic(trial(enrollment_count=people, enrollment_type=kind))) == expected

    @pytest.mark.parametrize("status", ["COMPLETED", "TERMINATED"])
    def test_they_count_whole_once_the_trial_is_over(self, status):
        found = trial(enrollment_count=100, enrollment_type="ESTIMATED", overall_status=status)
        assert diagnostic(found).stage == 6

    @pytest.mark.parametrize("status", ["SUSPENDED", "UNKNOWN", "ACTIVE_NOT_RECRUITING"])
    def test_they_count_half_while_it_is_not(self, status):
        found = trial(enrollment_count=199, enrollment_type="ESTIMATED", overall_status=status)
        assert diagnostic(found).stage == 4

    @pytest.mark.parametrize("count", [0, 99_999_999])
    def test_the_sentinels_are_not_reported(self, count):
        assert stage(diagnostic(trial(enrollment_count=count))) == (4, 6)

    def test_nobody_in_a_withdrawn_trial_is_a_number(self):
        found = trial(enrollment_count=0, overall_status="WITHDRAWN")
        assert stage(diagnostic(found)) == (2, 4)


class TestPlannedDiagnostic:
    @pytest.mark.parametrize("status", ["NOT_YET_RECRUITING", "WITHDRAWN"])
    def test_stands_at_two_and_shows_its_design(self, status):
        assert stage(diagnostic(trial(overall_status=status))) == (2, 6)
        small = trial(overall_status=status, enrollment_count=99)
        assert stage(diagnostic(small)) == (2, 4)
        interventional = test_trial(overall_status=status)
        assert stage(diagnostic(interventional)) == (2, 7)

    def test_its_planned_people_count_whole_for_the_design(self):
        found = trial(overall_status="NOT_YET_RECRUITING", enrollment_count=100, enrollment_type="ESTIMATED")
        assert stage(diagnostic(found)) == (2, 6)

    def test_unknown_last_known_as_not_yet_recruiting_is_planned(self):
        found = trial(overall_status="UNKNOWN", last_known_status="NOT_YET_RECRUITING")
        assert stage(diagnostic(found)) == (2, 6)


class TestInterventionalDiagnostic:
    GUIDED = tuple(reads(Reading.EV_TEST_DECIDES, Reading.CLINICAL_OUTCOME))

    @pytest.mark.parametrize(("people", "expected"), [(99, 6), (100, 7)])
    def test_stands_at_six_or_seven(self, people, expected):
        assert stage(diagnostic(test_trial(enrollment_count=people))) == (expected, expected)

    def test_stands_at_eight_when_randomised_test_guided_and_clinical(self):
        assert stage(diagnostic(test_trial(), *self.GUIDED)) == (8, 8)
        assert stage(diagnostic(test_trial(primary_purpose="TREATMENT"), *self.GUIDED)) == (8, 8)

    @pytest.mark.parametrize("allocation", ["NON_RANDOMIZED", "NA"])
    def test_not_when_not_randomised(self, allocation):
        assert stage(diagnostic(test_trial(allocation=allocation), *self.GUIDED)) == (7, 7)

    @pytest.mark.parametrize("missing", [0, 1])
    def test_not_when_the_text_does_not_say_so(self, missing):
        assert stage(diagnostic(test_trial(), self.GUIDED[missing])) == (7, 7)

    def test_an_absent_allocation_may_be_random(self):
        assert stage(diagnostic(test_trial(allocation=None), *self.GUIDED)) == (7, 8)
        assert stage(diagnostic(test_trial(allocation=None))) == (7, 7), "silence of the text widens nothing"

    @pytest.mark.parametrize("purpose", ["TREATMENT", "PREVENTION", "SUPPORTIVE_CARE"])
    @pytest.mark.parametrize(("people", "expected"), [(99, 4), (100, 6)])
    def test_vesicles_measured_beside_a_product_count_as_a_prospective_observation(self, purpose, people, expected):
        found = therapy(primary_purpose=purpose, enrollment_count=people)
        assert stage(diagnostic(found)) == (expected, expected)

    def test_such_a_trial_completed_with_results_stands_at_seven(self):
        found = therapy(enrollment_count=100, overall_status="COMPLETED", has_results=True)
        assert stage(diagnostic(found)) == (7, 7)

    def test_such_a_trial_with_healthy_against_proven_groups_counts_as_looking_back(self):
        found = therapy(enrollment_count=100)
        assert diagnostic(found, *reads(Reading.CASE_CONTROL_GROUPS)).stage == 3

    def test_not_when_the_test_decides_an_arm(self):
        assert stage(diagnostic(therapy(enrollment_count=99), *reads(Reading.EV_TEST_DECIDES))) == (6, 6)

    def test_an_absent_purpose_may_be_either(self):
        assert stage(diagnostic(test_trial(primary_purpose=None))) == (6, 7)
        assert stage(diagnostic(test_trial(primary_purpose=None, enrollment_count=99))) == (4, 6)


@pytest.mark.parametrize(
    ("status", "last", "expected"),
    [
        ("NOT_YET_RECRUITING", None, Step.PLANNED),
        ("RECRUITING", None, Step.RUNNING),
        ("ENROLLING_BY_INVITATION", None, Step.RUNNING),
        ("ACTIVE_NOT_RECRUITING", None, Step.RUNNING),
        ("SUSPENDED", None, Step.RUNNING),
        ("COMPLETED", None, Step.DONE),
        ("TERMINATED", None, Step.STOPPED),
        ("WITHDRAWN", None, Step.STOPPED),
        ("UNKNOWN", "RECRUITING", Step.RUNNING),
        ("UNKNOWN", "NOT_YET_RECRUITING", Step.PLANNED),
        ("UNKNOWN", None, None),
        ("WITHHELD", None, None),
        ("AVAILABLE", None, None),
        (None, None, None),
        (None, "RECRUITING", None),
    ],
)
def test_step_follows_the_status_and_unknown_keeps_the_last(status, last, expected):
    assert diagnostic(trial(overall_status=status, last_known_status=last)).step is expected


class TestReasons:
    def test_a_planned_cohort_says_what_the_first_person_changes(self):
        found = diagnostic(trial(overall_status="NOT_YET_RECRUITING"))
        assert found.reasons["stage"]["sentence"] == "Stage 2 today; stage 6 once the first person is enrolled."

    def test_a_planned_therapy_says_what_the_first_person_changes(self):
        found = therapeutic(therapy(phases=["PHASE1"], overall_status="NOT_YET_RECRUITING"))
        assert found.reasons["stage"]["sentence"] == "Stage 5 today; stage 6 once the first person is enrolled."

    def test_a_withdrawn_trial_does_not_promise_a_first_person(self):
        found = diagnostic(trial(overall_status="WITHDRAWN"))
        assert "withdrawn before it started" in found.reasons["stage"]["sentence"]

    def test_a_cohort_that_fills_says_so(self):
        found = diagnostic(trial(enrollment_count=150, enrollment_type="ESTIMATED"))
        assert found.reasons["stage"]["sentence"] == "Stage 4 today; stage 6 once 100 people are enrolled."

    def test_a_completed_cohort_asks_for_its_results(self):
        found = diagnostic(trial(overall_status="COMPLETED"))
        assert found.reasons["stage"]["sentence"] == "Stage 6 today; stage 7 once results are posted or published."

    def test_a_missing_field_is_named(self):
        found = diagnostic(trial(time_perspective=None))
        assert "(time perspective)" in found.reasons["stage"]["sentence"]
        assert found.reasons["stage"]["because"] == (
            "Counted as retrospective, cross-sectional or case-control, 100 people or more, "
            "the least that time perspective (not reported) may turn out to be."
        )

    def test_a_settled_stage_names_the_next(self):
        found = therapeutic(therapy())
        assert found.reasons["stage"]["sentence"] == "Stage 7; a phase 2/3 or phase 3 trial would stand at stage 8."

    def test_the_stage_is_named_by_the_role(self):
        from tests.scoring.support import says

        early = diagnostic(trial(), says("role", "screening"), says("role", "prognosis"))
        later = diagnostic(trial(), says("role", "prognosis"))
        assert early.reasons["stage"]["name"] == "prospective intended-use cohort enrolling (B4)"
        assert later.reasons["stage"]["name"] == "prospective cohort of patients under treatment, enrolling"
