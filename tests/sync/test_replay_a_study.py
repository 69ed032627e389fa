"""A publication that could not be read, read again after a fix."""

from __future__ import annotations

import pytest

from tests.fakes import faults
from tests.records.europepmc import result
from tests.sync.pulling import Clock
from tests.sync.reading import Reader, asking, only_store, source_of
from tracker.models import SetAside, Study
from tracker.sources import europepmc_records
from tracker.sync.single import replay
from tracker.sync.store import store
from tracker.terms import SetAsideState

pytestmark = pytest.mark.django_db


@pytest.fixture
def aside():
    with source_of([1, 2]) as fake:
        fake.misbehave(faults.garbled_record(raw=result(77, pubYear=["2020"])))
        Reader(fake, asking()).sync()
    return SetAside.objects.get()


def again(aside):
    return replay(aside=aside, absorb=store, absorb_studies=only_store, at=Clock()())


def test_it_waits_with_its_reason_while_it_cannot_be_read(aside):
    assert "pubYear" in again(aside)
    assert SetAside.objects.get().state == SetAsideState.WAITING


def test_it_goes_in_once_it_can_be_read(aside, monkeypatch):
    read = europepmc_records.read_study
    monkeypatch.setattr("tracker.sync.single.read_study", lambda raw: read(raw.replace(b'["2020"]', b'"2020"')))

    assert again(aside) == ""
    assert again(aside) == ""

    assert Study.objects.get(pmid="77").year == 2020
    assert SetAside.objects.get().state == SetAsideState.REPLAYED
