"""Which rows of a file are one publication: whatever their order, however often, however a DOI is written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker.sources.bibliography import doi_of, pmcid_of, pmid_of, study_record
from tracker.sources.citations import Row
from tracker.sync.study_files import kinship
from tracker.terms import RowFate, StudyFactName

TITLES = (
    "Exosomal PD-L1 promotes tumor growth through immune escape",
    "Exosomal Transfer of lncRNA H19 Promotes Erlotinib Resistance",
    "Reply",
)
told = st.builds(
    dict,
    title=st.sampled_from(TITLES),
    year=st.sampled_from([None, 2019, 2020]),
    pmid=st.sampled_from([None, None, "1", "2", "3"]),
    doi=st.sampled_from([None, None, "10.1000/a", "10.1000/b", "10.1000/c"]),
    pmcid=st.sampled_from([None, None, None, "PMC1"]),
    collection_key=st.sampled_from([None, None, None, "S1"]),
    journal=st.sampled_from([None, "Cancers"]),
)
files = st.lists(told, max_size=8)


def rows(file) -> list[Row]:
    facts = {StudyFactName.N_PATIENTS: 12}
    return [Row(line, study_record(**values), facts, None) for line, values in enumerate(file, start=2)]


def fates(given_rows) -> list[RowFate | None]:
    kin = kinship(given_rows)
    return [said[0] if (said := kin.said(at)) else None for at in range(len(given_rows))]


def chosen(given_rows) -> list[bytes]:
    return sorted(row.record.raw for row, fate in zip(given_rows, fates(given_rows), strict=True) if fate is None)


@given(files, st.randoms())
def test_what_goes_in_does_not_hang_on_the_order_of_the_rows(file, random):
    shuffled = random.sample(file, len(file))

    assert chosen(rows(shuffled)) == chosen(rows(file))


@given(files)
def test_a_file_twice_over_is_the_file_once(file):
    assert chosen(rows(file + file)) == chosen(rows(file))


@given(files)
def test_no_two_rows_that_go_in_share_an_identifier(file):
    made = rows(file)
    going = [row for row, fate in zip(made, fates(made), strict=True) if fate is None]
    known = [one for row in going for one in row.record.identifiers]

    assert len(known) == len(set(known))


@given(files)
def test_every_row_goes_in_or_is_named_with_a_reason_and_none_is_lost(file):
    made = rows(file)
    kin = kinship(made)
    for at, row in enumerate(made):
        said = kin.said(at)
        if said is None:
            continue
        fate, _, reason = said
        assert fate in (RowFate.DUPLICATE, RowFate.REFUSED)
        others = [one for one in made if one.line != row.line and f"{one.line}" in reason]
        assert others, reason


def test_the_row_that_tells_most_goes_in_and_the_other_is_named():
    made = rows(
        [{"title": TITLES[0], "pmid": "1"}, {"title": TITLES[0], "pmid": "1", "year": 2020, "journal": "Cancers"}]
    )
    kin = kinship(made)

    assert kin.said(1) is None
    assert kin.said(0) == (
        RowFate.DUPLICATE, "", "It is the same publication as line 3, which goes in since it tells more."
    )  # fmt: skip


def test_rows_joined_by_a_third_are_one_publication():
    made = rows(
        [
            {"title": TITLES[0], "pmid": "1"},
            {"title": TITLES[0], "doi": "10.1000/a"},
            {"title": TITLES[0], "pmid": "1", "doi": "10.1000/a"},
        ]
    )

    assert fates(made) == [RowFate.DUPLICATE, RowFate.DUPLICATE, None]


def test_rows_that_contradict_each_other_do_not_go_in():
    made = rows(
        [{"title": TITLES[0], "pmid": "1", "doi": "10.1000/a"}, {"title": TITLES[1], "pmid": "2", "doi": "10.1000/a"}]
    )
    kin = kinship(made)

    fate, column, reason = kin.said(0)
    assert (fate, column) == (RowFate.REFUSED, "pmid")
    assert "line 3" in reason
    assert fates(made) == [RowFate.REFUSED, RowFate.REFUSED]


def test_a_title_alike_is_a_suspicion_and_both_go_in():
    made = rows(
        [
            {"title": TITLES[0], "pmid": "1", "year": 2019},
            {"title": TITLES[0].upper() + "!", "pmid": "2", "year": 2019},
            {"title": TITLES[0], "pmid": "3", "year": 2020},
            {"title": "Reply", "pmid": "4", "year": 2019},
            {"title": "Reply", "pmid": "5", "year": 2019},
        ]
    )
    kin = kinship(made)

    assert fates(made) == [None] * 5
    assert "line 3" in kin.like(made[0])
    assert "line 2" in kin.like(made[1])
    assert [kin.like(row) for row in made[2:]] == ["", "", ""]


name = st.from_regex(r"10\.\d{4,6}/[a-z0-9]([a-z0-9._()\-]{0,12}[a-z0-9])?", fullmatch=True).filter(
    lambda doi: doi.count("(") == doi.count(")") == 0
)
before = st.sampled_from(["", "doi:", "DOI ", "https://doi.org/", "http://dx.doi.org/", "doi: https://doi.org/", " "])
after = st.sampled_from(["", ".", ",", " ", ";", ")"])


@given(name, before, after, st.booleans())
def test_a_doi_is_one_however_it_is_written(doi, before, after, is_upper):
    written = before + (doi.upper() if is_upper else doi) + after

    assert doi_of(written) == doi
    assert doi_of(doi_of(written)) == doi_of(written)


@given(st.text(max_size=30))
def test_an_identifier_in_its_form_stays_in_it(text):
    for form in (doi_of, pmid_of, pmcid_of):
        once = form(text)
        if once is not None:
            assert form(once) == once
