"""The landscape: how many trials stand at which stage, how alive they are, and the sentence that says it.

Every sentence is computed from the numbers it stands above, so it changes with the filter. It never says why.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from tracker import terms
from tracker.models import Candidate, ChangeEvent, Study

from .trials import ADVERSE
from .wording import change_sentence, counted, in_words, sentence, stage_name

if TYPE_CHECKING:
    from datetime import datetime

    from .trials import TrialFilter

NEWS_DAYS, NEWS_SHOWN = 30, 4
SIGNS = ("advancing", "holding", "stalled", "stopped", "negative", "unknown")
SIGN_WORDS = {
    "advancing": "advancing",
    "holding": "holding",
    "stalled": "stalled",
    "stopped": "stopped",
    "negative": "stopped: negative or safety",
    "unknown": "not known",
}
_DID = {  # momentum → what one trial does, what several do
    terms.Momentum.ADVANCING: ("is advancing", "are advancing"),
    terms.Momentum.HOLDING: ("is holding", "are holding"),
    terms.Momentum.STALLED: ("has stalled", "have stalled"),
    terms.Momentum.STOPPED: ("has stopped", "have stopped"),
    terms.Momentum.UNKNOWN: ("has no known status", "have no known status"),
}


class Standing(NamedTuple):
    """Where one trial stands. ``sign`` is its momentum, with its own value for stopped by lack of effect or harm."""

    nct_id: str
    title: str
    track: str
    stage: int
    stage_possible: int
    momentum: str
    sign: str


class Cell(NamedTuple):
    track: str
    stage: int
    sign: str
    trials: int


@dataclass(frozen=True)
class Pipeline:
    """The trials that pass the filter, by track, stage and momentum. ``total`` counts those without a stage too."""

    total: int
    standings: tuple[Standing, ...]
    chosen: TrialFilter

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The numbers of the picture, diagnostic first, lowest stage first; they sum to the trials with a stage."""
        counts = Counter((s.track, s.stage, s.sign) for s in self.standings)
        return tuple(
            Cell(*key, count) for key, count in sorted(counts.items(), key=lambda p: (*p[0][:2], SIGNS.index(p[0][2])))
        )

    def at(self, track: str, stage: int) -> tuple[Standing, ...]:
        """The trials of one stage, the liveliest first."""
        found = [s for s in self.standings if s.track == track and s.stage == stage]
        return tuple(sorted(found, key=lambda s: (SIGNS.index(s.sign), s.nct_id)))

    def of(self, track: str) -> tuple[Standing, ...]:
        return tuple(s for s in self.standings if s.track == track)

    def rows_of(self, cell: Cell) -> TrialFilter:
        """The filter that shows exactly the trials of this number."""
        rows = self.chosen.chosen("track", cell.track).chosen("stage", str(cell.stage))
        stopped = cell.sign in ("stopped", "negative")
        rows = rows.chosen("momentum", "stopped" if stopped else cell.sign)
        return rows.chosen("adverse", "true" if cell.sign == "negative" else "false") if stopped else rows

    @property
    def without_stage(self) -> int:
        return self.total - len(self.standings)

    @property
    def could_stand_higher(self) -> int:
        return sum(1 for s in self.standings if s.stage_possible > s.stage)

    # the sentences

    @cached_property
    def finding(self) -> str:
        """The sentence of the page."""
        total = self.total
        if not total:
            return "No trial matches these filters" if self.is_filtered else "No trial about EVs in lung cancer yet"
        first = self._momentum_finding()
        second = self._track_finding()
        return sentence(f"{first}; {second}" if second else first)

    @property
    def is_filtered(self) -> bool:
        return any(name != "relevance" for name, _ in self.chosen.parameters())

    def _momentum_finding(self) -> str:
        alive = list(terms.Momentum)
        kinds = sorted((s.momentum for s in self.standings), key=lambda kind: alive.index(terms.Momentum(kind)))
        counts = Counter(kinds)
        if not counts:
            return f"{counted(self.total, 'trial')}, none with a stage"
        scored = len(self.standings)
        trials = "trials with a stage" if self.without_stage else "trials"
        kind, most = counts.most_common(1)[0]
        did = _DID[terms.Momentum(kind)]
        if scored == 1:
            return f"the one trial {'with a stage' if self.without_stage else 'here'} {did[0]}"
        if most == scored:
            return f"{'both' if scored == 2 else f'all {in_words(scored)}'} {trials} {did[1]}"
        if most * 2 > scored:
            return f"{in_words(most)} of {in_words(scored)} {trials} {did[1]}"
        told = [f"{in_words(n)} {terms.Momentum(m).label}" for m, n in counts.most_common(3)]
        return f"{in_words(scored)} {trials}: {', '.join(told)}"

    def _track_finding(self) -> str:
        therapies, total = len(self.of(terms.Track.THERAPEUTIC)), self.total
        if total == 1 or not self.standings or (self.chosen.track and self.chosen.stage):
            return ""
        if self.chosen.track:
            return f"none earns more than stage {max(s.stage for s in self.standings)}"
        if therapies == total:
            return "all test a therapy"
        return {0: "none tests a therapy", 1: "only one tests a therapy"}.get(
            therapies, f"{in_words(therapies)} test a therapy"
        )

    @cached_property
    def picture_finding(self) -> str:
        """The sentence of the picture."""
        return sentence(f"{self._diagnostics()}; {self._therapies()}")

    def _diagnostics(self) -> str:
        found = self.of(terms.Track.DIAGNOSTIC)
        if not found:
            return "no trial tests a diagnostic"
        highest = max(s.stage for s in found)
        if len(found) == 1:
            return f"the one diagnostic stands at stage {highest}"
        return f"no diagnostic earns more than stage {highest}"

    def _therapies(self) -> str:
        found = self.of(terms.Track.THERAPEUTIC)
        if not found:
            return "no trial tests a therapy"
        names = [stage_name(terms.Track.THERAPEUTIC, f(s.stage for s in found)) for f in (min, max)]
        if len(found) == 1:
            return f"the one therapy is at {names[0]}"
        many = "both" if len(found) == 2 else f"all {in_words(len(found))}"
        if names[0] == names[1]:
            return f"{many} therapies are at {names[0]}"
        return f"the {in_words(len(found))} therapies stand between {names[0]} and {names[1]}"

    @cached_property
    def how_to_read(self) -> str:
        """One line under the sentence of the picture."""
        words = "Each sign is one trial, at the stage it earns today."
        higher, scored = self.could_stand_higher, len(self.standings)
        if higher:
            who = f"{in_words(higher)} of {in_words(scored)}" if higher < scored else f"all {in_words(scored)}"
            could = f"{'it' if scored == 1 else who} could stand higher"
            words += f" {sentence(could)}: a fact that decides the stage is not reported, or nothing has begun yet."
        if self.without_stage:
            one = self.without_stage == 1
            words += f" {sentence(in_words(self.without_stage))} more {'has' if one else 'have'} no stage."
        return words

    @cached_property
    def list_heading(self) -> str:
        return sentence(f"{counted(self.total, 'trial')} {_subject(self.chosen)}")


