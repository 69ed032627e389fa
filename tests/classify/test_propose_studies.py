"""What is written of a study: relevance, annotations, facts; in bulk, twice alike, never over a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW
from tests.records.europepmc import publications
from tracker.classify.proposals import current_studies, propose_studies, repropose_studies
from tracker.classify.quotations import check_study_words
from tracker.models import Annotation, Study, StudyFact
from tracker.pipeline import absorb_studies
from tracker.sources.bibliography import study_record
from tracker.sources.europepmc_records import read_study
from tracker.sync.store import store_facts, store_studies
from tracker.terms import AnnotationState, Facet, FactOrigin, Proposer, Relevance, StudyFactName, StudyOrigin

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
TEXT = (
    "Exosomes of A549 cells promoted proliferation. "
    "Serum exosomal miR-21 was higher in 80 NSCLC patients than in 30 healthy controls."
)


def record(number=1, abstract=TEXT, title="Serum exosomal miR-21 as diagnostic biomarker of lung cancer", **more):
    return study_record(pmid=str(number), title=title, abstract=abstract, **more)


def absorbed(*records, at=NOW):
    """These records stored and read, as the pipeline does; gives their numbers."""
    stored = store_studies(rows=records, origin=StudyOrigin.FILE, run=None, at=at)
    propose_studies(studies=stored.current, at=at)
    return stored.ids


def as_stored():
    """Everything that a reading writes, in one comparable value."""
    return (
        list(Annotation.objects.order_by("study_id", "facet", "term").values()),
        list(StudyFact.objects.order_by("study_id", "name", "origin").values()),
        list(Study.objects.order_by("id").values("id", "relevance", "relevance_words", "lexicon_version")),
    )


def fact(name, origin=FactOrigin.RULE):
    return StudyFact.objects.get(name=name, origin=origin)


@pytest.fixture
def curator():
    return User.objects.create_user("curator")


def decide(row, state, by):
    when = {"decided": NOW, "decided_by": by} if isinstance(row, Annotation) else {"at": NOW, "by": by}
    type(row).objects.filter(pk=row.pk).update(state=state, **when)


def test_a_study_gets_relevance_annotations_and_facts_with_their_words():
    (number,) = absorbed(record())

    study = Study.objects.get(pk=number)
    assert (study.relevance, study.relevance_by, study.lexicon_version) == ("about", "rule", "2026-1+2026-1")
    assert study.relevance_words[0]["field"] == "title"
    assert Annotation.objects.filter(study=number, facet=Facet.ROLE, term="diagnosis", state="proposed").exists()
    people = fact(StudyFactName.N_PATIENTS)
    assert (people.value, people.state, people.origin, people.by_id) == (80, "proposed", "rule", None)
    assert people.words[0]["text"] == "80 NSCLC patients"
    assert people.words[0] == {
        "field": "abstract",
        "start": TEXT.index("80"),
        "end": TEXT.index("80") + 17,
        "text": "80 NSCLC patients",
    }
    assert all(StudyFact.objects.values_list("words", flat=True))
    assert check_study_words() == []


def test_all_publications_at_hand_are_read_and_every_word_is_found_again():
    stored = absorb_studies(
        records=[read_study(raw) for raw in publications()], origin=StudyOrigin.EUROPEPMC, run=None, at=NOW
    )

    assert Study.objects.filter(lexicon_version="").count() == 0
    assert Study.objects.filter(relevance=Relevance.ABOUT).exists()
    assert len(stored.new) == Study.objects.count()
    assert check_study_words() == []


def test_reading_twice_changes_nothing():
    absorbed(record())
    first = as_stored()

    repropose_studies(study_ids=None, at=LATER)

    assert as_stored() == first


def test_a_study_that_names_no_vesicle_gets_nothing():
    absorbed(record(title="Chemotherapy of lung cancer", abstract="80 patients were treated with cisplatin."))

    assert Study.objects.get().relevance == Relevance.NONE
    assert not StudyFact.objects.exists()
    assert not Annotation.objects.exists()


def test_what_the_text_no_longer_says_is_withdrawn():
    absorbed(record())
    absorbed(record(abstract="Serum exosomal miR-21 was measured."), at=LATER)

    assert not StudyFact.objects.filter(name=StudyFactName.N_PATIENTS).exists()
    assert not StudyFact.objects.filter(name=StudyFactName.CELL_LINES).exists()
    assert check_study_words() == []


def test_a_number_that_changed_follows_the_text():
    absorbed(record())
    absorbed(record(abstract=TEXT.replace("80", "90")), at=LATER)

    assert fact(StudyFactName.N_PATIENTS).value == 90


@pytest.mark.parametrize("state", [AnnotationState.ACCEPTED, AnnotationState.REJECTED])
def test_a_decided_fact_stands_whatever_the_text_says_later(state, curator):
    absorbed(record())
    decide(fact(StudyFactName.N_PATIENTS), state, curator)

    for text in (TEXT.replace("80", "90"), "Now: " + TEXT, "Serum exosomal miR-21 was measured."):
        absorbed(record(abstract=text), at=LATER)

        people = fact(StudyFactName.N_PATIENTS)
        assert (people.value, people.state, people.by_id) == (80, state, curator.pk)
        assert check_study_words() == []
    assert people.words == []


def test_a_decided_facts_words_move_with_the_text(curator):
    absorbed(record())
    decide(fact(StudyFactName.N_PATIENTS), AnnotationState.ACCEPTED, curator)

    absorbed(record(abstract="Background. " + TEXT), at=LATER)

    assert fact(StudyFactName.N_PATIENTS).words[0]["start"] == TEXT.index("80") + len("Background. ")


def test_facts_of_files_and_people_are_other_rows(curator):
    (number,) = absorbed(record())
    store_facts(facts={number: {StudyFactName.N_PATIENTS: 81}}, at=NOW)
    StudyFact.objects.create(study_id=number, name=StudyFactName.N_PATIENTS, value=82, origin=FactOrigin.PERSON,
                             state=AnnotationState.ACCEPTED, by=curator, at=NOW)  # fmt: skip

    repropose_studies(study_ids=[number], at=LATER)

    values = dict(StudyFact.objects.filter(name=StudyFactName.N_PATIENTS).values_list("origin", "value"))
    assert values == {"rule": 80, "import": 81, "person": 82}


def test_a_rejected_annotation_is_not_proposed_again(curator):
    absorbed(record())
    role = Annotation.objects.get(facet=Facet.ROLE, term="diagnosis")
    decide(role, AnnotationState.REJECTED, curator)

    repropose_studies(study_ids=None, at=LATER)

    role.refresh_from_db()
    assert (role.state, role.decided_by) == (AnnotationState.REJECTED, curator)


def test_a_persons_relevance_stands_and_is_followed():
    (number,) = absorbed(record())
    Study.objects.update(relevance=Relevance.NONE, relevance_by=Proposer.PERSON)

    standing = propose_studies(studies=current_studies([number]), at=LATER)

    assert standing[number].relevance is Relevance.NONE
    assert Study.objects.get().relevance == Relevance.NONE
    assert not Annotation.objects.exists()
    assert not StudyFact.objects.exists()


def test_trials_are_left_alone_by_studies():
    standing = propose_studies(studies={}, at=NOW)

    assert standing == {}


def test_the_number_of_statements_does_not_grow_with_the_batch():
    def statements(first, many):
        stored = store_studies(
            rows=[record(first + at) for at in range(many)], origin=StudyOrigin.FILE, run=None, at=NOW
        )
        propose_studies(studies=stored.current, at=NOW)
        changed = [record(first + at, abstract=f"Later. {TEXT}") for at in range(many)]
        stored = store_studies(rows=changed, origin=StudyOrigin.FILE, run=None, at=LATER)
        with CaptureQueriesContext(connection) as caught:
            propose_studies(studies=stored.current, at=LATER)
        return len(caught)

    assert statements(100, 1) == statements(200, 12)


def test_a_word_that_is_not_there_is_told_with_what_to_do():
    (number,) = absorbed(record())
    StudyFact.objects.filter(name=StudyFactName.N_PATIENTS).update(
        words=[{"field": "title", "start": 0, "end": 1, "text": "?"}]
    )

    (sentence,) = check_study_words()

    assert sentence.startswith(f"Study {number}: the fact n_patients quotes “?” from title, which reads “S” there.")
    assert sentence.endswith(f"Run manage.py reclassify --study {number}.")


def test_reclassify_reads_studies_again(capsys):
    (number,) = absorbed(record())
    StudyFact.objects.filter(name=StudyFactName.N_PATIENTS).update(
        words=[{"field": "title", "start": 0, "end": 1, "text": "?"}]
    )

    call_command("reclassify", "--study", str(number))

    assert check_study_words() == []
    assert "0 trials and 1 studies read" in capsys.readouterr().out
