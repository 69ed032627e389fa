"""Candidates, evidence links and lineage from files, through the same acts as a person's, with an author and a reason.

The same files taken in again change nothing. What somebody else decided stands: a candidate that a person described,
merged or split, a link that a person decided or moved, is left alone and said to be kept. All of a folder goes in or
none of it, except rows that are refused, each with its line, column and reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from tracker.curation import decisions
from tracker.curation.decisions.candidates import folded
from tracker.curation.tables import (
    CandidateRow,
    LineageRow,
    LinkRow,
    Record,
    read_candidates,
    read_lineage,
    read_links,
)
from tracker.models import Candidate, EvidenceLink, HistoryEntry, LineageLink, Study, Trial, TrialAlias
from tracker.sources.citations.rows import RefusedRow
from tracker.terms import AnnotationState, DecisionFate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from django.contrib.auth.models import User

FILES = {"candidates.csv": read_candidates, "links.csv": read_links, "lineage.csv": read_lineage}
STARTER_SET = "starter-set"
CREATED = "Named by the file it was taken in from, for the records linked to it."


class Left(NamedTuple):
    """A row that was not taken as it stands: where, and why."""

    file: str
    line: int
    column: str
    reason: str
    fate: DecisionFate


@dataclass
class Outcome:
    """What became of the rows of each file."""

    counts: dict[str, Counter[DecisionFate]] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether not one row could be read."""
        return not any(count for counts in self.counts.values() for fate, count in counts.items() if fate != "refused")


def starter_author() -> User:
    """Who brought the starter set: an account that nobody can sign in with, so that history is honest."""
    users = get_user_model()
    author, is_new = users.objects.get_or_create(
        username=STARTER_SET, defaults={"first_name": "Starter", "last_name": "set", "is_active": False}
    )
    if is_new:
        author.set_unusable_password()
        author.save(update_fields=["password"])
    return author


@transaction.atomic
def take_in(*, folder: Path, by: User, at: datetime) -> Outcome:
    """Take in the files of this folder that are there, candidates first. Raises FileNotFoundError where none is."""
    present = [name for name in FILES if (folder / name).is_file()]
    if not present:
        raise FileNotFoundError(f"{folder} holds none of {', '.join(FILES)}.")
    rows: list[tuple[str, CandidateRow | LinkRow | LineageRow]] = []
    outcome = Outcome({name: Counter() for name in present})
    for name in present:
        with (folder / name).open("rb") as stream:
            for row in FILES[name](stream):
                if isinstance(row, RefusedRow):
                    outcome.counts[name][DecisionFate.REFUSED] += 1
                    outcome.left.append(Left(name, row.line, row.column, row.reason, DecisionFate.REFUSED))
                else:
                    rows.append((name, row))
    takes = _Taking([row for _, row in rows], by=by, at=at)
    for name, row in rows:
        fate, column, reason = takes.one(row)
        outcome.counts[name][fate] += 1
        if reason:
            outcome.left.append(Left(name, row.line, column, reason, fate))
    return outcome


Said = tuple[DecisionFate, str, str]
NEW: Said = (DecisionFate.NEW, "", "")
CHANGED: Said = (DecisionFate.CHANGED, "", "")
UNCHANGED: Said = (DecisionFate.UNCHANGED, "", "")


