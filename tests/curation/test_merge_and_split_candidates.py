"""Candidates made, renamed, merged, split and retired: no link, name, address or history is lost."""

from __future__ import annotations

import pytest

from tests.factories import stored_trial
from tracker.curation import decisions
from tracker.models import Candidate, CandidateAddress, EvidenceLink, HistoryEntry
from tracker.terms import AnnotationState, CandidateStatus, Direction, Track

from .conftest import AT, LATER, enter, link, make, propose

pytestmark = pytest.mark.django_db


def names(candidate: Candidate) -> list[str]:
    return sorted(candidate.names.values_list("name", flat=True))


def links(candidate: Candidate) -> list[dict]:
    return list(EvidenceLink.objects.filter(candidate=candidate).order_by("id").values())


def merge(by, survivor: Candidate, other: Candidate) -> Candidate:
    return decisions.merge_candidates(survivor=survivor, other=other, by=by, at=LATER, why="the same marker")


# --- made and changed ----------------------------------------------------------------------------------------------


def test_make_a_candidate_with_synonyms(ada):
    made = make(ada, "Exosomal miR-23a", names=["miR‑23a", "MIR 23A", "exosomal miR-23a", ""], cargo=["mirna"])
    assert (made.slug, made.cargo, made.status) == ("exosomal-mir-23a", ["mirna"], CandidateStatus.ACTIVE)
    assert names(made) == ["MIR 23A"]  # one way of writing it, and not its own name
    entry = HistoryEntry.objects.get(subject="candidate", subject_id=str(made.pk))
    assert (entry.act, entry.after["name"], entry.after["names"]) == ("created", "Exosomal miR-23a", ["MIR 23A"])


def test_one_name_is_one_candidate_of_a_kind(ada, candidate):
    with pytest.raises(decisions.Declined, match="is a diagnostic candidate already"):
        make(ada, "EXOSOMAL  miR 23a")
    other = make(ada, "exosomal miR-23a", kind=Track.THERAPEUTIC)
    assert other.slug == "exosomal-mir-23a-2"


@pytest.mark.parametrize(("told", "words"), [({"name": "  "}, "needs a name"), ({"colour": "red"}, "has no “colour”")])
def test_what_is_no_candidate_is_refused(ada, told, words):
    with pytest.raises(decisions.Declined, match=words):
        decisions.create_candidate(**{"name": "x", "kind": Track.DIAGNOSTIC, "by": ada, "at": AT, **told})
    assert not HistoryEntry.objects.exists()


def test_a_new_name_keeps_the_old_one_as_a_synonym_and_the_address(ada, candidate):
    decisions.change_candidate(candidate=candidate, changes={"name": "miR-23a-3p"}, by=ada, at=LATER, why="its strand")
    assert (candidate.name, candidate.slug, names(candidate)) == (
        "miR-23a-3p",
        "exosomal-mir-23a",
        ["exosomal miR-23a"],
    )
    entry = HistoryEntry.objects.first()
    assert (entry.before, entry.after) == (
        {"name": "exosomal miR-23a", "names": []}, {"name": "miR-23a-3p", "names": ["exosomal miR-23a"]},
    )  # fmt: skip


def test_a_change_made_on_an_old_view_is_refused(ada, ben, candidate):
    seen = {"description": ""}
    decisions.change_candidate(candidate=candidate, changes={"description": "in serum"}, seen=seen, by=ada, at=AT)
    with pytest.raises(decisions.Overtaken, match="description of exosomal miR-23a was changed meanwhile"):
        decisions.change_candidate(candidate=candidate, changes={"description": "in plasma"}, seen=seen, by=ben, at=AT)
    assert Candidate.objects.get().description == "in serum"


def test_nothing_changed_is_said(ada, candidate):
    with pytest.raises(decisions.Declined, match="nothing was changed"):
        decisions.change_candidate(candidate=candidate, changes={"description": ""}, by=ada, at=AT)


def test_retire_and_revive(ada, candidate):
    with pytest.raises(decisions.Declined, match="Give a reason"):
        decisions.retire_candidate(candidate=candidate, by=ada, at=AT, why="")
    decisions.retire_candidate(candidate=candidate, by=ada, at=AT, why="its company closed")
    with pytest.raises(decisions.Overtaken, match="is retired already"):
        decisions.retire_candidate(candidate=candidate, by=ada, at=AT, why="again")
    decisions.revive_candidate(candidate=candidate, by=ada, at=LATER)
    assert candidate.status == CandidateStatus.ACTIVE
    acts = HistoryEntry.objects.filter(subject="candidate").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["created", "retired", "revived"]


# --- merged --------------------------------------------------------------------------------------------------------


def test_merge_keeps_every_link_name_and_address(ada, candidate, study, trial):
    other = make(ada, "miR-23a in serum exosomes", names=["ex-miR-23a"], cargo=["mirna"], description="a serum marker")
    ours, theirs = link(ada, candidate, study), link(ada, other, trial)
    merge(ada, candidate, other)
    assert {row["id"] for row in links(candidate)} == {ours.pk, theirs.pk}
    assert names(candidate) == ["ex-miR-23a", "miR-23a in serum exosomes"]
    assert (candidate.cargo, candidate.description) == (["mirna"], "a serum marker")
    assert (other.status, other.merged_into) == (CandidateStatus.MERGED, candidate)
    assert CandidateAddress.objects.get(slug="mir-23a-in-serum-exosomes").candidate == candidate
    first, second = HistoryEntry.objects.filter(act__startswith="merged").order_by("id")
    assert (first.subject_id, second.subject_id) == (str(candidate.pk), str(other.pk))
    assert [row["id"] for row in first.before["other"]["links"]] == [theirs.pk]
    assert first.before["other"]["names"] == ["ex-miR-23a"]


