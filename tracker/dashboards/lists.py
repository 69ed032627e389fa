"""The lists as CSV, a line a record."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tracker.reads.candidates import counted_of, ordered_candidates, rungs_of
from tracker.reads.studies import ordered_studies
from tracker.reads.trials import ordered
from tracker.reads.wording import status_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tracker.models import Trial
    from tracker.reads.candidates import CandidateFilter, CandidateSort
    from tracker.reads.studies import StudyFilter, StudySort
    from tracker.reads.trials import Sort, TrialFilter

COLUMNS = (
    "nct_id", "title", "acronym", "status", "study_type", "phases", "people", "people_type", "sponsor", "countries",
    "start", "completion", "last_update_posted", "relevance", "track", "roles", "stage", "stage_possible", "step",
    "strength", "strength_possible", "score", "score_possible", "momentum", "stop_classes", "record", "url",
)  # fmt: skip

# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(value: object) -> str:
    """The value as text that no spreadsheet takes for a formula: an apostrophe before what would be one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Line:
    """A file that hands every written line back, so that rows can be streamed."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Rows as lines of CSV with spreadsheet formulas neutralised."""
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([neutral(value) for value in row])


def trial_rows(*, chosen: TrialFilter, sort: Sort) -> Iterator[tuple[object, ...]]:
    """The heading and every trial that passes the filter, in the list's order."""
    yield COLUMNS
    for trial in ordered(chosen.rows(), sort=sort).defer("search").iterator(chunk_size=1000):
        yield _row(trial)


def _row(trial: Trial) -> tuple[object, ...]:
    return (
        trial.nct_id,
        trial.brief_title,
        trial.acronym,
        status_words(trial.overall_status, trial.last_known_status),
        trial.study_type,
        "; ".join(trial.phases or ()),
        trial.enrollment_count,
        trial.enrollment_type,
        trial.lead_sponsor,
        "; ".join(trial.countries),
        trial.start_given,
        trial.completion_given,
        trial.last_update_post_date,
        trial.relevance,
        trial.track,
        "; ".join(trial.roles),
        trial.stage,
        trial.stage_possible,
        trial.step,
        trial.strength,
        trial.strength_possible,
        trial.score,
        trial.score_possible,
        trial.momentum,
        "; ".join(trial.stop_classes),
        "partial" if trial.is_partial else "complete",
        trial.registry_url,
    )


# --- studies and candidates --------------------------------------------------------------------------------------

STUDY_COLUMNS = (
    "study", "pmid", "pmcid", "doi", "preprint_doi", "title", "authors", "journal", "year", "retracted", "preprint",
    "open_access", "relevance", "track", "roles", "stage", "stage_possible", "step", "strength", "strength_possible",
    "score", "score_possible", "trial_numbers", "origin", "source_url",
)  # fmt: skip
CANDIDATE_COLUMNS = (
    "slug", "name", "synonyms", "kind", "roles", "ev_sources", "cargo", "targets", "mechanisms", "developer", "status",
    "furthest_stage", "stages_with_evidence", "supporting", "neutral", "contradicting", "trials", "studies", "proposed",
    "description",
)  # fmt: skip


def study_rows(*, chosen: StudyFilter, sort: StudySort) -> Iterator[tuple[object, ...]]:
    """The heading and every study that passes the filter, in the list's order."""
    yield STUDY_COLUMNS
    for study in ordered_studies(chosen.rows(), sort=sort).defer("search", "abstract").iterator(chunk_size=1000):
        yield (
            study.pk, study.pmid, study.pmcid, study.doi, study.preprint_doi, study.title,
            "; ".join(str(one) for one in study.authors), study.journal, study.year, study.is_retracted,
            study.is_preprint, study.is_open_access, study.relevance, study.track, "; ".join(study.roles), study.stage,
            study.stage_possible, study.step, study.strength, study.strength_possible, study.score,
            study.score_possible, "; ".join(study.trial_numbers), study.origin, study.source_url,
        )  # fmt: skip


def candidate_rows(*, chosen: CandidateFilter, sort: CandidateSort) -> Iterator[tuple[object, ...]]:
    """The heading and every candidate that passes the filter, with its counts, in the list's order."""
    yield CANDIDATE_COLUMNS
    rows = ordered_candidates(chosen.rows(), sort=sort).prefetch_related("names")
    for one in rows.iterator(chunk_size=1000):
        held = counted_of(one)
        names = [name.name for name in one.names.all() if name.name != one.name]
        yield (
            one.slug, one.name, "; ".join(names), one.kind, "; ".join(one.roles), "; ".join(one.ev_sources),
            "; ".join(one.cargo), "; ".join(one.targets), "; ".join(one.mechanisms), one.developer, one.status,
            held.furthest, "; ".join(str(stage) for stage in rungs_of(one)), held.supporting, held.neutral,
            held.contradicting, held.trials, held.studies, held.proposed, one.description,
        )  # fmt: skip
