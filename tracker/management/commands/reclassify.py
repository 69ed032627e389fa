"""``manage.py reclassify``: read the text of stored trials again, and score what follows from it."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.classify.lexicon import LexiconError, load
from tracker.classify.proposals import repropose
from tracker.scoring.ledger import rescore
from tracker.scoring.rubric import CURRENT

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Read the text of stored trials again by the lexicon, after it changed, and score them anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="*", metavar="NCT…", help="Only these trials; without any, all of them.")

    def handle(self, *, numbers: list[str], **options: object) -> None:
        began = perf_counter()
        at = timezone.now()
        chosen = [number.upper() for number in numbers] or None
        try:
            version = load().version
        except LexiconError as error:
            raise CommandError(str(error)) from error
        done = repropose(nct_ids=chosen, at=at)
        scored = rescore(rubric=CURRENT, today=at.date(), at=at, nct_ids=chosen)
        for sentence in done.unreadable:
            self.stderr.write(sentence)
        self.stdout.write(
            f"Lexicon {version}: {done.read:,} trials read, {scored.written:,} maturities new, "
            f"{perf_counter() - began:.1f} s."
        )
