"""``manage.py sync_trials``: ask the registry now, without a worker."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker import tasks
from tracker.management.progress import bar
from tracker.management.syncing import EXIT_CODES, add_query, chosen, finish
from tracker.models import RegistryQuery
from tracker.pipeline import absorb
from tracker.sync import trials

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from tracker.models import SyncRun
    from tracker.sync.trials import Busy


class Command(BaseCommand):
    help = f"Ask ClinicalTrials.gov for the trials of every query that is on, store and score them. {EXIT_CODES}"

    def add_arguments(self, parser: CommandParser) -> None:
        add_query(parser)
        parser.add_argument(
            "--full",
            action="store_true",
            help="Ask the whole query whatever was read before, and look for records that are gone.",
        )

    def handle(self, *, query: str | None, full: bool, **options: object) -> None:
        queries = chosen(RegistryQuery, query)

        def sync() -> list[SyncRun | Busy]:
            with bar(sys.stderr) as progress, tasks.registry(on_wait=progress.waits) as registry:
                return trials.sync(
                    queries=queries, registry=registry, absorb=absorb, clock=timezone.now, full=full, progress=progress
                )

        finish(self, sync)
