"""``manage.py replay_set_aside``: read again what could not be read, as after a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.models import SetAside
from tracker.pipeline import absorb, absorb_studies
from tracker.sync.single import replay
from tracker.terms import SetAsideState

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Read the records that were set aside again, store and score those that can be read now. "
        "Exit code 0, or 1 when a record named by --id still cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--id", type=int, metavar="N", help="This record alone, by its id in the admin.")

    def handle(self, *, id: int | None, **options: object) -> None:
        waiting = SetAside.objects.filter(state=SetAsideState.WAITING)
        chosen = SetAside.objects.filter(pk=id) if id is not None else waiting
        ids = list(chosen.order_by("id").values_list("pk", flat=True))
        if id is not None and not ids:
            raise CommandError(f"There is no set-aside record {id}. The admin lists them with their ids.")
        read, still = 0, 0
        for pk in ids:
            aside = SetAside.objects.get(pk=pk)  # one at a time: each may be large
            reason = replay(aside=aside, absorb=absorb, absorb_studies=absorb_studies, at=timezone.now())
            if reason:
                still += 1
                self.stderr.write(f"{pk}, {aside.nct_id or 'number not readable'}: {reason}")
            else:
                read += 1
        self.stdout.write(f"{read:,} read and stored, {still:,} still set aside.")
        if id is not None and still:
            raise CommandError("It still cannot be read; the reason stands above.")
