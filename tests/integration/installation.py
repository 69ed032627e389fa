"""A whole installation for one test: its own database on the tests' PostgreSQL, its own queue on their Redis.

Made by `migrate` alone, run by the same commands as in production, and gone afterwards: processes, database, queue.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import redis
from django.conf import settings

from tests.dump import dump

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds for anything to happen, on a machine that does ten other things


def until(happens: Callable[[], object], what: str, *, within: float = PATIENCE) -> object:
    """What `happens` gives once it is true."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = happens()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"Waited {within:g} s in vain until {what}.")


class Installation:
    """Its database, its queue and its processes."""

    def __init__(self, folder: Path, registry_url: str) -> None:
        self.folder = folder
        self.name = f"exotracker_test_{uuid.uuid4().hex[:12]}"
        self._server = dict(settings.DATABASES["default"])
        self._queue = _free_queue(settings.CELERY_BROKER_URL)
        self.processes: list[subprocess.Popen[str]] = []
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))},
            "DATABASE_URL": self._database_url(),
            "REDIS_URL": self._queue,
            "SECRET_KEY": "only-for-tests-" + "x" * 50,
            "TRACKER_DATA_DIR": str(folder),
            "CTGOV_BASE_URL": registry_url,
            "CTGOV_MIN_INTERVAL": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }

    def _database_url(self) -> str:
        at = self._server
        who = at["USER"] + (f":{at['PASSWORD']}" if at.get("PASSWORD") else "")
        port = f":{at['PORT']}" if at.get("PORT") else ""
        # A folder of a Unix socket stands in the path: postgres://user@//folder/name.
        host = f"/{at['HOST']}" if at["HOST"].startswith("/") else at["HOST"] + port
        return f"postgres://{who}@{host}/{self.name}"

    def connect(self, name: str | None = None) -> psycopg.Connection:
        at = self._server
        where = {"host": at["HOST"] or None, "port": at["PORT"] or None, "user": at["USER"] or None}
        return psycopg.connect(**where, password=at["PASSWORD"] or None, dbname=name or self.name, autocommit=True)

    def __enter__(self) -> Installation:
        with self.connect("postgres") as server:
            server.execute(f'CREATE DATABASE "{self.name}"')
        self.manage("migrate", "--verbosity", "0")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            self.kill(process)
        with self.connect("postgres") as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        with redis.Redis.from_url(self._queue) as queue:
            queue.flushdb()

    # --- its processes ---

    def start(self, *command: str) -> subprocess.Popen[str]:
        """This command in a session of its own, so that all of it can be killed at once."""
        with (self.folder / f"{len(self.processes)}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[str]:
        name = f"worker-{len(self.processes)}@test"
        return self.start("-m", "celery", "--app", "config", "worker", "--concurrency", "1", "--hostname", name)

    def beat(self) -> subprocess.Popen[str]:
        return self.start("-m", "celery", "--app", "config", "beat", "--pidfile=", "--max-interval", "1")

    def kill(self, process: subprocess.Popen[str]) -> None:
        """kill -9 of the process and all it started."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def logs(self) -> str:
        return "\n".join(path.read_text()[-5000:] for path in sorted(self.folder.glob("*.log")))

    # --- its data ---

    def rows(self, query: str, *values: object) -> list[tuple]:
        with self.connect() as database:
            return database.execute(query, values).fetchall()

    def one(self, query: str, *values: object) -> object:
        found = self.rows(query, *values)
        return found[0][0] if found else None

    def evidence(self) -> dict[str, list[str]]:
        with self.connect() as database, database.cursor() as cursor:
            return dump(cursor=cursor)

    def forget(self) -> None:
        """Every record, run and message; nothing happens by itself from here on."""
        with self.connect() as database:
            database.execute("TRUNCATE tracker_trial, tracker_syncrun, tracker_setaside RESTART IDENTITY CASCADE")
            database.execute("UPDATE django_celery_beat_periodictask SET enabled = false")
        with redis.Redis.from_url(self._queue) as queue:
            queue.flushdb()


def _free_queue(url: str) -> str:
    """A Redis database that holds nothing, on the tests' server; the highest, which people use last."""
    stem = re.sub(r"/\d+\Z", "", url)
    for number in range(15, 0, -1):
        with redis.Redis.from_url(f"{stem}/{number}") as queue:
            if queue.dbsize() == 0:
                return f"{stem}/{number}"
    raise AssertionError(f"No empty Redis database is left at {stem}; flush one of those that a broken test left.")
