"""``manage.py sync_trials``: ask the registry now, without a worker."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker import tasks
from tracker.management.progress import bar, summary
from tracker.models import RegistryQuery
from tracker.pipeline import absorb
from tracker.sync import trials
from tracker.terms import GOOD_RUNS, RunState

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from tracker.models import SyncRun

STOPPED, SUSPECT, INTERRUPTED = 1, 3, 130


class Command(BaseCommand):
    help = (
        "Ask ClinicalTrials.gov for the trials of every query that is on, store and score them. "
        "Exit code 0: every query was read, had nothing new, or is being read by somebody else; "
        "1: a run stopped early, was refused or blocked, or there was nothing to ask; "
        "2: the command line was wrong; 3: an answer is not believed and a person should look."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--query", metavar="SLUG", help="Ask this query alone, even one that is off.")
        parser.add_argument(
            "--full",
            action="store_true",
            help="Ask the whole query whatever was read before, and look for records that are gone.",
        )

    def handle(self, *, query: str | None, full: bool, **options: object) -> None:
        queries = list(RegistryQuery.objects.filter(slug=query) if query else RegistryQuery.objects.filter(is_on=True))
        if not queries:
            known = ", ".join(RegistryQuery.objects.values_list("slug", flat=True)) or "none"
            reason = f"There is no query called “{query}”" if query else "No query is on, so there is nothing to ask"
            raise CommandError(f"{reason}. Queries: {known}. Make one or turn one on in the admin.")
        try:
            with bar(sys.stderr) as progress, tasks.registry(on_wait=progress.waits) as registry:
                outcomes = trials.sync(
                    queries=queries, registry=registry, absorb=absorb, clock=timezone.now, full=full, progress=progress
                )
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was stored stays, and the next sync goes on from there.")
            sys.exit(INTERRUPTED)
        for outcome in outcomes:
            self._tell(outcome)
        states = [outcome.state for outcome in outcomes if not isinstance(outcome, trials.Busy)]
        if RunState.SUSPECT in states:
            sys.exit(SUSPECT)
        if any(state not in GOOD_RUNS for state in states):
            sys.exit(STOPPED)

    def _tell(self, outcome: SyncRun | trials.Busy) -> None:
        if isinstance(outcome, trials.Busy):
            self.stdout.write(str(outcome))
            return
        slug = outcome.query.slug if outcome.query else ""
        self.stdout.write(f"{slug}: {outcome.get_state_display()} ({outcome.get_kind_display()})")
        self.stdout.write(f"  {summary(outcome)}")
        if outcome.missing:
            self.stdout.write(f"  missing from the answer and asked one by one: {outcome.missing:,}")
        if outcome.message:
            self.stderr.write(f"  {outcome.message}")
