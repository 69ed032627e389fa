"""Is it alive, is it ready: two addresses for whoever keeps it running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from tracker import terms
from tracker.models import SyncRun

if TYPE_CHECKING:
    from django.http import HttpRequest

_migrated: set[str] = set()  # databases seen up to date: once true it stays true for this process's code


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. No word of what it depends on: a restart does not cure a lost database."""
    return JsonResponse({"live": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, tables and queue can be used, else 503 with which cannot. The age of the data is told only:

    a registry that cannot be reached is no reason to take the pages away.
    """
    database = _database()
    checks = {
        "database": database,
        "migrations": _migrations() if database == "ok" else "not known",
        "queue": _queue(),
    }
    good = all(word == "ok" for word in checks.values())
    answer = {"ready": good, **checks, "last_good_sync": _last_good_sync() if good else None}
    return JsonResponse(answer, status=200 if good else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "cannot be reached"
    return "ok"


def _migrations() -> str:
    name = str(connection.settings_dict["NAME"])
    if name not in _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "not applied: run manage.py migrate"
        _migrated.add(name)
    return "ok"


def _queue() -> str:
    try:
        cache.get("health")
    except (RedisError, OSError):
        return "cannot be reached"
    return "ok"


def _last_good_sync() -> dict[str, object] | None:
    """When the registry was last read well, and how long ago in hours; null before the first time."""
    run = (
        SyncRun.objects.filter(state__in=terms.GOOD_RUNS, query__isnull=False)
        .order_by("-finished")
        .only("finished")
        .first()
    )
    if run is None or run.finished is None:
        return None
    age = timezone.now() - run.finished
    return {"finished": run.finished, "hours_ago": round(age.total_seconds() / 3600, 1)}
