"""What is written of a reading: in bulk, twice without a difference, and never over a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW, raw_record, trial_record
from tests.records import record as raw
from tracker.classify.proposals import propose, repropose
from tracker.classify.quotations import check_words
from tracker.models import Annotation, Trial
from tracker.sources.ctgov_records import read_record
from tracker.sync.store import store
from tracker.terms import AnnotationState, Facet, Origin, Proposer, Relevance, StopClass

pytestmark = pytest.mark.django_db

ABOUT = "NCT07376512"
LATER = NOW + timedelta(days=1)


def absorbed(*records, at=NOW):
    """These records stored and read, as the pipeline does."""
    store(records=records, origin=Origin.REGISTRY, run=None, at=at)
    return propose(records=records, at=at)


def as_stored():
    """Everything that a reading writes, in one comparable value."""
    return (
        list(Annotation.objects.order_by("trial_id", "facet", "term").values()),
        list(Trial.objects.order_by("nct_id").values("nct_id", "relevance", "relevance_words", "lexicon_version")),
    )


@pytest.fixture
def about():
    return read_record(raw(ABOUT), origin=Origin.REGISTRY)


@pytest.fixture
def curator():
    return User.objects.create_user("curator")


def decide(annotation, state, by, *, words=None, proposer=None):
    Annotation.objects.filter(pk=annotation.pk).update(
        state=state,
        decided=NOW,
        decided_by=by,
        words=words or annotation.words,
        proposer=proposer or annotation.proposer,
    )


def without(text, *, of=ABOUT, nct_id=ABOUT):
    """The same trial, later, in whose record one word no longer stands."""
    changed = raw(of).decode().replace(text, "thing").replace(text.capitalize(), "Thing").encode()
    return read_record(changed, origin=Origin.REGISTRY)


def test_a_record_about_vesicles_gets_its_annotations(about):
    standing = absorbed(about)[ABOUT]

    trial = Trial.objects.get(pk=ABOUT)
    assert (trial.relevance, trial.relevance_by, trial.lexicon_version) == (Relevance.ABOUT, Proposer.RULE, "2026-1")
    assert trial.relevance_words[0]["text"] == "Extracellular Vesicle"
    assert standing.relevance is Relevance.ABOUT
    assert {(one.facet, one.term) for one in standing} == set(Annotation.objects.values_list("facet", "term"))
    assert {one.state for one in standing} == {AnnotationState.PROPOSED}
    assert all(one.words for one in standing)


def test_a_record_without_vesicles_gets_only_its_stop_reasons():
    stopped = trial_record(statusModule__overallStatus="TERMINATED", statusModule__whyStopped="Slow accrual")
    going = trial_record(statusModule__overallStatus="RECRUITING")
    silent = trial_record(statusModule__overallStatus="WITHDRAWN")

    standing = absorbed(stopped, going, silent)

    assert [(one.facet, one.term) for one in standing[stopped.nct_id]] == [(Facet.STOP_REASON, StopClass.ENROLMENT)]
    assert standing[stopped.nct_id][0].words[0]["text"] == "accrual"
    assert standing[going.nct_id] == []
    assert [(one.term, one.words) for one in standing[silent.nct_id]] == [(StopClass.NOT_GIVEN, [])]


def test_reading_twice_changes_nothing(about):
    first = absorbed(about)
    stored = as_stored()

    second = propose(records=[about], at=LATER)

    assert as_stored() == stored
    assert second == first


def test_reading_nothing_writes_nothing():
    assert propose(records=[], at=NOW) == {}


def test_a_proposal_that_the_text_no_longer_supports_is_withdrawn(about):
    absorbed(about)
    assert Annotation.objects.filter(facet=Facet.SPECIMEN, term="plasma").exists()

    absorbed(without("plasma"), at=LATER)

    assert not Annotation.objects.filter(facet=Facet.SPECIMEN, term="plasma").exists()
    assert Annotation.objects.filter(facet=Facet.SPECIMEN, term="whole_blood").exists()


def test_a_record_that_names_no_vesicles_any_more_loses_its_proposals(about):
    absorbed(about)

    absorbed(trial_record(ABOUT), at=LATER)

    assert not Annotation.objects.filter(trial_id=ABOUT).exists()
    assert Trial.objects.get(pk=ABOUT).relevance == Relevance.NONE


@pytest.mark.parametrize("state", [AnnotationState.ACCEPTED, AnnotationState.REJECTED])
def test_a_decision_stands_over_the_same_proposal(about, curator, state):
    absorbed(about)
    decide(Annotation.objects.get(term="plasma"), state, curator)

    standing = propose(records=[about], at=LATER)[ABOUT]

    kept = Annotation.objects.get(term="plasma")
    assert (kept.state, kept.decided_by, kept.decided) == (state, curator, NOW)
    assert {one.state for one in standing if one.term == "plasma"} == {state}


@pytest.mark.parametrize("state", [AnnotationState.ACCEPTED, AnnotationState.REJECTED])
def test_a_decision_stands_when_the_text_no_longer_supports_it(about, curator, state):
    absorbed(about)
    decide(Annotation.objects.get(term="plasma"), state, curator)

    absorbed(without("plasma"), at=LATER)

    kept = Annotation.objects.get(term="plasma")
    assert (kept.state, kept.words) == (state, [])
    assert check_words([ABOUT]) == []


def test_the_words_of_a_persons_own_annotation_follow_the_text(about, curator):
    absorbed(about)
    summary = dict(about.passages)["brief_summary"]
    at = summary.index("prospective")
    quoted = {"field": "brief_summary", "start": at, "end": at + 11, "text": "prospective"}
    decide(Annotation.objects.get(term="plasma"), AnnotationState.ACCEPTED, curator, words=[quoted], proposer="person")

    longer = read_record(raw(ABOUT).replace(b"The objective of", b"Now: the objective of"), origin=Origin.REGISTRY)
    absorbed(longer, at=LATER)

    assert Annotation.objects.get(term="plasma").words == [quoted | {"start": at + 5, "end": at + 16}]
    assert check_words() == []


def test_a_persons_relevance_stands_and_terms_follow_it(about):
    other = trial_record()
    absorbed(about, other)
    Trial.objects.filter(pk=ABOUT).update(relevance=Relevance.NONE, relevance_by=Proposer.PERSON)
    Trial.objects.filter(pk=other.nct_id).update(relevance=Relevance.ABOUT, relevance_by=Proposer.PERSON)

    standing = propose(records=[about, other], at=LATER)

    assert dict(Trial.objects.values_list("nct_id", "relevance")) == {ABOUT: "none", other.nct_id: "about"}
    assert (standing[ABOUT].relevance, standing[other.nct_id].relevance) == (Relevance.NONE, Relevance.ABOUT)
    assert standing[ABOUT] == []
    assert check_words() == []


def test_the_words_that_a_person_rested_relevance_on_stand(about):
    absorbed(about)
    own = {"field": "acronym", "start": 0, "end": 9, "text": "EVpredict", "why": "the name says it"}
    Trial.objects.filter(pk=ABOUT).update(relevance_words=[own], relevance_by=Proposer.PERSON)

    propose(records=[about], at=LATER)

    assert Trial.objects.get(pk=ABOUT).relevance_words == [own]


def test_the_number_of_statements_does_not_grow_with_the_batch():
    def statements(count, start):
        records = [trial_record(f"NCT{number:08d}", of=ABOUT) for number in range(start, start + count)]
        store(records=records, origin=Origin.REGISTRY, run=None, at=NOW)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            propose(records=records, at=NOW)
        return len(asked)

    assert statements(1, 100) == statements(12, 200)


def test_stored_records_are_read_again_in_batches(about, monkeypatch):
    from tracker.classify import proposals

    monkeypatch.setattr(proposals, "BATCH", 2)
    records = [about, *(trial_record() for _ in range(4))]
    absorbed(*records)
    stored = as_stored()
    Annotation.objects.all().delete()
    Trial.objects.update(relevance=Relevance.NONE, relevance_words=[], lexicon_version="")

    done = repropose(nct_ids=None, at=NOW)

    again = as_stored()
    assert done.read == 5
    assert done.unreadable == []
    assert [row | {"id": 0} for row in again[0]] == [row | {"id": 0} for row in stored[0]]
    assert again[1] == stored[1]


def test_only_the_asked_trials_are_read_again(about):
    other = trial_record(of=ABOUT)
    absorbed(about, other)
    Annotation.objects.all().delete()

    repropose(nct_ids=[ABOUT], at=LATER)

    assert set(Annotation.objects.values_list("trial_id", flat=True)) == {ABOUT}


def test_a_stored_record_that_cannot_be_read_any_more_is_named_and_passed_over(about, monkeypatch):
    from tracker.models import TrialVersion
    from tracker.sources.ctgov_records import Unreadable

    absorbed(about, trial_record())

    def unreadable(version, read=TrialVersion.record):
        if version.trial_id == ABOUT:
            raise Unreadable(nct_id=ABOUT, reason="designModule is a number", raw=b"")
        return read(version)

    monkeypatch.setattr(TrialVersion, "record", unreadable)
    done = repropose(nct_ids=None, at=LATER)

    assert done.read == 1
    assert done.unreadable == [f"{ABOUT}: its stored record can no longer be read (designModule is a number)."]
    assert Annotation.objects.filter(trial_id=ABOUT).exists()


def test_words_that_the_text_does_not_hold_are_told(about):
    absorbed(about, trial_record())
    assert check_words() == []
    annotation = Annotation.objects.get(term="plasma")
    annotation.words[0]["start"] += 1
    Annotation.objects.filter(pk=annotation.pk).update(words=annotation.words)
    Trial.objects.filter(pk=ABOUT).update(
        relevance_words=[{"field": "acronym", "start": 0, "end": 3, "text": "xyz", "why": "names vesicles"}]
    )

    told = check_words()

    assert len(told) == 2
    assert told[0].startswith(
        f"{ABOUT}: the annotation specimen/plasma quotes “Plasma” from brief_title, which reads “"
    )
    assert "its relevance quotes “xyz” from acronym, which reads “EVp” there" in told[1]
    assert told[1].endswith(f"Run manage.py reclassify {ABOUT}.")


def test_reclassify_mends_what_it_is_told_of(about, capsys):
    absorbed(about)
    Annotation.objects.filter(term="plasma").update(words=[{"field": "acronym", "start": 0, "end": 1, "text": "?"}])

    call_command("reclassify", ABOUT.lower())

    assert check_words() == []
    assert capsys.readouterr().out.startswith("Lexicons 2026-1+2026-1: 1 trials and 0 studies read, ")


def test_two_copies_of_a_trial_in_one_batch_are_read_as_the_last(about):
    store(records=[about], origin=Origin.REGISTRY, run=None, at=NOW)
    plain = read_record(raw_record(ABOUT), origin=Origin.REGISTRY)

    assert propose(records=[about, plain], at=NOW)[ABOUT].relevance is Relevance.NONE
