"""A registry for tests: ClinicalTrials.gov's API v2 over real HTTP on this machine, as strict as its own document.

    with FakeRegistry(real()) as registry:
        registry.misbehave(status(429, retry_after="1"), times=2)
        Registry(registry.url, "test", 0).version()

By hand: ``python -m tests.fakes.ctgov --port 8900 --records fixtures/trials``, and for the tracker
``CTGOV_BASE_URL=http://127.0.0.1:8900/api/v2``.

What it keeps to (OpenAPI document 2.0.5, and what was observed of the real one): an unknown or malformed parameter is a
400 in text/plain; ``pageSize`` above 1000 is coerced and 0 means 10; a page token is bound to its parameters and to the
version of the data; the total comes on the first page only; an alias answers 301; records come in no useful order; the
data version stands in every record. Parameters that it does not model are a 501, so that no test passes by being
ignored.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import hashlib
import json
import re
import signal
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from tests.fakes.ctgov_document import AREA_OF, BASE, PAGING, Answer, checked, compact, endpoint_of, enums, metadata
from tests.fakes.ctgov_http import Asked, Handler, Server
from tests.fakes.essie import EssieError, Searchable, read_query
from tests.records import altered, real, transcribed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.fakes import faults as wrong

_NUMBER = re.compile(r"[Nn][Cc][Tt]0*[1-9]\d{0,7}\Z", re.ASCII)
_SLOT = "0000-00-00"  # where the day of the data goes


class _Record:
    """A record as served: its bytes around the day of the data, and what the search sees of it."""

    def __init__(self, raw: bytes) -> None:
        document = json.loads(raw)
        identification = document["protocolSection"]["identificationModule"]
        self.nct_id: str = identification["nctId"]
        self.aliases: list[str] = identification.get("nctIdAliases", [])
        misc = document.setdefault("derivedSection", {}).setdefault("miscInfoModule", {})
        self._day = misc.get("versionHolder", _SLOT)
        misc["versionHolder"] = _SLOT
        self._before, self._after = compact(document).split(f'"versionHolder":"{_SLOT}"'.encode(), 1)
        self.seen = Searchable(document, again=lambda: json.loads(self.raw))
        # The registry gives no order; a fixed one of no meaning keeps anybody from relying on it.
        self.place = hashlib.sha256(self.nct_id.encode()).digest()

    def served(self, day: str) -> bytes:
        return b'%b"versionHolder":"%b"%b' % (self._before, day.encode(), self._after)

    @property
    def raw(self) -> bytes:
        return self.served(self._day)


class FakeRegistry:
    """The registry. Start it by ``with``, or by ``start()`` and ``stop()``."""

    def __init__(
        self,
        records: Iterable[bytes] = (),
        *,
        port: int = 0,
        data_timestamp: str = "2026-08-07T09:00:05",
        compress: bool = False,
    ) -> None:
        self.data_timestamp = data_timestamp
        self.compress = compress
        self.log: list[Asked] = []
        self.faults: list[wrong.Fault] = []
        self._records: dict[str, _Record] = {}
        self._alias: dict[str, str] = {}
        self._answers: dict[str, list[str]] = {}
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._described = metadata()
        for raw in records:
            self.set(raw)
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.registry = self
        self._thread: threading.Thread | None = None

    # --- its life --------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """What CTGOV_BASE_URL would be."""
        return f"http://127.0.0.1:{self.port}{BASE}"

    # --- its data --------------------------------------------------------------------------------------------------

    def set(self, raw: bytes | Mapping[str, Any]) -> str:
        """Register this record, or its new state; gives its number. Seen at once; ``advance`` makes it news."""
        record = _Record(raw if isinstance(raw, bytes) else compact(raw))
        with self.lock:
            self._records[record.nct_id] = record
            self._alias.update(dict.fromkeys(record.aliases, record.nct_id))
            self._answers.clear()
        return record.nct_id

    def change(self, nct_id: str, changes: dict[str, Any], *, posted: str | None = None) -> None:
        """Change fields of a record (as ``tests.records.altered``), and its last update to ``posted``, else today."""
        day = posted or self.data_timestamp[:10]
        posting = {"protocolSection.statusModule.lastUpdatePostDateStruct": {"date": day, "type": "ACTUAL"}}
        self.set(altered(self.raw(nct_id), {**posting, **changes}))

    def remove(self, nct_id: str) -> None:
        """Let a record vanish: 404, and in no answer."""
        with self.lock:
            del self._records[nct_id]
            self._alias = {alias: number for alias, number in self._alias.items() if number != nct_id}
            self._answers.clear()

    def alias(self, old: str, new: str) -> None:
        """Fold a number into another record: the old one redirects from now on."""
        with self.lock:
            self._records.pop(old, None)
        known = json.loads(self.raw(new))["protocolSection"]["identificationModule"].get("nctIdAliases", [])
        self.change(new, {"protocolSection.identificationModule.nctIdAliases": sorted({*known, old})})

    def advance(self, data_timestamp: str | None = None) -> str:
        """The daily refresh: a new version of the data (else a day on), with which every page token dies."""
        with self.lock:
            if data_timestamp is None:
                data_timestamp = (datetime.fromisoformat(self.data_timestamp) + timedelta(days=1)).isoformat()
            self.data_timestamp = data_timestamp
            self._answers.clear()
        return data_timestamp

    def raw(self, nct_id: str) -> bytes:
        return self._records[nct_id].raw

    @property
    def numbers(self) -> list[str]:
        return sorted(self._records)

    def misbehave(self, fault: wrong.Fault, **changes: Any) -> None:
        """Go wrong as this fault says (tests/fakes/faults.py); ``times``, ``on`` and ``after`` may be given here."""
        for name, value in changes.items():
            setattr(fault, name, value)
        with self.lock:
            self.faults.append(fault)

    def behave(self) -> None:
        """Forget all faults."""
        with self.lock:
            self.faults.clear()

    def describe(self, change: Any) -> None:
        """Change the registry's own description of its fields, in place: ``change(fields)`` gets the list of nodes."""
        change(self._described)

    def asked(self, path: str) -> list[Asked]:
        """The requests so far whose path (below /api/v2) matches this regular expression."""
        return [one for one in self.log if re.search(path, one.path)]

    # --- its answers -----------------------------------------------------------------------------------------------

    def answer(self, path: str, query: str) -> tuple[int, dict[str, str], bytes | list[bytes]]:
        """Status, headers and body of a request, without faults."""
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
            endpoint, nct_id = endpoint_of(path)
            params = checked(endpoint, pairs)
            body = self._body(endpoint, nct_id, params, query)
        except ValueError as error:
            return 400, {"Content-Type": "text/plain"}, str(error).encode()
        except Answer as answer:
            kind = {"Content-Type": "text/plain;charset=utf-8"}
            return answer.code, {**kind, **answer.headers}, answer.text.encode()
        return 200, {"Content-Type": "application/json"}, body

    def _body(self, endpoint: str, nct_id: str, params: dict[str, str], query: str) -> bytes | list[bytes]:
        if endpoint == "/version":
            return compact({"apiVersion": "2.0.5", "dataTimestamp": self.data_timestamp})
        if endpoint == "/studies/{nctId}":
            return self._study(nct_id, query)
        if endpoint == "/studies/metadata":
            return compact(self._described)
        if endpoint == "/studies/enums":
            return compact(enums())
        if endpoint == "/studies":
            return self._page(params)
        raise Answer(501, f"The fake registry does not model {endpoint}.")

    def _study(self, nct_id: str, query: str) -> bytes:
        if not _NUMBER.match(nct_id):
            raise Answer(400, "Incorrect format of `nctId` parameter: invalid NCT number")
        number = f"NCT{int(nct_id[3:]):08d}"
        with self.lock:
            if number in self._alias:
                target = f"{BASE}/studies/{self._alias[number]}" + (f"?{query}" if query else "")
                raise Answer(301, "", {"Location": target})
            record = self._records.get(number)
        if record is None:
            raise Answer(404, f"NCT number {number} not found")
        return record.served(self.data_timestamp[:10])

    def _page(self, params: dict[str, str]) -> list[bytes]:
        with self.lock:
            question = json.dumps(sorted((name, value) for name, value in params.items() if name not in PAGING))
            seal = hashlib.sha256(f"{question} {self.data_timestamp}".encode()).hexdigest()[:24]
            offset = 0
            if "pageToken" in params:
                offset = _offset(params["pageToken"], seal)
            size = min(int(params.get("pageSize") or 0) or 10, 1000)
            if question not in self._answers:
                self._answers[question] = self._matching(params)
            numbers = self._answers[question]
            records = [self._records[number] for number in numbers[offset : offset + size]]
            pieces = [b"{"]
            if "pageToken" not in params and params.get("countTotal") == "true":
                pieces.append(b'"totalCount":%d,' % len(numbers))
            pieces.append(b'"studies":[')
            day = self.data_timestamp[:10]
            for at, record in enumerate(records):
                pieces += [b",\n" if at else b"\n", record.served(day)]
            pieces.append(b"\n]")
            if offset + size < len(numbers):
                token = base64.urlsafe_b64encode(f"{seal} {offset + size}".encode()).decode().rstrip("=")
                pieces.append(b',"nextPageToken":"%b"' % token.encode())
            pieces.append(b"}")
            return pieces

    def _matching(self, params: Mapping[str, str]) -> list[str]:
        """The numbers of the records that match, in the registry's (no) order."""
        queries = {name: value for name, value in params.items() if name.startswith("query.")}
        only_ids = [_ids(value) for value in queries.values() if _ids(value)]
        tests = []
        for name, value in sorted(params.items()):  # filters first: a date parts the records faster than words
            if name not in AREA_OF or (only_ids and not name.startswith("query.")):
                continue  # "If any query parameter contains only NCT IDs, filters are ignored"
            if _ids(value):
                continue
            try:
                tests.append(read_query(value, area=AREA_OF[name]))
            except EssieError as error:
                raise Answer(400, f"Error parsing query in `{name}`: {error}") from None
        found = [
            record
            for record in self._records.values()
            if all(record.nct_id in ids or ids & set(record.aliases) for ids in only_ids)
            and all(test(record.seen) for test in tests)
        ]
        if not only_ids:
            for prefix in ("filter", "postFilter"):
                found = self._filtered(found, params, prefix)
        return [record.nct_id for record in sorted(found, key=lambda record: record.place)]

    def _filtered(self, found: list[_Record], params: Mapping[str, str], prefix: str) -> list[_Record]:
        statuses = params.get(f"{prefix}.overallStatus")
        if statuses:
            wanted = set(re.split(r"[,|]", statuses))
            found = [record for record in found if wanted & set(record.seen.piece("OverallStatus"))]
        ids = params.get(f"{prefix}.ids")
        if ids:
            asked = {f"NCT{int(one[3:]):08d}" for one in re.split(r"[,|]", ids)}
            unknown = sorted(asked - self._records.keys() - self._alias.keys())
            if unknown:  # one number that is not there fails the whole call
                raise Answer(400, f"`{prefix}.ids`: {unknown[0]} not found")
            found = [record for record in found if asked & {record.nct_id, *record.aliases}]
        return found