def test_addresses_of_a_chain_of_merges_all_lead_to_the_last(ada, candidate):
    second, third = make(ada, "second"), make(ada, "third")
    merge(ada, second, third)
    merge(ada, candidate, second)
    assert {one.slug: one.candidate for one in CandidateAddress.objects.all()} == {
        "second": candidate, "third": candidate,
    }  # fmt: skip
    third.refresh_from_db()
    assert third.merged_into == candidate


def test_where_both_have_the_record_the_survivors_direction_stands_and_the_other_is_noted(ada, candidate, study):
    other = make(ada, "other")
    kept = link(ada, candidate, study, Direction.SUPPORTS)
    link(ada, other, study, Direction.CONTRADICTS)
    [(_, in_conflict)] = decisions.what_a_merge_does(survivor=candidate, other=other).in_conflict
    assert in_conflict.candidate == other
    merge(ada, candidate, other)
    [row] = links(candidate)
    assert (row["id"], row["direction"]) == (kept.pk, Direction.SUPPORTS)
    assert row["note"] == "other had it as contradicts (accepted): it measures this marker"
    entry = HistoryEntry.objects.get(act="merged")
    assert entry.before["other"]["links"][0]["direction"] == "contradicts"
    assert entry.before["survivor"]["links"][0]["direction"] == "supports"


def test_a_decision_stands_over_a_proposal_when_both_have_the_record(ada, candidate, study):
    other = make(ada, "other")
    propose(candidate, study, Direction.SUPPORTS)
    link(ada, other, study, Direction.CONTRADICTS)
    merge(ada, candidate, other)
    [row] = links(candidate)
    assert (row["state"], row["direction"], row["decided_by_id"]) == (AnnotationState.ACCEPTED, "contradicts", ada.pk)
    assert row["note"] == "before the merge supports (proposed by rule): both name miR-23a"


def test_what_cannot_be_merged_says_why(ada, candidate):
    other = make(ada, "other", kind=Track.THERAPEUTIC)
    with pytest.raises(decisions.Declined, match="change one of them first"):
        merge(ada, candidate, other)
    with pytest.raises(decisions.Declined, match="with itself"):
        merge(ada, candidate, candidate)
    third = make(ada, "third")
    merge(ada, candidate, third)
    with pytest.raises(decisions.Overtaken, match="third was merged into exosomal miR-23a already"):
        merge(ada, candidate, third)


# --- split ---------------------------------------------------------------------------------------------------------


def test_split_and_merge_back_restores(ada, candidate, study, trial):
    decisions.change_candidate(candidate=candidate, changes={}, names=["miR-23a-3p", "miR-23a-5p"], by=ada, at=AT)
    moved, stays = link(ada, candidate, study), link(ada, candidate, trial)
    before = links(candidate)
    new = decisions.split_candidate(
        candidate=candidate, links=[moved], name="miR-23a-5p", by=ada, at=LATER, why="two strands, two markers"
    )
    assert ([row["id"] for row in links(new)], [row["id"] for row in links(candidate)]) == ([moved.pk], [stays.pk])
    assert (names(new), names(candidate), new.kind) == ([], ["miR-23a-3p"], candidate.kind)
    entry = HistoryEntry.objects.get(act="split")
    assert (len(entry.before["links"]), entry.after["new"]) == (2, new.pk)
    merge(ada, candidate, new)
    assert links(candidate) == before
    assert names(candidate) == ["miR-23a-3p", "miR-23a-5p"]


def test_what_was_merged_stands_up_again_under_its_old_address(ada, candidate, study):
    other = make(ada, "other marker", names=["om"])
    moved = link(ada, other, study)
    merge(ada, candidate, other)
    again = decisions.split_candidate(
        candidate=candidate, links=[EvidenceLink.objects.get(pk=moved.pk)], name="Other marker", names=["om"], by=ada,
        at=LATER, why="they differ after all",
    )  # fmt: skip
    assert (again.pk, again.slug, again.status, again.merged_into) == (
        other.pk, "other-marker", CandidateStatus.ACTIVE, None,
    )  # fmt: skip
    assert (names(again), names(candidate)) == (["om"], [])
    assert not CandidateAddress.objects.exists()


def test_a_split_asks_for_links_of_its_own_candidate(ada, candidate, study):
    other = make(ada, "other")
    theirs = link(ada, other, study)
    with pytest.raises(decisions.Declined, match="at least one link"):
        decisions.split_candidate(candidate=candidate, links=[], name="new", by=ada, at=AT, why="x")
    with pytest.raises(decisions.Overtaken, match="is not one of exosomal miR-23a"):
        decisions.split_candidate(candidate=candidate, links=[theirs], name="new", by=ada, at=AT, why="x")
    assert Candidate.objects.count() == 2


def test_no_number_of_merges_and_splits_loses_a_link(ada, candidate):
    others = [make(ada, f"marker {number}") for number in range(3)]
    records = [stored_trial(), stored_trial(), enter(ada, title="A study of exosomes in lung cancer", pmid="11")]
    for one, record in zip(others, records, strict=True):
        link(ada, one, record)
    for one in others:
        merge(ada, candidate, one)
    split = decisions.split_candidate(
        candidate=candidate, links=list(EvidenceLink.objects.filter(study__isnull=True)), name="marker 1", by=ada,
        at=LATER, why="x",
    )  # fmt: skip
    assert len(links(split)) == 2
    merge(ada, candidate, split)
    assert {(row["trial_id"], row["study_id"]) for row in links(candidate)} == {
        (records[0].pk, None), (records[1].pk, None), (None, records[2].pk),
    }  # fmt: skip
