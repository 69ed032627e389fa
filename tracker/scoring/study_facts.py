"""What the rubric may know of a study: typed facts, each with its state and where it came from.

A fact of a study is what a person, a file or a rule read in it. A person's value stands over a file's, a file's over a
rule's; one that was rejected stands for nothing. What is said of the whole study stands over what is said of its
experiments, unless an experiment's was read by a better reader. A value of the wrong shape is not reported and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import msgspec

from tracker.terms import (
    EV_ITEMS,
    AnnotationState,
    Answer,
    Facet,
    FactOrigin,
    Reading,
    Relevance,
    Role,
    StudyEvidence,
    StudyFactName,
    Term,
    Track,
)

from .facts import NOT_APPLICABLE, NOT_REPORTED, REPORTED, Fact, Standing, Unscored, words_origin
from .stages import PRODUCT_READINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

T = TypeVar("T", bound=Term)

#: facts that are an answer: yes, no, not reported, does not apply
ANSWERED = (
    StudyFactName.CONTROLS,
    StudyFactName.BLINDED,
    StudyFactName.RANDOMISED,
    StudyFactName.GAIN_AND_LOSS,
    StudyFactName.REPLICATED,
    StudyFactName.DATA_DEPOSITED,
    StudyFactName.PROTOCOL,
    StudyFactName.CONFLICTS_STATED,
    *EV_ITEMS,
)
# Answers that say, once they are yes, that the vesicles were characterised.
_CHARACTERISED_BY = (
    StudyFactName.EV_TRANSMEMBRANE,
    StudyFactName.EV_CYTOSOLIC,
    StudyFactName.EV_IMAGES,
    StudyFactName.EV_SECOND_METHOD,
)
_RANK = {origin.value: rank for rank, origin in enumerate((FactOrigin.RULE, FactOrigin.IMPORT, FactOrigin.PERSON))}
_BEST_ANSWER = (Answer.YES, Answer.NOT_REPORTED, Answer.NO, Answer.NOT_APPLICABLE)


class StudyFields(Protocol):
    """The columns that facts are read from; ``models.Study`` has them."""

    relevance: str
    is_retracted: bool
    pmid: str | None
    pmcid: str | None
    doi: str | None
    preprint_doi: str | None
    is_open_access: bool | None
    ev_track_id: str | None


# The columns by name, for whoever reads rows in bulk and wants no more than these.
FIELDS = tuple(StudyFields.__annotations__)


class ReadFact(Protocol):
    """A value as it was read, by whom, and whether a person rejected it; ``models.StudyFact`` is one."""

    experiment_id: int | None
    name: str
    value: object
    origin: str
    words: Sequence[Mapping[str, object]]
    state: str


class ReportedTrial(msgspec.Struct, frozen=True, order=True):
    """Where a trial that the study reports stands on one track."""

    nct_id: str
    track: Track
    stage: int
    stage_possible: int


class StudyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the study part of the rubric looks at."""

    relevance: Relevance
    is_retracted: bool
    roles: tuple[Role, ...]
    kinds: tuple[Track, ...]  # of the candidates that an accepted link ties it to
    uses: tuple[Reading, ...]  # what it does with vesicles, as its text was read
    trials: tuple[ReportedTrial, ...]  # by accepted lineage; several, where it reports several
    evidence: Fact[tuple[StudyEvidence, ...]]
    n_patients: Fact[int]
    n_controls: Fact[int]
    n_animals: Fact[int]
    n_models: Fact[int]  # models or cohorts
    cohorts: Fact[tuple[str, ...]]
    characterised: Fact[bool]
    answers: dict[str, Fact[bool]]  # a StudyFactName of ANSWERED → yes, no, or its state
    full_text: Fact[bool]
    identifier: Fact[str]
    ev_track_id: str  # "" where none is known

    stop_classes: tuple[()] = ()  # a publication is not stopped


def study_facts_needed(
    study: StudyFields,
    *,
    facts: Iterable[ReadFact],
    annotations: Iterable[Standing],
    trials: Iterable[ReportedTrial] = (),
    kinds: Iterable[str] = (),
) -> StudyFacts | Unscored:
    """The facts where the study may have a maturity; else what is kept without them."""
    relevance = Relevance(study.relevance)
    if relevance is Relevance.ABOUT and not study.is_retracted:
        return study_facts(study, facts=facts, annotations=annotations, trials=trials, kinds=kinds)
    return Unscored(relevance, _roles(_Reader(facts), list(annotations)), ())


