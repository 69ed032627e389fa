"""Fifty thousand rows of studies from a CSV file, beside COPY of the same rows.

The limit reads every line of the same file, hashes and packs what it holds as the product must, and stores the rows
that the product left (studies, their versions and facts) by binary COPY, a batch at a time in one transaction. No row
is checked, compared with what is stored or with the other rows, no word is looked up, nothing is scored.
"""

from __future__ import annotations

import csv
import hashlib
import random
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
COLUMNS = (
    "study_id", "pmid", "pmcid", "doi", "title", "year", "journal", "authors", "abstract", "candidate", "role",
    "ev_source", "cargo", "mechanism", "histology", "specimen", "model", "isolation", "n_patients", "n_controls",
    "validation_cohort", "effect", "direction", "source_url", "facts_read",
)  # fmt: skip
_VESICLES = ("exosomal", "serum exosomal", "plasma extracellular vesicle", "small EV", "microvesicle")
_DISEASES = ("non-small-cell lung cancer", "lung adenocarcinoma", "small cell lung cancer", "gastric cancer")
_ACTS = ("promotes angiogenesis", "predicts response", "marks early disease", "spreads cisplatin resistance")
_SENTENCES = (
    "Vesicles were isolated from serum by ultracentrifugation and seen by electron microscopy.",
    "The level was higher in patients than in healthy people and fell after surgery.",
    "Silencing it slowed xenografts in nude mice and restored sensitivity to the drug.",
    "A panel of three markers reached an AUC of 0.91 in the training and 0.88 in the validation cohort.",
    "Uptake by endothelial cells led to tube formation and more permeable monolayers.",
    "Survival was shorter where the marker was high, also when stage was accounted for.",
    "The mechanism was a known target whose expression fell in recipient cells.",
    "Further cohorts from other hospitals are needed before it can be used.",
)


def write(path: Path, *, count: int, seed: int) -> None:
    """A table of plainly synthetic studies, filled as a curator's collection is."""
    rng = random.Random(seed)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for place in range(1, count + 1):
            cargo = f"miR-{rng.randrange(100, 999)}-{rng.choice('35')}p"
            vesicle, disease, act = rng.choice(_VESICLES), rng.choice(_DISEASES), rng.choice(_ACTS)
            table.writerow(
                (
                    f"SYN{place:05d}", 900_000_000 - place, "", f"10.99999/synthetic.{place}",
                    f"[Synthetic study {place}] {vesicle} {cargo} {act} in {disease}", 2005 + place % 20,
                    "Journal of Synthetic Results", "Synthetic A; Person B; Nobody C",
                    " ".join(rng.choices(_SENTENCES, k=9)), f"{vesicle} {cargo}", "diagnosis;prognosis",
                    "patient serum", f"{cargo};miR-21", "angiogenesis", "NSCLC", "serum;cell culture",
                    "cell culture (A549, H1975);mouse xenograft", "ultracentrifugation", rng.randrange(20, 400),
                    rng.randrange(20, 200), rng.choice(("yes", "")),
                    f"AUC 0.{rng.randrange(70, 99)}; sensitivity {rng.randrange(60, 99)}%",
                    "supports", f"https://doi.org/10.99999/synthetic.{place}", "Synthetic, in nobody's words.",
                )
            )  # fmt: skip


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
