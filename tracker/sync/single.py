"""One record by its number, and one that was set aside read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.models import SetAside, SyncRun
from tracker.sources.clinicaltrials import Blocked, NotFound, Refused, SourceError
from tracker.sources.ctgov_records import Unreadable, read_record
from tracker.sources.europepmc_records import read_study
from tracker.sources.packing import unpack
from tracker.terms import Origin, RunKind, RunState, SetAsideState, StudyOrigin, Subject

from . import store
from .batches import Tally, read, take, trials_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tracker.sources.clinicaltrials import Registry

    from .batches import Absorb
    from .studies import AbsorbStudies


def fetch_one(*, nct_id: str, registry: Registry, absorb: Absorb, clock: Callable[[], datetime]) -> SyncRun:
    """Ask the registry for this record now; the run that comes back says in its message what was found.

    A number that the registry folded into another brings that one, and both numbers lead to it from then on. A 404
    marks nothing as gone: that takes two misses of a trial that a query held.
    """
    run = SyncRun.objects.create(kind=RunKind.SINGLE, started=clock(), asked={"nctId": nct_id})
    before = registry.requests
    try:
        raw = registry.study(nct_id)
    except NotFound:
        state, message = RunState.DONE, f"The registry has no record of {nct_id} (404)."
    except Blocked as error:
        state, message = RunState.BLOCKED, str(error)
    except Refused as error:
        state, message = RunState.REFUSED, error.words or str(error)
    except SourceError as error:
        state, message = RunState.INCOMPLETE, str(error)
    else:
        state, message = RunState.DONE, _take(nct_id, raw, run=run, absorb=absorb, at=clock())
    run.requests = registry.requests - before
    run.state, run.message, run.finished = state, message, clock()
    run.save()
    return run


@transaction.atomic
def _take(nct_id: str, raw: bytes, *, run: SyncRun, absorb: Absorb, at: datetime) -> str:
    """Store what the registry gave for this number; gives what it was, in a sentence."""
    tally = Tally()
    asked = read([(f"asked for {nct_id}", raw)], reader=trials_of(Origin.REGISTRY))
    stored, aside = take(asked, absorb=absorb, origin=Origin.REGISTRY, run=run, at=at, tally=tally)
    tally.count(stored, met=None)
    tally.add_to(run)
    if tally.set_aside or aside:
        return f"{nct_id} came and could not be read; it was set aside."
    (record,) = [*stored.new, *stored.changed, *stored.unchanged, *stored.kept]
    store.back(nct_ids=[record.nct_id], run=run, at=at, is_matched=False)
    if record.nct_id != nct_id:
        store.fold(pairs=[(nct_id, record.nct_id)], run=run, at=at)
        return f"{nct_id} is now {record.nct_id}."
    if stored.new:
        return f"{nct_id} is stored for the first time."
    if stored.changed:
        return f"{nct_id} has changed since it was last read."
    return f"{nct_id} is as it was stored."


@transaction.atomic
def replay(*, aside: SetAside, absorb: Absorb, absorb_studies: AbsorbStudies, at: datetime) -> str:
    """Read a record that was set aside again, as after a fix; gives the reason why it still cannot be read, or "".

    What is stored by now may be newer than the record that waited, so it is taken as a copy, not as what the registry
    says today.
    """
    aside = SetAside.objects.select_for_update().get(pk=aside.pk)
    if aside.state == SetAsideState.REPLAYED:
        return ""
    raw = unpack(bytes(aside.raw))
    try:
        if aside.subject == Subject.STUDY:
            study = read_study(raw)
            number = study.source_id
            with transaction.atomic():
                absorb_studies(records=[study], origin=StudyOrigin(aside.origin), run=aside.run, at=at)
        else:
            record = read_record(raw, origin=Origin(aside.origin))
            number = record.nct_id
            with transaction.atomic():
                absorb(records=[record], origin=Origin(aside.origin), run=aside.run, at=at, is_live=False)
    except Unreadable as error:
        reason = error.reason
    except store.REFUSALS as error:
        reason = store.refusal(error)
    else:
        _replayed(aside, number, at=at)
        return ""
    SetAside.objects.filter(pk=aside.pk).update(reason=reason)
    return reason


def _replayed(aside: SetAside, nct_id: str, *, at: datetime) -> None:
    SetAside.objects.filter(pk=aside.pk).update(state=SetAsideState.REPLAYED, replayed=at, nct_id=nct_id)
