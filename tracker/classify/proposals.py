"""The only writer of annotations, relevance, and the facts that rules read: what the text says, never over a person.

``propose`` and ``propose_studies`` read a batch of records and write in bulk (``writing``); the number of statements is
the same for one record and for a thousand, and a second run changes nothing. Links between records and candidates are
proposed in ``links``; whether every quotation is still there is looked up in ``quotations``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import F

from tracker.classify.lexicon import load
from tracker.classify.links import propose_links
from tracker.classify.relevance import classify
from tracker.classify.stated import STATED, passages_read, stated_passages, stated_terms
from tracker.classify.studies import classify_study, study_passages, study_version
from tracker.classify.writing import (
    STUDIES,
    TRIALS,
    Standing,
    Standings,
    decided_by_people,
    encode,
    follow,
    standing,
    write,
)
from tracker.models import Study, StudyFact, Trial, TrialVersion
from tracker.sources.bibliography import FIELDS, study_record
from tracker.sources.ctgov_records import Unreadable
from tracker.sync.store import STORE_LOCK
from tracker.terms import AnnotationState, FactOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tracker.classify.relevance import Classified
    from tracker.classify.studies import ClassifiedStudy
    from tracker.sources.bibliography import StudyRecord
    from tracker.sources.ctgov_records import TrialRecord

__all__ = [
    "Reproposed",
    "Standing",
    "Standings",
    "current",
    "propose",
    "propose_links",
    "propose_studies",
    "repropose",
    "repropose_studies",
    "study_texts",
    "texts",
]

# Records read again in one transaction: a few MB of text, well under a second.
BATCH = 200

# "person" sorts behind "import", so that descending order lets a person speak first.
_STATING = (FactOrigin.PERSON, FactOrigin.IMPORT)

_HOLD = "SELECT pg_advisory_xact_lock(%s, %s)"

# A rule's fact that a person accepted or rejected stays as it was decided, value and all.
_MAKE_FACTS = """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_fact (
        study_id bigint, name text, value jsonb, words jsonb
    ) ON COMMIT DELETE ROWS;
    TRUNCATE incoming_fact
"""
_WITHDRAW_FACTS = """
    DELETE FROM tracker_studyfact AS standing
    WHERE standing.study_id = ANY(%(studies)s) AND standing.origin = 'rule' AND standing.state = 'proposed'
      AND standing.experiment_id IS NULL
      AND NOT EXISTS (
        SELECT FROM incoming_fact AS incoming
        WHERE incoming.study_id = standing.study_id AND incoming.name = standing.name
      )
"""
_PROPOSE_FACTS = """
    INSERT INTO tracker_studyfact (study_id, experiment_id, name, value, origin, words, state, by_id, at)
    SELECT study_id, NULL, name, value, 'rule', words, 'proposed', NULL, %(at)s FROM incoming_fact
    ON CONFLICT (study_id, experiment_id, name, origin) DO UPDATE
    SET value = EXCLUDED.value, words = EXCLUDED.words, at = EXCLUDED.at
    WHERE tracker_studyfact.state = 'proposed'
      AND (tracker_studyfact.value, tracker_studyfact.words) IS DISTINCT FROM (EXCLUDED.value, EXCLUDED.words)
"""
_QUOTING_FACTS = """
    SELECT id, study_id, words FROM tracker_studyfact
    WHERE study_id = ANY(%(studies)s) AND words <> '[]'::jsonb AND (origin <> 'rule' OR state <> 'proposed')
"""
_FOLLOW_FACTS = """
    UPDATE tracker_studyfact AS standing SET words = given.words
    FROM unnest(%s::bigint[], %s::jsonb[]) AS given (id, words) WHERE given.id = standing.id
