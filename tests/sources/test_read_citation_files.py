"""RIS, BibTeX, PubMed's nbib and Europe PMC's JSON, as programs export them and as damage leaves them."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.sources.citations import CitationFormat, RefusedRow, Row, format_of, read

YEAR = 2026

RIS = """\
TY  - JOUR
AU  - Qin, Xiaobing
AU  - Yu, S.
TI  - Cisplatin-resistant lung cancer cell\u2013derived exosomes increase <i>cisplatin</i> resistance
      of recipient cells
JO  - Int J Nanomed
T2  - International Journal of Nanomedicine
PY  - 2017/05/15/
DO  - https://doi.org/10.2147/IJN.S131516
UR  - javascript:alert(1)
UR  - https://www.dovepress.com/x
AN  - 28553110
DB  - PubMed
C2  - PMC5439933
KW  - exosomes
KW  - miR-100-5p
AB  - Background: exosomes &amp; resistance, NCT01159288.
LA  - en
ER  -\x20

"""
NBIB = """\
PMID- 28436951
OWN - NLM
TI  - Hypoxic lung cancer-secreted exosomal miR-23a increased angiogenesis and
      vascular permeability.
LID - S0304 [pii]
LID - 10.1038/onc.2017.105 [doi]
AB  - We show it
      in mice.
FAU - Hsu, Y-L
AU  - Hsu YL
AU  - Hung JY
LA  - eng
SI  - ClinicalTrials.gov/NCT01159288
SI  - GENBANK/NCT99999999
PT  - Journal Article
DP  - 2017 Aug 24
JT  - Oncogene
MH  - *Exosomes/metabolism
MH  - Animals
OT  - *miR-23a
PMC - PMC5439933
EIN - Oncogene. 2018 Jan 4;5(1):12. doi: 10.1038/onc.2018.1. PMID: 31987654
"""
BIBTEX = r"""
@string{cl = "Cancer Letters"}

