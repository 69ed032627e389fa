"""What the scoring tests are made of: trials in the registry's columns, annotations as they stand, and a rubric.

``trial`` is a plain made-up record on which one thing at a time is changed; ``real`` is a registry record read by the
product's own reader. Annotations are set by hand here, so that these tests try the rubric and not the lexicon.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from types import SimpleNamespace

from tests.records import record
from tracker.scoring.engine import Result, Row, Verdict, score_trial
from tracker.scoring.facts import TrialFacts, trial_facts
from tracker.scoring.rubric import CURRENT, load
from tracker.sources.ctgov_records import TrialRecord, read_record
from tracker.terms import Facet, Origin, Reading, Relevance, StopClass, Track

RUBRIC = load(CURRENT)
TODAY = date(2026, 1, 30)


@dataclass(frozen=True)
class Standing:
    """An annotation as `classify.proposals` hands it on."""

    facet: str
    term: str
    state: str = "proposed"
    words: list[dict[str, object]] = field(default_factory=list)


def says(facet: str, term: str, *, at: str = "brief_summary", text: str = "", state: str = "proposed") -> Standing:
    return Standing(facet, term, state, [{"field": at, "start": 0, "end": len(text or term), "text": text or term}])


def reads(*readings: Reading) -> list[Standing]:
    return [says(Facet.READING, reading) for reading in readings]


def stops(*classes: StopClass) -> list[Standing]:
    return [says(Facet.STOP_REASON, one, at="why_stopped") for one in classes]


#: an observational study of vesicles in 250 people under way, with every field told
PLAIN = {
    "overall_status": "RECRUITING",
    "last_known_status": None,
    "why_stopped": None,
    "status_verified_given": "2026-01",
    "start_given": "2025-03-01",
    "start_type": "ACTUAL",
    "primary_completion_given": "2027-03-01",
    "completion_given": "2028-03-01",
    "completion_type": "ESTIMATED",
    "first_submit_date": date(2025, 2, 1),
    "last_update_submit_date": date(2026, 1, 10),
    "last_update_post_date": date(2026, 1, 15),
    "has_results": False,
    "study_type": "OBSERVATIONAL",
    "phases": None,
    "allocation": None,
    "primary_purpose": None,
    "masking": None,
    "observational_model": "COHORT",
    "time_perspective": "PROSPECTIVE",
    "sampling_method": "NON_PROBABILITY_SAMPLE",
    "enrollment_count": 250,
    "enrollment_type": "ACTUAL",
    "healthy_volunteers": False,
    "conditions": ["Lung Cancer"],
    "arms": [{"label": "Patients", "type": None}],
    "sites": [{"facility": "Hospital A", "city": "Dijon", "state": None, "country": "France"}],
    "references": [],
    "documents": [],
    "ipd_sharing": "NO",
}

#: what makes the plain study a randomised phase 2 of a vesicle product
THERAPY = {
    "study_type": "INTERVENTIONAL",
    "phases": ["PHASE2"],
    "allocation": "RANDOMIZED",
    "primary_purpose": "TREATMENT",
    "masking": "NONE",
    "observational_model": None,
    "time_perspective": None,
    "sampling_method": None,
    "enrollment_count": 60,
    "arms": [{"label": "EV", "type": "EXPERIMENTAL"}, {"label": "Placebo", "type": "PLACEBO_COMPARATOR"}],
}
#: what makes it an interventional diagnostic trial
TEST_TRIAL = {**THERAPY, "phases": ["NA"], "primary_purpose": "DIAGNOSTIC", "enrollment_count": 250}


def trial(**changes: object) -> SimpleNamespace:
    """The plain observational study, with these columns changed."""
    unknown = set(changes) - set(PLAIN)
    assert not unknown, f"no such columns: {unknown}"
    return SimpleNamespace(**{**PLAIN, **changes})


def therapy(**changes: object) -> SimpleNamespace:
    return trial(**{**THERAPY, **changes})


def test_trial(**changes: object) -> SimpleNamespace:
    return trial(**{**TEST_TRIAL, **changes})


test_trial.__test__ = False  # a trial of a test, not a test

MEASURED = tuple(reads(Reading.EV_MEASURED))
PRODUCT = tuple(reads(Reading.EV_PRODUCT))


@cache
def real(nct_id: str) -> TrialRecord:
    return read_record(record(nct_id), origin=Origin.REGISTRY)


def facts_of(found: object, *annotations: Standing, relevance: Relevance = Relevance.ABOUT) -> TrialFacts:
    return trial_facts(found, relevance=relevance, annotations=annotations)


def verdict(found: object, *annotations: Standing, today: date = TODAY) -> Verdict:
    return score_trial(facts_of(found, *annotations), rubric=RUBRIC, today=today)


def diagnostic(found: object, *annotations: Standing, today: date = TODAY) -> Result:
    """The diagnostic maturity of a trial that measures vesicles."""
    return on(Track.DIAGNOSTIC, verdict(found, *MEASURED, *annotations, today=today))


def therapeutic(found: object, *annotations: Standing, today: date = TODAY) -> Result:
    """The therapeutic maturity of a trial whose product is vesicles."""
    return on(Track.THERAPEUTIC, verdict(found, *PRODUCT, *annotations, today=today))


def on(track: Track, found: Verdict) -> Result:
    return next(result for result in found.maturities if result.track is track)


def row(result: Result, words: str) -> Row:
    """The one row of the explanation whose rule has these words."""
    found = [one for one in result.explanation if words.casefold() in one.rule.casefold()]
    assert len(found) == 1, [one.rule for one in found]
    return found[0]


def ends(one: Row) -> tuple[str, float, float]:
    return one.state.value, one.earned, one.possible


def stage(result: Result) -> tuple[int, int]:
    return result.stage, result.stage_possible
