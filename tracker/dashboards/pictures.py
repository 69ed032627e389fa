"""The pipeline picture as a Vega-Lite specification, and its drawing to SVG and PNG on the server.

One specification serves the page and the downloads. On the page the colours are the page's tokens
(``var(--dx-3)`` passes through Vega untouched as a constant or an ordinal range), so that the picture follows light
and dark; a download gets the light values. Places are computed here in pixels: the picture is a road with signs, not
a plot of two scales.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert
from django.core.cache import cache
from django.urls import reverse

from tracker import terms
from tracker.reads.landscape import SIGN_WORDS, SIGNS, Pipeline
from tracker.reads.wording import STAGE_NAMES, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Spec = dict[str, Any]  # a Vega-Lite specification is JSON

MOST_SIGNS = 12  # above this many in one stage the signs give way to bars with counts
WIDTH, LEFT, STEP = 1010, 46, 102
ROW = 24  # pixels between two signs of a stack
NAMES = 48  # room for two lines of stage names on either side of the road
BAR, BAR_ROW = 14, 22
TRACKS = ((terms.Track.DIAGNOSTIC, 1), (terms.Track.THERAPEUTIC, -1))  # up, down

# In a file the signs lead to the registry; on the page the same links are turned to the trial's own page.
REGISTRY = "https://clinicaltrials.gov/study/"
# Vega drops an address without a host; this one stands before paths of ours and is taken away on the page.
HERE = "https://here.invalid"

_SHAPES = {
    "advancing": "M-.5-.7 .75 0-.5 .7z",
    "holding": "M-.6-.65h.42v1.3h-.42zM.18-.65h.42v1.3h-.42z",
    "stalled": "M-.65-.75h1.3v.22L.16 0l.49 .53v.22h-1.3v-.22L-.16 0-.65-.53z",
    "stopped": "M-.62-.62h1.24v1.24h-1.24z",
    "negative": "M-.36-.88h.72l.52.52v.72l-.52.52h-.72l-.52-.52v-.72zM-.3-.46-.46-.3-.16 0-.46.3-.3.46 0 .16.3.46.46.3"
    ".16 0 .46-.3.3-.46 0-.16z",
    "unknown": "circle",
}
_COLOURS = {
    "advancing": "var(--go-advancing)",
    "holding": "var(--go-holding)",
    "stalled": "var(--go-stalled)",
    "stopped": "var(--go-stopped)",
    "negative": "var(--go-stopped-neg)",
    "unknown": "var(--go-holding)",
}


def specification(pipeline: Pipeline) -> Spec:
    """The picture of this pipeline; it holds its own data, so it can be drawn and checked anywhere."""
    drawn = [layer for layer in _layers(pipeline) if layer]
    up, down = _room(pipeline, terms.Track.DIAGNOSTIC), _room(pipeline, terms.Track.THERAPEUTIC)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": pipeline.picture_finding,
        "width": WIDTH,
        "height": up + down,
        "autosize": "none",
        "padding": 0,
        "background": None,
        "config": {
            "view": {"stroke": None},
            "font": "Source Sans 3",
            "aria": False,
            "text": {"fontSize": 15, "color": "var(--ink-2)"},
        },
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, WIDTH], "nice": False}},
            "y": {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [-down, up], "nice": False}},
        },
        "layer": drawn,
    }


def _x(stage: int) -> int:
    return LEFT + STEP * stage


def _is_crowded(pipeline: Pipeline) -> bool:
    return any(len(pipeline.at(track, stage)) > MOST_SIGNS for track, _ in TRACKS for stage in range(10))


def _room(pipeline: Pipeline, track: str) -> int:
    """Pixels from the road to the edge of one track's side."""
    if _is_crowded(pipeline):
        highest = max(len({s.sign for s in pipeline.at(track, stage)}) for stage in range(10)) * BAR_ROW
    else:
        highest = max(len(pipeline.at(track, stage)) for stage in range(10)) * ROW
    return 24 + NAMES + max(highest + 12, 60) + 8


def _rows(values: list[Mapping[str, object]]) -> Spec:
    return {"values": values}


