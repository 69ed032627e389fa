"""A file of studies against what is stored: previewed, taken in whole or not at all, and the same every time."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import DataError, transaction

from tracker.models import Study, StudyFact, StudyVersion, SuspectedDuplicate, SyncRun
from tracker.pipeline import absorb_studies
from tracker.sync import study_files
from tracker.sync.study_files import File, preview, take_in
from tracker.terms import CitationFormat, FactOrigin, RowFate, RunState, StudyFactName, StudyOrigin

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
PD_L1 = "Exosomal PD-L1 promotes tumor growth through immune escape in non-small cell lung cancer"
H19 = "Exosomal Transfer of lncRNA H19 Promotes Erlotinib Resistance in Non-Small Cell Lung Cancer"
MIR = "Hypoxic lung cancer-secreted exosomal miR-23a increased angiogenesis and vascular permeability"


def file(*rows: dict[str, str], name: str = "studies.csv") -> File:
    columns = list(dict.fromkeys(column for row in rows for column in row)) or ["title"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return given(text.getvalue(), name=name)


def given(text: str | bytes, *, name: str = "studies.csv", format: CitationFormat = CitationFormat.CSV) -> File:
    data = text.encode() if isinstance(text, str) else text
    return File(name, format, lambda: io.BytesIO(data))


def taken(one: File, absorb=absorb_studies):
    return take_in(file=one, origin=one.origin, absorb=absorb, clock=lambda: NOON)


def seen(one: File):
    return preview(file=one, origin=one.origin, this_year=2026)


def fates(outcome) -> dict[str, int]:
    return {fate.value: count for fate, count in outcome.counts.items() if count}


def stored() -> tuple[object, ...]:
    """All that a second taking in must leave as it is."""
    return (
        sorted(Study.objects.values_list("id", "pmid", "doi", "title", "year", "version_count", "last_changed")),
        sorted(StudyFact.objects.values_list("study_id", "name", "at")),
        StudyVersion.objects.count(),
        sorted(SuspectedDuplicate.objects.values_list("kept_id", "other_id")),
    )


def test_a_preview_says_what_taking_in_then_does_and_writes_nothing():
    taken(file({"title": MIR, "pmid": "28436951"}, {"title": H19, "year": "2020", "journal": "Cancer Manag Res"}))
    before = stored()
    one = file(
        {"title": MIR, "pmid": "28436951", "year": "2017"},
        {"title": H19, "year": "2020", "journal": "Cancer Manag Res"},
        {"title": PD_L1, "doi": "10.1038/s12276-019-0295-2"},
        {"title": PD_L1, "doi": "https://doi.org/10.1038/S12276-019-0295-2", "year": "2019"},
        {"title": "Too early a study of exosomes", "year": "1800"},
    )

    foretold = seen(one)
    assert stored() == before
    outcome = taken(one)

    assert fates(foretold) == {"changed": 1, "unchanged": 1, "new": 1, "duplicate": 1, "refused": 1}
    assert fates(outcome) == fates(foretold)
    assert outcome.shown == foretold.shown
    assert Study.objects.count() == 3
    assert Study.objects.get(pmid="28436951").year == 2017
    assert Study.objects.get(doi="10.1038/s12276-019-0295-2").year == 2019
    run = SyncRun.objects.latest("pk")
    assert (run.state, run.seen, run.new, run.changed, run.unchanged, run.set_aside) == (RunState.DONE, 4, 1, 1, 2, 1)


def test_the_same_file_again_changes_nothing():
    one = file(
        {"title": MIR, "pmid": "28436951", "n_patients": "12"},
        {"title": H19, "year": "2020"},
        {"title": PD_L1, "study_id": "S003", "cargo": "PD-L1"},
    )
    taken(one)
    before = stored()

    again = taken(one)

    assert fates(again) == {"unchanged": 3}
    assert stored() == before


def test_facts_go_in_with_their_origin_and_a_new_value_is_a_change():
    taken(
        file({"title": MIR, "pmid": "28436951", "n_patients": "12", "cargo": "miR-23a;PD-L1", "direction": "supports"})
    )
    facts = {fact.name: fact for fact in StudyFact.objects.filter(origin=FactOrigin.IMPORT)}

    assert {name: fact.value for name, fact in facts.items()} == {
        "n_patients": 12, "cargo": ["miR-23a", "PD-L1"], "direction": "supports",
    }  # fmt: skip
    more = file({"title": MIR, "pmid": "28436951", "n_patients": "13"})
    assert fates(seen(more)) == {"changed": 1}
    assert fates(taken(more)) == {"changed": 1}
    assert StudyFact.objects.get(name=StudyFactName.N_PATIENTS, origin=FactOrigin.IMPORT).value == 13
    assert StudyFact.objects.get(name=StudyFactName.CARGO, origin=FactOrigin.IMPORT).value == ["miR-23a", "PD-L1"]


def test_a_pmid_twice_goes_in_once_and_the_other_row_is_named():
    outcome = taken(
        file({"title": MIR, "pmid": "28436951"}, {"title": MIR + " (copy)", "pmid": "28436951.0", "year": "2017"})
    )

    assert fates(outcome) == {"new": 1, "duplicate": 1}
    assert outcome.shown[RowFate.DUPLICATE][0].line == 2
    assert "line 3" in outcome.shown[RowFate.DUPLICATE][0].reason
    assert Study.objects.get().year == 2017


def test_a_row_that_denies_a_stored_study_is_refused_and_merges_nothing():
    taken(file({"title": MIR, "pmid": "28436951", "doi": "10.1038/onc.2017.105"}))
    before = stored()

    outcome = taken(file({"title": MIR, "pmid": "1", "doi": "10.1038/onc.2017.105"}))

    (refused,) = outcome.shown[RowFate.REFUSED]
    assert (refused.column, refused.study_id) == ("pmid", Study.objects.get().pk)
    assert "28436951" in refused.reason
    assert stored() == before


def test_another_collections_own_names_are_not_ours():
    taken(file({"title": MIR, "study_id": "S001"}))

    outcome = taken(file({"title": PD_L1, "study_id": "S001"}))

    assert "S001" in outcome.shown[RowFate.REFUSED][0].reason
    assert Study.objects.get().title == MIR


def test_a_title_and_year_alike_is_suspected_and_never_merged():
    taken(file({"title": H19, "year": "2020", "pmid": "1"}))
    one = file({"title": H19.upper() + ".", "year": "2020", "pmid": "2"}, {"title": H19, "year": "1999", "pmid": "3"})

    foretold = seen(one)
    taken(one)

    first = Study.objects.get(pmid="1")
    assert foretold.suspected == 1
    assert f"study {first.pk}" in foretold.shown[RowFate.NEW][0].reason
    pair = SuspectedDuplicate.objects.get()
    assert {pair.kept_id, pair.other_id} == {first.pk, Study.objects.get(pmid="2").pk}


def test_two_rows_alike_in_one_file_both_go_in_and_are_suspected():
    outcome = taken(file({"title": H19, "year": "2020", "pmid": "1"}, {"title": H19, "year": "2020", "pmid": "2"}))

    assert fates(outcome) == {"new": 2}
    assert outcome.suspected == 2
    assert SuspectedDuplicate.objects.count() == 1


def test_stopped_half_way_nothing_of_the_file_is_stored(monkeypatch):
    monkeypatch.setattr(study_files, "BATCH", 2)
    calls = []

    def stopping(**values):
        calls.append(values)
        if len(calls) == 2:
            raise RuntimeError("the machine went down")
        return absorb_studies(**values)

    rows = [{"title": f"{MIR}, part {number}", "pmid": str(number)} for number in range(1, 6)]
    with pytest.raises(RuntimeError):
        taken(file(*rows), absorb=stopping)

    assert len(calls) == 2
    assert not Study.objects.exists()
    run = SyncRun.objects.get()
    assert (run.state, run.new) == (RunState.INCOMPLETE, 0)
    assert "nothing of the file was taken in" in run.message
    assert fates(taken(file(*rows))) == {"new": 5}


def test_a_row_that_the_database_refuses_is_left_out_alone():
    def picky(**values):
        if any(record.pmid == "3" for record in values["records"]):
            raise DataError("value too long")
        return absorb_studies(**values)

    rows = [{"title": f"{MIR}, part {number}", "pmid": str(number)} for number in range(1, 6)]
    outcome = taken(file(*rows), absorb=picky)

    assert fates(outcome) == {"new": 4, "refused": 1}
    assert outcome.shown[RowFate.REFUSED][0].line == 4
    assert "value too long" in outcome.shown[RowFate.REFUSED][0].reason
    assert sorted(Study.objects.values_list("pmid", flat=True)) == ["1", "2", "4", "5"]


def test_what_is_stored_does_not_hang_on_the_order_of_the_rows(monkeypatch):
    monkeypatch.setattr(study_files, "BATCH", 2)
    rows = [
        {"title": MIR, "pmid": "28436951", "year": "", "doi": ""},
        {"title": MIR, "pmid": "", "year": "2017", "doi": "10.1038/onc.2017.105"},
        {"title": MIR, "pmid": "28436951", "year": "2017", "doi": "10.1038/onc.2017.105"},
        {"title": PD_L1, "pmid": "", "year": "", "doi": ""},
        {"title": PD_L1, "pmid": "", "year": "", "doi": ""},
        {"title": H19, "pmid": "7", "year": "2020", "doi": "10.1/bad"},
    ]
    results = []
    for order in (rows, rows[::-1], rows[3:] + rows[:3]):
        with transaction.atomic():
            outcome = taken(file(*order))
            results.append((fates(outcome), sorted(Study.objects.values_list("title", "pmid", "year", "doi"))))
            transaction.set_rollback(True)

    assert results[0] == results[1] == results[2]
    assert results[0][0] == {"new": 2, "duplicate": 3, "refused": 1}


def test_html_and_formulas_are_stored_as_text():
    taken(file({"title": "<b>Exosomal</b> EGFR &amp; <i>KRAS</i> in lung cancer", "pmid": "5", "cargo": "=1+1"}))

    assert Study.objects.get().title == "Exosomal EGFR & KRAS in lung cancer"
    assert StudyFact.objects.get(name="cargo", origin=FactOrigin.IMPORT).value == ["=1+1"]


def test_europe_pmcs_own_json_stays_its_own_and_a_files_where_that_is_said():
    page = '{"id": "28436951", "source": "MED", "pmid": "28436951", "title": "Hypoxic <i>miR-23a</i> in lung cancer."}'
    one = given(page, name="page.json", format=CitationFormat.EUROPEPMC)
    taken(one)
    assert Study.objects.get().origin == StudyOrigin.EUROPEPMC
    assert fates(seen(one)) == {"unchanged": 1}

    as_file = take_in(file=one, origin=StudyOrigin.FILE, absorb=absorb_studies, clock=lambda: NOON)

    assert fates(as_file) == {"changed": 1}
    assert Study.objects.get().origin == StudyOrigin.EUROPEPMC
    assert Study.objects.get().title == "Hypoxic miR-23a in lung cancer"


def test_a_file_of_which_nothing_can_be_read_says_so():
    outcome = taken(given("one,two\n1,2\n"))

    assert outcome.is_nothing
    assert SyncRun.objects.get().message == "Nothing could be read."


@pytest.mark.parametrize("count", [1200])
def test_many_rows_are_counted_whole_and_told_in_part(count):
    outcome = seen(
        given("title,pmid,year\n" + "".join(f"{MIR} {n},{n},{1800 if n % 2 else 2000}\n" for n in range(1, count + 1)))
    )

    assert Counter(outcome.counts) == {RowFate.NEW: count // 2, RowFate.REFUSED: count // 2}
    assert len(outcome.shown[RowFate.REFUSED]) == study_files.SHOWN
