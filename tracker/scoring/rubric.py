"""The rubric: one released TOML file a version, read into typed structures and refused when it is wrong.

The file holds numbers, words and sources and names functions; the same structures compute the scores and print the
Methods page. ``load`` is what everybody calls; it reads a file once.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from tracker.terms import Component, Momentum, StopClass, StudyEvidence, Track

from . import answers, momentum, rules, stages, study_faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .answers import Applies, Rule, StudyRule
    from .momentum import MomentumRule

CURRENT = "2026-1"


class RubricError(Exception):
    """A rubric file that must not be used: what is wrong, in which file, and what to do."""


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of the road, with its names and the crosswalk columns of the Methods page."""

    number: int
    therapeutic: str
    diagnostic: str
    prognostic: str
    hhs: str
    translation: str
    source: list[str]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers that the stage rules compare with."""

    people: int
    sites: int
    countries: int
    planned_lower: int
    planned_floor: int
    test_guided_from: int


class StageRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One outcome of reading a registry record."""

    name: str
    track: Track
    when: str
    next: str  # what would raise it, in words
    stage: int
    source: str
    own: bool = False


class ComponentWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Component
    weight: int


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of a component: its points, the functions that answer it, and where it comes from."""

    label: str
    rule: str
    points: int
    source: str
    own: bool = False
    applies: str = "always"
    levels: dict[str, int] = {}
    months: int = 0
    asks: str = ""  # of a study's row: the fact that answers it, a name of terms.StudyFactName


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows of one component for one kind of record."""

    component: Component
    words: str
    rows: list[Row]


class TrialColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    therapeutic: list[str]
    diagnostic: list[str]
    test_guided: list[str]

    def all(self) -> dict[str, list[str]]:
        return {"therapeutic": self.therapeutic, "diagnostic": self.diagnostic, "test_guided": self.test_guided}


class StudyColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    every_study: list[str]


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many people are expected at these stages."""

    track: Track
    stages: list[int]
    floor: int
    ceiling: int


class StudyRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the stage table as a study reaches it: by any of its kinds of evidence, and every condition."""

    name: str
    track: Track
    when: str
    next: str  # what would raise it, in words
    stage: int
    evidence: list[StudyEvidence]
    source: str
    own: bool = False
    people: int = 0  # at least so many
    counts: str = "people"  # or "patients": without those they are compared with
    characterised: bool = False  # the vesicles were shown to be vesicles
    stage_possible: int | None = None  # where another record, not told yet, decides

    @property
    def highest(self) -> int:
        return self.stage if self.stage_possible is None else self.stage_possible

    @property
    def is_plain(self) -> bool:
        """Whether its evidence alone reaches it."""
        return not self.people and not self.characterised


class MomentumRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    result: Momentum
    rule: str
    when: str
    source: str
    own: bool = False
    months: int = 0


class Deduction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    momentum: Momentum
    stop_classes: list[StopClass]
    points: int
    source: str
    own: bool = False


class RubricFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rubric file as it stands on disk."""

    version: str
    title: str
    sources: dict[str, str]
    stages: list[Stage]
    limits: Limits
    stage_rules: list[StageRule]
    components: list[ComponentWeight]
    columns: dict[str, Column]
    trial_columns: TrialColumns
    people: list[People]
    study_rows: list[StudyRow]
    study_columns: StudyColumns
    animals: list[People]
    momentum: list[MomentumRow]
    deductions: list[Deduction]


class Bound(msgspec.Struct, frozen=True):
    """A row with its numbers in tenths of a point and its source in words."""

    label: str
    points: int
    levels: dict[str, int]
    steps: tuple[tuple[int, int], ...]  # levels that are thresholds, the highest first: (at least so many, tenths)
    months: int
    source: str


class BoundRow(Bound, frozen=True):
    """A trial's row with its functions found."""

    applies: Applies | None
    answer: Rule


class BoundStudyRow(Bound, frozen=True):
    """A study's row with its function found."""

    asks: str
    answer: StudyRule


class BoundColumn(msgspec.Struct, frozen=True):
    component: str
    weight: int  # tenths
    rows: tuple[BoundRow, ...]


class BoundStudyColumn(msgspec.Struct, frozen=True):
    component: str
    weight: int  # tenths
    rows: tuple[BoundStudyRow, ...]


