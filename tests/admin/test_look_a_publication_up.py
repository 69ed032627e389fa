"""A curator asks for a publication by its number: Europe PMC's record, or words that say why there is none."""

from __future__ import annotations

import pytest
from django.core import signing

from tests.fakes import faults
from tests.fakes.europepmc import FakeEuropePmc
from tests.records.europepmc import publications
from tracker.admin import looking_up
from tracker.admin.looking_up import LookedUp, NotFoundThere, look_up

MIR_100 = "Cisplatin-resistant lung cancer cell–derived exosomes"


@pytest.fixture
def europepmc(settings, monkeypatch):
    monkeypatch.setattr(looking_up, "SHORT", looking_up.Patience(attempts=2, first=0.0, longest=0.0))
    with FakeEuropePmc(publications()) as source:
        settings.EUROPEPMC_BASE_URL = source.url
        settings.EUROPEPMC_MIN_INTERVAL = 0
        yield source


@pytest.mark.parametrize(
    "given", ["28553110", "PMC5439933", "10.2147/IJN.S131516", "https://doi.org/10.2147/ijn.s131516"]
)
def test_a_number_of_any_kind_finds_the_publication(europepmc, given):
    found = look_up(given)
    assert found.record.pmid == "28553110"
    assert found.record.title.startswith(MIR_100)


def test_what_was_found_travels_sealed_and_comes_back_whole(europepmc):
    found = look_up("28553110")
    assert LookedUp.unsealed(found.sealed()).record == found.record


def test_what_was_changed_on_the_way_is_refused(europepmc):
    sealed = look_up("28553110").sealed()
    with pytest.raises(signing.BadSignature):
        LookedUp.unsealed(sealed[:-2] + ("aa" if sealed[-2:] != "aa" else "bb"))


def test_a_number_that_is_none_is_said_without_asking(europepmc):
    with pytest.raises(NotFoundThere, match="is no PMID, PMCID or DOI"):
        look_up("exosomes")
    assert europepmc.log == []


def test_a_publication_that_is_not_there_is_said(europepmc):
    with pytest.raises(NotFoundThere, match="has no publication “999999999”"):
        look_up("999999999")


def test_a_failure_that_passes_is_asked_again_while_the_curator_waits(europepmc):
    europepmc.misbehave(faults.status(503, on="/search"))
    assert look_up("28553110").record.pmid == "28553110"


@pytest.mark.parametrize("fault", [faults.status(403, on="/search"), faults.status(503, times=None, on="/search")])
def test_a_source_that_cannot_be_asked_leaves_the_form_to_be_filled_by_hand(europepmc, fault):
    europepmc.misbehave(fault)
    with pytest.raises(NotFoundThere, match="Enter the study by hand"):
        look_up("28553110")
