"""What every act of a person shares: its history entry, its refusals, and the score of what it touches."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection

from tracker.models import EvidenceLink, HistoryEntry
from tracker.scoring.ledger import rescore
from tracker.scoring.rubric import CURRENT
from tracker.sync.store import STORE_LOCK
from tracker.terms import AnnotationState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.contrib.auth.models import User
    from django.db.models import Model

Row = dict[str, object]


class Declined(Exception):
    """The act cannot be done as asked; the words say what is wrong, with which record, and what to do next."""


class Overtaken(Declined):
    """Somebody else decided meanwhile, so what this person saw stands no more."""


def _remember(
    *,
    subject: str,
    subject_id: object,
    act: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    why: str,
    by: User,
    at: datetime,
) -> HistoryEntry:
    """Write down one act, in the transaction of the act itself."""
    return HistoryEntry.objects.create(
        subject=subject, subject_id=str(subject_id), act=act, before=before, after=after, why=why.strip(), by=by, at=at
    )


def row(record: Model, *, without: Iterable[str] = ()) -> Row:
    """The columns of a record as JSON can keep them; what is packed or only for searching is left out."""
    kept: Row = {}
    for field in record._meta.concrete_fields:
        value = getattr(record, field.attname)
        if field.name in without or isinstance(value, bytes | memoryview) or field.name in {"raw", "search"}:
            continue
        kept[field.attname] = told(value)
    return kept


def told(value: object) -> object:
    """A column's value as JSON."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | bool | int | float | list | dict):
        return value
    return str(value)


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Row, Row]:
    """Only what differs, on both sides."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


def reason(why: str, *, what: str) -> str:
    """The reason given, or a refusal: an act that takes something away must say why."""
    if not why.strip():
        raise Declined(f"Give a reason to {what}: the next reader will ask for it.")
    return why.strip()


def hold_store() -> None:
    """Wait for whoever is storing, reading or scoring evidence, as every writer of it does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)


def score_again(*, trials: Iterable[str | None] = (), studies: Iterable[int | None] = (), at: datetime) -> None:
    """The score of these records, from what stands now."""
    numbers = sorted({nct_id for nct_id in trials if nct_id})
    keys = sorted({study_id for study_id in studies if study_id})
    if numbers or keys:
        rescore(rubric=CURRENT, today=at.date(), at=at, nct_ids=numbers, study_ids=keys)


def score_evidence_of(candidates: Iterable[int], *, at: datetime) -> None:
    """The score of every record linked to these candidates: each may make another's evidence independent."""
    links = EvidenceLink.objects.filter(candidate__in=list(candidates)).exclude(state=AnnotationState.REJECTED)
    pairs = list(links.values_list("trial_id", "study_id"))
    score_again(trials=[trial for trial, _ in pairs], studies=[study for _, study in pairs], at=at)
