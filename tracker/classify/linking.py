"""Which links between records and candidates the words and references suggest. Pure; a person decides on each.

To a candidate: its name or a synonym stands where a record says what it is about, and role and cargo agree where both
tell them; or a file states the candidate. Between a study and a trial: the registry's references (RESULT and DERIVED
say that the study reports the trial, BACKGROUND that the trial rests on the study), or the trial's number in the study.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from tracker.classify.folding import fold
from tracker.terms import Direction, LineageKind, ReferenceType, StopClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tracker.sources.ctgov_passages import Passage

# A name made of these alone ("plasma exosomes") is the name of nothing in particular.
_COMMON = frozenset((
    "a", "an", "and", "as", "by", "for", "from", "in", "of", "on", "the", "to", "with",
    "exosome", "exosomes", "exosomal", "extracellular", "vesicle", "vesicles", "ev", "evs", "sev", "sevs", "small",
    "microparticle", "microparticles", "microvesicle", "microvesicles", "circulating", "native", "derived",
    "plasma", "serum", "blood", "urine", "saliva", "milk", "patient", "patients", "cell", "cells",
    "lung", "cancer", "nsclc", "tumour", "tumor", "marker", "markers", "biomarker", "panel", "signature",
    "therapy", "vaccine", "inhaled", "oral", "total",
    "protein", "rna", "dna", "mirna", "mirnas", "microrna", "lncrna", "circrna", "mrna",
))  # fmt: skip
_SHORTEST = 4  # letters of a folded name; shorter ones stand in other words' company too often


class CandidateWords(NamedTuple):
    """What linking knows of a candidate: all its names, and its roles and cargo as terms or in words."""

    id: int
    name: str
    names: tuple[str, ...]
    roles: frozenset[str]
    cargo: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWords:
    """What linking knows of a trial or a study: its telling passages, standing terms, and what a file states.

    ``direction`` is of its finding, None where nobody read it.
    """

    trial: str | None = None
    study: int | None = None
    passages: tuple[Passage, ...]
    roles: frozenset[str] = frozenset()
    cargo: frozenset[str] = frozenset()
    stated: str = ""
    direction: Direction | None = None
    is_retracted: bool = False
    stop_classes: frozenset[str] = frozenset()


class EvidenceProposal(NamedTuple):
    candidate: int
    trial: str | None
    study: int | None
    direction: Direction
    basis: str


class LineageProposal(NamedTuple):
    """From a study to a trial: it reports the trial, or led to it."""

    kind: LineageKind
    study: int
    trial: str
    basis: str


class CitingTrial(NamedTuple):
    nct_id: str
    numbers: frozenset[str]  # its own and those folded into it
    references: tuple[tuple[str, str], ...]  # PMID, type
    year: int | None  # of its registration, else of its start


class CitedStudy(NamedTuple):
    id: int
    pmid: str | None
    trial_numbers: frozenset[str]
    year: int | None
    is_review: bool


class Names:
    """All candidates' names in one automaton; a name stands whole, a plural counts, typography does not."""

    def __init__(self, candidates: Iterable[CandidateWords]) -> None:
        self._candidates: dict[str, list[tuple[CandidateWords, str]]] = {}
        for candidate in candidates:
            for name in candidate.names:
                folded = folded_name(name)
                if is_telling(folded):
                    for form in (folded, f"{folded}s"):
                        self._candidates.setdefault(form, []).append((candidate, name))
        self._forms = list(self._candidates)
        self._automaton = AhoCorasick(
            self._forms, matchkind=MatchKind.Standard, implementation=Implementation.DFA, store_patterns=False
        )

    def found(self, passages: Sequence[Passage]) -> dict[int, tuple[CandidateWords, str, str]]:
        """The candidates named here: each with the words as they stand and the field they stand in, the first place."""
        found: dict[int, tuple[CandidateWords, str, str]] = {}
        for passage in passages:
            folded = fold(passage.text)
            text = folded.text
            for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
                if (start and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum()):
                    continue
                first, last = folded.span(start, end)
                for candidate, _ in self._candidates[self._forms[number]]:
                    known = found.get(candidate.id)
                    words = passage.text[first:last]
                    if known is None or (known[2] == passage.field and len(words) > len(known[1])):
                        found[candidate.id] = (candidate, words, passage.field)
        return found

    def called(self, stated: str) -> Iterator[CandidateWords]:
        """The candidates with exactly this name."""
        once: dict[int, CandidateWords] = {}
        for candidate, name in self._candidates.get(folded_name(stated), ()):
            if folded_name(name) == folded_name(stated):
                once[candidate.id] = candidate
        yield from once.values()


def folded_name(name: str) -> str:
    """A name as it is compared: small letters, hyphens and spaces one."""
    return " ".join(fold(name).text.split())


def is_telling(folded: str) -> bool:
    """Whether a folded name tells one thing from others."""
    return len(folded) >= _SHORTEST and any(word not in _COMMON for word in folded.split())


# --- to candidates ---------------------------------------------------------------------------------------------------


