"""One page of the registry's answer, taken apart without reading the records in it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tracker.sources.session import Garbled


class Page(NamedTuple):
    """One page: its records as bytes, the token of the next page (None on the last), the total where it was asked for.

    A page may hold no record and still not be the last.
    """

    records: list[bytes | msgspec.Raw]
    next_page_token: str | None
    total_count: int | None


class _Answer(msgspec.Struct, rename="camel", gc=False):
    studies: list[msgspec.Raw]
    next_page_token: str | None = None
    total_count: int | None = None


_answer = msgspec.json.Decoder(_Answer)


def read_page(body: bytes) -> Page:
    """The page in this body. Records stay undecoded views of the body, so that a page costs little beyond its bytes.

    A record that is broken JSON inside an answer that is otherwise whole comes as its own bytes, for ``read_record`` to
    refuse: the rest of its page is not lost. Raises Garbled where the answer itself is not whole.
    """
    try:
        answer = _answer.decode(body)
    except msgspec.ValidationError as error:
        raise Garbled(f"The answer is JSON but not a page of studies: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _by_lines(body, str(error))
    return Page(list(answer.studies), answer.next_page_token or None, answer.total_count)


def _by_lines(body: bytes, why: str) -> Page:
    """The page of a body in which a record is broken.

    The registry places "every study object in a separate line" (OpenAPI document, ``format``), and a line break cannot
    stand inside JSON text, so the lines part the records. The frame around them must be whole: a body that was cut off
    has lost its end, and only asking again helps.
    """
    opening, _, rest = body.partition(b'"studies"')
    bracket, end = rest.find(b"["), rest.rfind(b"]")
    if bracket < 0 or end <= bracket or rest[:bracket].strip() != b":":
        raise Garbled(f"The answer is not whole JSON ({why}).")
    try:
        frame = _answer.decode(opening + b'"studies":[]' + rest[end + 1 :])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Garbled(f"The answer is not whole JSON ({why}).") from None
    records: list[bytes | msgspec.Raw] = []
    broken = 0
    for line in rest[bracket + 1 : end].split(b"\n"):
        record = line.strip().strip(b",").strip()
        if not record:
            continue
        try:
            msgspec.json.decode(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            broken += 1
        records.append(record)
    # One or two bad records are a fault in those records. More is a fault on the way here, or another layout.
    if broken > max(2, len(records) // 100):
        raise Garbled(f"The answer is not whole JSON ({why}).")
    return Page(records, frame.next_page_token or None, frame.total_count)
