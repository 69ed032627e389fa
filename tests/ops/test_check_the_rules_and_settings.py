"""`manage.py check` finds what cannot work before anything runs on it."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from tracker import checks
from tracker.classify import lexicon
from tracker.scoring import rubric


def ids(found) -> list[str]:
    return [message.id for message in found]


def test_the_product_as_shipped_has_nothing_to_say():
    assert [message for message in run_checks() if str(message.id).startswith("tracker.")] == []


def test_a_broken_rubric_is_an_error_with_its_fault(monkeypatch):
    monkeypatch.setattr(rubric, "check_all", lambda: ["2026-1: rule allocation_randomized is not in scoring.rules"])
    found = checks.rubrics_hold()
    assert ids(found) == ["tracker.E001"]
    assert "allocation_randomized" in found[0].msg


def test_a_broken_lexicon_is_an_error_with_its_fault(monkeypatch):
    def broken():
        raise lexicon.LexiconError("entry exosome complex: no facet")

    monkeypatch.setattr(lexicon, "load", broken)
    found = checks.lexicon_holds()
    assert ids(found) == ["tracker.E002"]
    assert found[0].msg == "entry exosome complex: no facet"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CTGOV_BASE_URL", "clinicaltrials.gov/api/v2", "tracker.E003"),
        ("CTGOV_BASE_URL", "https://clinicaltrials.gov/api/v2/", "tracker.E003"),
        ("HTTP_USER_AGENT", " ", "tracker.E003"),
        ("CTGOV_MIN_INTERVAL", -1.0, "tracker.E003"),
        ("CTGOV_MIN_INTERVAL", 0.2, "tracker.W001"),
        ("CELERY_BROKER_TRANSPORT_OPTIONS", {"visibility_timeout": 3600}, "tracker.E003"),
    ],
)
def test_a_setting_that_cannot_work_is_named(settings, name, value, expected):
    settings.CTGOV_BASE_URL = "https://clinicaltrials.gov/api/v2"
    setattr(settings, name, value)
    found = checks.settings_can_work()
    assert ids(found) == [expected]
    assert found[0].hint


def test_a_fake_registry_may_be_asked_as_fast_as_it_likes(settings):
    settings.CTGOV_BASE_URL = "http://127.0.0.1:9000/api/v2"
    settings.CTGOV_MIN_INTERVAL = 0.0
    assert checks.settings_can_work() == []
