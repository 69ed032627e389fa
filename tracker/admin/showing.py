"""How values look in the admin: words for vocabularies, *not reported* for silence, everything escaped.

What comes from the registry is text, never markup: it is escaped on its way into a page, so a record that carries
a tag shows the tag.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tracker.models import Annotation, Trial
    from tracker.terms import Term

NOT_REPORTED = "not reported"
LONGEST_LIST = 40  # sites run to hundreds; the page of the trial has them all
FIRST_WORDS = 3
LONGEST_RAW = 200_000  # characters; a browser lays out no more than that in reasonable time


def as_words(value: object, *, vocabulary: type[Term] | None = None) -> str | SafeString:
    """A stored value as a reader wants it; escaped where it becomes markup."""
    if value is None or value in ("", [], {}):
        return NOT_REPORTED
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case date():
            return value.isoformat()
        case str() if vocabulary is not None:
            member = vocabulary.read(value)
            return member.label if member else f"{value} (outside the registry's list)"
        case list():
            return _as_list([as_words(part, vocabulary=vocabulary) for part in value])
        case dict():
            parts = [f"{str(name).replace('_', ' ')}: {as_words(part)}" for name, part in value.items() if part]
            return " · ".join(parts) or NOT_REPORTED
        case _:
            return str(value)


def _as_list(parts: list[str | SafeString]) -> str | SafeString:
    if all(len(part) < 60 for part in parts) and len(parts) <= LONGEST_LIST:
        return "; ".join(parts)
    shown = format_html_join("", "<li>{}</li>", ((part,) for part in parts[:LONGEST_LIST]))
    rest = len(parts) - LONGEST_LIST
    more = format_html("<li>and {} more</li>", f"{rest:,}") if rest > 0 else ""
    return format_html('<ul class="list-disc pl-4">{}{}</ul>', shown, more)


def fact(column: str, *, label: str = "", vocabulary: type[Term] | None = None) -> Callable[[Trial], str]:
    """A read-only field for one registry column, in words."""

    def shown(trial: Trial) -> str:
        return as_words(getattr(trial, column), vocabulary=vocabulary)

    shown.__name__ = f"fact_{column}"
    shown.short_description = label or column.replace("_", " ")  # type: ignore[attr-defined]
    return shown


def dated(stem: str, *, label: str) -> Callable[[Trial], str]:
    """A read-only field for a partial date with its type: ``2026-03, planned``."""

    def shown(trial: Trial) -> str:
        given, kind = getattr(trial, f"{stem}_given"), getattr(trial, f"{stem}_type")
        if not given:
            return NOT_REPORTED
        return f"{given}, {({'ACTUAL': 'actual', 'ESTIMATED': 'planned'}).get(kind or '', 'type not reported')}"

    shown.__name__ = f"date_{stem}"
    shown.short_description = label  # type: ignore[attr-defined]
    return shown


def interval(low: object, high: object) -> str:
    """``39–76``, or one number when both ends agree."""
    return f"{low}" if low == high else f"{low}–{high}"


def quoted(words: Sequence[Mapping[str, object]], *, at_most: int | None = None) -> SafeString:
    """The words that a judgement rests on, each with the field it stands in and why it counts."""
    rows = [
        (
            word.get("text", ""),
            str(word.get("field", "")).replace("_", " "),
            f": {word['why']}" if word.get("why") else "",
        )
        for word in words[:at_most]
    ]
    if not rows:
        return mark_safe("<em>no words kept</em>")
    return format_html("<ul>{}</ul>", format_html_join("", "<li><mark>{}</mark> <small>in {}{}</small></li>", rows))


def annotation_words(annotation: Annotation) -> SafeString:
    return quoted(annotation.words)


def first_words(annotation: Annotation) -> SafeString:
    """As many of the words as a list has room for."""
    rest = len(annotation.words) - FIRST_WORDS
    more = format_html("<small>and {} more</small>", rest) if rest > 0 else ""
    return format_html("{}{}", quoted(annotation.words, at_most=FIRST_WORDS), more)


for _column in (annotation_words, first_words):
    _column.short_description = "words it rests on"  # type: ignore[attr-defined]


def raw_text(raw: bytes) -> SafeString:
    """The bytes of a record as text: laid out when they are JSON, as they came when not; always escaped."""
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False, sort_keys=True)
    except ValueError:  # also bytes that are no UTF-8
        text = raw.decode("utf-8", errors="replace")
    rest = len(text) - LONGEST_RAW
    more = f"\n… and {rest:,} characters more" if rest > 0 else ""
    return format_html(
        '<pre class="overflow-x-auto whitespace-pre-wrap break-words text-xs">{}{}</pre>', text[:LONGEST_RAW], more
    )


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> SafeString:
    """A small table inside a read-only field."""
    head = format_html_join("", '<th scope="col" class="pr-6 py-1 text-left">{}</th>', ((name,) for name in headings))
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", '<td class="pr-6 py-1">{}</td>', ((cell,) for cell in row)),) for row in rows),
    )
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
