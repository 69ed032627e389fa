"""The fast registry of the benchmark answers as the strict fake does, where a sync asks."""

from __future__ import annotations

import tempfile
import threading

import pytest
import requests

from tests.benchmarks import registry, synthetic
from tracker.sources.ctgov_records import read_page

COUNT = 25


@pytest.fixture(scope="module")
def made():
    return list(synthetic.records(count=COUNT, seed=1, bank=synthetic.Bank.read()))


@pytest.fixture
def served(made):
    with tempfile.TemporaryFile() as spool:
        server = registry.serving(registry.Shelf.fill(made, spool), changes=5)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, **parameters: str):
    with requests.Session() as session:
        return session.get(
            url, params={name.replace("_", "."): value for name, value in parameters.items()}, timeout=10
        )


def test_pages_give_every_record_once(served, made):
    found, token = [], None
    while True:
        later = {"pageToken": token} if token else {}
        answer = ask(f"{served}/api/v2/studies", pageSize="10", countTotal="true", **later)
        page = read_page(answer.content)
        assert page.total_count == (COUNT if token is None else None)
        found += [bytes(raw) for raw in page.records]
        token = page.next_page_token
        if token is None:
            break

    assert found == made


def test_too_large_a_page_is_cut_to_a_thousand(served):
    assert len(read_page(ask(f"{served}/api/v2/studies", pageSize="99999").content).records) == COUNT


def test_day_two_posts_the_changes_alone(served):
    before = ask(f"{served}/api/v2/version").json()["dataTimestamp"]
    since = "AREA[LastUpdatePostDate]RANGE[2026-07-01,MAX]"
    assert read_page(ask(f"{served}/api/v2/studies", filter_advanced=since).content).records == []

    requests.post(f"{served}/day-two", timeout=10).close()

    changed = read_page(ask(f"{served}/api/v2/studies", filter_advanced=since).content).records
    assert len(changed) == 5
    assert ask(f"{served}/api/v2/version").json()["dataTimestamp"] > before


def test_one_record_is_found_by_its_number(served, made):
    assert ask(f"{served}/api/v2/studies/{synthetic.number(3)}").content == made[3]
    assert ask(f"{served}/api/v2/studies/{synthetic.number(COUNT)}").status_code == 404
