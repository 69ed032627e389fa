"""How far a study stands: the highest row of the rubric's study table whose every condition is a reported fact.

What is possible is the highest row that could hold if the facts that decide were told (numbers of people, whether the
vesicles were characterised, which trial it reports). The kinds of evidence, once told, are told whole: a kind that is
not among them is not waited for. Where no kind is told at all no row holds, and the study has no stage. The
publication of a trial takes its trial's stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.terms import Reading, Role, StudyEvidence, Track

from .stages import UNBOUNDED, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rubric import Rubric, StudyRow
    from .study_facts import StudyFacts

# Under this name a stage is not a row's but the trial's.
ITS_TRIAL = "its_trial"

TRACK_OF_ROLE = {
    Role.SCREENING: Track.DIAGNOSTIC,
    Role.DIAGNOSIS: Track.DIAGNOSTIC,
    Role.PROGNOSIS: Track.DIAGNOSTIC,
    Role.PREDICTION: Track.DIAGNOSTIC,
    Role.MONITORING: Track.DIAGNOSTIC,
    Role.VACCINE: Track.THERAPEUTIC,
    Role.DRUG_CARRIER: Track.THERAPEUTIC,
    Role.NATIVE_EV_THERAPY: Track.THERAPEUTIC,
    Role.EV_INHIBITION: Track.THERAPEUTIC,
}


def tracks(facts: StudyFacts, rubric: Rubric) -> tuple[Track, ...]:
    """The tracks this study may stand on.

    The publication of a trial stands where its trial does. Else the roles say it; without one, the candidates it is
    linked to, and then whether its text was read to measure vesicles or to treat by them. A study of a mechanism, or
    one of which nothing says it, stands on the track whose column alone holds its evidence; with rows 0 and 1 only,
    which both tracks have, on the therapeutic one, whose row names mechanisms.
    """
    if facts.trials:
        found = {trial.track for trial in facts.trials}
    else:
        found = {TRACK_OF_ROLE[role] for role in facts.roles if role in TRACK_OF_ROLE}
        found = found or set(facts.kinds) or _by_use(facts)
        evidence = facts.evidence.value or ()
        if not found or Role.MECHANISM in facts.roles:
            found |= {rubric.only_on[one] for one in evidence if one in rubric.only_on}
        if not found and evidence and StudyEvidence.CLINICAL_TRIAL not in evidence:
            found = {Track.THERAPEUTIC}
    return tuple(track for track in Track if track in found)


def _by_use(facts: StudyFacts) -> set[Track]:
    """A mechanism measures vesicles too, so with that role the readings say nothing of the track."""
    if Role.MECHANISM in facts.roles:
        return set()
    return {Track.DIAGNOSTIC if use is Reading.EV_MEASURED else Track.THERAPEUTIC for use in facts.uses}


def interval(facts: StudyFacts, track: Track, rubric: Rubric) -> Interval | None:
    """The stages this study has earned and may have on this track; None where no row of it holds."""
    trials = [trial for trial in facts.trials if trial.track is track]
    if trials:
        return Interval(
            max(trial.stage for trial in trials), max(trial.stage_possible for trial in trials), ITS_TRIAL, ITS_TRIAL
        )
    earned = possible = -1
    earned_by = possible_by = ""
    for row in _told(facts, rubric.study_rows[track]):
        holds, may_hold = _conditions(facts, row)
        if holds and row.stage > earned:
            earned, earned_by = row.stage, row.name
        if may_hold and row.highest > possible:
            possible, possible_by = row.highest, row.name
    return Interval(earned, possible, earned_by, possible_by) if earned_by else None


def people(facts: StudyFacts, row: StudyRow) -> tuple[int, int]:
    """How many people count for this row, at least and at most: its patients, or with those they are compared to."""
    counted = (facts.n_patients,) if row.counts == "patients" else (facts.n_patients, facts.n_controls)
    fewest = sum(one.value or 0 for one in counted)
    return fewest, UNBOUNDED if any(one.value is None for one in counted) else fewest


def missing(facts: StudyFacts, track: Track, found: Interval, rubric: Rubric) -> list[str]:
    """What is not reported and keeps the possible stage open, in words."""
    if found.possible == found.earned or found.possible_by == ITS_TRIAL:
        return []
    row = rubric.study_row[track, found.possible_by]
    words = []
    if row.highest > row.stage:
        words.append("the trial that it reports")
    fewest, most = people(facts, row)
    if fewest < row.people <= most:
        if facts.n_patients.value is None:
            words.append("number of patients")
        if row.counts == "people" and facts.n_controls.value is None:
            words.append("number of people compared with")
    if row.characterised and not facts.characterised.value:
        words.append("characterisation of the vesicles")
    return words


def _told(facts: StudyFacts, rows: Iterable[StudyRow]) -> Iterable[StudyRow]:
    evidence = facts.evidence.value or ()
    return (row for row in rows if any(one in evidence for one in row.evidence))


def _conditions(facts: StudyFacts, row: StudyRow) -> tuple[bool, bool]:
    """Whether every condition of the row beside its evidence is reported to hold, and whether it may."""
    fewest, most = people(facts, row)
    return (
        fewest >= row.people and (not row.characterised or bool(facts.characterised.value)),
        most >= row.people,
    )
