"""Every example of docs/rest.md is asked, and answers what is printed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "rest.md").read_text()
EXAMPLES = re.findall(r"```http\nGET (\S+)(?: → (\d+))?\n```\n```json\n(.*?)```", TEXT, re.S)


def shows(printed: object, answered: object) -> bool:
    """Whether the answer carries what is printed; objects may carry more, lists have the same length."""
    if isinstance(printed, dict):
        return isinstance(answered, dict) and all(
            name in answered and shows(value, answered[name]) for name, value in printed.items()
        )
    if isinstance(printed, list):
        return (
            isinstance(answered, list)
            and len(printed) == len(answered)
            and all(shows(one, other) for one, other in zip(printed, answered, strict=True))
        )
    return printed == answered


@pytest.mark.parametrize(("address", "code", "printed"), EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_an_example_answers_what_is_printed(bench, runs, client, address, code, printed):
    answer = client.get(address)
    assert answer.status_code == int(code or 200)
    assert shows(yaml.safe_load(printed), answer.json()), answer.json()


def test_no_example_is_left_out():
    assert len(EXAMPLES) == TEXT.count("```http") >= 7


def test_the_python_example_reads_every_trial(eight, client, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    asked = SimpleNamespace(get=lambda address, timeout: client.get(address))
    monkeypatch.setitem(sys.modules, "requests", asked)
    names: dict[str, object] = {}
    exec(code.replace("http://localhost:8000", ""), names)
    assert set(names["scores"]) == {trial.nct_id for trial in eight}


def test_every_parameter_and_code_is_documented():
    paths = yaml.safe_load((DOCS / "openapi.yaml").read_text())["paths"]
    for path, methods in paths.items():
        assert path.split("{")[0] in TEXT, path
        for parameter in methods["get"]["parameters"]:
            if parameter["in"] == "query":
                assert f"`{parameter['name']}`" in TEXT, (path, parameter["name"])
        for code in methods["get"]["responses"]:
            assert code == "200" or f"| {code} |" in TEXT
