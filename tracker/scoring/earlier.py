"""Which trials of the same candidate began earlier, and whether somebody else led them. Pure.

Only accepted links count. A start without its day is earlier only when its last day comes before the first day of the
other; where that, or a sponsor, is not told, the trial is left open, so that telling it later only narrows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tracker.dates import PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterable


class Led(NamedTuple):
    """A trial as it is compared: who leads it and when it began, as the registry gives both."""

    nct_id: str
    lead_sponsor: str | None
    start_given: str | None


class Earlier(msgspec.Struct, frozen=True):
    """The earlier supporting trials of a trial's candidates, each as ``sponsor (number)``; empty: there is none."""

    by_others: tuple[str, ...] = ()  # certainly earlier, another lead sponsor
    by_same: tuple[str, ...] = ()  # certainly earlier, the same lead sponsor
    unclear: tuple[str, ...] = ()  # may be earlier and led by another: a start or a sponsor is not told


def earlier_trials(trial: Led, others: Iterable[Led]) -> Earlier:
    """How the supporting trials of this trial's candidates stand to it, in whatever order they are given."""
    own, start = _folded(trial.lead_sponsor), PartialDate.read(trial.start_given)
    by_others: set[str] = set()
    by_same: set[str] = set()
    unclear: set[str] = set()
    for other in others:
        begun = PartialDate.read(other.start_given)
        if other.nct_id == trial.nct_id or (start and begun and begun.first >= start.last):
            continue
        sponsor = _folded(other.lead_sponsor)
        is_known = bool(own and sponsor)
        is_earlier = bool(start and begun and begun.last < start.first)
        named = f"{other.lead_sponsor or 'sponsor not reported'} ({other.nct_id})"
        if is_known and is_earlier:
            (by_same if sponsor == own else by_others).add(named)
        elif not (is_known and sponsor == own):
            unclear.add(named)
        # Of the same sponsor and perhaps earlier: it could only have said that the sponsor is the same.
    return Earlier(tuple(sorted(by_others)), tuple(sorted(by_same)), tuple(sorted(unclear)))


def _folded(sponsor: str | None) -> str:
    """Capitals and spaces make no other sponsor; the registry has no key for organisations."""
    return " ".join((sponsor or "").split()).casefold()
