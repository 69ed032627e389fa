"""A database of the benchmark's own, on the given server or on an embedded one, and the synthetic registry.

Nothing is left behind: the database is dropped, an embedded server is stopped and its folder removed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import environ
import psycopg
from psycopg import sql

from config import embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing is queued here, so no broker is started; a connection to this address would fail at once and be seen.
NO_BROKER = "redis://127.0.0.1:1/0"


@contextmanager
def database() -> Iterator[str]:
    """The address of an empty database that exists as long as this block runs."""
    given = os.environ.get("DATABASE_URL", "")
    data_dir = Path(tempfile.mkdtemp(prefix="bench-"))
    if not given:
        embedded.join(data_dir, queue=False)
    try:
        server = given or embedded.database_url(data_dir)
        name = f"bench_{os.getpid()}"
        administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        address, _, options = server.partition("?")
        try:
            yield address.rsplit("/", 1)[0] + f"/{name}" + (f"?{options}" if options else "")
        finally:
            administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    finally:
        if not given:
            embedded.leave(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def administer(server: str, statement: sql.Composed) -> None:
    """One statement outside any transaction, by the account that the address names."""
    address = environ.Env.db_url_config(server)
    with psycopg.connect(
        host=address["HOST"] or None,
        port=address["PORT"] or None,
        user=address["USER"] or None,
        password=address["PASSWORD"] or None,
        dbname=address["NAME"],
        autocommit=True,
    ) as connection:
        connection.execute(statement)


@dataclass(frozen=True)
class Registry:
    """The synthetic registry in its own process."""

    base_url: str
    root: str
    sizes: list[int]

    def asked(self) -> int:
        """How many questions it has answered so far."""
        with urlopen(f"{self.root}/asked") as answer:
            return int(json.load(answer)["asked"])

    def turn(self, day: str) -> None:
        """``day-two`` posts the changes, ``day-one`` takes them back."""
        with urlopen(Request(f"{self.root}/{day}", method="POST", data=b"")) as answer:
            answer.read()


@contextmanager
def registry(*, count: int, changes: int, seed: int) -> Iterator[Registry]:
    command = [sys.executable, "-m", "tests.benchmarks.registry", "--count", str(count), "--seed", str(seed)]
    command += ["--changes", str(changes)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("The synthetic registry did not start; its error stands above.")
        made = json.loads(line)
        root = f"http://127.0.0.1:{made['port']}"
        yield Registry(base_url=f"{root}/api/v2", root=root, sizes=made["sizes"])
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
