"""What can be wrong with the study part of a rubric file, a sentence each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tracker.terms import StudyEvidence, Track

from . import answers, study_rules
from .study_facts import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rubric import Row, RubricFile


def of_row(row: Row, place: str) -> Iterator[str]:
    """A row of strength: its rule is known, and asks a fact that is an answer where it asks one."""
    if row.rule not in answers.STUDY_RULES:
        yield f"{place} names the rule {row.rule!r}, which tracker/scoring/study_rules.py does not have"
    elif row.rule in study_rules.ASKING and row.asks not in {name.value for name in ANSWERED}:
        yield f"{place} asks {row.asks!r}, which is no answered fact of a study"
    elif row.rule not in study_rules.ASKING and row.asks:
        yield f"{place} asks {row.asks!r}, but its rule {row.rule!r} asks no fact by name"
    if row.applies != "always":
        yield f"{place} applies when {row.applies!r}; a study's answer itself says whether it applies"


def of_studies(file: RubricFile) -> Iterator[str]:
    """The stage rows, and that rows and the facts that may be answered name each other."""
    named = Counter((row.track, row.name) for row in file.study_rows)
    yield from (
        f"the study row {name!r} of {track} stands twice" for (track, name), times in named.items() if times > 1
    )
    for row in file.study_rows:
        if not 0 <= row.stage <= row.highest <= 9:
            yield f"the study row {row.name!r} leads to stages {row.stage} to {row.highest}"
        if not row.evidence:
            yield f"the study row {row.name!r} rests on no evidence"
        if row.counts not in ("people", "patients"):
            yield f"the study row {row.name!r} counts {row.counts!r}; it may count people or patients"
    for track in Track:
        told = {one for row in file.study_rows if row.track is track for one in row.evidence}
        plain = {one for row in file.study_rows if row.track is track and row.is_plain for one in row.evidence}
        yield from (
            f"the evidence {one.value!r} reaches no {track} row by itself, so a study of it could be without a stage"
            for one in StudyEvidence
            if one in told - plain
        )
    reached = {one for row in file.study_rows for one in row.evidence}
    yield from (f"no study row rests on the evidence {one.value!r}" for one in StudyEvidence if one not in reached)
    asked = Counter(row.asks for name in file.study_columns.every_study for row in _rows(file, name) if row.asks)
    yield from (
        f"the fact {name.value!r} is asked {asked[name]} times, not once" for name in ANSWERED if asked[name] != 1
    )
    yield from _faults_of_ranges(file)


def _faults_of_ranges(file: RubricFile) -> Iterator[str]:
    """A stage that rests on people, or on animals, must expect a number of them."""
    people = {(one.track, stage) for one in file.people for stage in one.stages}
    animals = {(one.track, stage) for one in file.animals for stage in one.stages}
    for row in file.study_rows:
        if row.track is Track.DIAGNOSTIC and row.stage > 1:
            expected = range(row.stage, row.highest + 1)
            yield from (
                f"[[people]] has no floor and ceiling for {row.track} stage {stage}"
                for stage in expected
                if (row.track, stage) not in people
            )
        elif row.stage > 3 and not {(row.track, row.stage)} & (people | animals):
            yield f"neither [[people]] nor [[animals]] has a floor and ceiling for {row.track} stage {row.stage}"


def _rows(file: RubricFile, name: str) -> list[Row]:
    return file.columns[name].rows if name in file.columns else []
