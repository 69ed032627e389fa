from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def open_folder():
    """A folder that other accounts can be let through to, as servers started by root need.

    Not pytest's own: every pytest on the machine closes the folder above those again.
    """
    folder = Path(tempfile.mkdtemp(prefix="exotracker-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
