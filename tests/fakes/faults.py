"""What a registry can do wrong, as a script: ``registry.misbehave(status(429, retry_after="1"), times=2)``.

A fault is taken by the requests it fits, in the order they come; when its times are used up the registry is well again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """One way of going wrong. ``kind`` is what the server does; the rest says with what."""

    kind: str
    #: how many requests it spoils; None is for ever
    times: int | None = 1
    #: a regular expression over the path and query that it spoils
    on: str = "/studies"
    #: so many fitting requests pass before it begins
    after: int = 0
    code: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0
    share: float = 0.5
    nct_id: str = ""
    raw: bytes = b""
    paths: tuple[str, ...] = ()

    def take(self, target: str) -> bool:
        """Whether this request is spoiled; counts it."""
        if self.times == 0 or not re.search(self.on, target):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


def status(code: int, *, retry_after: str | None = None, body: str = "", **more: Any) -> Fault:
    """An error status, as text/plain."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return Fault("status", code=code, headers=headers, body=body or f"status {code}", **more)


def reset(*, share: float = 0.5, **more: Any) -> Fault:
    """The connection is reset after this share of the body."""
    return Fault("reset", share=share, **more)


def cut_off(*, share: float = 0.5, **more: Any) -> Fault:
    """The body ends early although its length was announced; the connection closes in good order."""
    return Fault("cut_off", share=share, **more)


def truncated(*, share: float = 0.5, **more: Any) -> Fault:
    """Half a body, announced as the whole: only reading the JSON tells."""
    return Fault("truncated", share=share, **more)


def web_page(*, title: str = "Scheduled maintenance", code: int = 200, **more: Any) -> Fault:
    """HTML where data was asked for."""
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Fault("web_page", code=code, body=body, **more)


def slow(seconds: float, **more: Any) -> Fault:
    """A right answer, late."""
    return Fault("slow", seconds=seconds, **more)


def hang(seconds: float = 30.0, **more: Any) -> Fault:
    """No answer at all, until the client gives up or so many seconds passed."""
    return Fault("hang", seconds=seconds, **more)


def drip(seconds: float = 0.05, **more: Any) -> Fault:
    """The body in ten pieces with a pause before each."""
    return Fault("drip", seconds=seconds, **more)


def empty(**more: Any) -> Fault:
    """Nothing matches, says the registry, though it does."""
    return Fault("empty", **more)


def garbled_record(
    nct_id: str = "", *, raw: bytes = b'{"protocolSection": {"identificationModule": {"nctId"', **more: Any
) -> Fault:
    """One record of a page (this one, else the first) is these bytes instead."""
    return Fault("garbled_record", nct_id=nct_id, raw=raw, **more)


def without_fields(*paths: str, **more: Any) -> Fault:
    """Records come without these fields (dotted paths)."""
    return Fault("without_fields", paths=paths, **more)


def stops_after_pages(pages: int, **more: Any) -> Fault:
    """So many pages come, then 503 for as long as ``times`` says (for ever unless given)."""
    return Fault("status", code=503, body="Service Unavailable", after=pages, **{"times": None, **more})


def nothing(**more: Any) -> Fault:
    """An answer without results, count or error (Europe PMC now and then)."""
    return Fault("nothing", **more)
