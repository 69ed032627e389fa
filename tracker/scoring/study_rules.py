"""How well a study was done: the functions that the rubric's study rows name. Each answers one row for one study.

Nothing here depends on the day: a publication stands as it was published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import Answer, StudyCase, silent, study_rule, told
from .facts import NOT_APPLICABLE, REPORTED
from .rules import share_of_points

if TYPE_CHECKING:
    from .rubric import BoundStudyRow
    from .study_facts import StudyFacts

# Rules that answer what one fact of a study says; their rows must name it.
ASKING = frozenset({"answered", "function_or_cohort", "protocol_or_ev_track"})
INDEPENDENT = "independent"


@study_rule
def answered(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    """Yes earns all, no is reported and earns nothing, silence stays open, and what does not apply leaves."""
    fact = facts.answers[row.asks]
    if fact.state is NOT_APPLICABLE:
        return Answer(NOT_APPLICABLE, 0, 0, "does not apply", fact.origin)
    if fact.value is None:
        return silent(row, "not reported", fact.origin)
    return told(row.points if fact.value else 0, "yes" if fact.value else "no: it was not done", fact.origin)


@study_rule
def function_or_cohort(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    """As answered; a cohort that is listed as independent is one, whatever the answer."""
    cohorts = facts.cohorts
    if INDEPENDENT in (cohorts.value or ()) and not facts.answers[row.asks].value:
        return told(row.points, "an independent cohort is listed", cohorts.origin)
    return answered(facts, row, case)


@study_rule
def protocol_or_ev_track(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    """As answered; an EV-TRACK id is one, whatever the answer."""
    if facts.ev_track_id and not facts.answers[row.asks].value:
        return told(row.points, f"EV-TRACK {facts.ev_track_id}", "ev_track_id")
    return answered(facts, row, case)


@study_rule
def patients_or_animals(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    """Between the floor and the ceiling of the stage; what is possible, at whichever stage of the interval gives more.

    Stages that expect neither have no floor: 0 and 1, and those of in vitro work. Animals count where the rubric has a
    floor for animals, patients elsewhere.
    """
    stages = [stage for stage in range(case.stage, case.stage_possible + 1) if stage in case.ranges]
    if case.stage not in case.ranges:
        return Answer(NOT_APPLICABLE, 0, 0, "neither people nor animals are expected at this stage", "stage")
    fact = facts.n_animals if case.counted == "animals" else facts.n_patients
    if fact.value is None:
        return silent(row, f"number of {case.counted} not reported", fact.origin)
    number = fact.value
    earned = share_of_points(row.points, *case.ranges[case.stage], 2 * number)
    possible = max(share_of_points(row.points, *case.ranges[stage], 2 * number) for stage in stages)
    one = case.counted.removesuffix("s")
    return Answer(REPORTED, earned, possible, f"{number:,} {one if number == 1 else case.counted}", fact.origin)


@study_rule
def several_models(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    """Two models or cohorts or more. Cohorts that are listed are as many, at least; cell lines are no models.

    One line may give the vesicles that another takes up, in one model.
    """
    listed, number = facts.cohorts, facts.n_models
    if listed.value and len(listed.value) > 1 and len(listed.value) > (number.value or 0):
        return told(row.points, f"{len(listed.value)} listed: {', '.join(listed.value)}", listed.origin)
    if number.value is None:
        return silent(row, "number of models or cohorts not reported", number.origin)
    words = f"{number.value} model or cohort" if number.value == 1 else f"{number.value} models or cohorts"
    return told(row.points if number.value > 1 else 0, words, number.origin)


@study_rule
def full_text_open(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    fact = facts.full_text
    if fact.value is None:
        return silent(row, "whether the full text is open is not reported", fact.origin)
    return told(row.points if fact.value else 0, "open" if fact.value else "not open", fact.origin)


@study_rule
def identified(facts: StudyFacts, row: BoundStudyRow, case: StudyCase) -> Answer:
    """A PMID or DOI; without one it may still have one that nobody found yet."""
    fact = facts.identifier
    if fact.value is None:
        return silent(row, "neither PMID nor DOI is known", fact.origin)
    return told(row.points, fact.value, fact.origin)
