"""What the same machine and the same database can do with the same records, without the product.

Writers of the rows that the product left. Each decodes every record, hashes it and packs it, then stores rows that are
ready: nothing is chosen, unescaped or compared, no text is read and nothing scored.

    limit              the rows are COPYed into a temporary table and inserted from there with their full-text vectors,
                       which PostgreSQL alone can make, and not within COPY
    copy alone         the rows are COPYed into their tables, vectors and all, as a restored dump would be
    bulk_create        Django's, of ready instances
    update_or_create   Django's, a record at a time, for a sample

What any program has to spend that ends with these rows from these records is the limit; ``docs/benchmarks.md`` argues.
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
from tracker.sync.columns import searched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.utils import CursorWrapper
    from django.db.models import Model

PAGE = 1000
KEPT = {"tracker_trial": "bench_trial", "tracker_trialversion": "bench_version"}
WORDS = ("words_a", "words_b", "words_c", "words_d")
VECTOR = " || ".join(f"setweight(to_tsvector('english', {words}), '{words[-1].upper()}')" for words in WORDS)


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
    """Put the rows that the product left aside, for the others to store again, and the texts of their vectors.

    Once: what the product leaves is the same in every round.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_words')")
        if cursor.fetchone() != (None,):
            return
        for table, kept in KEPT.items():
            cursor.execute(f"CREATE UNLOGGED TABLE {kept} AS TABLE {table}")
        cursor.execute(
            "CREATE UNLOGGED TABLE bench_words (nct_id text, words_a text, words_b text, words_c text, words_d text)"
        )
        # One connection cannot read rows and take rows in at a time, so the texts (a kB a record) are gathered first.
        words = []
        for version in TrialVersion.objects.iterator(chunk_size=200):
            record = version.record()
            words.append((record.nct_id, *searched(record)))
        with cursor.copy("COPY bench_words FROM STDIN") as copy:
            for row in words:
                copy.write_row(row)
        cursor.execute("CREATE INDEX ON bench_trial (nct_id)")
        cursor.execute("CREATE INDEX ON bench_version (trial_id)")
        cursor.execute("CREATE INDEX ON bench_words (nct_id)")


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
    """Decode, pack, COPY the ready rows in binary, and let the database make the vectors; a transaction a page."""
    spent = Spent()
    columns = _columns(Trial, without="search")
    _make_stage(columns)
    for studies in pages(base_url, spent):
        numbers = decode_and_pack(studies, spent)
        chosen = ", ".join(f"trial.{name}" for name in columns.split(", "))
        trials = _ready(
            f"SELECT {chosen}, {', '.join(WORDS)} FROM bench_trial AS trial JOIN bench_words USING (nct_id) "
            "WHERE nct_id = ANY(%s) ORDER BY nct_id",
            numbers,
        )
        versions = _ready_versions(numbers)
        begun = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            _copy(cursor, "bench_stage", f"{columns}, {', '.join(WORDS)}", trials)
            cursor.execute(f"INSERT INTO tracker_trial ({columns}, search) SELECT {columns}, {VECTOR} FROM bench_stage")
            _copy(cursor, "tracker_trialversion", _columns(TrialVersion), versions)
        spent.stored += time.perf_counter() - begun
    return spent


def copy_alone(base_url: str) -> Spent:
    """Decode, pack, and COPY the ready rows in binary into their tables; a transaction a page."""
    spent = Spent()
    columns = _columns(Trial)
    for studies in pages(base_url, spent):
        numbers = decode_and_pack(studies, spent)
        trials = _ready(f"SELECT {columns} FROM bench_trial WHERE nct_id = ANY(%s) ORDER BY nct_id", numbers)
        versions = _ready_versions(numbers)
        begun = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            _copy(cursor, "tracker_trial", columns, trials)
            _copy(cursor, "tracker_trialversion", _columns(TrialVersion), versions)
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


def _columns(model: type[Model], *, without: str = "id") -> str:
    names = [field.column for field in model._meta.concrete_fields]
    return ", ".join(f'"{name}"' for name in names if name not in ("id", without))


def _make_stage(columns: str) -> None:
    texts = ", ".join(f"''::text AS {words}" for words in WORDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE bench_stage ON COMMIT DELETE ROWS AS "
            f"SELECT {columns}, {texts} FROM tracker_trial WITH NO DATA"
        )


def _ready(query: str, numbers: list[str]) -> bytes:
    """The rows of this query as COPY's own binary format; read before the clock starts."""
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", [numbers]) as copy:
        return b"".join(bytes(block) for block in copy)


def _ready_versions(numbers: list[str]) -> bytes:
    columns = _columns(TrialVersion)
    return _ready(f"SELECT {columns} FROM bench_version WHERE trial_id = ANY(%s) ORDER BY trial_id", numbers)


def _copy(cursor: CursorWrapper, table: str, columns: str, rows: bytes) -> None:
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(rows)


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


WRITERS: dict[str, Callable[[str], Spent]] = {
    "limit": limit,
    "copy_alone": copy_alone,
    "bulk_create": bulk_create,
}
