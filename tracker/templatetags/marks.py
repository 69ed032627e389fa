"""The three marks: the road (how far), the strength band (how well), momentum (alive or not).

Filled is earned, hollow is possible, a break is missing. Each tag is pure, numbers in and markup out; the mark is
hidden from screen readers and always stands beside text that says the same. Colour comes from classes, widths are
SVG geometry, for the content policy forbids style attributes.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tracker import terms
from tracker.reads.trials import ADVERSE

if TYPE_CHECKING:
    from collections.abc import Collection

register = template.Library()


_SIGNS = {
    "advancing": '<path d="M4 2.5 14 8 4 13.5z"/>',
    "holding": '<path d="M3.5 3h3.25v10H3.5zM9.25 3h3.25v10H9.25z"/>',
    "stalled": '<path d="M3 2h10v1.8L9.3 8l3.7 4.2V14H3v-1.8L6.7 8 3 3.8z"/>',
    "stopped": '<path d="M3 3h10v10H3z"/>',
    "negative": '<path fill-rule="evenodd" d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1zM5.6 4.3 4.3 5.6 6.7 8 4.3 '
    '10.4 5.6 11.7 8 9.3 10.4 11.7 11.7 10.4 9.3 8 11.7 5.6 10.4 4.3 8 6.7z"/>',
    "unknown": '<circle class="mk-unk" cx="8" cy="8" r="5.5"/>',
}


def _n(value: float | Decimal) -> str:
    """A length with at most two decimals and no needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _svg(classes: str, width: int, height: int, size: int, inside: str) -> SafeString:
    wide = round(width * size / height)
    return mark_safe(  # noqa: S308 - made of numbers and our own words alone
        f'<svg class="mk {classes}" viewBox="0 0 {width} {height}" width="{wide}" height="{size}" '
        f'aria-hidden="true" focusable="false">{inside}</svg>'
    )


def _x(stage: int) -> int:
    return 8 + 12 * stage


def _stop(track: str, stage: int, radius: float, kind: str) -> str:
    """A disc on the diagnostic road, a square of about the same area on the therapeutic one."""
    if track != terms.Track.THERAPEUTIC:
        return f'<circle class="{kind}" cx="{_x(stage)}" cy="10" r="{_n(radius)}"/>'
    half = radius * 0.88
    side = _n(2 * half)
    return (
        f'<rect class="{kind}" x="{_n(_x(stage) - half)}" y="{_n(10 - half)}" width="{side}" height="{side}" rx=".75"/>'
    )


def _missing_runs(earned: int, rungs: Collection[int]) -> list[tuple[int, int]]:
    """First and last stage of every run without evidence, from 1 to just below the stage earned."""
    runs: list[tuple[int, int]] = []
    for stage in range(1, earned):
        if stage in rungs:
            continue
        if runs and runs[-1][1] == stage - 1:
            runs[-1] = (runs[-1][0], stage)
        else:
            runs.append((stage, stage))
    return runs


@register.simple_tag
def road(
    track: str, earned: int, possible: int, rungs: Collection[int] | None = None, *, size: int = 20, large: bool = False
) -> SafeString:
    """How far: walked to the stage earned, hollow to the stage possible.

    ``rungs`` are a candidate's stages with evidence: the missing ones break the line. A trial has none: one record
    says nothing of the rungs below, so its line is whole.
    """
    parts = ['<path class="mk-bed" d="M8 10H116.1"/>']
    runs = _missing_runs(earned, rungs) if rungs is not None else []
    if earned > 0:
        line = "M6.75 10"
        for first, last in runs:
            line += f"H{_x(first) - 6}M{_x(last) + 6} 10"
        parts.append(f'<path class="mk-line" d="{line}H{_x(earned)}"/>')
    if runs:
        ticks = "".join(f"M{_x(first) - 6} 6v8M{_x(last) + 6} 6v8" for first, last in runs)
        parts.append(f'<path class="mk-break" d="{ticks}"/>')
    if possible > earned:
        lane = _n(12 * (possible - earned))
        parts.append(f'<rect class="mk-hollow" x="{_x(earned)}" y="8.25" width="{lane}" height="3.5"/>')
        parts.append(_stop(track, possible, 4.5, "mk-hollow"))
    if rungs is not None:
        parts.extend(_stop(track, stage, 3.9, "mk-solid") for stage in sorted(rungs) if 0 < stage < earned)
    parts.append(_stop(track, earned, 5.5, "mk-solid"))
    colour = "tx" if track == terms.Track.THERAPEUTIC else "dx"
    return _svg(f"mk-road {colour} s{earned}" + (" l" if large else ""), 124, 20, size, "".join(parts))


