"""What was read in a study: the value that stands of each fact, in words, with its origin and the words it rests on.

A person's value stands over a file's, a file's over a rule's; a rejected value stands for nothing. What stands below
is kept beside, so that a reader sees where people and rules differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker import terms

from .wording import label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.models import StudyFact

_RANK = {terms.FactOrigin.PERSON: 0, terms.FactOrigin.IMPORT: 1, terms.FactOrigin.RULE: 2}
# Of several experiments' answers to one reporting item the best stands for the study: it was reported.
_BEST = (terms.Answer.YES, terms.Answer.NO, terms.Answer.NOT_REPORTED, terms.Answer.NOT_APPLICABLE)
_ANSWERED = frozenset(
    {
        *terms.EV_ITEMS,
        terms.StudyFactName.CONTROLS,
        terms.StudyFactName.BLINDED,
        terms.StudyFactName.RANDOMISED,
        terms.StudyFactName.GAIN_AND_LOSS,
        terms.StudyFactName.REPLICATED,
        terms.StudyFactName.DATA_DEPOSITED,
        terms.StudyFactName.PROTOCOL,
        terms.StudyFactName.CONFLICTS_STATED,
    }
)
_APART = frozenset({*terms.EV_ITEMS, terms.StudyFactName.FINDINGS, terms.StudyFactName.DIRECTION})


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as it stands. ``origin_words`` says who read it; ``quotes`` are the words a rule rests on."""

    name: str
    words: str
    value: object
    value_words: str
    origin: str
    state: str
    origin_words: str
    quotes: tuple[str, ...]
    below: tuple[Reading, ...]

    @property
    def differs(self) -> tuple[Reading, ...]:
        """The values below it that say something else."""
        return tuple(one for one in self.below if one.value != self.value)


@dataclass(frozen=True, slots=True)
class ExperimentRead:
    """One experiment with what was read of it; label "" for what is said of the study as a whole."""

    label: str
    kind: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One of the ten EV reporting items: ``yes``, ``no``, ``not_reported`` or ``not_applicable``."""

    name: str
    words: str
    answer: str
    answer_words: str
    reading: Reading | None

    @property
    def mark(self) -> str:
        return {terms.Answer.YES: "filled", terms.Answer.NOT_APPLICABLE: "crossed"}.get(self.answer, "hollow")  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, slots=True)
class Items:
    """The ten items, and their heading: ``EV reporting, 6 of 9 that apply``."""

    items: tuple[Item, ...]

    @property
    def reported(self) -> int:
        return sum(1 for item in self.items if item.answer == terms.Answer.YES)

    @property
    def applicable(self) -> int:
        return sum(1 for item in self.items if item.answer != terms.Answer.NOT_APPLICABLE)

    @property
    def looked(self) -> bool:
        """Whether anybody, person, file or rule, has answered one of them."""
        return any(item.reading for item in self.items)


@dataclass(frozen=True, slots=True)
class Finding:
    """One quantitative finding; ``interval`` and ``n`` are "" where the source gives none."""

    metric: str
    value: str
    interval: str
    n: str
    note: str
    experiment: str
    origin_words: str


def readings_of(facts: Iterable[StudyFact]) -> tuple[Reading, ...]:
    """What stands of each name among these facts of one experiment (or of the study), in the vocabulary's order."""
    grouped: dict[str, list[StudyFact]] = {}
    for fact in facts:
        if fact.state != terms.AnnotationState.REJECTED:
            grouped.setdefault(fact.name, []).append(fact)
    return tuple(_reading(grouped[name.value]) for name in terms.StudyFactName if name.value in grouped)


def _reading(facts: Sequence[StudyFact]) -> Reading:
    ranked = sorted(facts, key=lambda fact: _RANK[terms.FactOrigin(fact.origin)])
    below = tuple(_one(fact, ()) for fact in ranked[1:])
    return _one(ranked[0], below)


def _one(fact: StudyFact, below: tuple[Reading, ...]) -> Reading:
    name = terms.StudyFactName(fact.name)
    return Reading(
        name=fact.name,
        words=name.label,
        value=fact.value,
        value_words=value_words(name, fact.value),
        origin=fact.origin,
        state=fact.state,
        origin_words=origin_of(fact),
        quotes=tuple(dict.fromkeys(str(words.get("text", "")) for words in fact.words if words.get("text"))),
        below=below,
    )