def _layers(pipeline: Pipeline) -> Iterator[Spec]:
    yield {
        "data": _rows([{"x": _x(0), "y": 0, "to": _x(9)}]),
        "mark": {"type": "rule", "stroke": "var(--line-2)", "strokeWidth": 1.5},
        "encoding": {"x2": {"field": "to"}},
    }
    yield {
        "data": _rows([{"x": _x(stage), "y": 0} for stage in range(10)]),
        "mark": {
            "type": "point",
            "shape": "circle",
            "size": 784,
            "fill": "var(--surface)",
            "stroke": "var(--line-2)",
            "strokeWidth": 1.5,
            "opacity": 1,
        },
    }
    yield _text([{"x": _x(s), "y": 0, "words": str(s)} for s in range(10)], weight=650, color="var(--ink)")
    for track, way in TRACKS:
        names = [
            {"x": _x(stage), "y": way * 26, "words": _two_lines(name)} for stage, name in enumerate(STAGE_NAMES[track])
        ]
        yield _text(names, baseline="bottom" if way > 0 else "top", lines=True)
        yield from _brackets(pipeline, track, way)
        room = _room(pipeline, track)
        heading = "Diagnostic ↑" if way > 0 else "Therapeutic ↓"
        place = {"x": 8, "y": way * (room - 14), "words": heading}
        yield _text([place], weight=650, color="var(--ink)", align="left")
    yield from _bars(pipeline) if _is_crowded(pipeline) else _signs(pipeline)


def _two_lines(name: str) -> list[str]:
    head, _, tail = name.partition(" ")
    return [head, tail] if tail and len(name) > 11 else [name]


def _text(rows: list[dict[str, object]], *, lines: bool = False, **mark: object) -> Spec:
    if lines and mark.get("baseline") == "bottom":  # a text of two lines grows downwards from its first
        rows = [{**row, "y": row["y"] + 17 * (len(row["words"]) - 1)} for row in rows]  # type: ignore[arg-type, operator]
    look: dict[str, object] = {"type": "text", "align": "center", "baseline": "middle", "lineHeight": 17}
    given = {{"weight": "fontWeight", "style": "fontStyle"}.get(name, name): value for name, value in mark.items()}
    return {"data": _rows(list(rows)), "mark": {**look, **given}, "encoding": {"text": {"field": "words"}}}


def _empty_runs(pipeline: Pipeline, track: str) -> list[tuple[int, int]]:
    empty = [stage for stage in range(10) if not pipeline.at(track, stage)]
    runs: list[tuple[int, int]] = []
    for stage in empty:
        if runs and runs[-1][1] == stage - 1:
            runs[-1] = (runs[-1][0], stage)
        else:
            runs.append((stage, stage))
    return runs


def _brackets(pipeline: Pipeline, track: str, way: int) -> Iterator[Spec]:
    """A bracket over every stretch where nobody stands, with words that say so where there is room."""
    near, far = way * (30 + NAMES - 12), way * (30 + NAMES - 4)
    flat: list[Mapping[str, object]] = []
    ends: list[Mapping[str, object]] = []
    words: list[dict[str, object]] = []
    for first, last in _empty_runs(pipeline, track):
        left, right = _x(first) - 40, _x(last) + 40
        flat.append({"x": left, "y": far, "to": right})
        ends += [{"x": edge, "y": near, "up": far} for edge in (left, right)]
        told = _who_is_missing(track, first, last)
        words.append({"x": (left + right) / 2, "y": far + way * 12, "words": told if last - first >= 3 else "none"})
    if not flat:
        return
    line = {"type": "rule", "stroke": "var(--line-2)", "strokeWidth": 1}
    yield {"data": _rows(flat), "mark": line, "encoding": {"x2": {"field": "to"}}}
    yield {"data": _rows(ends), "mark": line, "encoding": {"y2": {"field": "up"}}}
    yield _text(words, style="italic", color="var(--ink-3)")


