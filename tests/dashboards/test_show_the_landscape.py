"""The landscape as a reader meets it: finding, picture, filters, table, exports."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.reads.starter import ROWS, starter_trials
from tracker.models import ChangeEvent, Trial

pytestmark = pytest.mark.django_db


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def numbers_in(answer):
    return re.findall(r'<tr role="row" id="(NCT\d{8})"', answer.content.decode())


def test_the_heading_is_a_finding_and_changes_with_the_filter(client, eight):
    assert "<h1>Six of eight trials have stalled; only one tests a therapy</h1>" in client.get("/").content.decode()
    narrowed = client.get("/?track=diagnostic&stage=2").content.decode()
    assert "<h1>Four trials: two stalled, one advancing, one not known</h1>" in narrowed
    assert "none earns more than stage 3</h1>" in client.get("/?track=diagnostic").content.decode()


def test_the_list_holds_what_the_filter_says_and_no_record_without_evs(client, eight):
    Trial.objects.filter(pk="NCT02657460").update(relevance="mention")
    assert "NCT02657460" not in numbers_in(client.get("/"))
    assert numbers_in(client.get("/?relevance=mention")) == ["NCT02657460"]
    assert numbers_in(client.get("/?country=France")) == ["NCT07376512"]


def test_score_sorts_highest_first_and_the_heading_turns_it_round(client, eight):
    first = client.get("/")
    assert numbers_in(first)[0] == "NCT02657460"
    assert 'aria-sort="descending" class="n"><a href="/?sort=score"' in first.content.decode()
    assert numbers_in(client.get("/?sort=score"))[-1] == "NCT02657460"


def test_every_number_of_the_picture_leads_to_its_rows(client, eight):
    page = client.get("/").content.decode()
    links = re.findall(r'<td class="n"><a href="(/\?[^"]+)">(\d+)</a>', page)
    assert sum(int(count) for _, count in links) == 8
    for address, count in links:
        assert len(numbers_in(client.get(address.replace("&amp;", "&")))) == int(count), address


def test_an_untitled_silent_record_says_not_reported_and_nothing_is_blank(client, eight):
    page = text_of(client.get("/"))
    assert "Title not reported" in page
    assert "sponsor not reported" in page
    assert "status not reported" in page
    assert "None" not in page
    assert "null" not in page
    assert not re.search(r"<td[^>]*>\s*</td>", client.get("/").content.decode().replace('<td class="src"></td>', ""))


def test_a_partial_record_says_so(client, eight):
    assert text_of(client.get("/")).count("partial record") == 7


def test_a_record_without_stage_has_no_mark(client, eight):
    Trial.objects.filter(pk="NCT07070011").update(
        track=None, stage=None, stage_possible=None, score=None, momentum=None
    )
    page = text_of(client.get("/"))
    assert "no stage" in page
    assert "One more has no stage." in page


def test_no_match_offers_each_filter_to_drop(client, eight):
    page = client.get("/?track=therapeutic&country=France")
    assert "No trial matches these filters" in text_of(page)
    assert "Drop one" in text_of(page)
    assert 'href="/?country=France"' in page.content.decode()


def test_an_empty_store_says_how_to_fill_it(client, db):
    page = text_of(client.get("/"))
    assert "No trial about EVs in lung cancer is stored yet" in page
    assert "Nothing is stored yet." in page


def test_a_number_in_the_search_goes_to_the_trial_or_to_why(client, eight):
    assert client.get("/?search=nct2657460").headers["Location"] == "/trials/NCT02657460/"
    assert client.get("/?search=NCT00000001").headers["Location"] == "/why/NCT00000001/"
    assert numbers_in(client.get("/?search=microparticles")) == ["NCT02657460"]


@pytest.mark.parametrize(
    "address",
    [
        "/?stage=12",
        "/?status=OPEN",
        "/?sort=colour",
        "/?cursor=zzz",
        "/?search=a%00b",
        "/trials.csv?stage=x",
        "/pipeline.svg?stage=x",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_in_words(client, eight, address):
    answer = client.get(address)
    assert answer.status_code == 400
    assert "This address cannot be read" in text_of(answer)


def test_pages_of_the_list_lead_on_and_back(client, eight):
    starter_trials(rows=[{**ROWS[0], "nct_id": f"NCT09{n:06d}"} for n in range(60)])
    first = client.get("/").content.decode()
    later = re.search(r'href="(/\?cursor=[^"]+)" rel="next"', first)[1]
    second = client.get(later)
    earlier = re.search(r'href="(/\?cursor=[^"]+)" rel="prev"', second.content.decode())[1]
    assert len(numbers_in(client.get("/"))) == 50
    assert len(numbers_in(second)) == 18
    assert numbers_in(client.get(earlier)) == numbers_in(client.get("/"))


def test_the_page_keeps_its_queries_with_ten_rows_more(client, eight, django_assert_max_num_queries):
    client.get("/")
    with django_assert_max_num_queries(12) as small:
        client.get("/")
    starter_trials(rows=[{**ROWS[0], "nct_id": f"NCT0900000{n}"} for n in range(10)])
    with django_assert_max_num_queries(12) as large:
        client.get("/")
    assert len(small.captured_queries) == len(large.captured_queries)


def test_the_csv_holds_the_list_whole_and_in_its_order(client, eight):
    answer = client.get("/trials.csv?momentum=stalled&sort=-people")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert [row["nct_id"] for row in rows] == numbers_in(client.get("/?momentum=stalled&sort=-people"))
    assert rows[0]["people"] == "1000"
    assert rows[0]["people_type"] == "ACTUAL"


@pytest.mark.parametrize("title", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_the_csv_is_a_formula(client, eight, title):
    Trial.objects.filter(pk="NCT02657460").update(brief_title=title)
    answer = client.get("/trials.csv?track=therapeutic")
    [row] = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline=""))
    assert row["title"] == f"'{title}"


def test_a_title_cannot_bring_markup(client, eight):
    Trial.objects.filter(pk="NCT02657460").update(brief_title="<script>alert(1)</script><b onclick=x>")
    page = client.get("/").content.decode()
    assert "<script>alert" not in page
    assert "<b onclick" not in page


def test_nothing_is_inline_and_the_policy_says_so(client, eight):
    answer = client.get("/")
    page = answer.content.decode()
    assert not re.search(r"<(?!mark)[a-z][^>]*\sstyle=", page)
    assert not re.search(r"<[a-z][^>]*\son[a-z]+=", page)
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_the_foot_names_the_source_its_date_and_the_limits(client, eight):
    page = text_of(client.get("/"))
    assert "ClinicalTrials.gov" in page
    assert "data of 2026-03-13" in page
    assert "not medical advice" in page
    assert "rubric 2026-1" in page


def test_the_changes_of_the_last_days_stand_newest_first(client, eight):
    now = timezone.now()
    for days, kind, after in (
        (40, "status", "RECRUITING"),
        (3, "status", "TERMINATED"),
        (1, "results_posted", "2026-01-02"),
    ):
        ChangeEvent.objects.create(
            trial=eight[0], kind=kind, before=None, after=after, seen=now - timedelta(days=days), version_after=1
        )
    page = text_of(client.get("/"))
    assert "In the last 30 days" in page
    assert page.index("Results posted 2026-01-02") < page.index("Status not reported → terminated")
    assert "→ recruiting" not in page


def test_only_pages_that_exist_are_in_the_navigation(client, eight):
    page = client.get("/").content.decode()
    links = re.findall(r'<nav aria-label="Main">(.*?)</nav>', page)[0]
    for address in re.findall(r'href="([^"]+)"', links):
        assert client.get(address).status_code in (200, 302), address
    assert 'aria-current="page">Landscape' in links


def test_the_look_is_kept_in_a_cookie_and_leads_back(client, eight):
    answer = client.post("/look/", {"theme": "dark", "next": "/?stage=2"})
    assert answer.headers["Location"] == "/?stage=2"
    assert '<html lang="en" data-theme="dark">' in client.get("/").content.decode()
    client.post("/look/", {"density": "compact", "next": "/"})
    assert 'data-density="compact"' in client.get("/").content.decode()


def test_the_look_leads_nowhere_else_and_takes_no_other_word(client, db):
    answer = client.post("/look/", {"theme": "blue", "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"
    assert "theme" not in answer.cookies
    assert client.get("/look/").status_code == 405


def test_an_address_that_leads_nowhere_says_so(client, db):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Nothing at this address" in text_of(answer)


def test_a_fault_of_ours_needs_no_database(client, monkeypatch, caplog, django_assert_num_queries, rf):
    from tracker.dashboards.views import server_fault

    with django_assert_num_queries(0):
        answer = server_fault(rf.get("/trials/NCT02657460/"))
    assert answer.status_code == 500
    reference = re.search(r"Reference ([0-9a-f]{4})", answer.content.decode())[1]
    assert reference in caplog.text
