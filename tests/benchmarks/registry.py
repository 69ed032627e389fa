"""A registry that serves synthetic records from a file, as fast as a machine can, so that it does not slow the clock.

``python -m tests.benchmarks.registry`` runs it in a process of its own: making the records costs memory, and the
product's is what is measured. It answers ``/version``, ``/studies`` and ``/studies/{nctId}`` as ClinicalTrials.gov's
OpenAPI document 2.0.5 says, one study a line, and only the questions a sync asks; the strict fake in ``tests/fakes``
is the one that holds the product to the document. ``POST /day-two`` posts the changes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from . import synthetic

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PAGE = 1000  # the registry coerces more down to this
TIMESTAMPS = ("2026-07-01T09:00:05", "2026-10-01T09:00:05")
_POSTED = re.compile(r"AREA\[LastUpdatePostDate\]\s*RANGE\[\s*([^,\]]+?)\s*,\s*MAX\s*\]")
_STUDY = re.compile(r"/api/v2/studies/([Nn][Cc][Tt]\d{1,8})\Z")


@dataclass
class Shelf:
    """The records in one file, each at its place; where each begins, how long it is, when it was posted."""

    spool: IO[bytes]
    at: list[tuple[int, int]] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    changes: dict[int, bytes] = field(default_factory=dict)
    day: int = 0

    @classmethod
    def fill(cls, records: Iterable[bytes], spool: IO[bytes]) -> Shelf:
        shelf, offset = cls(spool), 0
        for raw in records:
            spool.write(raw)
            spool.write(b",\n")
            shelf.at.append((offset, len(raw)))
            shelf.posted.append(synthetic.post_date(raw))
            offset += len(raw) + 2
        spool.flush()
        return shelf

    def record(self, place: int) -> bytes:
        if self.day and place in self.changes:
            return self.changes[place]
        offset, length = self.at[place]
        return os.pread(self.spool.fileno(), length, offset)

    def run_of(self, first: int, last: int) -> bytes:
        """The neighbouring records from first up to last, in one read."""
        start, (end, length) = self.at[first][0], self.at[last - 1]
        return os.pread(self.spool.fileno(), end + length - start, start)

    def found(self, posted_from: str) -> list[int]:
        """Places of the records posted on or after this day, in order."""
        return [
            place
            for place, posted in enumerate(self.posted)
            if (synthetic.CHANGES_POSTED.isoformat() if self.day and place in self.changes else posted) >= posted_from
        ]

    def turn(self, places: list[int]) -> None:
        """Day two: these records are posted again, changed."""
        self.changes = {place: synthetic.change(self.record(place), place=place) for place in places}
        self.day = 1


class Handler(BaseHTTPRequestHandler):
    """One question, one answer."""

    protocol_version = "HTTP/1.1"
    shelf: Shelf
    asked: int = 0
    change_count: int = 100

    def do_GET(self) -> None:
        type(self).asked += 1
        parts = urlsplit(self.path)
        if parts.path == "/api/v2/version":
            self._answer({"apiVersion": "2.0.5", "dataTimestamp": TIMESTAMPS[self.shelf.day]})
        elif parts.path == "/api/v2/studies":
            self._page({name: values[-1] for name, values in parse_qs(parts.query).items()})
        elif match := _STUDY.match(parts.path):
            place = int(match.group(1)[3:]) - synthetic.FIRST_NUMBER
            if 0 <= place < len(self.shelf.at):
                self._send(200, self.shelf.record(place), "application/json")
            else:
                self._send(404, b"NCT number is not found", "text/plain")
        elif parts.path == "/asked":
            type(self).asked -= 1
            self._answer({"asked": self.asked})
        else:
            self._send(404, b"nothing is kept here", "text/plain")

    def do_POST(self) -> None:
        if self.path == "/day-two":
            self.shelf.turn(synthetic.changed_places(count=len(self.shelf.at), changes=self.change_count))
        elif self.path == "/day-one":
            self.shelf.day = 0
        else:
            self._send(404, b"nothing is kept here", "text/plain")
            return
        self._answer({"day": self.shelf.day})

    def _page(self, parameters: dict[str, str]) -> None:
        size = min(int(parameters.get("pageSize", "10")) or 10, MAX_PAGE)
        first = int(parameters.get("pageToken", "0"))
        posted = _POSTED.search(" ".join(parameters.values()))
        shelf = self.shelf
        whole = posted is None or posted.group(1) == "MIN"
        places = range(len(shelf.at)) if whole else shelf.found(posted.group(1))  # type: ignore[union-attr]
        last = min(first + size, len(places))
        if whole and not shelf.day and last > first:
            studies = shelf.run_of(first, last)
        else:
            studies = b",\n".join(shelf.record(place) for place in places[first:last])
        total = f'"totalCount":{len(places)},' if first == 0 and parameters.get("countTotal") == "true" else ""
        token = f',"nextPageToken":"{last}"' if last < len(places) else ""
        body = b'{%s"studies":[%s]%s}' % (total.encode(), studies, token.encode())
        self._send(200, body, "application/json")

    def _answer(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Twenty lines of log a run would only hide the table."""


def serving(shelf: Shelf, *, changes: int) -> ThreadingHTTPServer:
    """A server of these records on a free port of this machine, not yet started."""
    handler = type("ShelfHandler", (Handler,), {"shelf": shelf, "change_count": changes, "asked": 0})
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)


def main() -> None:
    """Make the records, print one line of JSON with the port and the sizes, and serve until stdin closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--changes", type=int, required=True)
    options = parser.parse_args()
    bank = synthetic.Bank.read()
    with tempfile.TemporaryFile() as spool:
        made = synthetic.records(count=options.count, seed=options.seed, bank=bank)
        server = serving(Shelf.fill(made, spool), changes=options.changes)
        sizes = sorted(length for _, length in server.RequestHandlerClass.shelf.at)  # type: ignore[attr-defined]
        print(json.dumps({"port": server.server_port, "sizes": sizes}), flush=True)  # noqa: T201 - the parent reads it
        import threading

        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