def study_facts(
    study: StudyFields,
    *,
    facts: Iterable[ReadFact],
    annotations: Iterable[Standing] = (),
    trials: Iterable[ReportedTrial] = (),
    kinds: Iterable[str] = (),
) -> StudyFacts:
    """The facts of this study, whatever the order of what was read.

    ``trials`` are those whose results it reports by an accepted link, with a maturity; ``kinds`` the tracks of the
    candidates it is linked to, accepted.
    """
    reader = _Reader(facts)
    standing = [one for one in annotations if one.state != AnnotationState.REJECTED]
    return StudyFacts(
        relevance=Relevance(study.relevance),
        is_retracted=study.is_retracted,
        roles=_roles(reader, standing),
        kinds=tuple(track for track in Track if track in set(kinds)),
        uses=_uses(standing),
        trials=tuple(sorted(set(trials))),
        evidence=reader.members(StudyEvidence, StudyFactName.STAGE_EVIDENCE),
        n_patients=reader.number(StudyFactName.N_PATIENTS),
        n_controls=reader.number(StudyFactName.N_CONTROLS),
        n_animals=reader.number(StudyFactName.N_ANIMALS),
        n_models=reader.number(StudyFactName.N_MODELS),
        cohorts=reader.texts(StudyFactName.COHORTS),
        characterised=_characterised(reader, standing),
        answers={name.value: reader.answer(name) for name in ANSWERED},
        full_text=_full_text(study),
        identifier=_identifier(study),
        ev_track_id=study.ev_track_id or "",
    )


class _Told(NamedTuple):
    """What stands for one name: one value of the whole study, or one an experiment."""

    values: list[object]
    origin: str


class _Reader:
    """The values that stand, by name."""

    def __init__(self, facts: Iterable[ReadFact]) -> None:
        standing: dict[str, dict[int | None, ReadFact]] = {}
        for fact in facts:
            if fact.state == AnnotationState.REJECTED:
                continue
            places = standing.setdefault(fact.name, {})
            there = places.get(fact.experiment_id)
            if there is None or _RANK[fact.origin] > _RANK[there.origin]:
                places[fact.experiment_id] = fact
        self._standing = standing

    def told(self, name: StudyFactName) -> _Told:
        places = self._standing.get(name, {})
        whole = places.get(None)
        parts = [(place, fact) for place, fact in places.items() if place is not None]
        best = max((_RANK[fact.origin] for _, fact in parts), default=-1)
        if whole is not None and _RANK[whole.origin] >= best:
            return _Told([whole.value], _origin(name, whole))
        parts.sort(key=lambda one: (-_RANK[one[1].origin], one[0] or 0))
        if not parts:
            return _Told([], name.label)
        several = f" in {len(parts)} experiments" if len(parts) > 1 else " in one experiment"
        return _Told([fact.value for _, fact in parts], _origin(name, parts[0][1]) + several)

    def rank(self, name: StudyFactName) -> int:
        """How good the best reader of this name is; -1 where nobody read it."""
        return max((_RANK[fact.origin] for fact in self._standing.get(name, {}).values()), default=-1)

    def number(self, name: StudyFactName) -> Fact[int]:
        """The whole study's number; of several experiments the largest, since they may share their people."""
        told = self.told(name)
        found = [one for one in told.values if isinstance(one, int) and not isinstance(one, bool) and one >= 0]
        if not found:
            return Fact(None, NOT_REPORTED, _silent(told))
        return Fact(max(found), REPORTED, told.origin)

    def texts(self, name: StudyFactName) -> Fact[tuple[str, ...]]:
        """All that is listed, each once and sorted; an empty list tells nothing."""
        told = self.told(name)
        found = {text for one in told.values if isinstance(one, list) for text in one if isinstance(text, str)}
        if not found:
            return Fact(None, NOT_REPORTED, _silent(told))
        return Fact(tuple(sorted(found)), REPORTED, told.origin)

    def members(self, vocabulary: type[T], name: StudyFactName) -> Fact[tuple[T, ...]]:
        """All of the vocabulary that is listed, in its order; what it does not know is not reported."""
        fact = self.texts(name)
        found = tuple(one for one in vocabulary if one in (fact.value or ()))
        if not found:
            unknown = f" = {', '.join(fact.value)}, which this version does not know" if fact.value else ""
            return Fact(None, NOT_REPORTED, f"{fact.origin}{unknown}")
        return Fact(found, REPORTED, fact.origin)

    def answer(self, name: StudyFactName) -> Fact[bool]:
        """The whole study's answer; of several experiments the best, and a silent one keeps it open."""
        told = self.told(name)
        given = {Answer.read(one) if isinstance(one, str) else None for one in told.values}
        best = next((one for one in _BEST_ANSWER if one in given), None)
        if best is Answer.NOT_APPLICABLE:
            return Fact(None, NOT_APPLICABLE, told.origin)
        if best is Answer.NOT_REPORTED:
            return Fact(None, NOT_REPORTED, told.origin)
        if best is None:
            return Fact(None, NOT_REPORTED, _silent(told))
        return Fact(best is Answer.YES, REPORTED, told.origin)


