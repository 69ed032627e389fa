"""The only writer of maturities, and of the columns of a trial that a list reads.

History is appended to, never rewritten: a maturity row keeps its numbers for ever, only ``is_current`` and
``confirmed_on`` (the last day on which the same facts gave the same result) move. A batch is written by COPY and
set-based SQL, so the number of statements is the same for one trial and for a thousand.

Current is meant per rubric: scoring under another version writes beside, and only the released current version
(``rubric.CURRENT``) is copied onto the trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from tracker.models import Annotation, Maturity, Trial
from tracker.sync.store import STORE_LOCK
from tracker.terms import Presence, Relevance

from .engine import Result, score_trial
from .facts import FIELDS, RegistryFields, Standing, TrialFacts, Unscored, facts_hash, facts_needed
from .rubric import CURRENT, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from django.db.models import QuerySet

# Trials read and scored in one transaction: a second's work, a few MB.
BATCH = 500

_RESULT = (
    "track",
    "input_hash",
    "is_leading",
    "stage",
    "stage_possible",
    "step",
    "earned",
    "possible",
    "deductions",
    "score",
    "score_possible",
    "momentum",
    "stop_classes",
    "components",
    "explanation",
    "reasons",
)
_COLUMNS = ", ".join(_RESULT)
_SAME = " AND ".join(f"standing.{column} IS NOT DISTINCT FROM incoming.{column}" for column in _RESULT)

_MAKE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_maturity (
        trial_id text, track text, input_hash text, is_leading boolean, stage smallint, stage_possible smallint,
        step text, earned numeric, possible numeric, deductions numeric, score numeric, score_possible numeric,
        momentum text, stop_classes jsonb, components jsonb, explanation jsonb, reasons jsonb, same_as bigint
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS incoming_scored (
        trial_id text, roles text[], stop_classes text[]
    ) ON COMMIT DELETE ROWS;
    TRUNCATE incoming_maturity, incoming_scored
"""
_FIND_SAME = f"""
    UPDATE incoming_maturity AS incoming SET same_as = standing.id
    FROM tracker_maturity AS standing
    WHERE standing.trial_id = incoming.trial_id AND standing.rubric = %(rubric)s AND standing.is_current AND {_SAME}
"""  # noqa: S608 - our own column names
_CONFIRM = """
    UPDATE tracker_maturity SET confirmed_on = %(today)s
    WHERE id IN (SELECT same_as FROM incoming_maturity) AND confirmed_on < %(today)s
"""
_SUPERSEDE = """
    UPDATE tracker_maturity AS standing SET is_current = FALSE
    FROM incoming_scored AS scored
    WHERE standing.trial_id = scored.trial_id AND standing.rubric = %(rubric)s AND standing.is_current
      AND NOT EXISTS (SELECT FROM incoming_maturity WHERE same_as = standing.id)
"""
_APPEND = f"""
    INSERT INTO tracker_maturity
        (trial_id, rubric, scored_on, confirmed_on, is_current, created, {_COLUMNS})
    SELECT trial_id, %(rubric)s, %(today)s, %(today)s, TRUE, %(at)s, {_COLUMNS}
    FROM incoming_maturity WHERE same_as IS NULL
    ORDER BY trial_id, is_leading DESC
"""  # noqa: S608 - our own column names
_COPY_ONTO_TRIALS = """
    UPDATE tracker_trial AS trial
    SET track = ahead.track, stage = ahead.stage, stage_possible = ahead.stage_possible, step = ahead.step,
        strength = ahead.earned, strength_possible = ahead.possible, score = ahead.score,
        score_possible = ahead.score_possible, momentum = ahead.momentum,
        roles = scored.roles, stop_classes = scored.stop_classes
    FROM incoming_scored AS scored
    LEFT JOIN incoming_maturity AS ahead ON ahead.trial_id = scored.trial_id AND ahead.is_leading
    WHERE trial.nct_id = scored.trial_id
      AND (trial.track, trial.stage, trial.stage_possible, trial.step, trial.strength, trial.strength_possible,
           trial.score, trial.score_possible, trial.momentum, trial.roles, trial.stop_classes)
          IS DISTINCT FROM
          (ahead.track, ahead.stage, ahead.stage_possible, ahead.step, ahead.earned, ahead.possible,
           ahead.score, ahead.score_possible, ahead.momentum, scored.roles, scored.stop_classes)
"""


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring a set of trials came to, in maturities but for the first and the last."""

    trials: int = 0
    written: int = 0  # new rows of history
    confirmed: int = 0  # the same facts gave the same result
    superseded: int = 0  # no longer current
    without: int = 0  # trials that have no maturity

    def __add__(self, other: Scored) -> Scored:
        return Scored(
            self.trials + other.trials,
            self.written + other.written,
            self.confirmed + other.confirmed,
            self.superseded + other.superseded,
            self.without + other.without,
        )


@transaction.atomic
def score(*, trials: Mapping[str, TrialFacts | Unscored], rubric: str, today: date, at: datetime) -> Scored:
    """Score these trials (NCT number → facts) and write what came of it.

    A trial that has no stage any more loses its current rows and its leading columns; roles and stop reasons are
    copied for every trial. Raises ``RubricError`` for a version that was not released and ``LookupError`` for a
    trial that is not stored.
    """
    rules = load(rubric)
    if not trials:
        return Scored()
    with connection.cursor() as cursor:
        # In one order, so that two scorings of the same trials wait for each other instead of locking each other out.
        cursor.execute(
            "SELECT nct_id FROM tracker_trial WHERE nct_id = ANY(%s) ORDER BY nct_id FOR NO KEY UPDATE", [list(trials)]
        )
        missing = sorted(set(trials) - {nct_id for (nct_id,) in cursor})
        if missing:
            raise LookupError(f"{missing[0]} cannot be scored: it is not stored. Store the record first.")
        cursor.execute(_MAKE)
        without = 0
        with cursor.copy("COPY incoming_maturity FROM STDIN") as copy:
            for nct_id, facts in trials.items():
                if isinstance(facts, Unscored):
                    without += 1
                    continue
                maturities = score_trial(facts, rubric=rules, today=today).maturities
                if not maturities:
                    without += 1
                    continue
                input_hash = facts_hash(facts)
                for place, result in enumerate(maturities):
                    copy.write_row(_row(nct_id, input_hash, result, is_leading=place == 0))
        with cursor.copy("COPY incoming_scored FROM STDIN") as copy:
            for nct_id, facts in trials.items():
                copy.write_row((nct_id, [one.value for one in facts.roles], [one.value for one in facts.stop_classes]))
        told: dict[str, str | date] = {"rubric": rubric, "today": today, "at": at}
        counts = []
        for statement in (_FIND_SAME, _CONFIRM, _SUPERSEDE, _APPEND):
            cursor.execute(statement, told)
            counts.append(cursor.rowcount)
        if rubric == CURRENT:
            cursor.execute(_COPY_ONTO_TRIALS)
    confirmed, _, superseded, written = counts
    return Scored(len(trials), written, confirmed, superseded, without)


_json = msgspec.json.Encoder(order="deterministic")


def _row(nct_id: str, input_hash: str, result: Result, *, is_leading: bool) -> tuple[object, ...]:
    """One row of the incoming table, in its order."""
    return (
        nct_id,
        result.track.value,
        input_hash,
        is_leading,
        result.stage,
        result.stage_possible,
        result.step.value if result.step is not None else None,
        result.earned,
        result.possible,
        result.deductions,
        result.score,
        result.score_possible,
        result.momentum.value,
        _json.encode(result.stop_classes).decode(),
        _json.encode(result.components).decode(),
        _json.encode(result.explanation).decode(),
        _json.encode(result.reasons).decode(),
        None,
    )


def rescore(
    *,
    rubric: str,
    today: date,
    at: datetime,
    nct_ids: Iterable[str] | None = None,
    only_due: bool = False,
    batch: int = BATCH,
) -> Scored:
    """Score stored trials again, all of them or these numbers, from their stored columns and annotations.

    Reads and writes in batches, each its own transaction with the same few statements, so it may be stopped and
    started again at any point. ``only_due`` leaves out what time alone cannot have changed: see ``due``.
    """
    load(rubric)  # refuse an unknown version before the first batch
    trials = Trial.objects.all() if nct_ids is None else Trial.objects.numbered(nct_ids)
    chosen = due(trials, rubric=rubric, today=today) if only_due else trials
    total = Scored()
    last = ""
    while True:
        with transaction.atomic():
            # As every writer of trials does, so that a sync and a rescore never lock each other out.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)
            found = _stored_facts(chosen.filter(nct_id__gt=last).order_by("nct_id")[:batch])
            total += score(trials=found, rubric=rubric, today=today, at=at)
        if len(found) < batch:
            return total
        last = max(found)


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


def _stored_facts(trials: QuerySet[Trial]) -> dict[str, TrialFacts | Unscored]:
    """The facts of stored trials: two queries, whatever their number."""
    rows = list(trials.values_list("nct_id", "relevance", "presence", *FIELDS, named=True))
    annotations: dict[str, list[Standing]] = {row.nct_id: [] for row in rows}
    standing = Annotation.objects.standing().filter(trial_id__in=list(annotations))
    for annotation in standing.values_list("trial_id", "facet", "term", "state", "words", named=True):
        annotations[annotation.trial_id].append(cast("Standing", annotation))
    return {
        row.nct_id: facts_needed(
            cast("RegistryFields", row),
            # A folded number is the same trial as another, which carries the maturity.
            relevance=Relevance.NONE if row.presence == Presence.FOLDED else Relevance(row.relevance),
            annotations=annotations[row.nct_id],
        )
        for row in rows
    }
