"""Links between records and candidates: added, accepted, rejected, turned round; and what led to what."""

from __future__ import annotations

import pytest

from tests.factories import stored_trial
from tracker.curation import decisions
from tracker.models import EvidenceLink, HistoryEntry, LineageLink, Study
from tracker.terms import AnnotationState, Direction, LineageKind, Proposer

from .conftest import AT, LATER, enter, link, make, propose

pytestmark = pytest.mark.django_db
ACCEPTED, REJECTED = AnnotationState.ACCEPTED, AnnotationState.REJECTED


def history(subject: str, number: object) -> list[HistoryEntry]:
    return list(HistoryEntry.objects.filter(subject=subject, subject_id=str(number)).order_by("id"))


def test_add_a_link_by_hand(ada, candidate, study):
    made = link(ada, candidate, study)
    assert (made.state, made.proposer, made.decided_by, made.basis) == (
        ACCEPTED, Proposer.PERSON, ada, "it measures this marker",
    )  # fmt: skip
    [entry] = history("link", made.pk)
    assert (entry.act, entry.before, entry.by, entry.at, entry.why) == (
        "added",
        None,
        ada,
        AT,
        "it measures this marker",
    )
    assert entry.after["study_id"] == study.pk


def test_a_link_needs_a_reason_and_one_record(ada, candidate, study, trial):
    for records, words in (({}, "a trial or a study"), ({"trial": trial, "study": study}, "a trial or a study")):
        with pytest.raises(decisions.Declined, match=words):
            decisions.add_link(
                candidate=candidate, direction=Direction.SUPPORTS, by=ada, at=AT, why="because", **records
            )
    with pytest.raises(decisions.Declined, match="Give a reason"):
        decisions.add_link(candidate=candidate, direction=Direction.SUPPORTS, study=study, by=ada, at=AT, why=" ")
    assert not EvidenceLink.objects.exists()
    assert not HistoryEntry.objects.filter(subject="link").exists()


def test_a_second_link_of_the_same_record_is_refused(ada, candidate, study):
    propose(candidate, study)
    with pytest.raises(decisions.Declined, match=r"already \(proposed by rule\): decide on that link"):
        link(ada, candidate, study)


def test_accept_a_proposal(ada, candidate, trial):
    proposed = propose(candidate, trial)
    decided = decisions.decide_link(link=proposed, state=ACCEPTED, by=ada, at=LATER)
    assert (decided.state, decided.decided, decided.decided_by, decided.proposer) == (
        ACCEPTED,
        LATER,
        ada,
        Proposer.RULE,
    )
    [entry] = history("link", decided.pk)
    assert (entry.act, entry.before["state"], entry.after["state"]) == ("accepted", "proposed", "accepted")


def test_reject_a_proposal_only_with_a_reason(ada, candidate, trial):
    proposed = propose(candidate, trial)
    with pytest.raises(decisions.Declined, match="Give a reason to reject"):
        decisions.decide_link(link=proposed, state=REJECTED, by=ada, at=LATER)
    decisions.decide_link(link=proposed, state=REJECTED, by=ada, at=LATER, why="another miRNA")
    assert EvidenceLink.objects.get().state == REJECTED
    assert history("link", proposed.pk)[0].why == "another miRNA"


def test_turn_a_link_round_with_a_reason(ada, ben, candidate, study):
    made = link(ada, candidate, study)
    with pytest.raises(decisions.Declined, match="change a link's direction"):
        decisions.decide_link(link=made, state=ACCEPTED, direction=Direction.CONTRADICTS, by=ben, at=LATER)
    decisions.decide_link(
        link=made, state=ACCEPTED, direction=Direction.CONTRADICTS, by=ben, at=LATER, why="its effect is the reverse"
    )
    entry = history("link", made.pk)[-1]
    assert (entry.act, entry.before["direction"], entry.after["direction"]) == ("changed", "supports", "contradicts")
    assert EvidenceLink.objects.get().decided_by == ben


def test_two_curators_do_not_decide_the_same_link_twice(ada, ben, candidate, trial):
    as_ada_saw = propose(candidate, trial)
    as_ben_saw = EvidenceLink.objects.get()
    decisions.decide_link(link=as_ada_saw, state=ACCEPTED, by=ada, at=AT)
    with pytest.raises(decisions.Overtaken, match="changed meanwhile by ada: it is accepted and supports"):
        decisions.decide_link(link=as_ben_saw, state=REJECTED, by=ben, at=LATER, why="no")
    assert EvidenceLink.objects.get().state == ACCEPTED
    assert len(history("link", as_ben_saw.pk)) == 1


def test_the_same_decision_again_is_said_and_not_written(ada, candidate, study):
    made = link(ada, candidate, study)
    with pytest.raises(decisions.Declined, match="accepted and supports already"):
        decisions.decide_link(link=made, state=ACCEPTED, by=ada, at=LATER)
    assert len(history("link", made.pk)) == 1


