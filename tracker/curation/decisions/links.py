"""Evidence links: that a trial or a study bears on a candidate, in which direction, and whether it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.models import EvidenceLink
from tracker.terms import AnnotationState, CandidateStatus, Direction, Proposer

from .acts import Declined, Overtaken, _remember, hold_store, reason, row, score_again, score_evidence_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from tracker.models import Candidate, Study, Trial


@transaction.atomic
def add_link(
    *,
    candidate: Candidate,
    direction: Direction,
    by: User,
    at: datetime,
    why: str,
    trial: Trial | None = None,
    study: Study | None = None,
    note: str = "",
) -> EvidenceLink:
    """Tie a trial or a study to a candidate, accepted at once; `why` is what the link rests on."""
    hold_store()
    if (trial is None) == (study is None):
        raise Declined("A link joins a candidate with one record: give a trial or a study, and not both.")
    why = reason(why, what="link a record")
    candidate.refresh_from_db()
    may_bear_links(candidate)
    record = trial if trial is not None else study
    standing = EvidenceLink.objects.filter(candidate=candidate, trial=trial, study=study).first()
    if standing is not None:
        raise Declined(
            f"“{record}” is linked to {candidate.name} already ({standing.get_state_display()}): decide on that link."
        )
    if study is not None:
        may_support(study, direction)
    link = EvidenceLink.objects.create(
        candidate=candidate, trial=trial, study=study, direction=direction, state=AnnotationState.ACCEPTED,
        proposer=Proposer.PERSON, basis=why, note=note.strip(), proposed=at, decided=at, decided_by=by,
    )  # fmt: skip
    _remember(subject="link", subject_id=link.pk, act="added", before=None, after=row(link), why=why, by=by, at=at)
    score_evidence_of([candidate.pk], at=at)
    return link


@transaction.atomic
def decide_link(
    *,
    link: EvidenceLink,
    state: AnnotationState,
    by: User,
    at: datetime,
    why: str = "",
    direction: Direction | None = None,
    note: str | None = None,
) -> EvidenceLink:
    """Accept or reject a link, or change its direction or note. `link` is as the person saw it.

    A rejection and a change of direction need a reason. A link that somebody decided meanwhile is not decided again.
    """
    hold_store()
    if state == AnnotationState.PROPOSED:
        raise Declined("A person accepts or rejects a link; only rules propose.")
    towards = Direction(direction or link.direction)
    words = link.note if note is None else note.strip()
    if (link.state, link.direction, link.note) == (state, towards, words):
        raise Declined(f"This link is {link.get_state_display()} and {link.direction} already; nothing was changed.")
    if state == AnnotationState.REJECTED and link.state != state:
        reason(why, what="reject a link")
    if towards != link.direction:
        reason(why, what="change a link's direction")
    newly = (link.state, link.direction) != (state, towards)
    if state == AnnotationState.ACCEPTED and newly:
        may_bear_links(link.candidate)
        if link.study is not None:
            link.study.refresh_from_db(fields=["is_retracted", "title"])
            may_support(link.study, towards)
    before = row(link)
    changed = EvidenceLink.objects.filter(
        pk=link.pk, candidate=link.candidate_id, state=link.state, direction=link.direction, note=link.note,
        decided=link.decided,
    ).update(state=state, direction=towards, note=words, decided=at, decided_by=by)  # fmt: skip
    if not changed:
        raise Overtaken(_who_was_first(link))
    link.refresh_from_db()
    act = ("accepted" if state == AnnotationState.ACCEPTED else "rejected") if before["state"] != state else "changed"
    _remember(subject="link", subject_id=link.pk, act=act, before=before, after=row(link), why=why, by=by, at=at)
    score_evidence_of([link.candidate_id], at=at)
    score_again(trials=[link.trial_id], studies=[link.study_id], at=at)
    return link


def may_bear_links(candidate: Candidate) -> None:
    if candidate.status == CandidateStatus.MERGED:
        raise Declined(f"{candidate.name} was merged into {candidate.merged_into}: link the record to that one.")


def may_support(study: Study, direction: Direction) -> None:
    if study.is_retracted and direction == Direction.SUPPORTS:
        raise Declined(
            f"“{study.title}” is retracted: it supports nothing. Link it as neutral or as contradicting, or reject it."
        )


def _who_was_first(link: EvidenceLink) -> str:
    now = EvidenceLink.objects.select_related("decided_by", "candidate").filter(pk=link.pk).first()
    if now is None:
        return "This link is no longer there: its candidate was merged meanwhile. Look at the candidate again."
    who = f" by {now.decided_by}" if now.decided_by else ""
    return (
        f"This link was changed meanwhile{who}: it is {now.get_state_display()} and {now.get_direction_display()} "
        f"{now.candidate} now. Look at it again and decide."
    )
