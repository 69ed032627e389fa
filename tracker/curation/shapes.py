"""The shape of every value that is read in a study, by its name; and the ten reporting items as one number.

No database here. A value that does not fit is refused with a sentence, so that rules and pages may trust what is
stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tracker.terms import EV_ITEMS, Answer, Direction, StudyEvidence, StudyFactName

if TYPE_CHECKING:
    from collections.abc import Mapping

COHORTS = ("discovery", "validation", "independent")
METRICS = ("AUC", "sensitivity", "specificity", "hazard ratio", "odds ratio", "tumour volume change", "fold change")
FINDING = ("metric", "value", "low", "high", "n", "unit", "note")
LARGEST = 10_000_000  # people or animals; above it somebody typed a telephone number

NUMBERS = (StudyFactName.N_ANIMALS, StudyFactName.N_PATIENTS, StudyFactName.N_CONTROLS, StudyFactName.N_MODELS)
TEXTS = (StudyFactName.ANIMAL_MODEL, StudyFactName.ANIMAL_SPECIES, StudyFactName.COMPARATORS, StudyFactName.CANDIDATE)
ANSWERS = (
    StudyFactName.CONTROLS, StudyFactName.BLINDED, StudyFactName.RANDOMISED, StudyFactName.GAIN_AND_LOSS,
    StudyFactName.REPLICATED, StudyFactName.DATA_DEPOSITED, StudyFactName.PROTOCOL, StudyFactName.CONFLICTS_STATED,
    *EV_ITEMS,
)  # fmt: skip


class WrongShape(ValueError):
    """A value does not fit its name; the words say what would."""


def shaped(name: StudyFactName, value: object) -> object:
    """The value as it is stored. Raises WrongShape."""
    if name in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
            raise WrongShape(f"{name.label}: give a whole number from 0, not “{value}”.")
        return value
    if name in TEXTS:
        if not isinstance(value, str) or not value.strip():
            raise WrongShape(f"{name.label}: give a text, or nothing.")
        return value.strip()
    if name in ANSWERS:
        return _one_of(name, value, [one.value for one in Answer])
    if name == StudyFactName.DIRECTION:
        return _one_of(name, value, [one.value for one in Direction])
    if name == StudyFactName.STAGE_EVIDENCE:
        return [_one_of(name, one, [kind.value for kind in StudyEvidence]) for one in _list(name, value)]
    if name == StudyFactName.COHORTS:
        return [_one_of(name, one, list(COHORTS)) for one in _list(name, value)]
    if name == StudyFactName.FINDINGS:
        return [_finding(one) for one in _list(name, value)]
    return [str(one).strip() for one in _list(name, value)]


def _list(name: StudyFactName, value: object) -> list[object]:
    if not isinstance(value, list | tuple) or not value or any(one in ("", None) for one in value):
        raise WrongShape(f"{name.label}: give a list of at least one, or nothing.")
    return list(dict.fromkeys(value)) if all(isinstance(one, str) for one in value) else list(value)


def _one_of(name: StudyFactName, value: object, known: list[str]) -> str:
    if str(value) not in known:
        raise WrongShape(f"{name.label}: “{value}” is none of {', '.join(known)}.")
    return str(value)


def _finding(given: object) -> dict[str, object]:
    if not isinstance(given, dict) or not str(given.get("metric") or "").strip():
        raise WrongShape("Findings: each needs what was measured (AUC, hazard ratio, …).")
    unknown = sorted(set(given) - set(FINDING))
    if unknown:
        raise WrongShape(f"Findings: “{unknown[0]}” is none of {', '.join(FINDING)}.")
    kept = {name: given[name] for name in FINDING if given.get(name) not in (None, "")}
    for name in ("value", "low", "high", "n"):
        number = kept.get(name)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise WrongShape(f"Findings, {kept['metric']}: “{number}” is no number.")
    low, value, high = kept.get("low"), kept.get("value"), kept.get("high")
    ends = [float(one) for one in (low, value, high) if isinstance(one, int | float)]
    if ends != sorted(ends):
        raise WrongShape(f"Findings, {kept['metric']}: the value must stand within its interval.")
    return kept


class Reported(NamedTuple):
    """How many of the ten EV reporting items are answered yes, of those that apply."""

    yes: int
    applicable: int

    @property
    def percent(self) -> int | None:
        """Rounded half up; None where no item applies."""
        return (200 * self.yes + self.applicable) // (2 * self.applicable) if self.applicable else None

    def __str__(self) -> str:
        if self.percent is None:
            return "no item applies"
        return f"{self.percent} % ({self.yes} of {self.applicable} that apply)"


def reported(answers: Mapping[StudyFactName, object]) -> Reported:
    """Over the ten items: one without an answer applies and is not reported."""
    given = [answers.get(name) for name in EV_ITEMS]
    return Reported(given.count(Answer.YES), len(given) - given.count(Answer.NOT_APPLICABLE))
