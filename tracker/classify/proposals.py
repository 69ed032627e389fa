"""The only writer of annotations and of relevance: what the text says, and never over a person.

``propose`` reads a batch of records and writes in bulk, by COPY and set-based SQL: the number of statements is the
same for one record and for a thousand, and a second run changes nothing. A person's decision stands over every
proposal. A proposal that the text no longer supports is withdrawn; one that a person decided stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from django.db import connection, transaction
from django.db.models import F

from tracker.classify.lexicon import load
from tracker.classify.relevance import classify
from tracker.models import Annotation, Trial, TrialVersion
from tracker.sources.ctgov_records import Unreadable
from tracker.sync.store import STORE_LOCK
from tracker.terms import AnnotationState, Proposer, Relevance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tracker.classify.matcher import Words
    from tracker.classify.relevance import Classified
    from tracker.sources.ctgov_records import TrialRecord

# Trials read again in one transaction: a few MB of text, well under a second.
BATCH = 200

_MAKE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_annotation (
        trial_id text, facet text, term text, words jsonb
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_relevance (
        trial_id text, relevance text, words jsonb
    ) ON COMMIT DELETE ROWS;
    TRUNCATE incoming_annotation, incoming_relevance
"""
# The numbers stand in these statements themselves: of a temporary table the planner knows nothing, and without them
# it reads all annotations there are, for every batch.
_WITHDRAW = """
    DELETE FROM tracker_annotation AS standing
    WHERE standing.trial_id = ANY(%(known)s) AND standing.state = 'proposed' AND standing.proposer = 'rule'
      AND NOT EXISTS (
        SELECT FROM incoming_annotation AS incoming
        WHERE incoming.trial_id = standing.trial_id AND incoming.facet = standing.facet
          AND incoming.term = standing.term
      )
"""
# A decided proposal keeps its state; only the words follow the text.
_PROPOSE = """
    INSERT INTO tracker_annotation (trial_id, facet, term, words, proposer, state, lexicon_version, proposed)
    SELECT trial_id, facet, term, words, 'rule', 'proposed', %(version)s, %(at)s FROM incoming_annotation
    ON CONFLICT (trial_id, facet, term) DO UPDATE
    SET words = EXCLUDED.words, lexicon_version = EXCLUDED.lexicon_version
    WHERE tracker_annotation.proposer = 'rule'
      AND (tracker_annotation.words, tracker_annotation.lexicon_version)
          IS DISTINCT FROM (EXCLUDED.words, EXCLUDED.lexicon_version)
"""
_KEPT = """
    SELECT standing.id, standing.trial_id, standing.words
    FROM tracker_annotation AS standing
    WHERE standing.trial_id = ANY(%(known)s) AND (standing.proposer = 'person' OR NOT EXISTS (
        SELECT FROM incoming_annotation AS incoming
        WHERE incoming.trial_id = standing.trial_id AND incoming.facet = standing.facet
          AND incoming.term = standing.term
    ))
"""
_FOLLOW = """
    UPDATE tracker_annotation AS standing SET words = given.words
    FROM unnest(%s::bigint[], %s::jsonb[]) AS given (id, words) WHERE given.id = standing.id
"""
_DECIDE = """
    UPDATE tracker_trial AS trial
    SET relevance = read.relevance, relevance_words = read.words, lexicon_version = %(version)s
    FROM incoming_relevance AS read
    WHERE trial.nct_id = read.trial_id
      AND (trial.relevance, trial.relevance_words, trial.lexicon_version)
          IS DISTINCT FROM (read.relevance, read.words, %(version)s)
"""

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Standing:
    """One annotation as it stands after writing; a rejected one is here too, with its state."""

    facet: str
    term: str
    state: str
    proposer: str
    words: list[Words]


class Standings(list[Standing]):
    """What stands for one trial, and its relevance as decided (a person's decision, else the lexicon's)."""

    def __init__(self, relevance: Relevance) -> None:
        super().__init__()
        self.relevance = relevance


@dataclass(slots=True)
class Reproposed:
    """What a second reading of stored records did."""

    read: int = 0
    unreadable: list[str] = field(default_factory=list)  # a sentence each


def texts(records: Iterable[TrialRecord]) -> dict[str, Classified]:
    """What the lexicon says of each of these records, by number. Asks no database."""
    return {record.nct_id: classify(record) for record in records}


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
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)
        decided = _decided_by_people(list(latest))
        read = dict(said) if said is not None else texts(latest.values())
        # A person's decision stands, and the terms follow it.
        read |= {nct_id: classify(latest[nct_id], relevance=relevance) for nct_id, (relevance, _) in decided.items()}
        cursor.execute(_MAKE)
        with cursor.copy("COPY incoming_annotation FROM STDIN") as copy:
            for nct_id, classified in read.items():
                for proposal in classified.proposals:
                    words = _encode(proposal.words).decode()
                    copy.write_row((nct_id, proposal.facet.value, str(proposal.term), words))
        with cursor.copy("COPY incoming_relevance FROM STDIN") as copy:
            for nct_id, classified in read.items():
                quoted = classified.relevance_words
                if nct_id in decided:
                    quoted = _again(decided[nct_id][1], latest[nct_id])
                copy.write_row((nct_id, classified.relevance.value, _encode(quoted).decode()))
        known = _annotated(list(latest))
        if known:
            cursor.execute(_WITHDRAW, {"known": known})
        cursor.execute(_PROPOSE, {"version": version, "at": at})
        if known:
            cursor.execute(_KEPT, {"known": known})
            moved = [
                (number, _encode(follows).decode())
                for number, nct_id, words in cursor.fetchall()
                if (follows := _again(_decoded(words), latest[nct_id])) != _decoded(words)
            ]
            cursor.execute(_FOLLOW, [[number for number, _ in moved], [words for _, words in moved]])
        cursor.execute(_DECIDE, {"version": version})
    return _standing(read, known)


