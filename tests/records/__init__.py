"""Real registry records for tests, as bytes; SOURCES.md says where they come from.

``real()`` are 184 records as ClinicalTrials.gov gave them, ``transcribed()`` 22 that were read off public copies of
registry pages. Contacts and officials are taken out, as the product does before it stores a record.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OPENAPI = HERE / "ctg-oas-v2.yaml"


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


#: in ``altered``: take this field out
MISSING = _Missing()


@cache
def _read(name: str) -> dict[str, bytes]:
    lines = gzip.decompress((HERE / name).read_bytes()).splitlines()
    return {json.loads(line)["protocolSection"]["identificationModule"]["nctId"]: line for line in lines}


def real() -> list[bytes]:
    """All registry records, by number."""
    return list(_read("ctgov.ndjson.gz").values())


def transcribed() -> list[bytes]:
    """All transcribed records, by number: partial, with restated long texts."""
    return list(_read("transcribed.ndjson.gz").values())


def record(nct_id: str) -> bytes:
    """The registry's record of this number, else the transcribed one."""
    found = _read("ctgov.ndjson.gz").get(nct_id) or _read("transcribed.ndjson.gz").get(nct_id)
    if found is None:
        raise LookupError(f"{nct_id} is not among the test records; see tests/records/SOURCES.md for those that are.")
    return found


def altered(raw: bytes, changes: dict[str, Any]) -> bytes:
    """This record with some fields changed: ``{"protocolSection.statusModule.overallStatus": "COMPLETED"}``.

    Parts on the way are made where they are missing; a number in the path is a place in a list; MISSING takes a field
    out.
    """
    document = json.loads(raw)
    for path, value in changes.items():
        *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
        part = document
        for step in way:
            part = part[step] if isinstance(step, int) else part.setdefault(step, {})
        if value is MISSING:
            if isinstance(part, list) or last in part:
                del part[last]
        elif isinstance(part, list) and last == len(part):
            part.append(value)
        else:
            part[last] = value
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