"""


@dataclass(slots=True)
class Reproposed:
    """What a second reading of stored records did."""

    read: int = 0
    unreadable: list[str] = field(default_factory=list)  # a sentence each


def texts(records: Iterable[TrialRecord]) -> dict[str, Classified]:
    """What the lexicon says of each of these records, by number. Asks no database."""
    return {record.nct_id: classify(record) for record in records}


def study_texts(
    studies: Mapping[int, StudyRecord], stated: Mapping[int, Mapping[str, object]]
) -> dict[int, ClassifiedStudy]:
    """What the lexicons say of each of these studies and of what is stated of it, by number. Asks no database."""
    return {
        number: classify_study(record, stated=passages_read(stated.get(number, {})))
        for number, record in studies.items()
    }


class _Passages(dict[str, dict[str, str]]):
    """The texts of each record by field, made when asked for: few have standing words to look for in them."""

    def __init__(self, records: Mapping[str, TrialRecord]) -> None:
        super().__init__()
        self._records = records

    def __missing__(self, nct_id: str) -> dict[str, str]:
        self[nct_id] = dict(self._records[nct_id].passages)
        return self[nct_id]


@transaction.atomic
def propose(
    *, records: Sequence[TrialRecord], at: datetime, said: Mapping[str, Classified] | None = None
) -> dict[str, Standings]:
    """Read these records and write what their text says; gives what stands for each trial, by its number.

    ``said`` is what `texts` made of them, where they have been read already. The trials must be stored. Stop reasons
    are read of every trial, all other terms only of those that name vesicles (or that a person called relevant).
    """
    if not records:
        return {}
    latest = {record.nct_id: record for record in records}
    version = load().version
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, STORE_LOCK)
        decided = decided_by_people(TRIALS, latest)
        read = dict(said) if said is not None else texts(latest.values())
        # A person's decision stands, and the terms follow it.
        read |= {key: classify(latest[key], relevance=chosen) for key, (chosen, _) in decided.items()}
        known = write(
            cursor,
            TRIALS,
            read=read,
            decided=decided,
            texts=_Passages(latest),
            version=version,
            record_version=version,
            at=at,
        )
    return standing(TRIALS, read, known)


@transaction.atomic
def propose_studies(*, studies: Mapping[int, StudyRecord], at: datetime) -> dict[int, Standings]:
    """Read these studies and write relevance, annotations and facts; gives what stands for each, by its number.

    The studies must be stored, and each record must be the study as it stands (its row's own columns), since words are
    quoted from it. What files and people state of them is read besides. All is proposed: facts have origin "rule", and
    what a person decided or entered is left alone.
    """
    if not studies:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, STORE_LOCK)
        decided = decided_by_people(STUDIES, studies)
        stated = facts_stated(studies)
        read = study_texts(studies, stated)
        read |= {
            key: classify_study(studies[key], relevance=chosen, stated=passages_read(stated.get(key, {})))
            for key, (chosen, _) in decided.items()
        }
        passages = {
            number: dict([*study_passages(record), *stated_passages(stated.get(number, {}))])
            for number, record in studies.items()
        }
        for number, told in stated.items():
            named = stated_terms(told, besides=read[number].proposals)
            read[number] = read[number]._replace(proposals=[*read[number].proposals, *named])
        known = write(
            cursor,
            STUDIES,
            read=read,
            decided=decided,
            texts=passages,
            version=load().version,
            record_version=study_version(),
            at=at,
        )
        cursor.execute(_MAKE_FACTS)
        with cursor.copy("COPY incoming_fact FROM STDIN") as copy:
            for number, classified in read.items():
                for fact in classified.facts:
                    copy.write_row((number, fact.name.value, encode(fact.value).decode(), encode(fact.words).decode()))
        asked: dict[str, Any] = {"studies": list(studies), "at": at}
        cursor.execute(_WITHDRAW_FACTS, asked)
        cursor.execute(_PROPOSE_FACTS, asked)
        cursor.execute(_QUOTING_FACTS, asked)
        moved = follow(cursor.fetchall(), passages)
        cursor.execute(_FOLLOW_FACTS, [[number for number, _ in moved], [words for _, words in moved]])
    return standing(STUDIES, read, known)


def facts_stated(study_ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """What a file or a person states of these studies in words, by the study's number; a person's stands over a file's.

    Only what is read: role, source, cargo and the rest.
    """
    found: dict[int, dict[str, object]] = {}
    told = StudyFact.objects.filter(
        study__in=list(study_ids), name__in=list(STATED), experiment__isnull=True, origin__in=list(_STATING)
    ).exclude(state=AnnotationState.REJECTED)
    for number, name, value in told.order_by("-origin").values_list("study_id", "name", "value"):
        found.setdefault(number, {}).setdefault(name, value)
    return found


# --- all over again ------------------------------------------------------------------------------------------------


def repropose(*, nct_ids: Iterable[str] | None, at: datetime) -> Reproposed:
    """Read stored records again (the lexicon changed): these, or all with None. A transaction a batch."""
    done = Reproposed()
    for batch in batches(nct_ids):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_HOLD, STORE_LOCK)
            records = list(current(batch, done.unreadable))
            propose(records=records, at=at)
        done.read += len(records)
    return done


def repropose_studies(*, study_ids: Iterable[int] | None, at: datetime) -> Reproposed:
    """Read stored studies again: these, or all with None. A transaction a batch."""
    done = Reproposed()
    for batch in study_batches(study_ids):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_HOLD, STORE_LOCK)
            studies = current_studies(batch)
            propose_studies(studies=studies, at=at)
        done.read += len(studies)
    return done


def batches(nct_ids: Iterable[str] | None) -> Iterator[list[str]]:
    wanted = sorted(set(nct_ids)) if nct_ids is not None else None
    if wanted is not None:
        for start in range(0, len(wanted), BATCH):
            yield wanted[start : start + BATCH]
        return
    last = ""
    while batch := list(
        Trial.objects.filter(nct_id__gt=last).order_by("nct_id").values_list("nct_id", flat=True)[:BATCH]
    ):
        yield batch
        last = batch[-1]


def study_batches(study_ids: Iterable[int] | None) -> Iterator[list[int]]:
    wanted = sorted(set(study_ids)) if study_ids is not None else None
    if wanted is not None:
        for start in range(0, len(wanted), BATCH):
            yield wanted[start : start + BATCH]
        return
    last = 0
    while batch := list(Study.objects.filter(id__gt=last).order_by("id").values_list("id", flat=True)[:BATCH]):
        yield batch
        last = batch[-1]


def current(nct_ids: Iterable[str], unreadable: list[str]) -> Iterator[TrialRecord]:
    """The current record of each of these trials, one at a time: raw records are large.

    One that can no longer be read is passed over, and told in ``unreadable``.
    """
    versions = TrialVersion.objects.filter(trial_id__in=list(nct_ids), number=F("trial__version_number"))
    for version in versions.order_by("trial_id").iterator(chunk_size=50):
        try:
            yield version.record()
        except Unreadable as error:
            unreadable.append(f"{version.trial_id}: its stored record can no longer be read ({error.reason}).")


def current_studies(study_ids: Iterable[int]) -> dict[int, StudyRecord]:
    """These studies as they stand: all their sources taken together, and what people entered."""
    rows = Study.objects.filter(id__in=list(study_ids)).order_by("id").values("id", *FIELDS)
    return {row.pop("id"): study_record(**row) for row in rows}
