"""One trial, whole: its maturity taken apart, its words in place, its versions with their differences."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.factories import trial_record
from tests.records import record
from tracker import terms
from tracker.models import Annotation, Trial, TrialAlias
from tracker.pipeline import absorb
from tracker.reads.trial import find_number, whole_trial
from tracker.reads.words_in_place import field_words, origin_words
from tracker.scoring import reasons
from tracker.sources.ctgov_records import read_record

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)
EV = "NCT07376512"  # EVpredict: a whole registry record about EVs


@pytest.fixture
def evpredict(db):
    absorb(
        records=[read_record(record(EV), origin=terms.Origin.REGISTRY)], origin=terms.Origin.REGISTRY, run=None, at=AT
    )
    return Trial.objects.get(pk=EV)


def test_the_rows_sum_to_their_components_and_those_to_the_strength(evpredict):
    maturity = whole_trial(EV).maturity
    for group in maturity.components:
        assert sum(Decimal(str(row["earned"])) for row in group.rows) == group.earned
        assert sum(Decimal(str(row["possible"])) for row in group.rows) == group.possible
    assert sum(group.earned for group in maturity.components) == maturity.row.earned
    assert sum(group.possible for group in maturity.components) == maturity.row.possible


def test_what_would_move_it_is_the_stage_and_the_three_rows_with_most_to_gain(evpredict):
    maturity = whole_trial(EV).maturity
    rows = [move for move in maturity.moves if move.unit != "stage"]
    gains = sorted(
        (Decimal(str(r["possible"])) - Decimal(str(r["earned"])) for g in maturity.components for r in g.rows),
        reverse=True,
    )
    assert [Decimal(move.gain) for move in rows] == [gain for gain in gains if gain > 0][:3]
    assert maturity.moves[0].unit == "stage"
    assert maturity.moves[0].gain == f"{maturity.row.stage} → {maturity.row.stage_possible}"
    assert all(move.rule for move in maturity.moves)


def test_every_marked_word_stands_in_the_stored_text(evpredict):
    whole = whole_trial(EV)
    texts = {passage.field: passage.text for passage in whole.passages}
    found = 0
    for annotation in whole.annotations:
        for words in annotation.words:
            assert texts[words["field"]][words["start"] : words["end"]] == words["text"]
            found += 1
    assert found > 5
    assert sum(passage.marked for passage in whole.passages) > 5
    assert whole.styles[0][0] in {"ev", "dz", "sp", "cg", "rl", "rd"}


def test_a_rejected_annotation_leaves_the_text_alone_and_stays_in_the_table(evpredict):
    Annotation.objects.filter(trial=EV).update(state="rejected", decided=AT)
    whole = whole_trial(EV)
    assert not any(passage.marked for passage in whole.passages)
    assert whole.annotations
    assert whole.has_decisions


def test_words_of_an_older_state_are_not_marked_in_the_new_text(evpredict):
    Annotation.objects.filter(trial=EV).exclude(pk=Annotation.objects.filter(trial=EV).first().pk).delete()
    annotation = Annotation.objects.get(trial=EV)
    annotation.words = [{"field": "brief_summary", "start": 3, "end": 9, "text": "vesicle"}]
    annotation.save()
    assert not any(passage.marked for passage in whole_trial(EV).passages)


def test_overlapping_words_are_cut_and_each_says_its_terms(evpredict):
    title = next(passage.text for passage in whole_trial(EV).passages if passage.field == "brief_title")
    Annotation.objects.filter(trial=EV).delete()
    start = title.index("Plasma Extracellular")
    for facet, term, length in (("specimen", "plasma", 6), ("ev", "vesicle", 20)):
        words = [{"field": "brief_title", "start": start, "end": start + length, "text": title[start : start + length]}]
        Annotation.objects.create(trial_id=EV, facet=facet, term=term, words=words, proposed=AT)
    passage = next(p for p in whole_trial(EV).passages if p.field == "brief_title")
    marked = [(piece.text, piece.style) for piece in passage.pieces if piece.style]
    assert marked == [("Plasma", "ev"), (" Extracellular", "ev")]
    assert "specimen: plasma, proposed by rule" in passage.pieces[1].title
    assert passage.text == title


def test_versions_stand_newest_first_with_their_named_differences(evpredict):
    later = trial_record(
        EV,
        of=EV,
        statusModule__overallStatus="RECRUITING",
        statusModule__completionDateStruct__date="2031-04-15",
        statusModule__lastUpdatePostDateStruct__date="2026-03-20",
        outcomesModule__primaryOutcomes=[{"measure": "Overall survival", "timeFrame": "2 years"}],
    )
    absorb(records=[later], origin=terms.Origin.REGISTRY, run=None, at=AT)

    whole = whole_trial(EV)

    assert [line.version.number for line in whole.versions] == [2, 1]
    assert whole.versions[0].is_current
    sentences = [change.sentence for change in whole.versions[0].changes]
    assert "Status not yet recruiting → recruiting" in sentences
    assert "Completion moved 410 days later, 2030-03-01 → 2031-04-15" in sentences
    [switch] = whole.outcome_switches
    assert switch.after == ("Overall survival (2 years)",)
    assert "ELISA" in switch.before[0]


def test_a_trial_that_only_mentions_evs_says_why_it_has_no_stage(evpredict):
    evpredict.maturities.all().delete()
    Trial.objects.filter(pk=EV).update(relevance="mention", track=None, stage=None, stage_possible=None, score=None)
    whole = whole_trial(EV)
    assert whole.maturity is None
    assert whole.none_because == reasons.NOT_ABOUT[terms.Relevance.MENTION]


@pytest.mark.parametrize("given", ["nct07376512", " NCT7376512", "Nct0007376512", "NCT07376512"])
def test_a_number_is_read_in_any_case_and_length(evpredict, given):
    assert find_number(given) == (EV, EV)


def test_an_alias_leads_to_the_surviving_trial(evpredict):
    TrialAlias.objects.create(alias="NCT01234567", trial=evpredict, seen=AT)
    assert find_number("NCT01234567") == (EV, "NCT01234567")
    assert whole_trial(EV).aliases == ("NCT01234567",)


def test_what_is_no_number_and_what_is_not_stored(db):
    assert find_number("NCT0") == (None, None)
    assert find_number("exosome") == (None, None)
    assert find_number("NCT00000001") == (None, "NCT00000001")


def test_field_names_are_said_in_words():
    assert field_words("primary_outcomes.0.measure") == "Primary outcome 1, measure"
    assert field_words("interventions.2.other_names.0") == "Intervention 3, other names"
    assert field_words("brief_summary") == field_words("summary") == "Summary"
    assert field_words("stated.histology.0") == "Histology, as stated"
    assert origin_words("stated.model.1 “phase II trial”") == "Model, as stated “phase II trial”"


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("designInfo.allocation", "Design info: allocation"),
        ("statusModule.studyFirstSubmitDate", "Status: study first submit date"),
        ("brief_summary “compared; with responders”", "Summary “compared; with responders”"),
        ("primary_outcomes.0.measure “Serum”", "Primary outcome 1, measure “Serum”"),
        (
            "eligibilityModule.healthyVolunteers; eligibility “Lung cancer”",
            "Eligibility: healthy volunteers; Eligibility “Lung cancer”",
        ),
        ("the record's text", "the record's text"),
        ("evidence links", "evidence links"),
        ("hasResults", "Has results"),
    ],
)
def test_where_a_fact_was_read_is_said_in_words(origin, words):
    assert origin_words(origin) == words


def test_the_whole_costs_the_same_queries_with_ten_versions_more(evpredict, django_assert_num_queries):
    with django_assert_num_queries(8):
        whole_trial(EV)
    for count in range(10):
        absorb(
            records=[
                trial_record(
                    EV,
                    of=EV,
                    designModule__enrollmentInfo__count=400 + count,
                    statusModule__lastUpdatePostDateStruct__date=f"2026-03-{count + 1:02d}",
                )
            ],
            origin=terms.Origin.REGISTRY,
            run=None,
            at=AT,
        )
    with django_assert_num_queries(8):
        assert len(whole_trial(EV).versions) == 11
