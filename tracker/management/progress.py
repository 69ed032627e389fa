"""A live bar for commands, on a terminal only."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tracker.terms import RunKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.models import SyncRun


class Bar:
    """What a run has done so far, and why it waits."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._lines: dict[int, int] = {}

    def __call__(self, run: SyncRun) -> None:
        if run.pk not in self._lines:
            query = run.query or run.literature_query
            name = query.slug if query else str(run.get_kind_display())
            self._lines[run.pk] = self._shown.add_task(name, total=None, note="")
        missing = f"asking for {run.missing:,} missing" if run.kind == RunKind.FULL and run.missing else ""
        note = f"{run.new:,} new, {run.changed:,} changed, {run.set_aside:,} set aside"
        self._shown.update(
            self._lines[run.pk],  # type: ignore[arg-type]
            completed=run.seen + run.set_aside,
            total=run.expected,
            note=missing or note,
        )

    def waits(self, why: str, seconds: float) -> None:
        self._shown.console.print(f"{why}; trying again in {seconds:.0f} s")


@contextmanager
def bar(stream: IO[str]) -> Iterator[Bar]:
    """A bar on this stream, drawn only where somebody watches."""
    console = Console(file=stream)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as shown:
        yield Bar(shown)


def summary(run: SyncRun) -> str:
    """One run's figures on a line."""
    seconds = (run.finished - run.started).total_seconds() if run.finished else 0.0
    pairs = {
        "asked": run.expected if run.expected is not None else "nothing" if not run.pages else "not counted",
        "seen": run.seen,
        "new": run.new,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "set aside": run.set_aside,
        "requests": run.requests,
        "seconds": f"{seconds:.1f}",
    }
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in pairs.items()
    )
