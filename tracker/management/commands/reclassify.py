"""``manage.py reclassify``: read the text of stored trials and studies again, score what follows, and link anew."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.classify.lexicon import LexiconError
from tracker.classify.proposals import Reproposed, propose_links, repropose, repropose_studies
from tracker.classify.studies import study_version
from tracker.scoring.ledger import rescore
from tracker.scoring.rubric import CURRENT

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Read the text of stored trials and studies again by the lexicons, after one changed, and score them anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="*", metavar="NCT…", help="Only these trials; without any, all of them.")
        parser.add_argument(
            "--study",
            action="append",
            type=int,
            default=[],
            metavar="ID",
            help="Only these studies, by the number of their page; without any trial or study, all of both.",
        )

    def handle(self, *, numbers: list[str], study: list[int], **options: object) -> None:
        began = perf_counter()
        at = timezone.now()
        everything = not numbers and not study
        nct_ids = None if everything else [number.upper() for number in numbers]
        study_ids = None if everything else study
        try:
            version = study_version()
        except LexiconError as error:
            raise CommandError(str(error)) from error
        trials = Reproposed() if nct_ids == [] else repropose(nct_ids=nct_ids, at=at)
        studies = Reproposed() if study_ids == [] else repropose_studies(study_ids=study_ids, at=at)
        scored = rescore(rubric=CURRENT, today=at.date(), at=at, nct_ids=nct_ids, study_ids=study_ids)
        links = propose_links(nct_ids=nct_ids, study_ids=study_ids, at=at)
        for sentence in [*trials.unreadable, *studies.unreadable]:
            self.stderr.write(sentence)
        self.stdout.write(
            f"Lexicons {version}: {trials.read:,} trials and {studies.read:,} studies read, "
            f"{scored.written:,} maturities new, {links.evidence:,} links to candidates and {links.lineage:,} between "
            f"records suggested, {perf_counter() - began:.1f} s."
        )