def _who_is_missing(track: str, first: int, last: int) -> str:
    kind = terms.Track(track).label
    if last == 9:
        return f"no {kind} trial" if first == 0 else f"no {kind} trial earns stage {first} or more"
    if first == 0:
        return f"no {kind} trial below stage {last + 1}"
    return f"no {kind} trial from stage {first} to {last}"


def _signs(pipeline: Pipeline) -> Iterator[Spec]:
    """Every trial as its sign, stacked away from the road; each leads to its page."""
    values: list[dict[str, object]] = []
    for track, way in TRACKS:
        for stage in range(10):
            for place, one in enumerate(pipeline.at(track, stage)):
                values.append(
                    {
                        "x": _x(stage),
                        "y": way * (24 + NAMES + 6 + ROW * place),
                        "sign": one.sign,
                        "number": one.nct_id,
                        "address": REGISTRY + one.nct_id,
                    }
                )
    yield _sign_layer([value for value in values if value["sign"] != "unknown"], link=True)
    yield _unknown_layer([value for value in values if value["sign"] == "unknown"], link=True)


def _sign_layer(values: list[dict[str, object]], *, link: bool, size: int = 440) -> Spec:
    known = [sign for sign in SIGNS if sign != "unknown"]
    encoding: Spec = {
        "shape": {
            "field": "sign",
            "type": "nominal",
            "legend": None,
            "scale": {"domain": known, "range": [_SHAPES[sign] for sign in known]},
        },
        "color": {
            "field": "sign",
            "type": "nominal",
            "legend": None,
            "scale": {"domain": known, "range": [_COLOURS[sign] for sign in known]},
        },
    }
    if link:
        encoding["href"] = {"field": "address"}
    if not values:
        return {}
    return {
        "data": _rows(list(values)),
        "mark": {"type": "point", "filled": True, "size": size, "opacity": 1},
        "encoding": encoding,
    }


def _unknown_layer(values: list[dict[str, object]], *, link: bool, size: int = 225) -> Spec:
    """Not known is a dashed ring, hollow: its own layer, for Vega has no dash by shape."""
    if not values:
        return {}
    mark = {
        "type": "point",
        "shape": "circle",
        "size": size,
        "stroke": _COLOURS["unknown"],
        "strokeWidth": 2.2,
        "strokeDash": [3.5, 2.4],
        "fill": "transparent",
        "opacity": 1,
    }
    spec: Spec = {"data": _rows(list(values)), "mark": mark}
    return spec | ({"encoding": {"href": {"field": "address"}}} if link else {})


def _bars(pipeline: Pipeline) -> Iterator[Spec]:
    """A bar a stage, its parts by momentum, each with its sign and count beside it."""
    parts: list[dict[str, object]] = []
    labels: list[dict[str, object]] = []
    most = max(len(pipeline.at(track, stage)) for track, _ in TRACKS for stage in range(10))
    for track, way in TRACKS:
        base = 24 + NAMES + 2
        tallest = _room(pipeline, track) - base - 14
        for stage in range(10):
            found = pipeline.at(track, stage)
            at = float(base)
            for place, sign in enumerate(dict.fromkeys(one.sign for one in found)):
                count = sum(1 for one in found if one.sign == sign)
                top = at + tallest * count / most
                parts.append(
                    {"x": _x(stage) - 30, "x2": _x(stage) - 30 + BAR, "y": way * at, "y2": way * top, "sign": sign}
                )
                row = {"y": way * (base + 10 + BAR_ROW * place), "sign": sign}
                labels.append({**row, "x": _x(stage) - 4, "words": f"{count:,}", "at": _x(stage) + 9})
                at = top
    yield {
        "data": _rows(list(parts)),
        "mark": {"type": "rect", "stroke": "var(--surface)", "strokeWidth": 1},
        "encoding": {
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "color": {
                "field": "sign",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": list(SIGNS), "range": [_COLOURS[sign] for sign in SIGNS]},
            },
        },
    }
    yield _sign_layer([label for label in labels if label["sign"] != "unknown"], link=False, size=260)
    yield _unknown_layer([label for label in labels if label["sign"] == "unknown"], link=False, size=150)
    yield _text([{**label, "x": label["at"]} for label in labels], align="left", weight=600, color="var(--ink)")


