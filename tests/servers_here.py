"""Whether this machine has a PostgreSQL and a Redis of its own at the usual ports: `python -m tests.servers_here`.

Exits 0 when both answer, and 1 when one does not.
"""

from __future__ import annotations

import os
import sys

import psycopg
import redis


def answer() -> bool:
    """Whether both let us in. CI_DATABASE_URL and CI_REDIS_URL name others than the usual."""
    database = os.environ.get("CI_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    queue = os.environ.get("CI_REDIS_URL", "redis://127.0.0.1:6379/14")
    try:
        psycopg.connect(database, connect_timeout=3).close()
        with redis.Redis.from_url(queue, socket_connect_timeout=3) as line:
            line.ping()
    except (psycopg.OperationalError, redis.RedisError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(0 if answer() else 1)
