"""One candidate, whole: its name sentence, ladder, time line, lineage and sources, from a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from tracker import terms
from tracker.models import Candidate, CandidateAddress, EvidenceLink

from .lineage import Branch, LineageLine, lineage_of, tree
from .records import LinkLine, link_line
from .timeline import TimeLine, time_line
from .wording import in_words, sentence, stage_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOWEST = 1  # the ladder begins above ideas


@dataclass(frozen=True, slots=True)
class Rung:
    """One stage of the ladder with its records.

    ``holds`` where an accepted, supporting, standing record earns it; ``could_be`` are supporting records whose
    facts leave this stage possible. A rung below the highest that does not hold is a gap.
    """

    stage: int
    name: str
    lines: tuple[LinkLine, ...]
    could_be: tuple[LinkLine, ...]
    holds: bool
    is_gap: bool

    @property
    def words(self) -> str:
        return f"no recorded evidence at stage {self.stage}, {self.name}"


@dataclass(frozen=True, slots=True)
class CandidateWhole:
    """Everything the page of one candidate shows."""

    candidate: Candidate
    synonyms: tuple[str, ...]
    old_addresses: tuple[str, ...]
    links: tuple[LinkLine, ...]
    rungs: tuple[int, ...]
    ladder: tuple[Rung, ...]
    without_rung: tuple[LinkLine, ...]
    time_line: TimeLine
    lineage: tuple[LineageLine, ...]
    branches: tuple[Branch, ...]

    @property
    def accepted(self) -> tuple[LinkLine, ...]:
        return tuple(line for line in self.links if line.is_accepted)

    @property
    def proposed(self) -> tuple[LinkLine, ...]:
        return tuple(line for line in self.links if line.is_proposed)

    @property
    def further_references(self) -> tuple[dict[str, str], ...]:
        """The references of the candidate besides its accepted records, which are cited already."""
        cited = {_bare(line.record.title) for line in self.accepted}
        return tuple(given for given in self.candidate.references if _bare(given.get("title", "")) not in cited)

    @property
    def proposed_lineage(self) -> tuple[LineageLine, ...]:
        return tuple(line for line in self.lineage if not line.is_accepted)

    @property
    def furthest(self) -> int | None:
        return max(self.rungs) if self.rungs else None

    @property
    def possible(self) -> int | None:
        """The highest stage that a supporting record could still show; None where there is no rung."""
        could = [rung.stage for rung in self.ladder if rung.holds or rung.could_be]
        return max(could) if self.rungs else None

    @property
    def finding(self) -> str:
        """The sentence of the page: how far the evidence reaches, what is missing below, what speaks against it."""
        name = self.candidate.name
        furthest = self.furthest
        if not self.accepted:
            waiting = f"; {in_words(len(self.proposed))} proposed" if self.proposed else ""
            return _opening(f"{name} has no accepted evidence yet{waiting}")
        against = sum(1 for line in self.accepted if line.contradicts)
        parts = []
        if furthest is None:
            parts.append(f"{name} has no supporting evidence with a stage")
        else:
            parts.append(f"{name} reaches stage {furthest}, {stage_name(self.candidate.kind, furthest)}")
            missing = [rung for rung in self.ladder if rung.is_gap]
            if missing:
                parts.append(f"no record at {_missing(missing)}")
        if against:
            parts.append(f"{in_words(against)} {'record contradicts' if against == 1 else 'records contradict'} it")
        return _opening("; ".join(parts))


def _missing(rungs: Sequence[Rung]) -> str:
    """``stage 5, late preclinical``, or ``stages 1 to 3, 5 and 6``."""
    if len(rungs) == 1:
        return f"stage {rungs[0].stage}, {rungs[0].name}"
    runs: list[list[int]] = []
    for stage in sorted(rung.stage for rung in rungs):
        if runs and runs[-1][-1] == stage - 1:
            runs[-1].append(stage)
        else:
            runs.append([stage])
    told = [str(run[0]) if len(run) == 1 else f"{run[0]} {'and' if len(run) == 2 else 'to'} {run[-1]}" for run in runs]
    return "stages " + ", ".join(told)


def _opening(text: str) -> str:
    """A capital at the start, but for a name that is written with a small letter on purpose: ctDNA, miR-21."""
    first = text.split(" ", 1)[0]
    return sentence(text) if first == first.lower() else text


def _bare(title: str) -> str:
    """A title without its stop and its case, to tell whether two name the same work."""
    return title.strip().removesuffix(".").casefold()


def find_candidate(slug: str) -> str | None:
    """The slug that this one leads to: itself, another where it moved or was merged, None where nobody has it.

    Two queries at most.
    """
    found = Candidate.objects.filter(slug=slug).select_related("merged_into").first()
    if found is None:
        address = CandidateAddress.objects.filter(pk=slug).select_related("candidate__merged_into").first()
        found = address.candidate if address else None
    if found is None:
        return None
    return found.merged_into.slug if found.merged_into else found.slug


def whole_candidate(slug: str) -> CandidateWhole:
    """The candidate of this slug (as stored), whole: five queries. Raises Candidate.DoesNotExist."""
    candidate = Candidate.objects.prefetch_related("names", "old_addresses").get(slug=slug)
    links = tuple(link_line(link) for link in _links(Q(candidate=candidate)))
    accepted = [line for line in links if line.is_accepted]
    trials = [line.record.key for line in accepted if not line.record.is_study]
    studies = [int(line.record.key) for line in accepted if line.record.is_study]
    lineage = lineage_of(trials=trials, studies=studies)
    rungs, ladder, rest = ladder_of(accepted, kind=candidate.kind)
    return CandidateWhole(
        candidate=candidate,
        synonyms=tuple(one.name for one in candidate.names.all() if one.name != candidate.name),
        old_addresses=tuple(sorted(one.slug for one in candidate.old_addresses.all())),
        links=links,
        rungs=rungs,
        ladder=ladder,
        without_rung=rest,
        time_line=time_line(accepted),
        lineage=lineage,
        branches=tree(lineage),
    )


def links_of_trial(nct_id: str) -> tuple[LinkLine, ...]:
    """The candidates that this trial bears on: one query."""
    return tuple(link_line(link) for link in _links(Q(trial=nct_id)))


def _links(which: Q) -> Iterable[EvidenceLink]:
    """The links that nobody rejected, whole, the accepted first."""
    return (
        EvidenceLink.objects.filter(which)
        .exclude(state=terms.AnnotationState.REJECTED)
        .exclude(candidate__status=terms.CandidateStatus.MERGED)
        .select_related("candidate", "trial", "study", "decided_by")
        .defer("trial__search", "study__search", "study__abstract")
        .order_by("state", "candidate__name", "pk")
    )


def ladder_of(
    accepted: Sequence[LinkLine], *, kind: str
) -> tuple[tuple[int, ...], tuple[Rung, ...], tuple[LinkLine, ...]]:
    """The rungs that hold, every rung from the highest possible to the first, and the records without a rung.

    Only a supporting link of a standing record on the candidate's own road makes a rung hold; neutral and
    contradicting records stand at their stage and make none.
    """
    placed = [line for line in accepted if line.record.track == kind and line.record.stage is not None]
    rest = tuple(line for line in accepted if line not in placed)
    rungs = tuple(sorted({line.record.stage for line in placed if line.supports and line.record.stage is not None}))
    held = [line.record.stage or 0 for line in placed if line.counts]
    could = [line.record.stage_possible or 0 for line in placed if line.supports]
    top, earned = max([*held, *could, 0]), max(rungs, default=0)
    lowest = min([LOWEST, *(line.record.stage or 0 for line in placed)])
    ladder = []
    for stage in range(top, lowest - 1, -1):
        lines = tuple(line for line in placed if line.record.stage == stage)
        could_be = tuple(
            line for line in placed if line.supports and (line.record.stage or 0) < stage == line.record.stage_possible
        )
        holds = stage in rungs
        if lines or could_be or stage < earned:
            gap = LOWEST <= stage < earned and not holds
            ladder.append(Rung(stage, stage_name(kind, stage), lines, could_be, holds, gap))
    return rungs, tuple(ladder), rest