@article{liu2016,
  title   = {{STAT3}-regulated exosomal {miR-21} \& M{\"u}ller's <i>angiogenesis</i>},
  author  = {Liu, Yi and M{\"u}ller, J. A. and {Exosome and Cancer Consortium} and others},
  journal = cl,
  year    = 2016,
  doi     = {10.1016/j.canlet\_2015.10.001},
  url     = {https://example.org/a_b},
  keywords = {exosome, lung},
}
"""


def rows(data: bytes | str, format: CitationFormat) -> list[Row | RefusedRow]:
    return list(read(io.BytesIO(data.encode() if isinstance(data, str) else data), format=format, this_year=YEAR))


def record(data: bytes | str, format: CitationFormat):
    (found,) = rows(data, format)
    assert isinstance(found, Row), found
    return found.record


def test_a_reference_in_ris_is_read():
    found = record(RIS, CitationFormat.RIS)

    assert found.title == (
        "Cisplatin-resistant lung cancer cell\u2013derived exosomes increase cisplatin resistance of recipient cells"
    )
    assert found.authors == ("Qin X", "Yu S")
    assert (found.pmid, found.pmcid, found.doi) == ("28553110", "PMC5439933", "10.2147/ijn.s131516")
    assert (found.journal, found.year) == ("International Journal of Nanomedicine", 2017)
    assert found.source_url == "https://www.dovepress.com/x"
    assert found.keywords == ("exosomes", "miR-100-5p")
    assert found.abstract == "Background: exosomes & resistance, NCT01159288."
    assert found.trial_numbers == ("NCT01159288",)


def test_an_accession_number_is_a_pmid_only_where_the_reference_says_so():
    assert record("TY  - JOUR\nTI  - T\nAN  - 12345\nER  - \n", CitationFormat.RIS).pmid is None
    assert record("TY  - JOUR\nTI  - T\nAN  - PMID: 12345\nER  - \n", CitationFormat.RIS).pmid == "12345"


def test_broken_references_spoil_no_other():
    broken = (
        "TY  - JOUR\nTI  - Too early\nPY  - 1066\nER  - \nstray words\nmore\n"
        "TY  - JOUR\nTI  - No end\nTY  - JOUR\nT1  - Good\nER  -\n"
        "TY  - JOUR\nAU  - Nobody\nER  - \nTY  - MUSIC\nTI  - Song\nER  - \nTY  - JOUR\nTI  - Cut off\n"
    )
    found = rows(broken, CitationFormat.RIS)

    assert [row.record.title for row in found if isinstance(row, Row)] == ["Good"]
    refused = [(row.line, row.column) for row in found if isinstance(row, RefusedRow)]
    assert refused == [(1, "PY"), (5, "TY"), (7, "ER"), (12, "TI"), (15, "TY"), (18, "ER")]


def test_windows_ends_of_line_and_a_mark_are_no_matter():
    assert record(b"\xef\xbb\xbf" + RIS.replace("\n", "\r\n").encode(), CitationFormat.RIS) == record(
        RIS, CitationFormat.RIS
    )
    assert record(RIS.encode("utf-16"), CitationFormat.RIS) == record(RIS, CitationFormat.RIS)


def test_a_preprint_keeps_its_doi_beside_the_papers():
    found = record("TY  - PREP\nTI  - T\nDO  - 10.1101/2020.01.01\nER  - \n", CitationFormat.RIS)

    assert (found.is_preprint, found.doi, found.preprint_doi) == (True, None, "10.1101/2020.01.01")


def test_a_record_of_pubmed_is_read():
    found = record(NBIB, CitationFormat.NBIB)

    assert found.title == (
        "Hypoxic lung cancer-secreted exosomal miR-23a increased angiogenesis and vascular permeability"
    )
    assert (found.pmid, found.pmcid, found.doi) == ("28436951", "PMC5439933", "10.1038/onc.2017.105")
    assert (found.authors, found.journal, found.year) == (("Hsu YL", "Hung JY"), "Oncogene", 2017)
    assert (found.abstract, found.language) == ("We show it in mice.", "eng")
    assert (found.mesh_terms, found.keywords) == (("Exosomes", "Animals"), ("miR-23a",))
    assert found.trial_numbers == ("NCT01159288",)
    assert not found.is_retracted
    assert found.notices == (
        {
            "kind": "correction",
            "given_on": "2018",
            "identifier": "PMID 31987654",
            "url": "https://europepmc.org/article/MED/31987654",
        },
    )


def test_a_retracted_paper_says_so():
    assert record(NBIB + "RIN - Oncogene. 2020;5. PMID: 31987655\n", CitationFormat.NBIB).is_retracted
    assert record(NBIB + "PT  - Retracted Publication\n", CitationFormat.NBIB).is_retracted


def test_records_of_pubmed_are_told_apart_and_a_wrong_number_is_refused():
    found = rows("junk\n" + NBIB + "\nPMID- x1\nTI  - Bad\n\nPMID- 2\nTI  - Good.\n", CitationFormat.NBIB)

    assert [row.record.pmid for row in found if isinstance(row, Row)] == ["28436951", "2"]
    assert [(row.line, row.column) for row in found if isinstance(row, RefusedRow)] == [(1, "PMID"), (25, "PMID")]


def test_an_entry_of_bibtex_is_read_and_its_latex_undone():
    found = record(BIBTEX, CitationFormat.BIBTEX)

    assert found.title == "STAT3-regulated exosomal miR-21 & M\u00fcller's angiogenesis"
    assert found.authors == ("Liu Y", "M\u00fcller JA", "Exosome and Cancer Consortium")
    assert (found.journal, found.year) == ("Cancer Letters", 2016)
    assert found.doi == "10.1016/j.canlet_2015.10.001"
    assert found.source_url == "https://example.org/a_b"
    assert found.keywords == ("exosome", "lung")


def test_a_broken_entry_is_refused_at_its_line_and_the_rest_goes_in():
    found = rows(
        BIBTEX + "@article{open,\n  title = {never closed,\n  year = 2017\n\n"
        "@article{liu2016, title = {Same key}, year = {2018}}\n"
        "@comment{not a paper}\n"
        "@article{twice, title = {One}, title = {Two}}\n"
        "@misc{nothing, year = 2017}\n"
        '@article(round, title = "Round brackets", journal = cl)\n',
        CitationFormat.BIBTEX,
    )

    titles = [row.record.title for row in found if isinstance(row, Row)]
    assert titles[1] == "Same key"
    refused = {row.line: row.column for row in found if isinstance(row, RefusedRow)}
    assert refused.items() >= {13: "", 19: "title", 20: "title"}.items()


def test_strings_hold_through_a_long_file_and_lines_stay_counted():
    many = "".join(f"@article{{k{at}, title={{Number {at}}}, journal=cl, year=2000}}\n" for at in range(1000))
    found = rows('@string{cl = "Cancer Letters"}\n' + many + "@article{last, year=2000}\n", CitationFormat.BIBTEX)

    assert len(found) == 1001
    assert {row.record.journal for row in found if isinstance(row, Row)} == {"Cancer Letters"}
    assert [row.line for row in found] == list(range(2, 1003))


RESULT = {"id": "28436951", "source": "MED", "pmid": "28436951", "title": "Hypoxic <i>miR-23a</i>.", "pubYear": "2017"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RESULT),
        json.dumps(RESULT, indent=2),
        json.dumps([RESULT]),
        json.dumps({"version": "6.9", "hitCount": 1, "resultList": {"result": [RESULT]}}),
        json.dumps({"version": "6.9", "hitCount": 1, "resultList": {"result": [RESULT]}}, indent=1),
        json.dumps(RESULT) + "\n",
    ],
)
def test_europe_pmcs_json_is_read_in_any_shape(text):
    found = record(text, CitationFormat.EUROPEPMC)

    assert (found.pmid, found.title, found.year, found.source_id) == (
        "28436951", "Hypoxic miR-23a", 2017, "MED:28436951",
    )  # fmt: skip


def test_a_result_a_line_is_read_line_by_line():
    lines = [
        json.dumps(RESULT),
        "",
        "{broken",
        json.dumps({"id": "1", "source": "MED"}),
        json.dumps(RESULT | {"pubYear": "2050"}),
    ]
    found = rows("\n".join([json.dumps(RESULT), *lines]), CitationFormat.EUROPEPMC)

    assert [(row.line, isinstance(row, Row)) for row in found] == [
        (1, True),
        (2, True),
        (4, False),
        (5, False),
        (6, False),
    ]
    assert found[-1].column == "pubYear"


@pytest.mark.parametrize("format", CitationFormat)
def test_a_file_with_nothing_in_it_says_so(format):
    for data in (b"", b"\n\n", b"\xef\xbb\xbf"):
        (found,) = rows(data, format)
        assert isinstance(found, RefusedRow)
        assert found.reason


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("a.csv", b"", CitationFormat.CSV),
        ("A.RIS", b"", CitationFormat.RIS),
        ("export.txt", RIS.encode(), CitationFormat.RIS),
        ("export.txt", RIS.encode("utf-16"), CitationFormat.RIS),
        ("pubmed-exosome.txt", b"\n" + NBIB.encode(), CitationFormat.NBIB),
        ("refs.txt", BIBTEX.encode(), CitationFormat.BIBTEX),
        ("page", b'{"resultList": {}}', CitationFormat.EUROPEPMC),
        ("table.txt", b"title;year\n", CitationFormat.CSV),
    ],
)
def test_a_format_is_known_by_the_name_or_by_the_beginning(name, data, format):
    assert format_of(name, io.BytesIO(data)) is format


@pytest.mark.parametrize("tag", ["TI", "AB"])
def test_a_value_of_five_megabytes_is_refused(tag):
    long = "x" * (5 << 20)
    found = rows(f"TY  - JOUR\nTI  - T\n{tag}  - {long}\nER  - \nTY  - JOUR\nTI  - Good\nER  - \n".replace(
        "TI  - T\nTI", "TI"), CitationFormat.RIS)  # fmt: skip

    assert isinstance(found[0], RefusedRow)
    assert "characters" in found[0].reason
    assert found[1].record.title == "Good"


@given(
    st.sampled_from([CitationFormat.RIS, CitationFormat.BIBTEX, CitationFormat.NBIB, CitationFormat.EUROPEPMC]),
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "TY  - JOUR",
                    "TI  - A title",
                    "ER  - ",
                    "PMID- 12",
                    "      more",
                    "@article{a,",
                    "title = {x},",
                    "}",
                    "{",
                    '"',
                ]
            ),
            st.text(max_size=20),
        ),
        max_size=15,
    ),
)
def test_whatever_the_lines_each_record_is_read_or_refused(format, lines):
    for row in rows("\n".join(lines).encode("utf-8", "replace"), format):
        assert row.line >= 1
        if isinstance(row, Row):
            assert row.record.title
            assert "\0" not in row.record.title
        else:
            assert row.reason
