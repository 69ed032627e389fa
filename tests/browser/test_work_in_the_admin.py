"""The admin and the API's documentation in a real browser: their content policy holds, and they work under it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tracker import tasks


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(page, site):
    """What the browser refused or could not load, and what it asked of anybody else."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda asked: found.append(asked.url) if not asked.url.startswith((site, "data:")) else None)
    return found


@pytest.fixture
def admin(page, site, complaints):
    """The browser of a superuser who has logged in."""
    User.objects.create_superuser("lead", "lead@example.org", "correct horse battery")
    page.goto(f"{site}/admin/")
    page.fill("input[name=username]", "lead")
    page.fill("input[name=password]", "correct horse battery")
    page.click("button[type=submit]")
    page.wait_for_selector("text=could not be read, set aside until a fix")
    return page


def test_a_curator_goes_from_the_notice_to_the_record_and_through_a_trial(admin, site, complaints):
    admin.click("text=See what was set aside")
    admin.wait_for_selector("text=waits for a fix")
    admin.goto(f"{site}/admin/tracker/trial/NCT07376512/change/")
    # unfold's tabs are Alpine.js expressions: they work only where the policy lets them be evaluated
    admin.click("nav a:has-text('Annotations') >> nth=-1")
    admin.wait_for_selector("mark:visible")
    assert admin.locator("input[name=_save]").count() == 0
    assert complaints == []


def test_a_lead_starts_a_sync_by_a_button(admin, site, complaints, monkeypatch):
    asked: list[dict] = []
    monkeypatch.setattr(tasks.sync_trials, "delay", lambda **arguments: asked.append(arguments))
    admin.goto(f"{site}/admin/tracker/syncrun/")
    admin.click("button:has-text('Full sync')")
    admin.wait_for_selector("text=A full sync is queued of")
    assert asked == [{"query": None, "full": True}]
    assert complaints == []


def test_the_documentation_of_rest_is_drawn_without_a_third_party(page, site, complaints):
    page.goto(f"{site}/api/v1/docs/")
    page.click("text=List trials")
    page.wait_for_selector("text=stage_min")
    assert complaints == []
