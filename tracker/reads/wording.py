"""How things are said, at every door: numbers, statuses, people, dates, changes. Plain, short, present tense."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracker import terms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from tracker.models import ChangeEvent

NO_COUNT = 99_999_999  # the registry's sentinel for an enrolment that is not known
SOURCE = "ClinicalTrials.gov, US National Library of Medicine"

_SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

STAGE_NAMES: dict[str, tuple[str, ...]] = {
    terms.Track.DIAGNOSTIC: (
        "idea",
        "observed",
        "case–control",
        "100+ people",
        "validated",
        "before diagnosis",
        "prospective",
        "prospective, done",
        "outcome trial",
        "in service",
    ),
    terms.Track.THERAPEUTIC: (
        "idea",
        "mechanism",
        "candidate",
        "in vitro",
        "in vivo",
        "late preclinical",
        "phase 1",
        "phase 2",
        "phase 3",
        "authorised",
    ),
}


def in_words(number: int) -> str:
    """``six`` up to twelve, ``1,000`` beyond; nought is ``no``, as in "no trial"."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else f"{number:,}"


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str, plural: str = "") -> str:
    """``one trial``, ``no trial``, ``eight trials``."""
    return f"{in_words(number)} {noun if number <= 1 else plural or noun + 's'}"


def figure(number: int, noun: str, plural: str = "") -> str:
    """``1 record``, ``30 records``, ``1,000 records``: figures, not words."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def status_words(status: str | None, last_known: str | None = None) -> str | None:
    """The status as pages say it; None where the record is silent. A value outside the enum is shown as given."""
    if status is None:
        return None
    known = terms.Status.read(status)
    words = known.label if known else status.replace("_", " ").lower()
    if known is terms.Status.UNKNOWN and last_known:
        before = terms.Status.read(last_known)
        words += f", was {before.label if before else last_known.replace('_', ' ').lower()}"
    return words


def label(vocabulary: type[terms.Term], value: str | None) -> str | None:
    """The words of a value; one outside the vocabulary as given, in lower case."""
    if value is None:
        return None
    known = vocabulary.read(value)
    return known.label if known else value.replace("_", " ").lower()


def people(count: int | None, kind: str | None, status: str | None = None) -> tuple[str, str] | None:
    """``("1,000", "actual")``; None where the number is not reported.

    The sentinel, and nought unless the trial was withdrawn, say nothing (RUBRIC.md).
    """
    if count is None or count >= NO_COUNT or (count == 0 and status != terms.Status.WITHDRAWN):
        return None
    return f"{count:,}", label(terms.ValueType, kind) or "type not reported"


def utc(moment: datetime) -> str:
    """``2026-01-30 14:31 UTC``."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def stage_name(track: str | None, stage: int) -> str:
    return STAGE_NAMES.get(track or "", STAGE_NAMES[terms.Track.DIAGNOSTIC])[stage]


def days_ago(day: date, today: date) -> str:
    """``today``, ``1 day ago``, ``10 days ago``."""
    days = (today - day).days
    return "today" if days <= 0 else f"{figure(days, 'day')} ago"


# --- changes -----------------------------------------------------------------------------------------------------

_DATE_NAMES = {"start": "Start", "primary_completion": "Primary completion", "completion": "Completion"}


def _said(value: object) -> str:
    if value is None or value in ("", []):
        return "not reported"
    if isinstance(value, list):
        return "; ".join(_said(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values() if part not in (None, "")) or "not reported"
    return str(value)


def _at(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _date(value: object) -> str:
    given = _at(value, "date") if isinstance(value, dict) else value
    return str(given) if given else "not reported"


def _people(value: object) -> str:
    count = _at(value, "count") if isinstance(value, dict) else value
    found = people(count, None) if isinstance(count, int) else None
    if not found:
        return "not reported"
    kind = _at(value, "type")
    return f"{found[0]} {label(terms.ValueType, str(kind))}" if kind else found[0]


def _field_named(path: str) -> str:
    """``primary outcomes (description)``; ``design`` for a whole section, ``protocolSection.designModule``."""
    head, _, tail = path.partition(".")
    if tail.endswith("Module"):
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tail.removesuffix("Module")).lower()
    head, tail = head.replace("_", " "), tail.replace("_", " ").replace(".", ", ")
    return f"{head} ({tail})" if tail else head


def _list_names(fields: Mapping[str, object]) -> str:
    names = [_field_named(name) for name in fields]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)


def change_sentence(change: ChangeEvent) -> str:
    """What changed, in one sentence: "Completion moved 410 days later, 2024-06-01 → 2025-07-16"."""
    before, after = change.before, change.after
    match change.kind:
        case terms.ChangeKind.STATUS:
            told = [status_words(v) if isinstance(v, str) else None for v in (before, after)]
            return f"Status {told[0] or 'not reported'} → {told[1] or 'not reported'}"
        case terms.ChangeKind.ENROLMENT:
            return f"People {_people(before)} → {_people(after)}"
        case terms.ChangeKind.DATE_SLIPPED:
            name = _DATE_NAMES.get(change.field.removesuffix("_given"), sentence(change.field.replace("_", " ")))
            way = ""
            if change.days:
                way = f" moved {figure(abs(change.days), 'day')} {'later' if change.days > 0 else 'earlier'},"
            elif _date(before) == _date(after):
                kinds = [
                    label(terms.ValueType, str(_at(v, "type") or "")) or "type not reported" for v in (before, after)
                ]
                return f"{name} {_date(after)}: {kinds[0]} → {kinds[1]}"
            return f"{name}{way} {_date(before)} → {_date(after)}"
        case terms.ChangeKind.PRIMARY_OUTCOME:
            return "Primary outcome changed"
        case terms.ChangeKind.PHASE:
            told_ = [_said([label(terms.Phase, p) for p in v] if isinstance(v, list) else v) for v in (before, after)]
            return f"Phase {told_[0]} → {told_[1]}"
        case terms.ChangeKind.SITES:
            added, removed = _at(after, "added"), _at(before, "removed")
            parts = [
                f"{figure(len(sites), 'site')} {word}"
                for sites, word in ((added, "added"), (removed, "removed"))
                if isinstance(sites, list) and sites
            ]
            return sentence(" and ".join(parts)) if parts else "Sites changed"
        case terms.ChangeKind.RESULTS_POSTED:
            return f"Results posted {_date(after)}" if after else "Results no longer posted"
        case terms.ChangeKind.TITLE:
            which = "Official title" if change.field == "official_title" else "Title"
            return f"{which} changed to “{_said(after)}”"
        case terms.ChangeKind.OTHER:
            named = after if isinstance(after, dict) else before
            return f"Other fields changed: {_list_names(named)}" if isinstance(named, dict) else "Other fields changed"
        case terms.ChangeKind.ALIAS:
            return f"{_said(before)} is now {_said(after)}"
        case _:
            return sentence(terms.ChangeKind(change.kind).label)
