"""``manage.py rescore``: score every stored trial and study again."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.scoring.ledger import rescore
from tracker.scoring.rubric import CURRENT, RubricError, versions

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Score every stored trial and study again from what is stored, and say what changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rubric",
            default=CURRENT,
            metavar="VERSION",
            help=f"The rubric to score by: {', '.join(versions())}. Lists show {CURRENT}.",
        )

    def handle(self, *, rubric: str, **options: object) -> None:
        began = perf_counter()
        at = timezone.now()
        try:
            scored = rescore(rubric=rubric, today=at.date(), at=at)
        except RubricError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Rubric {rubric}, {at.date()}: {scored.trials:,} trials, {scored.studies:,} studies, "
            f"{scored.written:,} maturities new, "
            f"{scored.confirmed:,} confirmed, {scored.superseded:,} no longer current, "
            f"{scored.without:,} without a maturity, {perf_counter() - began:.1f} s."
        )
