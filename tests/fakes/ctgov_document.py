"""The registry's own document, and what follows from it: which questions are well formed, how it describes itself."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from tests.fakes.essie import EssieError, read_query
from tests.records import OPENAPI

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "/api/v2"
AREA_OF = {
    "query.cond": "ConditionSearch",
    "query.term": "BasicSearch",
    "query.locn": "LocationSearch",
    "query.titles": "TitleSearch",
    "query.intr": "InterventionSearch",
    "query.outc": "OutcomeSearch",
    "query.spons": "SponsorSearch",
    "query.lead": "LeadSponsorName",
    "query.id": "IdSearch",
    "filter.advanced": "BasicSearch",
    "postFilter.advanced": "BasicSearch",
}
MODELLED = {*AREA_OF, "filter.ids", "filter.overallStatus", "postFilter.ids", "postFilter.overallStatus"}
PAGING = {"countTotal", "pageSize", "pageToken"}
HARMLESS = {"format", "markupFormat"}


@cache
def openapi() -> dict[str, Any]:
    """The registry's own document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=loader)


class Answer(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, code: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.headers = code, text, dict(headers or {})


def compact(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def endpoint_of(path: str) -> tuple[str, str]:
    """The path of the document that this path is, and the number in it."""
    if not path.startswith(BASE + "/"):
        page = (
            "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>"
        )
        raise Answer(404, page, {"Content-Type": "text/html"})
    below = path.removeprefix(BASE)
    if below in openapi()["paths"]:
        return below, ""
    match = re.fullmatch(r"/studies/([^/]+)", below)
    if match:
        return "/studies/{nctId}", match[1]
    raise Answer(404, f"{below} not found")


def checked(endpoint: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters, each known to the endpoint and of the form the document demands."""
    known = {one["name"]: one for one in openapi()["paths"][endpoint]["get"]["parameters"] if one["in"] == "query"}
    params: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise Answer(400, f"`{name}` is unknown parameter")
        if name in params:
            raise Answer(400, f"`{name}` is given more than once")
        _check(name, value, known[name]["schema"])
        params[name] = value
        if name not in MODELLED | PAGING | HARMLESS or (name == "format" and value != "json"):
            raise Answer(501, f"The fake registry does not model `{name}={value}`.")
        if name.startswith("query.") or name.endswith(".advanced"):
            try:
                read_query(value, area=AREA_OF[name])
            except EssieError as error:
                raise Answer(400, f"Error parsing query in `{name}`: {error}") from None
    return params


def _check(name: str, value: str, schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        schema = openapi()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    kind = schema.get("type")
    if kind == "array":
        items = [item for item in re.split(r"[,|]", value) if item]
        if not schema.get("minItems", 0) <= len(items) <= schema.get("maxItems", 10**6):
            raise Answer(400, f"Incorrect number of items in `{name}` parameter")
        for item in items:
            _check(name, item, schema["items"])
        return
    right = {
        "integer": bool(re.fullmatch(r"-?\d{1,9}", value)) and int(value) >= schema.get("minimum", -(10**9)),
        "boolean": value in {"true", "false"},
    }.get(kind or "", True)
    if "enum" in schema:
        right = value in schema["enum"]
    if "pattern" in schema:
        right = bool(re.search(schema["pattern"], value))
    if not right:
        raise Answer(400, f"Incorrect format of `{name}` parameter: {value[:60]}")


def metadata() -> list[dict[str, Any]]:
    """The field nodes of a study. Piece names and titles are made up where the document does not give them."""
    schemas = openapi()["components"]["schemas"]

    def node(name: str, schema: dict[str, Any]) -> dict[str, Any]:
        repeated = schema.get("type") == "array"
        inner = schema["items"] if repeated else schema
        kind = inner["$ref"].rsplit("/", 1)[1] if "$ref" in inner else inner.get("format", inner.get("type", "text"))
        target = schemas.get(kind, {})
        is_enum = "enum" in target
        piece = "NCTId" if name == "nctId" else name[0].upper() + name[1:]
        made = {
            "name": name,
            "piece": piece,
            "title": piece,
            "sourceType": "STRUCT" if target.get("type") == "object" else "TEXT",
            "type": f"{kind}[]" if repeated else kind,
            "isEnum": is_enum,
        }
        children = [node(child, of) for child, of in target.get("properties", {}).items()]
        return {**made, "children": children} if children else made

    return [node(name, schema) for name, schema in schemas["Study"]["properties"].items()]


def enums() -> list[dict[str, Any]]:
    schemas = openapi()["components"]["schemas"]
    return [
        {
            "type": name,
            "pieces": [name],
            "values": [
                {"value": value, "legacyValue": value.replace("_", " ").capitalize()} for value in schema["enum"]
            ],
        }
        for name, schema in schemas.items()
        if "enum" in schema and name != "FieldStatsType"
    ]
