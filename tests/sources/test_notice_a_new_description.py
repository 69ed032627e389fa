from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.ctgov_document import compact, enums, metadata
from tracker.sources.ctgov_description import Garbled, differences, read_enums, read_metadata

STATUS = "protocolSection.statusModule.overallStatus"


def fields(change: Any = None) -> bytes:
    nodes = metadata()
    if change:
        change(nodes)
    return compact(nodes)


def node(nodes: list[dict[str, Any]], path: str) -> dict[str, Any]:
    step, _, rest = path.partition(".")
    found = next(one for one in nodes if one["name"] == step)
    return node(found["children"], rest) if rest else found


def test_every_field_has_an_entry_under_its_path() -> None:
    description = read_metadata(fields())

    assert description.endpoint == "metadata"
    assert description.content[STATUS] == {
        "piece": "OverallStatus",
        "title": "OverallStatus",
        "type": "Status",
        "source_type": "TEXT",
        "is_enum": True,
    }
    assert len(description.content) > 400
    json.dumps(description.content)  # it is stored as JSON


def test_the_order_in_which_the_registry_lists_is_no_change() -> None:
    def turn(nodes: list[dict[str, Any]]) -> None:
        nodes.reverse()
        for one in nodes:
            turn(one.get("children", []))

    assert read_metadata(fields(turn)).content_hash == read_metadata(fields()).content_hash
    turned = [{**one, "pieces": ["Z", "A"], "values": one["values"][::-1]} for one in enums()[::-1]]
    straight = [{**one, "pieces": ["A", "Z"]} for one in enums()]
    assert read_enums(compact(turned)).content_hash == read_enums(compact(straight)).content_hash


def test_what_changed_is_said_line_by_line() -> None:
    def change(nodes: list[dict[str, Any]]) -> None:
        module = node(nodes, "protocolSection.statusModule")
        node(nodes, STATUS).update(type="NewStatus", maxChars=30, description="Long words. " * 20)
        module["children"] = [one for one in module["children"] if one["name"] != "whyStopped"]
        module["children"].append({"name": "paused", "piece": "Paused", "sourceType": "TEXT", "type": "boolean"})
        node(nodes, STATUS)["altPieceNames"] = ["Status2"]

    before, after = read_metadata(fields()), read_metadata(fields(change))

    assert before.content_hash != after.content_hash
    assert differences(before=before.content, after=after.content) == [
        f"{STATUS}: alt_piece_names gained Status2",
        f"{STATUS}: description was rewritten",
        f"{STATUS}: max_chars was not given, is 30",
        f"{STATUS}: type was Status, is NewStatus",
        "protocolSection.statusModule.paused: new (boolean)",
        "protocolSection.statusModule.whyStopped: gone",
    ]


def test_new_and_lost_values_of_an_enum_are_named() -> None:
    changed = enums()
    status = next(one for one in changed if one["type"] == "Status")
    status["values"] = [one for one in status["values"] if one["value"] != "WITHHELD"]
    status["values"].append({"value": "PAUSED", "legacyValue": "Paused"})

    lines = differences(before=read_enums(compact(enums())).content, after=read_enums(compact(changed)).content)

    assert lines == ["Status: values gained PAUSED", "Status: values lost WITHHELD"]


def test_the_same_description_has_no_differences() -> None:
    content = read_metadata(fields()).content

    assert differences(before=content, after=json.loads(json.dumps(content))) == []


@pytest.mark.parametrize("read", [read_metadata, read_enums])
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'[{"a": 1}]', b"<html>", b"[1]"])
def test_what_is_no_description_is_garbled(read: Any, body: bytes) -> None:
    with pytest.raises(Garbled):
        read(body)
