"""The Makefile, the installer and the Procfile: what they say and what they refuse."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from config import install

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_help_prints_every_target_from_its_own_comment():
    shown = make().stdout
    for target, words in re.findall(r"^([a-z]+):.*?## (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE):
        assert re.search(rf"make {target}\s+{re.escape(words)}", shown), target
    for promised in ("install", "run", "test", "bench", "lint", "help"):
        assert f"make {promised}" in shown


def test_a_machine_without_a_new_python_is_told_in_one_sentence():
    done = make("install", PYTHON="")
    assert done.returncode != 0
    # PYTHON= on the command line is what the search leaves when it finds nothing new enough.
    done = make("install", "PYTHON=")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert said == [
        "ExoTracker needs Python 3.11 or newer and found none: install it, or say where it is with "
        "PYTHON=/path/to/python."
    ]


def test_an_old_python_says_so_itself(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert install.main("base") == 1
    assert "needs Python 3.11 or newer, and this is 3.9" in capsys.readouterr().err


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The installer with a folder of its own and a pip that only notes what it was asked."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    (tmp_path / "requirements").mkdir()
    for name in ("base", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text('#!/bin/sh\necho "$@" >> "$0.asked"\nexit ${PIP_FAILS:-0}\n')
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    return tmp_path


def asked(folder: Path) -> list[str]:
    log = folder / ".venv" / "bin" / "python.asked"
    return [line for line in log.read_text().splitlines() if "install" in line] if log.exists() else []


def test_what_is_installed_is_not_installed_again(elsewhere):
    assert install.main("base") == 0
    assert install.main("base") == 0
    assert len(asked(elsewhere)) == 1
    assert "--require-hashes" in asked(elsewhere)[0]


def test_changed_requirements_are_installed_anew(elsewhere):
    install.main("base")
    (elsewhere / "requirements" / "base.txt").write_text("base==2\n")
    install.main("base")
    assert len(asked(elsewhere)) == 2


def test_the_developers_set_holds_the_other(elsewhere):
    install.main("dev")
    install.main("base")
    assert len(asked(elsewhere)) == 1


def test_a_failed_installation_is_said_and_not_taken_for_done(elsewhere, monkeypatch, capsys):
    install.main("base")
    (elsewhere / "requirements" / "base.txt").write_text("base==3\n")
    (elsewhere / ".venv" / "bin" / "python").write_text('#!/bin/sh\ncase "$*" in *install*) exit 1;; esac\n')
    assert install.main("base") == 1
    assert "check the network and the package index" in capsys.readouterr().err
    assert not install.is_current("base")


def test_the_procfile_names_web_worker_and_beat_with_programs_that_exist():
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert list(processes) == ["web", "worker", "beat"]
    for command in processes.values():
        assert shutil.which(command.split()[0], path=str(Path(sys.executable).parent)), command
    assert "${PORT:-8000}" in processes["web"]
    assert "--pidfile=" in processes["beat"].split(), "a stale pid file would keep beat from starting after a kill"


def test_the_beginning_of_ci_knows_its_own_steps():
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0
    steps = [
        "make --no-print-directory lint",
        "check --deploy",
        "docs/openapi.yaml",
        "-m integration",
        "make --no-print-directory test",
    ]
    places = [script.index(step) for step in steps]
    assert places == sorted(places), "the suite comes last: its summary is the last line"
