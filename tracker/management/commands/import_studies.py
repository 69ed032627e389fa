"""``manage.py import_studies``: studies from files of citations, previewed first where that is asked for."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from tracker.management.progress import bar
from tracker.pipeline import absorb_studies
from tracker.sources.citations import ENDINGS, format_of
from tracker.sync.study_files import File, Outcome, preview, take_in
from tracker.terms import CitationFormat, RowFate, StudyOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.base import CommandParser

SHOWN = 20  # rows told of each fate; the counts cover all
INTERRUPTED = 130
WIDTH = 140
_TOLD = (RowFate.REFUSED, RowFate.DUPLICATE, RowFate.CHANGED, RowFate.NEW)


class Command(BaseCommand):
    help = (
        "Store and score studies from files: CSV, RIS, BibTeX, PubMed nbib and Europe PMC JSON, each described in "
        "docs/studies.md; of a folder, the files with their endings. The good rows of a file go in together or not at "
        "all; refused rows are told with line, column and reason. "
        "Exit code 0: every row was stored, unchanged, a duplicate or refused; 1: nothing could be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        parser.add_argument(
            "--format",
            choices=[format.value for format in CitationFormat],
            help="What the files are; without it, their names' endings tell, or how they begin.",
        )
        parser.add_argument("--preview", action="store_true", help="Only say what would become of the rows.")
        parser.add_argument(
            "--origin",
            choices=[StudyOrigin.FILE.value, StudyOrigin.EUROPEPMC.value],
            help="Whose word the records are: a file's, or Europe PMC's own (its JSON alone; the default there).",
        )

    def handle(
        self,
        *,
        paths: list[Path | str],
        format: str | None,
        preview: bool,
        origin: str | None,
        **options: object,
    ) -> None:
        outcomes = []
        for path in (Path(one) for one in paths):
            for file in self._files(path, CitationFormat(format) if format else None):
                chosen = StudyOrigin(origin) if origin else file.origin
                if chosen is StudyOrigin.EUROPEPMC and file.format is not CitationFormat.EUROPEPMC:
                    raise CommandError(
                        f"{file.name} is {file.format.label}, and only Europe PMC's JSON can be Europe PMC's word. "
                        "Leave --origin out."
                    )
                outcomes.append(self._preview(file, chosen) if preview else self._take_in(file, chosen))
                self._tell(outcomes[-1], is_preview=preview)
        if all(outcome.is_nothing for outcome in outcomes):
            raise CommandError("Nothing could be read under: " + ", ".join(map(str, paths)))

    def _files(self, path: Path, format: CitationFormat | None) -> Iterator[File]:
        if path.is_dir():
            for inside in sorted(path.rglob("*")):
                if inside.is_file() and inside.name.lower().endswith(tuple(ENDINGS)):
                    yield from self._files(inside, format)
                elif inside.is_file():
                    self.stderr.write(f"Passed over {inside}: only {', '.join(ENDINGS)} are read from a folder.")
            return
        try:
            with path.open("rb") as stream:
                found = format or format_of(path.name, stream)
        except OSError as error:
            self.stderr.write(f"Passed over {path}: {error.strerror}.")
        else:
            yield File(str(path), found, lambda: path.open("rb"))

    def _preview(self, file: File, origin: StudyOrigin) -> Outcome:
        return preview(file=file, origin=origin, this_year=timezone.now().year)

    def _take_in(self, file: File, origin: StudyOrigin) -> Outcome:
        try:
            with bar(sys.stderr) as progress:
                return take_in(file=file, origin=origin, absorb=absorb_studies, clock=timezone.now, progress=progress)
        except KeyboardInterrupt:
            self.stderr.write(f"Stopped. Nothing of {file.name} was taken in; the same command begins it anew.")
            sys.exit(INTERRUPTED)

    def _tell(self, outcome: Outcome, *, is_preview: bool) -> None:
        counts = ", ".join(f"{fate.value} {outcome.counts[fate]:,}" for fate in RowFate)
        said = "would be" if is_preview else "rows"
        self.stdout.write(f"{outcome.name} ({outcome.format.label}), {outcome.rows:,} rows: {said} {counts}")
        if outcome.suspected:
            self.stdout.write(
                f"{outcome.suspected:,} may be the same as another study; a person decides under suspected duplicates "
                "in the admin."
            )
        if outcome.unread_columns:
            self.stdout.write("Columns that are not read: " + ", ".join(outcome.unread_columns))
        for fate in _TOLD if is_preview else _TOLD[:2]:
            self._tell_rows(outcome, fate)

    def _tell_rows(self, outcome: Outcome, fate: RowFate) -> None:
        rows = outcome.shown[fate][:SHOWN]
        if not rows:
            return
        table = Table(title=f"{fate.label}: {outcome.counts[fate]:,}", title_justify="left", box=None, pad_edge=False)
        for heading in ("line", "column", "what", "title"):
            table.add_column(heading, justify="right" if heading == "line" else "left", overflow="fold")
        for row in rows:
            known = f"study {row.study_id}. " if row.study_id else ""
            table.add_row(str(row.line), row.column, f"{known}{row.reason}".strip(), row.title[:80])
        text = StringIO()
        Console(file=text, width=WIDTH, markup=False, highlight=False).print(table)
        self.stdout.write(text.getvalue().rstrip())
        if outcome.counts[fate] > len(rows):
            self.stdout.write(f"And {outcome.counts[fate] - len(rows):,} more.")
