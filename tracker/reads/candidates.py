"""The list of candidates: which ones, in which order, and what evidence was accepted for each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce, Greatest, Lower

from tracker import terms
from tracker.models import Candidate

from .facets import FacetSet, as_text, unnested
from .listing import (
    NOT_REPORTED,
    PAGE_SIZE,
    Column,
    Cursor,
    Filter,
    Order,
    Page,
    page_of,
    read_choices,
    read_text,
)
from .wording import counted, in_words, label, sentence
from .words_in_place import term_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.models.candidates import CandidateQuerySet

_CLOSED: dict[str, type[terms.Term]] = {
    "kind": terms.Track,
    "role": terms.Role,
    "status": terms.CandidateStatus,
}
_LISTS = {"role": "roles", "ev_source": "ev_sources", "cargo": "cargo", "mechanism": "mechanisms", "target": "targets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFilter(Filter):
    """Which candidates are asked for. Empty means no condition; one merged into another is listed only when asked."""

    kind: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    ev_source: tuple[str, ...] = ()
    cargo: tuple[str, ...] = ()
    mechanism: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    search: str = ""

    @classmethod
    def read_one(cls, name: str, given: list[str]) -> str | tuple[str, ...]:
        if name in _CLOSED:
            return read_choices(name, given, [member.value for member in _CLOSED[name]])
        if name == "search":
            return read_text(name, given[-1]) if given else ""
        return tuple(dict.fromkeys(read_text(name, value) for value in given))

    def rows(self, *, without: str = "") -> CandidateQuerySet:
        found = Candidate.objects.all()
        if not self.status or without == "status":
            found = found.current()
        for name in self.names():
            values = self.values(name)
            if not values or name == without:
                continue
            if name == "search":
                found = _called(found, values[0])
            elif name in _LISTS:
                found = found.filter(**{f"{_LISTS[name]}__overlap": list(values)})
            else:
                found = found.filter(**{f"{name}__in": values})
        return found


def _called(found: CandidateQuerySet, words: str) -> CandidateQuerySet:
    """Candidates of which every word stands in the name, a synonym, the description, the cargo or the developer."""
    for word in words.split():
        held = Q(name__icontains=word) | Q(description__icontains=word) | Q(developer__icontains=word)
        held |= Q(pk__in=Candidate.objects.filter(names__name__icontains=word).values("pk"))
        found = found.filter(held | Q(cargo__icontains=word) | Q(targets__icontains=word))
    return found


# --- the evidence of each ----------------------------------------------------------------------------------------

_ACCEPTED = Q(links__state=terms.AnnotationState.ACCEPTED) & (
    Q(links__study__isnull=True) | Q(links__study__is_retracted=False)
)
_SUPPORTS = _ACCEPTED & Q(links__direction=terms.Direction.SUPPORTS)
_ON_ITS_ROAD = {record: _SUPPORTS & Q(**{f"links__{record}__track": F("kind")}) for record in ("trial", "study")}


def with_counts(rows: CandidateQuerySet) -> CandidateQuerySet:
    """These candidates with ``supporting``, ``neutral``, ``contradicting``, ``proposed``, ``trials``, ``studies``.

    Numbers of accepted links whose record stands (and of proposed ones, which count for nothing); ``furthest`` is
    the highest stage among supporting records on the candidate's own road, ``trial_stages`` and ``study_stages``
    its rungs.
    """

    def links(condition: Q) -> Count:
        return Count("links", filter=condition, distinct=True)

    def stages(record: str) -> ArrayAgg:
        path = f"links__{record}__stage"
        held = _ON_ITS_ROAD[record] & Q(**{f"{path}__isnull": False})
        return Coalesce(ArrayAgg(path, filter=held, distinct=True), [])  # type: ignore[return-value]

    return rows.annotate(
        supporting=links(_SUPPORTS),
        neutral=links(_ACCEPTED & Q(links__direction=terms.Direction.NEUTRAL)),
        contradicting=links(_ACCEPTED & Q(links__direction=terms.Direction.CONTRADICTS)),
        proposed=links(Q(links__state=terms.AnnotationState.PROPOSED)),
        trials=links(_ACCEPTED & Q(links__trial__isnull=False)),
        studies=links(_ACCEPTED & Q(links__study__isnull=False)),
        furthest=Greatest(
            Max("links__trial__stage", filter=_ON_ITS_ROAD["trial"]),
            Max("links__study__stage", filter=_ON_ITS_ROAD["study"]),
        ),
        trial_stages=stages("trial"),
        study_stages=stages("study"),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers of a candidate that ``with_counts`` read."""

    furthest: int | None
    supporting: int
    neutral: int
    contradicting: int
    trials: int
    studies: int
    proposed: int