class _No(Exception):
    """A row that cannot be taken: its column and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


class _Taking:
    """The acts of one import. What stands is read once, whatever the number of rows; only acts ask more."""

    def __init__(self, rows: Iterable[CandidateRow | LinkRow | LineageRow], *, by: User, at: datetime) -> None:
        self.by, self.at = by, at
        rows = list(rows)
        self.called: dict[str, list[Candidate]] = defaultdict(list)
        self.synonyms: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in Candidate.objects.select_related("merged_into").prefetch_related("names").order_by("pk"):
            self._know(candidate)
        self.records = dict(_records(_named(rows)))
        self.links = {(one.candidate_id, one.trial_id, one.study_id): one for one in _standing_links()}
        self.lineage = {_ends(one): one for one in LineageLink.objects.select_related("decided_by")}
        self.touched: set[str] = set()  # candidates that somebody else had a hand in
        self.made: set[tuple[object, object, object]] = set()  # links this author once made
        history = HistoryEntry.objects.filter(subject="candidate").exclude(by=by)
        self.touched.update(history.values_list("subject_id", flat=True))
        added = HistoryEntry.objects.filter(subject="link", act="added", by=by)
        for after in added.values_list("after", flat=True):
            if after:
                self.made.add((after.get("candidate_id"), after.get("trial_id"), after.get("study_id")))
        self.lines: dict[tuple[str, str], int] = {}

    def _know(self, candidate: Candidate) -> None:
        self.called[folded(candidate.name)].append(candidate)
        for name in candidate.names.all():
            self.synonyms[name.folded].append(candidate)

    def one(self, row: CandidateRow | LinkRow | LineageRow) -> Said:
        try:
            if isinstance(row, CandidateRow):
                return self._candidate(row)
            return self._link(row) if isinstance(row, LinkRow) else self._lineage(row)
        except _No as error:
            return DecisionFate.REFUSED, error.column, str(error)
        except decisions.Declined as error:
            return DecisionFate.REFUSED, "", str(error)

    # candidates

    def _candidate(self, row: CandidateRow) -> Said:
        first = self.lines.setdefault((folded(row.name), row.kind), row.line)
        if first != row.line:
            raise _No("name", f"“{row.name}” stands on line {first} already; keep one of the two.")
        standing = [one for one in self.called[folded(row.name)] if one.kind == row.kind]
        if not standing:
            others = [one for one in self.synonyms[folded(row.name)] if one.kind == row.kind]
            if others:
                return _kept(f"“{row.name}” is another name of {others[0].name}.")
            made = decisions.create_candidate(
                name=row.name, kind=row.kind, names=row.synonyms, by=self.by, at=self.at, why=CREATED, **row.told
            )
            self._know(made)
            return NEW
        candidate = standing[0]
        if candidate.merged_into:
            return _kept(f"{candidate.name} was merged into {candidate.merged_into}.")
        changes = {name: value for name, value in row.told.items() if getattr(candidate, name) != value}
        own = {folded(name) for name in row.synonyms} - {"", folded(row.name)}
        if not changes and own == {name.folded for name in candidate.names.all()}:
            return UNCHANGED
        if str(candidate.pk) in self.touched:
            return _kept(f"{candidate.name} was described by a person.")
        decisions.change_candidate(
            candidate=candidate, changes=changes, names=row.synonyms, by=self.by, at=self.at,
            why="The file it was taken in from says so now.",
        )  # fmt: skip
        return CHANGED

    def _called(self, name: str) -> Candidate:
        found = self.called[folded(name)] or self.synonyms[folded(name)]
        bearers = {one.merged_into or one for one in found}
        if len(bearers) != 1:
            several = "Several candidates are" if bearers else "No candidate is"
            raise _No("candidate", f"{several} called “{name}”.")
        return bearers.pop()

    # links

    def _link(self, row: LinkRow) -> Said:
        candidate, record = self._called(row.candidate), self._found(row.record, "record")
        end = (record.pk, None) if isinstance(record, Trial) else (None, record.pk)
        standing = self.links.get((candidate.pk, *end))
        if standing is None:
            if {(one.pk, *end) for one in self.called[folded(row.candidate)]} & self.made:
                return _kept("A person moved this link, or put it together with another.")
            self.links[(candidate.pk, *end)] = decisions.add_link(
                candidate=candidate, direction=row.direction, by=self.by, at=self.at, why=row.reason,
                trial=record if isinstance(record, Trial) else None,
                study=record if isinstance(record, Study) else None,
            )  # fmt: skip
            return NEW
        if (standing.state, standing.direction) == (AnnotationState.ACCEPTED, row.direction):
            return UNCHANGED
        if standing.state != AnnotationState.PROPOSED and standing.decided_by_id != self.by.pk:
            return _kept(f"{standing.decided_by} decided: {standing.get_state_display()}, {standing.direction}.")
        self.links[(candidate.pk, *end)] = decisions.decide_link(
            link=standing, state=AnnotationState.ACCEPTED, direction=row.direction, note=row.reason, by=self.by,
            at=self.at, why=row.reason,
        )  # fmt: skip
        return CHANGED

    # lineage

    def _lineage(self, row: LineageRow) -> Said:
        origin, onward = self._found(row.origin, "from"), self._found(row.onward, "to")
        key = (row.kind, *_end(origin), *_end(onward))
        standing = self.lineage.get(key)
        if standing is None:
            self.lineage[key] = decisions.add_lineage(
                kind=row.kind, origin=origin, onward=onward, by=self.by, at=self.at, why=row.reason
            )
            return NEW
        if standing.state == AnnotationState.ACCEPTED:
            return UNCHANGED
        if standing.state == AnnotationState.REJECTED and standing.decided_by_id != self.by.pk:
            return _kept(f"{standing.decided_by} rejected it.")
        self.lineage[key] = decisions.decide_lineage(
            lineage=standing, state=AnnotationState.ACCEPTED, by=self.by, at=self.at, why=row.reason
        )
        return CHANGED

    def _found(self, record: Record, column: str) -> Trial | Study:
        found = self.records.get(record.known)
        if found is None:
            kind = "trial" if record.is_trial else "study"
            raise _No(column, f"No {kind} “{record.written}” is stored; take it in first.")
        return found


# --- what stands -----------------------------------------------------------------------------------------------------


def _kept(reason: str) -> Said:
    return DecisionFate.KEPT, "", f"{reason} It stays so."


def _named(rows: Iterable[CandidateRow | LinkRow | LineageRow]) -> Iterator[Record]:
    for row in rows:
        if isinstance(row, LinkRow):
            yield row.record
        elif isinstance(row, LineageRow):
            yield from (row.origin, row.onward)


def _records(named: Iterable[Record]) -> Iterator[tuple[str, Trial | Study]]:
    """The stored records of these names, also by a number that became another: three queries."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for record in named:
        wanted[record.known.partition(":")[0]].add(record.value)
    for alias in TrialAlias.objects.filter(alias__in=wanted["nct"]).select_related("trial"):
        yield f"nct:{alias.alias}", alias.trial
    for trial in Trial.objects.filter(pk__in=wanted["nct"]):
        yield f"nct:{trial.pk}", trial
    columns = {"pmid": "pmid", "pmcid": "pmcid", "doi": "doi", "key": "collection_key"}
    others = [f"{scheme}:{value}" for scheme in columns for value in sorted(wanted[scheme])]
    asked = Q(other_ids__overlap=others) | Q(preprint_doi__in=wanted["doi"])
    for scheme, column in columns.items():
        asked |= Q(**{f"{column}__in": wanted[scheme]})
    for study in Study.objects.filter(asked).defer("abstract", "search"):
        own = [f"{scheme}:{getattr(study, column)}" for scheme, column in columns.items()]
        for known in [f"doi:{study.preprint_doi}", *study.other_ids, *own]:
            yield known, study


def _standing_links() -> Iterable[EvidenceLink]:
    return EvidenceLink.objects.select_related("candidate", "study", "decided_by").defer(
        "study__abstract", "study__search"
    )


def _end(record: Trial | Study) -> tuple[str | None, int | None]:
    return (record.pk, None) if isinstance(record, Trial) else (None, record.pk)


def _ends(link: LineageLink) -> tuple[object, ...]:
    return (link.kind, link.from_trial_id, link.from_study_id, link.to_trial_id, link.to_study_id)
