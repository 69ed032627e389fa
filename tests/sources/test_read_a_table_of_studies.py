"""Tables as spreadsheets and databases save them, sound and broken: every row is read, or refused with its place."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.sources.citations import CitationFormat, RefusedRow, Row, read, unread_columns
from tracker.sources.citations.columns import known
from tracker.terms import StudyFactName as Fact

YEAR = 2026
TITLE = "Exosome-transmitted lncRNA UFC1 promotes non-small-cell lung cancer progression"


def rows(data: bytes | str) -> list[Row | RefusedRow]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(read(stream, format=CitationFormat.CSV, this_year=YEAR))


def one(data: bytes | str) -> Row:
    (found,) = rows(data)
    assert isinstance(found, Row), found
    return found


def refused(data: bytes | str) -> RefusedRow:
    (found,) = rows(data)
    assert isinstance(found, RefusedRow), found
    return found


def cell(column: str, value: str) -> Row | RefusedRow:
    quoted = value.replace('"', '""')
    (found,) = rows(f'title,{column}\n{TITLE},"{quoted}"\n')
    return found


def test_a_row_of_the_starter_collection_is_read_with_its_facts():
    row = one(
        "study_id,pmid,pmcid,doi,title,year,journal,candidate,role,ev_source,cargo,mechanism,histology,specimen,model,"
        "isolation,characterisation,n_patients,n_controls,n_animals,validation_cohort,effect,direction,source_url,"
        "read_at,facts_read\n"
        "S025,33461557,PMC7812728,10.1186/s12943-021-01302-0,A title of some length,2021,Molecular Cancer,"
        "plasma EV four-miRNA signature,diagnosis;screening,patient plasma,miR-106b-3p;miR-125a-5p,,"
        "adenocarcinoma (stage I),plasma,,,,254,206,,yes,AUC 0.917 (training); AUC 0.902 (test),supports,"
        "https://doi.org/10.1186/s12943-021-01302-0,https://pmc.ncbi.nlm.nih.gov/articles/PMC7812728,In our words.\n"
    )

    record = row.record
    assert (row.line, row.candidate) == (2, "plasma EV four-miRNA signature")
    assert (record.pmid, record.pmcid, record.doi) == ("33461557", "PMC7812728", "10.1186/s12943-021-01302-0")
    assert (record.year, record.journal, record.collection_key) == (2021, "Molecular Cancer", "S025")
    assert record.source_url == "https://doi.org/10.1186/s12943-021-01302-0"
    assert record.read_at == "https://pmc.ncbi.nlm.nih.gov/articles/PMC7812728"
    assert record.summary == "In our words."
    assert row.facts[Fact.N_PATIENTS] == 254
    assert row.facts[Fact.N_CONTROLS] == 206
    assert row.facts[Fact.COHORTS] == ["discovery", "validation"]
    assert row.facts[Fact.ROLE] == ["diagnosis", "screening"]
    assert row.facts[Fact.CARGO] == ["miR-106b-3p", "miR-125a-5p"]
    assert [finding["value"] for finding in row.facts[Fact.FINDINGS]] == [0.917, 0.902]
    assert row.facts[Fact.DIRECTION] == "supports"


def test_empty_means_not_read_and_makes_no_fact():
    row = one(f"title,n_patients,n_animals,validation_cohort,effect,cargo,year,doi\n{TITLE},,, ,,;,,\n")

    assert row.facts == {Fact.CARGO: []} or row.facts == {}
    assert (row.record.year, row.record.doi) == (None, None)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8-sig", b""), ("utf-16", b""), ("utf-16-le", b""), ("utf-16-be", b""), ("cp1252", b"")],
)
def test_an_encoding_is_recognised(encoding, mark):
    row = one(mark + "title;journal\r\nÜber exosomale miR‑21 – ein Überblick;Zeitschrift für Ärzte\r\n".replace(
        "\u2011", "-").encode(encoding))  # fmt: skip

    assert row.record.title == "Über exosomale miR-21 – ein Überblick"
    assert row.record.journal == "Zeitschrift für Ärzte"


def test_latin_1_is_read_where_windows_has_no_sign():
    assert one(b"title,journal\nMol\xe9cules \x81 exosomales,X\n").record.title == "Mol\xe9cules \x81 exosomales"


def test_a_damaged_line_is_refused_and_does_not_change_the_files_encoding():
    found = rows(
        "title,journal\nÜber Exosomen,Ärzte\n".encode() + b"Damaged \xff\xfe\xff title,X\n" + "Größe,Ü\n".encode()
    )

    assert [row.record.title for row in found if isinstance(row, Row)] == ["Über Exosomen", "Größe"]
    (bad,) = [row for row in found if isinstance(row, RefusedRow)]
    assert (bad.line, bad.column) == (3, "title")
    assert "encoding" in bad.reason


def test_nul_and_other_control_signs_are_taken_out():
    assert one(b"title,year\nExo\x00somal \x07miR-21,20\x0017\n").record.title == "Exosomal miR-21"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_seen_from_the_columns(separator):
    row = one(
        separator.join(["PMID", "Title", "Publication Year"]) + "\n" + separator.join(["1", TITLE, "2020"]) + "\n"
    )

    assert (row.record.pmid, row.record.title, row.record.year) == ("1", TITLE, 2020)


def test_a_separator_that_the_file_declares_is_believed():
    assert one(f"sep=;\ntitle;year\n{TITLE};2020\n").record.year == 2020


def test_columns_are_known_by_what_other_programs_call_them():
    pubmed = '"PMID","Title","Authors","Citation","First Author","Journal/Book","Publication Year","PMCID","DOI"\n'
    row = one(
        pubmed
        + f'"28553110","{TITLE}","Qin X, Yu S, Zhou L.","c","Qin X","Int J Nanomedicine",'
        + '"2017","PMC5439933","10.2147/IJN.S131516"\n'
    )

    assert row.record.authors == ("Qin X", "Yu S", "Zhou L")
    assert (row.record.journal, row.record.year, row.record.doi) == ("Int J Nanomedicine", 2017, "10.2147/ijn.s131516")
    assert unread_columns(io.BytesIO(pubmed.encode()), format=CitationFormat.CSV) == ["Citation", "First Author"]


def test_every_fact_has_a_column_of_its_name():
    assert {known(fact.value) for fact in Fact} == {fact.value for fact in Fact}


def test_html_in_a_title_becomes_text():
    row = cell("journal", "<i>Cell</i> Death &amp; Disease")
    assert row.record.journal == "Cell Death & Disease"
    titled = one('title\n"<script>alert(1)</script>Exosomal <i>EGFR</i> &lt;T790M&gt; with CO<sub>2</sub>"\n')
    assert "<script>" not in titled.record.title
    assert titled.record.title.startswith("Exosomal EGFR")
    assert titled.record.title.endswith("CO2")


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://x","y")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)"])
def test_a_formula_is_text(formula):
    row = cell("cargo", formula)

    assert row.facts[Fact.CARGO] == [formula]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("pmid", "2.8E+07", "no PubMed number"),
        ("pmid", "abc", "no PubMed number"),
        ("pmid", "0", "no PubMed number"),
        ("pmid", "1234567890", "no PubMed number"),
        ("pmcid", "PMCX", "no PubMed Central number"),
        ("doi", "doi:11.1/x", "no DOI"),
        ("doi", "10.1186", "no DOI"),
        ("year", "1899", "between 1900 and 2027"),
        ("year", "2028", "between 1900 and 2027"),
        ("year", "unknown", "no year"),
        ("year", "20170", "no year"),
        ("role", "diagnosis;cure", "“cure” is not one of: screening"),
        ("direction", "maybe", "supports, neutral, contradicts"),
        ("n_patients", "about 80", "no whole number"),
        ("n_patients", "-3", "no whole number"),
        ("n_animals", "3.5", "no whole number"),
        ("validation_cohort", "perhaps", "neither yes nor no"),
        ("cohorts", "training", "discovery, validation, independent"),
        ("blinded", "somewhat", "yes, no"),
        ("stage_evidence", "magic", "is not one of"),
        ("source_url", "javascript:alert(1)", "no web address"),
        ("is_open_access", "partly", "neither yes nor no"),
        ("study_id", "x" * 61, "60 characters"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_line_column_and_reason(column, value, says):
    found = cell(column, value)

    assert isinstance(found, RefusedRow)
    assert (found.line, found.column) == (2, column)
    assert says in found.reason


@pytest.mark.parametrize(
    ("column", "value", "field", "told"),
    [
        ("pmid", "28436951.0", "pmid", "28436951"),
        ("pmid", "PMID: 28436951", "pmid", "28436951"),
        ("pmcid", "5439933", "pmcid", "PMC5439933"),
        ("doi", "https://doi.org/10.2147/IJN.S131516", "doi", "10.2147/ijn.s131516"),
        ("year", "2017.0", "year", 2017),
        ("year", "2027", "year", 2027),
        ("year", "1900", "year", 1900),
        ("authors", "Liu, Yi-Ming; Luo, F.; The Consortium", "authors", ("Liu YM", "Luo F", "The Consortium")),
        ("authors", "Liu, Yi", "authors", ("Liu Y",)),
        ("language", "English", "language", None),
    ],
)
def test_a_value_is_brought_into_one_form(column, value, field, told):
    assert getattr(cell(column, value).record, field) == told


def test_a_row_without_a_title_is_refused():
    assert refused("pmid,Article Title\n1,\n") == RefusedRow(
        2, "Article Title", "It has no title, and a study is not kept without one."
    )
    assert "no title" in refused("pmid,title\n1,<b></b>\n").reason


def test_a_table_without_a_title_column_is_refused_as_a_whole():
    found = refused("one,two\n1,2\n3,4\n")
    assert found.line == 1
    assert "“title”" in found.reason
    assert "“one”" in found.reason


def test_two_columns_of_one_meaning_are_refused():
    found = refused("title,Article Title\na,b\n")
    assert found.column == "Article Title"
    assert "“title”" in found.reason


def test_an_open_quotation_mark_costs_its_own_line_alone():
    found = rows(
        'title,pmid,year\n"Open,1,2017\nGood,2,2018\n"With, comma",3,2019\n"Over\ntwo lines",4,2019\n'
        'Quoted "inside",5,2019\n"x"y,6,2020\n"last,7,2020\n'
    )

    assert [(row.line, row.record.pmid) for row in found if isinstance(row, Row)] == [
        (3, "2"),
        (4, "3"),
        (5, "4"),
        (7, "5"),
    ]
    assert [row.line for row in found if isinstance(row, RefusedRow)] == [2, 8, 9]
    assert all("quotation" in row.reason for row in found if isinstance(row, RefusedRow))


def test_a_row_with_more_cells_than_columns_is_refused_and_one_with_fewer_is_read():
    found = rows("title,pmid,year\nOne, two,1,2020\nThree,2\n")

    assert "4 cells" in found[0].reason
    assert (found[1].record.pmid, found[1].record.year) == ("2", None)


def test_a_cell_of_five_megabytes_is_refused_and_the_rest_goes_in():
    long = b"x" * (5 << 20)
    found = rows(b'title,abstract\nA,"' + long + b'"\nB,' + long + b'\nC,"' + b"line\n" * 200_000 + b'"\nD,short\n')

    assert [row.line for row in found] == [2, 3, 4, 200_005]
    assert all(isinstance(row, RefusedRow) and "131,072" in row.reason for row in found[:3])
    assert found[3].record.title == "D"


def test_an_open_quotation_mark_does_not_swallow_a_long_file():
    many = "".join(f"Title number {number},2020\n" for number in range(10_000))
    found = rows('title,year\n"Open,2019\n' + many + '"Quoted, title",2021\n')

    assert [row.line for row in found if isinstance(row, RefusedRow)] == [2]
    assert len(found) == 10_002
    assert found[-1].record.title == "Quoted, title"


def test_a_title_that_is_a_whole_text_is_refused():
    assert "no title" in refused("title\n" + "x" * 3000 + "\n").reason


def test_an_empty_file_says_so():
    assert refused(b"") == RefusedRow(1, "", "The file is empty.")
    assert rows("title,year\n\n\n") == []


@pytest.mark.parametrize(
    ("words", "metric", "value", "unit"),
    [
        ("AUC 0.917 (training)", "AUC", 0.917, None),
        ("sensitivity 97.8%", "sensitivity", 97.8, "%"),
        ("hazard ratio 0.62", "hazard ratio", 0.62, None),
        ("HR = 0.62", "hazard ratio", 0.62, None),
        ("median OS 15 months", "median overall survival", 15.0, "months"),
        ("tumour growth inhibition 60% (P<0.001)", "tumour growth inhibition", 60.0, "%"),
    ],
)
def test_a_number_behind_its_metric_is_a_finding(words, metric, value, unit):
    (found,) = cell("effect", words).facts[Fact.FINDINGS]

    assert (found["metric"], found["value"], found["unit"], found["note"]) == (metric, value, unit, words)


@pytest.mark.parametrize(
    "words",
    [
        "AUC >0.93 (four-miRNA panel)",
        "AUC 9.3",
        "about 80% both",
        "19/19 cases matched",
        "dead or 5 alive",
        "sensitivity 120%",
    ],
)
def test_what_is_not_plainly_said_stays_a_note(words):
    (found,) = cell("effect", words).facts[Fact.FINDINGS]

    assert found == {
        "metric": None, "value": None, "low": None, "high": None, "n": None, "unit": None, "note": words,
    }  # fmt: skip


def test_an_interval_and_its_n_are_read():
    (found,) = cell("effect", "AUC 0.85 (95% CI 0.80-0.90), n=120").facts[Fact.FINDINGS]
    assert (found["value"], found["low"], found["high"]) == (0.85, 0.80, 0.90)


def test_two_values_of_one_metric_are_two_findings():
    found = cell("effect", "AUC 0.738 and 0.761").facts[Fact.FINDINGS]
    assert [finding["value"] for finding in found] == [0.738, 0.761]


@pytest.mark.parametrize(
    ("words", "lines", "animal", "species"),
    [
        ("cell culture (A549, A549/DDP);mouse xenograft", ["A549", "A549/DDP"], "mouse xenograft", "mouse"),
        ("cell culture (11 cancer lines, primary bronchial epithelial cells)", None, None, None),
        ("cell culture;in vivo", None, None, None),
        (
            "orthotopic and metastatic lung tumour (animal)",
            None,
            "orthotopic and metastatic lung tumour (animal)",
            None,
        ),
        ("phase I trial", None, None, None),
        ("rat and mouse", None, "rat and mouse", None),
    ],
)
def test_a_model_is_read_where_it_is_plainly_said(words, lines, animal, species):
    facts = cell("model", words).facts

    assert facts[Fact.MODEL] == [part.strip() for part in words.split(";")]
    assert facts.get(Fact.CELL_LINES) == lines
    assert facts.get(Fact.ANIMAL_MODEL) == animal
    assert facts.get(Fact.ANIMAL_SPECIES) == species


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_whatever_the_bytes_each_row_is_read_or_refused_and_what_is_read_can_be_stored(lines):
    for row in rows(b"title,pmid,doi,year,effect,model\n" + b"\n".join(lines)):
        if isinstance(row, Row):
            assert row.record.title
            assert "\0" not in row.record.title
            row.record.title.encode()
        else:
            assert row.reason
        assert row.line >= 1
