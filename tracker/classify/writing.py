"""How annotations and relevance are written, of trials and of studies alike: by COPY and set-based SQL.

The number of statements is the same for one record and for a thousand, and a second run changes nothing. A person's
decision stands over every proposal. A proposal that the text no longer supports is withdrawn; one that a person decided
stays, and its words follow the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tracker.models import Annotation, Study, Trial
from tracker.terms import AnnotationState, Proposer, Relevance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

    from tracker.classify.matcher import Words
    from tracker.classify.readings import Proposal
    from tracker.classify.relevance import Classified
    from tracker.classify.studies import ClassifiedStudy

Key = TypeVar("Key", str, int)  # a trial's number, a study's
encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Standing:
    """One annotation as it stands after writing; a rejected one is here too, with its state."""

    facet: str
    term: str
    state: str
    proposer: str
    words: list[Words]


class Standings(list[Standing]):
    """What stands for one record, and its relevance as decided (a person's decision, else the lexicon's)."""

    def __init__(self, relevance: Relevance) -> None:
        super().__init__()
        self.relevance = relevance


@dataclass(frozen=True, slots=True)
class Subject:
    """Which records the writing is of: trials or studies. Names of columns and tables are ours, none is given."""

    model: type[Trial | Study]
    table: str
    key: str
    column: str  # in the table of annotations
    kind: str  # PostgreSQL's name of the key's type

    def make(self) -> str:
        return f"""
            CREATE TEMPORARY TABLE IF NOT EXISTS incoming_{self.column} (
                owner {self.kind}, facet text, term text, words jsonb
            ) ON COMMIT DELETE ROWS;
            CREATE TEMPORARY TABLE IF NOT EXISTS incoming_relevance_{self.column} (
                owner {self.kind}, relevance text, words jsonb
            ) ON COMMIT DELETE ROWS;
            DELETE FROM incoming_{self.column};
            DELETE FROM incoming_relevance_{self.column}
        """  # noqa: S608 - our own names; few rows, which TRUNCATE would make new files for

    # The numbers stand in these statements themselves: of a temporary table the planner knows nothing, and without
    # them it reads all annotations there are, for every batch.
    def withdraw(self) -> str:
        return f"""
            DELETE FROM tracker_annotation AS standing
            WHERE standing.{self.column} = ANY(%(known)s) AND standing.state = 'proposed'
              AND standing.proposer = 'rule'
              AND NOT EXISTS (
                SELECT FROM incoming_{self.column} AS incoming
                WHERE incoming.owner = standing.{self.column} AND incoming.facet = standing.facet
                  AND incoming.term = standing.term
              )
        """  # noqa: S608

    # A decided proposal keeps its state; only the words follow the text.
    def propose(self) -> str:
        return f"""
            INSERT INTO tracker_annotation
                ({self.column}, facet, term, words, proposer, state, lexicon_version, proposed)
            SELECT owner, facet, term, words, 'rule', 'proposed', %(version)s, %(at)s FROM incoming_{self.column}
            ON CONFLICT ({self.column}, facet, term) DO UPDATE
            SET words = EXCLUDED.words, lexicon_version = EXCLUDED.lexicon_version
            WHERE tracker_annotation.proposer = 'rule'
              AND (tracker_annotation.words, tracker_annotation.lexicon_version)
                  IS DISTINCT FROM (EXCLUDED.words, EXCLUDED.lexicon_version)
        """  # noqa: S608

    def kept(self) -> str:
        return f"""
            SELECT standing.id, standing.{self.column}, standing.words
            FROM tracker_annotation AS standing
            WHERE standing.{self.column} = ANY(%(known)s) AND (standing.proposer = 'person' OR NOT EXISTS (
                SELECT FROM incoming_{self.column} AS incoming
                WHERE incoming.owner = standing.{self.column} AND incoming.facet = standing.facet
                  AND incoming.term = standing.term
            ))
        """  # noqa: S608

    def decide(self) -> str:
        return f"""
            UPDATE {self.table} AS record
            SET relevance = read.relevance, relevance_words = read.words, lexicon_version = %(version)s
            FROM incoming_relevance_{self.column} AS read
            WHERE record.{self.key} = read.owner
              AND (record.relevance, record.relevance_words, record.lexicon_version)
                  IS DISTINCT FROM (read.relevance, read.words, %(version)s)
        """  # noqa: S608


TRIALS = Subject(Trial, "tracker_trial", "nct_id", "trial_id", "text")
STUDIES = Subject(Study, "tracker_study", "id", "study_id", "bigint")

_FOLLOW = """
    UPDATE tracker_annotation AS standing SET words = given.words
    FROM unnest(%s::bigint[], %s::jsonb[]) AS given (id, words) WHERE given.id = standing.id
