"""The only writer of what was set aside: records that could not be read, kept whole."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db import connection, transaction

from tracker.sources.packing import pack
from tracker.terms import SetAsideState, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tracker.models import SyncRun
    from tracker.sources.ctgov_records import Unreadable
    from tracker.terms import Origin, StudyOrigin


@transaction.atomic
def set_aside(
    *,
    unreadable: Sequence[tuple[str, Unreadable]],
    origin: Origin | StudyOrigin,
    run: SyncRun | None,
    at: datetime,
    subject: Subject = Subject.TRIAL,
) -> int:
    """Keep these records whole with their reasons; gives how many of them this run had not met before.

    Each comes with its source: the query's slug, or the file and the place in it. The same bytes from the same source
    are one row.
    """
    if not unreadable:
        return 0
    rows = {(source, hashlib.sha256(record.raw).hexdigest()): record for source, record in unreadable}
    sources, hashes = [source for source, _ in rows], [raw_hash for _, raw_hash in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM tracker_setaside JOIN unnest(%s::text[], %s::text[]) AS given (source, raw_hash)
            USING (source, raw_hash) WHERE last_seen >= %s
            """,
            [sources, hashes, run.started if run else at],
        )
        (met,) = cursor.fetchone()
        cursor.execute(
            """
            INSERT INTO tracker_setaside
                (subject, source, nct_id, origin, raw, raw_hash, reason, run_id, state, first_seen, last_seen)
            SELECT %s, source, nct_id, %s, raw, raw_hash, reason, %s, %s, %s, %s
            FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::text[], %s::text[])
                 AS given (source, nct_id, raw, raw_hash, reason)
            ON CONFLICT (source, raw_hash) DO UPDATE
            SET reason = EXCLUDED.reason, run_id = EXCLUDED.run_id, last_seen = EXCLUDED.last_seen,
                state = EXCLUDED.state, replayed = NULL
            """,
            [
                subject.value,
                origin.value,
                run.pk if run else None,
                SetAsideState.WAITING.value,
                at,
                at,
                sources,
                [record.nct_id[:40] for record in rows.values()],
                [pack(record.raw) for record in rows.values()],
                hashes,
                [record.reason for record in rows.values()],
            ],
        )
    return len(rows) - int(met)
