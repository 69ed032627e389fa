"""Real records scored by hand: each number is worked out here from the printed rubric, not taken from the engine.

The annotations are those that a careful reader would make, with the words they rest on; the lexicon has its own
tests. Today is 2026-01-30, the day on which the newest of the records was posted.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.scoring.support import diagnostic, ends, reads, real, row, says, stage, stops, therapeutic
from tracker.terms import Facet, Momentum, Reading, Step, StopClass

if TYPE_CHECKING:
    from tracker.scoring.engine import Result

TODAY = date(2026, 1, 30)


def components(result: Result) -> dict[str, tuple[float, float]]:
    return {part.name: (part.earned, part.possible) for part in result.components}


def test_a_planned_cohort_stands_at_two_and_may_stand_at_six():
    """NCT07376512, vesicles in plasma to predict response to immunotherapy; not yet recruiting, 378 planned."""
    result = diagnostic(
        real("NCT07376512"),
        says(Facet.ROLE, "prediction", text="associated with the response to anti-PD-1/PD-L1 treatments"),
        says(Facet.SPECIMEN, "plasma", at="brief_title", text="Plasma"),
        says(Facet.CARGO, "protein", at="primary_outcomes.0.measure", text="Target protein levels"),
        says(Facet.READING, Reading.REFERENCE_STANDARD, at="primary_outcomes.0.description", text="RECIST 1.1"),
        says(Facet.READING, Reading.SAMPLED_BEFORE, at="primary_outcomes.0.measure", text="before treatment"),
        says(
            Facet.READING,
            Reading.THRESHOLD_EXPLORATORY,
            at="detailed_description",
            text="Develop an exploratory composite score",
        ),
        today=TODAY,
    )

    # Not yet recruiting: 2. Its design is a prospective cohort of 100 or more: 6 possible.
    assert stage(result) == (2, 6)
    assert result.step is Step.PLANNED
    assert components(result) == {
        # cohort 6 · non-probability sample 0 · blind reading silent (5) · developed here 0 · RECIST 5 · baseline 5
        "rigour": (16.0, 21.0),
        # the planned are not yet people: 0 of 12, and at stage 2 (10 to 100) 378 would earn all 12 · five sites 5 ·
        # one country 0
        "scale": (5.0, 17.0),
        # isolation silent (5) · characterisation silent (5) · plasma 4 · protein 6
        "ev_quality": (10.0, 20.0),
        # No results are due before 2031-03-01, so 20 points are shared 5 : 3 : 3 → 9.1, 5.5, 5.4. Submitted
        # 2026-01-22 before the start 2026-03-01: 9.1 · updated 2026-01-29: 5.5 · sharing "no": 0.
        "transparency": (14.6, 14.6),
        "independence": (0.0, 10.0),
    }
    assert (result.earned, result.possible) == (Decimal("45.6"), Decimal("82.6"))
    assert (result.score, result.score_possible) == (Decimal("24.56"), Decimal("68.26"))
    assert result.momentum is Momentum.ADVANCING
    assert result.reasons["stage"]["sentence"] == "Stage 2 today; stage 6 once the first person is enrolled."
    assert result.reasons["stage"]["possible_name"] == "prospective cohort of patients under treatment, enrolling"


def test_a_randomised_phase_2_of_drug_carrying_microparticles_has_stalled():
    """NCT02657460, methotrexate in tumour-cell-derived microparticles for malignant pleural effusion."""
    result = therapeutic(
        real("NCT02657460"),
        says(Facet.DISEASE, "lung cancer", at="eligibility", text="Lung cancer with malignant pleural effusion"),
        says(Facet.EV_SOURCE, "tumour", at="interventions.0.name", text="tumor derived microparticles"),
        says(Facet.CARGO, "small_molecule_drug", at="arms.0.description", text="methotrexate"),
        today=TODAY,
    )

    assert stage(result) == (7, 7)
    assert result.step is Step.RUNNING, "unknown keeps the last known step, recruiting"
    assert components(result) == {
        # randomised 10 · sham comparator 8 · single 4 · no healthy volunteers, lung cancer in inclusion 4
        "rigour": (26.0, 26.0),
        # 90 planned count as 45: log10(45 / 20) = 0.35218, × 12 = 4.2; whole: log10(4.5) = 0.65321, × 12 = 7.8.
        # One row without a city is one site in one country.
        "scale": (4.2, 7.8),
        # source 5 · isolation silent (5) · six doses, but no amount: silent (4) · methotrexate 6
        "ev_quality": (11.0, 20.0),
        # first submission silent (5) · no results ten years on 0 · last update 2019 0 · sharing silent (3)
        "transparency": (0.0, 8.0),
        "independence": (0.0, 10.0),
    }
    assert (result.score, result.score_possible) == (Decimal("74.12"), Decimal("77.18"))
    assert result.momentum is Momentum.STALLED
    assert result.deductions == 0


def test_biobank_samples_of_healthy_and_ill_people_stand_at_three():
    """NCT04529915, exosomes in stored plasma of 150 normal people and 320 with lung cancer."""
    result = diagnostic(
        real("NCT04529915"),
        says(Facet.READING, Reading.CASE_CONTROL_GROUPS, text="150 normal people and 320 lung cancer patients"),
        says(Facet.READING, Reading.REFERENCE_STANDARD, at="eligibility", text="final pathology"),
        says(Facet.ISOLATION, "size_exclusion", at="interventions.0.description", text="size exclusion"),
        says(Facet.SPECIMEN, "plasma", at="brief_title", text="Blood Plasma"),
        says(Facet.CARGO, "protein", at="primary_outcomes.1.measure", text="exosomal protein"),
        today=TODAY,
    )

    # 470 planned count as 235, still 100 or more; one site is reported, so no multi-centre validation: 3.
    assert stage(result) == (3, 3)
    assert components(result) == {
        # case-control 0 · sampling silent (4) · blind silent (5) · threshold silent (5) · pathology 5 · flow silent (5)
        "rigour": (5.0, 24.0),
        # 235 between 100 and 500: 0.37107 / 0.69897 × 12 = 6.4; 470: 0.67210 / 0.69897 × 12 = 11.5; 1 site, 1 country
        "scale": (6.4, 11.5),
        "ev_quality": (15.0, 20.0),
        # submitted 2020-08-02, after the start 2020-04-09: 0 · no results, due since 2024-12-29: 0 · updated 2021: 0
        "transparency": (0.0, 3.0),
        "independence": (0.0, 10.0),
    }
    assert (result.score, result.score_possible) == (Decimal("32.64"), Decimal("36.85"))
    assert result.momentum is Momentum.STALLED


def test_a_completed_cohort_without_known_results_stands_at_six_and_may_stand_at_seven():
    """NCT03830619, serum exosomal lncRNA in 1,000 people; the public copy says nothing of results.

    Its arms are "lung cancer patients" and "normol volunteers". Read as case-control groups they take it to stage 3;
    a curator who rejects that reading would see this.
    """
    result = diagnostic(real("NCT03830619"), says(Facet.CARGO, "lncRNA", at="brief_title"), today=TODAY)
    assert stage(result) == (6, 7)
    assert result.reasons["stage"]["sentence"] == "Stage 6 today; stage 7 once results are posted or published."
    # 1,000 between 100 and 2,000: log10(10) / log10(20) = 0.76862, × 12 = 9.2
    assert ends(row(result, "people")) == ("reported", 9.2, 9.2)
    assert ends(row(result, "results")) == ("not_reported", 0, 9)
    assert result.momentum is Momentum.STALLED, "completed 2021-07-31, and no results are known"

    grouped = diagnostic(real("NCT03830619"), *reads(Reading.CASE_CONTROL_GROUPS), today=TODAY)
    # Retrospective by its groups; its sites are not reported and could be three in two countries.
    assert stage(grouped) == (3, 5)


def test_a_phase_2_3_in_twenty_people_is_far_and_weak():
    """NCT02138331, microvesicles and exosomes in type 1 diabetes: stage says how far, strength how good."""
    result = therapeutic(
        real("NCT02138331"), says(Facet.EV_SOURCE, "mesenchymal_stromal_cell", text="MSC exosomes"), today=TODAY
    )
    assert stage(result) == (8, 8)
    assert result.step is None, "unknown, and the last known status is not told"
    # The registry's NA for allocation is reported and earns 0; arms are not in the copy.
    assert ends(row(result, "allocation")) == ("reported", 0, 0)
    assert ends(row(result, "concurrent")) == ("not_reported", 0, 8)
    # 20 people, type not told: 10 count, 20 could; both far below the floor of 100.
    assert ends(row(result, "people")) == ("reported", 0, 0)
    # rigour 0–12, scale 0–8 (sites and countries silent), source 5–20, transparency 0–8, independence 0–10
    assert (result.earned, result.possible) == (Decimal("5.0"), Decimal("58.0"))
    assert result.score == Decimal("80.50")


def test_a_whole_phase_3_as_if_its_product_were_vesicles():
    """NCT04256421 (tiragolumab in small cell lung cancer), a complete modern record, to see the rows it fills."""
    result = therapeutic(
        real("NCT04256421"),
        says(Facet.DISEASE, "SCLC", at="conditions.0", text="Small Cell Lung Cancer"),
        today=TODAY,
    )
    assert stage(result) == (8, 8)
    assert components(result) == {
        # randomised 10 · active comparator 8 · triple 8 · intended use 4
        "rigour": (30.0, 30.0),
        # 490 between 100 and 1,000: log10(4.9) = 0.69020, × 12 = 8.3 · 121 sites 5 · 23 countries 3
        "scale": (16.3, 16.3),
        "ev_quality": (0.0, 20.0),
        # completed 2025-07-31: results are due a year later and do not count yet, though posted; 9.1 + 5.5 + 5.4
        "transparency": (20.0, 20.0),
        "independence": (0.0, 10.0),
    }
    assert (result.score, result.score_possible) == (Decimal("86.63"), Decimal("89.63"))
    assert result.momentum is Momentum.ADVANCING, "completed within 24 months with results known"

    later = therapeutic(real("NCT04256421"), today=date(2026, 7, 31))
    assert ends(row(later, "results")) == ("reported", 9, 9)


def test_a_withdrawn_phase_3_stands_one_lower_with_nobody():
    """NCT00576225, withdrawn with 0 people and no reason given, as if its product were vesicles."""
    result = therapeutic(real("NCT00576225"), says(Facet.DISEASE, "NSCLC", at="conditions.0"), today=TODAY)
    assert stage(result) == (7, 7)
    assert result.step is Step.STOPPED
    assert ends(row(result, "people")) == ("reported", 0, 0)
    # rigour 10 + 8 + 0 (open) + 4; 44 sites 5 in one country; registered 2007-12 after the start 2007-09: 0
    assert result.earned == Decimal("27.0")
    assert result.momentum is Momentum.STOPPED
    assert result.stop_classes == (StopClass.NOT_GIVEN,)
    assert result.deductions == 0


def test_a_phase_1_stopped_for_business_loses_nothing_and_for_harm_one_stage():
    """NCT02628535 was terminated for a "Business decision (not for safety reasons)"."""
    business = therapeutic(real("NCT02628535"), *stops(StopClass.BUSINESS), today=TODAY)
    harm = therapeutic(real("NCT02628535"), *stops(StopClass.SAFETY), today=TODAY)
    assert business.momentum is harm.momentum is Momentum.STOPPED
    assert (business.deductions, harm.deductions) == (0, 10)
    assert business.score - harm.score == 10
    assert (business.stage, business.earned) == (harm.stage, harm.earned), "it is mature evidence, not immature"
