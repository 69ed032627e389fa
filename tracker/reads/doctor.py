"""What is wrong with an installation and the evidence it holds, and how to mend it: the findings of `manage.py doctor`.

Each examination gives one finding, well or not. They read; the one of maturities writes within a transaction that is
always rolled back, so that it asks the very code that scores.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.core.cache import cache
from django.core.checks import WARNING, run_checks
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, F, Q
from django_celery_beat.models import PeriodicTask
from redis.exceptions import RedisError

from tracker import terms
from tracker.classify.quotations import check_study_words, check_words
from tracker.models import Maturity, RegistryQuery, SetAside, Trial, TrialVersion
from tracker.scoring.ledger import rescore
from tracker.scoring.rubric import CURRENT
from tracker.sources.ctgov_records import Unreadable
from tracker.sources.packing import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

OLDEST_POSTGRES = 15
LONGEST_RUN = timedelta(hours=3)  # as the settings end a task
OLDEST_PULL = timedelta(days=8)  # a week's schedule has a whole pull; a day of grace
OVERDUE = timedelta(hours=1)
SHOWN = 5  # records named in a finding; the number says how many there are
BATCH = 500


class Finding(NamedTuple):
    """What an examination found."""

    name: str
    is_well: bool
    what: str
    mend: str = ""


def examine(*, at: datetime, names: Iterable[str] | None = None) -> Iterator[Finding]:
    """The findings, one an examination, in order; `names` picks some. What cannot be examined is not well.

    Raises KeyError for a name that is no examination.
    """
    for name in EXAMINATIONS if names is None else names:
        try:
            yield EXAMINATIONS[name](at)
        except DatabaseError as problem:
            first = (str(problem).splitlines() or [type(problem).__name__])[0]
            yield Finding(name, False, f"could not be examined: {first}", "See to the database and migrations first.")


# --- the installation -----------------------------------------------------------------------------------------------


def _database(at: datetime) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        row = cursor.fetchone()
    version = int(row[0]) // 10000 if row else 0
    if version < OLDEST_POSTGRES:
        return Finding(
            "database", False, f"PostgreSQL {version}", f"Move to PostgreSQL {OLDEST_POSTGRES} or newer (DATABASE_URL)."
        )
    return Finding("database", True, f"PostgreSQL {version} answers")


def _migrations(at: datetime) -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{step.app_label} {step.name}" for step, _ in missing[:SHOWN])
        return Finding("migrations", False, f"{len(missing)} not applied: {names}", "manage.py migrate")
    return Finding("migrations", True, "all applied")


def _queue(at: datetime) -> Finding:
    try:
        cache.get("doctor")
    except (RedisError, OSError) as problem:
        return Finding("queue", False, f"does not answer: {problem}", "Start Redis or Valkey, or mend REDIS_URL.")
    return Finding("queue", True, "answers")


def _rules(at: datetime) -> Finding:
    found = [message for message in run_checks() if message.level >= WARNING]
    if found:
        return Finding("rules", False, "; ".join(str(message.msg) for message in found[:SHOWN]), "manage.py check")
    return Finding("rules", True, "rubric, lexicon and settings hold")


def _schedule(at: datetime) -> Finding:
    entries = PeriodicTask.objects.exclude(name="celery.backend_cleanup")
    pulls = entries.filter(task__contains="sync", enabled=True)
    if not entries.exists():
        return Finding("schedule", False, "has no entry", "manage.py migrate puts the default entries back.")
    if not pulls.exists():
        return Finding("schedule", False, "asks the registry never", "Switch a sync entry on in the admin's schedule.")
    return Finding("schedule", True, f"{entries.filter(enabled=True).count()} entries on")


def _overdue(at: datetime) -> Finding:
    """Entries that beat should have sent: it is not running, or cannot reach the queue."""
    late = []
    for entry in PeriodicTask.objects.filter(enabled=True, last_run_at__isnull=False):
        due = entry.schedule.remaining_estimate(entry.last_run_at)
        if due < -OVERDUE:
            late.append(entry.name)
    if late:
        return Finding("overdue", False, f"not sent in time: {', '.join(late[:SHOWN])}", "Start beat (make run).")
    return Finding("overdue", True, "nothing waits for beat")


# --- the pulls ------------------------------------------------------------------------------------------------------


def _queries(at: datetime) -> Finding:
    on = RegistryQuery.objects.filter(is_on=True).count()
    if not on:
        return Finding("queries", False, "no query is on", "Switch one on in the admin: without one nothing is pulled.")
    return Finding("queries", True, f"{on} on")


def _runs(at: datetime) -> Finding:
    wrong = []
    for query in RegistryQuery.objects.filter(is_on=True):
        runs = query.runs.exclude(kind=terms.RunKind.SINGLE).order_by("-started")
        latest = runs.first()
        good = runs.filter(state__in=terms.GOOD_RUNS).first()
        if latest is None:
            wrong.append(f"{query.slug} was never pulled")
        elif latest.state == terms.RunState.RUNNING and at - latest.started > LONGEST_RUN:
            wrong.append(f"{query.slug} runs since {latest.started:%Y-%m-%d %H:%M} UTC")
        elif latest.state not in {terms.RunState.RUNNING, *terms.GOOD_RUNS}:
            wrong.append(f"{query.slug} is {latest.get_state_display()}: {latest.message or 'no message'}")
        elif good is None or at - (good.finished or good.started) > OLDEST_PULL:
            wrong.append(f"{query.slug} has no good pull within {OLDEST_PULL.days} days")
    if wrong:
        return Finding(
            "runs", False, "; ".join(wrong), "manage.py sync_trials says what hinders; see the runs in the admin."
        )
    return Finding("runs", True, "the last pull of each query was good")


def _set_aside(at: datetime) -> Finding:
    waiting = SetAside.objects.filter(state=terms.SetAsideState.WAITING)
    number = waiting.count()
    if number:
        reasons = waiting.values_list("reason").annotate(n=Count("id")).order_by("-n")[:SHOWN]
        what = f"{number} could not be read: " + "; ".join(f"{reason} ({n})" for reason, n in reasons)
        return Finding("set-aside", False, what, "Replay them in the admin once the reason is mended.")
    return Finding("set-aside", True, "none waits")


# --- the evidence ---------------------------------------------------------------------------------------------------


def _versions(at: datetime) -> Finding:
    """The current state of every trial is there and can still be unpacked and read."""
    read = set()
    current = TrialVersion.objects.filter(number=F("trial__version_number")).order_by("trial_id")
    for version in current.iterator(BATCH):
        with suppress(Unreadable, Damaged):
            if version.record().nct_id == version.trial_id:
                read.add(version.trial_id)
    broken = sorted(set(Trial.objects.values_list("nct_id", flat=True)) - read)
    if broken:
        what = _named(broken, "cannot be read from the kept record")
        return Finding("versions", False, what, "manage.py sync_trials --full")
    return Finding("versions", True, "every current record can be read again from what was kept")


def _words(at: datetime) -> Finding:
    """The words that relevance and annotations rest on stand where they are said to stand."""
    wrong = [*check_words(), *check_study_words()]
    if wrong:
        more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
        return Finding("words", False, "; ".join([*wrong[:SHOWN], *more]), "manage.py reclassify")
    return Finding("words", True, "every quoted word stands in the stored text")


def _maturities(at: datetime) -> Finding:
    """The stored maturity is what the rules give for the stored facts, on the day it was last confirmed."""
    days = Maturity.objects.filter(is_current=True, rubric=CURRENT).values_list("confirmed_on", flat=True)
    wrong: set[str] = set()
    for day in sorted(set(days)):
        with transaction.atomic():
            own = Maturity.objects.filter(is_current=True, rubric=CURRENT, confirmed_on=day)
            nct_ids = sorted({nct_id for nct_id in own.values_list("trial_id", flat=True) if nct_id})
            study_ids = sorted({study_id for study_id in own.values_list("study_id", flat=True) if study_id})
            before = set(own.values_list("pk", flat=True))
            rescore(rubric=CURRENT, today=day, at=at, nct_ids=nct_ids, study_ids=study_ids)
            theirs = Q(trial_id__in=nct_ids) | Q(study_id__in=study_ids)
            now = Maturity.objects.filter(theirs, is_current=True, rubric=CURRENT)
            differing = Maturity.objects.filter(pk__in=before ^ set(now.values_list("pk", flat=True)))
            wrong |= {nct_id or f"study {key}" for nct_id, key in differing.values_list("trial_id", "study_id")}
            transaction.set_rollback(True)
    if wrong:
        return Finding(
            "maturities", False, _named(sorted(wrong), "differ from what the rules give"), "manage.py rescore"
        )
    return Finding("maturities", True, "each is what the rules give for its facts")


def _named(nct_ids: list[str], what: str) -> str:
    more = f" and {len(nct_ids) - SHOWN} more" if len(nct_ids) > SHOWN else ""
    return f"{', '.join(nct_ids[:SHOWN])}{more}: {what}"


EXAMINATIONS: dict[str, Callable[[datetime], Finding]] = {
    "database": _database,
    "migrations": _migrations,
    "queue": _queue,
    "rules": _rules,
    "schedule": _schedule,
    "overdue": _overdue,
    "queries": _queries,
    "runs": _runs,
    "set-aside": _set_aside,
    "versions": _versions,
    "words": _words,
    "maturities": _maturities,
}
