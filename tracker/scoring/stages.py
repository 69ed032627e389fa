"""How far: from a registry record to an interval of stages, on either track.

Where a field that decides the stage is absent, every value it could have is tried: the lowest stage is earned, the
highest is possible. So telling the field later can only narrow the interval. Text (the readings) raises a stage
where it is found and widens nothing where it is silent.

A value under which the record would not stand on the track at all (an expanded access, say, where the study type is
absent) has no stage to be the lowest, so it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tracker.terms import (
    Allocation,
    ObservationalModel,
    Phase,
    PrimaryPurpose,
    Reading,
    Status,
    Step,
    StudyType,
    TimePerspective,
    Track,
    ValueType,
)

from .facts import NOT_STARTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .facts import TrialFacts
    from .rubric import Limits, Rubric, StageRule

# The outcomes that a rubric must give a number to.
OUTCOMES = frozenset(phase.value for phase in Phase) | {
    "not_started",
    "retrospective",
    "retrospective_many",
    "retrospective_multicentre",
    "prospective",
    "prospective_many",
    "prospective_reported",
    "interventional",
    "interventional_many",
    "test_guided",
}

# Purposes of a trial in which EVs are the product, or are measured beside it.
TREATING = frozenset({PrimaryPurpose.TREATMENT, PrimaryPurpose.PREVENTION, PrimaryPurpose.SUPPORTIVE_CARE})
PRODUCT_READINGS = (Reading.EV_PRODUCT, Reading.EV_CARRIER, Reading.EV_TARGET)

# Statuses that say nothing about a trial: withheld, and those of expanded access.
SILENT_STATUSES = frozenset(
    {
        Status.WITHHELD,
        Status.AVAILABLE,
        Status.NO_LONGER_AVAILABLE,
        Status.TEMPORARILY_NOT_AVAILABLE,
        Status.APPROVED_FOR_MARKETING,
    }
)
FINISHED = frozenset({Status.COMPLETED, Status.TERMINATED})
# More people, sites and countries than any trial has: the upper end where a number is not reported.
UNBOUNDED = 10**12

_STEPS = {
    Status.NOT_YET_RECRUITING: Step.PLANNED,
    Status.RECRUITING: Step.RUNNING,
    Status.ENROLLING_BY_INVITATION: Step.RUNNING,
    Status.ACTIVE_NOT_RECRUITING: Step.RUNNING,
    Status.SUSPENDED: Step.RUNNING,
    Status.COMPLETED: Step.DONE,
    Status.TERMINATED: Step.STOPPED,
    Status.WITHDRAWN: Step.STOPPED,
}
# What the rules can tell apart of a trial whose status is absent.
_ANY_STATUS = (Status.NOT_YET_RECRUITING, Status.RECRUITING, Status.COMPLETED)
_ANY_PERSPECTIVE = (TimePerspective.RETROSPECTIVE, TimePerspective.CROSS_SECTIONAL, TimePerspective.PROSPECTIVE)


class Interval(NamedTuple):
    """The stage earned and the stage possible, and the outcomes (names of stage rules) they come from."""

    earned: int
    possible: int
    earned_by: str
    possible_by: str


def told_status(facts: TrialFacts) -> Status | None:
    """The status as the stage rules read it; None where the record is silent.

    Unknown with a last known status of not yet recruiting is not yet recruiting; unknown otherwise has started.
    """
    status = facts.status.value
    if status is None or status in SILENT_STATUSES:
        return None
    if status is Status.UNKNOWN and facts.last_known_status.value is Status.NOT_YET_RECRUITING:
        return Status.NOT_YET_RECRUITING
    return status


def step(facts: TrialFacts) -> Step | None:
    """Where the trial stands within its stage; None where its status says nothing."""
    status = facts.status.value
    if status is Status.UNKNOWN:
        status = facts.last_known_status.value
    return _STEPS.get(status) if status is not None else None


def started(facts: TrialFacts) -> bool:
    """Whether anybody can have been enrolled, as far as the record tells."""
    status = told_status(facts)
    return status is not None and status not in NOT_STARTED


def doubled_people(facts: TrialFacts, status: Status | None) -> tuple[int, int]:
    """Twice the people that count at this status, for what is earned and for what is possible.

    Planned numbers, and numbers of unstated type, count half until the trial is over; doubled, so that half of an
    odd number stays whole.
    """
    count = facts.enrolment.value
    if count is None:
        return 0, 2 * UNBOUNDED
    if facts.enrolment_type.value is ValueType.ACTUAL or status in FINISHED:
        return 2 * count, 2 * count
    return count, 2 * count


def results_known(facts: TrialFacts) -> bool:
    """Results posted, or a publication of results among the references."""
    return bool(facts.has_results.value) or bool(facts.result_publications)


def tracks(facts: TrialFacts) -> tuple[Track, ...]:
    """The tracks this trial stands on.

    Therapeutic needs an intervention that is EVs, delivers by them or acts on them, in an interventional study for
    treatment, prevention or supportive care; an absent purpose counts as treatment. Diagnostic needs EVs measured.
    """
    if facts.study_type.value is StudyType.EXPANDED_ACCESS:
        return ()
    found = []
    purpose = facts.primary_purpose.value
    if (
        facts.study_type.value is not StudyType.OBSERVATIONAL
        and (purpose is None or purpose in TREATING)
        and any(reading in facts.readings for reading in PRODUCT_READINGS)
    ):
        found.append(Track.THERAPEUTIC)
    if Reading.EV_MEASURED in facts.readings:
        found.append(Track.DIAGNOSTIC)
    return tuple(found)


def interval(facts: TrialFacts, track: Track, rubric: Rubric) -> Interval:
    """The stages this trial has earned and may have on this track."""
    outcomes = _therapeutic(facts, rubric) if track is Track.THERAPEUTIC else _diagnostic(facts, rubric)
    earned = possible = -1
    earned_by = possible_by = ""
    for low, low_by, high, high_by in outcomes:
        if low < earned or earned < 0:
            earned, earned_by = low, low_by
        if high > possible:
            possible, possible_by = high, high_by
    return Interval(earned, possible, earned_by, possible_by)


# What one way of filling the absent fields leads to: lowest stage and its rule, highest stage and its rule.
_Outcome = tuple[int, str, int, str]


def _therapeutic(facts: TrialFacts, rubric: Rubric) -> list[_Outcome]:
    phases = facts.phases.value
    status = told_status(facts)
    planned = (True, False) if status is None else (status in NOT_STARTED,)
    highest: Iterable[Phase] = Phase if phases is None else (max(phases, key=lambda one: rubric.stage_of[one]),)
    outcomes = []
    for phase in highest:
        for is_planned in planned:
            stage = rubric.stage_of[phase]
            if is_planned:
                stage = lowered(stage, rubric.limits)
            outcomes.append((stage, phase.value, stage, phase.value))
    return outcomes


def lowered(stage: int, limits: Limits) -> int:
    """A planned step is not a taken one: one stage lower, never under the floor."""
    return max(stage - limits.planned_lower, limits.planned_floor)


def _diagnostic(facts: TrialFacts, rubric: Rubric) -> list[_Outcome]:
    status = told_status(facts)
    statuses = _ANY_STATUS if status is None else (status,)
    study_type = facts.study_type.value
    designs: list[str] = []
    if study_type is not StudyType.INTERVENTIONAL:
        designs += _observational_designs(facts)
    if study_type is not StudyType.OBSERVATIONAL:
        designs += _interventional_designs(facts)
    not_started = rubric.stage_of["not_started"]
    outcomes = []
    for design in designs:
        for one in statuses:
            low, high = _design_stage(facts, design, one, rubric)
            if one in NOT_STARTED:
                outcomes.append((not_started, "not_started", rubric.stage_of[high], high))
            else:
                outcomes.append((rubric.stage_of[low], low, rubric.stage_of[high], high))
    return outcomes


def _observational_designs(facts: TrialFacts) -> list[str]:
    """Case-control, by the model field or the words of the groups, counts as looking back whatever the perspective."""
    model = facts.observational_model.value
    if model is ObservationalModel.CASE_CONTROL or Reading.CASE_CONTROL_GROUPS in facts.readings:
        return ["retrospective"]
    perspective = facts.time_perspective.value
    told = _ANY_PERSPECTIVE if perspective in (None, TimePerspective.OTHER) else (perspective,)
    designs = {"prospective" if one is TimePerspective.PROSPECTIVE else "retrospective" for one in told}
    if model is None:
        designs.add("retrospective")  # it may be a case-control study
    return sorted(designs)


def _interventional_designs(facts: TrialFacts) -> list[str]:
    decides = Reading.EV_TEST_DECIDES in facts.readings
    purpose = facts.primary_purpose.value
    designs = []
    if not decides and (purpose is None or purpose in TREATING):
        # EVs are only measured beside the product under test: the observational rules, as prospective.
        # The registry does not ask such a trial for an observational model: only the words of its groups count.
        designs.append("retrospective" if Reading.CASE_CONTROL_GROUPS in facts.readings else "prospective")
    if decides or purpose is None or purpose not in TREATING:
        allocation = facts.allocation.value
        guided = decides and Reading.CLINICAL_OUTCOME in facts.readings
        if guided and allocation in (None, Allocation.RANDOMIZED):
            designs.append("test_guided")
        if not guided or allocation is not Allocation.RANDOMIZED:
            designs.append("interventional")
    return designs


def _design_stage(facts: TrialFacts, design: str, status: Status, rubric: Rubric) -> tuple[str, str]:
    """The rules that this design reaches at this status: with what is reported, and with what could be there."""
    if design == "test_guided":
        return design, design
    enough = 2 * rubric.limits.people
    fewest, most = doubled_people(facts, status)
    if design == "interventional":
        return _many(design, fewest >= enough), _many(design, most >= enough)
    if design == "retrospective":
        sure, maybe = _multicentre(facts, rubric.limits)
        return (
            "retrospective_multicentre" if sure and fewest >= enough else _many(design, fewest >= enough),
            "retrospective_multicentre" if maybe and most >= enough else _many(design, most >= enough),
        )
    if status is Status.COMPLETED:
        return (
            "prospective_reported" if results_known(facts) and fewest >= enough else _many(design, fewest >= enough),
            # A completed cohort without known results may yet have been published.
            "prospective_reported" if most >= enough else design,
        )
    return _many(design, fewest >= enough), _many(design, most >= enough)


def _many(design: str, enough: bool) -> str:
    return f"{design}_many" if enough else design


def _multicentre(facts: TrialFacts, limits: Limits) -> tuple[bool, bool]:
    """Whether the sites make it a multi-centre validation for sure, and whether they may."""
    if Reading.BLINDED_MULTICENTRE in facts.readings:
        return True, True
    sites = facts.sites.value
    if sites is None:
        return False, True
    return (
        sites.fewest >= limits.sites and sites.fewest_countries >= limits.countries,
        sites.most >= limits.sites and sites.most_countries >= limits.countries,
    )


def reachable(limits: Limits, outcomes: Iterable[StageRule]) -> set[tuple[Track, int]]:
    """Every stage that a trial's interval can touch, for the check that each has a floor and a ceiling."""
    found: set[tuple[Track, int]] = set()
    for track in Track:
        stages = [rule.stage for rule in outcomes if rule.track is track]
        if track is Track.THERAPEUTIC:
            stages += [lowered(stage, limits) for stage in stages]
        if stages:
            found.update((track, stage) for stage in range(min(stages), max(stages) + 1))
    return found
