"""The filters of the list with their counts: what is there, and what is not (a nought stays visible)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, CharField, Count, F, Func, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, ExtractYear

from tracker import terms

from .listing import NOT_REPORTED
from .wording import label, stage_name, status_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models.expressions import Combinable

    from .listing import Filter
    from .trials import TrialFilter

SHOWN = 8  # values of an open-ended facet before "all …"


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value: its count among the trials that pass the other filters, and where choosing (or dropping) it leads.

    ``address`` is "" where nothing would be found.
    """

    value: str
    words: str
    count: int
    is_chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class FacetList:
    name: str
    words: str
    values: tuple[FacetValue, ...]

    @property
    def first(self) -> tuple[FacetValue, ...]:
        """What is shown at once: the first few, and whatever is chosen."""
        return tuple(v for place, v in enumerate(self.values) if place < SHOWN or v.is_chosen)

    @property
    def rest(self) -> tuple[FacetValue, ...]:
        return tuple(v for place, v in enumerate(self.values) if place >= SHOWN and not v.is_chosen)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the address without it."""

    words: str
    address: str


def unnested(column: str) -> Combinable:
    silent = Value([NOT_REPORTED], output_field=ArrayField(TextField()))
    return Func(Case(When(**{column: []}, then=silent), default=F(column)), function="unnest", output_field=CharField())


def as_text(column: str) -> Combinable:
    return Coalesce(Cast(F(column), CharField()), Value(NOT_REPORTED))


@dataclass(frozen=True, slots=True)
class FacetSet:
    """The facets of one list, in the order of the page: heading and expression of each, and how values are told.

    ``keeps`` are closed facets, whose noughts stay; ``silent`` accept "not reported" as a filter; ``fixed`` are
    always chosen, so that choosing again drops nothing; ``linkable`` says whether a counted value is one that the
    filter knows.
    """

    facets: Mapping[str, tuple[str, Combinable]]
    keeps: tuple[str, ...]
    silent: tuple[str, ...]
    fixed: tuple[str, ...]
    order: Callable[[str, Mapping[str, int]], list[str]]
    words: Callable[[str, str, Any], str]
    chip: Callable[[str, str, Any], str]
    linkable: Callable[[str, str], bool] = lambda name, value: True


def counts_of(known: FacetSet, chosen: Filter) -> dict[str, dict[str, int]]:
    """For every facet, how many records each value would show beside the other filters: one query for all."""
    parts = [
        chosen.rows(without=name)
        .order_by()
        .values(facet=Value(name, output_field=CharField()), value=expression)
        .annotate(n=Count("pk", distinct=True))
        for name, (_, expression) in known.facets.items()
    ]
    found: dict[str, dict[str, int]] = {name: {} for name in known.facets}
    for row in parts[0].union(*parts[1:], all=True):
        found[row["facet"]][row["value"]] = row["n"]
    return found


def facets_of(
    known: FacetSet, chosen: Filter, *, sort: str = "", implied: Filter | None = None
) -> tuple[FacetList, ...]:
    """The filters of a list as links with counts: one query. ``implied`` is what the page asks by itself."""
    counted = counts_of(known, chosen)
    return tuple(_facet(known, name, counted[name], chosen, sort=sort, implied=implied) for name in known.facets)


def _facet(
    known: FacetSet, name: str, counted: Mapping[str, int], chosen: Filter, *, sort: str, implied: Filter | None
) -> FacetList:
    picked = chosen.values(name)
    values = [
        value for value in known.order(name, counted) if value in counted or value in picked or name in known.keeps
    ]
    made = []
    for value in [*values, *(value for value in picked if value not in values)]:
        n, is_chosen = counted.get(value, 0), value in picked
        drops = is_chosen and name not in known.fixed
        follows = chosen.dropped(name, value) if drops else chosen.chosen(name, value)
        is_filter = known.linkable(name, value) and (value != NOT_REPORTED or name in known.silent)
        address = follows.address(implied=implied, sort=sort) if is_chosen or (n > 0 and is_filter) else ""
        made.append(FacetValue(value, known.words(name, value, chosen), n, is_chosen, address))
    return FacetList(name, known.facets[name][0], tuple(made))


def chips_of(known: FacetSet, chosen: Filter, *, sort: str = "", implied: Filter | None = None) -> tuple[Chip, ...]:
    """The filters that are on; what ``implied`` says just the same is not shown."""
    return tuple(
        Chip(known.chip(name, value, chosen), chosen.dropped(name, value).address(implied=implied, sort=sort))
        for name, value in chosen.parameters()
        if implied is None or chosen.values(name) != implied.values(name)
    )


# --- trials ------------------------------------------------------------------------------------------------------

# In the order of the page. Closed facets keep their noughts; open ones show what occurs.
_FACETS: dict[str, tuple[str, Combinable]] = {
    "track": ("Track", as_text("track")),
    "stage": ("Stage earned", as_text("stage")),
    "momentum": ("Momentum", as_text("momentum")),
    "status": ("Status", as_text("overall_status")),
    "role": ("Role", unnested("roles")),
    "country": ("Country", unnested("countries")),
    "sponsor": ("Lead sponsor", as_text("lead_sponsor")),
    "year": ("Start year", Coalesce(Cast(ExtractYear("start_date"), CharField()), Value(NOT_REPORTED))),
    "partial": ("Record", as_text("is_partial")),
    "relevance": ("Judged", as_text("relevance")),
}


def counts(chosen: TrialFilter) -> dict[str, dict[str, int]]:
    """For every facet of the trials, how many each value would show beside the other filters: one query for all."""
    return counts_of(TRIALS, chosen)


def facets(chosen: TrialFilter, *, sort: str = "", implied: TrialFilter | None = None) -> tuple[FacetList, ...]:
    """The filters of the trials as links with counts: one query."""
    return facets_of(TRIALS, chosen, sort=sort, implied=implied)


def chips(chosen: TrialFilter, *, sort: str = "", implied: TrialFilter | None = None) -> tuple[Chip, ...]:
    """The filters of the trials that are on."""
    return chips_of(TRIALS, chosen, sort=sort, implied=implied)


def _is_status(name: str, value: str) -> bool:
    return name != "status" or value == NOT_REPORTED or terms.Status.read(value) is not None


def _order(name: str, counted: Mapping[str, int]) -> list[str]:
    silent = [value for value in counted if value == NOT_REPORTED]
    named = [value for value in counted if value != NOT_REPORTED]
    match name:
        case "track":
            return [terms.Track.DIAGNOSTIC.value, terms.Track.THERAPEUTIC.value, *silent]
        case "momentum":
            return [member.value for member in terms.Momentum] + silent
        case "partial":
            return ["false", "true"]
        case "relevance":
            return [member.value for member in terms.Relevance]
        case "stage" | "year":
            return sorted(named, key=int, reverse=True) + silent
        case "status":
            known = [member.value for member in terms.Status if member.value in counted]
            return known + sorted(set(named) - set(known)) + silent
        case "role":
            return sorted(named, key=lambda value: (-counted[value], value))
        case _:
            return sorted(named, key=lambda value: (-counted[value], value.casefold())) + silent


def value_words(name: str, value: str, chosen: TrialFilter) -> str:
    """A filter's value as the page says it."""
    if value == NOT_REPORTED:
        return "no stage" if name in ("track", "stage", "momentum") else "not reported"
    match name:
        case "stage":
            track = chosen.track[0] if len(chosen.track) == 1 else ""
            return f"{value} · {stage_name(track, int(value))}" if track else both_stage_names(int(value))
        case "status":
            return status_words(value) or value
        case "adverse":
            return "negative or safety" if value == "true" else "not negative or safety"
        case "partial":
            return "partial" if value == "true" else "complete"
        case "stage_min":
            return f"stage {value} or more"
        case "search":
            return f"“{value}”"
        case "origin" | "presence" | "relevance" | "track" | "momentum" | "role" | "stop_class":
            return label(_VOCABULARY[name], value) or value
        case _:
            return value


_VOCABULARY: dict[str, type[terms.Term]] = {
    "origin": terms.Origin,
    "presence": terms.Presence,
    "relevance": terms.Relevance,
    "track": terms.Track,
    "momentum": terms.Momentum,
    "role": terms.Role,
    "stop_class": terms.StopClass,
}


def both_stage_names(stage: int) -> str:
    names = dict.fromkeys(stage_name(track, stage) for track in (terms.Track.DIAGNOSTIC, terms.Track.THERAPEUTIC))
    return f"{stage} · {' / '.join(names)}"


def _chip_words(name: str, value: str, chosen: TrialFilter) -> str:
    words = value_words(name, value, chosen)
    if value == NOT_REPORTED or name in ("year", "stage", "partial"):
        heading = {"year": "start", "partial": "record", "stage_min": ""}.get(name, name.replace("_", " "))
        return f"{heading} {words}"
    return words


TRIALS = FacetSet(
    facets=_FACETS,
    keeps=("track", "momentum", "partial", "relevance"),
    silent=("status", "country", "sponsor", "year"),
    fixed=("relevance",),
    order=_order,
    words=value_words,
    chip=_chip_words,
    linkable=_is_status,
)