@register.simple_tag
def road_words(track: str, earned: int, possible: int, rungs: Collection[int] | None = None) -> str:
    """What the road says, for those who do not see it."""
    words = f"{track}, stage {earned} earned"
    if possible > earned:
        words += f", {possible} possible"
    for first, last in _missing_runs(earned, rungs) if rungs is not None else []:
        words += f", no recorded evidence at stage {first}" + (f" to {last}" if last > first else "")
    return words


@register.simple_tag
def band(earned: Decimal | float, possible: Decimal | float, *, size: int = 20, large: bool = False) -> SafeString:
    """How well: one unit a point; hollow is what is not reported, left out under two points."""
    low, high = float(earned), float(possible)
    parts = ['<path class="mk-scale" d="M4 10H104M4 5v10M54 7v6M104 5v10"/>']
    if high - low >= 2:
        parts.append(
            f'<rect class="mk-hollow" x="{_n(4 + low)}" y="6.75" width="{_n(high - low - 0.75)}" height="6.5"/>'
        )
    if low > 0:
        parts.append(f'<rect class="mk-solid" x="4" y="6" width="{_n(low)}" height="8"/>')
    return _svg("mk-band" + (" l" if large else ""), 108, 20, size, "".join(parts))


def sign_of(momentum: str | None, stop_classes: Collection[str] = ()) -> str:
    """Which sign a momentum has: stopped for lack of effect or for harm has its own."""
    if momentum == terms.Momentum.STOPPED and any(reason in ADVERSE for reason in stop_classes):
        return "negative"
    return momentum if momentum in _SIGNS else "unknown"


@register.simple_tag
def momentum(kind: str | None, stop_classes: Collection[str] = (), *, size: int = 16) -> SafeString:
    """Alive or not: always followed by its word."""
    sign = sign_of(kind, stop_classes) if kind != "negative" else "negative"
    return _svg(f"mk-go go-{sign}", 16, 16, size, _SIGNS[sign])


@register.simple_tag
def interval(earned: Decimal | float | None, possible: Decimal | float | None, places: int = 0) -> str:
    """``39–76`` with an en dash and no spaces; one number when both ends agree at this precision. Half goes up."""
    if earned is None or possible is None:
        return "not reported"
    low, high = rounded(earned, places), rounded(possible, places)
    return low if low == high else f"{low}–{high}"


def rounded(value: Decimal | float, places: int = 0) -> str:
    """The number with so many decimals, half up, as everywhere in the rubric."""

    step = Decimal(1).scaleb(-places)
    return str(Decimal(str(value)).quantize(step, rounding=ROUND_HALF_UP))


_DIRECTIONS = {"supports": "+", "neutral": "○", "contradicts": "−"}


@register.simple_tag
def sign(direction: str) -> SafeString:
    """The sign of a direction, with its word for those who do not see it: plus, ring or minus."""
    known = terms.Direction(direction)
    return format_html(
        '<span class="sign {}"><span aria-hidden="true">{}</span><span class="hide">{}</span></span>',
        known.value,
        _DIRECTIONS[known.value],
        known.label,
    )


@register.simple_tag
def square(kind: str, *, size: int = 16) -> SafeString:
    """One EV reporting item: filled is reported, hollow is not found, crossed does not apply."""
    solid = "mk-solid" if kind == "filled" else "mk-hollow"
    inside = f'<rect class="{solid}" x="1.5" y="1.5" width="13" height="13" rx="1.5"/>'
    if kind == "crossed":
        inside += '<path class="mk-break" d="M4 4l8 8M12 4l-8 8"/>'
    return _svg(f"mk-item {kind}", 16, 16, size, inside)


@register.simple_tag
def stop(track: str, holds: bool, is_gap: bool) -> SafeString:
    """The stop of one rung: filled where evidence holds it, a dashed stroke where it is missing, hollow otherwise."""
    if is_gap:
        inside = '<path class="mk-unk" d="M1 8h14"/>'
    elif track == terms.Track.THERAPEUTIC:
        inside = f'<rect class="{"mk-solid" if holds else "mk-hollow"}" x="3" y="3" width="10" height="10" rx=".75"/>'
    else:
        inside = f'<circle class="{"mk-solid" if holds else "mk-hollow"}" cx="8" cy="8" r="5.5"/>'
    return _svg("mk-stop", 16, 16, 16, inside)
