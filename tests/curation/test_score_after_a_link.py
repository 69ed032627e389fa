"""A link that is decided changes at once what the trial, and the candidate's other trials, earn for independence."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import trial_record
from tracker.curation import decisions
from tracker.models import Maturity, Trial
from tracker.pipeline import absorb
from tracker.scoring.ledger import rescore
from tracker.scoring.rubric import CURRENT
from tracker.scoring.stored import facts_of_trials
from tracker.terms import AnnotationState, Direction, Origin, Presence

from .conftest import AT, LATER, link, make, propose

pytestmark = pytest.mark.django_db
ABOUT = "NCT07376512"
EARLY, LATE = "NCT00000001", "NCT00000002"
OPEN, ALL, NONE = ("not_reported", 0, 10), ("reported", 10, 10), ("reported", 0, 0)


def take(nct_id: str, start: str, sponsor: str) -> Trial:
    """A real trial about vesicles under this number, with this start and lead sponsor, through the pipeline."""
    record = trial_record(
        nct_id,
        of=ABOUT,
        statusModule__startDateStruct__date=start,
        sponsorCollaboratorsModule__leadSponsor__name=sponsor,
    )
    absorb(records=[record], origin=Origin.REGISTRY, run=None, at=AT)
    return Trial.objects.get(pk=nct_id)


def independence(nct_id: str) -> tuple[str, float, float]:
    explanation = Maturity.objects.get(trial=nct_id, is_current=True, is_leading=True).explanation
    (found,) = [one for one in explanation if "Another sponsor" in one["rule"]]
    return found["state"], found["earned"], found["possible"]


@pytest.fixture
def early(db) -> Trial:
    return take(EARLY, "2019-05-01", "Hospital A")


@pytest.fixture
def late(db) -> Trial:
    return take(LATE, "2021-05-01", "Hospital B")


def test_accepting_a_link_scores_the_trial_and_the_others_of_the_candidate(ada, candidate, early, late):
    link(ada, candidate, late)
    assert independence(LATE) == OPEN
    proposed = propose(candidate, early)
    rescore(rubric=CURRENT, today=AT.date(), at=AT)
    assert independence(LATE) == OPEN, "a proposal never counts"

    decisions.decide_link(link=proposed, state=AnnotationState.ACCEPTED, by=ada, at=LATER)

    assert independence(LATE) == ALL
    assert independence(EARLY) == OPEN
    leading = Maturity.objects.get(trial=LATE, is_current=True, is_leading=True)
    assert Trial.objects.get(pk=LATE).score == leading.score


def test_rejecting_or_turning_a_link_takes_it_back(ada, candidate, early, late):
    link(ada, candidate, late)
    made = link(ada, candidate, early)
    assert independence(LATE) == ALL

    made = decisions.decide_link(
        link=made, state=AnnotationState.ACCEPTED, direction=Direction.CONTRADICTS, by=ada, at=LATER, why="reverse"
    )
    assert independence(LATE) == OPEN
    made = decisions.decide_link(
        link=made, state=AnnotationState.ACCEPTED, direction=Direction.SUPPORTS, by=ada, at=LATER, why="not so"
    )
    assert independence(LATE) == ALL
    decisions.decide_link(link=made, state=AnnotationState.REJECTED, by=ada, at=LATER, why="another marker")
    assert independence(LATE) == OPEN


def test_rejecting_the_trials_own_link_leaves_it_without_a_candidate(ada, candidate, early, late):
    link(ada, candidate, early)
    made = link(ada, candidate, late)
    decisions.decide_link(link=made, state=AnnotationState.REJECTED, by=ada, at=LATER, why="another marker")
    assert independence(LATE) == OPEN
    assert facts_of_trials([LATE])[LATE].earlier is None


def test_a_trial_of_another_candidate_does_not_count(ada, candidate, early, late):
    link(ada, candidate, late)
    link(ada, make(ada, "exosomal miR-21"), early)
    assert independence(LATE) == OPEN


def test_merging_candidates_brings_their_trials_together_and_splitting_parts_them(ada, candidate, early, late):
    link(ada, candidate, late)
    other = make(ada, "miR-23a of exosomes")
    moved = link(ada, other, early)
    decisions.merge_candidates(survivor=candidate, other=other, by=ada, at=LATER, why="one marker")
    assert independence(LATE) == ALL
    moved.refresh_from_db()
    decisions.split_candidate(candidate=candidate, links=[moved], name="miR-23a-5p", by=ada, at=LATER, why="two")
    assert independence(LATE) == OPEN


def test_a_folded_number_is_not_another_trial(ada, candidate, early, late):
    link(ada, candidate, late)
    link(ada, candidate, early)
    Trial.objects.filter(pk=EARLY).update(presence=Presence.FOLDED)
    rescore(rubric=CURRENT, today=AT.date(), at=AT, nct_ids=[LATE])
    assert independence(LATE) == OPEN


def test_a_sync_that_changes_a_sponsor_scores_the_candidates_other_trials(ada, candidate, early, late):
    link(ada, candidate, late)
    link(ada, candidate, early)
    assert independence(LATE) == ALL

    take(EARLY, "2019-05-01", "Hospital B")
    assert independence(LATE) == NONE
    take(EARLY, "2019-05-01", "Hospital C")
    take(LATE, "2021-05-02", "Hospital B")
    assert independence(LATE) == ALL, "the changed trial itself is scored with its candidate"


def test_facts_cost_the_same_queries_for_one_trial_and_for_many(ada, candidate, early, late):
    link(ada, candidate, early)
    link(ada, candidate, late)

    def queries(*numbers: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            facts_of_trials(numbers)
        return len(caught)

    assert queries(LATE) == queries(EARLY, LATE) == 4
