"""From facts to a maturity: stage, strength, momentum, deductions and score, with every reason.

Everything is summed in whole tenths of a point (the score in whole hundredths), so that the rows of the explanation
sum to the strength exactly and the same facts give the same bytes on every machine. Today's date is an argument.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tracker.terms import FactState, Momentum, Relevance, Step, StopClass, StudyType, Track

from . import momentum, reasons, stages, study_reasons, study_stages
from .answers import Answer, Case, StudyCase
from .facts import NOT_APPLICABLE, NOT_REPORTED

if TYPE_CHECKING:
    from datetime import date

    from .facts import TrialFacts
    from .rubric import BoundColumn, BoundStudyColumn, Rubric
    from .study_facts import StudyFacts

# Tenths of a point as JSON numbers and as decimals: 100 points are the most that anything can earn.
_NUMBERS = tuple(tenths / 10 for tenths in range(1001))
_DECIMALS = tuple(Decimal(tenths).scaleb(-1) for tenths in range(1001))


class Component(msgspec.Struct, frozen=True):
    """One component's subtotal, in points."""

    name: str
    earned: float
    possible: float
    weight: float


class Row(msgspec.Struct, frozen=True):
    """One row of the explanation, in points, as REST shows it."""

    component: str
    rule: str
    fact: str
    origin: str
    state: FactState
    earned: float
    possible: float
    source: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One track's maturity, with the columns of ``models.Maturity`` under the same names.

    The rows of ``explanation`` sum to ``earned`` and ``possible``, and the score is
    ``10 × stage + earned / 10 − deductions``.
    """

    track: Track
    rubric: str
    scored_on: date
    stage: int
    stage_possible: int
    step: Step | None
    earned: Decimal
    possible: Decimal
    deductions: Decimal
    score: Decimal
    score_possible: Decimal
    momentum: Momentum
    stop_classes: tuple[StopClass, ...]
    components: tuple[Component, ...]
    explanation: tuple[Row, ...]
    reasons: dict[str, dict[str, str] | str]


class Verdict(msgspec.Struct, frozen=True):
    """The maturities of a record, the leading one first; none, and then why, for one that has no stage."""

    maturities: tuple[Result, ...]
    none_because: str


def score_trial(facts: TrialFacts, *, rubric: Rubric, today: date) -> Verdict:
    """What the rubric says of these facts on this day.

    Where both tracks are possible both are scored, and the higher score leads; then the higher stage, then the
    therapeutic track.
    """
    if facts.relevance is not Relevance.ABOUT:
        return Verdict((), reasons.NOT_ABOUT[facts.relevance])
    if facts.study_type.value is StudyType.EXPANDED_ACCESS:
        return Verdict((), reasons.EXPANDED_ACCESS)
    tracks = stages.tracks(facts)
    if not tracks:
        return Verdict((), reasons.NO_TRACK)
    results = [_result(facts, track, rubric, today) for track in tracks]
    return Verdict(_leading_first(results), "")


def score_study(facts: StudyFacts, *, rubric: Rubric, today: date) -> Verdict:
    """What the rubric says of a study. Its day is kept beside the result and changes nothing in it."""
    if facts.is_retracted:
        return Verdict((), study_reasons.RETRACTED)
    if facts.relevance is not Relevance.ABOUT:
        return Verdict((), reasons.NOT_ABOUT[facts.relevance])
    tracks = study_stages.tracks(facts, rubric)
    found = [(track, interval) for track in tracks if (interval := study_stages.interval(facts, track, rubric))]
    if found:
        return Verdict(_leading_first([_study_result(facts, *one, rubric, today) for one in found]), "")
    if facts.evidence.value is None:
        return Verdict((), study_reasons.NO_EVIDENCE)
    return Verdict((), study_reasons.no_row(facts, tracks) if tracks else study_reasons.NO_TRACK)


def _leading_first(results: list[Result]) -> tuple[Result, ...]:
    if len(results) > 1:
        results.sort(key=lambda one: (-one.score, -one.stage, one.track is Track.DIAGNOSTIC))
    return tuple(results)


def encode(result: Result) -> bytes:
    """The result as bytes, the same for the same facts, rubric and day."""
    return _ENCODER.encode(result)


_ENCODER = msgspec.json.Encoder(order="deterministic")


def _result(facts: TrialFacts, track: Track, rubric: Rubric, today: date) -> Result:
    interval = stages.interval(facts, track, rubric)
    alive, alive_because = momentum.judge(facts, rubric, today)
    deducted, deducted_because = _deductions(facts, rubric, alive)
    components, explanation, earned, possible = _strength(facts, track, interval, rubric, today)
    score = max(0, 1000 * interval.earned + earned - 10 * deducted)
    score_possible = max(0, 1000 * interval.possible + possible - 10 * deducted)
    return Result(
        track=track,
        rubric=rubric.version,
        scored_on=today,
        stage=interval.earned,
        stage_possible=interval.possible,
        step=stages.step(facts),
        earned=_DECIMALS[earned],
        possible=_DECIMALS[possible],
        deductions=_DECIMALS[deducted],
        score=Decimal(score).scaleb(-2),
        score_possible=Decimal(score_possible).scaleb(-2),
        momentum=alive,
        stop_classes=facts.stop_classes,
        components=components,
        explanation=explanation,
        reasons={
            "stage": reasons.of_stage(facts, track, interval, rubric),
            "momentum": alive_because,
            "score": reasons.of_score(interval, earned, possible, deducted, deducted_because),
        },
    )


def _study_result(facts: StudyFacts, track: Track, interval: stages.Interval, rubric: Rubric, today: date) -> Result:
    with_animals = interval.earned_by != study_stages.ITS_TRIAL and interval.earned in rubric.ranges[track, "animals"]
    counted = "animals" if with_animals else "patients"
    case = StudyCase(interval.earned, interval.possible, counted, rubric.ranges[track, counted])
    components: list[Component] = []
    rows: list[Row] = []
    earned = possible = 0
    for column in rubric.study_columns:
        answers = [row.answer(facts, row, case) for row in column.rows]
        low, high = _laid_out(column, answers, rows)
        components.append(Component(column.component, _NUMBERS[low], _NUMBERS[high], _NUMBERS[column.weight]))
        earned += low
        possible += high
    return Result(
        track=track,
        rubric=rubric.version,
        scored_on=today,
        stage=interval.earned,
        stage_possible=interval.possible,
        step=Step.DONE,
        earned=_DECIMALS[earned],
        possible=_DECIMALS[possible],
        deductions=_DECIMALS[0],
        score=Decimal(1000 * interval.earned + earned).scaleb(-2),
        score_possible=Decimal(1000 * interval.possible + possible).scaleb(-2),
        momentum=Momentum.UNKNOWN,
        stop_classes=(),
        components=tuple(components),
        explanation=tuple(rows),
        reasons={
            "stage": study_reasons.of_stage(facts, track, interval, rubric),
            "momentum": study_reasons.MOMENTUM,
            "score": reasons.of_score(interval, earned, possible, 0, ""),
        },
    )


def _deductions(facts: TrialFacts, rubric: Rubric, alive: Momentum) -> tuple[int, str]:
    """Tenths of a point taken off, once each, and why."""
    tenths = 0
    because = []
    for deduction in rubric.file.deductions:
        if alive is deduction.momentum and any(one in facts.stop_classes for one in deduction.stop_classes):
            tenths += 10 * deduction.points
            because.append(deduction.label)
    return tenths, "; ".join(because)


def _strength(
    facts: TrialFacts, track: Track, interval: stages.Interval, rubric: Rubric, today: date
) -> tuple[tuple[Component, ...], tuple[Row, ...], int, int]:
    """Components, rows, and the two ends of the strength in tenths.

    Earned is judged at the earned stage's expectations. Possible is judged, component by component, at whichever
    stage of the interval gives more, so that no component's interval is turned round.
    """
    case = Case(today, track, interval.earned, interval.possible, rubric.people)
    columns = rubric.columns[_kind(track, interval.earned, rubric)]
    others = rubric.columns[_kind(track, interval.possible, rubric)]
    components: list[Component] = []
    rows: list[Row] = []
    total_earned = total_possible = 0
    for column, other in zip(columns, others, strict=True):
        earned, possible = _component(facts, column, case, rows)
        if other is not column:
            possible += _raised(facts, other, case, possible, rows)
        components.append(Component(column.component, _NUMBERS[earned], _NUMBERS[possible], _NUMBERS[column.weight]))
        total_earned += earned
        total_possible += possible
    return tuple(components), tuple(rows), total_earned, total_possible


def _kind(track: Track, stage: int, rubric: Rubric) -> str:
    """Which columns a trial takes: test-guided care is judged as rigorously as a therapy."""
    if track is Track.DIAGNOSTIC and stage >= rubric.limits.test_guided_from:
        return "test_guided"
    return track.value


def _component(facts: TrialFacts, column: BoundColumn, case: Case, rows: list[Row]) -> tuple[int, int]:
    """Adds the column's rows to ``rows`` and gives the component's two ends in tenths."""
    answers: list[Answer] = []
    for row in column.rows:
        answer = row.applies(facts, row, case) if row.applies is not None else None
        answers.append(row.answer(facts, row, case) if answer is None else answer)
    return _laid_out(column, answers, rows)


def _laid_out(column: BoundColumn | BoundStudyColumn, answers: list[Answer], rows: list[Row]) -> tuple[int, int]:
    """Adds these answers as rows that sum to the component, and gives its two ends in tenths.

    A component with no row left is not reported: a row of its own holds what it could be.
    """
    applying = sum(answer.state is not NOT_APPLICABLE for answer in answers)
    if applying < len(answers):
        answers = scale_up(column, answers)
    component = column.component
    total_earned = total_possible = 0
    for row, (state, earned, possible, fact, origin) in zip(column.rows, answers, strict=True):
        rows.append(Row(component, row.label, fact, origin, state, _NUMBERS[earned], _NUMBERS[possible], row.source))
        total_earned += earned
        total_possible += possible
    if not applying:
        total_possible = column.weight
        whole = _NUMBERS[total_possible]
        words = "none of its rows applies, so the component is not reported"
        rows.append(Row(component, "No row applies", words, "", NOT_REPORTED, 0.0, whole, column.rows[0].source))
    return total_earned, total_possible


def scale_up(column: BoundColumn | BoundStudyColumn, answers: list[Answer]) -> list[Answer]:
    """The answers with the rows that do not apply taken out and the rest scaled up to the component's weight."""
    left = tuple(
        0 if answer.state is NOT_APPLICABLE else row.points for row, answer in zip(column.rows, answers, strict=True)
    )
    weights = shares(column.weight, left)
    return [
        answer
        if not points
        else answer._replace(
            earned=_part(answer.earned, weight, points), possible=_part(answer.possible, weight, points)
        )
        for answer, weight, points in zip(answers, weights, left, strict=True)
    ]