def _origin(name: StudyFactName, fact: ReadFact) -> str:
    """Who read it and on which words: ``patients, by rule: abstract “224 patients”``."""
    by = f"{name.label}, {FactOrigin(fact.origin).label}"
    return f"{by}: {words_origin(fact.words)}" if fact.words else by


def _silent(told: _Told) -> str:
    return f"{told.origin}, a value that cannot be read" if told.values else told.origin


def _roles(reader: _Reader, annotations: Collection[Standing]) -> tuple[Role, ...]:
    """What a person or a file says it is for, with the terms a person accepted; without them what rules read."""
    terms = [one for one in annotations if one.facet == Facet.ROLE and one.state != AnnotationState.REJECTED]
    told = set(reader.members(Role, StudyFactName.ROLE).value or ())
    accepted = {one.term for one in terms if one.state == AnnotationState.ACCEPTED}
    found = told | accepted
    if not accepted and reader.rank(StudyFactName.ROLE) <= _RANK[FactOrigin.RULE]:
        found |= {one.term for one in terms}
    return tuple(role for role in Role if role in found)


def _uses(annotations: Iterable[Standing]) -> tuple[Reading, ...]:
    found = {one.term for one in annotations if one.facet == Facet.READING}
    return tuple(reading for reading in (*PRODUCT_READINGS, Reading.EV_MEASURED) if reading in found)


def _characterised(reader: _Reader, annotations: Collection[Standing]) -> Fact[bool]:
    """Whether the source says that the vesicles were shown to be vesicles; silence is never a no."""
    listed = reader.texts(StudyFactName.CHARACTERISATION)
    if listed.value:
        return Fact(True, REPORTED, listed.origin)
    for name in _CHARACTERISED_BY:
        answer = reader.answer(name)
        if answer.value:
            return Fact(True, REPORTED, answer.origin)
    named = sorted((one for one in annotations if one.facet == Facet.CHARACTERISATION), key=lambda one: one.term)
    if named:
        return Fact(True, REPORTED, words_origin(named[0].words))
    return Fact(None, NOT_REPORTED, listed.origin)


def _full_text(study: StudyFields) -> Fact[bool]:
    """Open where the source says so, or where PubMed Central holds it; an absent PMCID is none, not missing."""
    if study.is_open_access:
        return Fact(True, REPORTED, "isOpenAccess")
    if study.pmcid:
        return Fact(True, REPORTED, f"pmcid {study.pmcid}")
    if study.is_open_access is None:
        return Fact(None, NOT_REPORTED, "isOpenAccess")
    return Fact(False, REPORTED, "isOpenAccess")


def _identifier(study: StudyFields) -> Fact[str]:
    """Its PMID or DOI; a study without one waits for a curator to find it."""
    if study.pmid:
        return Fact(f"PMID {study.pmid}", REPORTED, "pmid")
    doi = study.doi or study.preprint_doi
    if doi:
        return Fact(f"DOI {doi}", REPORTED, "doi")
    return Fact(None, NOT_REPORTED, "pmid, doi")
