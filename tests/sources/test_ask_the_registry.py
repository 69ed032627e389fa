"""The client of ClinicalTrials.gov, against a registry that is as strict as the real one."""

from __future__ import annotations

import json

import pytest

from tests.fakes import faults
from tests.records import altered, real
from tracker.sources.clinicaltrials import NotFound, Patience, Refused, Registry, TokenDied, Unavailable, Version
from tracker.sources.ctgov_records import Unreadable, read_record
from tracker.terms import Origin


def numbers(page) -> list[str]:
    return [read_record(raw, origin=Origin.REGISTRY).nct_id for raw in page.records]


def test_the_version_of_the_data(registry) -> None:
    assert registry.version() == Version("2.0.5", "2026-08-07T09:00:05")


@pytest.mark.parametrize(
    "body", ["", "{}", "[]", '{"apiVersion":"2.0.5"}', '{"apiVersion":1,"dataTimestamp":2}', "null"]
)
def test_a_version_that_says_nothing_is_asked_again(fake, registry, body) -> None:
    fake.misbehave(faults.status(200, body=body), on="/version")

    assert registry.version().data_timestamp
    assert registry.requests == 2


def test_all_pages_of_a_query(fake, registry) -> None:
    params = {"query.cond": "lung cancer", "pageSize": "7"}
    page = registry.page(params)
    total, found = page.total_count, numbers(page)
    while page.next_page_token:
        page = registry.page(params, page.next_page_token)
        assert page.total_count is None  # on the first page only
        found += numbers(page)

    assert len(found) == len(set(found)) == total
    assert len(found) == 17


def test_every_page_is_asked_with_the_same_parameters(fake, registry) -> None:
    params = {"query.cond": "lung cancer", "filter.advanced": "AREA[LastUpdatePostDate]RANGE[2010-01-01,MAX]"}
    token = registry.page({**params, "pageSize": "7"}).next_page_token
    registry.page({**params, "pageSize": "7"}, token)

    first, second = (one.params for one in fake.asked("/studies"))
    assert second.pop("pageToken") == token
    assert first == second == {**params, "pageSize": "7", "format": "json", "countTotal": "true"}


def test_a_page_is_as_large_as_the_registry_allows(fake, registry) -> None:
    registry.page({})

    assert fake.log[-1].params["pageSize"] == "1000"


def test_a_token_dies_with_the_daily_refresh(fake, registry) -> None:
    params = {"query.cond": "lung cancer", "pageSize": "7"}
    token = registry.page(params).next_page_token
    fake.advance()

    with pytest.raises(TokenDied, match="start the query again"):
        registry.page(params, token)

    assert registry.page(params).records


def test_a_token_of_another_question_is_dead_too(registry) -> None:
    token = registry.page({"query.cond": "lung cancer", "pageSize": "7"}).next_page_token

    with pytest.raises(TokenDied):
        registry.page({"query.cond": "lung", "pageSize": "7"}, token)


def test_a_malformed_query_is_refused_and_no_dead_token(registry) -> None:
    with pytest.raises(Refused, match=r"Error parsing query in `query\.cond`") as caught:
        registry.page({"query.cond": "(lung cancer"})

    assert not isinstance(caught.value, TokenDied)


def test_one_record(registry) -> None:
    assert read_record(registry.study("nct576225"), origin=Origin.REGISTRY).nct_id == "NCT00576225"
    assert registry.requests == 1


def test_an_alias_leads_to_the_surviving_record(fake, registry) -> None:
    fake.alias("NCT00777179", "NCT00576225")

    trial = read_record(registry.study("NCT00777179"), origin=Origin.REGISTRY)

    assert trial.nct_id == "NCT00576225"  # not the number asked
    assert trial.aliases == ("NCT00777179",)
    assert registry.requests == 2  # the redirect counts


def test_a_record_that_vanished(fake, registry) -> None:
    fake.remove("NCT00576225")

    with pytest.raises(NotFound):
        registry.study("NCT00576225")


@pytest.mark.parametrize("given", ["", "NCT", "NCT00000000", "../version", "NCT123456789"])
def test_what_is_no_number_is_not_asked(registry, given) -> None:
    with pytest.raises(ValueError, match="is no NCT number"):
        registry.study(given)

    assert registry.requests == 0


@pytest.mark.parametrize("body", ["", "[]", '{"protocolSection":', "null"])
def test_an_answer_that_is_no_study_is_asked_again(fake, registry, body) -> None:
    fake.misbehave(faults.status(200, body=body), on="/studies/NCT")

    assert registry.study("NCT00576225")
    assert registry.requests == 2


def test_a_garbled_record_comes_with_its_page_and_is_refused_alone(fake, registry) -> None:
    fake.misbehave(faults.garbled_record("NCT00576225"))

    page = registry.page({})

    assert len(page.records) == 30
    assert registry.requests == 1
    with pytest.raises(Unreadable):
        numbers(page)


def test_a_record_with_half_a_character_is_still_given(fake, registry) -> None:
    fake.misbehave(
        faults.Fault("status", code=200, body=real()[0].decode().replace("Ko", r"\ud83e", 1)), on="/studies/N"
    )

    read_record(registry.study("NCT00576225"), origin=Origin.REGISTRY)


def test_the_description_of_fields_and_enums(fake, registry) -> None:
    before = registry.metadata()
    fake.describe(lambda fields: fields[0]["children"][0].update(title="Other"))

    assert registry.metadata().content_hash != before.content_hash
    assert "WITHHELD" in registry.enums().content["Status"]["values"]


def test_nothing_matches(registry) -> None:
    page = registry.page({"query.cond": "zebra"})

    assert (page.records, page.next_page_token, page.total_count) == ([], None, 0)


def test_an_address_with_a_slash_at_its_end(fake) -> None:
    with Registry(fake.url + "/", "test", 0) as registry:
        assert registry.version()


def test_a_client_made_from_settings_keeps_its_patience(fake) -> None:
    fake.misbehave(faults.status(503), on="/version", times=None)
    waits = []

    with (
        Registry(
            fake.url, "test", 0, patience=Patience(attempts=2, first=0.01), on_wait=lambda *told: waits.append(told)
        ) as registry,
        pytest.raises(Unavailable),
    ):
        registry.version()

    assert len(waits) == 1


def test_a_page_holds_records_of_any_size(fake, registry) -> None:
    fake.set(altered(real()[0], {"resultsSection.adverseEventsModule.description": "x" * 2_000_000}))

    page = registry.page({})

    assert len(page.records) == 30
    assert max(len(bytes(raw)) for raw in page.records) > 2_000_000
    assert all(json.loads(bytes(raw)) for raw in page.records)


def test_only_a_400_is_a_dead_token(fake, registry) -> None:
    params = {"query.cond": "lung cancer", "pageSize": "7"}
    token = registry.page(params).next_page_token
    fake.misbehave(faults.status(414, body="URI Too Long"))

    with pytest.raises(Refused) as caught:
        registry.page(params, token)

    assert not isinstance(caught.value, TokenDied)
