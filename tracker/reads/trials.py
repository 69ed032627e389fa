"""The list of trials: which ones, in which order, a page at a time.

The address of a list is its filter: the same names serve the pages, the CSV and REST. A parameter given twice
means either (``status=RECRUITING&status=COMPLETED``); different parameters narrow each other. A page is found by
keyset, not by offset, so that nothing is doubled or left out when records move while somebody reads.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Case, F, IntegerField, Prefetch, Q, Value, When
from django.db.models.functions import Lower

from tracker import terms
from tracker.models import Annotation, Maturity, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.db.models.expressions import OrderBy

    from tracker.models.registry import TrialQuerySet

NOT_REPORTED = "not_reported"  # asks for records that are silent about a field
ADVERSE = (terms.StopClass.NEGATIVE, terms.StopClass.SAFETY)  # the only reasons that count against a candidate
PAGE_SIZE = 50
LARGEST_PAGE = 200


class Refused(ValueError):
    """A parameter that cannot be read: ``field`` names it, ``message`` says what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


# --- which trials ------------------------------------------------------------------------------------------------


def _choice(field: str, value: str, allowed: Iterable[str], *, upper: bool = False) -> str:
    found = value.strip().upper() if upper else value.strip().lower()
    found = found.lower() if found.lower() == NOT_REPORTED else found
    if found not in allowed:
        raise Refused(field, f"“{value[:60]}” is not known; give one of {', '.join(allowed)}")
    return found


def _whole(field: str, value: str, least: int, most: int) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most):
        raise Refused(field, f"“{value[:60]}” is not a whole number from {least} to {most}")
    return int(text)


def _text(field: str, value: str) -> str:
    if "\x00" in value or len(value) > 400:
        raise Refused(field, "give at most 400 characters, without the null character")
    return value.strip()


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
class TrialFilter:
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
    def read(cls, query: Mapping[str, Sequence[str]]) -> TrialFilter:
        """The filter of an address (``dict(request.GET.lists())``); names that are no filter are left alone.

        Raises Refused for a value that cannot be read.
        """
        return cls(
            **{  # type: ignore[arg-type]
                field.name: _read_one(field.name, [value for value in query.get(field.name, ()) if value.strip()])
                for field in fields(cls)
            }
        )

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    def values(self, name: str) -> tuple[str, ...]:
        """The chosen values of one parameter; a single one as a tuple of one."""
        value: str | tuple[str, ...] = getattr(self, name)
        return value if isinstance(value, tuple) else ((value,) if value else ())

    def parameters(self) -> list[tuple[str, str]]:
        """The filter as pairs for an address, in a fixed order."""
        return [(name, value) for name in self.names() for value in self.values(name)]

    def address(self, *, implied: TrialFilter | None = None, **more: str) -> str:
        """``?status=…`` for this filter and further parameters, without what ``implied`` says just the same."""
        kept = [
            (name, value)
            for name, value in self.parameters()
            if implied is None or self.values(name) != implied.values(name)
        ]
        return "?" + urlencode([*kept, *((name, value) for name, value in more.items() if value)])

    def chosen(self, name: str, value: str) -> TrialFilter:
        """This filter with only this value chosen for the parameter."""
        return self._with(name, (value,) if isinstance(getattr(self, name), tuple) else value)

    def dropped(self, name: str, value: str | None = None) -> TrialFilter:
        """This filter without this value of the parameter, or without the parameter."""
        if not isinstance(getattr(self, name), tuple):
            return self._with(name, "")
        return self._with(name, tuple(v for v in self.values(name) if value is not None and v != value))

    def _with(self, name: str, value: str | tuple[str, ...]) -> TrialFilter:
        return replace(self, **{name: value})  # type: ignore[arg-type]

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
        upper = vocabulary is terms.Status
        split = [part for value in given for part in value.split(",") if part.strip()]
        return tuple(dict.fromkeys(_choice(name, value, allowed, upper=upper) for value in split))
    if name == "stage":
        split = [part for value in given for part in value.split(",") if part.strip()]
        return tuple(dict.fromkeys(str(_whole(name, value, 0, 9)) for value in split))
    if name == "stage_min":
        return str(_whole(name, given[-1], 0, 9)) if given else ""
    if name == "year":
        return tuple(dict.fromkeys(v if v == NOT_REPORTED else str(_whole(name, v, 1900, 2199)) for v in given))
    if name in ("partial", "adverse"):
        return _choice(name, given[-1], ["true", "false"]) if given else ""
    if name == "search":
        return _text(name, given[-1]) if given else ""
    return tuple(dict.fromkeys(_text(name, value) for value in given))


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


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    follows: bool  # turns round with the sort; ties are always broken by ascending number
    read: Callable[[str], object]


_NUMBER = _Column("nct_id", follows=False, read=str)
_STAGE = _Column("stage", follows=True, read=int)
_SCORE = _Column("score", follows=True, read=Decimal)

