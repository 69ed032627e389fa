"""``manage.py describe_registry``: fetch the registry's description of its fields and say what changed."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker import tasks
from tracker.sources.clinicaltrials import SourceError
from tracker.sync.description import describe

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Fetch ClinicalTrials.gov's description of its fields and enumerations and say what changed since the last. "
        "Exit code 0, or 1 when the registry gave none."
    )

    def handle(self, **options: object) -> None:
        try:
            with tasks.registry() as registry:
                changed = describe(registry=registry, at=timezone.now())
        except SourceError as error:
            raise CommandError(str(error)) from error
        if not changed:
            self.stdout.write("The registry describes its fields as before.")
        for state in changed:
            self.stdout.write(f"{state.endpoint}: {len(state.difference):,} changes")
            for line in state.difference[:SHOWN]:
                self.stdout.write(f"  {line}")
            if len(state.difference) > SHOWN:
                self.stdout.write(f"  and {len(state.difference) - SHOWN:,} more, in the admin")
