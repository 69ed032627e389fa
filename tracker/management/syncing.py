"""What the two commands that ask a source share: which queries, how the outcome is told, and the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from django.core.management.base import CommandError

from tracker.management.progress import summary
from tracker.models import LiteratureQuery, RegistryQuery
from tracker.sync.pulls import Busy
from tracker.terms import GOOD_RUNS, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.core.management.base import BaseCommand, CommandParser

    from tracker.models import SyncRun

Query = TypeVar("Query", RegistryQuery, LiteratureQuery)

STOPPED, SUSPECT, INTERRUPTED = 1, 3, 130
EXIT_CODES = (
    "Exit code 0: every query was read, had nothing new, or is being read by somebody else; "
    "1: a run stopped early, was refused or blocked, or there was nothing to ask; "
    "2: the command line was wrong; 3: an answer is not believed and a person should look."
)


def add_query(parser: CommandParser) -> None:
    parser.add_argument("--query", metavar="SLUG", help="Ask this query alone, even one that is off.")


def chosen(model: type[Query], slug: str | None) -> list[Query]:
    """The query of this slug, or all that are on."""
    queries = list(model.objects.filter(slug=slug) if slug else model.objects.filter(is_on=True))
    if not queries:
        known = ", ".join(model.objects.values_list("slug", flat=True)) or "none"
        reason = f"There is no query called “{slug}”" if slug else "No query is on, so there is nothing to ask"
        raise CommandError(f"{reason}. Queries: {known}. Make one or turn one on in the admin.")
    return queries


def finish(command: BaseCommand, sync: Callable[[], Sequence[SyncRun | Busy]]) -> None:
    """Sync, tell what came of it, and leave with the exit code that says it."""
    try:
        outcomes = sync()
    except KeyboardInterrupt:
        command.stderr.write("Stopped. What was stored stays, and the next sync goes on from there.")
        sys.exit(INTERRUPTED)
    for outcome in outcomes:
        _tell(command, outcome)
    states = [outcome.state for outcome in outcomes if not isinstance(outcome, Busy)]
    if RunState.SUSPECT in states:
        sys.exit(SUSPECT)
    if any(state not in GOOD_RUNS for state in states):
        sys.exit(STOPPED)


def _tell(command: BaseCommand, outcome: SyncRun | Busy) -> None:
    if isinstance(outcome, Busy):
        command.stdout.write(str(outcome))
        return
    query = outcome.query or outcome.literature_query
    slug = query.slug if query else ""
    command.stdout.write(f"{slug}: {outcome.get_state_display()} ({outcome.get_kind_display()})")
    command.stdout.write(f"  {summary(outcome)}")
    if outcome.missing:
        command.stdout.write(f"  missing from the answer and asked one by one: {outcome.missing:,}")
    if outcome.message:
        command.stderr.write(f"  {outcome.message}")
