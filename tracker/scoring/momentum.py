"""Alive or not: the rows of the momentum table, each a function that says why it holds, or nothing.

A partial date counts as its last day; months are calendar months with both ends included; completion is the
completion date, else the primary one. The words name dates of the record, never today's, so the same row gives the
same words until another row holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracker.dates import PartialDate, months_after
from tracker.terms import Status, StopClass

from .stages import SILENT_STATUSES, results_known

if TYPE_CHECKING:
    from datetime import date

    from tracker.terms import Momentum

    from .facts import TrialFacts
    from .rubric import Rubric

# Facts, the row's months, today → the reason in words; empty where the row does not hold.
MomentumRule = Callable[["TrialFacts", int, "date"], str]

RULES: dict[str, MomentumRule] = {}

UNDER_WAY = frozenset({Status.RECRUITING, Status.ENROLLING_BY_INVITATION, Status.ACTIVE_NOT_RECRUITING})
ENDED = frozenset({Status.TERMINATED, Status.WITHDRAWN})
AGAINST = frozenset({StopClass.NEGATIVE, StopClass.SAFETY})


def judge(facts: TrialFacts, rubric: Rubric, today: date) -> tuple[Momentum, str]:
    """The first row of the table that holds, with its reason."""
    for row, holds in rubric.momentum:
        reason = holds(facts, row.months, today)
        if reason:
            return row.result, reason
    raise AssertionError("the last row of the momentum table holds always")


def against(facts: TrialFacts) -> bool:
    """Stopped for lack of effect or for harm, among other reasons or alone."""
    return not AGAINST.isdisjoint(facts.stop_classes)


def completion(facts: TrialFacts) -> PartialDate | None:
    return facts.completion.value or facts.primary_completion.value


def _last_seen(facts: TrialFacts) -> tuple[str, date] | None:
    """When the record was last verified, else updated."""
    if facts.verified.value is not None:
        return f"last verified {facts.verified.value.given}", facts.verified.value.last
    updated = facts.update_posted.value or facts.update_submitted.value
    return (f"last updated {updated}", updated) if updated is not None else None


def _past(day: date, months: int, today: date) -> bool:
    return today >= months_after(day, months)


def _classes(facts: TrialFacts) -> str:
    return ", ".join(one.label for one in facts.stop_classes) or StopClass.NOT_GIVEN.label


def momentum_rule(function: MomentumRule) -> MomentumRule:
    """A function that rubric files may name as a row of the momentum table."""
    RULES[function.__name__] = function
    return function


@momentum_rule
def status_not_known(facts: TrialFacts, months: int, today: date) -> str:
    status = facts.status.value
    if status is None:
        return "The status is not reported."
    return f"The status is {status.label}." if status in SILENT_STATUSES else ""


@momentum_rule
def stopped_after_success(facts: TrialFacts, months: int, today: date) -> str:
    status = facts.status.value
    if status in ENDED and StopClass.SUCCESS in facts.stop_classes and not against(facts):
        return f"{status.label.capitalize()} because the goal was met ({_classes(facts)})."
    return ""


@momentum_rule
def stopped(facts: TrialFacts, months: int, today: date) -> str:
    status = facts.status.value
    return f"{status.label.capitalize()}: {_classes(facts)}." if status in ENDED else ""


@momentum_rule
def suspended_for_cause(facts: TrialFacts, months: int, today: date) -> str:
    if facts.status.value is Status.SUSPENDED and against(facts):
        return f"Suspended: {_classes(facts)}."
    return ""


@momentum_rule
def status_unknown(facts: TrialFacts, months: int, today: date) -> str:
    if facts.status.value is not Status.UNKNOWN:
        return ""
    known = facts.last_known_status.value
    return f"The status is unknown{f'; last known: {known.label}' if known else ''}."


@momentum_rule
def suspended_for_long(facts: TrialFacts, months: int, today: date) -> str:
    seen = _last_seen(facts)
    if facts.status.value is Status.SUSPENDED and seen and _past(seen[1], months, today):
        return f"Suspended, {seen[0]}, {months} months ago or more."
    return ""


@momentum_rule
def start_missed(facts: TrialFacts, months: int, today: date) -> str:
    start = facts.start.value
    if facts.status.value is Status.NOT_YET_RECRUITING and start and _past(start.last, months, today):
        return f"Not yet recruiting, though the start ({start.given}) is {months} months past or more."
    return ""


@momentum_rule
def completion_missed(facts: TrialFacts, months: int, today: date) -> str:
    status, completed = facts.status.value, completion(facts)
    if status in UNDER_WAY and completed and _past(completed.last, months, today):
        return f"Still {status.label}, though its completion ({completed.given}) is {months} months past or more."
    return ""


@momentum_rule
def not_verified(facts: TrialFacts, months: int, today: date) -> str:
    status, seen = facts.status.value, _last_seen(facts)
    if status in UNDER_WAY and seen and _past(seen[1], months, today):
        return f"{status.label.capitalize()}, but {seen[0]}, {months} months ago or more."
    return ""


@momentum_rule
def completed_without_results(facts: TrialFacts, months: int, today: date) -> str:
    completed = completion(facts)
    if (
        facts.status.value is Status.COMPLETED
        and completed
        and _past(completed.last, months, today)
        and not results_known(facts)
    ):
        return f"Completed {completed.given}, {months} months ago or more, and no results are known."
    return ""


@momentum_rule
def under_way(facts: TrialFacts, months: int, today: date) -> str:
    status = facts.status.value
    return f"{status.label.capitalize()}." if status in UNDER_WAY else ""


@momentum_rule
def start_ahead(facts: TrialFacts, months: int, today: date) -> str:
    start = facts.start.value
    if facts.status.value is Status.NOT_YET_RECRUITING and start and start.last > today:
        return f"Not yet recruiting, with its start still ahead ({start.given})."
    return ""


@momentum_rule
def completed_with_results(facts: TrialFacts, months: int, today: date) -> str:
    completed = completion(facts)
    if (
        facts.status.value is Status.COMPLETED
        and completed
        and today <= months_after(completed.last, months)
        and results_known(facts)
    ):
        return f"Completed {completed.given}, {months} months ago or less, with results known."
    return ""


@momentum_rule
def everything_else(facts: TrialFacts, months: int, today: date) -> str:
    status = facts.status.value
    return (
        f"{status.label.capitalize()}, neither moving on nor overdue." if status else "Neither moving on nor overdue."
    )
