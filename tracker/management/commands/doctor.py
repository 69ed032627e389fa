"""Examine this installation and the evidence it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker.reads import doctor

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Examine this installation and the stored evidence; say what is wrong and how to mend it. 1 if anything is."
    requires_system_checks = []  # they are one of the examinations, and must not keep the others from speaking

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only", action="append", choices=list(doctor.EXAMINATIONS), metavar="NAME",
            help=f"One examination, may be given again: {', '.join(doctor.EXAMINATIONS)}.",
        )  # fmt: skip

    def handle(self, *args: Any, only: list[str] | None, **options: Any) -> None:
        unwell = 0
        for finding in doctor.examine(at=timezone.now(), names=only):
            mark = self.style.SUCCESS("well ") if finding.is_well else self.style.ERROR("wrong")
            self.stdout.write(f"{mark}  {finding.name}: {finding.what}")
            if not finding.is_well:
                unwell += 1
                self.stdout.write(f"       mend: {finding.mend}")
        if unwell:
            raise SystemExit(1)
