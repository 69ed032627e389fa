"""The first page says what needs a person, and stops saying it once it is mended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from tracker.models import RegistryQuery, SyncRun

from .conftest import NOON, make_description, make_run, make_set_aside

pytestmark = pytest.mark.django_db
INDEX = "/admin/"


def notices(client) -> list[str]:
    return [notice["words"] for notice in client.get(INDEX).context["notices"]]


def test_nothing_waits_when_all_is_well(as_lead):
    make_run()
    assert notices(as_lead) == []
    assert "Nothing waits for a person" in as_lead.get(INDEX).content.decode()


@pytest.mark.parametrize("state", ["suspect", "blocked", "refused", "incomplete"])
def test_a_run_that_ended_badly_is_called_out_and_leads_to_its_page(as_lead, state):
    run = make_run(state=state, message="The registry sent 3 of 8 records.")
    (words,) = notices(as_lead)
    assert "2026-01-30 12:00 UTC" in words
    assert "The registry sent 3 of 8 records." in words
    page = as_lead.get(INDEX).content.decode()
    assert f'href="{reverse("admin:tracker_syncrun_change", args=[run.pk])}"' in page


@pytest.mark.parametrize(
    ("bad", "good", "mended"),
    [
        ("incremental", "incremental", True),
        ("incremental", "full", True),
        ("full", "full", True),
        ("full", "incremental", False),
    ],
)
def test_a_bad_run_stands_until_a_good_one_asks_at_least_as_much(as_lead, bad, good, mended):
    make_run(kind=bad, state="suspect")
    make_run(kind=good, started=NOON + timedelta(days=1))
    assert (notices(as_lead) == []) is mended


def test_a_good_run_of_another_query_mends_nothing(as_lead):
    other = RegistryQuery.objects.create(name="Glioma", slug="glioma", query_cond="glioma", is_on=True)
    make_run(state="blocked")
    make_run(query=other, started=NOON + timedelta(days=1))
    assert len(notices(as_lead)) == 1


def test_the_same_trouble_again_is_said_once(as_lead):
    for day in range(4):
        make_run(state="blocked", kind="incremental", started=NOON + timedelta(days=day))
    (words,) = notices(as_lead)
    assert "2026-02-02" in words


def test_records_set_aside_are_counted(as_lead):
    make_set_aside()
    make_set_aside(raw_hash="d" * 64)
    make_set_aside(raw_hash="e" * 64, state="replayed", replayed=NOON)
    assert notices(as_lead) == ["2 records could not be read, set aside until a fix."]


def test_a_changed_description_is_a_notice_until_it_is_read(as_lead):
    description = make_description()
    make_description(content_hash="f" * 64, endpoint="metadata", difference=[])
    assert notices(as_lead) == ["The registry's description of its enums changed (2026-01-30): 1 difference."]
    page = reverse("admin:tracker_registrydescription_change", args=[description.pk])
    assert "Phase: PHASE5 is new" in as_lead.get(page).content.decode()
    as_lead.post(reverse("admin:tracker_registrydescription_mark-as-read", args=[description.pk]))
    assert notices(as_lead) == []
    assert "Mark as read" not in as_lead.get(page).content.decode()


def test_no_query_turned_on_is_a_notice(as_lead):
    RegistryQuery.objects.update(is_on=False)
    assert notices(as_lead) == ["No registry query is on, so the schedule asks for nothing."]


def test_a_notice_is_for_those_who_may_see_what_it_leads_to(as_guest, guest):
    make_run(state="suspect")
    make_set_aside()
    assert notices(as_guest) == []
    guest.user_permissions.add(Permission.objects.get(codename="view_setaside"))
    assert notices(as_guest) == ["1 record could not be read, set aside until a fix."]


def test_the_first_page_costs_the_same_queries_with_ten_rows_more(as_lead, django_assert_num_queries):
    as_lead.get(INDEX)  # content types are read once a process
    with django_assert_num_queries(7):
        as_lead.get(INDEX)
    for number in range(10):
        make_run(state="suspect", started=NOON + timedelta(days=number))
        make_set_aside(raw_hash=str(number) * 64)
        make_description(content_hash=str(number) * 64)
        RegistryQuery.objects.create(name="x", slug=f"x-{number}", query_cond="x")
    with django_assert_num_queries(7):
        as_lead.get(INDEX)


def test_a_run_says_its_state_in_words_with_its_shares_and_drift(as_lead):
    make_run(started=NOON - timedelta(days=7), seen=10, filled={"conditions": 10, "sites": 9})
    run = make_run(
        state="suspect", message="Sites fell from 90 % to 10 %.", seen=10, filled={"conditions": 10, "sites": 1},
        drift={"protocolSection.statusModule.overallStatus=PAUSED": 3},
    )  # fmt: skip
    page = as_lead.get(reverse("admin:tracker_syncrun_change", args=[run.pk])).content.decode()
    assert "not believed; a person should look" in page
    assert "Nothing was marked as gone" in page
    assert "Sites fell from 90 % to 10 %." in page
    cells = page.split("sites</td>")[1].split("</tr>")[0]
    assert "10 %" in cells
    assert "90 %" in cells
    assert "protocolSection.statusModule.overallStatus=PAUSED" in page


def test_a_run_that_ended_well_says_that_nothing_went_wrong(as_lead):
    page = as_lead.get(reverse("admin:tracker_syncrun_change", args=[make_run(state="done").pk])).content.decode()
    row = page[page.index("What went wrong") :]
    assert "nothing" in row[: row.index("Kind")]


def test_a_running_run_and_one_that_read_nothing_have_words_for_it(as_lead):
    run = make_run(state="running", finished=None, seen=0, filled={})
    page = as_lead.get(reverse("admin:tracker_syncrun_change", args=[run.pk])).content.decode()
    assert "still running" in page
    assert "no record was read" in page
    assert SyncRun.objects.get().state == "running"
