"""The only writer of maturities, and of the columns of a trial or a study that a list reads.

History is appended to, never rewritten: a maturity row keeps its numbers for ever, only ``is_current`` and
``confirmed_on`` (the last day on which the same facts gave the same result) move. A batch is written by COPY and
set-based SQL, so the number of statements is the same for one record and for a thousand.

Current is meant per rubric: scoring under another version writes beside, and only the released current version
(``rubric.CURRENT``) is copied onto the record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from tracker.models import Maturity, Study, Trial
from tracker.sync.store import STORE_LOCK
from tracker.terms import Presence, Relevance

from .engine import Verdict, score_study, score_trial
from .facts import TrialFacts, Unscored, facts_hash
from .rubric import CURRENT, load
from .statements import STUDIES, TRIALS, Subject, row_of
from .stored import facts_of_studies, facts_of_trials, studies_reporting
from .study_facts import StudyFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import date, datetime

    from django.db.models import QuerySet

K = TypeVar("K", str, int)

# Records read and scored in one transaction: a second's work, a few MB.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring a set of records came to, in maturities but for the first two and the last."""

    trials: int = 0
    studies: int = 0
    written: int = 0  # new rows of history
    confirmed: int = 0  # the same facts gave the same result
    superseded: int = 0  # no longer current
    without: int = 0  # records that have no maturity

    def __add__(self, other: Scored) -> Scored:
        return Scored(
            self.trials + other.trials,
            self.studies + other.studies,
            self.written + other.written,
            self.confirmed + other.confirmed,
            self.superseded + other.superseded,
            self.without + other.without,
        )


@transaction.atomic
def score(*, trials: Mapping[str, TrialFacts | Unscored], rubric: str, today: date, at: datetime) -> Scored:
    """Score these trials (NCT number → facts) and write what came of it; then the studies that report them.

    A trial that has no stage any more loses its current rows and its leading columns; roles and stop reasons are
    copied for every trial. Raises ``RubricError`` for a version that was not released and ``LookupError`` for a
    trial that is not stored.
    """
    rules = load(rubric)
    if not trials:
        return Scored()
    _hold(TRIALS, list(trials))
    found = {}
    for nct_id, facts in trials.items():
        verdict = score_trial(facts, rubric=rules, today=today) if isinstance(facts, TrialFacts) else _NO_VERDICT
        found[nct_id] = (facts, verdict)
    done = replace(_write(TRIALS, found, rubric=rubric, today=today, at=at), trials=len(trials))
    return done + score_studies(study_ids=studies_reporting(list(trials)), rubric=rubric, today=today, at=at)


@transaction.atomic
def score_studies(*, study_ids: Collection[int], rubric: str, today: date, at: datetime) -> Scored:
    """Score these studies from what is stored of them, and write what came of it.

    The statements are as many for one study as for a thousand. Raises ``RubricError`` for a version that was not
    released and ``LookupError`` for a study that is not stored.
    """
    rules = load(rubric)
    if not study_ids:
        return Scored()
    _hold(STUDIES, list(study_ids))
    found = {}
    for study_id, facts in facts_of_studies(study_ids, rubric=rubric).items():
        verdict = score_study(facts, rubric=rules, today=today) if isinstance(facts, StudyFacts) else _NO_VERDICT
        found[study_id] = (facts, verdict)
    return replace(_write(STUDIES, found, rubric=rubric, today=today, at=at), studies=len(found))


_NO_VERDICT = Verdict((), "")


def _hold(subject: Subject, records: Collection[K]) -> None:
    """Lock these rows in one order, so that two scorings of the same wait for each other and lock nobody out.

    Held before facts are read from them: two scorings of one record would else both write a current row.
    """
    with connection.cursor() as cursor:
        cursor.execute(subject.lock, [list(records)])
        held: set[K] = {key for (key,) in cursor}
    missing = sorted(set(records) - held)
    if missing:
        name = missing[0] if subject is TRIALS else f"Study {missing[0]}"
        raise LookupError(f"{name} cannot be scored: it is not stored. Store the record first.")


