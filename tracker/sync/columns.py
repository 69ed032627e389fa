"""Which facts of a record become columns, how a record becomes a row, and the statements that name columns.

The column names are those of `models.Trial` and of `TrialRecord` alike; a test holds the three together.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from tracker.terms import Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tracker.sources.ctgov_records import TrialRecord

TEXT_LISTS = ("secondary_ids", "phases", "who_masked", "conditions", "keywords", "mesh_terms", "countries")
TABLES = (
    "collaborators",
    "arms",
    "interventions",
    "primary_outcomes",
    "secondary_outcomes",
    "sites",
    "references",
    "documents",
)
# As the registry gives them and as Trial stores them, in Trial's order.
FACTS = (
    "nct_id",
    "org_study_id",
    "secondary_ids",
    "brief_title",
    "official_title",
    "acronym",
    "overall_status",
    "last_known_status",
    "why_stopped",
    "status_verified_given",
    "start_given",
    "start_type",
    "start_date",
    "primary_completion_given",
    "primary_completion_type",
    "completion_given",
    "completion_type",
    "first_submit_date",
    "first_post_date",
    "last_update_submit_date",
    "last_update_post_date",
    "results_first_post_date",
    "has_results",
    "lead_sponsor",
    "lead_sponsor_class",
    "collaborators",
    "study_type",
    "phases",
    "allocation",
    "intervention_model",
    "primary_purpose",
    "masking",
    "who_masked",
    "observational_model",
    "time_perspective",
    "sampling_method",
    "enrollment_count",
    "enrollment_type",
    "healthy_volunteers",
    "sex",
    "minimum_age",
    "maximum_age",
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
    "documents",
    "ipd_sharing",
)
_DATES = (
    "start_date",
    "first_submit_date",
    "first_post_date",
    "last_update_submit_date",
    "last_update_post_date",
    "results_first_post_date",
    "registry_version",
)
# Binary COPY converts nothing, so it has to be told the types; what is not here is text.
_TYPES = {
    **dict.fromkeys(TEXT_LISTS, "text[]"),
    **dict.fromkeys(TABLES, "jsonb"),
    **dict.fromkeys(_DATES, "date"),
    **dict.fromkeys(("has_results", "healthy_volunteers", "is_partial"), "bool"),
    **dict.fromkeys(("version_number", "version_count"), "int4"),
    "enrollment_count": "int8",
}
# PostgreSQL refuses a full-text vector above 1 MB; no title or summary comes near.
LONGEST_SEARCHED = 100_000

#: the record's facts in the order of FACTS, as binary COPY wants them
facts: Callable[[TrialRecord], tuple[object, ...]] = attrgetter(*FACTS)


def searched(record: TrialRecord) -> tuple[str, str, str, str]:
    """The words that a reader may search by, in falling weight: identity and titles, what is studied, who, summary."""
    identity = _joined(
        [record.nct_id, record.org_study_id, record.acronym, record.brief_title, record.official_title],
        record.secondary_ids,
        record.aliases,
    )
    studied = _joined(
        record.conditions,
        [intervention["name"] for intervention in record.interventions],
        record.keywords,
    )
    who = _joined([record.lead_sponsor], [collaborator["name"] for collaborator in record.collaborators])
    return identity, studied, who, (record.brief_summary or "")[:LONGEST_SEARCHED]


def _joined(*groups: Sequence[str | None]) -> str:
    # A full stop between two, so that no search phrase matches across them by accident of order.
    return " . ".join(text for group in groups for text in group if text)[:LONGEST_SEARCHED]


# --- the statements ------------------------------------------------------------------------------------------------


def _quoted(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


_OWN = ("origin", "is_partial", "registry_version", "version_number", "version_count")
_STAGED = (*FACTS, *_OWN)
_WORDS = ("words_a", "words_b", "words_c", "words_d")
_VECTOR = " || ".join(f"setweight(to_tsvector('english', {words}), '{words[-1].upper()}')" for words in _WORDS)

# A table of this session, with the types of the real one; emptied at the end of every transaction.
MAKE_STAGE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_trial ON COMMIT DELETE ROWS AS
    SELECT {_quoted(_STAGED)}, last_changed AS changed, {", ".join(f"''::text AS {words}" for words in _WORDS)}
    FROM tracker_trial WITH NO DATA
"""  # noqa: S608 - the names are ours, none comes from a record
FILL_STAGE = f"COPY incoming_trial ({_quoted((*_STAGED, 'changed', *_WORDS))}) FROM STDIN (FORMAT BINARY)"
STAGE_TYPES = [*(_TYPES.get(name, "text") for name in _STAGED), "timestamptz", *("text" for _ in _WORDS)]
# A number that the registry folded into another stays folded when an old file brings it.
TAKE_STAGE = f"""
    INSERT INTO tracker_trial ({_quoted(_STAGED)}, first_seen, last_changed, presence, search, lexicon_version)
    SELECT {_quoted(_STAGED, "incoming.")}, %(at)s, coalesce(incoming.changed, held.last_changed, %(at)s),
           CASE WHEN alias.alias IS NULL THEN '{Presence.PRESENT.value}' ELSE '{Presence.FOLDED.value}' END,
           {_VECTOR}, %(lexicon)s
    FROM incoming_trial AS incoming
    LEFT JOIN tracker_trial AS held ON held.nct_id = incoming.nct_id
    LEFT JOIN tracker_trialalias AS alias ON alias.alias = incoming.nct_id
    ON CONFLICT (nct_id) DO UPDATE SET
        {", ".join(f'"{name}" = EXCLUDED."{name}"' for name in (*_STAGED[1:], "last_changed", "search"))}
"""  # noqa: S608
COPY_VERSIONS = """
    COPY tracker_trialversion (trial_id, number, origin, is_partial, raw, raw_hash, raw_size, registry_version,
                               last_update_post_date, first_seen, run_id) FROM STDIN (FORMAT BINARY)
"""
VERSION_TYPES = ["text", "int4", "text", "bool", "bytea", "text", "int4", "date", "date", "timestamptz", "int8"]
COPY_EVENTS = """
    COPY tracker_changeevent (trial_id, kind, field, before, after, days, version_before, version_after, posted, seen,
                              run_id) FROM STDIN
"""