def origin_of(fact: StudyFact) -> str:
    """``by J. Doe, 2026-02-03``; ``from a file``; ``proposed by rule``; ``by rule, accepted by J. Doe``."""
    name = fact.by.get_full_name() or fact.by.get_username() if fact.by else ""
    if fact.origin == terms.FactOrigin.PERSON:
        return f"by {name or 'a person'}, {fact.at:%Y-%m-%d}"
    words = label(terms.FactOrigin, fact.origin) or fact.origin
    if fact.state == terms.AnnotationState.ACCEPTED:
        return f"{words}, accepted by {name}" if name else words
    return f"proposed {words}" if fact.origin == terms.FactOrigin.RULE else words


def value_words(name: terms.StudyFactName, value: object) -> str:
    """The value as a page says it. A value of another shape than its name asks for is shown as it is."""
    if isinstance(value, list):
        return "; ".join(value_words(name, one) for one in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items() if one not in (None, ""))
    text = str(value)
    if name in _ANSWERED:
        return label(terms.Answer, text) or text
    if name is terms.StudyFactName.STAGE_EVIDENCE:
        return label(terms.StudyEvidence, text) or text
    if name is terms.StudyFactName.DIRECTION:
        return label(terms.Direction, text) or text
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return text


def experiments_of(facts: Sequence[StudyFact]) -> tuple[ExperimentRead, ...]:
    """What was read of the study as a whole, then of each experiment; findings and reporting items stand apart."""
    grouped: dict[int | None, list[StudyFact]] = {None: []}
    for fact in facts:
        grouped.setdefault(fact.experiment_id, []).append(fact)
    made = []
    for held in grouped.values():
        readings = tuple(one for one in readings_of(held) if one.name not in _APART)
        if readings:
            experiment = held[0].experiment
            kind = label(terms.ExperimentKind, experiment.kind) or "" if experiment else ""
            made.append(ExperimentRead(experiment.label if experiment else "", kind, readings))
    return tuple(made)


def items_of(facts: Sequence[StudyFact]) -> Items:
    """The ten EV reporting items: what is said of the study, else the best that one of its experiments reports."""
    whole = {one.name: one for one in readings_of(fact for fact in facts if fact.experiment_id is None)}
    parts: dict[str, list[Reading]] = {}
    for experiment in {fact.experiment_id for fact in facts if fact.experiment_id is not None}:
        for one in readings_of(fact for fact in facts if fact.experiment_id == experiment):
            parts.setdefault(one.name, []).append(one)
    items = []
    for name in terms.EV_ITEMS:
        found = whole.get(name) or next(
            (one for answer in _BEST for one in parts.get(name, ()) if one.value == answer), None
        )
        known = terms.Answer.read(str(found.value)) if found else None
        answer = known or terms.Answer.NOT_REPORTED
        items.append(Item(name.value, name.label, answer.value, answer.label, found))
    return Items(tuple(items))


def direction_of(facts: Sequence[StudyFact]) -> Reading | None:
    """The direction of the finding, as it stands for the study."""
    return next((one for one in readings_of(facts) if one.name == terms.StudyFactName.DIRECTION), None)


def findings_of(facts: Sequence[StudyFact]) -> tuple[Finding, ...]:
    """Every quantitative finding that stands, with interval and n, and who read it."""
    grouped: dict[int | None, list[StudyFact]] = {}
    for fact in facts:
        if fact.name == terms.StudyFactName.FINDINGS and fact.state != terms.AnnotationState.REJECTED:
            grouped.setdefault(fact.experiment_id, []).append(fact)
    made = []
    for held in grouped.values():
        standing = _reading(held)
        experiment = held[0].experiment.label if held[0].experiment else ""
        rows = standing.value if isinstance(standing.value, list) else [standing.value]
        made += [_finding(row, experiment, standing) for row in rows]
    return tuple(made)


def _interval(low: object, high: object) -> str:
    """``0.81–0.94``; with ``to`` where a minus sign would stand beside the dash; "" without both ends."""
    if low is None or high is None:
        return ""
    return f"{low} to {high}" if str(low).startswith("-") or str(high).startswith("-") else f"{low}–{high}"


def _finding(row: object, experiment: str, standing: Reading) -> Finding:
    if not isinstance(row, dict):
        return Finding(str(row), "", "", "", "", experiment, standing.origin_words)
    unit = f" {row['unit']}" if row.get("unit") else ""
    low, high = row.get("low"), row.get("high")
    return Finding(
        metric=str(row.get("metric") or "measure not reported"),
        value=f"{row['value']}{unit}" if row.get("value") is not None else "",
        interval=_interval(low, high),
        n=f"{row['n']:,}" if isinstance(row.get("n"), int) else str(row.get("n") or ""),
        note=str(row.get("note") or ""),
        experiment=experiment,
        origin_words=standing.origin_words,
    )
