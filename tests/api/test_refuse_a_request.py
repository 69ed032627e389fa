"""A request that cannot be read is refused with what was wrong, where, and what to do."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db
LISTS = ["/api/v1/trials/", "/api/v1/changes/", "/api/v1/sync-runs/"]


@pytest.mark.parametrize(
    ("address", "query", "where"),
    [
        ("/api/v1/trials/", {"relevence": "about"}, "relevence"),
        ("/api/v1/trials/", {"format": "csv"}, "format"),
        ("/api/v1/trials/", {"relevance": "yes"}, "relevance"),
        ("/api/v1/trials/", {"relevance": ""}, "relevance"),
        ("/api/v1/trials/", {"status": "OPEN"}, "status"),
        ("/api/v1/trials/", {"stage_min": "ten"}, "stage_min"),
        ("/api/v1/trials/", {"stage": "-1"}, "stage"),
        ("/api/v1/trials/", {"year": "99999999999"}, "year"),
        ("/api/v1/trials/", {"country": "a\x00"}, "country"),
        ("/api/v1/trials/", {"ordering": "luck"}, "ordering"),
        ("/api/v1/trials/", {"page_size": "0"}, "page_size"),
        ("/api/v1/trials/", {"page_size": "1001"}, "page_size"),
        ("/api/v1/trials/", {"cursor": "nonsense"}, "cursor"),
        ("/api/v1/changes/", {"kind": "all"}, "kind"),
        ("/api/v1/changes/", {"trial": "12"}, "trial"),
        ("/api/v1/changes/", {"since": "2026-13-01"}, "since"),
        ("/api/v1/changes/", {"since": "2026-01"}, "since"),
        ("/api/v1/changes/", {"cursor": "after-99999999999999999999999"}, "cursor"),
        ("/api/v1/changes/", {"cursor": "after-²"}, "cursor"),
        ("/api/v1/sync-runs/", {"state": "fine"}, "state"),
        ("/api/v1/sync-runs/", {"query": "a\x00"}, "query"),
        ("/api/v1/trials/NCT07376512/", {"expand": "all"}, "expand"),
        ("/api/v1/why/NCT07376512/", {"x": "1"}, "x"),
    ],
)
def test_an_unknown_parameter_or_value_is_named(client, address, query, where):
    answer = client.get(address, query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"what", "where", "what_to_do", "see"}
    assert body["where"] == where
    assert body["what"]
    assert body["what_to_do"]


@pytest.mark.parametrize("address", [*LISTS, "/api/v1/trials/NCT07376512/", "/api/v1/why/NCT07376512/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_writing_is_refused(client, address, method):
    answer = getattr(client, method)(address, {}, content_type="application/json")
    assert answer.status_code == 405
    assert "read-only" in answer.json()["what_to_do"]
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["get", "head", "post", "delete"])
def test_an_address_that_is_none_is_said_in_json(client, method):
    answer = getattr(client, method)("/api/v1/candidate/12/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"
    if method != "head":
        assert answer.json()["see"] == "http://testserver/api/v1/"


def test_the_first_address_names_the_others(client):
    addresses = client.get("/api/v1/").json()
    assert set(addresses) == {"trials", "studies", "candidates", "changes", "sync-runs", "schema", "docs"}
    for address in addresses.values():
        assert client.get(address).status_code == 200


def test_an_address_without_its_slash_leads_to_the_one_with_it(client):
    answer = client.get("/api/v1/trials?relevance=about")
    assert answer.status_code == 301
    assert answer["Location"] == "/api/v1/trials/?relevance=about"


@pytest.mark.parametrize("address", LISTS)
def test_head_and_options_are_answered(eight, client, address):
    assert client.head(address).status_code == 200
    assert client.head(address).content == b""
    assert client.options(address).status_code == 200


def test_only_json_is_offered(client):
    answer = client.get("/api/v1/trials/", headers={"Accept": "application/xml"})
    assert answer.status_code == 406
    assert answer.json()["what_to_do"] == "Accept application/json."
