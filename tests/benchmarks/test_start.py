"""The benchmark starts where nothing is set up: it makes its own settings for the steps and needs none itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


def test_it_can_be_asked_for_its_options_without_settings():
    bare = {name: value for name, value in os.environ.items() if name not in SETTINGS}

    asked = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--help"],
        cwd=ROOT,
        env=bare | {"DATABASE_URL": "postgres://postgres@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.returncode == 0, asked.stderr
    assert "--records" in asked.stdout
