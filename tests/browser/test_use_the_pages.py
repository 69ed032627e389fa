"""What a reader does: filter, search by key, choose the dark, go on without script."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def wide(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context.new_page()
    context.close()


def test_a_filter_swaps_the_list_without_a_reload(wide, site):
    wide.goto(site)
    wide.evaluate("window.stayed = true")
    wide.locator("#f-track-therapeutic").focus()
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/?track=therapeutic")
    wide.locator("h1", has_text="The one trial here has stalled").wait_for()
    assert wide.evaluate("window.stayed") is True
    assert wide.title().startswith("The one trial here has stalled")
    assert wide.evaluate("document.activeElement.id") == "f-track-therapeutic"
    assert wide.locator("#said").inner_text() == "One trial about EVs in lung cancer"
    wide.go_back()
    wide.locator("h1", has_text="eight trials").wait_for()


def test_a_swap_that_fails_says_so_and_keeps_the_list(wide, site):
    wide.goto(site)
    wide.route("**/?track=therapeutic", lambda route: route.abort())
    wide.locator("#f-track-therapeutic").click()
    wide.locator("#failed").wait_for(state="visible")
    assert "That did not load. The list below is the one before." in wide.locator("#failed").inner_text()
    assert wide.locator("#again").get_attribute("href").endswith("?track=therapeutic")
    assert wide.locator(".grid tbody tr").count() == 8


def test_a_slash_reaches_the_search_but_not_while_writing(wide, site):
    wide.goto(site)
    wide.keyboard.press("/")
    assert wide.evaluate("document.activeElement.id") == "q"
    wide.keyboard.type("a/b")
    assert wide.locator("#q").input_value() == "a/b"
    wide.locator("#q").fill("NCT2657460")
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/trials/NCT02657460/")


def test_the_dark_is_chosen_once_and_stays(wide, site):
    wide.goto(site + "/why/")
    wide.get_by_role("button", name="dark").click()
    wide.wait_for_url("**/why/")
    assert wide.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 27)"
    wide.goto(site)
    assert wide.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 27)"
    wide.get_by_role("button", name="light").click()
    wide.wait_for_load_state()
    assert wide.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 247, 249)"


def test_without_script_the_pages_filter_page_and_choose_as_well(browser, site):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(site)
    page.locator("summary", has_text="Filters").click()
    page.locator("#f-track-therapeutic").click()
    page.wait_for_url("**/?track=therapeutic")
    assert page.locator("h1").inner_text() == "The one trial here has stalled"
    page.locator(".grid .ttl").first.click()
    page.wait_for_url("**/trials/NCT02657460/")
    page.locator("summary", has_text="Eligibility").click()
    page.get_by_role("button", name="dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    context.close()


def test_tab_alone_reaches_every_part_and_is_never_hidden(wide, site):
    wide.goto(site)
    hidden, seen = [], []
    for _ in range(200):
        wide.keyboard.press("Tab")
        where = wide.evaluate(
            """() => {
              const e = document.activeElement;
              if (e === document.body) return null;
              const box = e.getBoundingClientRect();
              const at = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 10)];
              const top = document.elementFromPoint(...at);
              const covered = top && !e.contains(top) && top.closest('thead') && !e.closest('thead');
              return {name: e.id || e.textContent.trim().slice(0, 40), covered: !!covered,
                      outline: getComputedStyle(e).outlineStyle, inView: box.bottom > 0 && box.top < innerHeight};
            }"""
        )
        if where is None:
            break
        seen.append(where["name"])
        if where["covered"] or where["outline"] == "none" or not where["inView"]:
            hidden.append(where)
    assert hidden == []
    assert seen[0] == "Skip to content"
    assert any(name.startswith("Clinical Trial of Tumor") for name in seen)
    assert seen.index("q") < seen.index("f-track-diagnostic") < seen.index("h-title")


def test_the_road_lines_up_with_its_stations(wide, site):
    wide.goto(site + "/trials/NCT02657460/")
    stop = wide.locator(".trio .mk-road .mk-solid").bounding_box()
    station = wide.locator(".stations li").nth(7).bounding_box()
    assert abs((stop["x"] + stop["width"] / 2) - (station["x"] + station["width"] / 2)) < 1.5


def test_a_page_asks_for_nothing_from_elsewhere(wide, site):
    asked = []
    wide.on("request", lambda request: asked.append(request.url))
    for address in ("/", "/trials/NCT07376512/", "/why/NCT07376512/"):
        wide.goto(site + address)
    assert all(re.match(rf"{re.escape(site)}/|data:", url) for url in asked), asked
