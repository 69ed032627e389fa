"""``manage.py import_trials``: records from files, by the same path as those from the registry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.management.progress import bar, summary
from tracker.pipeline import absorb
from tracker.sync.importing import import_files
from tracker.terms import Origin

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

SHOWN = 20
INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Store and score trial records from files: API v2 JSON as a record, a list, a page or records one after "
        "another, NDJSON, a folder of them, .gz or .zip. "
        "Exit code 0: every record found was stored, unchanged or set aside; 1: nothing could be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        parser.add_argument(
            "--origin",
            choices=[Origin.FILE.value, Origin.TRANSCRIBED.value],
            default=Origin.FILE.value,
            help="How the records came to be in these files: as the registry gave them, or written off a public copy.",
        )

    def handle(self, *, paths: list[Path | str], origin: str, **options: object) -> None:
        places = [Path(path) for path in paths]
        try:
            with bar(sys.stderr) as progress:
                outcome = import_files(
                    paths=places, origin=Origin(origin), absorb=absorb, clock=timezone.now, progress=progress
                )
        except KeyboardInterrupt:
            self.stderr.write("Stopped. What was stored stays; the same command again takes in the rest.")
            sys.exit(INTERRUPTED)
        for skipped in outcome.skipped[:SHOWN]:
            self.stderr.write(f"Passed over {skipped.path}: {skipped.why}.")
        if len(outcome.skipped) > SHOWN:
            self.stderr.write(f"Passed over {len(outcome.skipped) - SHOWN:,} more.")
        self.stdout.write(summary(outcome.run))
        if outcome.run.set_aside:
            self.stderr.write(
                f"{outcome.run.set_aside:,} could not be read; each stands with its reason under set-aside records in "
                "the admin. After a fix: manage.py replay_set_aside."
            )
        if outcome.is_nothing:
            raise CommandError("Nothing could be read under: " + ", ".join(map(str, places)))