# --- drawing -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def light_values() -> dict[str, str]:
    """The light value of every colour token, read from the stylesheet, so that there is one list."""
    text = (Path(__file__).parent.parent / "static" / "tracker" / "tokens.css").read_text(encoding="utf-8")
    light = text[text.index(":root {") : text.index("@media")]
    return dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})", light))


def portable(spec: Spec) -> Spec:
    """The specification with the light colours in place of the tokens: for downloads, mail and other tools."""
    text = re.sub(r"var\((--[\w-]+)\)", lambda match: light_values()[match[1]], json.dumps(spec))
    found: Spec = json.loads(text)
    return found


def drawn(spec: Spec, *, pipeline: Pipeline) -> str:
    """The picture as SVG for the page: tokens as colours, links with their titles, no style attribute.

    Kept by the content of the specification, which holds the data it was drawn from.
    """
    standings = {one.nct_id: one for one in pipeline.standings}
    svg = for_page(spec)

    def link(match: re.Match[str]) -> str:
        one = standings[match[1]]
        title = escape(f"{one.nct_id}, {SIGN_WORDS[one.sign]}: {one.title}", quote=False)
        return f'<a href="{reverse("trial", args=[one.nct_id])}" tabindex="-1"><title>{title}</title>'

    return re.sub(rf'<a [^>]*?href="{re.escape(REGISTRY)}(NCT\d{{8}})"[^>]*>', link, svg)


def for_page(spec: Spec) -> str:
    """A picture as SVG for a page: no style attribute, hidden from screen readers, its links out of the tab order.

    What it shows stands beside it as a table with the same links.
    """
    svg = re.sub(r'\s(?:style|class|role|aria-roledescription)="[^"]*"', "", _svg(spec))
    svg = re.sub(r"<svg ", '<svg aria-hidden="true" focusable="false" ', svg, count=1)
    return re.sub(rf'<a [^>]*?href="{re.escape(HERE)}(/[^"]*)"[^>]*>', r'<a href="\1" tabindex="-1">', svg)


def svg_file(spec: Spec) -> str:
    """The picture as an SVG file of its own, in light colours on white."""
    return _svg({**portable(spec), "background": "#ffffff"})


def png_file(spec: Spec) -> bytes:
    """The picture as PNG at twice its size, in light colours on white."""
    light = {**portable(spec), "background": "#ffffff"}
    key = _key(light, "png")
    found: bytes | None = cache.get(key)
    if found is None:
        found = vl_convert.vegalite_to_png(light, scale=2)
        cache.set(key, found, timeout=24 * 3600)
    return found


def _key(spec: Spec, kind: str) -> str:
    return f"picture:{kind}:{hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()}"


def _svg(spec: Spec) -> str:
    key = _key(spec, "svg")
    found: str | None = cache.get(key)
    if found is None:
        found = vl_convert.vegalite_to_svg(spec)
        cache.set(key, found, timeout=24 * 3600)
    return found


# --- the same numbers without a picture --------------------------------------------------------------------------


def lanes(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The picture as lists for narrow screens: a row a stage with trials, one for an empty run, highest first."""
    made = []
    for track, _ in TRACKS:
        empty = {stage: run for run in _empty_runs(pipeline, track) for stage in range(run[0], run[1] + 1)}
        rows: list[dict[str, Any]] = []
        for stage in range(9, -1, -1):
            run = empty.get(stage)
            if run is None:
                found = pipeline.at(track, stage)
                rows.append(
                    {
                        "stage": str(stage),
                        "name": STAGE_NAMES[track][stage],
                        "trials": found if len(found) <= MOST_SIGNS else (),
                        "counts": [
                            (sign, sum(1 for one in found if one.sign == sign))
                            for sign in dict.fromkeys(one.sign for one in found)
                        ],
                        "words": counted(len(found), "trial"),
                    }
                )
            elif stage == run[1]:
                rows.append({"stage": str(run[0]) if run[0] == run[1] else f"{run[0]}–{run[1]}", "trials": None})
        made.append({"track": terms.Track(track).label, "rows": rows})
    return made