# Score, then stage: a record of a higher stage sorts above one of a lower stage with the same score (law 5).
_SORTS: dict[str, tuple[_Column, ...]] = {
    "score": (_SCORE, _STAGE, _NUMBER),
    "stage": (_STAGE, _SCORE, _NUMBER),
    "strength": (_Column("strength", follows=True, read=Decimal), _NUMBER),
    "momentum": (_Column("momentum_rank", follows=True, read=int), _NUMBER),
    "people": (_Column("enrollment_count", follows=True, read=int), _NUMBER),
    "title": (_Column("title_folded", follows=True, read=str), _NUMBER),
    "updated": (_Column("last_update_post_date", follows=True, read=date.fromisoformat), _NUMBER),
    "number": (_Column("nct_id", follows=True, read=str),),
}
SORTS = tuple(_SORTS)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of the list: a name of SORTS, and whether the highest stand first. Silent records stand last."""

    name: str = "score"
    descending: bool = True

    @classmethod
    def read(cls, given: str | None) -> Sort:
        """``score`` ascending, ``-score`` descending; nothing given is ``-score``. Raises Refused."""
        if not given:
            return cls()
        name = given.removeprefix("-")
        if name not in _SORTS:
            raise Refused("sort", f"“{given[:60]}” is not known; give one of {', '.join(SORTS)}, or -{SORTS[0]} …")
        return cls(name, given.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name

    def columns(self) -> tuple[_Column, ...]:
        return _SORTS[self.name]

    def order(self, *, backwards: bool) -> list[OrderBy]:
        terms_: list[OrderBy] = []
        for column in self.columns():
            descending = (self.descending and column.follows) != backwards
            place = {"nulls_first": True} if backwards else {"nulls_last": True}
            terms_.append(F(column.name).desc(**place) if descending else F(column.name).asc(**place))
        return terms_


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (or, going back, before) the row with these values of the order's columns."""

    sort: Sort
    backwards: bool
    values: tuple[str | None, ...]

    @classmethod
    def read(cls, given: str | None, *, sort: Sort) -> Cursor | None:
        """The cursor of an address, or None where there is none. Raises Refused when it is not of this order."""
        if not given:
            return None
        try:
            text = base64.urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
            order, backwards, values = json.loads(text)
            cursor = cls(Sort.read(order), backwards is True, tuple(values))
            if not all(value is None or isinstance(value, str) for value in cursor.values):
                raise TypeError
            if (
                cursor.sort == sort
                and len(values) == len(sort.columns())
                and "\x00" not in "".join(filter(None, values))
            ):
                cursor.key()
                return cursor
        except (ValueError, TypeError, AttributeError, InvalidOperation, binascii.Error, RecursionError):
            pass
        raise Refused("cursor", "this place in the list cannot be read for this order; begin again without cursor")

    @classmethod
    def at(cls, trial: Trial, *, sort: Sort, backwards: bool) -> Cursor:
        found = [getattr(trial, column.name) for column in sort.columns()]
        return cls(sort, backwards, tuple(None if value is None else str(value) for value in found))

    def key(self) -> list[object | None]:
        pairs = zip(self.sort.columns(), self.values, strict=True)
        key = [None if value is None else column.read(value) for column, value in pairs]
        if any(isinstance(value, Decimal) and not value.is_finite() for value in key) or any(
            isinstance(value, int) and abs(value) >= 2**63 for value in key
        ):
            raise ValueError("out of range")
        return key

    def __str__(self) -> str:
        text = json.dumps([str(self.sort), self.backwards, self.values], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def beyond(self) -> Q:
        """The condition that a row stands beyond this place, in reading direction; silent values stand last."""
        condition = Q(pk__in=[])
        for column, value in reversed(list(zip(self.sort.columns(), self.key(), strict=True))):
            descending = (self.sort.descending and column.follows) != self.backwards
            if value is None:
                further = Q(**{f"{column.name}__isnull": False}) if self.backwards else Q(pk__in=[])
                equal = Q(**{f"{column.name}__isnull": True})
            else:
                further = Q(**{f"{column.name}__{'lt' if descending else 'gt'}": value})
                if not self.backwards:
                    further |= Q(**{f"{column.name}__isnull": True})
                equal = Q(**{column.name: value})
            condition = further | (equal & condition)
        return condition


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
    if cursor:
        rows = rows.filter(cursor.beyond())
    if evidence:
        rows = with_evidence(rows)
    found = list(rows.defer("search")[: size + 1])
    more, found = len(found) > size, found[:size]
    if cursor and cursor.backwards:
        found.reverse()
    has_later = bool(found) and (more if not (cursor and cursor.backwards) else True)
    has_earlier = bool(found) and (more if (cursor and cursor.backwards) else bool(cursor))
    return TrialsPage(
        trials=tuple(found),
        later=str(Cursor.at(found[-1], sort=sort, backwards=False)) if has_later else None,
        earlier=str(Cursor.at(found[0], sort=sort, backwards=True)) if has_earlier else None,
    )


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