def evidence(record: RecordWords, names: Names) -> list[EvidenceProposal]:
    """The candidates that this record may bear on."""
    proposals: dict[int, EvidenceProposal] = {}
    called = list(names.called(record.stated)) if record.stated else []
    spoken_of = {candidate.id for candidate in called}
    direction, read = _direction(record)

    def propose(candidate: CandidateWords, basis: str) -> None:
        which, why = direction, read
        if record.stated and candidate.id not in spoken_of and record.direction is not None:
            which, why = Direction.NEUTRAL, f"Its finding is of “{record.stated}”."
        proposals.setdefault(
            candidate.id, EvidenceProposal(candidate.id, record.trial, record.study, which, f"{basis} {why}")
        )

    for candidate in called:
        propose(candidate, f"A file says that it speaks of “{record.stated}”.")
    for candidate, words, field in names.found(record.passages).values():
        agreed = _agreed(candidate, record)
        if agreed is not None:
            propose(candidate, f"“{words}” stands in its {_place(field)}{agreed}.")
    return [proposals[key] for key in sorted(proposals)]


def _agreed(candidate: CandidateWords, record: RecordWords) -> str | None:
    """What role and cargo add to the basis; None where both tell one of them and share none."""
    told = []
    if candidate.roles and record.roles:
        shared = sorted(candidate.roles & record.roles)
        if not shared:
            return None
        told.append(f"same role ({', '.join(one.replace('_', ' ') for one in shared)})")
    if candidate.cargo and record.cargo:
        named = fold(" \n ".join(passage.text for passage in record.passages)).text
        same = [one for one in candidate.cargo if one in record.cargo or f" {folded_name(one)} " in f" {named} "]
        if not same:
            return None
        told.append(f"same cargo ({', '.join(one.replace('_', ' ') for one in same)})")
    return f"; {', '.join(told)}" if told else ""


def _place(field: str) -> str:
    return field.split(".", maxsplit=1)[0].replace("_", " ").removesuffix("s")


def _direction(record: RecordWords) -> tuple[Direction, str]:
    """Where a proposal points, and why; what nobody read points nowhere."""
    if record.is_retracted:
        return Direction.NEUTRAL, "It is retracted, so it supports nothing."
    if record.direction is not None:
        return record.direction, "The direction is that of its finding."
    if record.trial is not None:
        if against := sorted(record.stop_classes & {StopClass.NEGATIVE, StopClass.SAFETY}):
            label = StopClass(against[0]).label
            return Direction.CONTRADICTS, f"It was stopped for {label}."
        return Direction.SUPPORTS, "A registered trial supports the stage it stands for."
    return Direction.NEUTRAL, "Its direction was not read."


# --- between studies and trials --------------------------------------------------------------------------------------


def lineage(studies: Iterable[CitedStudy], trials: Iterable[CitingTrial]) -> list[LineageProposal]:
    """Which of these studies report which trials, and which led to them."""
    by_pmid: dict[str, list[CitedStudy]] = {}
    by_number: dict[str, list[CitedStudy]] = {}
    for study in studies:
        if study.pmid:
            by_pmid.setdefault(study.pmid, []).append(study)
        for number in study.trial_numbers:
            by_number.setdefault(number, []).append(study)
    proposals = []
    for trial in trials:
        cited: dict[int, set[str]] = {}
        known: dict[int, CitedStudy] = {}
        for pmid, kind in trial.references:
            for study in by_pmid.get(pmid, ()):
                cited.setdefault(study.id, set()).add(kind)
                known[study.id] = study
        naming = {study.id: study for number in trial.numbers for study in by_number.get(number, ())}
        for study_id, study in sorted((known | naming).items()):
            if proposal := _between(study, trial, cited.get(study_id, set()), is_named=study_id in naming):
                proposals.append(proposal)
    return proposals


def _between(
    study: CitedStudy, trial: CitingTrial, cited: Collection[str], *, is_named: bool
) -> LineageProposal | None:
    """One study and one trial that know of each other.

    What a registry lists as RESULT reports the trial; DERIVED was found by the trial's number in the paper, and so says
    the same as the number itself. A paper older than the trial's registration cannot report it: the trial rests on it.
    A review that names a trial reports nothing. BACKGROUND that came out after the registration led to nothing.
    """
    said = []
    if ReferenceType.RESULT in cited:
        said.append(f"{trial.nct_id} lists PMID {study.pmid} as RESULT")
    if ReferenceType.DERIVED in cited:
        said.append(f"the registry lists PMID {study.pmid} as DERIVED from {trial.nct_id}")
    if is_named:
        said.append(f"the paper names {', '.join(sorted(trial.numbers & study.trial_numbers))}")
    is_older = study.year is not None and trial.year is not None and study.year < trial.year
    is_newer = study.year is not None and trial.year is not None and study.year > trial.year
    if ReferenceType.RESULT in cited or (said and not study.is_review and not is_older):
        return LineageProposal(LineageKind.REPORTS, study.id, trial.nct_id, _sentence(said))
    if ReferenceType.BACKGROUND in cited:
        said.append(f"{trial.nct_id} lists PMID {study.pmid} as BACKGROUND")
    if not said or is_newer or (study.is_review and ReferenceType.BACKGROUND not in cited):
        return None
    when = f", and came out before it ({study.year} and {trial.year})" if is_older else ""
    return LineageProposal(LineageKind.LED_TO, study.id, trial.nct_id, _sentence(said, when))


def _sentence(said: Sequence[str], when: str = "") -> str:
    text = "; ".join(said) + when
    return f"{text[0].upper()}{text[1:]}."
