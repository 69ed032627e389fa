"""Europe PMC's records, and the identifiers and texts that every source writes its own way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records.europepmc import linked, publication, publications, result
from tracker.sources.bibliography import (
    doi_of,
    nct_numbers,
    plain,
    pmcid_of,
    pmid_of,
    study_record,
    title_key,
    told_again,
)
from tracker.sources.europepmc_records import Unreadable, read_study


def test_a_record_is_read_column_by_column():
    fields = {
        "abstractText": "<h4>Background</h4>Serum <i>exosomes</i> of NCT01159288.<h4>Results</h4>n&gt;3, p < 0.05",
        "keywordList": {"keyword": ["miR-21", "<i>EGFR</i>"]},
        "meshHeadingList": {"meshHeading": [{"majorTopic_YN": "Y", "descriptorName": "Exosomes"}]},
        "pmcid": "PMC5",
        "doi": "10.5555/MED.7.",
    }

    study = read_study(result(7, **fields))

    assert (study.source_id, study.pmid, study.pmcid, study.doi) == ("MED:7", "7", "PMC5", "10.5555/med.7")
    assert study.title == "Exosomes in lung cancer: record number 7 of a test"
    assert study.authors == ("Tester A", "Tester B")
    assert (study.journal, study.year, study.published_given) == ("Journal of Tests", 2020, "2020-05-04")
    assert study.abstract == "Background: Serum exosomes of NCT01159288. Results: n>3, p < 0.05"
    assert study.keywords == ("miR-21", "EGFR")
    assert study.mesh_terms == ("Exosomes",)
    assert study.trial_numbers == ("NCT01159288",)
    assert study.is_open_access is True
    assert study.language == "eng"
    assert (study.is_preprint, study.is_retracted, study.notices) == (False, False, ())
    assert [passage.field for passage in study.passages] == [
        "title", "abstract", "keywords.0", "keywords.1", "mesh_terms.0"
    ]  # fmt: skip
    assert study.drift == ()


def test_every_publication_is_read_and_read_again_from_what_is_kept():
    for raw in publications():
        study = read_study(raw)
        assert read_study(study.raw) == study
        assert study.pmid or study.pmcid


def test_what_the_source_leaves_out_is_silent_not_empty():
    study = read_study(publication("MED:28436951"))

    assert study.abstract is study.year is study.journal is study.doi is study.is_open_access is study.language is None
    assert study.authors == study.mesh_terms == ()


def test_names_stay_and_all_else_of_people_goes():
    author = {
        "fullName": "Tester A", "firstName": "Ada", "initials": "A", "authorId": {"type": "ORCID", "value": "0000-1"},
        "authorAffiliationDetailsList": {"authorAffiliation": [{"affiliation": "Dept of Tests. ada@test.org"}]},
    }  # fmt: skip
    fields = {
        "affiliation": "Dept of Tests",
        "abstractText": "Write to ada@test.org.",
        "authorList": {"author": [author]},
    }

    study = read_study(result(7, **fields))

    assert b"ada@" not in study.raw
    assert b"Dept" not in study.raw
    assert b"ORCID" not in study.raw
    assert b"Ada" in study.raw
    assert "ada@" not in study.abstract


@pytest.mark.parametrize(
    ("kind", "notice", "retracted"),
    [
        ("Retraction in", "retraction", True),
        ("Retracted and republished in", "retraction", True),
        ("Erratum in", "correction", False),
        ("Expression of concern in", "concern", False),
        ("Comment in", None, False),
        # these stand on the notice's own record and say nothing against it
        ("Retraction of", None, False),
        ("Erratum for", None, False),
    ],
)
def test_notices_are_told_from_comments_and_from_the_notices_own_record(kind, notice, retracted):
    study = read_study(result(7, commentCorrectionList=linked(kind, "900", reference="J Tests. 2022 Mar;4(1):2.")))

    assert study.is_retracted is retracted
    assert [one["kind"] for one in study.notices] == ([notice] if notice else [])
    if notice:
        assert (study.notices[0]["given_on"], study.notices[0]["identifier"]) == ("2022", "PMID 900")


def test_the_type_of_a_publication_alone_says_that_it_is_retracted():
    assert read_study(result(7, pubTypeList={"pubType": ["Retracted Publication"]})).is_retracted
    assert not read_study(result(7, pubTypeList={"pubType": ["Retraction of Publication"]})).is_retracted


def test_a_preprint_names_its_paper_and_keeps_its_own_doi():
    study = read_study(result(50, source="PPR", commentCorrectionList=linked("Preprint of", "7")))

    assert (study.is_preprint, study.pmid, study.doi, study.preprint_doi) == (True, "7", None, "10.5555/ppr.50")
    assert study.other_ids == ("ppr:PPR50",)


def test_a_paper_names_its_preprint():
    links = linked("Preprint in", "PPR50", source="PPR", reference="bioRxiv 2019. doi: 10.5555/PPR.50.")

    study = read_study(result(7, commentCorrectionList=links))

    assert (study.is_preprint, study.preprint_doi, study.other_ids) == (False, "10.5555/ppr.50", ("ppr:PPR50",))


def test_an_update_of_a_review_is_no_preprint():
    assert read_study(result(7, commentCorrectionList=linked("Update in", "8"))).pmid == "7"


def test_what_is_new_in_the_shape_is_counted_and_passes():
    assert read_study(result(7, newField=1)).drift == ("field newField",)


@pytest.mark.parametrize(
    ("raw", "number", "reason"),
    [
        (b"not json", "", "not whole JSON"),
        (b"[1]", "", "not a JSON object"),
        (b'{"id": "7", "source": "MED"}', "MED:7", "no title"),
        (b'{"id": "7", "title": "T"}', "", "no id or no source"),
        (b'{"id": "7", "source": "MED", "title": ["T"]}', "MED:7", "The field title"),
        (
            b'{"id": "7", "source": "MED", "title": "T", "keywordList": {"keyword": "x"}}',
            "MED:7",
            "keywordList.keyword",
        ),
    ],
)
def test_what_cannot_be_read_says_where(raw, number, reason):
    with pytest.raises(Unreadable) as refused:
        read_study(raw)

    assert refused.value.nct_id == number
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    "written",
    [
        "10.2147/IJN.S131516", "https://doi.org/10.2147/ijn.s131516", "http://dx.doi.org/10.2147/IJN.S131516.",
        "doi:10.2147/IJN.S131516", "DOI 10.2147/IJN.S131516;", " 10.2147/ijn.s131516, ", "(10.2147/ijn.s131516)"[1:],
    ],
)  # fmt: skip
def test_a_doi_is_one_however_it_is_written(written):
    assert doi_of(written) == "10.2147/ijn.s131516"


def test_brackets_of_a_doi_stay():
    assert doi_of("10.1016/S0140-6736(20)30183-5") == "10.1016/s0140-6736(20)30183-5"


@pytest.mark.parametrize("written", ["", None, "10.1/x", "11.2147/x", "PMC5439933", "10.2147/a b", "10.2147/"])
def test_what_is_no_doi_is_none(written):
    assert doi_of(written) is None


def test_numbers_of_pubmed_are_digits():
    assert [pmid_of(one) for one in ("28553110", "PMID: 28553110", 28553110, "028553110", "28553110.0")] == [
        "28553110"
    ] * 5
    assert [pmid_of(one) for one in ("0", "", "x", "²", "1234567890", None)] == [None] * 6
    assert [pmcid_of(one) for one in ("PMC5439933", "5439933", "pmc5439933", "PMC5439933.2")] == ["PMC5439933"] * 4
    assert pmcid_of("PMC") is None


def test_registry_numbers_are_found_in_text_and_data_banks():
    assert nct_numbers("in NCT01159288 and nct 02890849; XNCT012345678", "NCT01159288") == [
        "NCT01159288",
        "NCT02890849",
    ]
    banks = {"dataBankList": {"dataBank": [{"accessionNumberList": ["NCT01159288"]}]}}
    assert read_study(result(7, **banks)).trial_numbers == ("NCT01159288",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("p < 0.05 and n > 3", "p < 0.05 and n > 3"),
        ("a<b and c>d", "a<b and c>d"),
        ("CO<sub>2</sub>", "CO2"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("&lt;i&gt;EGFR&lt;/i&gt; mutant", "EGFR mutant"),
        ("R&amp;D &#945; ", "R&D α"),
        ("<h4>AIM:</h4> To see", "AIM: To see"),
        ("a<script>alert(1)</script>b", "a b"),
    ],
)
def test_marks_go_and_signs_stay(written, meant):
    assert plain(written) == meant


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_plain_text_without_marks_keeps_its_words(text):
    if not set("<>&") & set(text):
        assert plain(text) == " ".join(text.split())


def test_titles_are_compared_by_letters_and_digits():
    assert title_key("Exosomal miR‐21 in NSCLC: a Study") == title_key("EXOSOMAL MIR-21 IN NSCLC — A STUDY.")
    assert title_key("Reply") == ""


@pytest.mark.parametrize("raw", publications()[:5])
def test_what_a_file_told_is_kept_whole(raw):
    told = json.loads(raw)
    row = study_record(
        title=told["title"], pmid=told.get("pmid"), authors=["A", "B"], year=2020, notices=[{"kind": "concern"}]
    )

    assert told_again(row.raw) == row
