"""``manage.py sync_studies``: ask Europe PMC now, without a worker."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker import tasks
from tracker.management.progress import bar
from tracker.management.syncing import EXIT_CODES, add_query, chosen, finish
from tracker.models import LiteratureQuery
from tracker.pipeline import absorb_studies
from tracker.sync import studies

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from tracker.models import SyncRun
    from tracker.sync.pulls import Busy


class Command(BaseCommand):
    help = f"Ask Europe PMC for the publications of every query that is on, store and score them. {EXIT_CODES}"

    def add_arguments(self, parser: CommandParser) -> None:
        add_query(parser)
        parser.add_argument("--full", action="store_true", help="Ask the whole query whatever was read before.")

    def handle(self, *, query: str | None, full: bool, **options: object) -> None:
        queries = chosen(LiteratureQuery, query)

        def sync() -> list[SyncRun | Busy]:
            with bar(sys.stderr) as progress, tasks.europepmc(on_wait=progress.waits) as source:
                return studies.sync(
                    queries=queries,
                    europepmc=source,
                    absorb=absorb_studies,
                    clock=timezone.now,
                    full=full,
                    progress=progress,
                )

        finish(self, sync)
