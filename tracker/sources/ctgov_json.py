"""Records as bytes: decoded so that PostgreSQL can store their text, and written out in one canonical form."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

import msgspec

_decode = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder(order="sorted").encode


class NotJson(ValueError):
    """Bytes that are not the JSON of one value; the message says why in a sentence."""


def parsed(given: bytes) -> tuple[Any, list[str]]:
    """The decoded JSON, fit for PostgreSQL, and notes of what had to be mended for that.

    Raises NotJson, with the reason in a sentence.
    """
    if given.startswith(b"\xef\xbb\xbf"):
        given = given[3:]  # a file saved by a Windows editor
    try:
        try:
            document = _decode(given)
        except msgspec.DecodeError:
            # msgspec refuses lone surrogates, which JavaScript writes; the standard library takes them
            document = json.loads(given, parse_constant=_no_constant)
        else:
            if b"\\u0000" not in given:
                return document, []
        notes: dict[str, None] = {}
        return _mended(document, notes), list(notes)
    except RecursionError:
        raise NotJson("It is nested too deep to be a study.") from None
    except ValueError as error:
        raise NotJson(f"It is not whole JSON ({error}).") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _mended(value: Any, notes: dict[str, None]) -> Any:
    """This value without what PostgreSQL cannot store: NUL characters are left out, lone surrogates become U+FFFD."""
    if isinstance(value, str):
        if "\x00" in value:
            notes["text NUL character"] = None
            value = value.replace("\x00", "")
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            notes["text lone surrogate"] = None
            value = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return value
    if isinstance(value, dict):
        return {_mended(key, notes): _mended(inner, notes) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mended(inner, notes) for inner in value]
    return value


def canonical(document: dict[str, Any]) -> tuple[bytes, str]:
    """The record as JSON with sorted keys, and the SHA-256 of its state.

    ``derivedSection.miscInfoModule.versionHolder`` is the day of the copy: it changes daily without news, so it stays
    in the record and out of the hash.
    """
    digest = hashlib.sha256()
    pieces = []
    for field in sorted(document):
        name = encode(field) + b":"
        value = encode(document[field])
        pieces.append(name + value)
        digest.update(name)
        digest.update(encode(_undated(document[field])) if field == "derivedSection" else value)
    return b"{" + b",".join(pieces) + b"}", digest.hexdigest()


def _undated(derived: Any) -> Any:
    misc = derived.get("miscInfoModule") if isinstance(derived, dict) else None
    if not isinstance(misc, dict) or "versionHolder" not in misc:
        return derived
    rest = {field: value for field, value in misc.items() if field != "versionHolder"}
    return {**derived, "miscInfoModule": rest}
