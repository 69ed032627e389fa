"""What README and docs/ say stays what the product does."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text()


def documented_settings() -> set[str]:
    """The names in the first column of docs/settings.md."""
    found: set[str] = set()
    for line in read("docs/settings.md").splitlines():
        if line.startswith("| `"):
            found |= set(re.findall(r"`([A-Z_]+)`", line.split("|")[1]))
    return found


def used_settings() -> set[str]:
    settings = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', read("config/settings.py")))
    started = set(re.findall(r"\$\{([A-Z_]+)", read("Procfile") + read("docker-compose.yml")))
    run = set(re.findall(r'os\.environ\.get\("([A-Z_]+)"\)', read("config/run.py")))
    return settings | started | run


def test_every_setting_is_documented_and_no_other():
    checking = {"CI", "CHROMIUM", "CI_DATABASE_URL", "CI_REDIS_URL", "PYTHON"}
    assert len(used_settings()) > 15, "the reading of settings.py found too little to be right"
    assert documented_settings() - checking == used_settings()


def test_the_settings_of_containers_are_those_of_env_example():
    example = set(re.findall(r"^([A-Z_]+)=", read(".env.example"), flags=re.MULTILINE))
    compose = set(re.findall(r"\$\{([A-Z_]+)", read("docker-compose.yml")))
    assert example <= compose
    required = set(re.findall(r"\$\{([A-Z_]+):\?", read("docker-compose.yml")))
    assert required <= example, "what must be set stands in the example"


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app == "tracker")


def test_every_command_is_documented_with_its_options():
    text = read("docs/commands.md")
    sections = dict(re.findall(r"^## `manage\.py (\w+)[^\n]*\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL))
    assert sorted(sections) == our_commands()
    own = {"-h", "--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color"}
    own |= {"--force-color", "--skip-checks"}
    for name in our_commands():
        parser = load_command_class("tracker", name).create_parser("manage.py", name)
        for option in (option for action in parser._actions for option in action.option_strings):
            if option.startswith("--") and option not in own:
                assert option in sections[name], f"docs/commands.md says nothing of {name} {option}"


def test_every_make_target_is_documented():
    targets = re.findall(r"^([a-z]+):.*?## ", read("Makefile"), flags=re.MULTILINE)
    assert {"install", "run", "test", "bench", "lint", "help"} <= set(targets)
    for target in targets:
        assert f"`make {target}`" in read("docs/commands.md"), target


def test_readme_starts_in_its_first_screen():
    first_screen = "\n".join(read("README.md").splitlines()[:20])
    assert "make run" in first_screen
    assert "make test" in first_screen
    assert "docs/screenshots/landscape.png" in first_screen


def test_every_link_of_the_documents_leads_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tracker" / "README.md"]
    assert len(documents) > 6
    for document in documents:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_version_is_one():
    version = re.search(r'^version = "(.+)"', read("pyproject.toml"), flags=re.MULTILINE)[1]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert f"## {version}" in read("CHANGELOG.md")


def test_each_requirement_has_its_reason_and_is_pinned_with_hashes():
    for name in ("base", "dev"):
        for line in read(f"requirements/{name}.in").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.search(r"\s# \S", line), f"{line} in {name}.in has no reason"
        pinned = read(f"requirements/{name}.txt")
        assert "://" not in pinned, "an index address in the pins"
        assert not re.search(r"^\s*--(index|extra|find|trusted)", pinned, flags=re.MULTILINE)
        for block in re.split(r"\n(?=\S)", pinned):
            if not block.startswith("#"):
                assert "==" in block.splitlines()[0]
                assert "--hash=sha256:" in block
