"""The list: filters, orders, and a page at a time in both directions."""

from __future__ import annotations

import pytest
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reads.starter import ROWS, starter_trials
from tracker.models import Trial
from tracker.reads.listing import Cursor, Refused
from tracker.reads.trials import SORTS, Sort, TrialFilter, page_of_trials

pytestmark = pytest.mark.django_db


def numbers(**query: str | list[str]) -> set[str]:
    given = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
    return set(TrialFilter.read(given).rows().values_list("nct_id", flat=True))


@pytest.fixture
def eight(db):
    return starter_trials()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"track": "therapeutic"}, {"NCT02657460"}),
        ({"stage": ["7", "3"]}, {"NCT02657460", "NCT03830619", "NCT04529915", "NCT04182893"}),
        ({"stage": "7,2", "track": "therapeutic"}, {"NCT02657460"}),
        ({"stage_min": "5"}, {"NCT02657460"}),
        ({"momentum": "advancing"}, {"NCT07376512"}),
        ({"role": "monitoring"}, {"NCT04499794"}),
        ({"status": "recruiting"}, {"NCT04629079"}),
        ({"status": ["RECRUITING", "not_reported"]}, {"NCT04629079", "NCT07070011"}),
        ({"country": ["France", "South Korea"]}, {"NCT07376512", "NCT04529915"}),
        ({"country": "not_reported"}, {"NCT04182893", "NCT07070011", "NCT04499794", "NCT04629079"}),
        ({"sponsor": "Wuhan Union Hospital, China"}, {"NCT02657460", "NCT03830619"}),
        ({"sponsor": "not_reported"}, {"NCT07070011", "NCT04499794"}),
        ({"year": "2026"}, {"NCT07376512"}),
        ({"partial": "false"}, {"NCT07376512"}),
        ({"search": "exosome -nodules"}, {"NCT04529915", "NCT04499794", "NCT03830619", "NCT04629079"}),
        ({"search": "nct0449"}, {"NCT04499794"}),
        ({"relevance": "none"}, set()),
        ({"unknown": "x", "track": ""}, {row["nct_id"] for row in ROWS}),
    ],
)
def test_a_filter_holds_the_trials_it_names(eight, query, expected):
    assert numbers(**query) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "open"}, "status"),
        ({"stage": "10"}, "stage"),
        ({"stage_min": "-1"}, "stage_min"),
        ({"stage": "²"}, "stage"),
        ({"year": "20261"}, "year"),
        ({"search": "a\x00b"}, "search"),
        ({"partial": "maybe"}, "partial"),
    ],
)
def test_a_value_that_is_not_known_is_refused_by_name(query, field):
    with pytest.raises(Refused) as refused:
        TrialFilter.read({name: [value] for name, value in query.items()})
    assert refused.value.field == field


def test_an_address_reads_back_as_the_same_filter(eight):
    chosen = TrialFilter.read({"stage": ["3", "2"], "country": ["Korea & more"], "search": ["plasma exosome"]})
    from django.http import QueryDict

    again = TrialFilter.read(dict(QueryDict(chosen.address()[1:]).lists()))

    assert again == chosen
    assert chosen.dropped("stage", "3").values("stage") == ("2",)
    assert chosen.dropped("search").values("search") == ()
    assert chosen.chosen("stage", "7").values("stage") == ("7",)


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_pages_meet_without_overlap_and_lead_back(eight, name, sign):
    sort = Sort.read(sign + name)
    chosen = TrialFilter()
    whole = [t.nct_id for t in page_of_trials(chosen=chosen, sort=sort, size=50).trials]

    forward, pages, cursor = [], [], None
    while True:
        page = page_of_trials(chosen=chosen, sort=sort, cursor=Cursor.read(cursor, sort=sort), size=3)
        pages.append(page)
        forward += [t.nct_id for t in page.trials]
        if not page.later:
            break
        cursor = page.later
    back, cursor = [t.nct_id for t in pages[-1].trials], pages[-1].earlier
    while cursor:
        page = page_of_trials(chosen=chosen, sort=sort, cursor=Cursor.read(cursor, sort=sort), size=3)
        back = [t.nct_id for t in page.trials] + back
        cursor = page.earlier

    assert sorted(whole) == sorted(row["nct_id"] for row in ROWS)
    assert forward == whole
    assert back == whole
    assert pages[0].earlier is None


def test_silent_records_stand_last_in_both_directions(eight):
    for order in ("people", "-people"):
        page = page_of_trials(chosen=TrialFilter(), sort=Sort.read(order))
        assert page.trials[-1].nct_id == "NCT04629079"


def test_a_higher_stage_stands_above_at_the_same_score(eight):
    Trial.objects.filter(pk="NCT07376512").update(score=F("score") - F("score") + 30, stage=2)
    Trial.objects.filter(pk="NCT03830619").update(score=30, stage=3)

    order = [t.nct_id for t in page_of_trials(chosen=TrialFilter(), sort=Sort()).trials]

    assert order.index("NCT03830619") < order.index("NCT07376512")


def test_momentum_sorts_by_how_alive_and_not_by_letter(eight):
    order = [t.momentum for t in page_of_trials(chosen=TrialFilter(), sort=Sort.read("momentum")).trials]
    assert order[0] == "advancing"
    assert order[-1] == "unknown"


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_a_broken_cursor_is_refused_and_never_breaks(text):
    if text:
        with pytest.raises(Refused):
            Cursor.read(text, sort=Sort())


def test_a_cursor_of_another_order_is_refused(eight):
    page = page_of_trials(chosen=TrialFilter(), sort=Sort(), size=3)
    with pytest.raises(Refused, match="begin again"):
        Cursor.read(page.later, sort=Sort.read("title"))


def test_ten_rows_more_cost_no_query_more(eight, django_assert_num_queries):
    for count in (8, 18):
        if count == 18:
            starter_trials(rows=[{**ROWS[0], "nct_id": f"NCT0900000{n}"} for n in range(10)])
        with django_assert_num_queries(3):
            page = page_of_trials(chosen=TrialFilter(), sort=Sort(), evidence=True)
            assert [len(t.current_maturities) for t in page.trials] == [1] * count
            assert not any(list(t.all_annotations) for t in page.trials)
