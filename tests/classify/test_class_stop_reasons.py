"""Reasons for stopping: measured on labelled texts, and the sentences that are easily got wrong."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tests.classify.reading import all_records, classify, labels, named
from tests.factories import trial_record
from tracker.classify.lexicon import load
from tracker.classify.matcher import matcher
from tracker.classify.stopping import stop_classes
from tracker.terms import Facet, StopClass

COSTLY = (StopClass.NEGATIVE, StopClass.SAFETY, StopClass.SUCCESS)


def classes(text):
    return {str(name) for name in stop_classes(text, matcher(load()))}


def labelled(part):
    return [
        (row["why_stopped"], set(row["classes"].split(";"))) for row in labels("stop_reasons") if row["part"] == part
    ]


def f1_by_class(rows, of):
    """F1 of each class over these (text, labels) rows; ``of`` gives the classes that count of a set."""
    right, added, missed = Counter(), Counter(), Counter()
    for text, meant in rows:
        told, wanted = of(classes(text)), of(meant)
        right.update(told & wanted)
        added.update(told - wanted)
        missed.update(wanted - told)
    return {one: 2 * right[one] / (2 * right[one] + added[one] + missed[one]) for one in (right | added | missed)}


def costly(found):
    return {one for one in found if one in COSTLY} or {"none of these"}


def test_the_labels_are_whole():
    rows = labels("stop_reasons")

    assert len(rows) >= 300
    assert len({row["nct_id"] for row in rows}) == len(rows)
    assert {row["part"] for row in rows} == {"rules", "held_out"}
    known = set(StopClass) - {StopClass.NOT_GIVEN}
    assert {one for row in rows for one in row["classes"].split(";")} == known
    for part in ("rules", "held_out"):
        assert {StopClass.NEGATIVE, StopClass.SAFETY, StopClass.SUCCESS} <= {
            one for _, of in labelled(part) for one in of
        }


def test_classes_on_the_held_out_part():
    rows = labelled("held_out")

    four = f1_by_class(rows, costly)
    macro = sum(four.values()) / len(four)
    accuracy = sum(classes(text) == meant for text, meant in rows) / len(rows)

    figures = ", ".join(f"{name} {value:.3f}" for name, value in sorted(four.items()))
    sys.stdout.write(
        f"\nstop reasons, {len(rows)} held out: macro-F1 {macro:.3f} ({figures}), all classes {accuracy:.3f}\n"
    )
    assert set(four) == {*COSTLY, "none of these"}
    assert macro >= 0.9
    assert accuracy >= 0.85


def test_every_word_of_every_reason_is_found_again():
    for row in labels("stop_reasons"):
        text = row["why_stopped"]
        for words in stop_classes(text, matcher(load())).values():
            assert all(text[one["start"] : one["end"]] == one["text"] for one in words)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Not due to safety", {"unclear"}),
        ("Business decision (not for safety reasons)", {"business"}),
        ("Slow accrual, not related to safety or efficacy", {"enrolment"}),
        ("No safety concerns; lack of funding", {"business"}),
        ("There were no new or unexpected safety issues. Futility.", {"negative"}),
        ("Safety concerns were not a factor; sponsor decision", {"business"}),
        ("The decision was not made for safety or efficacy reasons", {"unclear"}),
        ("Stopped for lack of efficacy and not for safety reasons", {"negative"}),
        ("This was not due to lack of efficacy but to slow accrual", {"enrolment"}),
        ("Recommendation of the Data and Safety Monitoring Board", {"unclear"}),
    ],
)
def test_what_is_denied_does_not_count(text, meant):
    assert classes(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Futility of recruitment", {"enrolment"}),
        ("Enrollment futility", {"enrolment"}),
        ("Futility", {"negative"}),
        ("Coronavirus pandemic", {"covid"}),
        ("Withdrawn due to concerns for patient safety during the COVID-19 crisis", {"covid"}),
        ("A contaminated batch of the study drug", {"logistics"}),
        ("Removal of lots for safety reasons", {"logistics"}),
        ("Safety objective achieved", {"success"}),
        ("Primary endpoint was not met", {"negative"}),
        ("Primary endpoint met at the interim analysis", {"success", "interim"}),
        ("Unacceptable toxicity and lack of efficacy", {"safety", "negative"}),
        ("Recruiting or enrolling participants has halted prematurely and will not resume", {"unclear"}),
        ("Strategic business decision; no patients were enrolled", {"business"}),
        ("No participants were enrolled", {"enrolment"}),
        ("See Detailed Description", {"unclear"}),
    ],
)
def test_words_are_read_by_what_they_are_about(text, meant):
    assert classes(text) == meant


class TestTrialsThatStop:
    @pytest.mark.parametrize("status", ["TERMINATED", "WITHDRAWN", "SUSPENDED"])
    @pytest.mark.parametrize("why", [None, "  "])
    def test_without_a_text_give_no_reason(self, status, why):
        stopped = classify(trial_record(statusModule__overallStatus=status, statusModule__whyStopped=why))

        assert named(stopped, Facet.STOP_REASON) == {StopClass.NOT_GIVEN: []}

    def test_are_classed_by_their_text_whatever_the_status_says(self):
        going = trial_record(statusModule__overallStatus="RECRUITING", statusModule__whyStopped="Slow accrual")

        assert set(named(classify(going), Facet.STOP_REASON)) == {StopClass.ENROLMENT}

    def test_are_told_from_trials_that_go_on(self):
        going = trial_record(statusModule__overallStatus="COMPLETED")

        assert named(classify(going), Facet.STOP_REASON) == {}

    def test_among_the_real_records_all_have_a_class(self):
        for record in all_records().values():
            found = named(classify(record), Facet.STOP_REASON)
            assert bool(found) == (record.overall_status in ("TERMINATED", "WITHDRAWN", "SUSPENDED")), record.nct_id
