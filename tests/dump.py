"""What the database holds, in a form that two runs of the same story share."""

from __future__ import annotations

from django.db import connection

#: surrogate keys, moments, and what hangs on them
_PASSING = {
    "id", "run_id", "first_seen", "last_seen", "last_changed", "seen", "created", "proposed", "started", "finished",
    "first_matched", "last_matched", "last_asked", "query_id", "same_as",
}  # fmt: skip
EVIDENCE = (
    "tracker_trial",
    "tracker_trialversion",
    "tracker_trialalias",
    "tracker_trialmatch",
    "tracker_changeevent",
    "tracker_study",
    "tracker_studyversion",
    "tracker_studymatch",
    "tracker_suspectedduplicate",
    "tracker_setaside",
    "tracker_annotation",
    "tracker_maturity",
)
RUNS = ("tracker_syncrun", "tracker_registrydescription")


def dump(tables=EVIDENCE, *, cursor=None, without=()) -> dict[str, list[str]]:
    """Every row of these tables as text, sorted, without what time and sequence numbers put into it."""
    if cursor is None:
        with connection.cursor() as own:
            return dump(tables, cursor=own, without=without)
    found = {}
    for table in tables:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY column_name", [table]
        )
        columns = [name for (name,) in cursor.fetchall() if name not in _PASSING and name not in without]
        shown = ", ".join(f'"{name}"::text' for name in columns)
        cursor.execute(f"SELECT concat_ws('|', {shown}) FROM {table}")
        found[table] = sorted(row for (row,) in cursor.fetchall())
    return found
