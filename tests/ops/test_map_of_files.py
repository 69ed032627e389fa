"""tracker/README.md lists every file, and no file that is not there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRACKER = ROOT / "tracker"
# Made by tools or by others: listed as folders.
FOLDERS = ("migrations/", "static/vendor/")


def listed() -> dict[str, str]:
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", (TRACKER / "README.md").read_text(), flags=re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a file is listed twice"
    return dict(rows)


def kept() -> set[str]:
    """The files of tracker/ that git knows or would, but for empty package marks."""
    shown = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "tracker"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = set()
    for line in shown.splitlines():
        path = ROOT / line
        if not path.exists() or (path.name == "__init__.py" and not path.read_text().strip()):
            continue
        name = str(path.relative_to(TRACKER))
        found.add(next((folder for folder in FOLDERS if name.startswith(folder)), name))
    return found - {"README.md", "migrations/"} | {"migrations/"}


def test_every_file_is_listed_with_its_job():
    assert kept() - set(listed()) == set()
    for name, job in listed().items():
        assert len(job) > 8, f"{name} has no job"


def test_no_file_is_listed_that_is_not_there():
    assert set(listed()) - kept() == set()