def _ids(value: str) -> set[str]:
    """The NCT numbers of a query that holds nothing else."""
    parts = [part for part in re.split(r"[,\s]+", value) if part]
    if not parts or not all(_NUMBER.match(part) for part in parts):
        return set()
    return {f"NCT{int(part[3:]):08d}" for part in parts}


def _offset(token: str, seal: str) -> int:
    try:
        given, place = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split(" ")
        offset = int(place)
    except ValueError:
        raise Answer(400, "Incorrect format of `pageToken` parameter") from None
    if given != seal:
        raise Answer(400, "`pageToken` does not belong to this query or has expired")
    return offset


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A registry on this machine, for trying the tracker by hand.")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--records", nargs="*", type=Path, help="JSON, NDJSON, their .gz, or folders; else the tests'")
    parser.add_argument("--data-timestamp", default="2026-08-07T09:00:05")
    parser.add_argument("--compress", action="store_true")
    given = parser.parse_args()
    records = list(_files(given.records)) if given.records else real() + transcribed()
    with FakeRegistry(
        records, port=given.port, data_timestamp=given.data_timestamp, compress=given.compress
    ) as registry:
        sys.stdout.write(f"{len(registry.numbers)} records at {registry.url} ; end with Ctrl-C\n")
        sys.stdout.flush()
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with contextlib.suppress(KeyboardInterrupt):
            ended.wait()


def _files(paths: Iterable[Path]) -> Iterator[bytes]:
    for path in paths:
        if path.is_dir():
            yield from _files(sorted(one for one in path.rglob("*") if re.search(r"\.(nd)?json(\.gz)?$", one.name)))
            continue
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if ".ndjson" in path.name:
            yield from (line for line in data.splitlines() if line.strip())
        else:
            yield data


if __name__ == "__main__":
    main()
