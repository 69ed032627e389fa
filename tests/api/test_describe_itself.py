"""The API's own description: kept with the code, served, and shown on a page that asks no third party."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

KEPT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


def test_the_kept_document_is_what_the_code_says(tmp_path):
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    again = "manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn"
    assert made.read_text() == KEPT.read_text(), f"docs/openapi.yaml is out of date: run `{again}`"


def test_the_served_document_is_the_kept_one(client):
    served = client.get("/api/v1/schema/")
    assert served.status_code == 200
    assert yaml.safe_load(served.content) == yaml.safe_load(KEPT.read_text())


def test_the_document_is_readable_as_json_too(client):
    answer = client.get("/api/v1/schema/", headers={"Accept": "application/json"})
    assert answer.json()["info"]["title"] == "ExoTracker"


def test_every_list_says_its_shape_exactly():
    shapes = yaml.safe_load(KEPT.read_text())["components"]["schemas"]
    assert set(shapes["ExplanationRow"]["required"]) == {
        "component", "rule", "fact", "origin", "state", "earned", "possible", "source",
    }  # fmt: skip
    assert set(shapes["Component"]["required"]) == {"name", "earned", "possible", "weight"}
    for name, shape in shapes.items():
        if shape.get("type") == "object":
            assert set(shape["required"]) == set(shape["properties"]), name
    for name in ("score", "score_possible", "earned", "possible", "deductions"):
        assert shapes["Maturity"]["properties"][name]["type"] == "number"


@pytest.mark.django_db
def test_the_page_of_it_comes_whole_from_this_server(client):
    page = client.get("/api/v1/docs/")
    policy = dict(part.strip().split(" ", 1) for part in page["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    text = page.content.decode()
    assert "http://" not in text
    assert "https://" not in text
    for script in text.split("<script")[1:]:
        assert "src=" in script.split(">", 1)[0]
    script = client.get("/api/v1/docs/?script=").content.decode()
    assert '"validatorUrl": null' in script
