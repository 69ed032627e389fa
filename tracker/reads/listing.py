"""What every list has: a filter that is its address, an order, and pages found by place.

The same names serve the pages, the CSV and REST. A parameter given twice means either
(``status=RECRUITING&status=COMPLETED``); different parameters narrow each other. A page is found by keyset, not by
offset, so that nothing is doubled or left out when records move while somebody reads.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar
from urllib.parse import urlencode

from django.db.models import F, Model, Q

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.db.models import QuerySet
    from django.db.models.expressions import OrderBy

NOT_REPORTED = "not_reported"  # asks for records that are silent about a field
PAGE_SIZE = 50
LARGEST_PAGE = 200

Row = TypeVar("Row", bound=Model)


class Refused(ValueError):
    """A parameter that cannot be read: ``field`` names it, ``message`` says what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


# --- reading values ----------------------------------------------------------------------------------------------


def read_choice(field: str, value: str, allowed: Iterable[str], *, upper: bool = False) -> str:
    found = value.strip().upper() if upper else value.strip().lower()
    found = found.lower() if found.lower() == NOT_REPORTED else found
    if found not in allowed:
        raise Refused(field, f"“{value[:60]}” is not known; give one of {', '.join(allowed)}")
    return found


def read_choices(field: str, given: list[str], allowed: Iterable[str], *, upper: bool = False) -> tuple[str, ...]:
    """Several values of a closed vocabulary, given apart or with commas between, each once."""
    split = [part for value in given for part in value.split(",") if part.strip()]
    return tuple(dict.fromkeys(read_choice(field, value, allowed, upper=upper) for value in split))


def read_whole(field: str, value: str, least: int, most: int) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most):
        raise Refused(field, f"“{value[:60]}” is not a whole number from {least} to {most}")
    return int(text)


def read_stages(field: str, given: list[str]) -> tuple[str, ...]:
    split = [part for value in given for part in value.split(",") if part.strip()]
    return tuple(dict.fromkeys(str(read_whole(field, value, 0, 9)) for value in split))


def read_years(field: str, given: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v if v == NOT_REPORTED else str(read_whole(field, v, 1900, 2199)) for v in given))


def read_text(field: str, value: str) -> str:
    if "\x00" in value or len(value) > 400:
        raise Refused(field, "give at most 400 characters, without the null character")
    return value.strip()


# --- which records -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which records are asked for: one field a parameter, a tuple where several values mean either.

    Empty means no condition. A list's own filter says how its values are read and how they narrow the rows.
    """

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """The filter of an address (``dict(request.GET.lists())``); names that are no filter are left alone.

        Raises Refused for a value that cannot be read.
        """
        return cls(
            **{
                field.name: cls.read_one(field.name, [value for value in query.get(field.name, ()) if value.strip()])
                for field in fields(cls)
            }
        )

    @classmethod
    def read_one(cls, name: str, given: list[str]) -> str | tuple[str, ...]:
        raise NotImplementedError

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

    def address(self, *, implied: Filter | None = None, **more: str) -> str:
        """``?status=…`` for this filter and further parameters, without what ``implied`` says just the same."""
        kept = [
            (name, value)
            for name, value in self.parameters()
            if implied is None or self.values(name) != implied.values(name)
        ]
        return "?" + urlencode([*kept, *((name, value) for name, value in more.items() if value)])

    def chosen(self, name: str, value: str) -> Self:
        """This filter with only this value chosen for the parameter."""
        return self._with(name, (value,) if isinstance(getattr(self, name), tuple) else value)

    def dropped(self, name: str, value: str | None = None) -> Self:
        """This filter without this value of the parameter, or without the parameter."""
        if not isinstance(getattr(self, name), tuple):
            return self._with(name, "")
        return self._with(name, tuple(v for v in self.values(name) if value is not None and v != value))

    def _with(self, name: str, value: str | tuple[str, ...]) -> Self:
        return replace(self, **{name: value})

    def rows(self, *, without: str = "") -> QuerySet[Model]:
        """The records that pass; ``without`` leaves out one parameter, for the counts beside its own values."""
        raise NotImplementedError


# --- in which order ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    follows: bool  # turns round with the sort; ties are always broken by the ascending key
    read: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a list: a name of its ORDERS, and whether the highest stand first. Silent records stand last."""

    name: str = "score"
    descending: bool = True

    ORDERS: ClassVar[Mapping[str, tuple[Column, ...]]] = {}

    @classmethod
    def read(cls, given: str | None) -> Self:
        """``score`` ascending, ``-score`` descending; nothing given is the list's own. Raises Refused."""
        if not given:
            return cls()
        name = given.removeprefix("-")
        if name not in cls.ORDERS:
            known = tuple(cls.ORDERS)
            raise Refused("sort", f"“{given[:60]}” is not known; give one of {', '.join(known)}, or -{known[0]} …")
        return cls(name, given.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name

    def columns(self) -> tuple[Column, ...]:
        return self.ORDERS[self.name]

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

    sort: Order
    backwards: bool
    values: tuple[str | None, ...]

    @classmethod
    def read(cls, given: str | None, *, sort: Order) -> Cursor | None:
        """The cursor of an address, or None where there is none. Raises Refused when it is not of this order."""
        if not given:
            return None
        try:
            text = base64.urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
            order, backwards, values = json.loads(text)
            cursor = cls(type(sort).read(order), backwards is True, tuple(values))
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
    def at(cls, row: Model, *, sort: Order, backwards: bool) -> Cursor:
        found = [getattr(row, column.name) for column in sort.columns()]
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
class Page(Generic[Row]):
    """One page of a list. ``later`` and ``earlier`` are cursors of its neighbours, None at the ends."""

    rows: tuple[Row, ...]
    later: str | None
    earlier: str | None


def page_of(ordered: QuerySet[Row], *, sort: Order, cursor: Cursor | None, size: int) -> Page[Row]:
    """The page at this place of rows that stand in the order (turned round where the cursor goes back): one query."""
    rows = ordered.filter(cursor.beyond()) if cursor else ordered
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if cursor and cursor.backwards:
        found.reverse()
    has_later = bool(found) and (more if not (cursor and cursor.backwards) else True)
    has_earlier = bool(found) and (more if (cursor and cursor.backwards) else bool(cursor))
    return Page(
        rows=tuple(found),
        later=str(Cursor.at(found[-1], sort=sort, backwards=False)) if has_later else None,
        earlier=str(Cursor.at(found[0], sort=sort, backwards=True)) if has_earlier else None,
    )
