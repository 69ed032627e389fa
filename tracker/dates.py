"""Partial dates, as the registry gives them: ``2020``, ``2020-03`` or ``2020-03-15``.

About a third of start and completion dates name no day (ClinicalTrials.gov, 517 of 1,774 start dates measured), so
a date is kept as given and its precision with it; nothing is filled in.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_SHAPE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date with a day, or only a month, or only a year.

    >>> PartialDate.read("2020-02").last
    datetime.date(2020, 2, 29)
    """

    given: str
    first: date
    last: date

    @classmethod
    def read(cls, given: str | None) -> PartialDate | None:
        """The date of this text, or None where the text is absent or is no date (drift, never an error)."""
        match = _SHAPE.match(given or "")
        if not match:
            return None
        year, month, day = (int(part) if part else None for part in match.groups())
        assert given is not None
        assert year is not None
        try:
            if day is not None and month is not None:
                whole = date(year, month, day)
                return cls(given, whole, whole)
            if month is not None:
                return cls(given, date(year, month, 1), date(year, month, monthrange(year, month)[1]))
            return cls(given, date(year, 1, 1), date(year, 12, 31))
        except ValueError:
            return None

    @property
    def precision(self) -> str:
        """``day``, ``month`` or ``year``."""
        return {10: "day", 7: "month", 4: "year"}[len(self.given)]

    @property
    def has_day(self) -> bool:
        return len(self.given) == 10

    def __str__(self) -> str:
        return self.given


def months_after(day: date, months: int) -> date:
    """The same day of the month so many calendar months later (earlier when negative); clipped to the month's last day.

    >>> months_after(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max  # a record may say 9999; what follows it never comes
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
