"""What every page carries: the freshness line, the look that the reader chose, the navigation, the foot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from tracker.reads.freshness import freshness
from tracker.scoring.rubric import CURRENT

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

THEMES = ("system", "light", "dark")
DENSITIES = ("roomy", "compact")

_NAVIGATION = (  # only what exists
    ("Landscape", "landscape"),
    ("Candidates", "candidates"),
    ("Studies", "studies"),
    ("Why is it here?", "why-form"),
    ("API", "api-docs"),
    ("Admin sign-in", "admin:index"),
)


def chosen_look(request: HttpRequest) -> dict[str, str]:
    """The theme and the density that the reader's cookies say; anything else is the first of each."""
    theme, density = request.COOKIES.get("theme"), request.COOKIES.get("density")
    return {
        "theme": theme if theme in THEMES else THEMES[0],
        "density": density if density in DENSITIES else DENSITIES[0],
    }


def navigation(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Words, address and whether it is this page; pages whose address is not known are left out."""
    links = []
    for words, name in _NAVIGATION:
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        signed_in = name == "admin:index" and request.user.is_authenticated
        links.append(("Admin" if signed_in else words, address, request.path == address))
    return links


def page(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    """This template with what every page carries."""
    frame = {
        "fresh": freshness(now=timezone.now()),
        "look": chosen_look(request),
        "themes": THEMES,
        "densities": DENSITIES,
        "navigation": navigation(request),
        "rubric": CURRENT,
    }
    return render(request, f"tracker/{template}.html", {**frame, **context}, status=status)
