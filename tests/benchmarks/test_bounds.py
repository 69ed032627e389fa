"""A bound that is missed is said and ends the benchmark with a failure."""

from __future__ import annotations

from tests.benchmarks import bounds


def a_round(*, product=10.0, limit=6.0, changes=0.2, peak_mb=250.0, requests=1):
    step = {"records": 20_000, "waited": 1.0, "peak_mb": peak_mb}
    return {
        "product": step | {"seconds": product},
        "limit": step | {"seconds": limit},
        "copy_alone": step | {"seconds": limit / 2},
        "noop": step | {"seconds": 0.01, "requests": requests},
        "changes": step | {"seconds": changes},
    }


def test_everything_reached():
    measures = bounds.judged([a_round(), a_round(product=12.0)])

    assert bounds.missed(measures) == []
    assert [each.reached for each in measures] == [True] * 4


def test_best_of_each_counts_and_the_spread_is_quoted():
    pace = bounds.judged([a_round(product=10.0, limit=6.0), a_round(product=15.0, limit=4.5)])[0]

    assert pace.value == 4.5 / 10.0
    assert "0.30-0.60 in 2 rounds" in pace.note


def test_each_bound_can_be_missed():
    slow = bounds.judged([a_round(product=12.01)])
    fat = bounds.judged([a_round(peak_mb=300.5), a_round()])
    chatty = bounds.judged([a_round(requests=2)])
    plodding = bounds.judged([a_round(changes=0.301)])

    assert [bounds.missed(each) for each in (slow, fat, chatty, plodding)] == [
        ["pace of a full sync, as a share of the limit"],
        ["peak memory of the syncing process"],
        ["requests of a sync with nothing new"],
        ["time of a sync of the changes, as a share of a full one"],
    ]


def test_information_is_neither_reached_nor_missed():
    reference = {"records": 1_000, "seconds": 2.0, "waited": 0.0}

    measures = bounds.beside([a_round()], {"bulk_create": reference})

    assert {each.reached for each in measures} == {None}
    assert any("4.0 times" in each.note for each in measures)
    assert any("0.30 of that" in each.note for each in measures)


def test_studies_from_a_file_are_held_to_copy_and_to_memory():
    def imported(seconds: float, limit: float, peak_mb: float = 250.0):
        product = {"records": 50_000, "seconds": seconds, "peak_mb": peak_mb}
        return {"product": product, "limit": {"records": 50_000, "seconds": limit}}

    share = bounds.STUDIES_OF_COPY
    reached = bounds.of_studies([imported(10.0, 10.0 * share), imported(20.0, 1.0)])
    slow = bounds.of_studies([imported(10.1, 10.0 * share)])
    fat = bounds.of_studies([imported(1.0, 1.0, peak_mb=300.5), imported(1.0, 1.0)])

    assert bounds.missed(reached) == []
    assert reached[0].value == share
    assert bounds.missed(slow) == ["pace of 50,000 studies from a file, as a share of COPY"]
    assert bounds.missed(fat) == ["peak memory of the importing process"]
