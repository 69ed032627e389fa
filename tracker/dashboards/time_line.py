"""The time line of a candidate as a Vega-Lite specification: a rule a trial, a sign a study, shaped by direction.

Rows stand from the first bench work above to the latest trial below. A planned trial's rule is dashed; a plus
supports, a ring is neutral, a minus contradicts. A retracted study keeps its row, with the word.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any

from tracker import terms

from .pictures import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.reads.candidate import CandidateWhole
    from tracker.reads.timeline import Moment

Spec = dict[str, Any]

WIDTH, ROW, NAMES, TOP, BOTTOM = 1010, 34, 290, 12, 40
COLUMNS = ("record", "kind", "title", "direction", "start", "end", "planned", "retracted", "stage", "said_by")
_SHAPES = {
    terms.Direction.SUPPORTS: "M-.2-.8h.4v.6h.6v.4h-.6v.6h-.4v-.6h-.6v-.4h.6z",
    terms.Direction.NEUTRAL: "circle",
    terms.Direction.CONTRADICTS: "M-.85-.22h1.7v.44h-1.7z",
}
_COLOURS = {
    terms.Direction.SUPPORTS: "var(--ok)",
    terms.Direction.NEUTRAL: "var(--ink-3)",
    terms.Direction.CONTRADICTS: "var(--bad)",
}


def specification(whole: CandidateWhole, *, linked: bool = True) -> Spec:
    """The picture of this candidate's dated evidence; it holds its own data, so it can be drawn anywhere.

    ``linked`` signs lead to the records' pages here; a file that is carried away has no such links.
    """
    moments = whole.time_line.dated
    first = floor(min(moment.start or 0 for moment in moments))
    last = max(first + 1, ceil(max(max(moment.start or 0, moment.end or 0) for moment in moments)))
    height = TOP + ROW * len(moments) + BOTTOM
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": whole.time_line.finding,
        "width": WIDTH,
        "height": height,
        "autosize": "none",
        "padding": 0,
        "background": None,
        "config": {
            "view": {"stroke": None},
            "font": "Source Sans 3",
            "aria": False,
            "text": {"fontSize": 15, "color": "var(--ink-2)", "baseline": "middle", "align": "left"},
        },
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, WIDTH], "nice": False}},
            "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [height, 0], "nice": False}},
        },
        "layer": list(_layers(moments, track=whole.candidate.kind, first=first, last=last, linked=linked)),
    }


def _layers(moments: tuple[Moment, ...], *, track: str, first: int, last: int, linked: bool) -> Iterator[Spec]:
    span = WIDTH - NAMES - 90

    def x(year: float) -> float:
        return round(NAMES + span * (year - first) / (last - first), 1)

    def y(place: int) -> float:
        return TOP + ROW * (place + 0.5)

    names: list[dict[str, Any]] = [
        {"x": 4, "y": y(place), "words": _named(m), "address": HERE + m.line.record.address}
        for place, m in enumerate(moments)
    ]
    floor_y = TOP + ROW * len(moments) + 6
    step = ceil((last - first) / 10)
    years = list(range(first, last + 1, step))
    yield {
        "data": {"values": [{"x": x(year), "y": TOP, "to": floor_y} for year in years]},
        "mark": {"type": "rule", "stroke": "var(--line)", "strokeWidth": 1},
        "encoding": {"y2": {"field": "to"}},
    }
    yield _text([{"x": x(year), "y": floor_y + 16, "words": str(year)} for year in years], align="center")
    rules = [
        {"x": x(m.start or 0), "to": x(m.end), "y": y(place), "planned": m.line.record.is_planned}
        for place, m in enumerate(moments)
        if m.end is not None
    ]
    for planned in (False, True):
        found = [rule for rule in rules if rule["planned"] is planned]
        if found:
            stage = "var(--tx-5)" if track == terms.Track.THERAPEUTIC else "var(--dx-5)"
            mark = {"type": "rule", "stroke": stage, "strokeWidth": 3}
            yield {
                "data": {"values": found},
                "mark": mark | ({"strokeDash": [6, 4]} if planned else {}),
                "encoding": {"x2": {"field": "to"}},
            }
    for direction, shape in _SHAPES.items():
        signs: list[dict[str, Any]] = [
            {"x": x(m.start or 0), "y": y(place), "address": HERE + m.line.record.address}
            for place, m in enumerate(moments)
            if m.line.direction == direction
        ]
        if signs:
            is_ring = direction == terms.Direction.NEUTRAL
            colour = _COLOURS[direction]
            look = {"fill": "var(--surface)", "stroke": colour, "strokeWidth": 2.2} if is_ring else {"fill": colour}
            mark = {"type": "point", "shape": shape, "size": 170 if is_ring else 330, "opacity": 1, **look}
            if not is_ring:
                mark["stroke"] = "var(--surface)"
                mark["strokeWidth"] = 0.5
            yield {
                "data": {"values": signs},
                "mark": mark,
                "encoding": {"href": {"field": "address"}} if linked else {},
            }
    yield _text(names, link=linked, color="var(--ink)", fontWeight=600)
    after = [
        {"x": x(m.end if m.end is not None else m.start or 0) + 16, "y": y(place), "words": words}
        for place, m in enumerate(moments)
        if (words := _beside(m))
    ]
    if after:
        yield _text(after)


def _named(moment: Moment) -> str:
    name = moment.line.record.name
    return name if len(name) <= 34 else name[:33] + "…"


def _beside(moment: Moment) -> str:
    record = moment.line.record
    if record.is_retracted:
        return "retracted"
    return "" if record.stage is None else f"stage {record.stage}"


def _text(values: list[dict[str, Any]], *, link: bool = False, **look: object) -> Spec:
    encoding: Spec = {"text": {"field": "words"}}
    if link:
        encoding["href"] = {"field": "address"}
    return {"data": {"values": values}, "mark": {"type": "text", **look}, "encoding": encoding}


def time_line_rows(whole: CandidateWhole) -> Iterator[tuple[object, ...]]:
    """The numbers of the picture, with the records that have no date at the end."""
    yield COLUMNS
    for moment in whole.time_line.moments:
        record = moment.line.record
        yield (
            record.name,
            record.kind,
            record.title,
            moment.line.direction,
            record.began,
            record.ended,
            record.is_planned,
            record.is_retracted,
            record.stage,
            moment.line.said_by,
        )
