"""The starter set: real rows read back exactly, candidates and links that can be checked against their records."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.run import take_in_starter_set
from tracker.classify.folding import fold
from tracker.curation.importing import FILES
from tracker.models import Candidate, EvidenceLink, HistoryEntry, LineageLink, Study, StudyFact, Trial
from tracker.sources.citations.rows import RefusedRow, several
from tracker.terms import StudyFactName

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
#: the table as it was handed over: a change of one sign in it is a change of a fact
STUDIES_SHA256 = "31dcf673fe53648093aa15b11e4aa816d95f4e1d3cbb77142a9f2a4cdd573038"
#: second readings of a study, for a candidate besides its own, with a direction of their own
SECOND_READINGS = {("exosomal miR-100-5p", "S007"), ("plasma exosomal miR-193a-3p, miR-210-3p and miR-5100", "S032")}


@cache
def table(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def studies() -> dict[str, dict[str, str]]:
    return {row["study_id"]: row for row in table("studies.csv")}


@cache
def trials() -> dict[str, str]:
    """The records of the starter trials, as their files' text."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (FIXTURES / "trials").glob("*/*.json")}


def text_of(record: str) -> str:
    """All that a record says, folded."""
    said = trials().get(record) or " ; ".join(studies()[record].values())
    return " ".join(fold(said).text.split())


# --- the files -------------------------------------------------------------------------------------------------------


def test_the_studies_are_the_table_as_handed_over():
    assert hashlib.sha256((FIXTURES / "studies.csv").read_bytes()).hexdigest() == STUDIES_SHA256
    assert len(studies()) == 47


@pytest.mark.parametrize("name", FILES)
def test_no_row_of_the_starter_tables_is_refused(name):
    with (FIXTURES / name).open("rb") as stream:
        read = list(FILES[name](stream))
    assert [row for row in read if isinstance(row, RefusedRow)] == []
    assert len(read) == len(table(name)) > 0


def test_every_link_names_a_record_and_a_candidate_of_the_set():
    names = {row["name"] for row in table("candidates.csv")}
    for row in table("links.csv"):
        assert row["candidate"] in names
        assert row["record"] in studies() or row["record"] in trials(), row
    for row in table("lineage.csv"):
        assert {row["from"], row["to"]} <= {*studies(), *trials()}


def test_every_candidate_has_evidence_and_every_study_a_candidate():
    linked = Counter(row["candidate"] for row in table("links.csv"))
    assert {row["name"] for row in table("candidates.csv")} == set(linked)
    assert set(studies()) <= {row["record"] for row in table("links.csv")}


@pytest.mark.parametrize("name", ["links.csv", "lineage.csv"])
def test_every_reason_is_one_sentence_of_its_own(name):
    reasons = [row["reason"] for row in table(name)]
    assert len(set(reasons)) == len(reasons)
    for reason in reasons:
        assert 20 < len(reason) < 300
        assert re.search(r"\.$", reason), reason


def test_the_directions_are_those_of_the_table():
    for row in table("links.csv"):
        study = studies().get(row["record"])
        if study and (row["candidate"], row["record"]) not in SECOND_READINGS:
            assert (row["candidate"], row["direction"]) == (study["candidate"], study["direction"]), row
    assert {row["direction"] for row in table("links.csv")} == {"supports", "neutral", "contradicts"}


def test_every_number_in_a_reason_stands_in_its_record():
    for row in table("links.csv"):
        said = text_of(row["record"])
        for number in re.findall(r"(?<![\w.-])\d[\d.]*\d|(?<![\w.-])\d(?![\w.-])", row["reason"].replace(",", "")):
            assert number in said.replace(",", ""), (row["record"], number)


def test_every_synonym_stands_in_a_linked_record():
    records: dict[str, list[str]] = {}
    for row in table("links.csv"):
        records.setdefault(row["candidate"], []).append(row["record"])
    for row in table("candidates.csv"):
        said = " ".join(text_of(record) for record in records[row["name"]])
        for name in several(row["synonyms"]):
            assert all(word in said for word in fold(name).text.split()), (row["name"], name)


def test_no_identifier_is_invented():
    """Every address of a paper is one of the table's, every registry number one of the starter trials'."""
    known = {row["source_url"] for row in studies().values()}
    for row in table("candidates.csv"):
        for address in re.findall(r"<([^<>]+)>", row["references"]):
            trial = re.fullmatch(r"https://clinicaltrials\.gov/study/(NCT\d{8})", address)
            assert trial[1] in trials() if trial else address in known, address
        assert not row["developer"], "no record states one"
    told = "".join((FIXTURES / name).read_text() for name in FILES)
    assert set(re.findall(r"NCT\d{8}", told)) <= set(trials())
    assert not re.findall(r"\bPMID\b|(?<!/)\b10\.\d{4,9}/", re.sub(r"<[^<>]*>", "", told))


