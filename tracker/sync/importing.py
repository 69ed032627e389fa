"""Records from files into the store, by the same path as those from the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

from tracker.models import SyncRun
from tracker.terms import RunKind, RunState

from . import files
from .batches import Tally, read_batches, take, trials_of
from .lock import holding, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    import msgspec

    from tracker.sources.ctgov_records import TrialRecord
    from tracker.terms import Origin

    from .batches import Absorb, Read


@dataclass
class Imported:
    """The run and the files that were passed over."""

    run: SyncRun
    skipped: list[files.Skipped] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether not one record was found, readable or not."""
        return not (self.run.seen or self.run.set_aside)


def import_files(
    *,
    paths: Sequence[Path],
    origin: Origin,
    absorb: Absorb,
    clock: Callable[[], datetime],
    progress: Callable[[SyncRun], None] = lambda run: None,
) -> Imported:
    """Take in every record under these paths; a record met twice is two copies of it, not one.

    Records stay where they were stored when this is stopped half-way; the same paths again finish it, and what is
    stored already is unchanged then.
    """
    run = SyncRun.objects.create(
        kind=RunKind.FILE, started=clock(), asked={"paths": [str(path) for path in paths], "origin": origin.value}
    )
    outcome = Imported(run)
    with holding(key_of(run)) as lock:
        assert lock is not None  # the run is new, so nobody else can hold its lock
        try:
            for batch in read_batches(_pieces(paths, outcome), reader=trials_of(origin)):
                _take(batch, run=run, origin=origin, absorb=absorb, at=clock())
                progress(run)
        except BaseException as error:
            _end(run, RunState.INCOMPLETE, f"Stopped: {type(error).__name__}: {error}".rstrip(": "), at=clock())
            raise
        said = "" if not outcome.is_nothing else "Nothing could be read."
        passed = "; ".join(f"{skipped.path}: {skipped.why}" for skipped in outcome.skipped[:20])
        _end(run, RunState.DONE, f"{said} Passed over: {passed}".strip() if passed else said, at=clock())
    return outcome


def _pieces(paths: Sequence[Path], outcome: Imported) -> Iterator[tuple[str, bytes | msgspec.Raw]]:
    for path in paths:
        for found in files.read(path):
            if isinstance(found, files.Skipped):
                outcome.skipped.append(found)
            else:
                yield found.place, found.raw


@transaction.atomic
def _take(batch: Read[TrialRecord], *, run: SyncRun, origin: Origin, absorb: Absorb, at: datetime) -> None:
    tally = Tally()
    stored, _ = take(batch, absorb=absorb, origin=origin, run=run, at=at, tally=tally)
    tally.count(stored, met=None)
    tally.add_to(run)
    run.save(update_fields=["seen", "new", "changed", "unchanged", "set_aside", "filled", "drift"])


def _end(run: SyncRun, state: RunState, message: str, *, at: datetime) -> None:
    run.state, run.message, run.finished = state, message, at
    run.save(update_fields=["state", "message", "finished"])
