"""The fake registry's HTTP side: requests in, answers and faults out."""

from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes import faults as wrong
from tests.fakes.ctgov_document import BASE, compact
from tests.records import MISSING, altered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fakes.ctgov import FakeRegistry


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    params: dict[str, str]
    user_agent: str
    at: float


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    registry: FakeRegistry

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the play."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "FakeRegistry"
    sys_version = ""
    timeout = 60
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        registry = self.server.registry
        parts = urlsplit(self.path)
        below = parts.path.removeprefix(BASE)
        asked = Asked(below, dict(parse_qsl(parts.query)), self.headers.get("User-Agent", ""), time.monotonic())
        with registry.lock:
            registry.log.append(asked)
            target = below + (f"?{parts.query}" if parts.query else "")
            fault = next((one for one in registry.faults if one.take(target)), None)
        if fault and fault.kind in {"status", "web_page"}:
            kind = "text/html" if fault.kind == "web_page" else "text/plain"
            self._send(fault.code, {"Content-Type": kind, **fault.headers}, [fault.body.encode()])
            return
        if fault and fault.kind == "hang":
            registry.stopping.wait(fault.seconds)
            self.close_connection = True
            return
        if fault and fault.kind == "slow":
            registry.stopping.wait(fault.seconds)
        status, headers, body = registry.answer(parts.path, parts.query)
        pieces = [body] if isinstance(body, bytes) else body
        if fault and status == 200:
            pieces = list(getattr(registry, "spoiled", _spoiled)(fault, pieces))
        self._send(status, headers, pieces, fault)

    def do_POST(self) -> None:
        """By hand only: ``/_control`` with ``{"advance": null}``, ``{"remove": "NCT…"}``, ``{"misbehave": {…}}`` …"""
        registry = self.server.registry
        given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path != "/_control":
            self._send(405, {"Content-Type": "text/plain"}, [b"GET only"])
            return
        try:
            for act, what in given.items():
                _control(registry, act, what)
        except (KeyError, TypeError, ValueError) as error:
            self._send(400, {"Content-Type": "text/plain"}, [repr(error).encode()])
            return
        said = {"data_timestamp": registry.data_timestamp, "records": len(registry.numbers), "asked": len(registry.log)}
        self._send(200, {"Content-Type": "application/json"}, [compact(said)])

    def do_OPTIONS(self) -> None:
        self._send(403, {"Content-Type": "text/plain"}, [b"Forbidden"])  # the registry refuses preflights

    def _send(
        self, status: int, headers: Mapping[str, str], pieces: list[bytes], fault: wrong.Fault | None = None
    ) -> None:
        body = b"".join(pieces)
        if self.server.registry.compress and "gzip" in self.headers.get("Accept-Encoding", "") and status == 200:
            body = gzip.compress(body, 1)
            headers = {**headers, "Content-Encoding": "gzip"}
        kind = fault.kind if fault else ""
        sent = body[: int(len(body) * fault.share)] if fault and kind in {"reset", "cut_off", "truncated"} else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent) if kind == "truncated" else len(body)))
        self.end_headers()
        if kind == "drip" and fault:
            for piece in _tenths(body):
                self.server.registry.stopping.wait(fault.seconds)
                self.wfile.write(piece)
                self.wfile.flush()
            return
        self.wfile.write(sent)
        if kind == "reset":
            # linger 0: the peer gets a reset, not a polite end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())  # past the library, which would say goodbye first
        if kind in {"reset", "cut_off"}:
            self.close_connection = True


def _control(registry: FakeRegistry, act: str, what: Any) -> None:
    if act == "set":
        registry.set(what)
    elif act == "change":
        registry.change(what["nct_id"], what["changes"], posted=what.get("posted"))
    elif act == "remove":
        registry.remove(what)
    elif act == "alias":
        registry.alias(*what)
    elif act == "advance":
        registry.advance(what)
    elif act == "misbehave":
        registry.misbehave(wrong.Fault(**what))
    elif act == "behave":
        registry.behave()
    else:
        raise ValueError(f"{act} is none of set, change, remove, alias, advance, misbehave, behave")


def _tenths(body: bytes) -> Iterator[bytes]:
    step = max(1, len(body) // 10)
    for start in range(0, len(body), step):
        yield body[start : start + step]


def _spoiled(fault: wrong.Fault, pieces: list[bytes]) -> Iterator[bytes]:
    """The body with what the fault does to its records: the pieces that begin with a brace after a line break."""
    if fault.kind == "empty":
        yield b'{"totalCount":0,"studies":[]}'
        return
    spoiled = False
    number = f'"nctId":"{fault.nct_id}'.encode()
    for before, piece in zip([b"", *pieces], pieces, strict=False):
        is_record = before.endswith(b"\n") and piece.startswith(b"{")
        if is_record and fault.kind == "without_fields":
            yield altered(piece, dict.fromkeys(fault.paths, MISSING))
        elif is_record and fault.kind == "garbled_record" and not spoiled and number in piece:
            spoiled = True
            yield fault.raw
        else:
            yield piece
