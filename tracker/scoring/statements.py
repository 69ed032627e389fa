"""The statements that write maturities, a batch at a time, and what a maturity's row holds, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from .engine import Result

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


class Subject:
    """What is scored, a trial or a study, and the statements that write its maturities, a batch at a time."""

    def __init__(self, name: str, key: str, key_type: str) -> None:
        record, rows, scored = f"{name}_id", f"incoming_maturity_of_{name}", f"incoming_scored_{name}"
        self.lock = f"SELECT {key} FROM tracker_{name} WHERE {key} = ANY(%s) ORDER BY {key} FOR NO KEY UPDATE"  # noqa: S608
        self.make = f"""
            CREATE TEMPORARY TABLE IF NOT EXISTS {rows} (
                {record} {key_type}, track text, input_hash text, is_leading boolean, stage smallint,
                stage_possible smallint, step text, earned numeric, possible numeric, deductions numeric, score numeric,
                score_possible numeric, momentum text, stop_classes jsonb, components jsonb, explanation jsonb,
                reasons jsonb, same_as bigint
            ) ON COMMIT DELETE ROWS;
            CREATE TEMPORARY TABLE IF NOT EXISTS {scored} (
                {record} {key_type}, roles text[], stop_classes text[]
            ) ON COMMIT DELETE ROWS;
            DELETE FROM {rows};
            DELETE FROM {scored}
        """  # noqa: S608 - our own names; few rows, which TRUNCATE would make new files for
        self.copy_maturities = f"COPY {rows} FROM STDIN"
        self.copy_scored = f"COPY {scored} FROM STDIN"
        find_same = f"""
            UPDATE {rows} AS incoming SET same_as = standing.id
            FROM tracker_maturity AS standing
            WHERE standing.{record} = incoming.{record} AND standing.rubric = %(rubric)s AND standing.is_current
              AND {_SAME}
        """  # noqa: S608 - our own names, here and below
        confirm = f"""
            UPDATE tracker_maturity SET confirmed_on = %(today)s
            WHERE id IN (SELECT same_as FROM {rows}) AND confirmed_on < %(today)s
        """  # noqa: S608
        supersede = f"""
            UPDATE tracker_maturity AS standing SET is_current = FALSE
            FROM {scored} AS scored
            WHERE standing.{record} = scored.{record} AND standing.rubric = %(rubric)s AND standing.is_current
              AND NOT EXISTS (SELECT FROM {rows} WHERE same_as = standing.id)
        """  # noqa: S608
        append = f"""
            INSERT INTO tracker_maturity
                ({record}, rubric, scored_on, confirmed_on, is_current, created, {_COLUMNS})
            SELECT {record}, %(rubric)s, %(today)s, %(today)s, TRUE, %(at)s, {_COLUMNS}
            FROM {rows} WHERE same_as IS NULL
            ORDER BY {record}, is_leading DESC
        """  # noqa: S608
        self.write = (find_same, confirm, supersede, append)
        self.copy_onto = f"""
            UPDATE tracker_{name} AS judged
            SET track = ahead.track, stage = ahead.stage, stage_possible = ahead.stage_possible, step = ahead.step,
                strength = ahead.earned, strength_possible = ahead.possible, score = ahead.score,
                score_possible = ahead.score_possible, momentum = ahead.momentum,
                roles = scored.roles, stop_classes = scored.stop_classes
            FROM {scored} AS scored
            LEFT JOIN {rows} AS ahead ON ahead.{record} = scored.{record} AND ahead.is_leading
            WHERE judged.{key} = scored.{record}
              AND (judged.track, judged.stage, judged.stage_possible, judged.step, judged.strength,
                   judged.strength_possible, judged.score, judged.score_possible, judged.momentum, judged.roles,
                   judged.stop_classes)
                  IS DISTINCT FROM
                  (ahead.track, ahead.stage, ahead.stage_possible, ahead.step, ahead.earned, ahead.possible,
                   ahead.score, ahead.score_possible, ahead.momentum, scored.roles, scored.stop_classes)
        """  # noqa: S608


TRIALS = Subject("trial", "nct_id", "text")
STUDIES = Subject("study", "id", "bigint")


_json = msgspec.json.Encoder(order="deterministic")


def row_of(key: str | int, input_hash: str, result: Result, *, is_leading: bool) -> tuple[object, ...]:
    """One row of the incoming table, in its order."""
    return (
        key,
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
