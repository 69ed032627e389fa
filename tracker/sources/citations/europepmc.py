"""Studies from Europe PMC's own JSON, as its REST search answers it: a page, a list, one result, or a result a line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import msgspec

from tracker.sources.citations.rows import EARLIEST_YEAR, RefusedRow, Row
from tracker.sources.ctgov_records import Unreadable
from tracker.sources.europepmc_records import read_study

if TYPE_CHECKING:
    from collections.abc import Iterator

# A page of the service holds up to 1,000 results, some 15 MB. What is larger is better saved with a result a line.
LARGEST = 64 << 20
LONGEST_LINE = 8 << 20


class _List(msgspec.Struct):
    result: list[msgspec.Raw] = []


class _Page(msgspec.Struct, rename="camel"):
    result_list: _List


def read(stream: IO[bytes], *, this_year: int) -> Iterator[Row | RefusedRow]:
    """Every result, in order. Its number stands for its line where a page has no lines."""
    start = stream.readline(LONGEST_LINE)
    is_alone = _is_json(start)
    following = stream.readline(LONGEST_LINE) if is_alone else b""
    stream.seek(0)
    if is_alone and following.strip():
        for line, raw in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), start=1):
            if raw.strip():
                yield _row(line, raw, this_year=this_year)
        return
    whole = stream.read(LARGEST + 1)
    if len(whole) > LARGEST:
        reason = f"It is larger than {LARGEST >> 20} MB in one piece; save it with one result a line (.ndjson)."
        yield RefusedRow(1, "", reason)
        return
    try:
        found = _results(whole.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield RefusedRow(1, "", f"It is not JSON as Europe PMC answers it: {error}.")
        return
    if not found:
        yield RefusedRow(1, "resultList", "It holds no result.")
    for number, raw in enumerate(found, start=1):
        yield _row(number, raw, this_year=this_year)


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return bool(line.strip())


def _results(whole: bytes) -> list[msgspec.Raw]:
    if whole.lstrip()[:1] == b"[":
        return msgspec.json.decode(whole, type=list[msgspec.Raw])
    names = msgspec.json.decode(whole, type=dict[str, msgspec.Raw])
    if "resultList" in names:
        return msgspec.json.decode(whole, type=_Page).result_list.result
    return [msgspec.Raw(whole)]


def _row(line: int, raw: bytes | msgspec.Raw, *, this_year: int) -> Row | RefusedRow:
    try:
        record = read_study(raw)
    except Unreadable as error:
        return RefusedRow(line, "", error.reason)
    if record.year is not None and not EARLIEST_YEAR <= record.year <= this_year + 1:
        reason = f"{record.year} is not a year of publication between {EARLIEST_YEAR} and {this_year + 1}."
        return RefusedRow(line, "pubYear", reason)
    return Row(line, record, {}, None)
