"""The list of trials: which ones, in which order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.db.models import Case, IntegerField, Prefetch, Q, Value, When
from django.db.models.functions import Lower

from tracker import terms
from tracker.models import Annotation, Maturity, Trial

from .listing import (
    NOT_REPORTED,
    PAGE_SIZE,
    Column,
    Cursor,
    Filter,
    Order,
    page_of,
    read_choice,
    read_choices,
    read_stages,
    read_text,
    read_whole,
    read_years,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.models.registry import TrialQuerySet

ADVERSE = (terms.StopClass.NEGATIVE, terms.StopClass.SAFETY)  # the only reasons that count against a candidate

_CLOSED: dict[str, tuple[type[terms.Term], bool]] = {  # filter → its vocabulary, and whether "not reported" is a value
    "relevance": (terms.Relevance, False),
    "track": (terms.Track, False),
    "momentum": (terms.Momentum, False),
    "role": (terms.Role, False),
    "status": (terms.Status, True),
    "stop_class": (terms.StopClass, False),
    "presence": (terms.Presence, False),
    "origin": (terms.Origin, False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFilter(Filter):
    """Which trials are asked for. Empty means no condition.

    ``year`` is the year of the start date. ``stage`` is the stage earned, ``stage_min`` its lower end.
    ``country``, ``sponsor``, ``status`` and ``year`` accept ``not_reported``. ``adverse`` is whether it stopped for
    lack of effect or for harm.
    """

    relevance: tuple[str, ...] = ()
    track: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    stage_min: str = ""
    momentum: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    sponsor: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    partial: str = ""
    stop_class: tuple[str, ...] = ()
    adverse: str = ""
    presence: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    search: str = ""

    @classmethod
    def read_one(cls, name: str, given: list[str]) -> str | tuple[str, ...]:
        return _read_one(name, given)

    def rows(self, *, without: str = "") -> TrialQuerySet:
        """The trials that pass; ``without`` leaves out one parameter, for the counts beside its own values."""
        # The row of a number that was folded into another stays for its history; the list holds each trial once.
        found = Trial.objects.all() if self.presence and without != "presence" else Trial.objects.standing()
        for name in self.names():
            values = self.values(name)
            if values and name != without:
                found = _narrow(found, name, values)
        return found


def _read_one(name: str, given: list[str]) -> str | tuple[str, ...]:
    if name in _CLOSED:
        vocabulary, silent = _CLOSED[name]
        allowed = [member.value for member in vocabulary] + ([NOT_REPORTED] if silent else [])
        return read_choices(name, given, allowed, upper=vocabulary is terms.Status)
    if name == "stage":
        return read_stages(name, given)
    if name == "stage_min":
        return str(read_whole(name, given[-1], 0, 9)) if given else ""
    if name == "year":
        return read_years(name, given)
    if name in ("partial", "adverse"):
        return read_choice(name, given[-1], ["true", "false"]) if given else ""
    if name == "search":
        return read_text(name, given[-1]) if given else ""
    return tuple(dict.fromkeys(read_text(name, value) for value in given))


def _narrow(found: TrialQuerySet, name: str, values: tuple[str, ...]) -> TrialQuerySet:
    named = [value for value in values if value != NOT_REPORTED]
    silent = NOT_REPORTED in values
    match name:
        case "search":
            return found.matching(values[0])
        case "stage":
            return found.filter(stage__in=[int(value) for value in values])
        case "stage_min":
            return found.filter(stage__gte=int(values[0]))
        case "partial":
            return found.filter(is_partial=values[0] == "true")
        case "adverse":
            against = Q(momentum=terms.Momentum.STOPPED, stop_classes__overlap=list(ADVERSE))
            return found.filter(against) if values[0] == "true" else found.exclude(against)
        case "role":
            return found.filter(roles__overlap=list(values))
        case "stop_class":
            return found.filter(stop_classes__overlap=list(values))
        case "country":
            return found.filter(Q(countries__overlap=named) | (Q(countries=[]) if silent else Q(pk__in=[])))
        case "year":
            years = Q(start_date__year__in=[int(value) for value in named])
            return found.filter(years | Q(start_date=None) if silent else years)
        case "status" | "sponsor":
            column = {"status": "overall_status", "sponsor": "lead_sponsor"}[name]
            chosen = Q(**{f"{column}__in": named})
            return found.filter(chosen | Q(**{column: None}) if silent else chosen)
        case _:
            return found.filter(**{f"{name}__in": values})


# --- in which order ----------------------------------------------------------------------------------------------

_MOMENTUM_RANK = Case(
    *(When(momentum=member.value, then=Value(rank)) for rank, member in enumerate(terms.Momentum)),
    output_field=IntegerField(null=True),
)


_NUMBER = Column("nct_id", follows=False, read=str)
_STAGE = Column("stage", follows=True, read=int)
_SCORE = Column("score", follows=True, read=Decimal)

# Score, then stage: a record of a higher stage sorts above one of a lower stage with the same score (law 5).
_SORTS: dict[str, tuple[Column, ...]] = {
    "score": (_SCORE, _STAGE, _NUMBER),
    "stage": (_STAGE, _SCORE, _NUMBER),
    "strength": (Column("strength", follows=True, read=Decimal), _NUMBER),
    "momentum": (Column("momentum_rank", follows=True, read=int), _NUMBER),
    "people": (Column("enrollment_count", follows=True, read=int), _NUMBER),
    "title": (Column("title_folded", follows=True, read=str), _NUMBER),
    "updated": (Column("last_update_post_date", follows=True, read=date.fromisoformat), _NUMBER),
    "number": (Column("nct_id", follows=True, read=str),),
}
SORTS = tuple(_SORTS)


@dataclass(frozen=True, slots=True)
class Sort(Order):
    """An order of the trials; by score unless told otherwise."""

    ORDERS: ClassVar[Mapping[str, tuple[Column, ...]]] = _SORTS


# --- a page of them ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrialsPage:
    """One page of the list. ``later`` and ``earlier`` are cursors of its neighbours, None at the ends.

    Asked for with ``evidence``, every trial carries ``current_maturities`` (leading first) and ``all_annotations``.
    """

    trials: tuple[Trial, ...]
    later: str | None
    earlier: str | None


def page_of_trials(
    *,
    chosen: TrialFilter,
    sort: Sort,
    cursor: Cursor | None = None,
    size: int = PAGE_SIZE,
    evidence: bool = False,
) -> TrialsPage:
    """A page of the trials that pass the filter: one query, and two more with ``evidence``."""
    rows = ordered(chosen.rows(), sort=sort, backwards=bool(cursor and cursor.backwards))
    if evidence:
        rows = with_evidence(rows)
    page = page_of(rows.defer("search"), sort=sort, cursor=cursor, size=size)
    return TrialsPage(trials=page.rows, later=page.later, earlier=page.earlier)


def ordered(rows: TrialQuerySet, *, sort: Sort, backwards: bool = False) -> TrialQuerySet:
    """These trials in this order, with the columns that the order compares."""
    if sort.name == "momentum":
        rows = rows.annotate(momentum_rank=_MOMENTUM_RANK)
    elif sort.name == "title":
        rows = rows.annotate(title_folded=Lower("brief_title"))
    return rows.order_by(*sort.order(backwards=backwards))


def with_evidence(rows: TrialQuerySet) -> TrialQuerySet:
    """These trials with their maturities as they stand and all their annotations: two more queries, however many."""
    standing = Maturity.objects.filter(is_current=True).order_by("-rubric", "-is_leading", "track")
    noted = Annotation.objects.select_related("decided_by").order_by("facet", "term")
    return rows.prefetch_related(
        Prefetch("maturities", queryset=standing, to_attr="current_maturities"),
        Prefetch("annotations", queryset=noted, to_attr="all_annotations"),
    )
