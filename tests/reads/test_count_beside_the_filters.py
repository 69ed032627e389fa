"""The filters say what is there: counts beside the other filters, noughts visible."""

from __future__ import annotations

import pytest

from tests.reads.starter import ROWS, starter_trials
from tracker.models import Trial
from tracker.reads.facets import chips, counts, facets
from tracker.reads.listing import NOT_REPORTED
from tracker.reads.trials import TrialFilter

pytestmark = pytest.mark.django_db


@pytest.fixture
def eight(db):
    return starter_trials()


def read(**query):
    return TrialFilter.read({name: value if isinstance(value, list) else [value] for name, value in query.items()})


def test_every_count_is_what_choosing_it_would_show(eight):
    chosen = read(momentum="stalled", relevance="about")
    for facet in facets(chosen):
        for value in facet.values:
            if value.value != NOT_REPORTED or facet.name in ("status", "country", "sponsor", "year"):
                assert value.count == chosen.chosen(facet.name, value.value).rows().count(), (facet.name, value.value)


def test_a_facet_is_not_narrowed_by_itself(eight):
    assert counts(read(track="therapeutic"))["track"] == {"diagnostic": 7, "therapeutic": 1}
    assert counts(read(track="therapeutic"))["momentum"] == {"stalled": 1}


def test_a_value_that_nobody_has_stays_without_a_link(eight):
    momentum = next(facet for facet in facets(read()) if facet.name == "momentum")
    holding = next(value for value in momentum.values if value.value == "holding")
    assert (holding.count, holding.address) == (0, "")
    assert [value.value for value in momentum.values] == ["advancing", "holding", "stalled", "stopped", "unknown"]


def test_a_chosen_value_leads_back_out(eight):
    country = next(facet for facet in facets(read(country="China")) if facet.name == "country")
    china = next(value for value in country.values if value.value == "China")
    assert china.is_chosen
    assert china.address == "?"


def test_silent_records_are_counted_last(eight):
    country = next(facet for facet in facets(read()) if facet.name == "country")
    assert (country.values[-1].words, country.values[-1].count) == ("not reported", 4)


def test_a_status_outside_the_registrys_list_is_shown_and_not_linked(eight):
    Trial.objects.filter(pk="NCT04629079").update(overall_status="PAUSED_FOR_REVIEW")
    status = next(facet for facet in facets(read()) if facet.name == "status")
    drifted = next(value for value in status.values if value.value == "PAUSED_FOR_REVIEW")
    assert (drifted.words, drifted.count, drifted.address) == ("paused for review", 1, "")


def test_chips_drop_one_filter_each(eight):
    made = chips(
        read(relevance="about", momentum="stalled", country=["China", "France"]), implied=read(relevance="about")
    )
    assert [chip.words for chip in made] == ["stalled", "China", "France"]
    assert "country=France" in made[1].address
    assert "country=China" not in made[1].address


def test_ten_rows_more_cost_no_query_more(eight, django_assert_num_queries):
    with django_assert_num_queries(1):
        facets(read(search="exosome"))
    starter_trials(rows=[{**ROWS[0], "nct_id": f"NCT0900000{n}"} for n in range(10)])
    with django_assert_num_queries(1):
        facets(read(search="exosome"))