def _write(
    subject: Subject,
    found: Mapping[K, tuple[TrialFacts | StudyFacts | Unscored, Verdict]],
    *,
    rubric: str,
    today: date,
    at: datetime,
) -> Scored:
    """Write these verdicts beside what stands: append, confirm, supersede."""
    without = 0
    with connection.cursor() as cursor:
        cursor.execute(subject.make)
        with cursor.copy(subject.copy_maturities) as copy:
            for key, (facts, verdict) in found.items():
                if not verdict.maturities or isinstance(facts, Unscored):
                    without += 1
                    continue
                input_hash = facts_hash(facts)
                for place, result in enumerate(verdict.maturities):
                    copy.write_row(row_of(key, input_hash, result, is_leading=place == 0))
        with cursor.copy(subject.copy_scored) as copy:
            for key, (facts, _) in found.items():
                copy.write_row((key, [one.value for one in facts.roles], [one.value for one in facts.stop_classes]))
        told: dict[str, str | date] = {"rubric": rubric, "today": today, "at": at}
        counts = []
        for statement in subject.write:
            cursor.execute(statement, told)
            counts.append(cursor.rowcount)
        if rubric == CURRENT:
            cursor.execute(subject.copy_onto)
    confirmed, _, superseded, written = counts
    return Scored(written=written, confirmed=confirmed, superseded=superseded, without=without)


def rescore(
    *,
    rubric: str,
    today: date,
    at: datetime,
    nct_ids: Iterable[str] | None = None,
    study_ids: Iterable[int] | None = None,
    only_due: bool = False,
    batch: int = BATCH,
) -> Scored:
    """Score what is stored again: every trial and study, or these only, from their stored columns and readings.

    Reads and writes in batches, each its own transaction with the same few statements, so it may be stopped and
    started again at any point. Trials come first, since a study may take its trial's stage. ``only_due`` leaves out
    what time alone cannot have changed: see ``due``.
    """
    load(rubric)  # refuse an unknown version before the first batch
    every = nct_ids is None and study_ids is None
    all_trials = Trial.objects.all() if every else Trial.objects.numbered(nct_ids or ())
    all_studies = Study.objects.all() if every else Study.objects.filter(pk__in=list(study_ids or ()))
    trials = due(all_trials, rubric=rubric, today=today) if only_due else all_trials
    studies = due_studies(all_studies, rubric=rubric, today=today) if only_due else all_studies

    def next_trials(last: str | None) -> list[str]:
        left = trials if last is None else trials.filter(nct_id__gt=last)
        return list(left.order_by("nct_id").values_list("nct_id", flat=True)[:batch])

    def next_studies(last: int | None) -> list[int]:
        left = studies if last is None else studies.filter(pk__gt=last)
        return list(left.order_by("pk").values_list("pk", flat=True)[:batch])

    def score_trials(nct_ids: list[str]) -> Scored:
        return score(trials=facts_of_trials(nct_ids), rubric=rubric, today=today, at=at)

    def score_some(study_ids: list[int]) -> Scored:
        return score_studies(study_ids=study_ids, rubric=rubric, today=today, at=at)

    return _in_batches(next_trials, score_trials, batch) + _in_batches(next_studies, score_some, batch)


def _in_batches(
    following: Callable[[K | None], list[K]], score_these: Callable[[list[K]], Scored], batch: int
) -> Scored:
    """Score what follows, batch after batch, each in a transaction of its own."""
    total = Scored()
    last: K | None = None
    while True:
        with transaction.atomic():
            # As every writer of evidence does, so that a sync and a rescore never lock each other out.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)
            keys = following(last)
            total += score_these(keys)
        if len(keys) < batch:
            return total
        last = keys[-1]


def due(trials: QuerySet[Trial], *, rubric: str, today: date) -> QuerySet[Trial]:
    """The trials whose result the day may have changed since they were last scored.

    The day is an argument of the rules only where a trial has a maturity (momentum, and the rows of transparency),
    and only trials about EVs can have one. Any change of a record, an annotation or a decision is scored in its own
    transaction. So what remains is: about, and not yet written or confirmed on this day. Which limit a trial will
    pass next is not worked out: to score it costs less than to look that up. A number that was folded into another
    is due once more, so that it leaves the lists.
    """
    scored_today = Maturity.objects.filter(
        trial=OuterRef("pk"), rubric=rubric, is_current=True, confirmed_on__gte=today
    )
    standing = Q(relevance=Relevance.ABOUT) & ~Q(presence=Presence.FOLDED) & ~Exists(scored_today)
    return trials.filter(standing | Q(presence=Presence.FOLDED, track__isnull=False))


def due_studies(studies: QuerySet[Study], *, rubric: str, today: date) -> QuerySet[Study]:
    """As ``due``, for studies: about, standing, and not yet written or confirmed on this day.

    The day itself changes nothing in a study; to confirm it says that its maturity still is what the rules give. One
    that was retracted or is no longer about vesicles is due once more, so that it leaves the lists.
    """
    scored_today = Maturity.objects.filter(
        study=OuterRef("pk"), rubric=rubric, is_current=True, confirmed_on__gte=today
    )
    standing = Q(relevance=Relevance.ABOUT, is_retracted=False)
    return studies.filter((standing & ~Exists(scored_today)) | (~standing & Q(track__isnull=False)))
