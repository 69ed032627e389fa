"""Which links are proposed, on what basis, and that a person's word on one is the last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW, trial_record
from tracker.classify.linking import (
    CandidateWords,
    CitedStudy,
    CitingTrial,
    Names,
    RecordWords,
    evidence,
    folded_name,
    is_telling,
    lineage,
)
from tracker.classify.proposals import propose_links
from tracker.models import Candidate, CandidateName, EvidenceLink, LineageLink, Study, Trial, TrialAlias
from tracker.pipeline import absorb, absorb_studies
from tracker.sources.bibliography import study_record
from tracker.sources.ctgov_passages import Passage
from tracker.terms import (
    AnnotationState,
    Direction,
    LineageKind,
    Origin,
    Proposer,
    StudyFactName,
    StudyOrigin,
    Track,
)

LATER = NOW + timedelta(days=1)
TRIAL = "NCT07376512"


def candidate(number=1, name="exosomal miR-21", *, names=(), roles=(), cargo=()):
    return CandidateWords(number, name, (name, *names), frozenset(roles), tuple(cargo))


def named(text, *candidates, field="title", **more):
    record = RecordWords(study=7, passages=(Passage(field, text),), **more)
    return evidence(record, Names(candidates))


# --- pure ------------------------------------------------------------------------------------------------------------


class TestNames:
    @pytest.mark.parametrize(
        "text",
        ["Exosomal miR-21 in NSCLC", "EXOSOMAL MIR‑21", "of exosomal miR 21", "(exosomal miR-21-5p)"],
    )  # fmt: skip
    def test_are_found_however_they_are_typed(self, text):
        (proposal,) = named(text, candidate())

        assert proposal.candidate == 1
        assert "stands in its title" in proposal.basis

    @pytest.mark.parametrize("text", ["exosomal miR-210", "nonexosomal miR-21", "exosomal miR 2 1", "miR-21"])
    def test_stand_whole(self, text):
        assert named(text, candidate()) == []

    @pytest.mark.parametrize("name", ["exosomes", "plasma EVs", "EV", "lung cancer exosomes", "miR", ""])
    def test_that_name_nothing_in_particular_are_not_looked_for(self, name):
        assert not is_telling(folded_name(name))
        assert named("plasma EVs and exosomes in lung cancer, miR", candidate(name=name)) == []

    def test_a_synonym_counts_and_its_words_are_quoted(self):
        (proposal,) = named(
            "A phase I study of Dexosomes", candidate(name="DC-derived MAGE exosomes", names=["dexosome"])
        )

        assert proposal.basis.startswith("“Dexosomes” stands in its title")

    def test_two_candidates_of_one_name_are_both_proposed(self):
        assert [one.candidate for one in named("exosomal miR-21", candidate(2), candidate(1))] == [1, 2]


class TestAgreement:
    def test_another_role_or_cargo_speaks_against_it(self):
        of_diagnosis = candidate(roles=["diagnosis"], cargo=["mirna"])

        assert named("exosomal miR-21", of_diagnosis, roles=frozenset(["mechanism"])) == []
        assert named("exosomal miR-21", of_diagnosis, cargo=frozenset(["dna"])) == []
        (proposal,) = named("exosomal miR-21", of_diagnosis, roles=frozenset(["diagnosis"]), cargo=frozenset(["mirna"]))
        assert proposal.basis.startswith(
            "“exosomal miR-21” stands in its title; same role (diagnosis), same cargo (mirna)."
        )

    def test_cargo_may_be_told_in_words(self):
        assert named("exosomal miR-21", candidate(cargo=["miR-21"]), cargo=frozenset(["rna"]))

    def test_silence_speaks_against_nothing(self):
        assert named("exosomal miR-21", candidate(roles=["diagnosis"]))
        assert named("exosomal miR-21", candidate(), roles=frozenset(["diagnosis"]))

    def test_what_a_file_states_needs_no_agreement(self):
        (proposal,) = named(
            "A title", candidate(roles=["diagnosis"]), roles=frozenset(["mechanism"]), stated="Exosomal miR-21"
        )

        assert proposal.basis.startswith("A file says that it speaks of “Exosomal miR-21”.")


class TestDirection:
    def test_is_that_of_the_finding_and_nobodys_guess(self):
        def direction(**more):
            return named("exosomal miR-21", candidate(), **more)[0].direction

        assert direction() is Direction.NEUTRAL
        assert direction(direction=Direction.CONTRADICTS) is Direction.CONTRADICTS
        assert direction(direction=Direction.SUPPORTS, is_retracted=True) is Direction.NEUTRAL

    def test_of_another_candidate_than_the_one_a_file_states_is_left_open(self):
        told = {"stated": "native MSC vesicles", "direction": Direction.CONTRADICTS}

        (proposal,) = named("exosomal miR-21", candidate(), **told)

        assert proposal.direction is Direction.NEUTRAL
        assert proposal.basis.endswith("Its finding is of “native MSC vesicles”.")
        (stated,) = named("exosomal miR-21", candidate(), stated="exosomal miR-21", direction=Direction.CONTRADICTS)
        assert stated.direction is Direction.CONTRADICTS

    def test_of_a_trial_follows_why_it_stopped(self):
        def direction(*classes):
            record = RecordWords(
                trial=TRIAL, passages=(Passage("acronym", "exosomal miR-21"),), stop_classes=frozenset(classes)
            )
            return evidence(record, Names([candidate()]))[0].direction

        assert direction() is Direction.SUPPORTS
        assert direction("enrolment") is Direction.SUPPORTS
        assert direction("safety", "enrolment") is Direction.CONTRADICTS


class TestLineage:
    @staticmethod
    def between(*kinds, named=False, published=2020, registered=2018, is_review=False):
        study = CitedStudy(7, "123", frozenset(["NCT00000001"] if named else []), published, is_review)
        trial = CitingTrial(
            "NCT00000001", frozenset(["NCT00000001"]), tuple(("123", kind) for kind in kinds), registered
        )
        return [(one.kind, one.basis) for one in lineage([study], [trial])]

    def test_a_result_reports_the_trial_whatever_the_years(self):
        for published in (2010, 2020, None):
            ((kind, basis),) = self.between("RESULT", published=published)
            assert (kind, basis) == (LineageKind.REPORTS, "NCT00000001 lists PMID 123 as RESULT.")

    def test_derived_and_named_report_where_the_years_allow(self):
        assert self.between("DERIVED")[0][0] is LineageKind.REPORTS
        ((kind, basis),) = self.between(named=True)
        assert (kind, basis) == (LineageKind.REPORTS, "The paper names NCT00000001.")
        assert self.between("DERIVED", published=2010)[0][0] is LineageKind.LED_TO

    def test_background_led_to_the_trial_if_it_was_there_before(self):
        ((kind, basis),) = self.between("BACKGROUND", published=2010)
        assert kind is LineageKind.LED_TO
        assert basis == "NCT00000001 lists PMID 123 as BACKGROUND, and came out before it (2010 and 2018)."
        assert self.between("BACKGROUND", published=2020) == []
        assert self.between("BACKGROUND", published=None)[0][0] is LineageKind.LED_TO

    def test_the_stronger_reference_decides(self):
        ((kind, basis),) = self.between("BACKGROUND", "RESULT", named=True)

        assert kind is LineageKind.REPORTS
        assert basis == "NCT00000001 lists PMID 123 as RESULT; the paper names NCT00000001."

    def test_a_review_reports_nothing(self):
        assert self.between(named=True, is_review=True) == []
        assert self.between("DERIVED", is_review=True) == []


# --- written ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def curator():
    return User.objects.create_user("curator")


def keep_candidate(name="exosomal miR-21", **more):
    made = Candidate.objects.create(
        name=name, slug=folded_name(name).replace(" ", "-"), kind=Track.DIAGNOSTIC, created=NOW, **more
    )
    CandidateName.objects.create(candidate=made, name=name, folded=folded_name(name))
    return made


def take(number=1, title="Exosomal miR-21 in lung cancer", *, facts=None, **more):
    record = study_record(pmid=str(number), title=title, **more)
    stored = absorb_studies(records=[record], facts=[facts or {}], origin=StudyOrigin.FILE, run=None, at=NOW)
    return stored.ids[0]


def take_trial(nct_id=TRIAL, **changes):
    absorb(records=[trial_record(nct_id, of=TRIAL, **changes)], origin=Origin.REGISTRY, run=None, at=NOW)
    return nct_id


def citing(*pairs):
    return {
        "referencesModule__references": [{"pmid": pmid, "type": kind, "citation": "A paper."} for pmid, kind in pairs]
    }


pytest_db = pytest.mark.django_db


@pytest_db
def test_absorbing_a_study_proposes_its_links():
    made = keep_candidate()

    number = take(facts={StudyFactName.DIRECTION: "supports"})

    link = EvidenceLink.objects.get()
    assert (link.candidate, link.study_id, link.trial_id) == (made, number, None)
    assert (link.state, link.proposer, link.direction, link.decided) == ("proposed", "rule", "supports", None)
    assert link.basis == "“Exosomal miR-21” stands in its title. The direction is that of its finding."


@pytest_db
def test_absorbing_a_trial_proposes_its_links():
    made = keep_candidate(name="ExoMarker-7")

    take_trial(identificationModule__acronym="ExoMarker-7")

    assert EvidenceLink.objects.values_list("candidate", "trial").get() == (made.pk, TRIAL)


@pytest_db
@pytest.mark.parametrize("first", ["study", "trial"])
def test_a_reference_joins_both_whichever_came_first(first):
    if first == "study":
        number = take(123)
        take_trial(**citing(("123", "RESULT")))
    else:
        take_trial(**citing(("123", "RESULT")))
        number = take(123)

    link = LineageLink.objects.get()
    assert (link.kind, link.from_study_id, link.to_trial_id) == (LineageKind.REPORTS, number, TRIAL)
    assert (link.state, link.proposer, link.basis) == ("proposed", "rule", f"{TRIAL} lists PMID 123 as RESULT.")


@pytest_db
def test_a_number_that_was_folded_leads_to_the_trial():
    take_trial()
    TrialAlias.objects.create(alias="NCT01234567", trial_id=TRIAL, seen=NOW)

    take(123, year=2030, trial_numbers=["NCT01234567"])

    assert LineageLink.objects.get().basis == "The paper names NCT01234567."
    assert LineageLink.objects.get().to_trial_id == TRIAL


@pytest_db
def test_a_merged_candidate_and_a_study_of_something_else_get_no_link():
    made = keep_candidate()
    other = keep_candidate(name="another thing")
    Candidate.objects.filter(pk=made.pk).update(status="merged", merged_into=other)
    take()
    take(2, "A thing of chemistry: another thing")

    assert not EvidenceLink.objects.exists()


def decided(link, state, by):
    type(link).objects.filter(pk=link.pk).update(state=state, decided=NOW, decided_by=by)


@pytest_db
@pytest.mark.parametrize("state", [AnnotationState.ACCEPTED, AnnotationState.REJECTED])
def test_what_a_person_decided_is_never_proposed_again(state, curator):
    keep_candidate()
    number = take(123)
    take_trial(**citing(("123", "RESULT")))
    decided(EvidenceLink.objects.get(), state, curator)
    decided(LineageLink.objects.get(), state, curator)
    EvidenceLink.objects.update(direction=Direction.CONTRADICTS)
    stored = list(EvidenceLink.objects.values()), list(LineageLink.objects.values())

    propose_links(study_ids=[number], nct_ids=[TRIAL], at=LATER)
    propose_links(at=LATER)
    Study.objects.update(title="Something else")
    Trial.objects.update(references=[])
    propose_links(at=LATER)

    assert (list(EvidenceLink.objects.values()), list(LineageLink.objects.values())) == stored


@pytest_db
def test_a_persons_own_link_stays(curator):
    made = keep_candidate()
    number = take(title="Exosomes in lung cancer")
    EvidenceLink.objects.create(
        candidate=made, study_id=number, direction=Direction.SUPPORTS, state=AnnotationState.ACCEPTED,
        proposer=Proposer.PERSON, basis="Read.", proposed=NOW, decided=NOW, decided_by=curator,
    )  # fmt: skip

    propose_links(at=LATER)

    assert EvidenceLink.objects.get().basis == "Read."


@pytest_db
def test_a_pair_that_was_joined_in_one_way_is_not_proposed_in_another(curator):
    number = take(123, year=2000)
    take_trial(**citing(("123", "BACKGROUND")))
    decided(LineageLink.objects.get(kind=LineageKind.LED_TO), AnnotationState.ACCEPTED, curator)

    take_trial(**citing(("123", "BACKGROUND"), ("123", "RESULT")))

    assert list(LineageLink.objects.values_list("kind", "from_study_id")) == [(LineageKind.LED_TO, number)]


@pytest_db
def test_what_nothing_suggests_any_more_is_withdrawn():
    keep_candidate()
    take(123)
    take_trial(**citing(("123", "RESULT")))
    assert EvidenceLink.objects.exists()

    take(123, "Exosomal miR-99 in lung cancer")
    take_trial(**citing(("999", "RESULT")))

    assert not EvidenceLink.objects.exists()
    assert not LineageLink.objects.exists()


@pytest_db
def test_linking_twice_changes_nothing():
    keep_candidate()
    take(123)
    take_trial(**citing(("123", "RESULT")))
    stored = list(EvidenceLink.objects.values()), list(LineageLink.objects.values())

    done = propose_links(at=LATER)

    assert (done.evidence, done.lineage) == (1, 1)
    assert (list(EvidenceLink.objects.values()), list(LineageLink.objects.values())) == stored


@pytest_db
def test_a_new_candidate_finds_what_is_stored():
    take()
    keep_candidate()

    assert propose_links(at=LATER).evidence == 1


@pytest_db
def test_the_number_of_statements_does_not_grow_with_the_batch():
    keep_candidate()

    def statements(first, many):
        ids = [take(first + at) for at in range(many)]
        for at in range(many):
            take_trial(f"NCT{first + at:08d}", **citing((str(first + at), "RESULT")))
        with CaptureQueriesContext(connection) as caught:
            propose_links(study_ids=ids, nct_ids=[f"NCT{first + at:08d}" for at in range(many)], at=LATER)
        return len(caught)

    assert statements(100, 1) == statements(200, 5)