class Rubric:
    """A rubric file that was found right, with every name resolved once.

    ``file`` is what the Methods page prints; the rest is what the engine computes with.
    """

    def __init__(self, file: RubricFile) -> None:
        self.file = file
        self.version = file.version
        self.limits = file.limits
        self.stage_of = {rule.name: rule.stage for rule in file.stage_rules}
        self.stage_rules = {rule.name: rule for rule in file.stage_rules}
        weights = {component.name: component.weight * 10 for component in file.components}
        columns = {
            name: BoundColumn(column.component.value, weights[column.component], tuple(map(self._bound, column.rows)))
            for name, column in file.columns.items()
            if name not in file.study_columns.every_study
        }
        self.columns = {
            kind: tuple(columns[name] for name in names) for kind, names in file.trial_columns.all().items()
        }
        self.study_columns = tuple(
            BoundStudyColumn(
                file.columns[name].component.value,
                weights[file.columns[name].component],
                tuple(map(self._bound_study, file.columns[name].rows)),
            )
            for name in file.study_columns.every_study
        )
        self.people = {
            (people.track, stage): (people.floor, people.ceiling) for people in file.people for stage in people.stages
        }
        self._bind_studies()
        self.momentum: tuple[tuple[MomentumRow, MomentumRule], ...] = tuple(
            (row, momentum.RULES[row.rule]) for row in file.momentum
        )

    def _bind_studies(self) -> None:
        """The study rows by track and by name, which evidence stands on one track alone, and whom a stage counts."""
        rows = self.file.study_rows
        self.study_rows = {track: tuple(row for row in rows if row.track is track) for track in Track}
        self.study_row = {(row.track, row.name): row for row in rows}
        on: dict[StudyEvidence, set[Track]] = {}
        for row in rows:
            for evidence in row.evidence:
                on.setdefault(evidence, set()).add(row.track)
        self.only_on = {evidence: next(iter(found)) for evidence, found in on.items() if len(found) == 1}
        self.ranges: dict[tuple[Track, str], dict[int, tuple[int, int]]] = {
            (track, counted): {
                stage: (one.floor, one.ceiling) for one in given if one.track is track for stage in one.stages
            }
            for track in Track
            for counted, given in (("patients", self.file.people), ("animals", self.file.animals))
        }

    def _bound(self, row: Row) -> BoundRow:
        return BoundRow(
            *self._numbers(row),
            None if row.applies == "always" else answers.APPLICABILITY[row.applies],
            answers.RULES[row.rule],
        )

    def _bound_study(self, row: Row) -> BoundStudyRow:
        return BoundStudyRow(*self._numbers(row), row.asks, answers.STUDY_RULES[row.rule])

    def _numbers(self, row: Row) -> tuple[str, int, dict[str, int], tuple[tuple[int, int], ...], int, str]:
        levels = {level: points * 10 for level, points in row.levels.items()}
        steps = sorted(((int(level), tenths) for level, tenths in levels.items() if level.isdigit()), reverse=True)
        source = self.source_words(row.source, own=row.own)
        return row.label, row.points * 10, levels, tuple(steps), row.months, source

    def source_words(self, key: str, *, own: bool) -> str:
        """The citation; where the choice is the rubric's own it says so with the dagger."""
        words = self.file.sources[key]
        if not own:
            return words
        return f"{words} †" if key == "own" else f"{words}; points †"

    def stage_name(self, track: Track, stage: int, *, prognostic: bool = False) -> str:
        """What this stage is called on this track."""
        found = self.file.stages[stage]
        if track is Track.THERAPEUTIC:
            return found.therapeutic
        return found.prognostic if prognostic else found.diagnostic


@lru_cache(maxsize=8)
def load(version: str) -> Rubric:
    """The rubric of this version.

    Raises ``RubricError`` where no such file was released or where the file is wrong.
    """
    path = resources.files(__package__) / "rubrics" / f"{version}.toml"
    if version not in versions():
        raise RubricError(f"There is no rubric {version!r}. Released are: {', '.join(versions())}.")
    return read(path.read_bytes(), name=f"{version}.toml")


def versions() -> list[str]:
    """The released versions, oldest first."""
    found = (resources.files(__package__) / "rubrics").iterdir()
    return sorted(path.name.removesuffix(".toml") for path in found if path.name.endswith(".toml"))


def read(content: bytes, *, name: str) -> Rubric:
    """The rubric in these bytes; ``RubricError`` names everything that is wrong with it."""
    try:
        file = msgspec.toml.decode(content, type=RubricFile)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise RubricError(f"Rubric file {name} cannot be read: {error}. Mend the file.") from error
    wrong = list(faults(file))
    if f"{file.version}.toml" != name:
        wrong.insert(0, f"the file says version {file.version!r}")
    if wrong:
        raise RubricError(f"Rubric file {name} is refused: {'; '.join(wrong)}. Mend the file, or release a new one.")
    return Rubric(file)


def unused_rules(rubrics: Iterable[Rubric]) -> list[str]:
    """Functions that no released rubric names: dead code, or a row that was forgotten."""
    named: set[str] = set()
    for rubric in rubrics:
        for column in rubric.file.columns.values():
            named.update(row.rule for row in column.rows)
            named.update(row.applies for row in column.rows)
        named.update(row.rule for row in rubric.file.momentum)
    known = [*answers.RULES, *answers.APPLICABILITY, *answers.STUDY_RULES, *momentum.RULES]
    return sorted(name for name in known if name not in named)


def check_all() -> list[str]:
    """What is wrong with the released rubrics, a sentence each; an empty list is right."""
    wrong: list[str] = []
    right: list[Rubric] = []
    for version in versions():
        try:
            right.append(load(version))
        except RubricError as error:
            wrong.append(str(error))
    if not wrong:
        wrong += [
            f"The rule {name!r} is named by no rubric: name it in one or remove it." for name in unused_rules(right)
        ]
    return wrong


