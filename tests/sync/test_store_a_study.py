"""Identity, versions, what stands when several sources tell of one study, and what a person's word is worth."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.records.europepmc import linked, publication, publications, result
from tests.sync.reading import NOW, take
from tracker.models import ChangeEvent, Study, StudyFact, StudyVersion, SuspectedDuplicate
from tracker.sources.bibliography import FIELDS, StudyRecord, study_record
from tracker.sources.europepmc_records import read_study
from tracker.sync.store import index_studies, store_facts
from tracker.terms import AnnotationState, ChangeKind, FactOrigin, StudyFactName, StudyOrigin

pytestmark = pytest.mark.django_db

TITLE = "Exosomal microRNA of serum tells lung cancer from nodules"


def study(number: int = 1, **fields) -> StudyRecord:
    return read_study(result(number, **fields))


def kinds():
    return list(ChangeEvent.objects.order_by("id").values_list("kind", flat=True))


def test_the_columns_of_a_record_are_those_of_a_study():
    columns = [field.attname for field in Study._meta.concrete_fields]

    assert [name for name in columns if name in FIELDS] == sorted(FIELDS, key=columns.index)
    assert set(FIELDS) <= set(columns) & set(StudyRecord.__struct_fields__)


def test_every_publication_comes_back_as_it_was_read():
    records = [read_study(raw) for raw in publications()]

    stored = take(*records)

    assert len(stored.new) == len(records) == Study.objects.count()
    for number, record in zip(stored.ids, records, strict=True):
        row = Study.objects.get(pk=number)
        for name in FIELDS:
            value = getattr(record, name)
            assert getattr(row, name) == (list(value) if isinstance(value, tuple) else value), name
        assert row.versions.get().record() == record


def test_the_same_record_again_changes_nothing():
    take(study())

    again = take(study())

    assert (len(again.new), len(again.changed), len(again.unchanged)) == (0, 0, 1)
    assert StudyVersion.objects.count() == 1


def test_a_count_of_citations_is_no_news():
    take(study(citedByCount=3))

    assert len(take(study(citedByCount=4)).unchanged) == 1


def test_a_state_that_returns_is_a_third_version():
    first, second = study(), study(title=TITLE)
    take(first)
    take(second)
    take(first)

    assert [version.number for version in StudyVersion.objects.all()] == [1, 2, 3]
    assert Study.objects.get().title == first.title
    assert kinds() == [ChangeKind.FIRST_SEEN, ChangeKind.TITLE, ChangeKind.TITLE]


def test_an_earlier_revision_that_comes_late_is_kept_and_does_not_stand():
    take(study(title=TITLE, dateOfRevision="2024-01-01"))

    take(study(dateOfRevision="2022-01-01"))
    again = take(study(dateOfRevision="2022-01-01"))

    assert Study.objects.get().title == TITLE
    assert StudyVersion.objects.count() == 2
    assert len(again.unchanged) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"pmid": "1"},
        {"doi": "10.5555/med.1"},
        {"pmcid": "PMC777"},
    ],
)
def test_a_file_that_shares_one_identifier_tells_of_the_same_study(told):
    take(study(pmcid="PMC777"))

    stored = take(
        study_record(title="Another wording of it", summary="Counts vesicles.", **told), origin=StudyOrigin.FILE
    )

    row = Study.objects.get()
    assert stored.ids == [row.pk]
    assert row.title == "Exosomes in lung cancer: record number 1 of a test"
    assert row.summary == "Counts vesicles."
    assert row.origin == StudyOrigin.EUROPEPMC


def test_what_a_file_told_first_gives_way_to_the_source_and_fills_its_gaps():
    take(study_record(title=TITLE, pmid="1", journal="J. Tests", summary="Ours"), origin=StudyOrigin.FILE)

    take(study())

    row = Study.objects.get()
    assert (row.journal, row.summary) == ("Journal of Tests", "Ours")


def test_a_file_without_identifiers_is_the_same_study_when_it_comes_again():
    row = study_record(title=TITLE, year=2021)

    first, second = take(row, origin=StudyOrigin.FILE), take(row, origin=StudyOrigin.FILE)

    assert first.ids == second.ids
    assert len(second.unchanged) == 1


def test_title_and_year_alike_are_suspected_and_not_merged():
    [kept] = take(study(title=f"{TITLE}.", pubYear="2021")).ids

    stored = take(study_record(title=TITLE.replace("-", " ").upper(), year=2021), origin=StudyOrigin.FILE)

    pair = SuspectedDuplicate.objects.get()
    assert {pair.kept_id, pair.other_id} == {kept, *stored.ids}
    assert pair.basis == "The same title and year."
    assert list(stored.suspected) == stored.ids


@pytest.mark.parametrize(("title", "year"), [(TITLE, 2019), ("Another study of exosomes in lung cancer", 2021)])
def test_another_year_or_another_title_is_another_study(title, year):
    take(study(title=TITLE, pubYear="2021"))

    take(study_record(title=title, year=year), origin=StudyOrigin.FILE)

    assert not SuspectedDuplicate.objects.exists()


def test_short_titles_are_not_compared():
    take(study(1, title="Reply"), study(2, title="Reply"))

    assert not SuspectedDuplicate.objects.exists()


def test_a_pair_that_a_person_decided_is_not_asked_again():
    take(study(1, title=TITLE), study(2, title=TITLE))
    SuspectedDuplicate.objects.update(is_same=False, decided=NOW)

    take(study(1, title=TITLE, keywordList={"keyword": ["new"]}))

    assert SuspectedDuplicate.objects.get().is_same is False


def test_a_record_that_joins_two_stored_studies_is_left_to_a_person():
    first, second = take(study(1), study(2)).ids

    stored = take(
        study_record(title="One of both, says a file", pmid="1", doi="10.5555/med.2"), origin=StudyOrigin.FILE
    )

    assert stored.ids == [first]
    pair = SuspectedDuplicate.objects.get()
    assert (pair.kept_id, pair.other_id) == (first, second)
    assert pair.basis == "One record names pmid:1 of the one and doi:10.5555/med.2 of the other."
    assert Study.objects.get(pk=first).doi == "10.5555/med.1"
    take(study(1, keywordList={"keyword": ["new"]}))
    assert Study.objects.get(pk=first).other_ids == []


PAPER = {"commentCorrectionList": linked("Preprint in", "PPR50", source="PPR")}
PREPRINT = {"commentCorrectionList": linked("Preprint of", "1")}


@pytest.mark.parametrize("paper", [{}, PAPER])
@pytest.mark.parametrize("preprint", [{}, PREPRINT])
@pytest.mark.parametrize("paper_first", [True, False])
def test_preprint_and_paper_are_one_study_where_either_says_so(paper, preprint, paper_first):
    records = [study(1, **paper), study(50, source="PPR", title="Exosomes early: a preprint of a test", **preprint)]

    for record in records if paper_first else reversed(records):
        take(record)

    if not paper and not preprint:
        assert Study.objects.count() == 2
        return
    row = Study.objects.get()
    assert (row.pmid, row.doi, row.preprint_doi) == ("1", "10.5555/med.1", "10.5555/ppr.50")
    assert row.title == "Exosomes in lung cancer: record number 1 of a test"
    assert row.other_ids == ["ppr:PPR50"]
    assert row.is_preprint is False
    assert (ChangeKind.PUBLISHED in kinds()) == (not paper_first)


def test_an_unlinked_preprint_of_the_same_title_is_suspected():
    take(study(1, title=TITLE, pubYear="2021"), study(50, source="PPR", title=TITLE, pubYear="2020"))

    assert SuspectedDuplicate.objects.get().basis == "The same title."


def test_a_persons_word_stands_over_every_source():
    [number] = take(study()).ids
    Study.objects.filter(pk=number).update(title="As the curator has it", year=1999, entered=["title", "year"])

    take(study(title=TITLE, keywordList={"keyword": ["new"]}))

    row = Study.objects.get()
    assert (row.title, row.year, row.keywords) == ("As the curator has it", 1999, ["new"])


def test_a_number_that_a_person_replaced_leads_here_no_longer():
    [number] = take(study_record(title=TITLE, doi="10.5555/wrong"), origin=StudyOrigin.FILE).ids
    Study.objects.filter(pk=number).update(doi="10.5555/right", entered=["doi"])
    take(study_record(title=TITLE, doi="10.5555/right", journal="J"), origin=StudyOrigin.FILE)

    [other] = take(
        study_record(title="Another study altogether, in mice", doi="10.5555/wrong"), origin=StudyOrigin.FILE
    ).ids

    assert other != number


def test_the_end_of_a_retraction_is_told_too():
    take(study(commentCorrectionList=linked("Retraction in", "9")))
    take(study(dateOfRevision="2024-01-01"))

    row = Study.objects.get()
    assert row.is_retracted is False
    assert kinds() == [ChangeKind.FIRST_SEEN, ChangeKind.CORRECTED]


def test_a_file_does_not_take_a_retraction_back():
    take(study(commentCorrectionList=linked("Retraction in", "9")))

    take(study_record(title=TITLE, pmid="1"), origin=StudyOrigin.FILE)

    assert Study.objects.get().is_retracted is True


@pytest.mark.parametrize(("kind", "expected"), [("Erratum in", "correction"), ("Expression of concern in", "concern")])
def test_a_notice_that_comes_is_an_event(kind, expected):
    take(study())
    take(study(commentCorrectionList=linked(kind, "9", reference="J Tests. 2022;1")))

    event = ChangeEvent.objects.get(kind=ChangeKind.CORRECTED)
    assert event.after["kind"] == expected
    assert Study.objects.get().is_retracted is False


def test_silence_takes_nothing_away():
    take(study())
    take(study(abstractText=None, journalInfo=None, dateOfRevision="2025-01-01"))

    row = Study.objects.get()
    assert row.abstract.startswith("Extracellular vesicles")
    assert row.journal == "Journal of Tests"


def test_words_of_title_abstract_and_authors_are_found():
    take(study())

    for words in ("counted vesicles", "Tester", "10.5555/med.1", "1", "lung cancer exosome"):
        assert Study.objects.matching(words).count() == 1, words
    assert not Study.objects.matching("melanoma").exists()


def test_what_a_person_changed_is_found_by_its_new_words():
    [number] = take(study()).ids
    Study.objects.filter(pk=number).update(title="Milk vesicles carry paclitaxel to tumours")

    index_studies(study_ids=[number])

    assert Study.objects.matching("paclitaxel").get().title_key == "milkvesiclescarrypaclitaxeltotumours"


def test_the_statements_are_as_many_for_one_as_for_many():
    def statements(*records):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            take(*records)
        return len(captured)

    take(study(900))
    one = statements(study(1))
    many = statements(*(study(number) for number in range(2, 60)))
    changed = statements(*(study(number, title=f"{TITLE} {number}") for number in range(2, 60)))

    assert one == many == changed


def test_one_identifier_twice_in_a_batch_is_one_study():
    stored = take(study(1), study(1), study(1, title=TITLE, dateOfRevision="2023-01-01"))

    assert len(set(stored.ids)) == Study.objects.count() == 1
    assert [told.outcome for told in stored.told] == ["new", "unchanged", "changed"]


class TestFactsOfAFile:
    def facts(self, number, **told):
        return store_facts(facts={number: {StudyFactName(name): value for name, value in told.items()}}, at=NOW)

    def test_count_at_once_and_are_written_once(self):
        [number] = take(study()).ids

        assert self.facts(number, n_patients=40, cell_lines=["A549"]) == 2
        assert self.facts(number, n_patients=40, cell_lines=["A549"]) == 0
        fact = StudyFact.objects.get(name=StudyFactName.N_PATIENTS)
        assert (fact.value, fact.origin, fact.state) == (40, FactOrigin.IMPORT, AnnotationState.ACCEPTED)

    def test_that_a_person_rejected_stay_so_until_another_is_stated(self):
        [number] = take(study()).ids
        self.facts(number, n_patients=40)
        StudyFact.objects.update(state=AnnotationState.REJECTED)

        self.facts(number, n_patients=40)
        assert StudyFact.objects.get().state == AnnotationState.REJECTED
        self.facts(number, n_patients=42)
        assert StudyFact.objects.get().state == AnnotationState.ACCEPTED

    def test_leave_a_persons_fact_alone(self):
        [number] = take(study()).ids
        ada = get_user_model().objects.create(username="ada")
        StudyFact.objects.create(
            study_id=number, name="n_patients", value=41, origin="person", state="accepted", by=ada, at=NOW
        )

        self.facts(number, n_patients=40)

        assert {fact.origin: fact.value for fact in StudyFact.objects.all()} == {"person": 41, "import": 40}


def test_no_address_and_no_affiliation_is_stored():
    raw = json.loads(publication("MED:28553110"))
    people = {"author": [{"fullName": "Tester A", "affiliation": "Dept, a@b.org", "authorId": {"value": "0000"}}]}
    take(read_study(json.dumps({**raw, "authorList": people, "affiliation": "Dept, a@b.org"}).encode()))

    told = StudyVersion.objects.get().record().raw
    assert b"a@b.org" not in told
    assert b"Dept" not in told
    assert Study.objects.get().authors == ["Tester A"]
