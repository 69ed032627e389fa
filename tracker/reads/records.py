"""What a link shows of the record at its other end, trial or study: its name, title, date, stage and address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker import terms

from .wording import label

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from tracker.models import EvidenceLink, LineageLink, Study, Trial

TRIAL, STUDY = "trial", "study"
SIGNS = {terms.Direction.SUPPORTS: "+", terms.Direction.NEUTRAL: "○", terms.Direction.CONTRADICTS: "−"}


@dataclass(frozen=True, slots=True)
class RecordRef:
    """One trial or study as a link names it. ``began`` is a partial date: a start, or a year of publication."""

    kind: str
    key: str
    name: str
    title: str
    address: str
    began: str | None
    ended: str | None
    is_planned: bool
    is_retracted: bool
    track: str | None
    stage: int | None
    stage_possible: int | None
    momentum: str | None
    stop_classes: tuple[str, ...]

    @property
    def is_study(self) -> bool:
        return self.kind == STUDY

    @property
    def identity(self) -> tuple[str, str]:
        return self.kind, self.key


def trial_ref(trial: Trial) -> RecordRef:
    return RecordRef(
        kind=TRIAL,
        key=trial.nct_id,
        name=trial.nct_id,
        title=trial.brief_title or "title not reported",
        address=trial.get_absolute_url(),
        began=trial.start_given,
        ended=trial.completion_given or trial.primary_completion_given,
        is_planned=trial.start_type == terms.ValueType.ESTIMATED
        or trial.overall_status in (terms.Status.NOT_YET_RECRUITING, terms.Status.WITHDRAWN),
        is_retracted=False,
        track=trial.track,
        stage=trial.stage,
        stage_possible=trial.stage_possible,
        momentum=trial.momentum,
        stop_classes=tuple(trial.stop_classes),
    )


def study_ref(study: Study) -> RecordRef:
    return RecordRef(
        kind=STUDY,
        key=str(study.pk),
        name=study_name(study),
        title=study.title,
        address=study.get_absolute_url(),
        began=study.published_given or (str(study.year) if study.year else None),
        ended=None,
        is_planned=False,
        is_retracted=study.is_retracted,
        track=study.track,
        stage=study.stage,
        stage_possible=study.stage_possible,
        momentum=study.momentum,
        stop_classes=tuple(study.stop_classes),
    )


def study_name(study: Study) -> str:
    """What a study is called in a line: PMID, else DOI, else PMCID, else its first author or journal and year."""
    if study.pmid:
        return f"PMID {study.pmid}"
    if study.doi or study.preprint_doi:
        return f"DOI {study.doi or study.preprint_doi}"
    if study.pmcid:
        return study.pmcid
    first = study.authors[0] if study.authors else study.journal
    named = str(first) if first else f"Study {study.pk}"
    return f"{named}, {study.year}" if study.year else named


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One evidence link in words: a record bears on a candidate. Only an accepted one of a standing record counts."""

    record: RecordRef
    candidate: str
    candidate_address: str
    candidate_slug: str
    direction: str
    state: str
    proposer: str
    basis: str
    note: str
    said_by: str

    @property
    def is_accepted(self) -> bool:
        return self.state == terms.AnnotationState.ACCEPTED

    @property
    def is_proposed(self) -> bool:
        return self.state == terms.AnnotationState.PROPOSED

    @property
    def counts(self) -> bool:
        return self.is_accepted and not self.record.is_retracted

    @property
    def supports(self) -> bool:
        return self.counts and self.direction == terms.Direction.SUPPORTS

    @property
    def contradicts(self) -> bool:
        return self.counts and self.direction == terms.Direction.CONTRADICTS

    @property
    def sign(self) -> str:
        return SIGNS[terms.Direction(self.direction)]

    @property
    def direction_words(self) -> str:
        return label(terms.Direction, self.direction) or self.direction


def link_line(link: EvidenceLink) -> LinkLine:
    """The line of a link whose candidate, record and decider were read with it."""
    record = trial_ref(link.trial) if link.trial else study_ref(link.study)  # type: ignore[arg-type]
    return LinkLine(
        record=record,
        candidate=link.candidate.name,
        candidate_address=link.candidate.get_absolute_url(),
        candidate_slug=link.candidate.slug,
        direction=link.direction,
        state=link.state,
        proposer=link.proposer,
        basis=link.basis,
        note=link.note,
        said_by=decided_words(link),
    )


def decided_words(link: EvidenceLink | LineageLink) -> str:
    """``proposed by rule``, ``accepted by J. Doe, 2026-02-03``, ``as a file states it``."""
    return deciding(state=link.state, proposer=link.proposer, decided_by=link.decided_by, decided=link.decided)


def deciding(*, state: str, proposer: str, decided_by: User | None, decided: datetime | None) -> str:
    if state == terms.AnnotationState.PROPOSED:
        return f"proposed {label(terms.Proposer, proposer) or proposer}"
    day = f", {decided:%Y-%m-%d}" if decided else ""
    verb = "accepted" if state == terms.AnnotationState.ACCEPTED else "rejected"
    name = decided_by.get_full_name() or decided_by.get_username() if decided_by else ""
    return f"{verb} by {name}{day}" if name else f"{verb}{day}"
