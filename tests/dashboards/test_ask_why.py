"""Why is it here: the question, the answer, and a curator's button."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from kombu.exceptions import OperationalError

from tests.records import record
from tracker import terms
from tracker.dashboards import views
from tracker.models import RegistryQuery
from tracker.pipeline import absorb
from tracker.sources.ctgov_records import read_record

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)
EV = "NCT07376512"


def text_of(answer):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def poked(monkeypatch):
    asked = []
    monkeypatch.setattr(views.fetch_trial, "delay", lambda **arguments: asked.append(arguments))
    return asked


def test_the_form_leads_to_the_number_as_the_registry_writes_it(client, db):
    assert client.get("/why/").status_code == 200
    assert client.get("/why/?number=nct7376512").headers["Location"] == f"/why/{EV}/"
    assert client.get("/why/nct7376512/").headers["Location"] == f"/why/{EV}/"


@pytest.mark.parametrize("asked", ["exosome", "12/34", "NCT123456789", "💥", "..", "."])
def test_any_text_has_an_answer(client, db, asked):
    answer = client.get("/why/", {"number": asked}, follow=True)
    assert answer.status_code == 200
    assert "is not an NCT number" in text_of(answer)


def test_a_stored_trial_shows_its_words_and_its_dates(client, db):
    absorb(
        records=[read_record(record(EV), origin=terms.Origin.REGISTRY)], origin=terms.Origin.REGISTRY, run=None, at=AT
    )
    page = text_of(client.get(f"/why/{EV}/"))
    assert f"{EV} is here: the rules judged it about EVs in lung cancer" in page
    assert "“Extracellular Vesicle”" in page
    assert "First posted 2026-01-29, first seen here 2026-03-25 14:30 UTC: 55 days later." in page


def test_an_absent_number_shows_which_queries_were_asked(client, db):
    RegistryQuery.objects.update(is_on=False)
    RegistryQuery.objects.create(name="EVs", slug="ev", query_cond="lung cancer", query_term="exosome", is_on=True)
    page = text_of(client.get("/why/NCT00000001/"))
    assert "query.cond=lung cancer" in page
    assert "query.term=exosome" in page
    assert "none yet" in page


def test_only_a_curator_sees_the_button_and_may_press_it(client, curator, poked):
    assert "Fetch this record now" not in text_of(client.get("/why/NCT00000001/"))
    assert client.post("/why/NCT00000001/fetch/").status_code == 403
    client.force_login(curator)
    assert "Fetch this record now" in text_of(client.get("/why/NCT00000001/"))
    answer = client.post("/why/nct1/fetch/", follow=True)
    assert poked == [{"nct_id": "NCT00000001"}]
    assert "The registry is being asked for NCT00000001." in text_of(answer)


def test_a_link_cannot_press_the_button(client, curator, poked):
    client.force_login(curator)
    assert client.get("/why/NCT00000001/fetch/").status_code == 405
    assert poked == []


def test_a_queue_that_is_down_is_said(client, curator, monkeypatch):
    def down(**_):
        raise OperationalError("connection refused")

    monkeypatch.setattr(views.fetch_trial, "delay", down)
    client.force_login(curator)
    assert "the queue cannot be reached" in text_of(client.post("/why/NCT00000001/fetch/", follow=True))


def test_a_number_that_is_none_is_not_fetched(client, curator, poked):
    client.force_login(curator)
    assert client.post("/why/exosome/fetch/").status_code == 404
    assert poked == []


def test_the_answer_keeps_within_twelve_queries(client, db, django_assert_max_num_queries):
    absorb(
        records=[read_record(record(EV), origin=terms.Origin.REGISTRY)], origin=terms.Origin.REGISTRY, run=None, at=AT
    )
    with django_assert_max_num_queries(12):
        client.get(f"/why/{EV}/")
