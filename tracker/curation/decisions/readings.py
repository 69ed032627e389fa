"""What rules and files read in a record: a person accepts or rejects it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.classify.proposals import repropose_studies
from tracker.classify.stated import STATED
from tracker.models import Annotation, StudyFact
from tracker.terms import AnnotationState, FactOrigin

from .acts import Declined, Overtaken, _remember, hold_store, row, score_again

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User


@transaction.atomic
def decide_annotation(
    *, annotation: Annotation, state: AnnotationState, by: User, at: datetime, why: str = ""
) -> Annotation:
    """Accept or reject a term of a trial or study, as the person saw it. No later sync proposes it anew."""
    hold_store()
    _is_a_decision(state, annotation.state, annotation.get_state_display())
    before = row(annotation)
    changed = Annotation.objects.filter(
        pk=annotation.pk, state=annotation.state, decided=annotation.decided
    ).update(state=state, decided=at, decided_by=by)  # fmt: skip
    if not changed:
        now = Annotation.objects.select_related("decided_by").filter(pk=annotation.pk).first()
        raise Overtaken(_meanwhile(now, f"{annotation.facet} {annotation.term}"))
    annotation.refresh_from_db()
    _remember(
        subject="annotation", subject_id=annotation.pk, act=str(state), before=before, after=row(annotation), why=why,
        by=by, at=at,
    )  # fmt: skip
    score_again(trials=[annotation.trial_id], studies=[annotation.study_id], at=at)
    return annotation


@transaction.atomic
def decide_fact(*, fact: StudyFact, state: AnnotationState, by: User, at: datetime, why: str = "") -> StudyFact:
    """Accept or reject what a rule or a file read in a study. A person's own value is changed on the study's form."""
    hold_store()
    if fact.origin == FactOrigin.PERSON:
        raise Declined(f"“{fact.get_name_display()}” was entered by {fact.by}: change it on the study's own form.")
    _is_a_decision(state, fact.state, fact.get_state_display())
    before = row(fact)
    changed = StudyFact.objects.filter(pk=fact.pk, state=fact.state, at=fact.at, value=fact.value).update(
        state=state, by=by, at=at
    )
    if not changed:
        now = StudyFact.objects.select_related("by").filter(pk=fact.pk).first()
        raise Overtaken(_meanwhile(now, fact.get_name_display()))
    fact.refresh_from_db()
    _remember(subject="fact", subject_id=fact.pk, act=str(state), before=before, after=row(fact), why=why, by=by, at=at)
    if fact.name in STATED:
        # What a file stated is read for terms and relevance, unless a person rejects it.
        repropose_studies(study_ids=[fact.study_id], at=at)
    score_again(studies=[fact.study_id], at=at)
    return fact


def _is_a_decision(wanted: AnnotationState, standing: str, words: str) -> None:
    if wanted == AnnotationState.PROPOSED:
        raise Declined("A person accepts or rejects; only rules propose.")
    if standing == wanted:
        raise Declined(f"This is {words} already; nothing was changed.")


def _meanwhile(now: Annotation | StudyFact | None, what: str) -> str:
    if now is None:
        return f"“{what}” is no longer there: its text was read again meanwhile. Look at the record again."
    return f"“{what}” was changed meanwhile: it is {now.get_state_display()} now. Look at it again and decide."
