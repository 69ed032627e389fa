"""What a row of the rubric is answered with, and the lists of functions that a rubric file may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .facts import NOT_REPORTED, REPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from tracker.terms import FactState, Track

    from .facts import TrialFacts
    from .rubric import Bound, BoundRow, BoundStudyRow
    from .study_facts import StudyFacts


class Answer(NamedTuple):
    """What a rule says of one row: tenths of a point, before any scaling."""

    state: FactState
    earned: int
    possible: int
    fact: str
    origin: str


class Case(NamedTuple):
    """What a row is judged against: the day, the track and the interval of stages."""

    today: date
    track: Track
    stage: int
    stage_possible: int
    people: Mapping[tuple[Track, int], tuple[int, int]]  # (track, stage) → floor and ceiling


class StudyCase(NamedTuple):
    """What a study's row is judged against: the interval of stages, and who is counted at them."""

    stage: int
    stage_possible: int
    counted: str  # "patients" or "animals"
    ranges: Mapping[int, tuple[int, int]]  # stage → floor and ceiling; a stage that is not here counts neither


Rule = Callable[["TrialFacts", "BoundRow", Case], Answer]
Applies = Callable[["TrialFacts", "BoundRow", Case], "Answer | None"]

StudyRule = Callable[["StudyFacts", "BoundStudyRow", StudyCase], Answer]

RULES: dict[str, Rule] = {}
APPLICABILITY: dict[str, Applies] = {}
STUDY_RULES: dict[str, StudyRule] = {}


def rule(function: Rule) -> Rule:
    """A function that rubric files may name as a row's rule."""
    RULES[function.__name__] = function
    return function


def applicability(function: Applies) -> Applies:
    """A function that rubric files may name to say when a row applies."""
    APPLICABILITY[function.__name__] = function
    return function


def study_rule(function: StudyRule) -> StudyRule:
    """A function that rubric files may name as the rule of a study's row."""
    STUDY_RULES[function.__name__] = function
    return function


def silent(row: Bound, fact: str, origin: str) -> Answer:
    """Not reported: earns nothing, may earn everything."""
    return Answer(NOT_REPORTED, 0, row.points, fact, origin)


def told(points: int, fact: str, origin: str) -> Answer:
    """Reported, with nothing left open."""
    return Answer(REPORTED, points, points, fact, origin)
