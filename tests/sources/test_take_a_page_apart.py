from __future__ import annotations

import tracemalloc

import pytest

from tests.records import altered, real, record
from tracker.sources.ctgov_records import Garbled, Unreadable, read_page, read_record
from tracker.terms import Origin

RECORDS = real()[:5]


def body(records: list[bytes], *, before: bytes = b"", after: bytes = b"") -> bytes:
    """A page as the registry lays it out: one record a line."""
    return b"{" + before + b'"studies":[\n' + b",\n".join(records) + b"\n]" + after + b"}"


def test_a_page_of_records() -> None:
    page = read_page(body(RECORDS, before=b'"totalCount":184,', after=b',"nextPageToken":"abc]"'))

    assert [bytes(one) for one in page.records] == RECORDS
    assert (page.next_page_token, page.total_count) == ("abc]", 184)
    assert read_record(page.records[0], origin=Origin.REGISTRY).nct_id == "NCT00576225"


def test_the_last_page_has_no_token() -> None:
    page = read_page(body(RECORDS))

    assert (page.next_page_token, page.total_count) == (None, None)


def test_a_page_may_be_empty_and_not_the_last() -> None:
    page = read_page(b'{"studies":[],"nextPageToken":"x"}')

    assert (page.records, page.next_page_token) == ([], "x")


def test_unknown_fields_beside_the_records_are_no_fault() -> None:
    assert len(read_page(body(RECORDS, before=b'"took":3,')).records) == 5


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"studies":null}',
        b'{"studies":{}}',
        b'{"studies":[],"totalCount":"many"}',
        b"<!DOCTYPE html><html>",
        b"NCT Number,Study Title",
        b'{"studies":[',
        b'{"studies":]}',
        b'{"studies":[],"nextPageToken":"\xff"}',
    ],
)
def test_what_is_no_page_is_garbled(answer: bytes) -> None:
    with pytest.raises(Garbled):
        read_page(answer)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_page_that_was_cut_off_is_garbled(share: float) -> None:
    whole = body(RECORDS)

    with pytest.raises(Garbled, match="not whole JSON"):
        read_page(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(
    "broken",
    [
        b'{"protocolSection": {"identif',
        b'{"protocolSection": }',
        b"garbage",
        b'{"a":"b\x01"}',
        RECORDS[2][:-1],
        b"]",
        b"}",
    ],
)
def test_a_broken_record_does_not_take_its_page_with_it(broken: bytes) -> None:
    page = read_page(
        body([*RECORDS[:2], broken, *RECORDS[3:]], before=b'"totalCount":5,', after=b',"nextPageToken":"t"')
    )

    assert [bytes(one) for one in page.records] == [*RECORDS[:2], broken, *RECORDS[3:]]
    assert (page.next_page_token, page.total_count) == ("t", 5)
    with pytest.raises(Unreadable):
        read_record(page.records[2], origin=Origin.REGISTRY)
    assert (
        read_record(page.records[3], origin=Origin.REGISTRY).nct_id
        == read_record(RECORDS[3], origin=Origin.REGISTRY).nct_id
    )


def test_a_page_of_broken_records_is_garbled() -> None:
    with pytest.raises(Garbled):
        read_page(body([b'{"a":', b'{"b":', b'{"c":', RECORDS[0]]))


def test_a_record_with_bad_utf8_is_refused_alone() -> None:
    bad = RECORDS[1].replace(b'"briefTitle":"', b'"briefTitle":"\xff')

    page = read_page(body([RECORDS[0], bad, RECORDS[2]]))

    assert len(page.records) == 3
    with pytest.raises(Unreadable):
        read_record(page.records[1], origin=Origin.REGISTRY)
    read_record(page.records[2], origin=Origin.REGISTRY)


def test_a_record_with_a_lone_surrogate_stays_in_its_page() -> None:
    odd = RECORDS[1].replace(b'"briefTitle":"', rb'"briefTitle":"\ud83e ')

    page = read_page(body([RECORDS[0], odd, RECORDS[2]]))

    assert [read_record(one, origin=Origin.REGISTRY).drift for one in page.records][1] == ("text lone surrogate",)


def test_a_large_page_is_read_record_by_record() -> None:
    """A page of 1,000 records and one above 1 MB costs little beyond its own bytes."""
    large = altered(record("NCT02475213"), {"newSection": {"text": "x" * 3_000_000}})
    page_body = body([*([record("NCT07376512")] * 1000), large])

    tracemalloc.start()
    page = read_page(page_body)
    for raw in page.records:
        read_record(raw, origin=Origin.REGISTRY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(page.records) == 1001
    # the large record alone: its bytes, its decoded text, its canonical bytes and the pieces of them
    assert peak < 30_000_000
