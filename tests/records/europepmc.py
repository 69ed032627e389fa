"""Publications in the shape of Europe PMC's results; SOURCES.md says where they come from and what they lack."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.records import HERE


@cache
def _read() -> dict[str, bytes]:
    lines = (HERE / "europepmc.ndjson").read_bytes().splitlines()
    return {f"{one['source']}:{one['id']}": line for line in lines for one in (json.loads(line),)}


def publications() -> list[bytes]:
    """All of them."""
    return list(_read().values())


def publication(name: str) -> bytes:
    """The one with this ``SOURCE:id``."""
    return _read()[name]


def result(number: int, *, source: str = "MED", **fields: Any) -> bytes:
    """A result of no real paper, whose number says so: below 1,000 no PMID is asked for here."""
    identity = {"MED": {"id": str(number), "pmid": str(number)}, "PPR": {"id": f"PPR{number}"}}[source]
    document = {
        **identity,
        "source": source,
        "doi": f"10.5555/{source.lower()}.{number}",  # 10.5555 is the prefix for tests
        "title": f"Exosomes in lung cancer: record number {number} of a test.",
        "authorList": {"author": [{"fullName": "Tester A"}, {"fullName": "Tester B"}]},
        "journalInfo": {"journal": {"title": "Journal of Tests"}},
        "pubYear": "2020",
        "firstPublicationDate": "2020-05-04",
        "abstractText": "Extracellular vesicles of lung cancer cells were counted.",
        "pubTypeList": {"pubType": ["Journal Article"]},
        "isOpenAccess": "Y",
        "language": "eng",
        "dateOfRevision": "2021-01-01",
        **fields,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def linked(kind: str, number: str, *, source: str = "MED", reference: str = "") -> dict[str, Any]:
    """The list of one notice or link, as Europe PMC gives it."""
    one = {"id": number, "source": source, "type": kind, "reference": reference, "orderIn": 1}
    return {"commentCorrection": [{name: value for name, value in one.items() if value != ""}]}
