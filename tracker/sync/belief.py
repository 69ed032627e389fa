"""Whether an answer can be believed. No database here.

The registry has been seen to answer zero, or far less than before, for a while, and a change of its format would
bring records without their fields. Such an answer is stored (what came, came), but nothing is concluded from what it
lacks: the run is `suspect` and a person looks. The bounds, and why:
  - a whole query that answers nothing is never believed, not even the first time: an incremental pull after it would
    ask only for what is new and miss everything else;
  - fewer than 80 % of the last good whole pull, where at least 10 records are missing: in a year of weekly pulls no
    query of ours loses a fifth between two, while ten records may leave a query of thirty by its own nature;
  - fewer records than the registry's own total, by more than 2 % and 10 records: pages overlap a little when a record
    moves between them, never by that much;
  - a field that at least half of the records filled before (a tenth, between two whole pulls) and of which less than
    half as many fill it now, in an answer of at least 10 records and by more than three standard deviations of chance.
"""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FAR_SMALLER, AT_LEAST_MISSING = 0.8, 10
SHORT_OF_TOTAL = 0.02
FEWEST_RECORDS, HALVED, DEVIATIONS = 10, 0.5, 3.0
USUAL_FIELD, KNOWN_FIELD = 0.5, 0.1
# The stored fields whose loss would go unnoticed on a page: each stands for a module of the record.
WATCHED = (
    "brief_title",
    "official_title",
    "overall_status",
    "status_verified_given",
    "start_given",
    "completion_given",
    "last_update_post_date",
    "has_results",
    "lead_sponsor",
    "lead_sponsor_class",
    "study_type",
    "phases",
    "allocation",
    "primary_purpose",
    "observational_model",
    "enrollment_count",
    "conditions",
    "keywords",
    "mesh_terms",
    "arms",
    "interventions",
    "primary_outcomes",
    "secondary_outcomes",
    "sites",
    "countries",
    "references",
    "ipd_sharing",
    "brief_summary",
)
# The same for studies; not MeSH terms or keywords, which a new paper gets months after its first day.
WATCHED_OF_STUDIES = (
    "authors",
    "journal",
    "year",
    "published_given",
    "abstract",
    "publication_types",
    "is_open_access",
)


class Answer(NamedTuple):
    """What a run has seen: distinct records, how many fill each field, how many it could not read."""

    seen: int
    filled: Mapping[str, int]
    set_aside: int = 0
    expected: int | None = None


def filled(records: Iterable[object], *, watched: Sequence[str] = WATCHED) -> Counter[str]:
    """How many of these records fill each watched field."""
    counts: Counter[str] = Counter()
    for record in records:
        for name in watched:
            # False and zero are values; null, an empty text and an empty list are not.
            value = getattr(record, name)
            if value is not None and value not in ("", [], ()):
                counts[name] += 1
    return counts


def doubts(answer: Answer, *, is_whole: bool, before: Answer | None, source: str = "The registry") -> list[str]:
    """Why this answer of `source` is not believed, a sentence each; empty where it is.

    `before` is the last good whole pull of the same query, where there was one.
    """
    came = answer.seen + answer.set_aside
    found = []
    if is_whole and came == 0:
        found.append(f"{source} answered the whole query with no record at all.")
    elif is_whole and before and came < FAR_SMALLER * before.seen and before.seen - came >= AT_LEAST_MISSING:
        found.append(f"{source} sent {came:,} records; the last good whole pull had {before.seen:,}.")
    expected = answer.expected or 0
    if expected - came > max(AT_LEAST_MISSING, SHORT_OF_TOTAL * expected):
        found.append(f"{source} sent {came:,} records and had announced {expected:,}.")
    if before and before.seen and answer.seen >= FEWEST_RECORDS:
        found += [
            f"The field {name} is filled in {answer.filled.get(name, 0):,} of {answer.seen:,} records; "
            f"before it was in {before.filled[name]:,} of {before.seen:,}."
            for name in before.filled
            if _has_dropped(name, answer, before, known=KNOWN_FIELD if is_whole else USUAL_FIELD)
        ]
    return found


def _has_dropped(name: str, answer: Answer, before: Answer, *, known: float) -> bool:
    usual = min(before.filled[name] / before.seen, 0.99)
    if usual < known:
        return False
    now = answer.filled.get(name, 0)
    foreseen = usual * answer.seen
    chance = sqrt(foreseen * (1 - usual))
    return now < HALVED * foreseen and foreseen - now > DEVIATIONS * chance
