"""What changed between two neighbouring versions of a record, by name, with before and after.

Pure: two records in, differences out. The registry's own history page names the changed modules; people who follow
trials ask for less and more: did the status change, did the end move, was the primary outcome swapped after the
start. The kinds follow that question (`terms.ChangeKind`); what is left is `other`, with the fields.

Shapes of before and after, by kind:
    status           text or null
    enrolment        {"count": int|null, "type": text|null}
    date_slipped     {"date": text as given, "type": text|null}; `days` later, negative when earlier
    primary_outcome  [{"measure", "time_frame"}]
    phase            [text]|null
    sites            {"count": int, "removed": [site]} before, {"count": int, "added": [site]} after
    results_posted   null before, the day of first posting (text) or null after
    title            text or null; `field` says which title
    other            {field: value}; a long text is named with null on both sides, the versions hold it
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tracker.dates import PartialDate
from tracker.terms import ChangeKind

from .columns import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.sources.ctgov_records import TrialRecord

DATES = ("start", "primary_completion", "completion")
# They change with every update of a record and say no more than that it was updated.
BOOKKEEPING = ("status_verified_given", "last_update_submit_date", "last_update_post_date")
# Computed by us from another column, or told under another name.
TOLD_ELSEWHERE = {"nct_id", "start_date", "results_first_post_date", "has_results", "countries"}
# Texts that are columns already, among a record's passages.
_COLUMN_PASSAGES = {
    "brief_title",
    "official_title",
    "acronym",
    "why_stopped",
    "conditions",
    "keywords",
    "interventions.name",
    "arms.label",
    "primary_outcomes.measure",
    "secondary_outcomes.measure",
}


class Difference(NamedTuple):
    """One named difference; before and after are JSON values of the shape that the kind has."""

    kind: ChangeKind
    field: str
    before: object
    after: object
    days: int | None = None


def between(before: TrialRecord, after: TrialRecord) -> list[Difference]:
    """The differences from one state to the next, the weighty ones first; never empty for two distinct states."""
    named = [
        *_plain(before, after, ChangeKind.STATUS, "overall_status"),
        *_enrolment(before, after),
        *_dates(before, after),
        *_primary_outcomes(before, after),
        *_plain(before, after, ChangeKind.PHASE, "phases"),
        *_sites(before, after),
        *_results(before, after),
        *_plain(before, after, ChangeKind.TITLE, "brief_title"),
        *_plain(before, after, ChangeKind.TITLE, "official_title"),
    ]
    told = {"overall_status", "phases", "brief_title", "official_title", *(f for d in named for f in _covers(d))}
    rest = [name for name in FACTS if name not in told and name not in TOLD_ELSEWHERE and name not in BOOKKEEPING]
    if not any(difference.kind is ChangeKind.RESULTS_POSTED for difference in named):
        rest += ["has_results", "results_first_post_date"]
    old, new = _values(before, after, rest)
    for text in _changed_texts(before, after):
        old[text] = new[text] = None
    if not named and not old and not new:
        old, new = _values(before, after, list(BOOKKEEPING))
        modules = _changed_modules(before, after)
        if old or new:
            modules.discard("protocolSection.statusModule")  # which holds those dates
        for module in sorted(modules):
            old[module] = new[module] = None
    if old or new:
        named.append(Difference(ChangeKind.OTHER, "", old, new))
    return named


def days_between(before: PartialDate, after: PartialDate) -> int:
    """Days from one date to a later one (negative when earlier).

    Where both name a day, exact. Otherwise both are cut to the coarser of the two precisions and counted from first
    day to first day: 2024-03 → 2024-06 is 92 days, and 2024-03-15 → 2024-03 is none, because a date that only became
    less precise has not moved. So a month's move is a calendar month long, never an assumed 30 days.
    """
    length = min(len(before.given), len(after.given))
    first, last = PartialDate.read(before.given[:length]), PartialDate.read(after.given[:length])
    assert first is not None
    assert last is not None
    return (last.first - first.first).days


def _plain(before: TrialRecord, after: TrialRecord, kind: ChangeKind, field: str) -> Iterator[Difference]:
    old, new = _value(before, field), _value(after, field)
    if old != new:
        yield Difference(kind, field, old, new)


def _enrolment(before: TrialRecord, after: TrialRecord) -> Iterator[Difference]:
    old = {"count": before.enrollment_count, "type": before.enrollment_type}
    new = {"count": after.enrollment_count, "type": after.enrollment_type}
    if old != new:
        yield Difference(ChangeKind.ENROLMENT, "enrollment_count", old, new)


def _dates(before: TrialRecord, after: TrialRecord) -> Iterator[Difference]:
    for name in DATES:
        old_given, new_given = getattr(before, f"{name}_given"), getattr(after, f"{name}_given")
        old, new = PartialDate.read(old_given), PartialDate.read(new_given)
        # A date that is named for the first time, or no longer, has not moved by any number of days: `other` says so.
        if old is None or new is None:
            continue
        days = days_between(old, new)
        if days:
            yield Difference(
                ChangeKind.DATE_SLIPPED,
                f"{name}_given",
                {"date": old_given, "type": getattr(before, f"{name}_type")},
                {"date": new_given, "type": getattr(after, f"{name}_type")},
                days,
            )


def _primary_outcomes(before: TrialRecord, after: TrialRecord) -> Iterator[Difference]:
    old, new = _table(before, "primary_outcomes"), _table(after, "primary_outcomes")
    # The same outcomes in another order are no change of outcome; `other` has the order.
    if Counter(map(_key, old)) != Counter(map(_key, new)):
        yield Difference(ChangeKind.PRIMARY_OUTCOME, "primary_outcomes", old, new)


def _sites(before: TrialRecord, after: TrialRecord) -> Iterator[Difference]:
    old, new = _table(before, "sites"), _table(after, "sites")
    removed = _left_over(old, new)
    added = _left_over(new, old)
    if removed or added:
        yield Difference(
            ChangeKind.SITES,
            "sites",
            {"count": len(old), "removed": removed},
            {"count": len(new), "added": added},
        )


def _results(before: TrialRecord, after: TrialRecord) -> Iterator[Difference]:
    if after.has_results and not before.has_results:
        yield Difference(ChangeKind.RESULTS_POSTED, "has_results", None, _value(after, "results_first_post_date"))


def _covers(difference: Difference) -> tuple[str, ...]:
    """The columns that this difference has told in full."""
    if difference.kind is ChangeKind.ENROLMENT:
        return ("enrollment_count", "enrollment_type")
    if difference.kind is ChangeKind.DATE_SLIPPED:
        return (difference.field, difference.field.replace("_given", "_type"))
    return (difference.field,)


def _values(before: TrialRecord, after: TrialRecord, names: list[str]) -> tuple[dict[str, object], dict[str, object]]:
    old = {name: _value(before, name) for name in names}
    new = {name: _value(after, name) for name in names}
    changed = [name for name in names if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def _value(record: TrialRecord, name: str) -> object:
    """The column as plain JSON: structs as objects, tuples as lists, dates as text."""
    value = getattr(record, name)
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | bool | int) else msgspec.to_builtins(value)


def _table(record: TrialRecord, name: str) -> list[dict[str, object]]:
    rows = _value(record, name)
    return list(rows) if isinstance(rows, list | tuple) else []


def _key(row: dict[str, object]) -> str:
    return msgspec.json.encode(row, order="sorted").decode()


def _left_over(these: list[dict[str, object]], those: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows that are here and not there; two sites of one name are two."""
    there = Counter(map(_key, those))
    left = []
    for row in these:
        if there[_key(row)]:
            there[_key(row)] -= 1
        else:
            left.append(row)
    return left


def _changed_texts(before: TrialRecord, after: TrialRecord) -> list[str]:
    """Names of the long texts that changed and are no column: brief_summary, arms.description, …"""
    old, new = _texts(before), _texts(after)
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _texts(record: TrialRecord) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for passage in record.passages:
        name = ".".join(part for part in passage.field.split(".") if not part.isdigit())
        if name not in _COLUMN_PASSAGES:
            found.setdefault(name, []).append(passage.text)
    return found


def _changed_modules(before: TrialRecord, after: TrialRecord) -> set[str]:
    """Paths of the modules that differ in the record itself, for what no column holds (results tables, MeSH trees)."""
    old, new = _modules(before), _modules(after)
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def _modules(record: TrialRecord) -> dict[str, object]:
    sections = msgspec.json.decode(record.raw, type=dict[str, object])
    modules = {
        f"{section}.{module}" if module else section: content
        for section, value in sections.items()
        for module, content in (value.items() if isinstance(value, dict) else [("", value)])
    }
    modules.pop("derivedSection.miscInfoModule", None)  # the day of the copy
    return modules
