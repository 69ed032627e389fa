"""What the rubric may know of a trial: typed facts, each with its state and where it came from.

Facts are read from anything that has the registry columns of ``models.Trial`` (a row, a values tuple, a
``TrialRecord``) and from the annotations that stand. Nothing here judges: a value outside the registry's enums is
drift and therefore not reported, a sentinel is no number, and a field the registry does not ask of this kind of
study does not apply. Today's date is not a fact, so the hash of the facts changes only when the record, its
annotations or their words do.
"""

from __future__ import annotations

import hashlib
from datetime import date  # noqa: TC003 - msgspec resolves a struct's annotations
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from tracker.dates import PartialDate
from tracker.terms import (
    Allocation,
    AnnotationState,
    ArmType,
    Facet,
    FactState,
    IpdSharing,
    Masking,
    ObservationalModel,
    Phase,
    PrimaryPurpose,
    Reading,
    ReferenceType,
    Relevance,
    Role,
    SamplingMethod,
    Status,
    StopClass,
    StudyType,
    Term,
    TimePerspective,
    ValueType,
)

from .earlier import Earlier  # noqa: TC001 - msgspec resolves a struct's annotations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from .study_facts import StudyFacts

V = TypeVar("V")
T = TypeVar("T", bound=Term)

REPORTED = FactState.REPORTED
NOT_REPORTED = FactState.NOT_REPORTED
NOT_APPLICABLE = FactState.NOT_APPLICABLE

# The registry writes 99999999 where the number of people is not known.
UNKNOWN_ENROLMENT = 99_999_999
NOT_STARTED = frozenset({Status.NOT_YET_RECRUITING, Status.WITHDRAWN})
STOPPED = frozenset({Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED})


class RegistryFields(Protocol):
    """The registry columns that facts are read from; ``models.Trial`` and ``TrialRecord`` both have them."""

    overall_status: str | None
    last_known_status: str | None
    why_stopped: str | None
    status_verified_given: str | None
    start_given: str | None
    start_type: str | None
    primary_completion_given: str | None
    completion_given: str | None
    completion_type: str | None
    first_submit_date: date | None
    last_update_submit_date: date | None
    last_update_post_date: date | None
    has_results: bool | None
    study_type: str | None
    phases: Sequence[str] | None
    allocation: str | None
    primary_purpose: str | None
    masking: str | None
    observational_model: str | None
    time_perspective: str | None
    sampling_method: str | None
    enrollment_count: int | None
    enrollment_type: str | None
    healthy_volunteers: bool | None
    conditions: Sequence[str]
    arms: Sequence[Mapping[str, object]] | None
    sites: Sequence[Mapping[str, object]] | None
    references: Sequence[Mapping[str, object]]
    documents: Sequence[Mapping[str, object]]
    ipd_sharing: str | None


# The columns by name, for whoever reads rows in bulk and wants no more than these.
FIELDS = tuple(RegistryFields.__annotations__)


class Standing(Protocol):
    """An annotation as it stands: what it says, the words it rests on, and whether a person rejected it."""

    facet: str
    term: str
    state: str
    words: Sequence[Mapping[str, object]]


class Fact(msgspec.Struct, Generic[V], frozen=True):
    """One thing the record says, or that it is silent, and where that was read."""

    value: V | None
    state: FactState
    origin: str


class Sites(msgspec.Struct, frozen=True):
    """How many sites and countries, at least and at most.

    A row that lacks facility, city or country may repeat another row, so it adds nothing to the lower end of the
    number of sites and one to the upper; a country that is given is a country, whatever else its row lacks.
    """

    rows: int
    fewest: int
    most: int
    countries: tuple[str, ...]
    fewest_countries: int
    most_countries: int


class Named(msgspec.Struct, frozen=True):
    """The terms of one facet that stand, and the words the first of them rests on."""

    terms: tuple[str, ...]
    origin: str


class TrialFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything the trial part of the rubric looks at."""

    relevance: Relevance
    study_type: Fact[StudyType]
    status: Fact[Status]
    last_known_status: Fact[Status]
    phases: Fact[tuple[Phase, ...]]
    allocation: Fact[Allocation]
    masking: Fact[Masking]
    primary_purpose: Fact[PrimaryPurpose]
    observational_model: Fact[ObservationalModel]
    time_perspective: Fact[TimePerspective]
    sampling_method: Fact[SamplingMethod]
    enrolment: Fact[int]
    enrolment_type: Fact[ValueType]
    healthy_volunteers: Fact[bool]
    disease: Fact[str]  # where the disease stands in conditions or eligibility
    arms: Fact[tuple[str, ...]]  # arm types in the record's order; "" where an arm has none that is known
    sites: Fact[Sites]
    start: Fact[PartialDate]
    start_type: Fact[ValueType]
    primary_completion: Fact[PartialDate]
    completion: Fact[PartialDate]
    completion_type: Fact[ValueType]
    first_submitted: Fact[date]
    update_submitted: Fact[date]
    update_posted: Fact[date]
    verified: Fact[PartialDate]
    has_results: Fact[bool]
    result_publications: tuple[str, ...]  # PMIDs, or citations, of references of type RESULT; none is none
    has_protocol: bool  # a protocol among the documents; none is none
    ipd_sharing: Fact[IpdSharing]
    stop_classes: tuple[StopClass, ...]
    roles: tuple[Role, ...]
    readings: dict[str, str]  # a reading that stands → the words it rests on
    named: dict[str, Named]  # a facet with terms that stand → the terms
    earlier: Earlier | None = None  # earlier trials of its candidates; None where no candidate is linked

    def reads(self, reading: Reading) -> bool:
        """Whether the text was found to say so; silence is not a no."""
        return reading in self.readings


class Unscored(msgspec.Struct, frozen=True):
    """What is kept of a trial that is not about EVs in lung cancer: no maturity, only what every list shows."""

    relevance: Relevance
    roles: tuple[Role, ...]
    stop_classes: tuple[StopClass, ...]


def facts_needed(
    trial: RegistryFields, *, relevance: Relevance, annotations: Iterable[Standing], earlier: Earlier | None = None
) -> TrialFacts | Unscored:
    """The facts where the trial may have a maturity; else, as for nine trials in ten, what is kept without them."""
    if relevance is Relevance.ABOUT:
        return trial_facts(trial, relevance=relevance, annotations=annotations, earlier=earlier)
    standing = [one for one in annotations if one.state != AnnotationState.REJECTED]
    status = Status.read(trial.overall_status)
    return Unscored(
        relevance,
        _roles({one.term for one in standing if one.facet == Facet.ROLE}),
        _stop_classes([one for one in standing if one.facet == Facet.STOP_REASON], status, trial.why_stopped),
    )


def trial_facts(
    trial: RegistryFields, *, relevance: Relevance, annotations: Iterable[Standing], earlier: Earlier | None = None
) -> TrialFacts:
    """The facts of this trial; annotations that a person rejected do not count, proposed and accepted ones do.

    ``earlier`` are the earlier trials of the candidates that it is linked to, None where it is linked to none.
    """
    standing = sorted(
        (one for one in annotations if one.state != AnnotationState.REJECTED), key=lambda one: (one.facet, one.term)
    )
    readings: dict[str, str] = {}
    grouped: dict[str, list[Standing]] = {}
    for one in standing:
        if one.facet == Facet.READING:
            readings[one.term] = words_origin(one.words)
        grouped.setdefault(one.facet, []).append(one)
    named = {
        facet: Named(tuple(one.term for one in found), words_origin(found[0].words))
        for facet, found in grouped.items()
        if facet not in {Facet.READING, Facet.STOP_REASON}
    }
    study_type = _term(StudyType, trial.study_type, "designModule.studyType")
    status = _term(Status, trial.overall_status, "statusModule.overallStatus")
    observational = study_type.value is StudyType.OBSERVATIONAL
    interventional = study_type.value is StudyType.INTERVENTIONAL
    return TrialFacts(
        relevance=relevance,
        study_type=study_type,
        status=status,
        last_known_status=_term(Status, trial.last_known_status, "statusModule.lastKnownStatus"),
        phases=_asked(_phases(trial.phases), asked=not observational),
        allocation=_asked(_term(Allocation, trial.allocation, "designInfo.allocation"), asked=not observational),
        masking=_asked(_term(Masking, trial.masking, "designInfo.maskingInfo"), asked=not observational),
        primary_purpose=_asked(
            _term(PrimaryPurpose, trial.primary_purpose, "designInfo.primaryPurpose"), asked=not observational
        ),
        observational_model=_asked(
            _term(ObservationalModel, trial.observational_model, "designInfo.observationalModel"),
            asked=not interventional,
        ),
        time_perspective=_asked(
            _term(TimePerspective, trial.time_perspective, "designInfo.timePerspective"), asked=not interventional
        ),
        sampling_method=_asked(
            _term(SamplingMethod, trial.sampling_method, "eligibilityModule.samplingMethod"), asked=not interventional
        ),
        enrolment=_enrolment(trial.enrollment_count, status.value),
        enrolment_type=_term(ValueType, trial.enrollment_type, "enrollmentInfo.type"),
        healthy_volunteers=_plain(trial.healthy_volunteers, "eligibilityModule.healthyVolunteers"),
        disease=_disease(grouped.get(Facet.DISEASE, []), trial.conditions),
        arms=_arms(trial.arms),
        sites=_sites(trial.sites),
        start=_dated(trial.start_given, "statusModule.startDateStruct"),
        start_type=_term(ValueType, trial.start_type, "startDateStruct.type"),
        primary_completion=_dated(trial.primary_completion_given, "statusModule.primaryCompletionDateStruct"),
        completion=_dated(trial.completion_given, "statusModule.completionDateStruct"),
        completion_type=_term(ValueType, trial.completion_type, "completionDateStruct.type"),
        first_submitted=_plain(trial.first_submit_date, "statusModule.studyFirstSubmitDate"),
        update_submitted=_plain(trial.last_update_submit_date, "statusModule.lastUpdateSubmitDate"),
        update_posted=_plain(trial.last_update_post_date, "statusModule.lastUpdatePostDateStruct"),
        verified=_dated(trial.status_verified_given, "statusModule.statusVerifiedDate"),
        has_results=_plain(trial.has_results, "hasResults"),
        result_publications=_result_publications(trial.references),
        has_protocol=any(bool(document.get("has_protocol")) for document in trial.documents),
        ipd_sharing=_term(IpdSharing, trial.ipd_sharing, "ipdSharingStatementModule.ipdSharing"),
        stop_classes=_stop_classes(grouped.get(Facet.STOP_REASON, []), status.value, trial.why_stopped),
        roles=_roles(named[Facet.ROLE].terms) if Facet.ROLE in named else (),
        readings=readings,
        named=named,
        earlier=earlier,
    )


def facts_hash(facts: TrialFacts | StudyFacts) -> str:
    """SHA-256 of these facts, the same on every machine and in every order of annotations."""
    return hashlib.sha256(_ENCODER.encode(facts)).hexdigest()


_ENCODER = msgspec.json.Encoder(order="sorted")


def words_origin(words: Sequence[Mapping[str, object]]) -> str:
    """Where an annotation's words stand: ``eligibility “consecutive patients”``; of several, the first.

    A person may set an annotation without words; then it says that.
    """
    if not words:
        return "set by a person"
    first = words[0]
    return f"{first['field']} “{first['text']}”"


def _term(vocabulary: type[T], given: str | None, origin: str) -> Fact[T]:
    """A registry value; absent and outside the enum are both not reported, the latter said so."""
    if not given:
        return Fact(None, NOT_REPORTED, origin)
    value = vocabulary.read(given)
    if value is None:
        return Fact(None, NOT_REPORTED, f"{origin} = {given}, a value this version does not know")
    return Fact(value, REPORTED, origin)


def _asked(fact: Fact[V], *, asked: bool) -> Fact[V]:
    """The fact, or that the registry does not ask this kind of study for it."""
    if asked or fact.value is not None:
        return fact
    return Fact(None, NOT_APPLICABLE, fact.origin)


def _plain(value: V | None, origin: str) -> Fact[V]:
    return Fact(value, NOT_REPORTED if value is None else REPORTED, origin)


# Dates repeat: a registry has some twenty thousand days.
_partial_date = lru_cache(maxsize=8192)(PartialDate.read)


def _dated(given: str | None, origin: str) -> Fact[PartialDate]:
    return _plain(_partial_date(given), origin)


def _phases(given: Sequence[str] | None) -> Fact[tuple[Phase, ...]]:
    known = tuple(phase for phase in Phase if phase in (given or ()))
    return Fact(known or None, REPORTED if known else NOT_REPORTED, "designModule.phases")


def _enrolment(count: int | None, status: Status | None) -> Fact[int]:
    """People; the sentinel is never a number, and zero is one only where nobody was enrolled by intention."""
    origin = "enrollmentInfo.count"
    if count is None:
        return Fact(None, NOT_REPORTED, origin)
    if count >= UNKNOWN_ENROLMENT or count < 0 or (count == 0 and status is not Status.WITHDRAWN):
        return Fact(None, NOT_REPORTED, f"{origin} = {count}, which stands for not known")
    return Fact(count, REPORTED, origin)


def _disease(annotations: Sequence[Standing], conditions: Sequence[str]) -> Fact[str]:
    """The disease in conditions or inclusion: by the words of its annotation, or its words found in a condition."""
    for annotation in annotations:
        for words in annotation.words:
            field = str(words["field"])
            if field == "eligibility" or field.startswith("conditions."):
                return Fact(annotation.term, REPORTED, f"{field} “{words['text']}”")
    for annotation in annotations:
        for place, condition in enumerate(conditions):
            if any(str(words["text"]).casefold() in condition.casefold() for words in annotation.words):
                return Fact(annotation.term, REPORTED, f"conditions.{place} “{condition}”")
    return Fact(None, NOT_REPORTED, "conditions, eligibility")


def _arms(arms: Sequence[Mapping[str, object]] | None) -> Fact[tuple[str, ...]]:
    if not arms:
        return Fact(None, NOT_REPORTED, "armsInterventionsModule.armGroups")
    known = tuple(str(ArmType.read(str(arm.get("type") or "")) or "") for arm in arms)
    return Fact(known, REPORTED, "armsInterventionsModule.armGroups")


@lru_cache(maxsize=65536)
def _plain_words(text: object) -> str:
    return " ".join(str(text or "").split()).casefold()


def _sites(sites: Sequence[Mapping[str, object]] | None) -> Fact[Sites]:
    origin = "contactsLocationsModule.locations"
    if not sites:
        return Fact(None, NOT_REPORTED, origin)
    whole: set[tuple[str, str]] = set()
    countries: dict[str, str] = {}
    partial = 0
    without_country = 0
    for site in sites:
        facility = _plain_words(site.get("facility"))
        city = _plain_words(site.get("city"))
        country = _plain_words(site.get("country"))
        if country:
            given = str(site["country"])
            countries[country] = min(given, countries.get(country, given))
        else:
            without_country += 1
        if facility and city and country:
            whole.add((facility, city))
        else:
            partial += 1
    return Fact(
        Sites(
            rows=len(sites),
            fewest=max(len(whole), 1),
            most=len(whole) + partial,
            countries=tuple(countries[key] for key in sorted(countries)),
            fewest_countries=max(len(countries), 1),
            most_countries=len(countries) + without_country,
        ),
        REPORTED,
        origin,
    )


def _result_publications(references: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    found = {
        f"PMID {one['pmid']}" if one.get("pmid") else str(one.get("citation") or "a citation without words")
        for one in references
        if one.get("type") == ReferenceType.RESULT
    }
    return tuple(sorted(found))


def _roles(terms: Collection[str]) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in terms)


def _stop_classes(
    annotations: Sequence[Standing], status: Status | None, why_stopped: str | None
) -> tuple[StopClass, ...]:
    """Classes of reason in the vocabulary's order.

    Words are put into classes whatever the status says. Words that no rule catches are unclear; a stopped or
    suspended trial without words is not given.
    """
    terms = {one.term for one in annotations}
    found = tuple(one for one in StopClass if one in terms and one is not StopClass.NOT_GIVEN)
    if found:
        return found
    if why_stopped and why_stopped.strip():
        return (StopClass.UNCLEAR,)
    return (StopClass.NOT_GIVEN,) if status in STOPPED else ()
