"""What the registry says a record looks like, and what of a record it does not say.

The registry adds fields and values without a new major version, so nothing unknown may fail a record; it is counted
as drift, so that a curator sees it. ``ctgov_schema.json`` is the part of the registry's OpenAPI document that
describes a study: field names, types and enums. From it a strict type is made once: a record that fits (nearly all
do) is checked and read in one pass of compiled code; only one that does not is walked field by field for what is new.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Optional

import msgspec

from tracker.sources.ctgov_study import Count

Shapes = dict[str, dict[str, str] | list[str]]

_PRIMITIVES: dict[str, Any] = {"string": str, "boolean": bool, "integer": int, "number": int | float}
_STRICT: dict[str, Any] = {**_PRIMITIVES, "integer": Count}  # all integers of a study count something
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")
_SHOWN = 60  # characters of a strange value that a drift note repeats


class Schema(NamedTuple):
    """The condensed OpenAPI document: its version, and each schema's fields (a dict) or values (a list)."""

    version: str
    shapes: Shapes


@cache
def schema() -> Schema:
    """The registry's description of a study, as shipped with this program."""
    document = json.loads((Path(__file__).with_name("ctgov_schema.json")).read_text(encoding="utf-8"))
    return Schema(document["version"], document["schemas"])


def attribute(field: str) -> str:
    """The Python name of a registry field: ``nctId`` is ``nct_id``, ``class`` is ``class_``."""
    name = _HUMP.sub("_", field).lower()
    return "class_" if name == "class" else name


@cache
def strict_study() -> type[msgspec.Struct]:
    """A struct of a whole study in which an unknown field, value or type is an error.

    Attributes are named by ``attribute``; an absent field or a JSON null is None, as the API leaves out what is empty.
    Written out, such a struct is the record in its canonical form: fields stand in the order of their JSON names.
    """
    shapes = schema().shapes
    made: dict[str, Any] = {}

    def made_of(kind: str) -> Any:
        if kind.startswith("["):
            return list[made_of(kind[1:-1])]  # type: ignore[misc]
        if kind in _STRICT:
            return _STRICT[kind]
        if kind not in made:
            shape = shapes[kind]
            if isinstance(shape, list):
                made[kind] = Literal[tuple(shape)]
            else:
                made[kind] = msgspec.defstruct(
                    kind,
                    # Optional, since a struct that is not yet made cannot be joined to None by "|"
                    [(attribute(field), Optional[made_of(of)], None) for field, of in sorted(shape.items())],  # noqa: UP045
                    rename={attribute(field): field for field in shape},
                    forbid_unknown_fields=True,
                    omit_defaults=True,
                    gc=False,
                )
        return made[kind]

    study: type[msgspec.Struct] = made_of("Study")
    return study


def drift(study: dict[str, Any]) -> list[str]:
    """What of this record the registry's document does not describe, each once, in order of first meeting.

    ``field protocolSection.newModule``, ``enum Status=FOO``, ``type protocolSection.designModule.phases`` (a value of
    another type than described). Positions in lists are left out, so that the notes can be counted over many records.
    """
    shapes = schema().shapes
    found: dict[str, None] = {}

    def walk(value: Any, kind: str, path: str) -> None:
        if value is None:
            return
        if kind.startswith("["):
            if isinstance(value, list):
                for item in value:
                    walk(item, kind[1:-1], path)
            else:
                found[f"type {path}"] = None
            return
        shape = shapes.get(kind)
        if isinstance(shape, dict):
            if not isinstance(value, dict):
                found[f"type {path}"] = None
                return
            for field, inner in value.items():
                inside = f"{path}.{field}" if path else field
                if field in shape:
                    walk(inner, shape[field], inside)
                else:
                    found[f"field {inside[:200]}"] = None
        elif isinstance(shape, list):
            if not isinstance(value, str):
                found[f"type {path}"] = None
            elif value not in shape:
                found[f"enum {kind}={value[:_SHOWN]}"] = None
        elif not _fits(value, kind):
            found[f"type {path}"] = None

    walk(study, "Study", "")
    return list(found)


def _fits(value: Any, kind: str) -> bool:
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _PRIMITIVES[kind])
