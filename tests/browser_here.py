"""Which browser the tests drive: `python -m tests.browser_here` fetches one where there is none.

The machine's own Chromium first (CHROMIUM names it, else the usual names), else the one that Playwright keeps.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def own() -> str | None:
    """The machine's own Chromium, or None."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def playwrights() -> str | None:
    """The Chromium that Playwright fetched before, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> int:
    if own() or playwrights():
        return 0
    sys.stdout.write("No Chromium on this machine: fetching one for the tests …\n")
    sys.stdout.flush()
    fetched = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0
    if not fetched:
        sys.stderr.write(
            "No browser could be fetched: the tests that drive one will be skipped (in CI: fail). Install Chromium "
            "(Debian: apt-get install chromium), or set CHROMIUM to its path.\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
