"""What the same machine and the same database can do with the same records, without the product.

Three writers of the rows that the product left: the limit (COPY), Django's ``bulk_create``, and Django's
``update_or_create``. Each decodes every record and hashes and packs it as the product must, then stores rows that
are ready: no row is built, no text read, no search vector computed. So the limit is what any program that
keeps these records in these tables has to spend, and nothing of what this program does with them.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import requests
import zstandard
from django.db import connection, transaction

from tracker.models import Trial, TrialVersion
from tracker.sources.packing import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import Model

PAGE = 1000
KEPT = {"tracker_trial": "bench_trial", "tracker_trialversion": "bench_version"}


class Page(msgspec.Struct, rename="camel"):
    studies: list[msgspec.Raw]
    next_page_token: str | None = None


@dataclass
class Spent:
    """Seconds by part. ``waited`` is the registry's and the network's and counts for nobody."""

    records: int = 0
    bytes: int = 0
    waited: float = 0.0
    decoded: float = 0.0
    packed: float = 0.0
    stored: float = 0.0

    @property
    def seconds(self) -> float:
        return self.decoded + self.packed + self.stored


def keep_rows() -> None:
    """Put the rows that the product left aside, for the others to store again."""
    with connection.cursor() as cursor:
        for table, kept in KEPT.items():
            cursor.execute(f"DROP TABLE IF EXISTS {kept}")
            cursor.execute(f"CREATE UNLOGGED TABLE {kept} AS TABLE {table}")
        cursor.execute("CREATE INDEX ON bench_trial (nct_id)")
        cursor.execute("CREATE INDEX ON bench_version (trial_id)")


def empty_tables(*, runs: bool) -> None:
    """No trial, nothing that hangs on one; with ``runs`` no sync run either, so that the next one is the first."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracker_trial RESTART IDENTITY CASCADE")
        if runs:
            cursor.execute("TRUNCATE tracker_syncrun RESTART IDENTITY CASCADE")
    settle()


def settle() -> None:
    """Every reference and the product start from a server that owes nothing to the one before."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE tracker_trial")
        cursor.execute("CHECKPOINT")


def pages(base_url: str, spent: Spent) -> Iterator[list[msgspec.Raw]]:
    """The whole registry, page by page, as the product asks for it."""
    decoder = msgspec.json.Decoder(Page)
    with requests.Session() as session:
        token: str | None = None
        while True:
            parameters = {"pageSize": str(PAGE), "countTotal": "true"} | ({"pageToken": token} if token else {})
            begun = time.perf_counter()
            body = session.get(f"{base_url}/studies", params=parameters, timeout=60).content
            asked = time.perf_counter()
            page = decoder.decode(body)
            spent.waited += asked - begun
            spent.decoded += time.perf_counter() - asked
            yield page.studies
            token = page.next_page_token
            if token is None:
                return


def decode_and_pack(studies: list[msgspec.Raw], spent: Spent) -> list[str]:
    """Decode, hash and pack every record; their numbers."""
    decoder, compressor = msgspec.json.Decoder(), zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    numbers = []
    for raw in studies:
        begun = time.perf_counter()
        study = decoder.decode(raw)
        decoded = time.perf_counter()
        data = bytes(raw)
        hashlib.sha256(data).hexdigest()
        compressor.compress(data)
        spent.packed += time.perf_counter() - decoded
        spent.decoded += decoded - begun
        spent.records += 1
        spent.bytes += len(data)
        numbers.append(study["protocolSection"]["identificationModule"]["nctId"])
    return numbers


def limit(base_url: str) -> Spent:
    """Decode, pack, and COPY the ready rows, in binary, a transaction a page."""
    spent = Spent()
    columns = {model._meta.db_table: _columns(model) for model in (Trial, TrialVersion)}
    for studies in pages(base_url, spent):
        numbers = decode_and_pack(studies, spent)
        ready = {table: _ready(table, columns[table], numbers) for table in KEPT}
        begun = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in ready.items():
                with cursor.copy(f"COPY {table} ({columns[table]}) FROM STDIN (FORMAT BINARY)") as copy:
                    copy.write(rows)
        spent.stored += time.perf_counter() - begun
    return spent


def bulk_create(base_url: str) -> Spent:
    """Decode, pack, and Django's ``bulk_create`` of ready instances, a transaction a page."""
    spent = Spent()
    for studies in pages(base_url, spent):
        trials, versions = _instances(decode_and_pack(studies, spent))
        begun = time.perf_counter()
        with transaction.atomic():
            Trial.objects.bulk_create(trials)
            TrialVersion.objects.bulk_create(versions)
        spent.stored += time.perf_counter() - begun
    return spent


def update_or_create(base_url: str, *, sample: int) -> Spent:
    """Decode, pack, and Django's ``update_or_create`` a record, for the first records only."""
    spent = Spent()
    for studies in pages(base_url, spent):
        trials, versions = _instances(decode_and_pack(studies[: sample - spent.records], spent))
        begun = time.perf_counter()
        with transaction.atomic():
            for trial, version in zip(trials, versions, strict=True):
                Trial.objects.update_or_create(nct_id=trial.nct_id, defaults=_values(trial))
                TrialVersion.objects.update_or_create(
                    trial_id=version.trial_id, number=version.number, defaults=_values(version)
                )
        spent.stored += time.perf_counter() - begun
        if spent.records >= sample:
            break
    return spent


def _columns(model: type[Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields if field.column != "id")


def _ready(table: str, columns: str, numbers: list[str]) -> bytes:
    """These trials' rows as COPY's own binary format; read before the clock starts."""
    key = "nct_id" if table == "tracker_trial" else "trial_id"
    query = f"COPY (SELECT {columns} FROM {KEPT[table]} WHERE {key} = ANY(%s) ORDER BY {key}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(query, [numbers]) as copy:
        return b"".join(bytes(block) for block in copy)


def _instances(numbers: list[str]) -> tuple[list[Trial], list[TrialVersion]]:
    trials = Trial.objects.raw("SELECT * FROM bench_trial WHERE nct_id = ANY(%s) ORDER BY nct_id", [numbers])
    versions = TrialVersion.objects.raw(
        "SELECT * FROM bench_version WHERE trial_id = ANY(%s) ORDER BY trial_id", [numbers]
    )
    new_versions = list(versions)
    for version in new_versions:
        version.pk = None
    return list(trials), new_versions


def _values(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key}


WRITERS: dict[str, Callable[[str], Spent]] = {"limit": limit, "bulk_create": bulk_create}
