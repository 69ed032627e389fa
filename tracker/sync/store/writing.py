"""What every writer of the store shares: one at a time, rows by COPY, and what the database refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

import msgspec
from django.db import DataError, IntegrityError, connection
from psycopg.types.json import set_json_dumps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.backends.utils import CursorWrapper
    from psycopg import Connection as Session

# Any number of ours that no other advisory lock in this database uses.
STORE_LOCK = (0x45585402, 0)

# What the database raises for a record that it will not take; anything else is a fault of ours.
REFUSALS = (DataError, IntegrityError)

encode = msgspec.json.encode
_taught: WeakSet[Session] = WeakSet()


def refusal(error: Exception) -> str:
    """The database's reason in a sentence."""
    return f"The database refused it: {str(error).strip().splitlines()[0]}"


def one_at_a_time() -> None:
    """Wait for every other writer of trials and studies, until this transaction ends.

    Two queries often hold the same record. Their pages would take its rows in different orders and lock each other
    out; one lock for all makes that impossible and costs little, since a page is a second's work and a run waits for
    its source most of its time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)


def _teach(session: Session) -> None:
    """Let this session write JSON columns by `encode`; once, since it copies all that a session knows of types."""
    if session not in _taught:
        set_json_dumps(encode, session)
        _taught.add(session)


def copy_rows(cursor: CursorWrapper, statement: str, types: list[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Rows by binary COPY: a third of the time of the textual one, most of all for packed bytes."""
    _teach(connection.connection)
    # Django tells the database's refusals apart for its own statements alone.
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