def faults(file: RubricFile) -> Iterator[str]:
    """Everything that is wrong with a file of the right shape."""
    yield from _faults_of_stages(file)
    yield from _faults_of_strength(file)
    yield from study_faults.of_studies(file)
    for row in file.momentum:
        if row.rule not in momentum.RULES:
            yield f"momentum names the rule {row.rule!r}, which tracker/scoring/momentum.py does not have"
    if not file.momentum or file.momentum[-1].rule != "everything_else":
        yield "the last row of momentum must be 'everything_else', else a trial may have none"
    for place, key in _sources(file):
        if not file.sources.get(key, "").strip():
            yield f"{place} has the source {key!r}, which [sources] does not explain"


def _faults_of_stages(file: RubricFile) -> Iterator[str]:
    if [stage.number for stage in file.stages] != list(range(10)):
        yield "the stages must be 0 to 9, each once and in order"
    for stage in file.stages:
        for column in ("therapeutic", "diagnostic", "prognostic", "hhs", "translation"):
            if not getattr(stage, column).strip():
                yield f"stage {stage.number} has no name in the column {column!r}"
        if not stage.source:
            yield f"stage {stage.number} has no source"
    named = Counter(rule.name for rule in file.stage_rules)
    for name in sorted(stages.OUTCOMES - set(named)):
        yield f"the stage rule {name!r} is missing"
    for name in sorted(set(named) - stages.OUTCOMES):
        yield f"the stage rule {name!r} is one that tracker/scoring/stages.py does not have"
    yield from (f"the stage rule {name!r} stands twice" for name, times in named.items() if times > 1)
    yield from (
        f"the stage rule {rule.name!r} leads to stage {rule.stage}"
        for rule in file.stage_rules
        if not 0 <= rule.stage <= 9
    )
    have = {(people.track, stage) for people in file.people for stage in people.stages}
    for track, number in sorted(stages.reachable(file.limits, file.stage_rules) - have):
        yield f"[[people]] has no floor and ceiling for {track} stage {number}"
    for people in (*file.people, *file.animals):
        if not 0 < people.floor < people.ceiling:
            yield f"people of {people.track} stages {people.stages}: the floor must be above 0 and below the ceiling"


def _faults_of_strength(file: RubricFile) -> Iterator[str]:
    weights = {component.name: component.weight for component in file.components}
    if sorted(weights) != sorted(Component) or len(file.components) != len(weights):
        yield f"the components must be {', '.join(Component)}, each once"
        return
    if sum(weights.values()) != 100:
        yield f"the component weights sum to {sum(weights.values())}, not 100"
    for name, column in file.columns.items():
        total = sum(row.points for row in column.rows)
        if total != weights[column.component]:
            yield f"the points of column {name!r} sum to {total}, its component weighs {weights[column.component]}"
        labels = Counter(row.label for row in column.rows)
        yield from (f"column {name!r} has the row {label!r} twice" for label, times in labels.items() if times > 1)
        for row in column.rows:
            place = f"row {row.label!r} of column {name!r}"
            if row.points <= 0:
                yield f"{place} gives {row.points} points"
            if name in file.study_columns.every_study:
                yield from study_faults.of_row(row, place)
            elif row.rule not in answers.RULES:
                yield f"{place} names the rule {row.rule!r}, which tracker/scoring/rules.py does not have"
            elif row.rule in rules.LEVELS and set(row.levels) != rules.LEVELS[row.rule]:
                yield f"{place} must have the levels {', '.join(sorted(rules.LEVELS[row.rule]))}"
            elif row.rule in rules.STEPPED and not (row.levels and all(level.isdigit() for level in row.levels)):
                yield f"{place} must have levels that are numbers: at least so many, so many points"
            if row.applies != "always" and row.applies not in answers.APPLICABILITY:
                yield f"{place} applies when {row.applies!r}, which tracker/scoring/rules.py does not have"
            if row.levels and (max(row.levels.values()) != row.points or min(row.levels.values()) != 0):
                yield f"the levels of {place} must run from 0 to its {row.points} points"
    columns = {f"trial_columns.{kind}": names for kind, names in file.trial_columns.all().items()}
    for place, names in {**columns, "study_columns": file.study_columns.every_study}.items():
        components = [file.columns[name].component for name in names if name in file.columns]
        if components != [component.name for component in file.components]:
            yield f"{place} must name one column a component, in the order of the components"


def _sources(file: RubricFile) -> Iterator[tuple[str, str]]:
    for stage in file.stages:
        for key in stage.source:
            yield f"stage {stage.number}", key
    for rule in file.stage_rules:
        yield f"stage rule {rule.name!r}", rule.source
    for study_row in file.study_rows:
        yield f"study row {study_row.name!r}", study_row.source
    for name, column in file.columns.items():
        for row in column.rows:
            yield f"row {row.label!r} of column {name!r}", row.source
    for momentum_row in file.momentum:
        yield f"momentum row {momentum_row.rule!r}", momentum_row.source
    for deduction in file.deductions:
        yield f"deduction {deduction.label!r}", deduction.source
