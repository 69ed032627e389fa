"""What Django's own check command finds wrong with the rules and the settings, before anything runs on them.

tracker.E001  a rubric file, or the rule names that bind it to `scoring.rules`
tracker.E002  the lexicons
tracker.E003  a setting that cannot work
tracker.W001  a setting that works and is impolite to the registry
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register

from tracker.classify import lexicon, study_lexicon
from tracker.scoring import rubric

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

REGISTRY = "clinicaltrials.gov"


@register("rules")
def rubrics_hold(**kwargs: object) -> list[CheckMessage]:
    """Each released rubric parses, its numbers add up, and its rule names and the rules resolve both ways."""
    return [
        Error(fault, hint="A released rubric is frozen: restore its file, or mend scoring/rules.py.", id="tracker.E001")
        for fault in rubric.check_all()
    ]


@register("rules")
def lexicon_holds(**kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for load, path in ((lexicon.load, lexicon.PATH), (study_lexicon.load_studies, study_lexicon.STUDIES_PATH)):
        try:
            load()
        except lexicon.LexiconError as problem:
            found.append(Error(str(problem), hint=f"Mend {path.name}.", id="tracker.E002"))
    return found


@register()
def settings_can_work(**kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    address = urlsplit(settings.CTGOV_BASE_URL)
    if address.scheme not in {"http", "https"} or not address.hostname:
        found.append(_error("CTGOV_BASE_URL is no web address.", "Leave it unset for the registry's own."))
    elif address.query or settings.CTGOV_BASE_URL.endswith("/"):
        found.append(_error("CTGOV_BASE_URL ends in a slash or holds a question.", "Give the part before /version."))
    if not settings.HTTP_USER_AGENT.strip():
        found.append(_error("HTTP_USER_AGENT is empty.", "Say who asks: the registry refuses the nameless."))
    if settings.CTGOV_MIN_INTERVAL < 0:
        found.append(_error("CTGOV_MIN_INTERVAL is below zero.", "Set the seconds between two requests."))
    elif settings.CTGOV_MIN_INTERVAL < 1 and (address.hostname or "").endswith(REGISTRY):
        found.append(
            Warning(
                "CTGOV_MIN_INTERVAL is below one second, which the registry's robots.txt asks for.",
                hint="Set it to 1.0 or more, or be blocked.",
                id="tracker.W001",
            )
        )
    longest = settings.CELERY_TASK_TIME_LIMIT
    if settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] <= longest:
        found.append(
            _error(
                "The queue's visibility time-out is not above the longest task's time.",
                "Raise visibility_timeout: a task still running would be handed out a second time.",
            )
        )
    return found


def _error(what: str, hint: str) -> Error:
    return Error(what, hint=hint, id="tracker.E003")
