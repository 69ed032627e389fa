"""The only writer of facts that a file states of a study. A person's facts and the rules' are other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from tracker.terms import AnnotationState, FactOrigin

from .writing import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tracker.terms import StudyFactName


@transaction.atomic
def store_facts(*, facts: Mapping[int, Mapping[StudyFactName, object]], at: datetime) -> int:
    """Write what files state of these studies, by the study's number; gives how many values were new or changed.

    A stated value counts at once. One that a person rejected stays rejected until the file states another.
    """
    rows = [
        (study, name.value, encode(value).decode()) for study, told in facts.items() for name, value in told.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracker_studyfact (study_id, experiment_id, name, value, origin, words, state, by_id, at)
            SELECT study_id, NULL, name, value, %s, '[]'::jsonb, %s, NULL, %s
            FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS given (study_id, name, value)
            ON CONFLICT (study_id, experiment_id, name, origin) DO UPDATE
            SET value = EXCLUDED.value, state = EXCLUDED.state, by_id = NULL, at = EXCLUDED.at
            WHERE tracker_studyfact.value IS DISTINCT FROM EXCLUDED.value
            """,
            [
                FactOrigin.IMPORT.value,
                AnnotationState.ACCEPTED.value,
                at,
                [study for study, _, _ in rows],
                [name for _, name, _ in rows],
                [value for _, _, value in rows],
            ],
        )
        return int(cursor.rowcount)
