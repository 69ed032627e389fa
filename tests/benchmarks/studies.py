"""Fifty thousand rows of studies from a CSV file, beside COPY of the same rows.

The limit reads every line of the same file, hashes and packs what it holds as the product must, and stores the rows
that the product left (studies, their versions and facts) by binary COPY, a batch at a time in one transaction. No row
is checked, compared with what is stored or with the other rows, no word is looked up, nothing is scored.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import time
from typing import TYPE_CHECKING, Any

import zstandard
from django.db import connection, transaction

from tracker.models import Study, StudyFact, StudyVersion
from tracker.sources.packing import LEVEL

if TYPE_CHECKING:
    from pathlib import Path

    from django.db.models import Model

BATCH = 500
# The tables whose rows are the studies, and the column by which a batch of them is found.
KEPT: dict[type[Model], str] = {Study: "id", StudyVersion: "study_id", StudyFact: "study_id"}


def product(path: Path) -> dict[str, Any]:
    """``manage.py import_studies``, as an operator runs it; its rows are kept for the limit."""
    from django.core.management import call_command

    from tracker.models import SyncRun

    _empty()
    begun = time.perf_counter()
    call_command("import_studies", str(path), stdout=sys.stderr)
    seconds = time.perf_counter() - begun
    run = SyncRun.objects.latest("pk")
    with connection.cursor() as cursor:
        for model, key in KEPT.items():
            table = model._meta.db_table
            cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
            cursor.execute(f"CREATE UNLOGGED TABLE bench_{table} AS TABLE {table}")
            cursor.execute(f"CREATE INDEX ON bench_{table} ({key})")
    return {
        "seconds": seconds,
        "waited": 0.0,
        "records": run.new,
        "state": run.state,
        "set_aside": run.set_aside,
        "about": Study.objects.about().count(),
    }


def limit(path: Path) -> dict[str, Any]:
    """Read, hash, pack, and COPY the rows that the product left."""
    _empty()
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    decoded = packed = stored = 0.0
    records = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM bench_tracker_study ORDER BY id")
        numbers = [number for (number,) in cursor.fetchall()]
    with path.open(newline="") as file, transaction.atomic(), connection.cursor() as cursor:
        table = csv.reader(file)
        next(table)
        while True:
            begun = time.perf_counter()
            rows = [row for _, row in zip(range(BATCH), table, strict=False)]
            decoded += time.perf_counter() - begun
            if not rows:
                break
            begun = time.perf_counter()
            for row in rows:
                data = "\0".join(row).encode()
                hashlib.sha256(data).hexdigest()
                compressor.compress(data)
            packed += time.perf_counter() - begun
            chosen = numbers[records : records + len(rows)]
            ready = [(model, _ready(model, key, chosen)) for model, key in KEPT.items()]
            begun = time.perf_counter()
            for model, data in ready:
                statement = f"COPY {model._meta.db_table} ({_columns(model)}) FROM STDIN (FORMAT BINARY)"
                with cursor.copy(statement) as copy:
                    copy.write(data)
            stored += time.perf_counter() - begun
            records += len(rows)
    return {
        "seconds": decoded + packed + stored,
        "waited": 0.0,
        "records": records,
        "parts": {"decode": decoded, "hash and pack": packed, "store": stored},
    }


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracker_study RESTART IDENTITY CASCADE")
        cursor.execute("VACUUM ANALYZE tracker_study")
        cursor.execute("CHECKPOINT")


def _columns(model: type[Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)


def _ready(model: type[Model], key: str, numbers: list[int]) -> bytes:
    """These studies' rows as COPY's own binary format; read before the clock starts."""
    query = f"COPY (SELECT {_columns(model)} FROM bench_{model._meta.db_table} WHERE {key} = ANY(%s) ORDER BY {key}) "
    with connection.cursor() as cursor, cursor.copy(query + "TO STDOUT (FORMAT BINARY)", [numbers]) as copy:
        return b"".join(bytes(block) for block in copy)
