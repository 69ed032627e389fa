"""Asking Europe PMC: pages by cursor mark, and what is not an answer."""

from __future__ import annotations

import pytest

from tests.fakes import faults
from tests.fakes.europepmc import FakeEuropePmc
from tests.records.europepmc import publications, result
from tracker.sources.europepmc import (
    Blocked,
    EuropePmc,
    NotFound,
    Patience,
    Refused,
    TokenDied,
    Unavailable,
)
from tracker.sources.europepmc_records import read_study
from tracker.sources.session import PoliteSession

AGENT = "ExoTracker/test (research tool)"


@pytest.fixture
def fake():
    with FakeEuropePmc([result(number) for number in range(1, 8)]) as source:
        yield source


@pytest.fixture
def source(fake, pauses, waits):
    session = PoliteSession(
        user_agent=AGENT,
        min_interval=0,
        patience=Patience(jitter=0),
        sleep=pauses,
        clock=pauses.clock,
        on_wait=lambda why, seconds: waits.append((why, seconds)),
    )
    with EuropePmc(fake.url, AGENT, session=session) as client:
        yield client


def everything(source, query="exosomes", size=3):
    found, cursor = [], None
    while True:
        page = source.search(query, cursor, page_size=size)
        found += [bytes(raw) for raw in page.records]
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor


def test_pages_bring_every_record_once(fake, source):
    found = [read_study(raw).pmid for raw in everything(source)]

    assert sorted(found) == [str(number) for number in range(1, 8)]
    assert {params["resultType"] for params in fake.asked()} == {"core"}
    assert {one.user_agent for one in fake.log} == {AGENT}


def test_the_last_page_gives_back_its_mark(fake, source):
    page = source.search("exosomes", page_size=7)

    assert page.hit_count == 7
    assert source.search("exosomes", page.next_cursor, page_size=7).next_cursor is None


def test_nothing_found_is_no_error(source):
    page = source.search("melanoma")

    assert page == ([], None, 0)


def test_the_words_of_a_refusal_are_the_sources(source, waits):
    with pytest.raises(Refused) as refused:
        source.search("exosomes", page_size=1001)

    assert refused.value.words == "Invalid page size provided. Valid size is between 1 and 1000"
    assert waits == [], "asking again is no use"


def test_a_mark_of_another_query_is_a_dead_one(source):
    cursor = source.search("exosomes", page_size=3).next_cursor

    with pytest.raises(TokenDied, match="start the query again"):
        source.search("lung", cursor, page_size=3)


def test_a_block_is_no_empty_answer(fake, source):
    fake.misbehave(faults.status(403, times=None))

    with pytest.raises(Blocked, match="refuses this client"):
        source.search("exosomes")
    assert source.requests == 1


def test_another_address_is_not_there(fake):
    with EuropePmc(fake.url + "/v7", AGENT, 0) as source, pytest.raises(NotFound):
        source.search("exosomes")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (faults.nothing(), "neither results nor an error"),
        (faults.truncated(), "not whole JSON"),
        (faults.cut_off(), "cut off"),
        (faults.web_page(), "a web page instead of data"),
        (faults.status(429, retry_after="7"), "slow down"),
        (faults.status(502), "not available"),
        (faults.status(200, body='{"errCode": 500, "errMsg": "Search failed"}'), "error at the source"),
        (faults.status(200, body='{"hitCount": 1, "resultList": {"result": {"id": "1"}}}'), "not a page"),
    ],
)
def test_what_may_pass_is_asked_again(fake, source, waits, fault, why):
    fake.misbehave(fault)

    assert source.search("exosomes").hit_count == 7
    [(said, _)] = waits
    assert why in said


def test_what_does_not_pass_ends_with_a_name(fake, source):
    fake.misbehave(faults.nothing(times=None))

    with pytest.raises(Unavailable, match="neither results nor an error"):
        source.search("exosomes")


@pytest.mark.parametrize(
    "written",
    ["28553110", "PMID: 28553110", "PMC5439933", "10.2147/IJN.S131516", "https://doi.org/10.2147/ijn.s131516"],
)
def test_a_paper_is_found_by_any_of_its_numbers(written):
    with FakeEuropePmc(publications()) as fake, EuropePmc(fake.url, AGENT, 0) as source:
        assert read_study(source.find(written)).pmid == "28553110"


def test_a_paper_that_is_not_there_is_none(source):
    assert source.find("99999999") is None


def test_what_is_no_number_is_said_so(source):
    with pytest.raises(ValueError, match="no PMID, PMCID or DOI"):
        source.find("exosomes")
