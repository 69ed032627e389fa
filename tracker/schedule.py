"""What runs by itself, and when: entries of django-celery-beat that curators change in the admin.

Made when they are missing, after every `migrate`, and never overwritten: a time that a curator moved or an entry that
was turned off stays as it is. Every entry expires before its next turn, so a worker that was away does not come back
to a pile.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from django.db import connections

HOUR = 3600


class Entry(NamedTuple):
    """One default: a name for people, the task, and when it runs (UTC, in cron's words)."""

    name: str
    task: str
    minute: str
    hour: str
    days: str
    expires: int  # seconds
    says: str
    arguments: dict[str, object] = {}


ENTRIES = (
    Entry(
        "Sync what was posted (Monday–Friday)",
        "tracker.tasks.sync_trials",
        "30",
        "14",
        "1-5",
        12 * HOUR,
        "The registry refreshes on working days and is done by 14:00 UTC.",
    ),
    Entry(
        "Full sync (Sunday)",
        "tracker.tasks.sync_trials",
        "0",
        "6",
        "0",
        20 * HOUR,
        "The whole of every query, which is what finds records that are gone or no longer match.",
        {"full": True},
    ),
    Entry(
        "Sync what Europe PMC updated (daily)",
        "tracker.tasks.sync_studies",
        "30",
        "4",
        "*",
        12 * HOUR,
        "Europe PMC indexes every night; MeSH terms, corrections and retractions come as updates.",
    ),
    Entry(
        "Full sync of studies (Saturday)",
        "tracker.tasks.sync_studies",
        "0",
        "6",
        "6",
        20 * HOUR,
        "The whole of every query, which finds what an update did not tell.",
        {"full": True},
    ),
    Entry(
        "Score what time changes (daily)",
        "tracker.tasks.rescore",
        "15",
        "3",
        "*",
        12 * HOUR,
        "Momentum and transparency depend on the day.",
    ),
    Entry(
        "Read the registry's description of itself (daily)",
        "tracker.tasks.describe_registry",
        "45",
        "3",
        "*",
        12 * HOUR,
        "A field or value that the registry adds shows as a notice.",
    ),
    Entry(
        "Sweep for runs that died (every quarter of an hour)",
        "tracker.tasks.sweep_runs",
        "*/15",
        "*",
        "*",
        600,
        "Ends the runs whose worker was killed and lets them go on.",
    ),
)


def make_missing(*, using: str = "default") -> list[str]:
    """Make the entries that are not there, by name; gives the names of those it made."""
    # `migrate tracker` alone runs this before beat has its tables; the next whole migrate makes up for it.
    if "django_celery_beat_periodictask" not in connections[using].introspection.table_names():
        return []
    from django_celery_beat.models import CrontabSchedule, PeriodicTask  # models load after this module

    made = []
    known = set(PeriodicTask.objects.using(using).values_list("name", flat=True))
    for entry in ENTRIES:
        if entry.name in known:
            continue
        at = {"minute": entry.minute, "hour": entry.hour, "day_of_week": entry.days}
        anyday = {"day_of_month": "*", "month_of_year": "*", "timezone": "UTC"}
        crontab = CrontabSchedule.objects.using(using).filter(**at, **anyday).first()
        if crontab is None:
            crontab = CrontabSchedule.objects.using(using).create(**at, **anyday)
        PeriodicTask.objects.using(using).create(
            name=entry.name,
            task=entry.task,
            crontab=crontab,
            kwargs=json.dumps(entry.arguments),
            expire_seconds=entry.expires,
            description=entry.says,
        )
        made.append(entry.name)
    return made


def after_migrate(*, using: str, **_: object) -> None:
    """Django's signal that every migration has run."""
    make_missing(using=using)
