"""The admin's looser policy stands under /admin/ alone, and no further than unfold needs."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/admin/nowhere/"])
def test_the_admin_allows_evaluated_expressions_and_inline_styles_only(client, address):
    policy = client.get(address)["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["style-src"] == "'self' 'unsafe-inline'"
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"


def test_elsewhere_nothing_is_unsafe(client):
    assert "unsafe" not in client.get("/nowhere/")["Content-Security-Policy"]


def test_pages_of_the_admin_carry_no_inline_script(as_lead, everything):
    for address in ("/admin/", "/admin/tracker/syncrun/", "/admin/tracker/registryquery/add/",
                    "/admin/django_celery_beat/periodictask/add/"):  # fmt: skip
        for script in as_lead.get(address).content.decode().split("<script")[1:]:
            opening = script.split(">", 1)[0]
            assert "src=" in opening or "application/json" in opening, (address, script[:200])
