"""Studies entered and corrected by people: bibliography, facts, terms, experiments; and what stands over what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tracker.curation import decisions
from tracker.curation.decisions.studies import effective
from tracker.models import Annotation, Experiment, HistoryEntry, Study, StudyFact
from tracker.sources.bibliography import study_record
from tracker.sync.store import store_studies
from tracker.terms import (
    AnnotationState,
    Answer,
    ExperimentKind,
    Facet,
    FactOrigin,
    Proposer,
    Relevance,
    StudyFactName,
    StudyOrigin,
)

from .conftest import AT, LATER, TITLE, enter

pytestmark = pytest.mark.django_db
N = StudyFactName.N_PATIENTS


def change(by, study, *, at=LATER, seen=None, why="", **entry) -> Study:
    return decisions.change_study(study=study, entry=decisions.Entry(**entry), by=by, at=at, seen=seen, why=why)


def read_by_rule(study, name=N, value=30, origin=FactOrigin.RULE) -> StudyFact:
    return StudyFact.objects.create(study=study, name=name, value=value, origin=origin, at=AT)


def standing(study) -> dict[str, object]:
    return {str(name): fact.value for (_, name), fact in effective(study.facts.all()).items()}


def test_enter_a_study_whole(ada):
    entry = decisions.Entry(
        columns={"title": TITLE, "pmid": "28436951", "authors": ["Hsu YL"], "relevance": Relevance.ABOUT, "doi": ""},
        facts={N: 120, StudyFactName.BLINDED: Answer.NO, StudyFactName.ANIMAL_MODEL: ""},
        terms={Facet.CARGO: ["mirna"], Facet.MECHANISM: ["angiogenesis"]},
        experiments=[
            decisions.ExperimentEntry(
                label="HUVEC tubes", kind=ExperimentKind.IN_VITRO, facts={StudyFactName.CELL_LINES: ["HUVEC", "CL1-5"]}
            )
        ],
    )
    made = decisions.enter_study(entry=entry, by=ada, at=AT)
    assert (made.origin, made.doi, made.relevance, made.relevance_by) == (
        StudyOrigin.HAND, None, Relevance.ABOUT, Proposer.PERSON,
    )  # fmt: skip
    assert made.entered == ["authors", "pmid", "title"]
    fact = made.facts.get(name=N)
    assert (fact.value, fact.origin, fact.state, fact.by, fact.at) == (
        120, FactOrigin.PERSON, AnnotationState.ACCEPTED, ada, AT,
    )  # fmt: skip
    assert not made.facts.filter(name=StudyFactName.ANIMAL_MODEL).exists()
    assert made.experiments.get().facts.get().value == ["HUVEC", "CL1-5"]
    assert set(made.annotations.values_list("facet", "term", "state", "proposer")) == {
        ("cargo", "mirna", "accepted", "person"), ("mechanism", "angiogenesis", "accepted", "person"),
    }  # fmt: skip
    entry = HistoryEntry.objects.get()
    assert (entry.act, entry.before, entry.after["n_patients"], entry.by) == ("entered", None, 120, ada)


def test_what_was_looked_up_is_the_sources_word_and_only_the_rest_the_persons(ada):
    found = {"title": TITLE, "pmid": "28436951", "journal": "Oncogene", "year": 2017}
    made = decisions.enter_study(
        entry=decisions.Entry(columns={**found, "year": 2016, "summary": "miR-23a opens vessels"}),
        looked_up=study_record(source_id="MED:28436951", abstract="Hypoxia.", **found), by=ada, at=AT,
    )  # fmt: skip
    assert (made.origin, made.entered) == (StudyOrigin.EUROPEPMC, ["summary", "year"])
    assert (made.year, made.abstract, made.versions.count()) == (2016, "Hypoxia.", 1)


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ({"pmid": "28436951"}, {"pmid": "28436951"}),
        ({"doi": "10.1038/onc.2017.105"}, {"doi": "10.1038/onc.2017.105"}),
        ({"preprint_doi": "10.1101/2020.01.01"}, {"doi": "10.1101/2020.01.01"}),
        ({"doi": "10.1101/2020.01.01"}, {"preprint_doi": "10.1101/2020.01.01"}),
    ],
)
def test_a_known_study_is_not_entered_twice(ada, known, new):
    first = enter(ada, **known)
    with pytest.raises(decisions.Declined, match=f"is known: study {first.pk}"):
        enter(ada, title="Another title", **new)
    assert Study.objects.count() == 1


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"columns": {"title": " "}}, "needs a title"),
        ({"columns": {"title": TITLE, "score": 99}}, "no “score” that a person enters"),
        ({"columns": {"title": TITLE}, "facts": {N: "many"}}, "whole number"),
        ({"columns": {"title": TITLE}, "facts": {StudyFactName.BLINDED: "maybe"}}, "none of yes, no"),
        ({"columns": {"title": TITLE}, "facts": {StudyFactName.FINDINGS: [{"value": 0.9}]}}, "what was measured"),
    ],
)
def test_what_does_not_fit_is_refused_whole(ada, entry, words):
    with pytest.raises(decisions.Declined, match=words):
        decisions.enter_study(entry=decisions.Entry(**entry), by=ada, at=AT)
    assert not Study.objects.exists()
    assert not HistoryEntry.objects.exists()


def test_what_is_entered_and_corrected_is_found_by_its_words(ada, study):
    assert list(Study.objects.matching("supernatant")) == [study]
    change(ada, study, columns={"title": "Exosomes and drug resistance in lung cancer"})
    assert not Study.objects.matching("supernatant").exists()
    assert list(Study.objects.matching("drug resistance")) == [study]


def test_what_a_person_entered_stands_over_what_the_source_says_later(ada, study):
    later = study_record(source_id="MED:28436951", pmid="28436951", title="HYPOXIC LUNG CANCER", journal="Oncogene")
    store_studies(rows=[later], origin=StudyOrigin.EUROPEPMC, run=None, at=LATER)
    study.refresh_from_db()
    assert (study.title, study.journal) == (TITLE, "Oncogene")


def test_correct_a_study_and_remember_only_what_changed(ada, ben, study):
    change(ben, study, columns={"title": TITLE, "journal": "Oncogene"}, facts={N: 80}, why="read the full text")
    assert (study.journal, study.last_changed) == ("Oncogene", LATER)
    assert set(study.entered) == {"journal", "pmid", "title", "year"}
    entry = HistoryEntry.objects.get(act="changed")
    assert (entry.before, entry.after, entry.by) == (
        {"journal": None, "n_patients": None}, {"journal": "Oncogene", "n_patients": 80}, ben,
    )  # fmt: skip
    with pytest.raises(decisions.Declined, match="nothing was changed"):
        change(ben, study, columns={"journal": "Oncogene"}, facts={N: 80})


def test_two_curators_do_not_overwrite_each_other(ada, ben, study):
    seen = study.last_changed
    change(ada, study, seen=seen, facts={N: 80})
    with pytest.raises(decisions.Overtaken, match="changed meanwhile"):
        change(ben, study, seen=seen, at=LATER + timedelta(minutes=1), facts={N: 90})
    assert standing(study) == {"n_patients": 80}


def test_a_persons_value_stands_over_a_files_and_a_files_over_a_rules(ada, study):
    read_by_rule(study, value=30)
    assert standing(study) == {"n_patients": 30}
    read_by_rule(study, value=40, origin=FactOrigin.IMPORT)
    assert standing(study) == {"n_patients": 40}
    change(ada, study, facts={N: 50})
    assert standing(study) == {"n_patients": 50}
    assert study.facts.count() == 3


def test_what_a_person_leaves_as_it_is_stays_the_rules_proposal(ada, study):
    read_by_rule(study)
    change(ada, study, facts={N: 30, StudyFactName.N_CONTROLS: 5})
    assert study.facts.get(name=N).state == AnnotationState.PROPOSED


def test_a_value_taken_away_does_not_come_back_from_a_rule(ada, study):
    read_by_rule(study)
    change(ada, study, facts={N: 50})
    change(ada, study, facts={N: None}, at=LATER + timedelta(minutes=1))
    assert standing(study) == {}
    assert study.facts.get().state == AnnotationState.REJECTED


def test_terms_are_said_whole_for_a_facet(ada, study):
    for term in ("mirna", "protein"):
        Annotation.objects.create(study=study, facet=Facet.CARGO, term=term, proposed=AT)
    change(ada, study, terms={Facet.CARGO: ["mirna", "lncrna"]})
    assert dict(study.annotations.values_list("term", "state")) == {
        "mirna": "proposed", "protein": "rejected", "lncrna": "accepted",
    }  # fmt: skip
    change(ada, study, terms={Facet.CARGO: ["protein"]}, at=LATER + timedelta(minutes=1))
    assert dict(study.annotations.values_list("term", "state")) == {"mirna": "rejected", "protein": "accepted"}


def test_experiments_are_added_renamed_and_taken_away(ada, study):
    one = decisions.ExperimentEntry
    change(ada, study, experiments=[one(label="tubes", kind=ExperimentKind.IN_VITRO, facts={N: 3}),
                                    one(label="mice", kind=ExperimentKind.IN_VIVO)])  # fmt: skip
    tubes, mice = study.experiments.order_by("id")
    change(
        ada, study, experiments=[one(id=mice.pk, label="nude mice", kind=ExperimentKind.IN_VIVO)],
        at=LATER + timedelta(minutes=1),
    )  # fmt: skip
    assert list(Experiment.objects.values_list("id", "label")) == [(mice.pk, "nude mice")]
    assert not StudyFact.objects.filter(experiment_id=tubes.pk).exists()
    assert HistoryEntry.objects.first().before["experiments"][0]["n_patients"] == 3
    with pytest.raises(decisions.Declined, match="Two experiments are called “mice”"):
        change(ada, study, experiments=[one(label="mice", kind=ExperimentKind.IN_VIVO)] * 2, at=LATER)


def test_decide_on_a_fact_that_a_rule_read(ada, ben, study):
    fact = read_by_rule(study)
    as_ben_saw = StudyFact.objects.get()
    decisions.decide_fact(fact=fact, state=AnnotationState.ACCEPTED, by=ada, at=LATER)
    assert (fact.state, fact.by, fact.origin) == (AnnotationState.ACCEPTED, ada, FactOrigin.RULE)
    with pytest.raises(decisions.Overtaken, match="“patients” was changed meanwhile: it is accepted now"):
        decisions.decide_fact(fact=as_ben_saw, state=AnnotationState.REJECTED, by=ben, at=LATER)
    decisions.decide_fact(fact=fact, state=AnnotationState.REJECTED, by=ben, at=LATER)
    assert standing(study) == {}
    assert [e.act for e in HistoryEntry.objects.filter(subject="fact").order_by("id")] == ["accepted", "rejected"]


def test_a_persons_own_value_is_not_decided_but_changed(ada, study):
    change(ada, study, facts={N: 5})
    with pytest.raises(decisions.Declined, match="entered by ada: change it"):
        decisions.decide_fact(fact=study.facts.get(), state=AnnotationState.REJECTED, by=ada, at=LATER)


@pytest.mark.parametrize("kind", ["trial", "study"])
def test_decide_on_a_term_of_either_record(ada, ben, study, trial, kind):
    annotation = Annotation.objects.create(
        facet=Facet.CARGO, term="mirna", proposed=AT, **{kind: {"trial": trial, "study": study}[kind]}
    )
    as_ben_saw = Annotation.objects.get(pk=annotation.pk)
    decisions.decide_annotation(annotation=annotation, state=AnnotationState.REJECTED, by=ada, at=LATER, why="mRNA")
    assert (annotation.state, annotation.decided_by) == (AnnotationState.REJECTED, ada)
    with pytest.raises(decisions.Overtaken, match="“cargo mirna” was changed meanwhile"):
        decisions.decide_annotation(annotation=as_ben_saw, state=AnnotationState.ACCEPTED, by=ben, at=LATER)
    with pytest.raises(decisions.Declined, match="rejected already"):
        decisions.decide_annotation(annotation=annotation, state=AnnotationState.REJECTED, by=ben, at=LATER)
    assert HistoryEntry.objects.get(subject="annotation").why == "mRNA"


def test_the_rules_read_what_a_person_enters_and_propose_beside_it(ada):
    made = enter(
        ada, pmid="5", abstract="Serum exosomes of 120 patients with non-small cell lung cancer carry miR-23a.",
    )  # fmt: skip
    assert made.annotations.filter(proposer=Proposer.RULE, state=AnnotationState.PROPOSED).exists()
    assert made.lexicon_version
    change(ada, made, columns={"abstract": "Nothing of the kind."})
    assert not made.annotations.filter(facet=Facet.SPECIMEN).exists()
