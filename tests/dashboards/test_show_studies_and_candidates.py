"""The pages of studies and candidates: what they say, in what order, and what they never show."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse

from tests.reads.bench import READ_AT, bench_work
from tracker.models import Candidate, EvidenceLink, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def bench(eight):
    return bench_work()


def words(client, address: str) -> str:
    """The text of a page, its white space folded."""
    answer = client.get(address)
    assert answer.status_code == 200
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_the_list_of_studies_says_the_finding_and_names_the_retraction(bench, client):
    told = words(client, reverse("studies"))
    assert "Seven studies; none earns more than stage 7; one is retracted" in told
    assert "Retracted. It counts for nothing." in told


def test_a_retraction_is_the_first_line_of_the_page(bench, client):
    page = client.get(bench["retracted"].get_absolute_url()).content.decode()
    main = page[page.index('id="fresh"') :]
    assert main.index("<b>Retracted 2024-05-02.</b> It counts for nothing since then.") < main.index("<h1>")
    assert 'href="https://pubmed.ncbi.nlm.nih.gov/99999902/"' in main


def test_the_reporting_items_are_counted_among_those_that_apply(bench, client):
    page = client.get(bench["microparticles"].get_absolute_url()).content.decode()
    assert "EV reporting, 4 of 9 that apply" in page
    squares = page[page.index('<ol class="squares') : page.index("</ol>", page.index('<ol class="squares'))]
    assert [squares.count(f'<li class="{mark}">') for mark in ("filled", "hollow", "crossed")] == [4, 5, 1]


def test_a_study_that_nobody_read_says_so(bench, client):
    told = words(client, bench["untitled-source"].get_absolute_url())
    assert "EV reporting, not looked yet" in told
    assert "PMID and DOI not reported" in told
    assert "None" not in told.split()


def test_the_share_of_people_animals_and_molecules_stands_beside(bench, client):
    study = bench["microparticles"]
    study.mesh_terms = ["Humans", "Mice", "A549 Cells", "Exosomes", "Prognosis"]
    study.save(update_fields=["mesh_terms"])
    told = words(client, study.get_absolute_url())
    assert (
        "MeSH headings people 25 %, animals 25 %, cells and molecules 50 % of the 4 headings of 5 that say so" in told
    )
    study.mesh_terms = ["Prognosis"]
    study.save(update_fields=["mesh_terms"])
    assert "MeSH headings not reported" in words(client, study.get_absolute_url())


def test_every_extracted_value_has_its_origin(bench, client):
    told = words(client, bench["microparticles"].get_absolute_url())
    assert "Patients 11 12, proposed by rule: not used by J. Doe, 2026-02-03" in told
    assert "Animals 24 from a file" in told
    assert "tumour volume change -61 % -70 to -48 24 from a file" in told


def test_a_study_shows_its_candidates_and_the_trial_it_led_to(bench, client):
    page = client.get(bench["microparticles"].get_absolute_url()).content.decode()
    assert reverse("candidate", args=["tumour-cell-microparticles"]) in page
    assert reverse("trial", args=["NCT02657460"]) in page
    assert "accepted by J. Doe, 2026-02-03" in page


def test_proposed_links_are_shown_apart_and_move_nothing(bench, client):
    told = words(client, bench["neutrophils"].get_absolute_url())
    assert "No link is accepted yet. Proposed by rule, not counted" in told
    before = words(client, "/candidates/tumour-cell-microparticles/")
    EvidenceLink.objects.filter(state="proposed").delete()
    after = words(client, "/candidates/tumour-cell-microparticles/")

    found = [re.search(r"The ladder(.*?)no recorded evidence (?:Two|One|No)", text) for text in (before, after)]
    assert found[0]
    assert found[1]
    assert found[0][1] == found[1][1]


def test_the_candidate_says_how_far_it_reaches_and_what_is_missing(bench, client):
    told = words(client, "/candidates/tumour-cell-microparticles/")
    assert (
        "Tumour-cell microparticles with a drug reaches stage 7, phase 2; no record at stages 1 to 3, 5 and 6" in told
    )
    assert "no recorded evidence at stage 5, late preclinical" in told
    assert "rank" not in told.lower().replace("franklin", "")


def test_a_retracted_study_holds_no_rung(bench, client):
    Study.objects.filter(pk=bench["microparticles"].pk).update(is_retracted=True)
    assert "no recorded evidence at stage 4, in vivo" in words(client, "/candidates/tumour-cell-microparticles/")


def test_a_contradicting_record_stands_at_its_stage_and_earns_it_not(bench, client):
    told = words(client, "/candidates/dexosomes/")
    assert "Dexosomes reaches stage 6, phase 1; no record at stages 1 to 5; one record contradicts it" in told


@pytest.mark.parametrize(
    ("old", "now"),
    [("atmp", "tumour-cell-microparticles"), ("exosomal-pd-l1-test", "ev-pd-l1")],
)
def test_old_addresses_of_candidates_lead_on(bench, client, old, now):
    answer = client.get(reverse("candidate", args=[old]))
    assert (answer.status_code, answer["Location"]) == (301, reverse("candidate", args=[now]))


def test_the_number_of_a_folded_study_leads_on(bench, client):
    answer = client.get("/studies/900001/")
    assert (answer.status_code, answer["Location"]) == (301, "/studies/900002/")


@pytest.mark.parametrize("address", ["/studies/1234567/", "/studies/99999999999999999999/", "/candidates/nobody/"])
def test_what_is_not_there_is_a_plain_404(bench, client, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/studies/", "/studies/900002/", "/candidates/", "/candidates/dexosomes/", "/studies.csv",
     "/api/v1/studies/", "/api/v1/studies/900002/", "/api/v1/candidates/dexosomes/"],
)  # fmt: skip
def test_where_facts_were_read_is_never_public(bench, client, address):
    answer = client.get(address)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert READ_AT.encode() not in body
    assert b"read-at" not in body


def test_the_lists_as_csv_hold_every_row_and_no_formula(bench, client):
    Candidate.objects.filter(slug="dexosomes").update(name="=1+1")
    Study.objects.filter(pk=900_002).update(title="@SUM(A1)")
    rows = {}
    for name in ("studies", "candidates"):
        body = b"".join(client.get(f"/{name}.csv").streaming_content).decode()
        rows[name] = list(csv.DictReader(io.StringIO(body)))
    assert len(rows["studies"]) == 7
    assert "'@SUM(A1)" in {row["title"] for row in rows["studies"]}
    assert "'=1+1" in {row["name"] for row in rows["candidates"]}
    assert {row["slug"] for row in rows["candidates"]} == {
        "tumour-cell-microparticles", "dexosomes", "ev-pd-l1", "nothing-yet",
    }  # fmt: skip


def test_the_time_line_is_a_picture_a_table_and_files(bench, client):
    page = client.get("/candidates/dexosomes/").content.decode()
    assert "Two studies from 2005 to 2016; no trial yet" in page
    picture = page[page.index('class="picture"') : page.index("</svg>", page.index('class="picture"'))]
    assert [picture.count(f'fill="var({colour})"') for colour in ("--ok", "--bad")] == [1, 1]
    assert picture.count(f'href="{bench["dexosomes-1"].get_absolute_url()}"') == 2  # its sign and its name
    assert client.get("/candidates/dexosomes/time-line.png").content.startswith(b"\x89PNG")
    svg = client.get("/candidates/dexosomes/time-line.svg").content.decode()
    assert "<svg" in svg
    assert "var(--" not in svg
    lines = b"".join(client.get("/candidates/dexosomes/time-line.csv").streaming_content).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["record", "PMID 15723705", "PMID 27141373"]
    assert client.get("/candidates/nothing-yet/time-line.svg").status_code == 404


def test_terms_stand_in_words_and_a_record_is_cited_once(bench, client):
    dexosomes = Candidate.objects.get(slug="dexosomes")
    title = bench["dexosomes-1"].title
    dexosomes.cargo, dexosomes.mechanisms, dexosomes.ev_sources = ["mirna"], ["emt"], ["tumour"]
    dexosomes.references = [
        {"title": f"{title}.", "url": "https://doi.org/10.1186/1479-5876-3-9"},
        {"title": "A review", "url": "https://example.org/"},
    ]
    dexosomes.save()
    page = client.get(dexosomes.get_absolute_url()).content.decode()
    sources = page[page.index('id="sources"') : page.index("This page:")]
    assert (sources.count(title), sources.count("A review")) == (1, 1)
    for told in (words(client, "/candidates/"), words(client, dexosomes.get_absolute_url())):
        assert "miRNA" in told
        assert "epithelial-mesenchymal transition" in told


def test_the_landscape_says_what_stands_beside_the_trials(bench, client):
    assert "Beside the trials: 7 studies and 4 candidates" in words(client, "/")


def test_empty_lists_say_what_to_do(client):
    assert "No candidate yet. A curator makes one from a trial or study" in words(client, "/candidates/")
    assert "No study yet. Studies come from Europe PMC" in words(client, "/studies/")


@pytest.mark.parametrize("address", ["/studies/?year=soon", "/candidates/?kind=both", "/studies/?cursor=x"])
def test_a_filter_that_means_nothing_is_refused(bench, client, address):
    assert client.get(address).status_code == 400