def test_a_retracted_study_is_not_newly_accepted_as_supporting(ada, candidate, study):
    proposed = propose(candidate, study)
    Study.objects.update(is_retracted=True)
    with pytest.raises(decisions.Declined, match="is retracted: it supports nothing"):
        decisions.decide_link(link=proposed, state=ACCEPTED, by=ada, at=LATER)
    with pytest.raises(decisions.Declined, match="is retracted"):
        decisions.add_link(
            candidate=make(ada, "exosomal miR-21"), study=Study.objects.get(), direction=Direction.SUPPORTS, by=ada,
            at=AT, why="x",
        )  # fmt: skip
    decisions.decide_link(
        link=proposed, state=ACCEPTED, direction=Direction.CONTRADICTS, by=ada, at=LATER, why="retracted for fraud"
    )
    assert EvidenceLink.objects.get().direction == Direction.CONTRADICTS


def test_a_link_that_supported_before_the_retraction_may_be_noted_and_rejected(ada, candidate, study):
    made = link(ada, candidate, study)
    Study.objects.update(is_retracted=True)
    decisions.decide_link(link=made, state=ACCEPTED, note="retracted since", by=ada, at=LATER)
    decisions.decide_link(link=made, state=REJECTED, by=ada, at=LATER, why="retracted")
    assert EvidenceLink.objects.get().state == REJECTED


def test_nothing_is_half_done_when_scoring_fails(ada, candidate, trial, monkeypatch):
    proposed = propose(candidate, trial)

    def broken(**_):
        raise RuntimeError("the rubric is gone")

    monkeypatch.setattr("tracker.curation.decisions.acts.rescore", broken)
    with pytest.raises(RuntimeError):
        decisions.decide_link(link=proposed, state=ACCEPTED, by=ada, at=LATER)
    assert EvidenceLink.objects.get().state == AnnotationState.PROPOSED
    assert not history("link", proposed.pk)


# --- lineage -------------------------------------------------------------------------------------------------------


def test_join_a_study_with_the_trial_it_led_to(ada, study, trial):
    made = decisions.add_lineage(
        kind=LineageKind.LED_TO, origin=study, onward=trial, by=ada, at=AT, why="the protocol cites it"
    )
    assert (made.from_study, made.to_trial, made.state) == (study, trial, ACCEPTED)
    assert history("lineage", made.pk)[0].act == "added"
    with pytest.raises(decisions.Declined, match="on record already"):
        decisions.add_lineage(kind=LineageKind.LED_TO, origin=study, onward=trial, by=ada, at=AT, why="again")


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        (LineageKind.REPLICATES, ("study", "trial")),
        (LineageKind.CONTINUES, ("study", "trial")),
        (LineageKind.REPORTS, ("trial", "study")),
    ],
)
def test_a_kind_of_lineage_that_does_not_join_these_is_refused(ada, study, trial, kind, ends):
    records = {"study": study, "trial": trial}
    with pytest.raises(decisions.Declined, match=f"“{kind.label}” joins"):
        decisions.add_lineage(kind=kind, origin=records[ends[0]], onward=records[ends[1]], by=ada, at=AT, why="x")


def test_a_record_does_not_continue_itself(ada, trial):
    with pytest.raises(decisions.Declined, match="with itself"):
        decisions.add_lineage(kind=LineageKind.CONTINUES, origin=trial, onward=trial, by=ada, at=AT, why="x")


def test_decide_on_a_proposed_lineage_once(ada, ben, trial):
    second = stored_trial("NCT00000002")
    proposed = LineageLink.objects.create(
        kind=LineageKind.CONTINUES, from_trial=trial, to_trial=second, proposer=Proposer.RULE, basis="a reference",
        proposed=AT,
    )  # fmt: skip
    as_ben_saw = LineageLink.objects.get()
    with pytest.raises(decisions.Declined, match="Give a reason"):
        decisions.decide_lineage(lineage=proposed, state=REJECTED, by=ada, at=LATER)
    decisions.decide_lineage(lineage=proposed, state=ACCEPTED, by=ada, at=LATER)
    with pytest.raises(decisions.Overtaken, match="decided meanwhile by ada"):
        decisions.decide_lineage(lineage=as_ben_saw, state=REJECTED, by=ben, at=LATER, why="no")
    assert LineageLink.objects.get().state == ACCEPTED
    assert [entry.act for entry in history("lineage", proposed.pk)] == ["accepted"]


def test_no_record_is_linked_to_a_candidate_that_was_merged(ada, candidate, study):
    other = make(ada, "miR-23a of exosomes")
    decisions.merge_candidates(survivor=candidate, other=other, by=ada, at=AT, why="one marker")
    with pytest.raises(decisions.Declined, match="merged into exosomal miR-23a"):
        link(ada, other, study)
    assert enter(ada, title="Another study of exosomes", pmid="1").links.count() == 0
