"""Asking the registry now: the two buttons that queries and runs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker import tasks
from tracker.models import RegistryQuery

from .buttons import Button, NotDone

if TYPE_CHECKING:
    from django.http import HttpRequest

SYNC_ALL = Button(
    name="sync-now",
    label="Sync now",
    explains="asks for what was posted since each query's last good run.",
    permission="tracker.add_syncrun",
    act="sync_all",
)
SYNC_ALL_WHOLE = Button(
    name="full-sync",
    label="Full sync",
    explains="asks every query whole and looks for records that no longer match.",
    permission="tracker.add_syncrun",
    act="sync_all_whole",
)


def ask(*, slug: str | None, full: bool) -> None:
    """Queue a sync of one query, or of all that are on (slug None). Two at once are one: the run's lock sees to it."""
    tasks.sync_trials.delay(query=slug, full=full)


class SyncsAll:
    """The two acts, for every list that has the buttons."""

    def sync_all(self, request: HttpRequest, record: None) -> str:
        return self._ask_all(full=False)

    def sync_all_whole(self, request: HttpRequest, record: None) -> str:
        return self._ask_all(full=True)

    def _ask_all(self, *, full: bool) -> str:
        names = [query.name for query in RegistryQuery.objects.filter(is_on=True)]
        if not names:
            raise NotDone("No registry query is on, so nothing was asked. Turn one on, then press the button again.")
        ask(slug=None, full=full)
        what = "A full sync" if full else "A sync"
        return f"{what} is queued of: {', '.join(names)}. Its run appears among the sync runs once a worker takes it."
