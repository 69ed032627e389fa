"""The statements that name the columns of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.sources.bibliography import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.sources.bibliography import StudyRecord

TEXT_LISTS = ("other_ids", "keywords", "mesh_terms", "publication_types", "trial_numbers")
TABLES = ("authors", "notices")
_TYPES = {
    **dict.fromkeys(TEXT_LISTS, "text[]"),
    **dict.fromkeys(TABLES, "jsonb"),
    **dict.fromkeys(("is_open_access", "is_preprint", "is_retracted"), "bool"),
    "year": "int2",
}
# PostgreSQL refuses a full-text vector above 1 MB; no abstract comes near.
LONGEST_SEARCHED = 100_000


def searched(study: StudyRecord) -> tuple[str, str, str, str]:
    """The words that a reader may search by, in falling weight: identity and title, keywords, who, abstract."""
    named = [study.pmid, study.pmcid, study.doi, study.preprint_doi]
    return (
        _joined(named, [study.title], study.trial_numbers),
        _joined(study.keywords, study.mesh_terms),
        _joined(study.authors, [study.journal]),
        _joined([study.abstract, study.summary]),
    )


def _joined(*groups: Sequence[str | None]) -> str:
    # A full stop between two, so that no search phrase matches across them by accident of order.
    return " . ".join(text for group in groups for text in group if text)[:LONGEST_SEARCHED]


def _quoted(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


_OWN = ("title_key", "origin", "version_count")
_STAGED = ("id", *FIELDS, *_OWN)
_WORDS = ("words_a", "words_b", "words_c", "words_d")
_VECTOR = " || ".join(f"setweight(to_tsvector('english', {words}), '{words[-1].upper()}')" for words in _WORDS)

FIND = f"""
    SELECT id, version_count, entered, origin, {_quoted(FIELDS)} FROM tracker_study
    WHERE pmid = ANY(%(pmid)s) OR pmcid = ANY(%(pmcid)s) OR doi = ANY(%(doi)s) OR preprint_doi = ANY(%(doi)s)
       OR collection_key = ANY(%(key)s) OR other_ids && %(asked)s::text[]
    ORDER BY id
"""  # noqa: S608 - the names are ours, none comes from a record
COLUMNS = f"SELECT id, {_quoted(FIELDS)} FROM tracker_study WHERE id = ANY(%s)"  # noqa: S608
VERSIONS = """
    SELECT study_id, number, origin, source_id, raw_hash, revised FROM tracker_studyversion
    WHERE study_id = ANY(%s) ORDER BY study_id, number
"""
RAWS = """
    SELECT version.study_id, version.number, version.raw
    FROM unnest(%s::bigint[], %s::int[]) AS wanted (study_id, number)
    JOIN tracker_studyversion AS version USING (study_id, number)
"""
NUMBERS = """
    SELECT nextval(pg_get_serial_sequence('tracker_study', 'id')) FROM generate_series(1, %s)
"""

# A table of this session, with the types of the real one; emptied at the end of every transaction.
MAKE_STAGE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_study ON COMMIT DELETE ROWS AS
    SELECT {_quoted(_STAGED)}, last_changed AS changed, {", ".join(f"''::text AS {words}" for words in _WORDS)}
    FROM tracker_study WITH NO DATA
"""  # noqa: S608
FILL_STAGE = f"COPY incoming_study ({_quoted((*_STAGED, 'changed', *_WORDS))}) FROM STDIN (FORMAT BINARY)"
STAGE_TYPES = [
    "int8",
    *(_TYPES.get(name, "text") for name in FIELDS),
    *("text", "text", "int4", "timestamptz"),
    *("text" for _ in _WORDS),
]
TAKE_STAGE = f"""
    INSERT INTO tracker_study ({_quoted(_STAGED)}, first_seen, last_changed, search)
    SELECT {_quoted(_STAGED, "incoming.")}, %(at)s, coalesce(incoming.changed, held.last_changed, %(at)s), {_VECTOR}
    FROM incoming_study AS incoming LEFT JOIN tracker_study AS held ON held.id = incoming.id
    ON CONFLICT (id) DO UPDATE SET
        {", ".join(f'"{name}" = EXCLUDED."{name}"' for name in (*_STAGED[1:], "last_changed", "search"))}
"""  # noqa: S608
COPY_VERSIONS = """
    COPY tracker_studyversion (study_id, number, origin, source_id, raw, raw_hash, revised, first_seen, run_id)
    FROM STDIN (FORMAT BINARY)
"""
VERSION_TYPES = ["int8", "int4", "text", "text", "bytea", "text", "text", "timestamptz", "int8"]
COPY_EVENTS = """
    COPY tracker_changeevent (study_id, kind, field, before, after, version_after, seen, run_id) FROM STDIN
"""
# Pairs that a record joined, and pairs of one folded title: of one year, of a year not known, or a preprint and what
# may be its paper, which comes out up to two years later. A pair that a person has decided stays as decided.
SUSPECT = """
    WITH alike AS (
        SELECT one.id AS one, other.id AS other,
               'The same title' || CASE WHEN one.year = other.year THEN ' and year.' ELSE '.' END AS basis
        FROM incoming_study AS incoming
        JOIN tracker_study AS one ON one.id = incoming.id
        JOIN tracker_study AS other ON other.title_key = one.title_key AND other.id <> one.id
        WHERE one.title_key <> '' AND (
            one.year = other.year OR one.year IS NULL OR other.year IS NULL
            OR (one.is_preprint <> other.is_preprint AND abs(one.year - other.year) <= 2)
        )
        UNION ALL
        SELECT * FROM unnest(%(ones)s::bigint[], %(others)s::bigint[], %(bases)s::text[])
    )
    INSERT INTO tracker_suspectedduplicate (kept_id, other_id, basis, seen)
    SELECT least(one, other), greatest(one, other), string_agg(DISTINCT basis, ' '), %(at)s
    FROM alike GROUP BY 1, 2
    ON CONFLICT (kept_id, other_id) DO NOTHING
    RETURNING kept_id, other_id
"""
INDEX = f"""
    UPDATE tracker_study AS study SET title_key = given.title_key, search = {_VECTOR}
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
         AS given (id, title_key, {", ".join(_WORDS)})
    WHERE study.id = given.id
"""  # noqa: S608
