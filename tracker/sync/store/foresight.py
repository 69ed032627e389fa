"""What storing studies would do, without doing it: by the same walk that stores them, so that both always agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from tracker.models import StudyFact
from tracker.sources.bibliography import title_key
from tracker.terms import FactOrigin

from .studies import _index, _study_of, _take

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tracker.sources.bibliography import StudyRecord
    from tracker.terms import StudyOrigin


class Foreseen(NamedTuple):
    """Of which stored study a record is (0: a new one), as that stands now, and whether the record tells news.

    `others` are stored studies that the record also points to.
    """

    study_id: int
    standing: StudyRecord | None
    is_news: bool
    others: tuple[int, ...]


def foreseen(*, rows: Sequence[StudyRecord], origin: StudyOrigin) -> list[Foreseen]:
    """What `store_studies` would do with each of these records, one a row in their order."""
    index = _index(rows)
    found = []
    for record in rows:
        held, others = _study_of(record, index, origin=origin)
        before = held.count
        _take(held, record, origin)
        found.append(Foreseen(held.id, held.standing, held.count > before, tuple(other.id for other, _ in others)))
    return found


def alike(*, rows: Sequence[StudyRecord]) -> dict[str, list[tuple[int, int | None]]]:
    """The stored studies (number, year) whose folded title is one of these records', by that title."""
    keys = sorted({key for record in rows if (key := title_key(record.title))})
    found: dict[str, list[tuple[int, int | None]]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT title_key, id, year FROM tracker_study WHERE title_key = ANY(%s) ORDER BY id", [keys])
        for key, number, year in cursor:
            found.setdefault(key, []).append((number, year))
    return found


def facts_stated(*, study_ids: Collection[int]) -> dict[int, dict[str, object]]:
    """What files have stated of these studies so far: the values by name, by the study's number."""
    found: dict[int, dict[str, object]] = {}
    stated = StudyFact.objects.filter(study__in=study_ids, origin=FactOrigin.IMPORT, experiment__isnull=True)
    for study, name, value in stated.values_list("study_id", "name", "value"):
        found.setdefault(study, {})[name] = value
    return found
