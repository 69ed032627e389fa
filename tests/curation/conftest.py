"""Two curators, a trial and two studies, and a candidate or two that they bear on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from tests.factories import stored_trial
from tracker.curation import decisions
from tracker.models import Candidate, EvidenceLink, Study, Trial
from tracker.terms import AnnotationState, Direction, Proposer, Track

AT = datetime(2026, 3, 26, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
# No word of the lexicon in it, so that only what a test says is there.
TITLE = "What the supernatant of cultured cells does to their neighbours"


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def ben(db) -> User:
    return User.objects.create_user("ben")


def enter(by: User, /, *, title: str = TITLE, at: datetime = AT, **columns: object) -> Study:
    entry = decisions.Entry(columns={"title": title, "year": 2017, **columns})
    return decisions.enter_study(entry=entry, by=by, at=at)


def make(by: User, /, name: str = "exosomal miR-23a", **told: object) -> Candidate:
    return decisions.create_candidate(name=name, kind=told.pop("kind", Track.DIAGNOSTIC), by=by, at=AT, **told)


def link(by: User, /, candidate: Candidate, record: Trial | Study, direction: Direction = Direction.SUPPORTS):
    kind = "trial" if isinstance(record, Trial) else "study"
    return decisions.add_link(
        candidate=candidate, direction=direction, by=by, at=AT, why="it measures this marker", **{kind: record}
    )


def propose(candidate: Candidate, record: Trial | Study, direction: Direction = Direction.SUPPORTS) -> EvidenceLink:
    """A link as the rules propose it."""
    kind = "trial" if isinstance(record, Trial) else "study"
    return EvidenceLink.objects.create(
        candidate=candidate, direction=direction, state=AnnotationState.PROPOSED, proposer=Proposer.RULE,
        basis="both name miR-23a", proposed=AT, **{kind: record},
    )  # fmt: skip


@pytest.fixture
def trial(db) -> Trial:
    return stored_trial("NCT00000001")


@pytest.fixture
def study(ada) -> Study:
    return enter(ada, pmid="28436951")


@pytest.fixture
def candidate(ada) -> Candidate:
    return make(ada)
