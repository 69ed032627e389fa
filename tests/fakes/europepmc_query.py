"""Europe PMC's search syntax as far as the tracker asks: words, phrases, fields, ranges, AND, OR, NOT, brackets.

A field that is not modelled is an error, never passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Matches = Callable[[dict[str, Any], str], bool]

_TOKEN = re.compile(r'\s*(\(|\)|"[^"]*"|[A-Z_]+:(?=["(\[\w])|\[[^\]]*\]|[^\s()"\[\]]+)')
TEXT = {"TITLE", "ABSTRACT", "TITLE_ABS", "KW", "MESH"}
EXACT = {"SRC", "EXT_ID", "DOI", "PMCID"}
RANGES = {"UPDATE_DATE", "FIRST_PDATE", "PUB_YEAR"}


class QueryError(Exception):
    """A query that the service would not take; its words."""


def read_query(text: str) -> Matches:
    """What tells whether a record, updated on a day, is found by this query."""
    tokens = _TOKEN.findall(text)
    if re.sub(r"\s", "", "".join(tokens)) != re.sub(r"\s", "", text):
        raise QueryError("The query could not be read")
    parser = _Parser(tokens)
    found = parser.either("")
    if parser.tokens:
        raise QueryError(f"Unexpected {parser.tokens[0]} in the query")
    return found


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def _next(self) -> str:
        if not self.tokens:
            raise QueryError("The query ends too early")
        return self.tokens.pop(0)

    def either(self, field: str) -> Matches:
        parts = [self.both(field)]
        while self.tokens[:1] == ["OR"]:
            self._next()
            parts.append(self.both(field))
        return lambda record, day: any(part(record, day) for part in parts)

    def both(self, field: str) -> Matches:
        parts = [self.one(field)]
        while self.tokens and self.tokens[0] not in {"OR", ")"}:
            if self.tokens[0] == "AND":
                self._next()
            parts.append(self.one(field))
        return lambda record, day: all(part(record, day) for part in parts)

    def one(self, field: str) -> Matches:
        token = self._next()
        if token == "NOT":
            inner = self.one(field)
            return lambda record, day: not inner(record, day)
        if token == "(":
            inner = self.either(field)
            if self._next() != ")":
                raise QueryError("A bracket is not closed")
            return inner
        if token.endswith(":"):
            return self.one(_known(token[:-1]))
        return _term(field, token)


def _known(field: str) -> str:
    if field not in TEXT | EXACT | RANGES:
        raise QueryError(f"The search field {field} is not known")
    return field


def _term(field: str, token: str) -> Matches:
    value = token.strip('"')
    if field in RANGES:
        bounds = re.fullmatch(r"\[(\S+) TO (\S+)\]", token)
        if bounds is None:
            raise QueryError(f"{field} takes a range as [2026-01-01 TO 2026-12-31]")
        first, last = bounds[1], bounds[2]
        return lambda record, day: first <= _day(field, record, day) <= last
    if field in EXACT:
        name = {"SRC": "source", "EXT_ID": "id", "DOI": "doi", "PMCID": "pmcid"}[field]
        return lambda record, day: str(record.get(name, "")).lower() == value.lower()
    words = f" {_words(value)} "
    return lambda record, day: any(words in f" {_words(text)} " for text in _texts(field, record))


def _words(text: str) -> str:
    """Words alone: hyphens and other signs part them, in the query and in the text alike."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _day(field: str, record: dict[str, Any], updated: str) -> str:
    if field == "UPDATE_DATE":
        return updated
    return str(record.get({"FIRST_PDATE": "firstPublicationDate", "PUB_YEAR": "pubYear"}[field], ""))


def _texts(field: str, record: dict[str, Any]) -> Iterator[str]:
    if field in {"", "TITLE", "TITLE_ABS"}:
        yield record.get("title", "")
    if field in {"", "ABSTRACT", "TITLE_ABS"}:
        yield record.get("abstractText", "")
    if field in {"", "KW"}:
        yield from record.get("keywordList", {}).get("keyword", [])
    if field in {"", "MESH"}:
        for heading in record.get("meshHeadingList", {}).get("meshHeading", []):
            yield heading.get("descriptorName", "")
