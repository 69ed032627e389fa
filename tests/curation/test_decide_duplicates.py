"""Two studies that may be one: told apart, or made one with all that hangs on them."""

from __future__ import annotations

import pytest

from tracker.curation import decisions
from tracker.models import (
    Annotation,
    EvidenceLink,
    HistoryEntry,
    LineageLink,
    Study,
    StudyAddress,
    StudyFact,
    SuspectedDuplicate,
)
from tracker.terms import Direction, FactOrigin, LineageKind, StudyFactName

from .conftest import AT, LATER, enter, link, make

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(ada) -> SuspectedDuplicate:
    """As the store notes it: the same title, the same year."""
    enter(ada, pmid="28436951")
    enter(ada, doi="10.1101/2016.05.05", is_preprint=True, journal="bioRxiv")
    return SuspectedDuplicate.objects.get()


def decide(pair, by, *, is_same=True, why="") -> Study:
    return decisions.decide_duplicate(duplicate=pair, is_same=is_same, by=by, at=LATER, why=why)


def test_two_that_differ_stay_two(ada, ben, pair):
    decide(pair, ada, is_same=False, why="an erratum")
    assert Study.objects.count() == 2
    pair.refresh_from_db()
    assert (pair.is_same, pair.decided_by, pair.decided) == (False, ada, LATER)
    assert HistoryEntry.objects.get(subject="duplicate").why == "an erratum"
    with pytest.raises(decisions.Overtaken, match="ada said different"):
        decide(pair, ben)


def test_a_preprint_and_its_paper_become_one_and_nothing_is_lost(ada, ben, pair, trial):
    kept, other = pair.kept, pair.other
    candidate, second = make(ada), make(ada, "another marker")
    ours, theirs, moved = (
        link(ada, candidate, kept),
        link(ada, candidate, other, Direction.NEUTRAL),
        link(ada, second, other),
    )
    lineage = decisions.add_lineage(kind=LineageKind.LED_TO, origin=other, onward=trial, by=ada, at=AT, why="cited")
    fact = StudyFact.objects.create(study=other, name=StudyFactName.N_PATIENTS, value=9, origin=FactOrigin.RULE, at=AT)
    term = Annotation.objects.create(study=other, facet="cargo", term="mirna", proposed=AT)
    third = enter(ada, title="A third study of exosomes", pmid="3")
    SuspectedDuplicate.objects.create(kept=other, other=third, basis="alike", seen=AT)

    number = other.pk

    one = decide(pair, ada)

    assert not Study.objects.filter(pk=number).exists()
    assert StudyAddress.objects.get(number=number).study == one
    assert (one.pmid, one.preprint_doi or one.doi, one.journal, one.is_preprint) == (
        "28436951", "10.1101/2016.05.05", "bioRxiv", False,
    )  # fmt: skip
    assert {row.pk for row in one.links.all()} == {ours.pk, moved.pk}
    assert f"Study {number} had it as neutral (accepted)" in EvidenceLink.objects.get(pk=ours.pk).note
    assert LineageLink.objects.get(pk=lineage.pk).from_study == one
    assert (list(one.facts.all()), list(one.annotations.all())) == ([fact], [term])
    assert [version.number for version in one.versions.all()] == [1, 2]
    assert SuspectedDuplicate.objects.get().kept == one
    entry = HistoryEntry.objects.get(act="made one with another")
    assert {row["id"] for row in entry.before["other"]["links"]} == {theirs.pk, moved.pk}
    assert entry.before["other"]["doi"] == "10.1101/2016.05.05"
    with pytest.raises(decisions.Overtaken, match="decided already"):
        decide(pair, ben)


def test_a_retraction_of_either_is_kept(ada, pair):
    Study.objects.filter(pk=pair.other_id).update(is_retracted=True, notices=[{"kind": "retraction"}])
    pair.refresh_from_db()
    one = decide(SuspectedDuplicate.objects.get(), ada)
    assert one.is_retracted
    assert one.notices == [{"kind": "retraction"}]


def test_two_pubmed_numbers_are_two_papers(ada, pair):
    Study.objects.filter(pk=pair.other_id).update(pmid="5")
    with pytest.raises(decisions.Declined, match=r"different PMIDs \(28436951 and 5\)"):
        decide(SuspectedDuplicate.objects.get(), ada)
    assert SuspectedDuplicate.objects.get().is_same is None


def test_where_both_hold_a_value_the_kept_ones_stands(ada, pair):
    for one, value in ((pair.kept, 1), (pair.other, 2)):
        StudyFact.objects.create(study=one, name=StudyFactName.N_PATIENTS, value=value, origin=FactOrigin.RULE, at=AT)
    assert decide(pair, ada).facts.get().value == 1
    assert HistoryEntry.objects.get(act="made one with another").before["other"]["facts"][0]["value"] == 2
