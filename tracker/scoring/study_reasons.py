"""The reasons of a study's maturity in words, under the names that a trial's have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import reasons, study_stages
from .study_stages import ITS_TRIAL

if TYPE_CHECKING:
    from tracker.terms import Track

    from .rubric import Rubric
    from .stages import Interval
    from .study_facts import StudyFacts

RETRACTED = "It was retracted, so it has no maturity and supports nothing."
NO_EVIDENCE = (
    "What kind of evidence it holds is not reported, so no row of the stage table holds yet; a curator can say it."
)
NO_TRACK = (
    "Neither its role, nor its text, nor a candidate that it is linked to says whether it speaks of a test or of a "
    "therapy, so it stands on neither track."
)
NO_ROW = "Its kinds of evidence ({kinds}) are no row of the {track} column, so it has no stage there."
MOMENTUM = "A publication is done; whether the work goes on, it does not say."


def of_stage(facts: StudyFacts, track: Track, found: Interval, rubric: Rubric) -> dict[str, str]:
    """``sentence``: the stage and what would raise it; ``because``: the row; names of both ends of the interval."""
    later = reasons.prognostic(facts)
    return {
        "sentence": _sentence(facts, track, found, rubric),
        "because": _because(facts, track, found, rubric),
        "name": rubric.stage_name(track, found.earned, prognostic=later),
        "possible_name": rubric.stage_name(track, found.possible, prognostic=later),
    }


def no_row(facts: StudyFacts, tracks: tuple[Track, ...]) -> str:
    kinds = "; ".join(one.label for one in facts.evidence.value or ())
    return NO_ROW.format(kinds=kinds, track=" or the ".join(track.label for track in tracks))


def _sentence(facts: StudyFacts, track: Track, found: Interval, rubric: Rubric) -> str:
    if found.earned_by == ITS_TRIAL:
        if found.possible > found.earned:
            return f"Stage {found.earned} today, with its trial; stage {found.possible} if the trial comes to it."
        return f"Stage {found.earned}, with its trial."
    if found.possible > found.earned:
        words = ", ".join(study_stages.missing(facts, track, found, rubric))
        return f"Stage {found.earned} today; stage {found.possible} if what is not reported allows it ({words})."
    return f"Stage {found.earned}; {rubric.study_row[track, found.earned_by].next}."


def _because(facts: StudyFacts, track: Track, found: Interval, rubric: Rubric) -> str:
    if found.earned_by == ITS_TRIAL:
        trials = ", ".join(trial.nct_id for trial in facts.trials if trial.track is track)
        return f"The publication of {trials}, so it takes its trial's stage."
    words = rubric.study_row[track, found.earned_by].when
    return f"{words[0].upper()}{words[1:]} ({facts.evidence.origin})."
