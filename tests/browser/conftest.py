"""A real Chromium against the real pages, with the starter set and what a first month adds to it."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import trial_record
from tests.reads.bench import bench_work
from tracker import terms
from tracker.models import RegistryQuery, SetAside, TrialAlias, TrialMatch
from tracker.pipeline import absorb
from tracker.sources.ctgov_records import read_record

# Playwright's own loop runs in this thread; the rows are made before a page is asked for.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

ROOT = Path(__file__).resolve().parents[2]
STARTER = ROOT / "fixtures" / "trials"
SCREENSHOTS = ROOT / "screenshots"
AT = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in Path(str(item.fspath)).parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium on this machine; name one in CHROMIUM")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    return {"executable_path": chromium, "headless": True, "args": quiet}


@pytest.fixture
def stored(transactional_db):
    """The starter set, a trial with two versions, an alias, and a record that could not be read."""
    RegistryQuery.objects.get_or_create(
        slug="lung-cancer-ev", defaults={"name": "EVs in lung cancer", "query_cond": "lung cancer", "is_on": True}
    )
    for folder, origin in (("registry", terms.Origin.FILE), ("transcribed", terms.Origin.TRANSCRIBED)):
        found = [read_record(path.read_bytes(), origin=origin) for path in sorted((STARTER / folder).glob("*.json"))]
        absorb(records=found, origin=origin, run=None, at=AT)
    later = trial_record(
        "NCT07376512",
        of="NCT07376512",
        statusModule__overallStatus="RECRUITING",
        statusModule__completionDateStruct__date="2031-04-15",
        statusModule__lastUpdatePostDateStruct__date="2026-03-20",
        outcomesModule__primaryOutcomes=[{"measure": "Overall survival", "timeFrame": "2 years"}],
    )
    absorb(records=[later], origin=terms.Origin.REGISTRY, run=None, at=AT)
    query = RegistryQuery.objects.get(slug="lung-cancer-ev")
    TrialMatch.objects.create(trial_id="NCT07376512", query=query, first_matched=AT, last_matched=AT)
    TrialAlias.objects.create(alias="NCT01234567", trial_id="NCT07376512", seen=AT)
    SetAside.objects.create(
        source="lung-cancer-ev", nct_id="NCT00000009", origin="registry", raw=b"", raw_hash="x",
        reason="The field protocolSection.designModule is not as the registry describes it: it is a list.",
        first_seen=AT, last_seen=AT,
    )  # fmt: skip
    bench_work()


@pytest.fixture
def site(stored, live_server):
    """The address of the pages."""
    return live_server.url
