"""Europe PMC for tests: its REST search over real HTTP on this machine, as strict as its documentation.

    with FakeEuropePmc(publications()) as source:
        source.misbehave(status(429, retry_after="1"))
        EuropePmc(source.url, "test", 0).search("exosomes")

By hand: ``python -m tests.fakes.europepmc --port 8901``, and for the tracker
``EUROPEPMC_BASE_URL=http://127.0.0.1:8901/europepmc/webservices/rest``.

What it keeps to (Articles RESTful API, and what others report of the real one): errors come with status 200 as
``{"errCode", "errMsg"}``; a page size beyond 1 to 1,000 is refused; a cursor mark is bound to its query, and the page
after the last record gives back the mark it was asked with; records come in no useful order; ``hitCount`` stands on
every page. A parameter or a search field that it does not model is an error, so that no test passes by being ignored.
The words of its refusal of a mark are our own: the documentation has none.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import json
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from tests.fakes.ctgov_http import Asked, Handler, Server
from tests.fakes.europepmc_query import QueryError, read_query
from tests.records import MISSING, altered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.fakes import faults as wrong

BASE = "/europepmc/webservices/rest"
_KNOWN = {"query", "resultType", "format", "cursorMark", "pageSize", "synonym", "sort"}


class FakeEuropePmc:
    """The service. Start it by ``with``, or by ``start()`` and ``stop()``."""

    def __init__(self, records: Iterable[bytes] = (), *, port: int = 0, today: str = "2026-08-07") -> None:
        self.today = today
        self.compress = False
        self.log: list[Asked] = []
        self.faults: list[wrong.Fault] = []
        self.generation = 0
        self._records: dict[str, dict[str, Any]] = {}
        self._updated: dict[str, str] = {}
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        for raw in records:
            self.set(raw)
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.registry = self  # type: ignore[assignment]
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
    def url(self) -> str:
        """What EUROPEPMC_BASE_URL would be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{BASE}"

    # --- its data --------------------------------------------------------------------------------------------------

    def set(self, raw: bytes | Mapping[str, Any]) -> str:
        """Take in this record, or its new state, as updated today; gives its ``SOURCE:id``."""
        document = json.loads(raw) if isinstance(raw, bytes) else dict(raw)
        name = f"{document['source']}:{document['id']}"
        with self.lock:
            self._records[name] = document
            self._updated[name] = self.today
        return name

    def change(self, name: str, changes: dict[str, Any]) -> None:
        """Change fields of a record (as ``tests.records.altered``), which is an update of today."""
        self.set(altered(self.raw(name), {"dateOfRevision": self.today, **changes}))

    def remove(self, name: str) -> None:
        with self.lock:
            del self._records[name]

    def raw(self, name: str) -> bytes:
        return json.dumps(self._records[name], ensure_ascii=False).encode()

    def forget_marks(self) -> None:
        """Every cursor mark given out so far is no longer taken."""
        self.generation += 1

    def misbehave(self, fault: wrong.Fault) -> None:
        if fault.on == "/studies":
            fault.on = "/search"
        self.faults.append(fault)

    def behave(self) -> None:
        self.faults.clear()

    def asked(self) -> list[dict[str, str]]:
        """The parameters of every search, in order."""
        return [one.params for one in self.log if "/search" in one.path]

    # --- its answers -----------------------------------------------------------------------------------------------

    def answer(self, path: str, query: str) -> tuple[int, dict[str, str], bytes]:
        if path != f"{BASE}/search":
            return 404, {"Content-Type": "text/html"}, b"<html><body>Not Found</body></html>"
        with self.lock:
            try:
                document = self._search(dict(parse_qsl(query, keep_blank_values=True)))
            except QueryError as error:
                document = {"errCode": 404, "errMsg": str(error)}
        body = json.dumps(document, ensure_ascii=False).encode()
        return 200, {"Content-Type": "application/json;charset=UTF-8"}, body

    def _search(self, params: dict[str, str]) -> dict[str, Any]:
        unknown = sorted(params.keys() - _KNOWN)
        if unknown:
            raise QueryError(f"Unknown parameter {unknown[0]}")
        if not params.get("query", "").strip():
            raise QueryError("No query was provided")
        if params.get("format") != "json" or params.get("resultType") != "core":
            raise QueryError("This fake gives JSON and core results alone")
        size = params.get("pageSize", "25")
        if not size.isdigit() or not 1 <= int(size) <= 1000:
            raise QueryError("Invalid page size provided. Valid size is between 1 and 1000")
        matches = read_query(params["query"])
        bound = hashlib.sha256(f"{params['query']}|{size}|{self.generation}".encode()).hexdigest()[:12]
        mark = params.get("cursorMark", "*")
        after = "" if mark == "*" else _position(mark, bound)
        found = sorted(
            (_place(name), name) for name, record in self._records.items() if matches(record, self._updated[name])
        )
        page = [pair for pair in found if pair[0] > after][: int(size)]
        following = _mark(bound, page[-1][0]) if page else mark
        return {
            "version": "6.9",
            "hitCount": len(found),
            "nextCursorMark": following,
            "request": {
                "queryString": params["query"],
                "resultType": "core",
                "cursorMark": mark,
                "pageSize": int(size),
                "sort": "",
                "synonym": False,
            },
            "resultList": {"result": [self._records[name] for _, name in page]},
        }

    def spoiled(self, fault: wrong.Fault, pieces: list[bytes]) -> Iterator[bytes]:
        """The body with what the fault does to it."""
        body = b"".join(pieces)
        document = json.loads(body)
        results = document.get("resultList", {}).get("result", [])
        if fault.kind == "empty":
            document |= {"hitCount": 0, "resultList": {"result": []}}
        elif fault.kind == "without_fields":
            document["resultList"]["result"] = [
                json.loads(altered(json.dumps(result).encode(), dict.fromkeys(fault.paths, MISSING)))
                for result in results
            ]
        elif fault.kind == "garbled_record" and results:
            place = next((at for at, one in enumerate(results) if one["id"] == fault.nct_id), 0)
            results[place] = json.loads(fault.raw)
        elif fault.kind == "nothing":
            document = {"version": "6.9"}
        else:
            yield body
            return
        yield json.dumps(document, ensure_ascii=False).encode()


def _place(name: str) -> str:
    # The service gives no order; a fixed one of no meaning keeps anybody from relying on it.
    return hashlib.sha256(name.encode()).hexdigest()


def _mark(bound: str, place: str) -> str:
    return base64.b64encode(f"{bound}{place}".encode()).decode()


def _position(mark: str, bound: str) -> str:
    try:
        text = base64.b64decode(mark, validate=True).decode()
    except ValueError:
        text = ""
    if not text.startswith(bound):
        raise QueryError("The cursorMark is not one of this query")
    return text.removeprefix(bound)


def main() -> None:
    from tests.records.europepmc import publications

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8901)
    with FakeEuropePmc(publications(), port=parser.parse_args().port) as source:
        sys.stdout.write(f"EUROPEPMC_BASE_URL={source.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
