"""The picture: one specification for the page and the downloads."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

import pytest

from tests.reads.starter import ROWS, starter_trials
from tracker.dashboards.pictures import drawn, lanes, light_values, portable, specification
from tracker.models import Trial
from tracker.reads.landscape import pipeline
from tracker.reads.trials import TrialFilter

pytestmark = pytest.mark.django_db


@pytest.fixture
def road(eight):
    return pipeline(TrialFilter.read({"relevance": ["about"]}))


def test_every_trial_is_a_sign_that_leads_to_its_page(road):
    svg = drawn(specification(road), pipeline=road)
    assert sorted(re.findall(r'<a href="/trials/(NCT\d{8})/" tabindex="-1"><title>', svg)) == sorted(
        row["nct_id"] for row in ROWS
    )
    assert "<title>NCT02657460, stalled: Clinical Trial of Tumor Cell-derived" in svg
    ET.fromstring(svg.replace("xlink:href", "href"))


def test_the_inline_picture_carries_tokens_and_no_style(road):
    svg = drawn(specification(road), pipeline=road)
    assert 'fill="var(--go-stalled)"' in svg
    assert " style=" not in svg
    assert not re.search(r'(fill|stroke)="#', svg)
    assert 'aria-hidden="true"' in svg


def test_a_title_cannot_break_out_of_the_picture(road, eight):
    Trial.objects.filter(pk="NCT02657460").update(brief_title='</title><script>alert(1)</script>"')
    again = pipeline(TrialFilter.read({"relevance": ["about"]}))
    svg = drawn(specification(again), pipeline=again)
    assert "<script" not in svg
    ET.fromstring(svg)


def test_a_download_has_the_light_values_instead(road):
    spec = portable(specification(road))
    assert "var(" not in json.dumps(spec)
    assert light_values()["--go-stalled"] == "#86417a"
    assert "#86417a" in json.dumps(spec)


def test_above_twelve_in_a_stage_the_signs_give_way_to_counts(eight):
    starter_trials(rows=[{**ROWS[1], "nct_id": f"NCT09{n:06d}"} for n in range(11)])
    road = pipeline(TrialFilter.read({"relevance": ["about"]}))
    svg = drawn(specification(road), pipeline=road)
    assert "<a " not in svg
    assert ">14</text>" in svg
    [diagnostic, _] = lanes(road)
    row = next(row for row in diagnostic["rows"] if row["stage"] == "3")
    assert row["trials"] == ()
    assert row["counts"] == [("stalled", 14)]


def test_the_lanes_join_empty_stretches_highest_first(road):
    diagnostic, therapeutic = lanes(road)
    assert [row["stage"] for row in diagnostic["rows"]] == ["4–9", "3", "2", "0–1"]
    assert [row["stage"] for row in therapeutic["rows"]] == ["8–9", "7", "0–6"]


def test_the_files_of_an_address_hold_its_filter(client, eight):
    rows = list(
        csv.reader(io.StringIO(b"".join(client.get("/pipeline.csv?track=diagnostic").streaming_content).decode()))
    )
    assert rows[0] == ["track", "stage", "momentum", "trials"]
    assert sum(int(row[3]) for row in rows[1:]) == 7
    svg = client.get("/pipeline.svg?track=therapeutic")
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert "#86417a" in svg.content.decode()
    assert "https://clinicaltrials.gov/study/NCT02657460" in svg.content.decode()
    png = client.get("/pipeline.png")
    assert png.content.startswith(b"\x89PNG")
    assert client.get("/pipeline.json").json()["description"] == (
        "No diagnostic earns more than stage 3; the one therapy is at phase 2"
    )
    assert client.get("/pipeline.pdf").status_code == 404


def test_a_picture_is_drawn_once_for_the_same_data(road, monkeypatch):
    from tracker.dashboards import pictures

    drawn(specification(road), pipeline=road)
    monkeypatch.setattr(pictures.vl_convert, "vegalite_to_svg", lambda spec: pytest.fail("drawn twice"))
    drawn(specification(road), pipeline=road)


def test_the_sentences_fit_what_is_there(eight):
    def said(**query):
        road = pipeline(TrialFilter.read({name: [value] for name, value in query.items()}))
        return road.finding, road.picture_finding

    assert said(track="therapeutic") == (
        "The one trial here has stalled",
        "No trial tests a diagnostic; the one therapy is at phase 2",
    )
    assert said(stage="3") == (
        "All three trials have stalled; none tests a therapy",
        "No diagnostic earns more than stage 3; no trial tests a therapy",
    )
    assert said(momentum="holding")[0] == "No trial matches these filters"
    assert said(sponsor="Wuhan Union Hospital, China")[0] == "Both trials have stalled; only one tests a therapy"