def counted_of(candidate: Candidate) -> Counted:
    """The numbers of a candidate read by ``with_counts``."""
    return Counted(**{field.name: getattr(candidate, field.name) for field in fields(Counted)})


def rungs_of(candidate: Candidate) -> tuple[int, ...]:
    """The stages with accepted, supporting evidence, of a candidate read by ``with_counts``."""
    return tuple(sorted({*candidate.trial_stages, *candidate.study_stages}))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class CandidateSort(Order):
    """An order of the candidates; by name unless told otherwise."""

    name: str = "name"
    descending: bool = False

    ORDERS: ClassVar[Mapping[str, tuple[Column, ...]]] = {
        "name": (Column("name_folded", follows=True, read=str), Column("pk", follows=False, read=int)),
        "stage": (Column("furthest", follows=True, read=int), Column("pk", follows=False, read=int)),
        "evidence": (Column("supporting", follows=True, read=int), Column("pk", follows=False, read=int)),
        "added": (Column("added", follows=True, read=int),),
    }


def ordered_candidates(rows: CandidateQuerySet, *, sort: CandidateSort, backwards: bool = False) -> CandidateQuerySet:
    """These candidates with their counts in this order."""
    rows = with_counts(rows).annotate(name_folded=Lower("name"), added=F("pk"))
    return rows.order_by(*sort.order(backwards=backwards))


def page_of_candidates(
    *, chosen: CandidateFilter, sort: CandidateSort, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[Candidate]:
    """A page of the candidates that pass the filter, with their counts and names: two queries."""
    rows = ordered_candidates(chosen.rows(), sort=sort, backwards=bool(cursor and cursor.backwards))
    return page_of(rows.prefetch_related("names"), sort=sort, cursor=cursor, size=size)


# --- the finding and the filters ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CandidatesSummary:
    """The candidates that pass the filter in numbers, and the sentence that says them."""

    total: int
    in_people: int
    without: int
    is_filtered: bool

    @property
    def finding(self) -> str:
        if not self.total:
            return "No candidate matches these filters" if self.is_filtered else "No candidate yet"
        have = "has" if self.in_people == 1 else "have"
        tested = (
            f"{in_words(self.in_people)} {have} a supporting trial" if self.in_people else "none has a supporting trial"
        )
        if self.total == 1:
            tested = "it has a supporting trial" if self.in_people else "it has no supporting trial"
        return sentence(f"{counted(self.total, 'candidate')}; {tested}")

    @property
    def list_heading(self) -> str:
        return sentence(counted(self.total, "candidate"))


def candidates_summary(chosen: CandidateFilter) -> CandidatesSummary:
    """The numbers: one query."""
    rows = chosen.rows()
    found = rows.aggregate(
        total=Count("pk", distinct=True),
        in_people=Count("pk", distinct=True, filter=_SUPPORTS & Q(links__trial__isnull=False)),
        with_any=Count("pk", distinct=True, filter=_ACCEPTED),
    )
    return CandidatesSummary(
        total=found["total"],
        in_people=found["in_people"],
        without=found["total"] - found["with_any"],
        is_filtered=bool(chosen.parameters()),
    )


def _order(name: str, counts: Mapping[str, int]) -> list[str]:
    if name in ("kind", "status"):
        return [member.value for member in _CLOSED[name]]
    silent = [value for value in counts if value == NOT_REPORTED]
    named = [value for value in counts if value != NOT_REPORTED]
    return sorted(named, key=lambda value: (-counts[value], value.casefold())) + silent


def _words(name: str, value: str, _: CandidateFilter) -> str:
    if value == NOT_REPORTED:
        return "not reported"
    if name == "search":
        return f"“{value}”"
    if name in _CLOSED:
        return label(_CLOSED[name], value) or value
    return term_words(name, value)


CANDIDATES = FacetSet(
    facets={
        "kind": ("Kind", as_text("kind")),
        "role": ("Role", unnested("roles")),
        "mechanism": ("Mechanism", unnested("mechanisms")),
        "cargo": ("Cargo", unnested("cargo")),
        "ev_source": ("EV source", unnested("ev_sources")),
        "status": ("Status", as_text("status")),
    },
    keeps=("kind",),
    silent=(),
    fixed=(),
    order=_order,
    words=_words,
    chip=_words,
)
