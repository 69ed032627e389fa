"""Words that a file states of a study's role, source or cargo name terms where the vocabulary has them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracker.classify.quotations import check_study_words
from tracker.classify.readings import Proposal
from tracker.classify.stated import FACETS, stated_passages, stated_terms
from tracker.models import Annotation, Study, StudyFact
from tracker.pipeline import absorb_studies
from tracker.sources.bibliography import study_record
from tracker.terms import Facet, StudyFactName, StudyOrigin

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
STATED = {
    "role": ["diagnosis", "native_ev_therapy"],
    "cargo": ["miR-23a", "paclitaxel", "an unknown thing"],
    "specimen": ["serum", "cell culture"],
    "mechanism": ["angiogenesis"],
    "n_patients": 12,
}


def named(facts, **more) -> set[tuple[str, str]]:
    return {(proposal.facet.value, proposal.term) for proposal in stated_terms(facts, **more)}


def test_stated_words_name_their_terms_and_only_of_their_heading():
    assert named(STATED) == {
        ("role", "diagnosis"), ("role", "native_ev_therapy"), ("cargo", "mirna"), ("cargo", "small_molecule"),
        ("specimen", "serum"), ("mechanism", "angiogenesis"),
    }  # fmt: skip
    assert named({"cargo": ["serum"], "specimen": ["miR-23a"]}) == set()


def test_every_term_quotes_the_words_it_rests_on():
    texts = dict(stated_passages(STATED))

    for proposal in stated_terms(STATED):
        assert proposal.words
        for words in proposal.words:
            assert texts[words["field"]][words["start"] : words["end"]] == words["text"]


def test_what_the_text_named_already_is_not_proposed_again():
    besides = [Proposal(Facet.SPECIMEN, "serum", [])]

    assert ("specimen", "serum") not in named(STATED, besides=besides)


def test_nothing_stated_names_nothing():
    assert stated_terms({}) == []
    assert stated_terms({"cargo": [], "role": "diagnosis"}) == []


def test_each_heading_is_a_fact_that_a_file_may_state():
    assert set(FACETS) <= {name.value for name in StudyFactName}


@pytest.mark.django_db
def test_a_files_words_become_annotations_and_follow_what_it_states():
    record = study_record(title="Exosomal miR-23a in lung cancer", pmid="1")

    def take(cargo: str) -> set[str]:
        facts = {StudyFactName.CARGO: [cargo], StudyFactName.SPECIMEN: ["pleural effusion"]}
        absorb_studies(records=[record], facts=[facts], origin=StudyOrigin.FILE, run=None, at=NOON)
        return set(Annotation.objects.filter(facet="cargo").values_list("term", flat=True))

    assert take("PD-L1") == {"mirna", "pd_l1"}
    pleural = Annotation.objects.get(facet="specimen", term="pleural_effusion")
    assert pleural.words == [{"field": "stated.specimen.0", "start": 0, "end": 16, "text": "pleural effusion"}]
    assert check_study_words() == []
    assert take("paclitaxel") == {"mirna", "small_molecule"}
    assert StudyFact.objects.get(name="cargo", origin="import").value == ["paclitaxel"]
    assert Study.objects.get().version_count == 1