"""


def write(
    cursor: CursorWrapper,
    subject: Subject,
    *,
    read: Mapping[Key, Classified | ClassifiedStudy],
    decided: Mapping[Key, tuple[Relevance, list[Words]]],
    texts: Mapping[Key, Mapping[str, str]],
    version: str,
    record_version: str,
    at: datetime,
) -> list[Key]:
    """Write what was read of these records; gives those that had annotations before.

    ``texts`` are each record's passages by field. ``version`` is the lexicon's of annotations, ``record_version`` what
    the record's own row is marked with.
    """
    cursor.execute(subject.make())
    with cursor.copy(f"COPY incoming_{subject.column} FROM STDIN") as copy:
        for key, classified in read.items():
            for proposal in classified.proposals:
                copy.write_row((key, proposal.facet.value, str(proposal.term), encode(proposal.words).decode()))
    with cursor.copy(f"COPY incoming_relevance_{subject.column} FROM STDIN") as copy:
        for key, classified in read.items():
            quoted = classified.relevance_words
            if key in decided:
                quoted = again(decided[key][1], texts[key])
            copy.write_row((key, classified.relevance.value, encode(quoted).decode()))
    known = _annotated(subject, list(read))
    if known:
        cursor.execute(subject.withdraw(), {"known": known})
    cursor.execute(subject.propose(), {"version": version, "at": at})
    if known:
        cursor.execute(subject.kept(), {"known": known})
        moved = follow(cursor.fetchall(), texts)
        cursor.execute(_FOLLOW, [[number for number, _ in moved], [words for _, words in moved]])
    cursor.execute(subject.decide(), {"version": record_version})
    return known


def _annotated(subject: Subject, keys: Sequence[Key]) -> list[Key]:
    """Those of these records that have annotations. A new one has none, and most statements are not for it."""
    rows = Annotation.objects.filter(**{f"{subject.column}__in": keys})
    return list(rows.values_list(subject.column, flat=True).distinct())


def decided_by_people(subject: Subject, keys: Iterable[Key]) -> dict[Key, tuple[Relevance, list[Words]]]:
    """The records whose relevance a person decided, with what it was decided on."""
    rows = subject.model._default_manager.filter(**{f"{subject.key}__in": list(keys)}, relevance_by=Proposer.PERSON)
    return {
        key: (Relevance(relevance), words)
        for key, relevance, words in rows.values_list(subject.key, "relevance", "relevance_words")
    }


def standing(
    subject: Subject, read: Mapping[Key, Classified | ClassifiedStudy], known: Sequence[Key]
) -> dict[Key, Standings]:
    """What stands after writing: of a record that had no annotation what was proposed, of any other what is stored."""
    found = {key: Standings(classified.relevance) for key, classified in read.items()}
    for key in read.keys() - set(known):
        proposals: list[Proposal] = read[key].proposals
        found[key] += [
            Standing(one.facet.value, str(one.term), AnnotationState.PROPOSED, Proposer.RULE, one.words)
            for one in sorted(proposals, key=lambda one: (one.facet.value, str(one.term)))
        ]
    if known:
        rows = Annotation.objects.filter(**{f"{subject.column}__in": known})
        for row in rows.order_by(subject.column, "facet", "term"):
            found[getattr(row, subject.column)].append(
                Standing(row.facet, row.term, row.state, row.proposer, row.words)
            )
    return found


def follow(
    rows: Iterable[tuple[int, Key, str | bytes | list[Words]]], texts: Mapping[Key, Mapping[str, str]]
) -> list[tuple[int, str]]:
    """Of these (row, record, words) the rows whose quotations moved, with the words as they stand now."""
    return [
        (number, encode(follows).decode())
        for number, key, words in rows
        if (follows := again(decoded(words), texts[key])) != decoded(words)
    ]


def decoded(words: str | bytes | list[Words]) -> list[Words]:
    """A JSON column as a bare cursor gives it: text, unless a loader was at work."""
    return msgspec.json.decode(words) if isinstance(words, str | bytes) else words


def again(words: list[Words], texts: Mapping[str, str]) -> list[Words]:
    """The same quotations in the record's present text: moved where it moved, left out where it is gone.

    A decision stands without its words; a quotation that is no longer there would point the reader at other ones.
    """
    found = []
    for one in words:
        text = texts.get(one["field"], "")
        start = one["start"] if text[one["start"] : one["end"]] == one["text"] else text.find(one["text"])
        if start >= 0 and one["text"]:
            found.append({**one, "start": start, "end": start + len(one["text"])})
    return found  # type: ignore[return-value]
