"""What a file states of a study (histology, model, a summary) is read with its text, quoted as stated.

Measured over the starter table as the product takes it in: its own reader, its own pipeline.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from tests.classify.reading import FIXTURES, labels
from tracker.classify.quotations import check_study_words
from tracker.classify.stated import passages_read, stated_passages
from tracker.classify.studies import all_words, classify_study, study_passages
from tracker.curation import decisions
from tracker.models import Annotation, Study, StudyFact
from tracker.pipeline import absorb_studies
from tracker.sources.bibliography import study_record
from tracker.sources.citations import read
from tracker.sources.citations.rows import Row
from tracker.terms import AnnotationState, CitationFormat, FactOrigin, Relevance, StudyFactName, StudyOrigin

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
MODEL, HISTOLOGY, EVIDENCE = StudyFactName.MODEL, StudyFactName.HISTOLOGY, StudyFactName.STAGE_EVIDENCE


def starters() -> list[Row]:
    with (FIXTURES / "studies.csv").open("rb") as stream:
        return [row for row in read(stream, format=CitationFormat.CSV, this_year=2026) if isinstance(row, Row)]


def classified(title: str, *, summary: str | None = None, **stated: list[str]):
    return classify_study(study_record(title=title, summary=summary), stated=passages_read(stated))


def evidence(found) -> list[str]:
    return next((fact.value for fact in found.facts if fact.name is EVIDENCE), [])


# --- one thing at a time ---------------------------------------------------------------------------------------------


def test_a_stated_histology_says_that_a_study_is_about_lung_cancer():
    title = "Milk-derived exosomes for oral delivery of paclitaxel"
    assert classified(title).relevance is Relevance.MENTION
    found = classified(title, histology=["NSCLC"])
    assert found.relevance is Relevance.ABOUT
    assert {"stated.histology.0"} <= {words["field"] for words in found.relevance_words}
    assert classified(title, histology=["lung metastasis model"]).relevance is Relevance.MENTION
    assert classified(title, histology=["breast cancer"]).relevance is Relevance.MENTION


def test_a_stated_model_of_lung_cancer_does_too():
    title = "Milk-derived exosomes for oral delivery of paclitaxel"
    assert classified(title, model=["A549 xenograft in nude mice"]).relevance is Relevance.ABOUT
    assert classified(title, model=["mouse tumour model"]).relevance is Relevance.MENTION


def test_what_is_stated_of_a_study_that_names_no_vesicle_makes_it_none():
    found = classified("Cisplatin and its resistance", histology=["NSCLC"], model=["phase II trial"])
    assert (found.relevance, found.facts) == (Relevance.NONE, [])


def test_a_summary_is_read_where_the_title_says_little():
    title = "Fibroblasts secrete miR-103a-3p and protect their neighbours"
    assert classified(title).relevance is Relevance.NONE
    found = classified(title, summary="Fibroblast exosomes make NSCLC cells resist cisplatin in culture and in vivo.")
    assert found.relevance is Relevance.ABOUT
    assert {words["field"] for words in found.relevance_words} == {"summary"}


def test_numbers_are_read_in_a_summary_only_where_there_is_no_abstract():
    record = study_record(
        title="Exosomes in lung cancer",
        abstract="Exosomes of 40 NSCLC patients.",
        summary="Exosomes of 50 NSCLC patients.",
    )
    told = {fact.name: fact.value for fact in classify_study(record).facts}
    assert told[StudyFactName.N_PATIENTS] == 40


@pytest.mark.parametrize("model", ["phase II trial", "phase 1 study", "first-in-human", "randomised controlled trial"])
def test_a_stated_trial_is_the_evidence_of_a_trial(model):
    found = classified("Dexosomes in NSCLC", model=["mouse", model])
    assert "clinical_trial" in evidence(found)
    (fact,) = [fact for fact in found.facts if fact.name is EVIDENCE]
    assert any(words["field"] == "stated.model.1" for words in fact.words)


@pytest.mark.parametrize("model", ["patients", "cell culture", "mouse", "protocol for a phase II trial", "cohort"])
def test_any_other_model_is_not(model):
    assert "clinical_trial" not in evidence(classified("Dexosomes in NSCLC", model=[model]))


# --- the starter table, as it is taken in ----------------------------------------------------------------------------


@pytest.fixture
def taken(db) -> dict[str, Study]:
    rows = starters()
    absorb_studies(
        records=[row.record for row in rows],
        facts=[row.facts for row in rows],
        origin=StudyOrigin.FILE,
        run=None,
        at=NOON,
    )
    return {study.collection_key: study for study in Study.objects.all()}


def test_relevance_and_evidence_of_the_starter_table(taken):
    assert len(taken) == len(labels("studies")) == 47
    wrong = [row["study_id"] for row in labels("studies") if taken[row["study_id"]].relevance != row["relevance"]]
    told = dict(StudyFact.objects.filter(name=EVIDENCE, origin=FactOrigin.RULE).values_list("study_id", "value"))
    right = added = missed = 0
    for row in labels("studies"):
        found, wanted = set(told.get(taken[row["study_id"]].pk, [])), set(row["evidence"].split(";"))
        right, added, missed = right + len(found & wanted), added + len(found - wanted), missed + len(wanted - found)
        if found != wanted:
            sys.stdout.write(f"\n{row['study_id']}: added {sorted(found - wanted)}, missed {sorted(wanted - found)}")
    sys.stdout.write(
        f"\nrelevance: wrong {wrong}; evidence: precision {right / (right + added):.3f}, "
        f"recall {right / (right + missed):.3f} of {right + missed}\n"
    )
    assert wrong == ["S002"]  # bronchial cells transformed by smoke: nothing in the file says lung cancer
    assert right / (right + added) >= 0.95
    assert right / (right + missed) >= 0.85


def test_every_quoted_word_of_the_starter_table_is_found_again(taken):
    assert check_study_words() == []
    quoted = [words["field"] for some in Study.objects.values_list("relevance_words", flat=True) for words in some]
    assert any(field.startswith("stated.histology.") for field in quoted)
    assert "summary" in quoted


def test_the_trials_among_the_starter_studies_are_named_so(taken):
    told = dict(StudyFact.objects.filter(name=EVIDENCE, origin=FactOrigin.RULE).values_list("study_id", "value"))
    assert told[taken["S016"].pk] == ["clinical_trial"]
    assert "clinical_trial" in told[taken["S029"].pk]


def test_a_stated_histology_that_a_person_rejects_counts_no_more(db):
    record = study_record(title="Milk exosomes for oral delivery of paclitaxel", pmid="1")
    absorb_studies(records=[record], facts=[{HISTOLOGY: ["NSCLC"]}], origin=StudyOrigin.FILE, run=None, at=NOON)
    assert Study.objects.get().relevance == Relevance.ABOUT

    decisions.decide_fact(
        fact=StudyFact.objects.get(name=HISTOLOGY, origin=FactOrigin.IMPORT), state=AnnotationState.REJECTED,
        by=User.objects.create_user("ada"), at=NOON, why="it was breast cancer",
    )  # fmt: skip

    assert Study.objects.get().relevance == Relevance.MENTION
    assert not Annotation.objects.filter(facet="histology").exists()
    assert check_study_words() == []


def test_every_word_quoted_from_the_starter_table_stands_there():
    for row in starters():
        found = classify_study(row.record, stated=passages_read(row.facts))
        texts = dict([*study_passages(row.record), *stated_passages(row.facts)])
        for words in all_words(found):
            assert texts[words["field"]][words["start"] : words["end"]] == words["text"] != ""
