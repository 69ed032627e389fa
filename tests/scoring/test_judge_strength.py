"""Each row of the strength table, from both sides and in its three states."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from tests.scoring.support import (
    MEASURED,
    RUBRIC,
    TODAY,
    diagnostic,
    ends,
    facts_of,
    reads,
    row,
    says,
    test_trial,
    therapeutic,
    therapy,
    trial,
    verdict,
)
from tracker.scoring.answers import Answer
from tracker.scoring.engine import scale_up, shares
from tracker.scoring.rubric import BoundColumn
from tracker.terms import Facet, FactState, Reading

DISEASE = says(Facet.DISEASE, "lung cancer", at="conditions.0")
OLD = date(2024, 1, 1)
GUIDED = reads(Reading.EV_TEST_DECIDES, Reading.CLINICAL_OUTCOME)


def told(earned: float) -> tuple[str, float, float]:
    return "reported", earned, earned


def silent(points: float) -> tuple[str, float, float]:
    return "not_reported", 0, points


class TestTherapeuticRigour:
    @pytest.mark.parametrize(
        ("allocation", "expected"),
        [
            ("RANDOMIZED", told(10)),
            ("NON_RANDOMIZED", told(0)),
            ("NA", told(0)),
            (None, silent(10)),
            ("COIN", silent(10)),
        ],
    )
    def test_allocation(self, allocation, expected):
        assert ends(row(therapeutic(therapy(allocation=allocation)), "allocation")) == expected

    @pytest.mark.parametrize(
        ("types", "expected"),
        [
            (["EXPERIMENTAL", "ACTIVE_COMPARATOR"], told(8)),
            (["EXPERIMENTAL", "PLACEBO_COMPARATOR"], told(8)),
            (["EXPERIMENTAL", "SHAM_COMPARATOR"], told(8)),
            (["EXPERIMENTAL", "NO_INTERVENTION"], told(8)),
            (["EXPERIMENTAL", "OTHER"], told(0)),
            (["EXPERIMENTAL", None], silent(8)),
            (["ACTIVE_COMPARATOR", None], told(8)),
            (["EXPERIMENTAL", "NEW_KIND"], silent(8)),
            (None, silent(8)),
            ([], silent(8)),
        ],
    )
    def test_concurrent_control(self, types, expected):
        arms = None if types is None else [{"label": "x", "type": kind} for kind in types]
        assert ends(row(therapeutic(therapy(arms=arms)), "concurrent")) == expected

    @pytest.mark.parametrize(
        ("masking", "expected"),
        [
            ("NONE", told(0)),
            ("SINGLE", told(4)),
            ("DOUBLE", told(6)),
            ("TRIPLE", told(8)),
            ("QUADRUPLE", told(8)),
            (None, silent(8)),
        ],
    )
    def test_masking(self, masking, expected):
        assert ends(row(therapeutic(therapy(masking=masking)), "masking")) == expected

    @pytest.mark.parametrize(
        ("volunteers", "annotations", "expected"),
        [
            (False, [DISEASE], told(4)),
            (False, [says(Facet.DISEASE, "lung cancer", at="eligibility")], told(4)),
            (False, [says(Facet.DISEASE, "lung cancer", at="brief_title", text="lung cancer")], told(4)),
            (False, [says(Facet.DISEASE, "SCLC", at="brief_title", text="SCLC")], silent(4)),
            (False, [], silent(4)),
            (True, [DISEASE], told(0)),
            (None, [DISEASE], silent(4)),
        ],
    )
    def test_intended_use(self, volunteers, annotations, expected):
        found = therapeutic(therapy(healthy_volunteers=volunteers), *annotations)
        assert ends(row(found, "intended-use")) == expected

    def test_test_guided_care_is_judged_by_these_rows(self):
        found = diagnostic(test_trial(), *GUIDED)
        assert row(found, "allocation").earned == 10
        assert not [one for one in found.explanation if "case-control" in one.rule]


class TestDiagnosticRigour:
    @pytest.mark.parametrize(
        ("found", "annotations", "expected"),
        [
            (trial(), [], told(6)),
            (trial(observational_model="CASE_CONTROL"), [], told(0)),
            (trial(observational_model="OTHER"), [], told(6)),
            (trial(observational_model=None), [], silent(6)),
            (trial(observational_model=None), reads(Reading.SUSPECTED_POPULATION), silent(6)),
            (trial(), reads(Reading.CASE_CONTROL_GROUPS), told(0)),
            (trial(study_type=None, observational_model=None), [], silent(6)),
            (trial(study_type=None, arms=None), [], silent(6)),
            (trial(study_type=None), [], told(6)),
            (trial(study_type=None, observational_model="CASE_CONTROL"), [], silent(6)),
            (trial(study_type=None), reads(Reading.CASE_CONTROL_GROUPS), told(0)),
        ],
    )
    def test_case_control_avoided_by_an_observational_study(self, found, annotations, expected):
        assert ends(row(diagnostic(found, *annotations), "case-control")) == expected

    @pytest.mark.parametrize(
        ("arms", "annotations", "state", "earns"),
        [
            ([{"label": "x", "type": "EXPERIMENTAL"}], [], "reported", True),
            ([{"label": "x", "type": "EXPERIMENTAL"}], reads(Reading.CASE_CONTROL_GROUPS), "reported", False),
            (None, [], "not_reported", False),
        ],
    )
    def test_case_control_avoided_by_an_interventional_trial(self, arms, annotations, state, earns):
        one = row(diagnostic(test_trial(arms=arms), *annotations), "case-control")
        assert one.state == state
        # 6 of the 26 points that apply, scaled up to 30: 6.92.
        assert one.earned == (6.9 if earns else 0)

    def test_a_model_that_an_interventional_trial_was_not_asked_for_says_nothing(self):
        assert row(diagnostic(test_trial(observational_model="CASE_CONTROL")), "case-control").earned == 6.9
        beside = therapy(observational_model="CASE_CONTROL", enrollment_count=100)
        assert diagnostic(beside).stage == 6

    @pytest.mark.parametrize(
        ("method", "annotations", "expected"),
        [
            ("PROBABILITY_SAMPLE", [], told(4)),
            ("NON_PROBABILITY_SAMPLE", [], told(0)),
            ("NON_PROBABILITY_SAMPLE", reads(Reading.CONSECUTIVE_SAMPLE), told(4)),
            (None, reads(Reading.CONSECUTIVE_SAMPLE), told(4)),
            (None, [], silent(4)),
        ],
    )
    def test_sample(self, method, annotations, expected):
        assert ends(row(diagnostic(trial(sampling_method=method), *annotations), "consecutive")) == expected

    def test_sample_does_not_apply_to_interventional_trials(self):
        assert ends(row(diagnostic(test_trial()), "consecutive")) == ("not_applicable", 0, 0)

    def test_sample_is_not_reported_where_the_study_type_is_not(self):
        found = diagnostic(trial(study_type=None, sampling_method="PROBABILITY_SAMPLE"))
        assert ends(row(found, "consecutive")) == silent(4)

    @pytest.mark.parametrize(
        ("words", "reading"),
        [
            ("blind", Reading.BLINDED_INDEX_TEST),
            ("reference standard", Reading.REFERENCE_STANDARD),
            ("samples taken before", Reading.SAMPLED_BEFORE),
            ("threshold", Reading.THRESHOLD_FIXED),
        ],
    )
    def test_what_text_alone_says_is_reported_where_found_and_not_reported_otherwise(self, words, reading):
        found = row(diagnostic(trial(), *reads(reading)), words)
        assert ends(found) == told(5)
        assert found.origin == f"brief_summary “{reading}”"
        assert ends(row(diagnostic(trial()), words)) == silent(5)

    def test_masking_never_makes_a_blind_reading(self):
        found = diagnostic(test_trial(masking="QUADRUPLE"))
        assert row(found, "blind").state is FactState.NOT_REPORTED

    def test_words_of_development_are_reported_and_earn_nothing(self):
        found = diagnostic(trial(), *reads(Reading.THRESHOLD_EXPLORATORY))
        assert ends(row(found, "threshold")) == told(0)

    def test_a_panel_developed_and_then_fixed_is_fixed(self):
        found = diagnostic(trial(), *reads(Reading.THRESHOLD_EXPLORATORY, Reading.THRESHOLD_FIXED))
        assert ends(row(found, "threshold")) == told(5)

    def test_a_reading_that_a_person_rejected_does_not_count(self):
        rejected = says(Facet.READING, Reading.BLINDED_INDEX_TEST, state="rejected")
        accepted = says(Facet.READING, Reading.BLINDED_INDEX_TEST, state="accepted")
        assert row(diagnostic(trial(), rejected), "blind").earned == 0
        assert row(diagnostic(trial(), accepted), "blind").earned == 5


class TestScale:
    @pytest.mark.parametrize(
        ("people", "expected"),
        # Stage 6 diagnostic, 100 to 2,000: log10(n / 100) / log10(20) × 12.
        # 250: 0.39794 / 1.30103 = 0.30587, × 12 = 3.670. 447 is the middle of the road but for a hair: 5.998.
        [(100, 0.0), (101, 0.0), (250, 3.7), (447, 6.0), (1999, 12.0), (2000, 12.0), (50_000, 12.0)],
    )
    def test_people_between_floor_and_ceiling(self, people, expected):
        assert ends(row(diagnostic(trial(enrollment_count=people)), "people")) == told(expected)

    @pytest.mark.parametrize(
        ("found", "expected"),
        [
            # floors and ceilings at the other stages, each at the middle of its road or a stated point
            (trial(time_perspective="RETROSPECTIVE", enrollment_count=31), 5.9),  # 2: log(3.1) = 0.4914
            (trial(time_perspective="RETROSPECTIVE", enrollment_count=200), 5.2),  # 3: 0.30103 / 0.69897 = 0.4307
            (trial(enrollment_count=80), 2.4),  # 4: 0.20412 / 1 = 0.2041
            (trial(overall_status="COMPLETED", has_results=True, enrollment_count=1000), 6.0),  # 7: 0.5 exactly
        ],
    )
    def test_people_at_other_diagnostic_stages(self, found, expected):
        assert row(diagnostic(found), "people").earned == expected

    @pytest.mark.parametrize(
        ("phase", "people", "expected"),
        [
            ("PHASE1", 6, 0.0),
            ("PHASE1", 60, 12.0),
            ("PHASE1", 30, 8.4),  # log10(5) = 0.69897
            ("PHASE2", 20, 0.0),
            ("PHASE2", 200, 12.0),
            ("PHASE3", 1000, 12.0),
            ("PHASE3", 300, 5.7),  # log10(3) = 0.47712
            ("PHASE4", 1000, 6.0),
        ],
    )
    def test_people_of_a_therapy(self, phase, people, expected):
        assert row(therapeutic(therapy(phases=[phase], enrollment_count=people)), "people").earned == expected

    def test_planned_people_of_a_running_trial_count_half(self):
        found = row(diagnostic(trial(enrollment_count=500, enrollment_type="ESTIMATED")), "people")
        # 250 earns 3.7 as above; 500: 0.69897 / 1.30103 × 12 = 6.447.
        assert ends(found) == ("reported", 3.7, 6.4)
        assert found.fact == "500 planned, counted as 250 until the trial is over"

    def test_half_of_an_odd_number_is_not_rounded(self):
        found = row(diagnostic(trial(enrollment_count=199, enrollment_type="ESTIMATED")), "people")
        assert "counted as 99.5" in found.fact

    @pytest.mark.parametrize("status", ["NOT_YET_RECRUITING", "WITHDRAWN", None, "WITHHELD"])
    def test_people_of_a_trial_not_started_earn_nothing_and_count_whole(self, status):
        found = row(therapeutic(therapy(phases=["PHASE1"], overall_status=status)), "people")
        assert ends(found) == ("reported", 0, 12)

    def test_nobody_in_a_withdrawn_trial_may_not_be_anybody(self):
        found = row(therapeutic(therapy(overall_status="WITHDRAWN", enrollment_count=0)), "people")
        assert ends(found) == told(0)

    @pytest.mark.parametrize("count", [None, 0, 99_999_999])
    def test_unknown_people_are_not_reported(self, count):
        assert ends(row(diagnostic(trial(enrollment_count=count)), "people")) == silent(12)

    def test_possible_people_are_judged_at_the_stage_that_gives_more(self):
        # A planned cohort of 250: nothing yet. Stage 2 asks for 100 at most, so all 12 are possible.
        assert row(diagnostic(trial(overall_status="NOT_YET_RECRUITING")), "people").possible == 12
        # Retrospective or prospective: 3 to 6. Stage 4 (50 to 500) gives more than 3 (100 to 500): 0.69897 × 12.
        found = row(diagnostic(trial(time_perspective=None)), "people")
        assert (found.earned, found.possible) == (6.8, 8.4)

    @pytest.mark.parametrize(("number", "expected"), [(1, 0), (2, 3), (4, 3), (5, 5), (9, 5)])
    def test_sites(self, number, expected):
        sites = [{"facility": f"Hospital {n}", "city": "Dijon", "country": "France"} for n in range(number)]
        assert ends(row(diagnostic(trial(sites=sites)), "sites")) == told(expected)

    def test_the_same_facility_and_city_is_one_site(self):
        sites = [{"facility": name, "city": "Dijon", "country": "France"} for name in ("CHU", "chu ", "CHU")]
        assert row(diagnostic(trial(sites=sites)), "sites").fact == "1 site"

    def test_the_same_facility_in_another_city_is_another_site(self):
        sites = [{"facility": "Research Site", "city": city, "country": "France"} for city in ("Dijon", "Lyon")]
        assert row(diagnostic(trial(sites=sites)), "sites").earned == 3

    @pytest.mark.parametrize("part", ["facility", "city", "country"])
    def test_a_row_that_lacks_a_part_is_a_double_when_earned_and_its_own_when_possible(self, part):
        whole = {"facility": "A", "city": "Dijon", "country": "France"}
        other = {"facility": "B", "city": "Lyon", "country": "France", part: None}
        found = row(diagnostic(trial(sites=[whole, other])), "sites")
        assert ends(found) == ("reported", 0, 3)
        assert found.fact == "1–2 sites"

    def test_one_row_is_one_site_in_one_country_whatever_it_lacks(self):
        result = diagnostic(trial(sites=[{"facility": None, "city": None, "country": None}]))
        assert ends(row(result, "sites")) == told(0)
        assert ends(row(result, "countries")) == told(0)

    @pytest.mark.parametrize(
        ("countries", "expected"),
        [
            (["France"], told(0)),
            (["France", "Spain"], told(3)),
            (["France", None], ("reported", 0, 3)),
            ([None, None], ("reported", 0, 3)),
        ],
    )
    def test_countries(self, countries, expected):
        sites = [{"facility": f"H{n}", "city": "x", "country": country} for n, country in enumerate(countries)]
        assert ends(row(diagnostic(trial(sites=sites)), "countries")) == expected

    def test_absent_sites_are_not_reported(self):
        result = diagnostic(trial(sites=None))
        assert ends(row(result, "sites")) == silent(5)
        assert ends(row(result, "countries")) == silent(3)


class TestEvQuality:
    @pytest.mark.parametrize(
        ("facet", "words", "points"),
        [
            (Facet.ISOLATION, "isolation", 5),
            (Facet.CHARACTERISATION, "characterisation", 5),
            (Facet.SPECIMEN, "specimen named", 4),
            (Facet.CARGO, "marker", 6),
        ],
    )
    def test_diagnostic(self, facet, words, points):
        assert ends(row(diagnostic(trial(), says(facet, "x")), words)) == told(points)
        assert ends(row(diagnostic(trial()), words)) == silent(points)

    @pytest.mark.parametrize(
        ("annotations", "words", "points"),
        [
            ([says(Facet.EV_SOURCE, "dendritic cell")], "EV source", 5),
            (reads(Reading.EV_SOURCE_NAMED), "EV source", 5),
            ([says(Facet.ISOLATION, "ultracentrifugation")], "isolation", 5),
            (reads(Reading.DOSE, Reading.ROUTE), "dose", 4),
            ([says(Facet.CARGO, "siRNA")], "cargo", 6),
            (reads(Reading.MARKER), "cargo", 6),
        ],
    )
    def test_therapeutic(self, annotations, words, points):
        assert ends(row(therapeutic(therapy(), *annotations), words)) == told(points)
        assert ends(row(therapeutic(therapy()), words)) == silent(points)

    @pytest.mark.parametrize("reading", [Reading.DOSE, Reading.ROUTE])
    def test_dose_needs_its_route_and_the_route_its_dose(self, reading):
        assert ends(row(therapeutic(therapy(), *reads(reading)), "dose")) == silent(4)

    def test_a_mechanism_is_no_cargo(self):
        assert ends(row(diagnostic(trial(), says(Facet.MECHANISM, "angiogenesis")), "marker")) == silent(6)


class TestTransparency:
    @pytest.mark.parametrize(
        ("submitted", "start", "state", "earned", "possible"),
        [
            (date(2025, 3, 1), "2025-03-01", "reported", 9.1, 9.1),
            (date(2025, 3, 2), "2025-03-01", "reported", 0, 0),
            (date(2025, 2, 28), "2025-03", "reported", 9.1, 9.1),
            (date(2025, 3, 1), "2025-03", "not_reported", 0, 9.1),
            (date(2025, 3, 15), "2025-03", "not_reported", 0, 9.1),
            (date(2025, 3, 31), "2025-03", "not_reported", 0, 9.1),
            (date(2025, 4, 1), "2025-03", "reported", 0, 0),
            (None, "2025-03-01", "not_reported", 0, 9.1),
            (date(2025, 3, 1), None, "not_reported", 0, 9.1),
            (date(2025, 3, 1), "soon", "not_reported", 0, 9.1),
        ],
    )
    def test_registered_before_start(self, submitted, start, state, earned, possible):
        found = row(diagnostic(trial(first_submit_date=submitted, start_given=start)), "before start")
        # 5 of the 11 points that apply before results are due: 5 × 20 / 11 = 9.09.
        assert ends(found) == (state, earned, possible)

    def test_results_apply_from_twelve_months_after_completion(self):
        due = trial(completion_given="2025-01-30", overall_status="COMPLETED")
        assert ends(row(diagnostic(due, today=date(2026, 1, 30)), "results")) == told(0)
        assert ends(row(diagnostic(due, today=date(2026, 1, 29)), "results")) == ("not_applicable", 0, 0)

    def test_a_completion_without_a_day_counts_as_the_last_of_its_month(self):
        due = trial(completion_given="2025-01", overall_status="COMPLETED")
        assert row(diagnostic(due, today=date(2026, 1, 30)), "results").state is FactState.NOT_APPLICABLE
        assert row(diagnostic(due, today=date(2026, 1, 31)), "results").state is FactState.REPORTED

    @pytest.mark.parametrize("status", ["RECRUITING", "UNKNOWN", "WITHDRAWN", None])
    def test_results_apply_whatever_the_status(self, status):
        due = trial(completion_given="2024-01-30", overall_status=status)
        assert ends(row(diagnostic(due), "results")) == told(0)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"has_results": True}, told(9)),
            ({"references": [{"pmid": "7", "type": "RESULT", "citation": "x"}]}, told(9)),
            ({"references": [{"pmid": None, "type": "RESULT", "citation": "x"}], "has_results": None}, told(9)),
            ({"references": [{"pmid": "7", "type": "DERIVED", "citation": "x"}]}, told(0)),
            ({"has_results": None}, silent(9)),
        ],
    )
    def test_results(self, changes, expected):
        found = trial(completion_given="2024-01-30", overall_status="COMPLETED", **changes)
        assert ends(row(diagnostic(found), "results")) == expected

    def test_with_the_primary_completion_alone_results_are_not_reported_once_its_year_is_past(self):
        past = trial(completion_given=None, primary_completion_given="2025-01-30", has_results=True)
        assert ends(row(diagnostic(past), "results")) == silent(9)
        ahead = trial(completion_given=None, primary_completion_given="2025-01-31", has_results=True)
        assert ends(row(diagnostic(ahead), "results")) == ("not_applicable", 0, 0)

    def test_with_no_completion_at_all_results_are_not_reported(self):
        none = trial(completion_given=None, primary_completion_given=None, has_results=True)
        assert ends(row(diagnostic(none), "results")) == silent(9)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"last_update_post_date": date(2025, 1, 30)}, told(3)),
            ({"last_update_post_date": date(2025, 1, 29)}, told(0)),
            ({"last_update_post_date": None, "last_update_submit_date": date(2025, 1, 30)}, told(3)),
            ({"last_update_post_date": None, "last_update_submit_date": date(2025, 1, 29)}, silent(3)),
            ({"last_update_post_date": None, "last_update_submit_date": None}, silent(3)),
            # finished and reported: both, or it stays open where one is silent
            ({"last_update_post_date": OLD, "overall_status": "COMPLETED", "has_results": True}, told(3)),
            ({"last_update_post_date": OLD, "overall_status": "TERMINATED", "has_results": True}, told(3)),
            ({"last_update_post_date": OLD, "overall_status": "WITHDRAWN", "has_results": True}, told(0)),
            ({"last_update_post_date": OLD, "overall_status": "COMPLETED"}, told(0)),
            (
                {"last_update_post_date": OLD, "overall_status": "COMPLETED", "has_results": None},
                silent(3),
            ),
            ({"last_update_post_date": OLD, "overall_status": None, "has_results": True}, silent(3)),
            ({"last_update_post_date": OLD, "overall_status": None}, told(0)),
        ],
    )
    def test_kept_up_to_date(self, changes, expected):
        found = trial(**{"completion_given": "2024-01-30", **changes})
        assert ends(row(diagnostic(found, today=TODAY), "up to date")) == expected

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"ipd_sharing": "YES"}, told(3)),
            ({"ipd_sharing": "NO"}, told(0)),
            ({"ipd_sharing": "UNDECIDED"}, told(0)),
            ({"ipd_sharing": None}, silent(3)),
            ({"ipd_sharing": "NO", "documents": [{"label": "Protocol", "has_protocol": True}]}, told(3)),
            ({"ipd_sharing": None, "documents": [{"label": "Consent", "has_protocol": False}]}, silent(3)),
        ],
    )
    def test_data_or_protocol_shared(self, changes, expected):
        found = trial(**{"completion_given": "2024-01-30", **changes})
        assert ends(row(diagnostic(found), "shared")) == expected


def test_independence_is_not_reported_without_a_candidate():
    assert ends(row(diagnostic(trial()), "another sponsor")) == silent(10)


class TestScaling:
    def test_a_row_that_does_not_apply_gives_its_weight_to_the_others_by_largest_remainder(self):
        # 200 tenths over 5, 3 and 3 points: 90.9, 54.5, 54.5 → 90 + 54 + 54; the two left over go to the largest
        # remainder (.909) and, of the two equal ones, to the row that stands first.
        assert shares(200, (50, 0, 30, 30)) == (91, 0, 55, 54)
        result = diagnostic(trial(ipd_sharing="YES"))
        assert [row(result, words).possible for words in ("before start", "up to date", "shared")] == [9.1, 5.5, 5.4]

    def test_a_component_still_sums_to_its_weight(self):
        result = diagnostic(test_trial())
        rigour = [one for one in result.explanation if one.component == "rigour"]
        # 300 tenths over 6, 5, 5, 5, 5 of 26 points: 69.23, then four times 57.69.
        assert [one.possible for one in rigour] == [6.9, 0.0, 5.8, 5.8, 5.8, 5.7]

    def test_a_part_of_a_row_that_was_scaled_up_is_rounded_half_up(self):
        rows = tuple(replace(RUBRIC.columns["therapeutic"][0].rows[0], points=points) for points in (20, 5))
        half = Answer(FactState.REPORTED, 10, 20, "", "")
        gone = Answer(FactState.NOT_APPLICABLE, 0, 0, "", "")
        # The row weighs 25 tenths once the other is gone; half of that is 12.5, rounded to 13.
        assert scale_up(BoundColumn("rigour", 25, rows), [half, gone])[0][1:3] == (13, 25)

    def test_nothing_is_scaled_where_applicability_is_not_known(self):
        result = diagnostic(trial(completion_given=None, primary_completion_given=None))
        assert row(result, "before start").possible == 5


def test_possible_rigour_is_judged_at_the_stage_that_gives_more():
    found = test_trial(allocation=None, masking="TRIPLE", arms=[{"label": "x", "type": "ACTIVE_COMPARATOR"}])
    developed = reads(Reading.THRESHOLD_EXPLORATORY, Reading.CASE_CONTROL_GROUPS)
    result = diagnostic(found, *GUIDED, *developed, DISEASE)
    # Stage 7 or 8. By the diagnostic rows 15 of 26 points are open: 17.3. By the therapeutic rows 8 + 8 + 4 are
    # earned and 10 are open: 30.
    assert (result.stage, result.stage_possible) == (7, 8)
    extra = row(result, "more could be earned at stage 8")
    rigour = next(one for one in result.components if one.name == "rigour")
    assert rigour.possible == 30
    assert extra.possible == pytest.approx(30 - 17.3)
    assert extra.state is FactState.NOT_REPORTED


def test_every_row_names_its_source():
    for result in (diagnostic(trial()), therapeutic(therapy()), diagnostic(test_trial(), *GUIDED)):
        assert all(one.source and one.origin and one.fact for one in result.explanation)


def test_facts_keep_what_the_registry_does_not_ask_apart_from_silence():
    observational, interventional, unknown = trial(), test_trial(masking=None), trial(study_type=None)
    assert facts_of(observational).masking.state is FactState.NOT_APPLICABLE
    assert facts_of(interventional).masking.state is FactState.NOT_REPORTED
    assert facts_of(interventional).time_perspective.state is FactState.NOT_APPLICABLE
    assert facts_of(unknown).masking.state is FactState.NOT_REPORTED


def test_the_score_adds_stage_and_strength():
    (result,) = verdict(trial(), *MEASURED).maturities
    assert result.score == 10 * result.stage + result.earned / 10
    assert result.score_possible == 10 * result.stage_possible + result.possible / 10
