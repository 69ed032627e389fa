"""The reasons of a maturity in words, for the page and for whoever reads the JSON.

Words name what the record says, never today's date, so that they change only when the result does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.terms import Reading, Relevance, Role, Status, StudyType, TimePerspective, Track

from .facts import NOT_REPORTED, NOT_STARTED
from .stages import Interval, doubled_people, results_known, told_status

if TYPE_CHECKING:
    from .facts import TrialFacts
    from .rubric import Rubric
    from .study_facts import StudyFacts

NOT_ABOUT = {
    Relevance.MENTION: "It mentions extracellular vesicles but is not about them in this disease, so it has no stage.",
    Relevance.NONE: "It is not about extracellular vesicles in this disease, so it has no stage.",
}
EXPANDED_ACCESS = "Expanded access is no trial of the product, so it has no stage."
NO_TRACK = (
    "No intervention of an interventional trial for treatment, prevention or supportive care is, delivers by or acts "
    "on extracellular vesicles, and they are not measured, so it stands on neither track."
)

_LATER_ROLES = frozenset({Role.PROGNOSIS, Role.PREDICTION, Role.MONITORING})
_EARLY_ROLES = frozenset({Role.SCREENING, Role.DIAGNOSIS})


def prognostic(facts: TrialFacts | StudyFacts) -> bool:
    """Whether the stage is named by the reading for prognosis, prediction and monitoring."""
    return not _LATER_ROLES.isdisjoint(facts.roles) and _EARLY_ROLES.isdisjoint(facts.roles)


def of_stage(facts: TrialFacts, track: Track, interval: Interval, rubric: Rubric) -> dict[str, str]:
    """``sentence``: the stage and what would raise it; ``because``: the rule; names of both ends of the interval."""
    later = prognostic(facts)
    return {
        "sentence": _sentence(facts, track, interval, rubric),
        "because": _because(facts, track, interval, rubric),
        "name": rubric.stage_name(track, interval.earned, prognostic=later),
        "possible_name": rubric.stage_name(track, interval.possible, prognostic=later),
    }


def of_score(interval: Interval, earned: int, possible: int, deducted: int, deducted_because: str) -> str:
    """The sum that gives the score, both ends."""
    minus = f" − {deducted / 10:g} ({deducted_because[0].lower()}{deducted_because[1:]})" if deducted else ""
    low = _sum(interval.earned, earned, deducted)
    high = _sum(interval.possible, possible, deducted)
    return (
        f"10 × {interval.earned} + {earned / 10:.1f} ÷ 10{minus} = {low}; "
        f"possible 10 × {interval.possible} + {possible / 10:.1f} ÷ 10{minus} = {high}."
    )


def _sum(stage: int, tenths: int, deducted: int) -> str:
    hundredths = max(0, 1000 * stage + tenths - 10 * deducted)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _because(facts: TrialFacts, track: Track, interval: Interval, rubric: Rubric) -> str:
    """The rule in the rubric's words, with what was not reported where it keeps the stage open.

    For a planned therapy also that planned counts one lower.
    """
    words = rubric.stage_rules[interval.earned_by].when
    if track is Track.THERAPEUTIC and interval.earned != rubric.stage_of[interval.earned_by]:
        words += ", not started: a planned step counts one stage lower"
    missing = _missing(facts, track, interval)
    if missing and interval.possible > interval.earned:
        return f"Counted as {words}, the least that {', '.join(missing)} (not reported) may turn out to be."
    return f"{words[0].upper()}{words[1:]}."


def _sentence(facts: TrialFacts, track: Track, interval: Interval, rubric: Rubric) -> str:
    earned, possible = interval.earned, interval.possible
    status = told_status(facts)
    if status in NOT_STARTED:
        started = rubric.stage_of[interval.possible_by] if track is Track.THERAPEUTIC else possible
        if status is Status.WITHDRAWN:
            return f"Stage {earned}: withdrawn before it started; its design would stand at stage {started}."
        if started > earned:
            return f"Stage {earned} today; stage {started} once the first person is enrolled."
        return f"Stage {earned}, planned; enrolling would not raise it."
    if possible > earned:
        return f"Stage {earned} today; stage {possible} {_opens(facts, track, interval, rubric)}."
    return f"Stage {earned}; {rubric.stage_rules[interval.earned_by].next}."


def _opens(facts: TrialFacts, track: Track, interval: Interval, rubric: Rubric) -> str:
    """What keeps the possible stage open."""
    status = told_status(facts)
    missing = _missing(facts, track, interval)
    if interval.possible_by == "prospective_reported" and not results_known(facts) and not missing:
        return "once results are posted or published"
    enough = 2 * rubric.limits.people
    fewest, most = doubled_people(facts, status)
    if not missing and fewest < enough <= most:
        return f"once {rubric.limits.people} people are enrolled"
    return f"if what is not reported allows it ({', '.join(missing) or 'the sites in full'})"


def _missing(facts: TrialFacts, track: Track, interval: Interval) -> list[str]:
    """Fields that decide a stage on this track and are not reported."""
    found = []
    if told_status(facts) is None:
        found.append("status")
    if facts.study_type.value is None:
        found.append("study type")
    if track is Track.THERAPEUTIC:
        if facts.phases.state is NOT_REPORTED:
            found.append("phase")
        return found
    if facts.enrolment.value is None:
        found.append("number of people")
    if facts.study_type.value is not StudyType.INTERVENTIONAL:
        if facts.time_perspective.value in (None, TimePerspective.OTHER):
            found.append("time perspective")
        if facts.observational_model.value is None:
            found.append("observational model")
    if facts.study_type.value is not StudyType.OBSERVATIONAL:
        if facts.primary_purpose.state is NOT_REPORTED:
            found.append("primary purpose")
        if facts.allocation.state is NOT_REPORTED and Reading.EV_TEST_DECIDES in facts.readings:
            found.append("allocation")
    if facts.sites.value is None and interval.possible_by == "retrospective_multicentre":
        found.append("sites")
    return found
