"""Every page in every guise: nothing wider than the page, nothing too small, nothing that axe finds, nothing inline."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import SCREENSHOTS

PAGES = {
    "landscape": "/",
    "landscape-filtered": "/?track=diagnostic&momentum=stalled&country=China&country=not_reported",
    "landscape-no-match": "/?track=therapeutic&country=France",
    "landscape-everything": "/?relevance=about,mention,none&sort=title",
    "trial-whole": "/trials/NCT07376512/",
    "trial-therapy": "/trials/NCT02657460/",
    "trial-untitled": "/trials/NCT07070011/",
    "trial-mention": "/trials/NCT03108677/",
    "why-form": "/why/",
    "why-here": "/why/NCT07376512/",
    "why-mention": "/why/NCT03108677/",
    "why-alias": "/why/NCT01234567/",
    "why-absent": "/why/NCT00000001/",
    "why-set-aside": "/why/NCT00000009/",
    "why-malformed": "/why/NCT123456789/",
    "not-found": "/trials/NCT00000001/",
    "studies": "/studies/",
    "studies-filtered": "/studies/?track=therapeutic&sort=-year&search=dexosome",
    "studies-no-match": "/studies/?year=1999",
    "study-whole": "/studies/900002/",
    "study-retracted": "/studies/900003/",
    "study-bare": "/studies/900004/",
    "candidates": "/candidates/",
    "candidates-no-match": "/candidates/?search=nothing+of+this",
    "candidate-broken": "/candidates/tumour-cell-microparticles/",
    "candidate-contradicted": "/candidates/dexosomes/",
    "candidate-empty": "/candidates/nothing-yet/",
    "nowhere": "/nowhere/",
    "refused": "/?stage=12",
}
GUISES = {
    "1400": {"viewport": {"width": 1400, "height": 1000}},
    "1000": {"viewport": {"width": 1000, "height": 900}},
    "390": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
    "dark": {"viewport": {"width": 1400, "height": 1000}, "color_scheme": "dark"},
    "dark-390": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
WITH_AXE = ("1400", "390", "dark")  # the same page in another width and colour tells axe nothing new
TOO_SMALL = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const box = walker.currentNode.parentElement;
    if (!text || !box.checkVisibility() || box.closest('.hide, kbd')) continue;
    const scale = box.ownerSVGElement ? box.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(box).fontSize) * scale;
    if (size < 12.99) found.push(`${size.toFixed(1)}px: ${text.slice(0, 40)}`);
  }
  return found;
}"""
TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth + 0.5;
  return [...document.querySelectorAll('main *, footer *')]
    .filter((e) => e.getBoundingClientRect().right > edge && !e.closest('nav, .hide, svg') && e.checkVisibility())
    .map((e) => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`);
}"""


def faults_of(page, name: str, *, axe: bool) -> list[str]:
    """What is wrong with this page as it stands, a line each."""
    faults = [f"{name} has text too small: {text}" for text in page.evaluate(TOO_SMALL)]
    faults += [f"{name} is wider than its page: {text}" for text in page.evaluate(TOO_WIDE)]
    words = page.inner_text("body").split()
    faults += [f"{name} says {word}" for word in ("None", "null", "NaN", "undefined") if word in words]
    found = Axe().run(page).response["violations"] if axe else []
    return faults + [f"{name}: axe {one['id']}: {one['nodes'][0]['html'][:150]}" for one in found]


@pytest.mark.parametrize("guise", GUISES)
def test_every_page_is_whole(browser, site, guise):
    SCREENSHOTS.mkdir(exist_ok=True)
    context = browser.new_context(**GUISES[guise])
    page = context.new_page()
    said: list[str] = []
    # A page that is meant to answer 400 or 404 is told by the browser as an error of loading.
    page.on("console", lambda m: said.append(m.text) if m.type == "error" and "status of 4" not in m.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    faults = []
    for name, address in PAGES.items():
        page.goto(site + address)
        page.screenshot(path=SCREENSHOTS / f"{name}-{guise}.png", full_page=True)
        faults += faults_of(page, name, axe=guise in WITH_AXE)
    context.close()
    assert faults + said == []


def test_nothing_is_lost_at_320_pixels(browser, site):
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page = context.new_page()
    faults = []
    for name, address in PAGES.items():
        page.goto(site + address)
        faults += [f"{name}: {text}" for text in page.evaluate(TOO_WIDE)]
    context.close()
    assert faults == []


def test_on_paper_the_question_is_still_answered(browser, site):
    context = browser.new_context(viewport={"width": 720, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    for name in ("landscape", "trial-whole", "trial-therapy", "why-here", "study-whole", "candidate-broken"):
        page.goto(site + PAGES[name])
        page.emulate_media(media="print")
        page.screenshot(path=SCREENSHOTS / f"{name}-print.png", full_page=True)
        (SCREENSHOTS / f"{name}.pdf").write_bytes(page.pdf(prefer_css_page_size=True))
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator(".search").is_hidden()
        assert page.locator(".print-only").is_visible()
        assert site in page.locator(".print-only").inner_text()
    page.goto(site + PAGES["trial-therapy"])
    assert page.locator("summary", has_text="Eligibility").locator("xpath=following-sibling::*[1]").is_visible()
    context.close()


def test_forced_colours_keep_the_marks(browser, site):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, forced_colors="active")
    page = context.new_page()
    page.goto(site)
    page.screenshot(path=SCREENSHOTS / "landscape-forced-colours.png", full_page=True)
    solid = page.locator(".grid .mk-road .mk-solid").first
    hollow = page.locator(".grid .mk-road .mk-hollow").first
    fills = [mark.evaluate("e => getComputedStyle(e).fill") for mark in (solid, hollow)]
    assert fills[0] != fills[1]
    context.close()
