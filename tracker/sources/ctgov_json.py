"""Records as bytes: decoded so that PostgreSQL can store their text, and written out in one canonical form."""

from __future__ import annotations

import hashlib
import json
from math import isfinite
from typing import Any, NoReturn

import msgspec

_decode = msgspec.json.Decoder().decode
encode = _sorted = msgspec.json.Encoder(order="sorted").encode
_as_it_stands = msgspec.json.Encoder().encode


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
            document = json.loads(given, parse_constant=_no_number, parse_float=_number)
        else:
            if b"\\u0000" not in given:
                return document, []
        notes: dict[str, None] = {}
        return _mended(document, notes), list(notes)
    except RecursionError:
        raise NotJson("It is nested too deep to be a study.") from None
    except ValueError as error:
        raise NotJson(f"It is not whole JSON ({error}).") from None


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no number that can be stored")


def _number(written: str) -> float:
    number = float(written)
    return number if isfinite(number) else _no_number(written)


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
    """The record as JSON with sorted keys and without nulls, and the SHA-256 of its state.

    A null says as little as an absent field, and the registry leaves out what is empty.
    ``derivedSection.miscInfoModule.versionHolder`` is the day of the copy: it changes daily without news, so it stays
    in the record and out of the hash.
    """
    document = _without_nulls(document)
    derived = document.get("derivedSection")
    undated = None if derived is None else _sorted(_undated(derived))
    return _joined([(field, _sorted(document[field])) for field in sorted(document)], undated)


def canonical_struct(study: Any) -> tuple[bytes, str]:
    """The same bytes and hash of a record that is whole in its struct (``ctgov_schema.strict_study``)."""
    sections = [
        (json_name, _as_it_stands(value))
        for name, json_name in zip(study.__struct_fields__, study.__struct_encode_fields__, strict=True)
        if (value := getattr(study, name)) is not None
    ]
    misc = study.derived_section and study.derived_section.misc_info_module
    undated = None
    if misc is not None:
        holder, misc.version_holder = misc.version_holder, None
        undated = _as_it_stands(study.derived_section)
        misc.version_holder = holder
    return _joined(sections, undated)


def _joined(sections: list[tuple[str, bytes]], undated: bytes | None) -> tuple[bytes, str]:
    """A study of these sections, and the SHA-256 of the same with ``undated`` as its derived section."""
    digest = hashlib.sha256()
    pieces: list[bytes] = []
    opening = b"{"
    for field, value in sections:
        name = opening + _sorted(field) + b":"
        pieces += (name, value)
        digest.update(name)
        digest.update(value if undated is None or field != "derivedSection" else undated)
        opening = b","
    pieces.append(b"}" if pieces else b"{}")
    digest.update(pieces[-1])
    return b"".join(pieces), digest.hexdigest()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _undated(derived: Any) -> Any:
    misc = derived.get("miscInfoModule") if isinstance(derived, dict) else None
    if not isinstance(misc, dict) or "versionHolder" not in misc:
        return derived
    rest = {field: value for field, value in misc.items() if field != "versionHolder"}
    return {**derived, "miscInfoModule": rest}
