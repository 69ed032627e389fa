"""docker-compose.yml: valid by the Compose schema, every command there, no door left open."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[2]
OURS = ["web", "worker", "beat", "migrate"]


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def processes() -> dict[str, str]:
    return parse_procfile((ROOT / "Procfile").read_text()).processes


def test_the_file_is_valid_by_the_compose_schema(compose):
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.Draft201909Validator(schema).validate(compose)

    compose["services"]["web"]["comand"] = "a slip of the pen"
    with pytest.raises(jsonschema.ValidationError, match="comand"):
        jsonschema.Draft201909Validator(schema).validate(compose)
    del compose["services"]["web"]["comand"]


def test_every_part_is_there_with_its_health(compose):
    assert set(compose["services"]) == {*OURS, "database", "queue"}
    for name, service in compose["services"].items():
        if name != "migrate":  # ends when it is done
            assert service["healthcheck"]["test"], name
    assert compose["services"]["database"]["image"].startswith("postgres:")
    assert int(re.match(r"postgres:(\d+)", compose["services"]["database"]["image"])[1]) >= 15
    assert compose["services"]["database"]["volumes"] == ["database:/var/lib/postgresql/data"]
    for name in ("web", "worker", "beat"):
        assert compose["services"][name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def commands(compose) -> list[tuple[str, list[str]]]:
    found = []
    for name in OURS:
        service = compose["services"][name]
        found.append((name, service["command"]))
        if "healthcheck" in service:
            kind, *words = service["healthcheck"]["test"]
            found.append((f"{name}'s health", words if kind == "CMD" else ["sh", "-c", *words]))
    return found


def exists(words: list[str], processes: dict[str, str]) -> None:
    """Fail unless the program, module, management command or Procfile process named here is there."""
    program, *rest = words
    if program == "sh":
        return exists(rest[1].split(), processes)
    if program == "honcho":
        assert rest[-1] in processes, f"{rest[-1]} is not in the Procfile"
        return exists(processes[rest[-1]].split(), processes)
    path = str(Path(sys.executable).parent)
    assert shutil.which(program, path=path), f"{program} is not installed by requirements/base.txt"
    if rest[:1] == ["-m"]:
        assert (ROOT / (rest[1].replace(".", "/") + ".py")).exists()
    if rest[:1] == ["manage.py"]:
        shown = subprocess.run(
            [sys.executable, "manage.py", rest[1], "--help"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert shown.returncode == 0, f"manage.py {rest[1]}: {shown.stderr}"
        for option in rest[2:]:
            if option.startswith("--") and option != "--noinput":
                assert option in shown.stdout, f"manage.py {rest[1]} has no {option}"
    return None


def test_every_command_is_there(compose, processes):
    for service, words in commands(compose):
        exists(words, processes)
        assert service


def test_a_command_that_is_not_there_is_noticed(processes):
    with pytest.raises(AssertionError, match="not in the Procfile"):
        exists(["honcho", "start", "wbe"], processes)
    with pytest.raises(AssertionError, match="not installed"):
        exists(["gunicorn", "config.wsgi"], processes)
    with pytest.raises(AssertionError, match=r"manage\.py migrat"):
        exists(["python", "manage.py", "migrat"], processes)


def test_secrets_come_from_the_environment_and_have_no_default(compose):
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        uses = re.findall(r"\$\{" + secret + r"([^}]*)\}", text)
        assert uses, secret
        assert all(use.startswith(":?") for use in uses), f"{secret} has a default or may be empty"
    for name in ("database", "queue"):
        assert "ports" not in compose["services"][name], f"{name} is reachable from outside"
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]


def test_the_image_runs_as_nobody_in_particular_with_hashed_requirements():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users, "no USER: it would run as root"
    assert users[-1].split(":")[0].isdigit()
    assert users[-1].split(":")[0] != "0"
    assert any("pip install --require-hashes" in line for line in lines)
    assert any("collectstatic" in line for line in lines)
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), f"{source} is copied into the image and does not exist"


def test_the_image_gets_what_it_copies_and_no_more():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set()
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert kept == copied
