"""The list of studies: which ones, in which order, with which counts beside the filters."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.db.models import Count, F, Max, Prefetch, Q
from django.db.models.functions import Lower

from tracker import terms
from tracker.models import Annotation, EvidenceLink, Maturity, Study

from .facets import FacetSet, as_text, both_stage_names, unnested
from .listing import (
    NOT_REPORTED,
    PAGE_SIZE,
    Column,
    Cursor,
    Filter,
    Order,
    Page,
    page_of,
    read_choice,
    read_choices,
    read_stages,
    read_text,
    read_whole,
    read_years,
)
from .wording import counted, in_words, label, sentence, stage_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.models.literature import StudyQuerySet

_CLOSED: dict[str, type[terms.Term]] = {
    "relevance": terms.Relevance,
    "track": terms.Track,
    "role": terms.Role,
    "origin": terms.StudyOrigin,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFilter(Filter):
    """Which studies are asked for. Empty means no condition.

    ``year`` accepts ``not_reported``. ``candidate`` is the slug of one that an accepted link ties the study to.
    """

    relevance: tuple[str, ...] = ()
    track: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    stage_min: str = ""
    role: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    retracted: str = ""
    preprint: str = ""
    candidate: tuple[str, ...] = ()
    search: str = ""

    @classmethod
    def read_one(cls, name: str, given: list[str]) -> str | tuple[str, ...]:
        if name in _CLOSED:
            return read_choices(name, given, [member.value for member in _CLOSED[name]])
        if name == "stage":
            return read_stages(name, given)
        if name == "year":
            return read_years(name, given)
        if name == "candidate":
            return tuple(dict.fromkeys(read_text(name, value) for value in given))
        if not given:
            return ""
        if name == "stage_min":
            return str(read_whole(name, given[-1], 0, 9))
        if name in ("retracted", "preprint"):
            return read_choice(name, given[-1], ["true", "false"])
        return read_text(name, given[-1])

    def rows(self, *, without: str = "") -> StudyQuerySet:
        found = Study.objects.all()
        for name in self.names():
            values = self.values(name)
            if values and name != without:
                found = _narrow(found, name, values)
        return found


def _narrow(found: StudyQuerySet, name: str, values: tuple[str, ...]) -> StudyQuerySet:
    match name:
        case "search":
            return found.matching(values[0])
        case "stage":
            return found.filter(stage__in=[int(value) for value in values])
        case "stage_min":
            return found.filter(stage__gte=int(values[0]))
        case "role":
            return found.filter(roles__overlap=list(values))
        case "retracted" | "preprint":
            return found.filter(**{f"is_{name}": values[0] == "true"})
        case "candidate":
            links = EvidenceLink.objects.filter(candidate__slug__in=values, state=terms.AnnotationState.ACCEPTED)
            return found.filter(pk__in=links.filter(study__isnull=False).values("study"))
        case "year":
            years = Q(year__in=[int(value) for value in values if value != NOT_REPORTED])
            return found.filter(years | Q(year=None) if NOT_REPORTED in values else years)
        case _:
            return found.filter(**{f"{name}__in": values})


# --- in which order ----------------------------------------------------------------------------------------------

_KEY = Column("pk", follows=False, read=int)
_STAGE = Column("stage", follows=True, read=int)
_SCORE = Column("score", follows=True, read=Decimal)


@dataclass(frozen=True, slots=True)
class StudySort(Order):
    """An order of the studies; by score unless told otherwise."""

    ORDERS: ClassVar[Mapping[str, tuple[Column, ...]]] = {
        "score": (_SCORE, _STAGE, _KEY),
        "stage": (_STAGE, _SCORE, _KEY),
        "strength": (Column("strength", follows=True, read=Decimal), _KEY),
        "year": (Column("year", follows=True, read=int), _KEY),
        "title": (Column("title_folded", follows=True, read=str), _KEY),
        "added": (Column("added", follows=True, read=int),),
    }


def page_of_studies(
    *,
    chosen: StudyFilter,
    sort: StudySort,
    cursor: Cursor | None = None,
    size: int = PAGE_SIZE,
    evidence: bool = False,
) -> Page[Study]:
    """A page of the studies that pass the filter: one query, and three more with ``evidence``."""
    rows = ordered_studies(chosen.rows(), sort=sort, backwards=bool(cursor and cursor.backwards))
    if evidence:
        rows = studies_with_evidence(rows)
    return page_of(rows.defer("search"), sort=sort, cursor=cursor, size=size)


def ordered_studies(rows: StudyQuerySet, *, sort: StudySort, backwards: bool = False) -> StudyQuerySet:
    """These studies in this order, with the columns that the order compares."""
    if sort.name == "title":
        rows = rows.annotate(title_folded=Lower("title"))
    elif sort.name == "added":
        rows = rows.annotate(added=F("pk"))
    return rows.order_by(*sort.order(backwards=backwards))


def studies_with_evidence(rows: StudyQuerySet) -> StudyQuerySet:
    """These studies with maturities, annotations and links: three more queries, however many."""
    standing = Maturity.objects.filter(is_current=True).order_by("-rubric", "-is_leading", "track")
    noted = Annotation.objects.select_related("decided_by").order_by("facet", "term")
    links = EvidenceLink.objects.select_related("candidate", "decided_by").order_by("candidate__name", "pk")
    return rows.prefetch_related(
        Prefetch("maturities", queryset=standing, to_attr="current_maturities"),
        Prefetch("annotations", queryset=noted, to_attr="all_annotations"),
        Prefetch("links", queryset=links, to_attr="all_links"),
    )


# --- the finding and the filters ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StudiesSummary:
    """The studies that pass the filter in four numbers, and the sentence that says them."""

    total: int
    scored: int
    highest: int | None
    retracted: int
    is_filtered: bool

    @property
    def finding(self) -> str:
        if not self.total:
            return "No study matches these filters" if self.is_filtered else "No study yet"
        parts = [counted(self.total, "study", "studies")]
        if self.highest is None:
            parts.append("none has a stage" if self.total > 1 else "it has no stage")
        elif self.scored == 1:
            parts.append(
                f"the one with a stage earns {self.highest}" if self.total > 1 else f"it earns stage {self.highest}"
            )
        else:
            parts.append(f"none earns more than stage {self.highest}")
        if self.retracted:
            parts.append(f"{in_words(self.retracted)} {'is' if self.retracted == 1 else 'are'} retracted")
        return sentence("; ".join(parts))

    @property
    def list_heading(self) -> str:
        return sentence(counted(self.total, "study", "studies"))


def studies_summary(chosen: StudyFilter, *, implied: StudyFilter) -> StudiesSummary:
    """The four numbers: one query."""
    found = chosen.rows().aggregate(
        total=Count("pk"),
        scored=Count("stage"),
        highest=Max("stage"),
        retracted=Count("pk", filter=Q(is_retracted=True)),
    )
    is_filtered = any(chosen.values(name) != implied.values(name) for name in chosen.names())
    return StudiesSummary(is_filtered=is_filtered, **found)


def _order(name: str, counts: Mapping[str, int]) -> list[str]:
    silent = [value for value in counts if value == NOT_REPORTED]
    named = [value for value in counts if value != NOT_REPORTED]
    match name:
        case "track":
            return [terms.Track.DIAGNOSTIC.value, terms.Track.THERAPEUTIC.value, *silent]
        case "relevance":
            return [member.value for member in terms.Relevance]
        case "retracted" | "preprint":
            return ["false", "true"]
        case "stage" | "year":
            return sorted(named, key=int, reverse=True) + silent
        case _:
            return sorted(named, key=lambda value: (-counts[value], value)) + silent


def _words(name: str, value: str, chosen: StudyFilter) -> str:
    if value == NOT_REPORTED:
        return "no stage" if name in ("track", "stage") else "not reported"
    match name:
        case "stage":
            track = chosen.track[0] if len(chosen.track) == 1 else ""
            return f"{value} · {stage_name(track, int(value))}" if track else both_stage_names(int(value))
        case "retracted":
            return "retracted" if value == "true" else "standing"
        case "preprint":
            return "preprint" if value == "true" else "published"
        case "stage_min":
            return f"stage {value} or more"
        case "search":
            return f"“{value}”"
        case "relevance" | "track" | "role" | "origin":
            return label(_CLOSED[name], value) or value
        case _:
            return value


def _chip(name: str, value: str, chosen: StudyFilter) -> str:
    words = _words(name, value, chosen)
    return f"{name} {words}" if name in ("year", "stage", "candidate") else words


STUDIES = FacetSet(
    facets={
        "track": ("Track", as_text("track")),
        "stage": ("Stage earned", as_text("stage")),
        "role": ("Role", unnested("roles")),
        "year": ("Year", as_text("year")),
        "retracted": ("Standing", as_text("is_retracted")),
        "preprint": ("Publication", as_text("is_preprint")),
        "origin": ("Read from", as_text("origin")),
        "relevance": ("Judged", as_text("relevance")),
    },
    keeps=("track", "retracted", "preprint", "relevance"),
    silent=("year",),
    fixed=("relevance",),
    order=_order,
    words=_words,
    chip=_chip,
)
