"""One trial as a reader meets it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from tests.factories import trial_record
from tests.records import record
from tracker import terms
from tracker.models import Annotation, Trial, TrialAlias, TrialVersion
from tracker.pipeline import absorb
from tracker.sources.ctgov_records import read_record

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)
EV, PARTIAL, PLAIN = "NCT07376512", "NCT02657460", "NCT06385925"


def take(number, origin=terms.Origin.REGISTRY):
    absorb(records=[read_record(record(number), origin=origin)], origin=origin, run=None, at=AT)
    return Trial.objects.get(pk=number)


def text_of(answer):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
def evpredict(db):
    return take(EV)


def test_every_row_of_the_explanation_stands_in_the_table(client, evpredict):
    page = text_of(client.get(f"/trials/{EV}/"))
    [maturity] = evpredict.maturities.filter(is_current=True)
    assert len(maturity.explanation) > 15
    for row in maturity.explanation:
        assert row["rule"] in page
        assert re.sub(r"\s+", " ", row["fact"]) in page
    assert f"{maturity.earned} {maturity.possible}" in page
    assert maturity.reasons["stage"]["sentence"] in page


def test_the_words_of_annotations_are_marked_in_the_records_own_text(client, evpredict):
    page = client.get(f"/trials/{EV}/").content.decode()
    assert re.search(r'<mark class="ev" title="[^"]*proposed by rule">Extracellular Vesicle</mark>', page)
    for annotation in Annotation.objects.filter(trial=EV):
        for words in annotation.words:
            assert words["text"] in unescape(re.sub(r"<[^>]+>", "", page))
    assert "In its own words" in page


def test_a_decision_of_a_person_is_named(client, evpredict, curator):
    annotation = Annotation.objects.filter(trial=EV, facet="ev").first()
    annotation.state, annotation.decided, annotation.decided_by = "accepted", AT, curator
    annotation.save()
    page = client.get(f"/trials/{EV}/").content.decode()
    assert "accepted by curator, 2026-03-25" in page
    assert '<mark class="ev person"' in page


def test_a_transcribed_record_says_whose_words_these_are(client, db):
    take(PARTIAL, terms.Origin.TRANSCRIBED)
    page = text_of(client.get(f"/trials/{PARTIAL}/"))
    assert "As restated from a public copy" in page
    assert "In its own words" not in page
    assert "partial record" in page
    assert "read from a public copy, of which parts were not readable" in page


def test_the_registrys_own_page_and_our_json_are_linked(client, evpredict):
    page = client.get(f"/trials/{EV}/").content.decode()
    assert f'href="https://clinicaltrials.gov/study/{EV}" rel="external"' in page
    assert f'href="/api/v1/trials/{EV}/"' in page
    assert client.get(f"/api/v1/trials/{EV}/").json()["maturity"]["stage"] == evpredict.stage


@pytest.mark.parametrize("given", ["nct07376512", "NCT7376512", "NCT0007376512", "NCT01234567"])
def test_every_number_of_a_trial_leads_to_its_address(client, evpredict, given):
    TrialAlias.objects.create(alias="NCT01234567", trial=evpredict, seen=AT)
    answer = client.get(f"/trials/{given}/")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/trials/{EV}/")
    assert "NCT01234567: they lead here" in text_of(client.get(f"/trials/{EV}/"))


def test_a_number_that_is_not_stored_leads_to_the_registry_and_to_why(client, db):
    answer = client.get("/trials/NCT00000001/")
    assert answer.status_code == 404
    assert 'href="https://clinicaltrials.gov/study/NCT00000001"' in answer.content.decode()
    assert 'href="/why/NCT00000001/"' in answer.content.decode()


@pytest.mark.parametrize("given", ["exosome", "NCT", "NCT0", "<script>", "a/b", "NCT00000001%00"])
def test_what_is_no_number_is_told_what_one_is(client, db, given):
    answer = client.get(f"/trials/{given}/")
    assert answer.status_code == 404
    assert "is not an NCT number" in text_of(answer)
    assert "<script>" not in answer.content.decode().replace("<script src", "")


def test_versions_are_named_by_what_changed_and_a_switched_outcome_stands_out(client, evpredict):
    later = trial_record(
        EV,
        of=EV,
        statusModule__completionDateStruct__date="2031-04-15",
        statusModule__lastUpdatePostDateStruct__date="2026-03-20",
        outcomesModule__primaryOutcomes=[{"measure": "Overall survival", "timeFrame": "2 years"}],
    )
    absorb(records=[later], origin=terms.Origin.REGISTRY, run=None, at=AT)
    page = client.get(f"/trials/{EV}/").content.decode()
    assert "Completion moved 410 days later, 2030-03-01 → 2031-04-15" in page
    assert '<p class="warn">Primary outcome changed</p>' in page
    assert "Overall survival (2 years)" in page


def test_versions_before_the_last_three_are_folded(client, evpredict):
    for count in range(5):
        changed = trial_record(
            EV,
            of=EV,
            designModule__enrollmentInfo__count=400 + count,
            statusModule__lastUpdatePostDateStruct__date=f"2026-03-1{count}",
        )
        absorb(records=[changed], origin=terms.Origin.REGISTRY, run=None, at=AT)
    page = client.get(f"/trials/{EV}/").content.decode()
    assert "<summary>3 earlier</summary>" in page
    assert "People 400 planned → 401 planned" in page


def test_a_trial_without_stage_says_why_and_shows_no_table(client, db):
    take(PLAIN)
    page = text_of(client.get(f"/trials/{PLAIN}/"))
    assert "so it has no stage." in page
    assert "What would move it" not in page


def test_a_record_that_fits_both_roads_shows_the_other_one_below(client, evpredict):
    other = evpredict.maturities.get(is_current=True)
    other.pk, other.track, other.is_leading, other.stage, other.stage_possible = None, "therapeutic", False, 5, 5
    other.save(force_insert=True)
    page = text_of(client.get(f"/trials/{EV}/"))
    assert "On the therapeutic road: stage 5" in page
    assert page.index("diagnostic road") < page.index("On the therapeutic road")


def test_many_sites_are_folded_and_counted(client, evpredict):
    sites = [{"facility": f"Hospital {n}", "city": f"City {n:02d}", "country": "France"} for n in range(12)]
    many = trial_record(
        EV,
        of=EV,
        contactsLocationsModule__locations=sites,
        statusModule__lastUpdatePostDateStruct__date="2026-03-20",
    )
    absorb(records=[many], origin=terms.Origin.REGISTRY, run=None, at=AT)
    page = text_of(client.get(f"/trials/{EV}/"))
    assert "Twelve sites, one country" in page
    assert "4 further cities" in page
    assert "Hospital 11" in page


def test_hostile_text_stays_text(client, evpredict):
    hostile = trial_record(
        EV,
        of=EV,
        identificationModule__briefTitle="<script>alert(1)</script> exosome",
        descriptionModule__briefSummary='"><img src=x onerror=alert(1)> exosomes of lung cancer',
        statusModule__lastUpdatePostDateStruct__date="2026-03-20",
    )
    absorb(records=[hostile], origin=terms.Origin.REGISTRY, run=None, at=AT)
    page = client.get(f"/trials/{EV}/").content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_costs_the_same_queries_with_ten_versions_more(client, evpredict, django_assert_max_num_queries):
    client.get(f"/trials/{EV}/")
    with django_assert_max_num_queries(12) as one:
        client.get(f"/trials/{EV}/")
    raw = TrialVersion.objects.get(trial=EV)
    for number in range(2, 12):
        raw.pk, raw.number = None, number
        raw.save(force_insert=True)
    with django_assert_max_num_queries(12) as eleven:
        client.get(f"/trials/{EV}/")
    assert len(one.captured_queries) == len(eleven.captured_queries) <= 12
