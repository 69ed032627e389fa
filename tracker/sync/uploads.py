"""Files of studies that people upload: kept as they came between the preview and the taking in, then emptied."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tracker.models import StudyFile
from tracker.sources.citations import format_of
from tracker.sources.packing import pack, unpack
from tracker.terms import CitationFormat, RowFate, StudyFileState

from .study_files import File, Outcome, preview, take_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.contrib.auth.models import User

    from .study_files import AbsorbStudies

# Twenty thousand abstracts, and as long as a person waits for a page. Larger files go in by the command.
MOST_BYTES = 16 << 20
KEPT_FOR = timedelta(days=7)


class AlreadyDecided(Exception):
    """The file was taken in or discarded before, by this person or another."""


def keep(*, name: str, data: bytes, format: CitationFormat | None, by: User, at: datetime) -> StudyFile:
    """Keep these bytes until a person decides; files that nobody decided within a week go."""
    StudyFile.objects.filter(state=StudyFileState.WAITING, uploaded__lt=at - KEPT_FOR).delete()
    return StudyFile.objects.create(
        name=name[:200],
        format=format or format_of(name, io.BytesIO(data)),
        size=len(data),
        raw=pack(data),
        by_id=by.pk,
        uploaded=at,
    )


def previewed(*, upload: StudyFile, this_year: int) -> Outcome:
    """What taking this file in would do now."""
    file = _file(upload)
    return preview(file=file, origin=file.origin, this_year=this_year)


def take(*, upload: StudyFile, absorb: AbsorbStudies, clock: Callable[[], datetime]) -> Outcome:
    """Take the file in, once: of two people who press at once, one does and the other raises AlreadyDecided."""
    file = _file(upload)
    _decide(upload, StudyFileState.TAKEN, at=clock())
    waiting = StudyFile.objects.filter(pk=upload.pk)
    try:
        outcome = take_in(file=file, origin=file.origin, absorb=absorb, clock=clock)
    except BaseException:
        waiting.update(state=StudyFileState.WAITING, decided=None)
        raise
    waiting.update(raw=b"", outcome=told(outcome), run=outcome.run)
    return outcome


def discard(*, upload: StudyFile, at: datetime) -> None:
    _decide(upload, StudyFileState.DISCARDED, at=at)
    StudyFile.objects.filter(pk=upload.pk).update(raw=b"")


def told(outcome: Outcome) -> dict[str, Any]:
    """The outcome as it is kept beside the file."""
    return {
        "counts": {fate.value: outcome.counts[fate] for fate in RowFate},
        "suspected": outcome.suspected,
        "unread_columns": outcome.unread_columns,
        "rows": {fate.value: [list(row) for row in rows] for fate, rows in outcome.shown.items()},
    }


def _decide(upload: StudyFile, state: StudyFileState, *, at: datetime) -> None:
    waiting = StudyFile.objects.filter(pk=upload.pk, state=StudyFileState.WAITING)
    if not waiting.update(state=state, decided=at):
        raise AlreadyDecided(f"{upload.name} was decided before; nothing was done now.")


def _file(upload: StudyFile) -> File:
    data = unpack(bytes(upload.raw)) if upload.raw else b""
    return File(upload.name, CitationFormat(upload.format), lambda: io.BytesIO(data))
