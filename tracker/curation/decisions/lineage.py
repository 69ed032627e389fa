"""Lineage: which record led to, replicates, continues or reports which other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.models import LineageLink, Study, Trial
from tracker.terms import AnnotationState, LineageKind, Proposer

from .acts import Declined, Overtaken, _remember, hold_store, reason, row, score_again

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

#: which kinds of record each kind of lineage joins: from, to
JOINS: dict[LineageKind, tuple[tuple[type[Trial | Study], ...], tuple[type[Trial | Study], ...]]] = {
    LineageKind.LED_TO: ((Study, Trial), (Study, Trial)),
    LineageKind.REPLICATES: ((Study,), (Study,)),
    LineageKind.CONTINUES: ((Trial,), (Trial,)),
    LineageKind.REPORTS: ((Study,), (Trial,)),
}


@transaction.atomic
def add_lineage(
    *, kind: LineageKind, origin: Trial | Study, onward: Trial | Study, by: User, at: datetime, why: str
) -> LineageLink:
    """Say that `origin` led to (replicates, continues, reports) `onward`; accepted at once."""
    hold_store()
    why = reason(why, what="join two records")
    first, second = JOINS[kind]
    if not isinstance(origin, first) or not isinstance(onward, second):
        raise Declined(
            f"“{kind.label}” joins {_named(first)} with {_named(second)}. Choose another kind, or other records."
        )
    if origin == onward:
        raise Declined(f"“{origin}” cannot be joined with itself.")
    ends = _ends(origin, onward)
    if LineageLink.objects.filter(kind=kind, **ends).exists():
        raise Declined(f"“{origin}” {kind.label} “{onward}” is on record already: decide on that link.")
    link = LineageLink.objects.create(
        kind=kind, **ends, state=AnnotationState.ACCEPTED, proposer=Proposer.PERSON, basis=why, proposed=at, decided=at,
        decided_by=by,
    )  # fmt: skip
    _remember(subject="lineage", subject_id=link.pk, act="added", before=None, after=row(link), why=why, by=by, at=at)
    _score(link, at=at)
    return link


@transaction.atomic
def decide_lineage(
    *, lineage: LineageLink, state: AnnotationState, by: User, at: datetime, why: str = ""
) -> LineageLink:
    """Accept or reject a lineage link, as the person saw it; a rejection needs a reason."""
    hold_store()
    if state == AnnotationState.PROPOSED:
        raise Declined("A person accepts or rejects a link; only rules propose.")
    if lineage.state == state:
        raise Declined(f"This link is {lineage.get_state_display()} already; nothing was changed.")
    if state == AnnotationState.REJECTED:
        reason(why, what="reject a link")
    before = row(lineage)
    changed = LineageLink.objects.filter(pk=lineage.pk, state=lineage.state, decided=lineage.decided).update(
        state=state, decided=at, decided_by=by
    )
    if not changed:
        now = LineageLink.objects.select_related("decided_by").get(pk=lineage.pk)
        raise Overtaken(
            f"This link was decided meanwhile by {now.decided_by}: {now.get_state_display()}. Look at it again."
        )
    lineage.refresh_from_db()
    _remember(
        subject="lineage", subject_id=lineage.pk, act=str(state), before=before, after=row(lineage), why=why, by=by,
        at=at,
    )  # fmt: skip
    _score(lineage, at=at)
    return lineage


def _ends(origin: Trial | Study, onward: Trial | Study) -> dict[str, Trial | Study | None]:
    return {
        "from_trial": origin if isinstance(origin, Trial) else None,
        "from_study": origin if isinstance(origin, Study) else None,
        "to_trial": onward if isinstance(onward, Trial) else None,
        "to_study": onward if isinstance(onward, Study) else None,
    }


def _named(kinds: tuple[type[Trial | Study], ...]) -> str:
    return " or ".join(f"a {kind.__name__.lower()}" for kind in kinds)


def _score(link: LineageLink, *, at: datetime) -> None:
    score_again(trials=[link.from_trial_id, link.to_trial_id], studies=[link.from_study_id, link.to_study_id], at=at)