def _subject(chosen: TrialFilter) -> str:
    if chosen.relevance == (terms.Relevance.ABOUT,):
        return "about EVs in lung cancer"
    return "stored"


def pipeline(chosen: TrialFilter) -> Pipeline:
    """The pipeline of these trials: one query."""
    rows = (
        chosen.rows()
        .order_by()
        .values_list("nct_id", "brief_title", "track", "stage", "stage_possible", "momentum", "stop_classes")
    )
    standings: list[Standing] = []
    total = 0
    for nct_id, title, track, stage, possible, momentum, stop_classes in rows.iterator(chunk_size=5000):
        total += 1
        if track is None or stage is None or possible is None:
            continue
        alive = momentum or terms.Momentum.UNKNOWN.value
        adverse = alive == terms.Momentum.STOPPED and not set(ADVERSE).isdisjoint(stop_classes)
        sign = "negative" if adverse else alive
        standings.append(Standing(nct_id, title or "title not reported", track, stage, possible, alive, sign))
    return Pipeline(total, tuple(sorted(standings)), chosen)


@dataclass(frozen=True, slots=True)
class News:
    """One change of the last days in a sentence."""

    day: str
    nct_id: str
    sentence: str


def news(*, now: datetime) -> tuple[News, ...]:
    """The newest changes of trials about EVs in the last thirty days: one query."""
    changes = (
        ChangeEvent.objects.filter(seen__gte=now - timedelta(days=NEWS_DAYS), trial__relevance=terms.Relevance.ABOUT)
        .exclude(kind__in=[terms.ChangeKind.FIRST_SEEN, terms.ChangeKind.OTHER])
        .order_by("-seen", "-id")[:NEWS_SHOWN]
    )
    return tuple(News(f"{c.seen:%Y-%m-%d}", c.trial_id, change_sentence(c)) for c in changes if c.trial_id)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the trials: studies about EVs in lung cancer, and candidates."""

    studies: int
    candidates: int


def beside_the_trials() -> Beside | None:
    """The two numbers, or None while neither is there: two queries."""
    found = Beside(Study.objects.about().count(), Candidate.objects.current().count())
    return found if found.studies or found.candidates else None
