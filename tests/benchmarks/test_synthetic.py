"""The benchmark's records have the sizes that real ones have, and cannot be taken for real."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest

from tests.benchmarks import synthetic
from tracker.sources.ctgov_records import read_record
from tracker.terms import Origin

COUNT = 4000


@pytest.fixture(scope="module")
def bank():
    return synthetic.Bank.read()


@pytest.fixture(scope="module")
def made(bank):
    return list(synthetic.records(count=COUNT, seed=1, bank=bank))


def test_sizes_are_those_of_real_records(made):
    sizes = sorted(len(raw) for raw in made)

    assert sizes[COUNT // 2] == pytest.approx(12_000, rel=0.05)
    assert sum(sizes) / COUNT == pytest.approx(20_000, rel=0.1)
    assert sizes[COUNT * 9 // 10] == pytest.approx(32_000, rel=0.05)
    assert sizes[COUNT * 99 // 100] == pytest.approx(150_000, rel=0.1)
    assert 1 <= sum(size > 1_000_000 for size in sizes) <= COUNT / 1000


def test_one_in_ten_is_about_evs(made):
    titles = [msgspec.json.decode(raw)["protocolSection"]["identificationModule"]["briefTitle"] for raw in made]

    named = [bool(re.search("exosom|vesicles", title)) for title in titles]

    assert [place for place, is_named in enumerate(named) if is_named] == list(range(3, COUNT, 10))


def test_every_record_says_that_it_is_synthetic(made):
    for place, raw in enumerate(made):
        identity = msgspec.json.decode(raw)["protocolSection"]["identificationModule"]
        assert identity["nctId"] == f"NCT9{place:07d}"
        assert identity["briefTitle"].startswith(f"[Synthetic record {place}]")
        assert identity["organization"]["fullName"].startswith("Synthetic")


def test_same_seed_and_place_give_the_same_bytes(bank, made):
    assert synthetic.make(1234, bank=bank, seed=1) == made[1234]
    assert synthetic.make(1234, bank=bank, seed=2) != made[1234]


def test_records_are_read_as_real_ones_are(made):
    drift: Counter[str] = Counter()

    for raw in made[:600]:
        drift.update(read_record(raw, origin=Origin.REGISTRY).drift)

    # Real records carry a little drift of their own; a generator that made up fields would show in every record.
    assert all(count < 600 * 0.1 for count in drift.values()), drift


def test_changed_record_is_posted_after_all_others(bank, made):
    place = synthetic.changed_places(count=COUNT, changes=100)[7]

    before = read_record(made[place], origin=Origin.REGISTRY)
    after = read_record(synthetic.change(made[place], place=place), origin=Origin.REGISTRY)

    assert after.nct_id == before.nct_id
    assert after.raw_hash != before.raw_hash
    assert after.overall_status != before.overall_status
    assert max(synthetic.post_date(raw) for raw in made) < str(after.last_update_post_date)


def test_changes_are_as_many_as_asked():
    assert len(set(synthetic.changed_places(count=20_000, changes=100))) == 100
