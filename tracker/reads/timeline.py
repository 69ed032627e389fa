"""The evidence of a candidate in the order of time, from first bench work to the latest trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.dates import PartialDate

from .wording import counted, figure, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .records import LinkLine


@dataclass(frozen=True, slots=True)
class Moment:
    """One record on the line. Years are decimal, for drawing; the dates stand as their sources give them.

    ``start`` is None where the source gives no date; ``end`` is None of a study, and of a trial without completion.
    """

    line: LinkLine
    start: float | None
    end: float | None

    @property
    def given(self) -> str:
        record = self.line.record
        if not record.began:
            return "not reported"
        return f"{record.began} to {record.ended}" if record.ended else record.began


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The dated records by time, then those without a date; ``finding`` says how long the road from bench was."""

    moments: tuple[Moment, ...]
    finding: str

    @property
    def dated(self) -> tuple[Moment, ...]:
        return tuple(moment for moment in self.moments if moment.start is not None)

    @property
    def undated(self) -> tuple[Moment, ...]:
        return tuple(moment for moment in self.moments if moment.start is None)


def time_line(lines: Iterable[LinkLine]) -> TimeLine:
    """The accepted links of a candidate in time. A partial date stands at its first day."""
    moments = []
    for line in lines:
        if line.is_accepted:
            start = year_of(line.record.began)
            end = year_of(line.record.ended)
            moments.append(Moment(line, start, end if start is not None and end is not None and end >= start else None))
    moments.sort(key=lambda m: (m.start is None, m.start or 0, m.line.record.kind, m.line.record.key))
    return TimeLine(tuple(moments), _finding(moments))


def year_of(given: str | None) -> float | None:
    """``2020.5`` for ``2020-07-01``: the year with its share that has passed; None where there is no readable date."""
    date = PartialDate.read(given) if given else None
    if date is None:
        return None
    first = date.first
    return round(first.year + (first.timetuple().tm_yday - 1) / 366, 3)


def _finding(moments: list[Moment]) -> str:
    """The sentence of the line; a retracted study is no first study."""
    standing = [moment for moment in moments if moment.line.counts]
    studies = [m.start for m in standing if m.line.record.is_study and m.start is not None]
    trials = [m.start for m in standing if not m.line.record.is_study and m.start is not None]
    undated = any(m.start is None for m in standing)
    if studies and trials:
        years = int(min(trials)) - int(min(studies))
        if years > 0:
            return f"{sentence(counted(years, 'year'))} from first study to first trial"
        if years == 0:
            return "The first trial began in the year of the first study"
        return f"The first trial began {figure(-years, 'year')} before the first study"
    if studies:
        first, last = int(min(studies)), int(max(studies))
        when = f"in {first}" if first == last else f"from {first} to {last}"
        tail = "no dated trial" if undated else "no trial yet"
        return f"{sentence(counted(len(studies), 'study', 'studies'))} {when}; {tail}"
    if trials:
        tail = "no dated study" if undated else "no study on record"
        return f"{sentence(counted(len(trials), 'trial'))} since {int(min(trials))}; {tail}"
    return "No dated evidence yet"
