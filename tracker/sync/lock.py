"""One run per query at a time, across processes and machines.

A PostgreSQL session-level advisory lock on a connection of its own: Django's connections are shared by requests,
closed by age and returned to after an error, and a lock on one of them would outlive or die before its run. The lock
goes with its connection, so a holder that is killed leaves nothing to clean up. A pooler that shares server sessions
between clients (PgBouncer in transaction mode) breaks this; connect past it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg
from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.models import LiteratureQuery, RegistryQuery, SyncRun

# First halves of lock numbers; any that no other advisory lock in this database uses.
_QUERY = 0x45585400
_RUN = 0x45585401
_LITERATURE_QUERY = 0x45585403


class Lost(Exception):
    """The connection that held the lock is gone, so another run may have begun."""


class Lock:
    """A lock that is held."""

    def __init__(self, session: psycopg.Connection) -> None:
        self._session = session

    def check(self) -> None:
        """Raises Lost where the lock's connection has died; asked before every page."""
        try:
            self._session.execute("SELECT 1")
        except psycopg.OperationalError as error:
            message = f"The connection that held this run's lock has died ({error}); another run may have begun."
            raise Lost(message) from error


def key_of(run: SyncRun) -> tuple[int, int]:
    """The lock that a live run holds: its query's, or its own where it asks none (files, one record)."""
    if run.query_id:
        return _QUERY, run.query_id
    return (_LITERATURE_QUERY, run.literature_query_id) if run.literature_query_id else (_RUN, run.pk)


def key_of_query(query: RegistryQuery | LiteratureQuery) -> tuple[int, int]:
    from tracker.models import RegistryQuery

    return (_QUERY if isinstance(query, RegistryQuery) else _LITERATURE_QUERY, query.pk)


@contextmanager
def holding(key: tuple[int, int]) -> Iterator[Lock | None]:
    """Hold this lock for as long as the block runs; gives None at once where somebody else holds it."""
    parameters = connection.get_connection_params()
    # A holder whose machine is cut off is noticed within two minutes, not within the system's two hours.
    keepalives = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 15, "keepalives_count": 6}
    session = psycopg.connect(**{**parameters, **keepalives}, autocommit=True)
    try:
        row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
        yield Lock(session) if row and row[0] else None
    finally:
        # The server notices a closed connection a moment later; who comes next should not find the lock still held.
        with suppress(psycopg.OperationalError):
            session.execute("SELECT pg_advisory_unlock_all()")
        session.close()