def test_where_facts_were_read_is_never_a_link():
    read_at = {row["read_at"] for row in studies().values()} - {row["source_url"] for row in studies().values()}
    told = "".join((FIXTURES / name).read_text() for name in FILES)
    assert not [address for address in read_at if address.rstrip("/;") + ">" in told]


@pytest.mark.parametrize(
    ("mechanism", "least"), [("emt", 2), ("angiogenesis", 2), ("immune_escape", 2), ("premetastatic_niche", 1)]
)
def test_the_reviews_mechanisms_have_candidates(mechanism, least):
    found = [row["name"] for row in table("candidates.csv") if mechanism in row["mechanisms"].split(";")]
    assert len(found) >= least
    if least < 2:
        assert "has one study only" in (FIXTURES / "SOURCES.md").read_text(), "what is missing is said"


def test_the_sources_name_no_machine():
    said = (FIXTURES / "SOURCES.md").read_text() + "".join((FIXTURES / name).read_text() for name in FILES)
    assert not re.search(r"(?<![\w.:/-])/(work|tmp|root|home|usr)/", said)


# --- in a database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def starter_set(db):
    take_in_starter_set()


COLUMNS = {"pmid": "pmid", "pmcid": "pmcid", "doi": "doi", "title": "title", "journal": "journal",
           "source_url": "source_url", "read_at": "read_at", "facts_read": "summary"}  # fmt: skip


def test_the_whole_set_in_an_empty_database(starter_set, capsys):
    counts = {model.__name__: model.objects.count() for model in (Trial, Study, Candidate, EvidenceLink, LineageLink)}
    assert counts["Trial"] == len(trials())
    assert (counts["Study"], counts["Candidate"]) == (47, 49)
    accepted = EvidenceLink.objects.filter(state="accepted")
    assert accepted.count() == len(table("links.csv")) == 57
    assert LineageLink.objects.filter(state="accepted").count() == len(table("lineage.csv")) == 1

    for row in studies().values():
        stored = Study.objects.get(collection_key=row["study_id"])
        for column, attribute in COLUMNS.items():
            wanted = row[column].lower() if column == "doi" else row[column].rstrip(".")
            assert (getattr(stored, attribute) or "").rstrip(".") == wanted, (row["study_id"], column)
        assert stored.year == (int(row["year"]) if row["year"] else None)
        facts = dict(StudyFact.objects.filter(study=stored, origin="import").values_list("name", "value"))
        assert facts[StudyFactName.DIRECTION] == row["direction"]
        for name in ("n_patients", "n_controls", "n_animals"):
            assert facts.get(name) == (int(row[name]) if row[name] else None), "what was not stated stays unknown"

    for row in table("links.csv"):
        record = {"trial": row["record"]} if row["record"] in trials() else {"study__collection_key": row["record"]}
        link = EvidenceLink.objects.get(candidate__name=row["candidate"], **record)
        assert (link.direction, link.basis or link.note) == (row["direction"], row["reason"])
        assert link.decided_by.username == "starter-set"
    assert not HistoryEntry.objects.filter(subject__in=["candidate", "link"], why="").exists()

    # The same again: nothing new, and no more questions to the database than a small file asks.
    before = HistoryEntry.objects.count()
    with CaptureQueriesContext(connection) as queries:
        call_command("import_candidates", str(FIXTURES))
    assert len(queries) <= 20
    assert HistoryEntry.objects.count() == before
    assert "unchanged 57" in capsys.readouterr().out


def test_migrate_alone_loads_nothing(db):
    assert not Trial.objects.exists()
    assert not Study.objects.exists()
    assert not Candidate.objects.exists()


def test_the_records_of_a_candidate_stand_on_its_road(starter_set):
    """A ladder shows only records of the candidate's own kind; another stands below it, without a rung.

    So stand the three studies that show a mechanism in culture and, in their second half, a marker: the rubric gives
    proof in vitro a row on the therapeutic ladder alone.
    """
    astray = [
        link.candidate.name
        for link in EvidenceLink.objects.filter(state="accepted").select_related("candidate", "trial", "study")
        if (record := link.trial or link.study).track and record.track != link.candidate.kind
    ]
    assert sorted(astray) == [
        "exosomal L1CAM",
        "exosomal miR-31-5p",
        "plasma exosomal miR-193a-3p, miR-210-3p and miR-5100",
    ]


def test_trials_are_real_records():
    assert all(json.loads(text)["protocolSection"]["identificationModule"]["nctId"] == number
               for number, text in trials().items())  # fmt: skip
