"""Lists of studies and candidates: filters, order, pages, counts, and that ten rows more cost no query more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from tests.reads.bench import bench_work
from tests.reads.starter import starter_trials
from tracker.models import Candidate, EvidenceLink, LineageLink, Study
from tracker.reads.candidate import whole_candidate
from tracker.reads.candidates import CANDIDATES, CandidateFilter, CandidateSort, page_of_candidates, rungs_of
from tracker.reads.facets import facets_of
from tracker.reads.lineage import lineage_of, tree
from tracker.reads.listing import Cursor
from tracker.reads.studies import STUDIES, StudyFilter, StudySort, page_of_studies
from tracker.reads.study import whole_study
from tracker.reads.timeline import year_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 3, tzinfo=UTC)


@pytest.fixture
def bench(db):
    starter_trials()
    return bench_work()


def names(bench, rows):
    by_key = {study.pk: name for name, study in bench.items()}
    return [by_key[row.pk] for row in rows]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"track": ["diagnostic"]}, {"pd-l1"}),
        ({"stage": ["6"]}, {"dexosomes-1"}),
        ({"stage_min": ["6"]}, {"dexosomes-1", "dexosomes-2"}),
        ({"year": ["2005", "not_reported"]}, {"dexosomes-1", "untitled-source"}),
        ({"retracted": ["true"]}, {"retracted"}),
        ({"role": ["prediction"]}, {"pd-l1", "untitled-source"}),
        ({"candidate": ["dexosomes"]}, {"dexosomes-1", "dexosomes-2"}),
        ({"search": ["27141373"]}, {"dexosomes-2"}),
        ({"search": ["10.1126/SCITRANSLMED.AAT5690"]}, {"microparticles"}),
        ({"search": ["neutrophil response"]}, {"neutrophils"}),
    ],
)
def test_a_filter_finds_its_studies(bench, asked, found):
    page = page_of_studies(chosen=StudyFilter.read(asked), sort=StudySort())
    assert set(names(bench, page.rows)) == found


def test_a_proposed_link_is_no_filter(bench):
    chosen = StudyFilter.read({"candidate": ["tumour-cell-microparticles"]})
    assert "neutrophils" not in names(bench, page_of_studies(chosen=chosen, sort=StudySort()).rows)


@pytest.mark.parametrize("name", StudySort.ORDERS)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_turns_its_pages_forwards_and_back(bench, name, descending):
    sort = StudySort(name, descending)
    whole = [row.pk for row in page_of_studies(chosen=StudyFilter(), sort=sort, size=50).rows]
    page, found = page_of_studies(chosen=StudyFilter(), sort=sort, size=2), []
    while True:
        found += [row.pk for row in page.rows]
        if not page.later:
            break
        page = page_of_studies(chosen=StudyFilter(), sort=sort, size=2, cursor=Cursor.read(page.later, sort=sort))
    assert found == whole
    back = page_of_studies(chosen=StudyFilter(), sort=sort, size=2, cursor=Cursor.read(page.earlier, sort=sort))
    assert [row.pk for row in back.rows] == whole[4:6]


@pytest.mark.parametrize("name", CandidateSort.ORDERS)
def test_every_order_of_candidates_turns_its_pages(bench, name):
    sort = CandidateSort(name, name != "name")
    page, found = page_of_candidates(chosen=CandidateFilter(), sort=sort, size=1), []
    while True:
        found += [row.slug for row in page.rows]
        if not page.later:
            break
        page = page_of_candidates(
            chosen=CandidateFilter(), sort=sort, size=1, cursor=Cursor.read(page.later, sort=sort)
        )
    assert len(found) == len(set(found)) == 4


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"kind": ["diagnostic"]}, {"ev-pd-l1", "nothing-yet"}),
        ({"search": ["ATMPs"]}, {"tumour-cell-microparticles"}),
        ({"cargo": ["protein"]}, {"dexosomes"}),
        ({"status": ["merged"]}, {"exosomal-pd-l1-test"}),
        ({}, {"tumour-cell-microparticles", "dexosomes", "ev-pd-l1", "nothing-yet"}),
    ],
)
def test_a_filter_finds_its_candidates(bench, asked, found):
    page = page_of_candidates(chosen=CandidateFilter.read(asked), sort=CandidateSort())
    assert {row.slug for row in page.rows} == found


def test_every_count_beside_a_filter_leads_to_so_many_rows(bench, client):
    lists = [(STUDIES, StudyFilter(), "studies"), (CANDIDATES, CandidateFilter(), "candidates")]
    followed = 0
    for known, chosen, name in lists:
        for facet in facets_of(known, chosen):
            for value in facet.values:
                if value.address:
                    rows = known_rows(client, name, value.address)
                    assert rows == value.count, (facet.name, value)
                    followed += 1
    assert followed > 20


def known_rows(client, name, address):
    address = address if "relevance" in address or name == "candidates" else f"{address}&relevance=about"
    return len(client.get(f"{reverse(f'api-{name}')}{address}").json()["results"])


def test_the_counts_of_a_candidate_leave_out_the_proposed_and_the_retracted(bench):
    one = page_of_candidates(chosen=CandidateFilter(search="microparticles"), sort=CandidateSort()).rows[0]
    assert (one.supporting, one.contradicting, one.proposed, one.trials, one.studies) == (2, 0, 1, 1, 1)
    assert rungs_of(one) == (4, 7)
    assert whole_candidate(one.slug).rungs == (4, 7)


def test_ten_records_more_cost_no_query_more(bench, django_assert_num_queries):
    def grow():
        one = Candidate.objects.get(slug="dexosomes")
        for place in range(10):
            study = Study.objects.create(
                title=f"Study {place}", origin="file", relevance="about", first_seen=NOW, last_changed=NOW
            )
            more = {"state": "accepted", "proposer": "person", "basis": "x", "proposed": NOW, "decided": NOW}
            EvidenceLink.objects.create(candidate=one, study=study, direction="supports", **more)
            LineageLink.objects.create(kind="led_to", from_study=study, to_study=bench["dexosomes-1"], **more)
            other = Candidate.objects.create(slug=f"c{place}", name=f"C {place}", kind="diagnostic", created=NOW)
            EvidenceLink.objects.create(candidate=other, study=bench["dexosomes-1"], direction="neutral", **more)

    def ask():
        with django_assert_num_queries(5):
            whole_candidate("dexosomes")
        with django_assert_num_queries(7):
            whole_study(bench["dexosomes-1"].pk)
        with django_assert_num_queries(2):
            page_of_candidates(chosen=CandidateFilter(), sort=CandidateSort())
        with django_assert_num_queries(4):
            page_of_studies(chosen=StudyFilter(), sort=StudySort(), evidence=True)

    ask()
    grow()
    ask()


def test_lineage_runs_forward_in_time_however_it_is_said(bench):
    lines = lineage_of(studies=[bench["dexosomes-2"].pk])
    assert [(line.earlier.began, line.verb, line.later.began) for line in lines] == [
        ("2005", "was replicated by", "2016")
    ]


def test_a_ring_of_lineage_is_drawn_once(bench):
    more = {"state": "accepted", "proposer": "person", "basis": "x", "proposed": NOW, "decided": NOW}
    LineageLink.objects.create(
        kind="replicates", from_study=bench["dexosomes-1"], to_study=bench["dexosomes-2"], **more
    )
    (root,) = tree(lineage_of(studies=[bench["dexosomes-1"].pk]))
    assert root.record.began == "2005"
    assert root.branches[0].branches[0].is_repeated


@pytest.mark.parametrize(
    ("given", "year"), [("2020", 2020.0), ("2020-07-01", 2020.497), ("soon", None), (None, None), ("2020-13", None)]
)
def test_a_partial_date_stands_at_its_first_day(given, year):
    assert year_of(given) == year


@pytest.mark.parametrize(
    ("name", "said"),
    [("ctDNA and exosome RNA", "ctDNA and exosome RNA has no"), ("exosomal miR-21", "Exosomal miR-21 has no")],
)
def test_a_name_written_small_on_purpose_stays_so(db, name, said):
    Candidate.objects.create(slug="one", name=name, kind="diagnostic", created=NOW)
    assert whole_candidate("one").finding.startswith(said)