def _part(tenths: int, weight: int, points: int) -> int:
    """Tenths of a row of so many points, once the row weighs more: rounded half up."""
    return (2 * tenths * weight + points) // (2 * points)


@lru_cache(maxsize=1024)
def shares(weight: int, points: tuple[int, ...]) -> tuple[int, ...]:
    """The weight split over the rows in proportion to their points, whole, by largest remainder.

    Equal remainders go to the row that stands first, so the shares always sum to the weight.

    >>> shares(200, (50, 0, 30, 30))
    (91, 0, 55, 54)
    """
    total = sum(points)
    if not total:
        return points
    parts = [divmod(weight * one, total) for one in points]
    missing = weight - sum(whole for whole, _ in parts)
    first = sorted(range(len(points)), key=lambda place: -parts[place][1])[:missing]
    return tuple(whole + (place in first) for place, (whole, _) in enumerate(parts))


def _raised(facts: TrialFacts, column: BoundColumn, case: Case, possible: int, rows: list[Row]) -> int:
    """What the column of the possible stage could give beyond the earned one's; a row of its own says so."""
    _, more = _component(facts, column, case, [])
    if more <= possible:
        return 0
    rows.append(
        Row(
            column.component,
            f"More could be earned at stage {case.stage_possible}",
            f"at stage {case.stage_possible} other rows judge this component and could reach {_NUMBERS[more]:g}",
            "stage not settled",
            NOT_REPORTED,
            0.0,
            _NUMBERS[more - possible],
            "; ".join(dict.fromkeys(row.source for row in column.rows)),
        )
    )
    return more - possible
