"""Thin tasks: small arguments in, one call below, and their fate declared.

State lives in the database and the queue is only a poke, so every task may run twice, late or never: each begins with
what there is to do, and a test runs each twice and compares the database. Arguments that a later release adds end in
`**_`, so that an old worker does not fall over a new message.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog
from celery import shared_task
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from tracker.models import LiteratureQuery, RegistryQuery, SyncRun
from tracker.pipeline import absorb, absorb_studies
from tracker.scoring import ledger
from tracker.scoring.rubric import CURRENT
from tracker.sources.clinicaltrials import Registry, SourceError
from tracker.sources.europepmc import EuropePmc
from tracker.sync import description, pulls, single, studies, trials

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

HOUR = 3600
# The database went away for a moment (a restart, a failover): worth another try. Everything else is not.
_task = partial(
    shared_task,
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(OperationalError,),
    retry_backoff=30,
    retry_backoff_max=600,
    max_retries=5,
)


def registry(*, on_wait: Callable[[str, float], None] | None = None) -> Registry:
    """The registry that the settings name; close it after use. `on_wait(why, seconds)` hears of pauses."""
    return Registry(settings.CTGOV_BASE_URL, settings.HTTP_USER_AGENT, settings.CTGOV_MIN_INTERVAL, on_wait=on_wait)


def europepmc(*, on_wait: Callable[[str, float], None] | None = None) -> EuropePmc:
    """Europe PMC at the address that the settings name; close it after use."""
    interval = settings.EUROPEPMC_MIN_INTERVAL
    return EuropePmc(settings.EUROPEPMC_BASE_URL, settings.HTTP_USER_AGENT, interval, on_wait=on_wait)


@_task(expires=12 * HOUR, time_limit=3 * HOUR, soft_time_limit=3 * HOUR - 120)
def sync_trials(query: str | None = None, full: bool = False, **_: object) -> None:
    """Ask one query, by its slug, or all that are on."""
    asked = RegistryQuery.objects.filter(slug=query) if query else RegistryQuery.objects.filter(is_on=True)
    with registry() as source:
        for outcome in trials.sync(queries=asked, registry=source, absorb=absorb, clock=timezone.now, full=full):
            log.info("sync", outcome=str(outcome), state=getattr(outcome, "state", "busy"))


@_task(expires=12 * HOUR, time_limit=3 * HOUR, soft_time_limit=3 * HOUR - 120)
def sync_studies(query: str | None = None, full: bool = False, **_: object) -> None:
    """Ask Europe PMC for one query, by its slug, or for all that are on."""
    asked = LiteratureQuery.objects.filter(slug=query) if query else LiteratureQuery.objects.filter(is_on=True)
    with europepmc() as source:
        for outcome in studies.sync(
            queries=asked, europepmc=source, absorb=absorb_studies, clock=timezone.now, full=full
        ):
            log.info("sync studies", outcome=str(outcome), state=getattr(outcome, "state", "busy"))


@_task(expires=HOUR, time_limit=900, soft_time_limit=840)
def fetch_trial(nct_id: str, **_: object) -> None:
    """Ask the registry for one record, as a curator's button does."""
    with registry() as source:
        run = single.fetch_one(nct_id=nct_id, registry=source, absorb=absorb, clock=timezone.now)
    log.info("fetch", nct_id=nct_id, state=run.state, message=run.message)


@_task(expires=12 * HOUR, time_limit=2 * HOUR, soft_time_limit=2 * HOUR - 120)
def rescore(**_: object) -> None:
    """Score again what time alone changes, momentum and transparency; studies are confirmed with their trials."""
    at = timezone.now()
    log.info("rescore", scored=str(ledger.rescore(rubric=CURRENT, today=at.date(), at=at, only_due=True)))


@_task(expires=12 * HOUR, time_limit=900, soft_time_limit=840)
def describe_registry(**_: object) -> None:
    """Fetch the registry's description of itself and note what changed; one that is out of reach is asked tomorrow."""
    with registry() as source:
        try:
            changed = description.describe(registry=source, at=timezone.now())
        except SourceError as error:
            log.warning("describe", error=str(error))
        else:
            log.info("describe", changed=[state.endpoint for state in changed])


@_task(expires=900, time_limit=600, soft_time_limit=540)
def sweep_runs(**_: object) -> None:
    """End the runs whose worker died, and poke what stopped early so that it goes on."""
    at = timezone.now()
    dead = pulls.sweep(clock=timezone.now)
    unfinished = SyncRun.objects.filter(pk__in=pulls.resumable(at=at)).select_related("query", "literature_query")
    stopped = [*dead, *unfinished]
    slugs = {run.query.slug for run in stopped if run.query and run.query.is_on}
    literature = {run.literature_query.slug for run in stopped if run.literature_query and run.literature_query.is_on}
    for slug in sorted(slugs):
        sync_trials.delay(query=slug)
    for slug in sorted(literature):
        sync_studies.delay(query=slug)
    log.info("sweep", ended=[run.pk for run in dead], poked=[*sorted(slugs), *sorted(literature)])
