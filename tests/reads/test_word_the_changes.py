"""A change in one sentence, numbers and dates as a reader says them."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.models import ChangeEvent
from tracker.reads.wording import change_sentence, counted, days_ago, figure, people, status_words


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {
                "kind": "date_slipped",
                "field": "completion",
                "before": {"date": "2024-06-01", "type": "ESTIMATED"},
                "after": {"date": "2025-07-16", "type": "ESTIMATED"},
                "days": 410,
            },
            "Completion moved 410 days later, 2024-06-01 → 2025-07-16",
        ),
        (
            {
                "kind": "date_slipped",
                "field": "start",
                "before": {"date": "2024-06-02", "type": None},
                "after": {"date": "2024-06-01", "type": None},
                "days": -1,
            },
            "Start moved 1 day earlier, 2024-06-02 → 2024-06-01",
        ),
        (
            {
                "kind": "date_slipped",
                "field": "start",
                "before": {"date": "2024-06", "type": "ESTIMATED"},
                "after": {"date": "2024-06", "type": "ACTUAL"},
                "days": None,
            },
            "Start 2024-06: planned → actual",
        ),
        (
            {
                "kind": "date_slipped",
                "field": "primary_completion",
                "before": {"date": None, "type": None},
                "after": {"date": "2024-06", "type": "ACTUAL"},
                "days": None,
            },
            "Primary completion not reported → 2024-06",
        ),
        ({"kind": "status", "before": "RECRUITING", "after": None}, "Status recruiting → not reported"),
        (
            {
                "kind": "enrolment",
                "before": {"count": 400, "type": "ESTIMATED"},
                "after": {"count": 1000, "type": "ACTUAL"},
            },
            "People 400 planned → 1,000 actual",
        ),
        (
            {"kind": "enrolment", "before": {"count": 99999999, "type": None}, "after": {"count": 10, "type": None}},
            "People not reported → 10",
        ),
        ({"kind": "phase", "before": ["PHASE1", "PHASE2"], "after": None}, "Phase phase 1; phase 2 → not reported"),
        (
            {
                "kind": "sites",
                "before": {"count": 2, "removed": []},
                "after": {"count": 3, "added": [{"city": "Lyon"}]},
            },
            "1 site added",
        ),
        ({"kind": "results_posted", "before": None, "after": "2025-01-02"}, "Results posted 2025-01-02"),
        (
            {"kind": "title", "field": "official_title", "before": "A", "after": "B"},
            "Official title changed to “B”",
        ),
        (
            {"kind": "other", "before": {"masking": "NONE"}, "after": {"masking": "DOUBLE", "sex": "ALL"}},
            "Other fields changed: masking and sex",
        ),
        (
            {
                "kind": "other",
                "before": {"primary_outcomes.description": None, "protocolSection.armsInterventionsModule": None},
                "after": {"primary_outcomes.description": None, "protocolSection.armsInterventionsModule": None},
            },
            "Other fields changed: primary outcomes (description) and arms interventions",
        ),
        ({"kind": "alias", "before": "NCT00000001", "after": "NCT00000002"}, "NCT00000001 is now NCT00000002"),
        ({"kind": "gone", "before": None, "after": None}, "Gone from the registry"),
        ({"kind": "first_seen", "before": None, "after": None}, "First seen"),
    ],
)
def test_a_change_is_one_sentence(change, sentence):
    assert change_sentence(ChangeEvent(**change)) == sentence


@pytest.mark.parametrize(
    ("count", "kind", "status", "said"),
    [
        (378, "ESTIMATED", None, ("378", "planned")),
        (1000, "ACTUAL", None, ("1,000", "actual")),
        (400, None, None, ("400", "type not reported")),
        (99_999_999, "ACTUAL", None, None),
        (0, "ACTUAL", "COMPLETED", None),
        (0, "ACTUAL", "WITHDRAWN", ("0", "actual")),
        (None, None, None, None),
    ],
)
def test_people_are_said_with_their_kind(count, kind, status, said):
    assert people(count, kind, status) == said


def test_the_registrys_unknown_says_what_was_known():
    assert status_words("UNKNOWN", "ACTIVE_NOT_RECRUITING") == "unknown, was active, not recruiting"
    assert status_words("UNKNOWN") == "unknown"
    assert status_words(None) is None
    assert status_words("PAUSED_FOR_NOW") == "paused for now"


def test_counts_take_words_up_to_twelve():
    assert [counted(n, "trial") for n in (0, 1, 12, 1000)] == ["no trial", "one trial", "twelve trials", "1,000 trials"]
    assert [figure(n, "query", "queries") for n in (1, 2)] == ["1 query", "2 queries"]
    assert days_ago(date(2026, 1, 20), date(2026, 1, 30)) == "10 days ago"
    assert days_ago(date(2026, 1, 30), date(2026, 1, 30)) == "today"
