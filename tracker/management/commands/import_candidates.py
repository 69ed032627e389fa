"""``manage.py import_candidates``: candidates, evidence links and lineage from files, as decisions with an author."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.curation.importing import FILES, starter_author, take_in
from tracker.terms import DecisionFate

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.management.base import CommandParser

STARTER_FOLDER = Path(settings.BASE_DIR) / "fixtures"


class Command(BaseCommand):
    help = (
        "Take in candidates, evidence links and lineage from candidates.csv, links.csv and lineage.csv in a folder, as "
        "docs/curation.md describes them. Rows that stand so already change nothing, what a person decided otherwise "
        "is kept, refused rows are told with line, column and reason. "
        "Exit code 0: every row was taken, unchanged, kept or refused; 1: nothing could be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="PATH", type=Path)
        parser.add_argument(
            "--by", metavar="NAME", help="The account whose decisions these are; only the starter set needs none."
        )

    def handle(self, *, folder: Path | str, by: str | None, **options: object) -> None:
        place = Path(folder)
        try:
            outcome = take_in(folder=place, by=self._author(place, by), at=timezone.now())
        except FileNotFoundError as error:
            raise CommandError(str(error)) from error
        for name in FILES:
            if name in outcome.counts:
                told = ", ".join(f"{fate.value} {outcome.counts[name][fate]:,}" for fate in DecisionFate)
                self.stdout.write(f"{name}: {told}")
        for left in outcome.left:
            column = f", column {left.column}" if left.column else ""
            self.stderr.write(f"{left.file}, line {left.line}{column}: {left.fate.value}. {left.reason}")
        if outcome.is_nothing:
            raise CommandError(f"Nothing could be read under {place}.")

    def _author(self, folder: Path, by: str | None) -> User:
        if by is None:
            if folder.resolve() == STARTER_FOLDER.resolve():
                return starter_author()
            raise CommandError("Say whose decisions these are: --by NAME, the name of an account.")
        author = get_user_model().objects.filter(username=by, is_active=True).first()
        if author is None:
            raise CommandError(f"No account that can sign in is called {by!r}.")
        return author
