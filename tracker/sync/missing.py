"""Records that a whole pull no longer holds: asked for one by one, and only then judged.

Never by `filter.ids`: one number that the registry does not know makes such a call fail whole. A 404 once may be the
registry's own lapse, so a trial is gone after two, in two runs. Each is one transaction and remembers that it was
asked in this run, so a run that was killed here goes on where it stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q

from tracker.models import TrialMatch
from tracker.sources.clinicaltrials import NotFound
from tracker.sources.ctgov_records import Unreadable, read_record
from tracker.terms import Origin, Presence

from . import store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import QuerySet

    from tracker.models import RegistryQuery, SyncRun
    from tracker.sources.clinicaltrials import Registry

    from .batches import Absorb

MISSES_TO_BE_GONE = 2


def missing(*, run: SyncRun, query: RegistryQuery) -> QuerySet[TrialMatch]:
    """The query's trials that this run's answer did not hold and that have not been asked for in it.

    A trial that was found not to match, and is still there, is asked no more: it is what it is until it matches again.
    """
    return (
        TrialMatch.objects.filter(query=query, last_matched__lt=run.started, trial__presence=Presence.PRESENT)
        .filter(Q(misses=0) | Q(not_found__gt=0))
        .filter(Q(last_asked=None) | Q(last_asked__lt=run.started))
        .order_by("trial_id")
    )


def ask(
    *,
    run: SyncRun,
    query: RegistryQuery,
    registry: Registry,
    absorb: Absorb,
    clock: Callable[[], datetime],
    before_each: Callable[[], None],
) -> None:
    """Ask for each missing record and note what it has become. `before_each` raises where the run must stop."""
    for match in missing(run=run, query=query):
        before_each()
        try:
            raw = registry.study(match.trial_id)
        except NotFound:
            raw = None
        with transaction.atomic():
            at = clock()
            asked = TrialMatch.objects.filter(pk=match.pk)
            if raw is None:
                _not_found(match, run=run, at=at)
                asked.update(misses=F("misses") + 1, not_found=F("not_found") + 1, last_asked=at)
            else:
                _still_there(match, raw, run=run, absorb=absorb, at=at)
                asked.update(misses=F("misses") + 1, not_found=0, last_asked=at)
            type(run).objects.filter(pk=run.pk).update(missing=F("missing") + 1)
        run.missing += 1


def _not_found(match: TrialMatch, *, run: SyncRun, at: datetime) -> None:
    if match.not_found + 1 >= MISSES_TO_BE_GONE:
        store.gone(nct_ids=[match.trial_id], run=run, at=at)


def _still_there(match: TrialMatch, raw: bytes, *, run: SyncRun, absorb: Absorb, at: datetime) -> None:
    try:
        record = read_record(raw, origin=Origin.REGISTRY)
    except Unreadable as error:
        # It may well match and only be unreadable, so nothing is concluded.
        source = run.query.slug if run.query else ""
        run.set_aside += store.set_aside(unreadable=[(source, error)], origin=Origin.REGISTRY, run=run, at=at)
        return
    absorb(records=[record], origin=Origin.REGISTRY, run=run, at=at)
    if record.nct_id != match.trial_id:
        store.fold(pairs=[(match.trial_id, record.nct_id)], run=run, at=at)
        return
    others = TrialMatch.objects.filter(trial_id=match.trial_id, misses=0, query__is_on=True).exclude(pk=match.pk)
    if not others.exists():
        store.no_longer_matching(nct_ids=[match.trial_id], run=run, at=at)
