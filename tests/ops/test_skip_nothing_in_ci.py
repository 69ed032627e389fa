"""In CI a skipped test fails: a missing browser must not pass for a success."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOME = """
import pytest

def test_looks_at_a_page():
    pytest.skip("no browser")

@pytest.mark.xfail
def test_known_to_fail():
    assert False

def test_passes():
    pass
"""


@pytest.mark.parametrize(
    ("ci", "summary"), [("true", "1 failed, 1 passed, 1 xfailed"), ("", "1 passed, 1 skipped, 1 xfailed")]
)
def test_a_skip_is_a_failure_in_ci_and_no_other_outcome_changes(tmp_path, ci, summary):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_some.py").write_text(SOME)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA"],
        cwd=tmp_path, env={**os.environ, "CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert summary in done.stdout.splitlines()[-1]
    assert done.returncode == (1 if ci else 0)
    if ci:
        assert "Skipped, and in CI nothing may be. Skipped: no browser" in done.stdout


def test_a_module_skipped_whole_is_a_failure_in_ci(tmp_path):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_whole.py").write_text("import pytest\npytest.importorskip('no_such_browser')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path, env={**os.environ, "CI": "true", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "was skipped whole, and in CI nothing may be" in done.stdout
