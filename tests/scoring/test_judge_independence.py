"""Independence of a trial: an earlier supporting trial of the same candidate with another lead sponsor, or none."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.support import MEASURED, RUBRIC, TODAY, ends, on, row, trial
from tracker.scoring.earlier import Earlier, Led, earlier_trials
from tracker.scoring.engine import Result, score_trial
from tracker.scoring.facts import facts_hash, trial_facts
from tracker.terms import Relevance, Track

OURS = Led("NCT00000002", "Hospital A", "2020-03-15")


def other(start: str | None, sponsor: str | None = "Hospital B", number: str = "NCT00000001") -> Led:
    return Led(number, sponsor, start)


def facts(earlier: Earlier | None):
    return trial_facts(trial(), relevance=Relevance.ABOUT, annotations=MEASURED, earlier=earlier)


def judged(earlier: Earlier | None) -> Result:
    return on(Track.DIAGNOSTIC, score_trial(facts(earlier), rubric=RUBRIC, today=TODAY))


def independence(*others: Led, ours: Led = OURS) -> tuple[str, float, float]:
    return ends(row(judged(earlier_trials(ours, others)), "another sponsor"))


ALL, NONE, OPEN = ("reported", 10, 10), ("reported", 0, 0), ("not_reported", 0, 10)


def test_an_earlier_trial_by_another_sponsor_earns_all():
    assert independence(other("2019-01-01")) == ALL
    found = row(judged(earlier_trials(OURS, [other("2019-01-01")])), "another sponsor")
    assert found.fact == "earlier trials by Hospital B (NCT00000001)"


def test_one_other_sponsor_among_the_earlier_ones_is_enough():
    assert independence(other("2018", "Hospital A"), other("2019-01-01", "Hospital B", "NCT00000003")) == ALL


def test_earlier_trials_that_all_share_the_sponsor_earn_nothing():
    assert independence(other("2018", "Hospital A"), other("2019", "hospital  a", "NCT00000003")) == NONE
    found = row(judged(earlier_trials(OURS, [other("2018", "Hospital A")])), "another sponsor")
    assert found.fact == "earlier trials by the same sponsor: Hospital A (NCT00000001)"


@pytest.mark.parametrize("start", ["2020-03-15", "2020-03-16", "2021"])
def test_a_trial_that_began_on_that_day_or_later_is_no_earlier_one(start):
    assert independence(other(start)) == OPEN
    assert row(judged(earlier_trials(OURS, [other(start)])), "another").fact == "the candidate has no earlier trial"


def test_without_a_candidate_and_without_an_earlier_trial_it_says_which():
    assert ends(row(judged(None), "another sponsor")) == OPEN
    assert row(judged(None), "another sponsor").fact == "no candidate linked"
    assert row(judged(Earlier()), "another sponsor").fact == "the candidate has no earlier trial"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("2020-03-15", "2020-02", ALL),
        ("2020-03-15", "2020-03", OPEN),  # any day of March
        ("2020-03", "2020-02-29", ALL),
        ("2020-03", "2020-03-01", OPEN),  # before it, or on the same day
        ("2020-03", "2020-03-31", OPEN),
        ("2020", "2019", ALL),
        ("2020", "2020-06", OPEN),
        (None, "2019", OPEN),
        ("2020", None, OPEN),
        ("2020", "soon", OPEN),
    ],
)
def test_a_start_is_earlier_only_where_that_is_certain(ours, theirs, expected):
    assert independence(other(theirs), ours=OURS._replace(start_given=ours)) == expected


def test_a_sponsor_that_is_not_reported_leaves_it_open():
    assert independence(other("2019", None)) == OPEN
    assert independence(other("2019"), ours=OURS._replace(lead_sponsor=None)) == OPEN
    assert independence(other("2019", None), other("2018", "Hospital A", "NCT00000003")) == OPEN
    assert independence(other("2019", None), other("2018", "Hospital B", "NCT00000003")) == ALL
    found = row(judged(earlier_trials(OURS, [other("2019", None)])), "another sponsor")
    assert found.fact.endswith("another sponsor: sponsor not reported (NCT00000001)")


def test_a_trial_of_the_same_sponsor_and_unknown_start_takes_nothing_away():
    same = other(None, "Hospital A", "NCT00000003")
    assert independence(same, other("2018", "Hospital A")) == NONE
    assert independence(same) == OPEN


def test_a_trial_is_not_earlier_than_itself():
    assert earlier_trials(OURS, [OURS]) == Earlier()


def test_the_order_of_trials_changes_nothing():
    several = [other("2018", "A"), other("2017", "B", "NCT00000003"), other(None, "C", "NCT00000004")]
    assert len({facts_hash(facts(earlier_trials(OURS, some))) for some in permutations(several)}) == 1


def test_a_trial_without_candidate_keeps_its_hash_and_one_with_gets_another():
    without = trial_facts(trial(), relevance=Relevance.ABOUT, annotations=MEASURED)
    assert facts_hash(facts(None)) == facts_hash(without)
    assert facts_hash(facts(Earlier())) != facts_hash(without)


DATES = st.sampled_from(["2019", "2019-06", "2020", "2020-03", "2020-03-14", "2020-03-15", "2020-03-16", "2021"])
SPONSORS = st.sampled_from(["A", "B"])
LED = st.builds(Led, st.sampled_from(["NCT00000001", "NCT00000003", "NCT00000004"]), SPONSORS, DATES)


@given(st.builds(Led, st.just("NCT00000002"), SPONSORS, DATES), st.lists(LED, min_size=1, max_size=3), st.data())
def test_law_2_telling_a_start_or_a_sponsor_only_narrows(ours, others, data):
    """Hide any start or sponsor, of this trial or another: earned is never higher, possible never lower."""
    hidden = data.draw(st.lists(st.tuples(st.integers(0, len(others)), st.sampled_from([1, 2])), min_size=1))
    silent = [ours, *others]
    for which, column in hidden:
        silent[which] = silent[which]._replace(**{Led._fields[column]: None})

    _, earned, possible = independence(*others, ours=ours)
    _, least, most = independence(*silent[1:], ours=silent[0])

    assert least <= earned <= possible <= most


@given(st.builds(Led, st.just("NCT00000002"), SPONSORS, DATES), LED, st.sampled_from(["2019-05-31", "2020-12-30"]))
def test_law_2_telling_the_day_only_narrows(ours, one, day):
    """A date of which only the year was told."""
    year = one._replace(start_given=day[:4])

    _, earned, possible = independence(one._replace(start_given=day), ours=ours)
    _, least, most = independence(year, ours=ours)

    assert least <= earned <= possible <= most
