"""Records from files: API v2 JSON in any shape that people save it in.

A record, a list, a page (`{"studies": […]}`), records one after another, NDJSON; alone, in a folder, in `.gz`, in
`.zip`. Read as a stream: what is held at a time is one record, however large the file. Nothing is judged here: bytes
that are no record are passed on with their place, and reading them says what is wrong.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 1 << 20  # characters read at a time
# The largest record known is a few MB; a value that goes on for longer is a broken one, and reading on would not help.
LARGEST = 64 << 20
TAKEN = (".json", ".ndjson", ".json.gz", ".ndjson.gz", ".zip")
_LINES = (".ndjson", ".jsonl")
_PAGE = re.compile(
    r'\{\s*(?:"(?:totalCount|nextPageToken)"\s*:\s*(?:"(?:[^"\\]|\\.)*"|\d+|null)\s*,\s*)*"studies"\s*:\s*'
)
_SPACE = re.compile(r"[\s,]*")
# What macOS puts beside each file on foreign disks and in its archives: ``._x.json`` is named as a record and holds
# an icon and the like.
_COMPANION = re.compile(r"(?:\A|/)\._[^/]*\Z|(?:\A|/)__MACOSX/")
_COMPANION_WHY = "it is what macOS keeps beside a file, not a record"


class Piece(NamedTuple):
    """One record's bytes and where they stood: ``trials.json, record 3``."""

    place: str
    raw: bytes


class Skipped(NamedTuple):
    """A file that was not read, and why."""

    path: str
    why: str


def read(path: Path) -> Iterator[Piece | Skipped]:
    """Every record under this path, and every file that is passed over."""
    if path.is_dir():
        for inside in sorted(path.rglob("*")):
            if inside.is_file():
                if _COMPANION.search(inside.relative_to(path).as_posix()):
                    yield Skipped(str(inside), _COMPANION_WHY)
                elif inside.name.lower().endswith(TAKEN):
                    yield from _file(inside)
                else:
                    yield Skipped(str(inside), f"only {', '.join(TAKEN)} are read from a folder")
    elif path.is_file():
        yield from _file(path)
    else:
        yield Skipped(str(path), "there is no such file or folder")


def _file(path: Path) -> Iterator[Piece | Skipped]:
    try:
        if path.name.lower().endswith(".zip"):
            yield from _archive(path)
        else:
            with path.open("rb") as stream:
                yield from _stream(stream, name=str(path))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # A damaged or protected archive: what came before the damage is kept, the rest is named.
        yield Skipped(str(path), f"it could not be read to its end: {error or type(error).__name__}")


def _archive(path: Path) -> Iterator[Piece | Skipped]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = f"{path}!{member.filename}"
            if member.is_dir():
                continue
            if _COMPANION.search(member.filename):
                yield Skipped(name, _COMPANION_WHY)
            elif member.filename.lower().endswith(TAKEN[:-1]):
                with archive.open(member) as stream:
                    yield from _stream(stream, name=name)
            else:
                yield Skipped(name, f"only {', '.join(TAKEN[:-1])} are read from a .zip")


def _stream(stream: IO[bytes], *, name: str) -> Iterator[Piece]:
    stem = name.lower().removesuffix(".gz")
    plain = cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if stem != name.lower() else stream
    if stem.endswith(_LINES):
        for number, line in enumerate(plain, start=1):
            if line.strip():
                yield Piece(f"{name}, line {number}", line.strip())
    else:
        for number, value in enumerate(_values(plain), start=1):
            yield Piece(f"{name}, record {number}", value)


def _values(stream: IO[bytes]) -> Iterator[bytes]:
    """The records of a JSON text one by one; from a broken place on, all that is left as one piece."""
    text = _Text(stream)
    while text.skip_space():
        page = _PAGE.match(text.buffer) if text.buffer[0] == "{" else None
        if page:
            text.drop(page.end())
        if text.buffer[:1] == "[":
            text.drop(1)
            while text.skip_space() and text.buffer[0] != "]":
                yield from text.take()
            text.drop(1)
            if page:
                text.rest()  # nextPageToken and the closing bracket
        else:
            yield from text.take()


class _Text:
    """A stream of JSON, decoded as it is needed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        # Bytes that are no UTF-8 pass through unharmed, so that the record that holds them is set aside as it came.
        self._decode = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape").decode
        self._scan = json.JSONDecoder().raw_decode
        self._is_over = False
        self.buffer = ""

    def more(self, size: int = CHUNK) -> bool:
        if self._is_over:
            return False
        data = self._stream.read(size)
        self._is_over = not data
        self.buffer += self._decode(data, final=self._is_over)
        return not self._is_over

    def skip_space(self) -> bool:
        """Go to the next sign; False at the end. Enough is read for a page's opening to be seen."""
        while True:
            found = _SPACE.match(self.buffer)
            assert found is not None
            self.drop(found.end())
            if len(self.buffer) > 4096 or not self.more():
                return bool(self.buffer)

    def drop(self, length: int) -> None:
        self.buffer = self.buffer[length:]

    def rest(self) -> str:
        """All that is left, up to LARGEST: what follows a broken place can be long, and its file still has it."""
        while len(self.buffer) < LARGEST and self.more():
            pass
        left, self.buffer, self._is_over = self.buffer, "", True
        return left

    def take(self) -> Iterator[bytes]:
        """The value that begins here."""
        while True:
            try:
                value, end = self._scan(self.buffer)
            except (ValueError, RecursionError):
                # Cut by the end of what was read, or broken: more text tells.
                if len(self.buffer) < LARGEST and self.more(max(CHUNK, len(self.buffer))):
                    continue
                yield self._bytes(self.rest())
                return
            if end == len(self.buffer) and self.more():
                continue  # a number could go on
            raw = self.buffer[:end]
            self.drop(end)
            if isinstance(value, dict) and "protocolSection" not in value and isinstance(value.get("studies"), list):
                # A page whose keys stand in an order of their own.
                yield from (json.dumps(study, ensure_ascii=False).encode() for study in value["studies"])
            else:
                yield self._bytes(raw)
            return

    @staticmethod
    def _bytes(text: str) -> bytes:
        return text.encode("utf-8", "surrogateescape")
