"""The registry's description of its own fields and enums: read into one canonical form, and compared.

The registry changes its fields without announcing it; this is where it says so. A description is flattened to one
entry a field or enum, so that two of them can be compared line by line and a curator reads what is new.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, TypeVar

import msgspec

from tracker.sources.session import Garbled

#: what is known of one field or enum: texts, numbers, booleans, lists of texts
Facts = dict[str, str | int | bool | list[str]]

_encode = msgspec.json.Encoder(order="sorted").encode
T = TypeVar("T")
_LONG = 80  # texts beyond this are prose: that they changed is said, not how


class Description(NamedTuple):
    """One state of ``/studies/metadata`` or ``/studies/enums``.

    ``content`` is plain JSON, keyed by the path of the field or the name of the enum.
    """

    endpoint: str
    content: dict[str, Facts]
    content_hash: str


class _Link(msgspec.Struct):
    url: str = ""


class _Field(msgspec.Struct, rename="camel"):
    name: str
    piece: str = ""
    type: str = ""
    source_type: str = ""
    title: str = ""
    description: str = ""
    rules: str = ""
    is_enum: bool = False
    nested: bool = False
    indexed_only: bool = False
    historic_only: bool = False
    synonyms: bool = False
    max_chars: int | None = None
    alt_piece_names: list[str] = []
    ded_link: _Link | None = None
    children: list[_Field] = []


class _Value(msgspec.Struct, rename="camel"):
    value: str
    legacy_value: str = ""


class _Enum(msgspec.Struct):
    type: str
    pieces: list[str] = []
    values: list[_Value] = []


def read_metadata(body: bytes) -> Description:
    """``/studies/metadata``: one entry a field, by its path, with what is said of it. Raises Garbled."""
    content: dict[str, Facts] = {}

    def walk(fields: list[_Field], above: str) -> None:
        for field in fields:
            path = f"{above}.{field.name}" if above else field.name
            facts: Facts = {}
            for name in _Field.__struct_fields__:
                value = getattr(field, name)
                if name not in {"name", "children", "ded_link"} and value not in (None, "", False, []):
                    facts[name] = value
            if field.ded_link and field.ded_link.url:
                facts["link"] = field.ded_link.url
            content[path] = facts
            walk(field.children, path)

    walk(_decoded(body, list[_Field], "/studies/metadata"), "")
    return _described("metadata", content)


def read_enums(body: bytes) -> Description:
    """``/studies/enums``: one entry an enum, with its values and the pieces that use it. Raises Garbled."""
    content: dict[str, Facts] = {
        enum.type: {"pieces": sorted(enum.pieces), "values": sorted(value.value for value in enum.values)}
        for enum in _decoded(body, list[_Enum], "/studies/enums")
    }
    return _described("enums", content)


def differences(*, before: dict[str, Facts], after: dict[str, Facts]) -> list[str]:
    """What changed from one description's content to the next, a line each, in order of the fields' paths.

    >>> differences(before={"a": {"type": "text"}}, after={"a": {"type": "date"}, "b": {}})
    ['a: type was text, is date', 'b: new']
    """
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            lines.append(f"{path}: gone")
        elif path not in before:
            kind = after[path].get("type")
            lines.append(f"{path}: new ({kind})" if kind else f"{path}: new")
        else:
            lines.extend(f"{path}: {line}" for line in _changes(before[path], after[path]))
    return lines


def _changes(before: Facts, after: Facts) -> list[str]:
    lines = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, list) or isinstance(new, list):
            olds, news = (set(side) if isinstance(side, list) else set() for side in (old, new))
            lines += [f"{name} gained {item}" for item in sorted(news - olds)]
            lines += [f"{name} lost {item}" for item in sorted(olds - news)]
        elif max(len(str(old)), len(str(new))) > _LONG:
            lines.append(f"{name} was rewritten")
        else:
            lines.append(f"{name} was {_shown(old)}, is {_shown(new)}")
    return lines


def _shown(value: object) -> str:
    return "not given" if value is None else str(value)


def _decoded(body: bytes, kind: type[T], endpoint: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"{endpoint} gave no description ({error})") from error


def _described(endpoint: str, content: dict[str, Facts]) -> Description:
    if not content:
        raise Garbled(f"/studies/{endpoint} described nothing")
    return Description(endpoint, content, hashlib.sha256(_encode(content)).hexdigest())