def _annotated(nct_ids: list[str]) -> list[str]:
    """Those of these trials that have annotations. A new trial has none, and most statements are not for it."""
    return list(Annotation.objects.filter(trial_id__in=nct_ids).values_list("trial_id", flat=True).distinct())


def _standing(read: dict[str, Classified], known: list[str]) -> dict[str, Standings]:
    """What stands after writing: of a trial that had no annotation what was proposed, of any other what is stored."""
    standing = {nct_id: Standings(classified.relevance) for nct_id, classified in read.items()}
    for nct_id in read.keys() - set(known):
        standing[nct_id] += [
            Standing(one.facet.value, str(one.term), AnnotationState.PROPOSED, Proposer.RULE, one.words)
            for one in sorted(read[nct_id].proposals, key=lambda one: (one.facet.value, str(one.term)))
        ]
    if known:
        for row in Annotation.objects.filter(trial_id__in=known).order_by("trial_id", "facet", "term"):
            assert row.trial_id is not None
            standing[row.trial_id].append(Standing(row.facet, row.term, row.state, row.proposer, row.words))
    return standing


def _decided_by_people(nct_ids: list[str]) -> dict[str, tuple[Relevance, list[Words]]]:
    rows = Trial.objects.filter(nct_id__in=nct_ids, relevance_by=Proposer.PERSON)
    return {
        nct_id: (Relevance(relevance), words)
        for nct_id, relevance, words in rows.values_list("nct_id", "relevance", "relevance_words")
    }


def _decoded(words: str | bytes | list[Words]) -> list[Words]:
    """A JSON column as a bare cursor gives it: text, unless a loader was at work."""
    return msgspec.json.decode(words) if isinstance(words, str | bytes) else words


def _again(words: list[Words], record: TrialRecord) -> list[Words]:
    """The same quotations in the record's present text: moved where it moved, left out where it is gone.

    A decision stands without its words; a quotation that is no longer there would point the reader at other ones.
    """
    texts = dict(record.passages)
    found = []
    for one in words:
        text = texts.get(one["field"], "")
        start = one["start"] if text[one["start"] : one["end"]] == one["text"] else text.find(one["text"])
        if start >= 0 and one["text"]:
            found.append({**one, "start": start, "end": start + len(one["text"])})
    return found  # type: ignore[return-value]


# --- all over again ------------------------------------------------------------------------------------------------


def repropose(*, nct_ids: Iterable[str] | None, at: datetime) -> Reproposed:
    """Read stored records again (the lexicon changed): these, or all with None. A transaction a batch."""
    done = Reproposed()
    for batch in _batches(nct_ids):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)
            records = []
            for version in _current(batch):
                record = _read(version, done.unreadable)
                if record is not None:
                    records.append(record)
            propose(records=records, at=at)
        done.read += len(records)
    return done


def _batches(nct_ids: Iterable[str] | None) -> Iterator[list[str]]:
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


def _current(nct_ids: list[str]) -> Iterator[TrialVersion]:
    """The current version of each of these trials, one at a time: raw records are large."""
    versions = TrialVersion.objects.filter(trial_id__in=nct_ids, number=F("trial__version_number"))
    return versions.order_by("trial_id").iterator(chunk_size=50)


def _read(version: TrialVersion, unreadable: list[str]) -> TrialRecord | None:
    try:
        return version.record()
    except Unreadable as error:
        unreadable.append(f"{version.trial_id}: its stored record can no longer be read ({error.reason}).")
        return None


# --- is every quotation still there --------------------------------------------------------------------------------


def check_words(nct_ids: Iterable[str] | None = None) -> list[str]:
    """Quotations of annotations and relevance that the stored text does not hold: a sentence each, none when sound."""
    wrong: list[str] = []
    for batch in _batches(nct_ids):
        quoted: dict[str, list[tuple[str, list[Words]]]] = {nct_id: [] for nct_id in batch}
        for nct_id, facet, term, words in Annotation.objects.filter(trial_id__in=batch).values_list(
            "trial_id", "facet", "term", "words"
        ):
            quoted[nct_id].append((f"the annotation {facet}/{term}", words))
        for nct_id, words in Trial.objects.filter(nct_id__in=batch).values_list("nct_id", "relevance_words"):
            quoted[nct_id].append(("its relevance", words))
        for version in _current([nct_id for nct_id in batch if any(words for _, words in quoted[nct_id])]):
            record = _read(version, wrong)
            if record is not None:
                texts = dict(record.passages)
                for what, words in quoted[record.nct_id]:
                    wrong += [
                        f"{record.nct_id}: {what} quotes “{one['text']}” from {one['field']}, which reads "
                        f"“{_there(texts, one)}” there. Run manage.py reclassify {record.nct_id}."
                        for one in words
                        if _there(texts, one) != one["text"]
                    ]
    return wrong


def _there(texts: dict[str, str], words: Words) -> str:
    return texts.get(words["field"], "")[words["start"] : words["end"]]
