"""The five-minute form in a real browser: a curator enters a study by keyboard and sees its share while answering."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User

from tests.browser.conftest import SCREENSHOTS
from tracker.admin import studies
from tracker.admin.looking_up import LookedUp, NotFoundThere
from tracker.models import HistoryEntry, Study
from tracker.sources.europepmc_records import read_study

TITLE = "Exosomal miR-23a in serum of people with lung cancer"
FOUND = read_study(
    b'{"id": "28436951", "source": "MED", "pmid": "28436951", "doi": "10.1038/onc.2017.105", "pubYear": "2017",'
    b' "title": "Hypoxic lung cancer-secreted exosomal miR-23a increased angiogenesis.",'
    b' "authorString": "Hsu YL, Hung JY.", "abstractText": "Hypoxia and exosomes.",'
    b' "journalInfo": {"journal": {"title": "Oncogene"}}}'
)


@pytest.fixture
def page(browser, site):
    """The browser of a curator who has logged in; what it complained of must be nothing."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda asked: complaints.append(asked.url) if not asked.url.startswith((site, "data:")) else None
    )
    User.objects.create_superuser("ada", "ada@example.org", "correct horse battery")
    page.goto(f"{site}/admin/")
    page.fill("input[name=username]", "ada")
    page.fill("input[name=password]", "correct horse battery")
    page.click("button[type=submit]")
    page.wait_for_selector("text=What needs a person")
    yield page
    assert complaints == []
    context.close()


def answer(page, name: str, *keys: str) -> None:
    """Put the focus where Tab would and press these keys."""
    page.focus(f"input[name={name}]:first-of-type")
    for key in keys:
        page.keyboard.press(key)


def choose(page, name: str, words: str) -> None:
    """A term by its first letters, as autocompletion offers it."""
    page.locator(f"select[name={name}] + .select2 .select2-search__field").focus()
    page.keyboard.type(words)
    page.locator(".select2-results__option--highlighted").wait_for()
    page.keyboard.press("Enter")


def test_a_study_is_entered_by_keyboard_and_its_share_is_seen_live_and_after_saving(page, site):
    page.goto(f"{site}/admin/tracker/study/add/")
    page.wait_for_function("document.activeElement.id === 'look_up'")  # the number comes first
    page.focus("#id_pmid")
    page.keyboard.type("28436951")
    page.focus("#id_title")
    page.keyboard.type(TITLE)
    page.focus("#id_year")
    page.keyboard.type("2017")
    choose(page, "term_cargo", "mirna")
    choose(page, "term_specimen", "serum")
    page.focus("#id_fact_n_patients")
    page.keyboard.type("120")
    page.focus("#id_fact_findings-0-metric")
    page.keyboard.type("AUC")
    for value in ("0.91", "0.85", "0.96", "120"):
        page.keyboard.press("Tab")
        page.keyboard.type(value)
    share = page.locator("[data-ev-share]")
    assert share.inner_text() == "0 % (0 of 10 that apply)"
    answer(page, "fact_ev_source_amount", "Space")
    answer(page, "fact_ev_separation", "Space", "ArrowRight")  # yes, then no
    answer(page, "fact_ev_antibodies", "ArrowLeft")  # from nothing back to the last: does not apply
    assert share.inner_text() == "11 % (1 of 9 that apply)"
    answer(page, "fact_ev_images", "Space")
    assert share.inner_text() == "22 % (2 of 9 that apply)"
    page.keyboard.press("Backspace")  # taken back
    assert share.inner_text() == "11 % (1 of 9 that apply)"
    page.focus("input[name=experiments-0-label]")
    page.keyboard.type("serum of cases and controls")
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "admin-study-form.png", full_page=True)
    page.keyboard.press("Enter")

    page.wait_for_selector("text=was added successfully")
    study = Study.objects.get(title=TITLE)
    assert (study.pmid, study.title, study.entered) == ("28436951", TITLE, ["pmid", "title", "year"])
    assert dict(study.facts.values_list("name", "value")) == {
        "n_patients": 120,
        "findings": [{"metric": "AUC", "value": 0.91, "low": 0.85, "high": 0.96, "n": 120}],
        "ev_source_amount": "yes",
        "ev_separation": "no",
        "ev_antibodies": "not_applicable",
    }
    assert set(study.annotations.values_list("facet", "state")) >= {("cargo", "accepted"), ("specimen", "accepted")}
    assert study.experiments.get().label == "serum of cases and controls"
    assert HistoryEntry.objects.get(subject="study", subject_id=str(study.pk)).by.username == "ada"
    page.goto(f"{site}/admin/tracker/study/{study.pk}/change/")
    assert page.locator("[data-ev-share]").inner_text() == "11 % (1 of 9 that apply)"


def test_a_number_fills_the_bibliography_and_an_unknown_one_is_said(page, site, monkeypatch):
    def look_up(given: str) -> LookedUp:
        if given == "28436951":
            return LookedUp(FOUND)
        raise NotFoundThere(f"Europe PMC has no publication “{given}”. See that it is right, or enter it by hand.")

    monkeypatch.setattr(studies, "look_up", look_up)
    page.goto(f"{site}/admin/tracker/study/add/")
    page.wait_for_function("document.activeElement.id === 'look_up'")
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=has no publication “99”")
    page.fill("#look_up", "28436951")
    page.press("#look_up", "Enter")
    page.wait_for_selector("text=Filled from Europe PMC")
    assert page.input_value("#id_doi") == "10.1038/onc.2017.105"
    assert page.input_value("#id_authors") == "Hsu YL; Hung JY"
    page.press("#id_year", "Enter")
    page.wait_for_selector("text=was added successfully")
    study = Study.objects.get(pmid="28436951")
    assert (study.origin, study.journal, study.abstract, study.entered) == (
        "europepmc", "Oncogene", "Hypoxia and exosomes.", [],
    )  # fmt: skip


def test_when_the_script_does_not_come_the_share_appears_after_saving(page, site):
    page.route("**/study_form*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{site}/admin/tracker/study/add/")
    page.fill("#id_title", TITLE)
    page.check("input[name=fact_ev_images][value=yes]", force=True)
    assert page.locator("[data-ev-share]").inner_text() == "0 % (0 of 10 that apply)"
    page.press("#id_year", "Enter")
    page.wait_for_selector("text=was added successfully")
    page.goto(f"{site}/admin/tracker/study/{Study.objects.get(title=TITLE).pk}/change/")
    assert page.locator("[data-ev-share]").inner_text() == "10 % (1 of 10 that apply)"


def test_what_the_form_adds_to_the_admin_has_no_fault_that_axe_finds(page, site):
    page.goto(f"{site}/admin/tracker/study/add/")
    ours = {"include": [[".switch"], [".findings"], ["[role=search]"], ["[data-ev-share]"]]}
    found = Axe().run(page, context=ours).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
