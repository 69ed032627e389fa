"""The bytes of a citation file as text: which encoding it is in, and what no table can hold.

Spreadsheets save UTF-8 with and without a mark, UTF-16, and on older machines Windows' own code page; reference
managers save Latin-1. None of them says so.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
# The longest line that is held. A line of a table that is longer is no row of studies.
LONGEST_LINE = 8 << 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that are no UTF-8 pass through as these signs, so that their line can be named.
_UNDECODED = re.compile("[\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Line(NamedTuple):
    """One line with its end, and its number, counted from 1."""

    number: int
    text: str


def encoding_of(stream: IO[bytes]) -> str:
    """The encoding of this stream, which is read to its end and set back.

    A mark decides. Without one: UTF-16 by its zero bytes, then UTF-8 where that is what most bytes beyond ASCII are
    (a damaged line does not change a file's encoding), then Windows-1252, and Latin-1 for bytes that it lacks.
    """
    start = stream.read(4096)
    stream.seek(0)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    decode = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode
    good = bad = 0
    is_windows = True
    while block := stream.read(CHUNK):
        text = decode(block)
        if not text.isascii():
            undecoded = len(_UNDECODED.findall(text))
            bad += undecoded
            good += len(text) - len(text.encode("ascii", "ignore")) - undecoded
            is_windows = is_windows and not any(sign in block for sign in b"\x81\x8d\x8f\x90\x9d")
    bad += len(_UNDECODED.findall(decode(b"", final=True)))
    stream.seek(0)
    if good >= bad:
        return "utf-8"
    return "cp1252" if is_windows else "latin-1"


def lines(stream: IO[bytes]) -> Iterator[Line]:
    """The lines of this stream, in whatever encoding it is; of one that is too long its beginning alone."""
    encoding = encoding_of(stream)
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    text = io.TextIOWrapper(_Kept(stream), encoding=encoding, errors=errors, newline="")  # type: ignore[type-var]
    number = 0
    is_rest = False
    while line := text.readline(LONGEST_LINE):
        number += not is_rest
        if not is_rest:
            yield Line(number, line)
        is_rest = not line.endswith(("\n", "\r"))


class _Kept(io.BufferedIOBase):
    """A stream that the text around it does not close."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        return self._stream.read(size)

    def read(self, size: int | None = -1, /) -> bytes:
        return self._stream.read(-1 if size is None else size)


def is_damaged(text: str) -> bool:
    """Whether bytes in it were not of the file's encoding."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def storable(text: str) -> str:
    """This text without the control signs that no text has and PostgreSQL refuses (NUL most of all)."""
    return _UNSTORABLE.sub("", text)
