"""Buttons: POST only, with permission, one call below, and a sentence that says what happened."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from kombu.exceptions import OperationalError

from tests.records import altered, record
from tracker import tasks
from tracker.models import RegistryQuery, SetAside, Trial

from .conftest import make_description, make_run, make_set_aside

pytestmark = pytest.mark.django_db
WHOLE = "NCT06385925"


@pytest.fixture
def queued(monkeypatch) -> list[dict]:
    """What was put on the queue."""
    calls: list[dict] = []
    monkeypatch.setattr(tasks.sync_trials, "delay", lambda **arguments: calls.append(arguments))
    return calls


def told(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


LISTS = ["registryquery", "syncrun"]


@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize(("name", "full"), [("sync-now", False), ("full-sync", True)])
def test_the_button_of_a_list_asks_every_query_that_is_on_and_says_so(as_lead, queued, model, name, full):
    page = as_lead.get(reverse(f"admin:tracker_{model}_changelist")).content.decode()
    address = reverse(f"admin:tracker_{model}_{name}")
    assert f'method="post" action="{address}"' in page
    answer = as_lead.post(address, follow=True)
    assert queued == [{"query": None, "full": full}]
    assert "is queued of: Extracellular vesicles in lung cancer" in told(answer)


@pytest.mark.parametrize(("name", "full"), [("sync-now", False), ("full-sync", True)])
def test_the_button_of_a_query_asks_it_alone(as_lead, queued, name, full):
    query = RegistryQuery.objects.earliest("pk")
    answer = as_lead.post(reverse(f"admin:tracker_registryquery_{name}", args=[query.pk]), follow=True)
    assert queued == [{"query": query.slug, "full": full}]
    assert answer.redirect_chain[0][0] == reverse("admin:tracker_registryquery_change", args=[query.pk])
    assert query.name in told(answer)
    page = as_lead.get(reverse("admin:tracker_registryquery_history", args=[query.pk])).content.decode()
    assert "is queued" in page
    assert "lead" in page


def test_a_query_that_is_off_is_not_asked(as_lead, queued):
    query = RegistryQuery.objects.create(name="Glioma", slug="glioma", query_cond="glioma")
    answer = as_lead.post(reverse("admin:tracker_registryquery_sync-now", args=[query.pk]), follow=True)
    assert queued == []
    assert "is off" in told(answer)
    RegistryQuery.objects.update(is_on=False)
    assert "nothing was asked" in told(as_lead.post(reverse("admin:tracker_syncrun_sync-now"), follow=True))
    assert queued == []


def test_a_queue_that_is_away_is_said_and_breaks_nothing(as_lead, monkeypatch):
    def away(**_):
        raise OperationalError("Connection refused")

    monkeypatch.setattr(tasks.sync_trials, "delay", away)
    answer = as_lead.post(reverse("admin:tracker_syncrun_sync-now"), follow=True)
    assert answer.status_code == 200
    assert "the queue (Redis) could not be reached" in told(answer)


def every_button() -> list[tuple[str, list[int]]]:
    return [
        (reverse("admin:tracker_registryquery_sync-now"), "tracker.add_syncrun"),
        (reverse("admin:tracker_registryquery_full-sync"), "tracker.add_syncrun"),
        (reverse("admin:tracker_syncrun_sync-now"), "tracker.add_syncrun"),
        (reverse("admin:tracker_syncrun_full-sync"), "tracker.add_syncrun"),
        (reverse("admin:tracker_registryquery_sync-now", args=[RegistryQuery.objects.earliest("pk").pk]), ""),
        (reverse("admin:tracker_registryquery_full-sync", args=[RegistryQuery.objects.earliest("pk").pk]), ""),
        (reverse("admin:tracker_setaside_replay", args=[make_set_aside().pk]), ""),
        (reverse("admin:tracker_registrydescription_mark-as-read", args=[make_description().pk]), ""),
    ]


def test_no_button_can_be_pressed_by_following_a_link(as_lead, queued):
    for address, _ in every_button():
        assert as_lead.get(address).status_code == 405, address
    assert queued == []
    assert SetAside.objects.get().state == "waiting"


def test_no_button_can_be_pressed_without_its_permission(as_guest, guest, queued):
    names = [f"{act}_{model}" for act in ("view", "change") for model in ("registryquery", "syncrun")]
    names += ["view_setaside", "view_registrydescription"]
    guest.user_permissions.add(*Permission.objects.filter(codename__in=names))
    for address, _ in every_button():
        assert as_guest.post(address).status_code == 403, address
    assert queued == []
    for model in ("registryquery", "syncrun", "setaside"):
        page = as_guest.get(reverse(f"admin:tracker_{model}_changelist")).content.decode()
        assert "Sync now" not in page
        assert "Replay" not in page


def test_the_permission_alone_is_enough(as_guest, guest, queued):
    guest.user_permissions.add(*Permission.objects.filter(codename__in=["view_syncrun", "add_syncrun"]))
    make_run()
    assert "Sync now" in as_guest.get(reverse("admin:tracker_syncrun_changelist")).content.decode()
    assert as_guest.get(reverse("admin:tracker_syncrun_add")).status_code == 403
    assert as_guest.post(reverse("admin:tracker_syncrun_sync-now")).status_code == 302
    assert len(queued) == 1


def test_a_request_forged_elsewhere_presses_nothing(lead, queued, settings):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    assert client.post(reverse("admin:tracker_syncrun_sync-now")).status_code == 403
    assert queued == []


def test_a_button_of_a_record_that_is_not_there_leads_back(as_lead):
    answer = as_lead.post(reverse("admin:tracker_setaside_replay", args=[999]), follow=True)
    assert "doesn’t exist" in told(answer)


def test_a_record_that_can_be_read_now_is_stored(as_lead):
    aside = make_set_aside(raw=record(WHOLE), nct_id=WHOLE)
    answer = as_lead.post(reverse("admin:tracker_setaside_replay", args=[aside.pk]), follow=True)
    assert told(answer) == f"{WHOLE} was read and stored."
    aside.refresh_from_db()
    assert aside.state == "replayed"
    assert Trial.objects.get(pk=WHOLE).origin == "registry"
    assert "Replay:" not in answer.content.decode()
    again = as_lead.post(reverse("admin:tracker_setaside_replay", args=[aside.pk]), follow=True)
    assert "was replayed before" in told(again)


def test_a_record_that_still_cannot_be_read_stays_and_says_why(as_lead):
    aside = make_set_aside(raw=b"<html>503</html>", nct_id="")
    answer = as_lead.post(reverse("admin:tracker_setaside_replay", args=[aside.pk]), follow=True)
    assert "still cannot be read" in told(answer)
    aside.refresh_from_db()
    assert aside.state == "waiting"


def test_many_are_replayed_by_an_action_which_asks_for_the_same_permission(as_lead, client, guest):
    good = make_set_aside(raw=record(WHOLE), nct_id=WHOLE)
    bad = make_set_aside(raw=b"{}", raw_hash="d" * 64)
    chosen = {"action": "replay_selected", "_selected_action": [good.pk, bad.pk]}
    listed = reverse("admin:tracker_setaside_changelist")
    answer = as_lead.post(listed, chosen, follow=True)
    assert f"{WHOLE} was read and stored." in told(answer)
    assert "still cannot be read" in told(answer)
    assert set(SetAside.objects.values_list("state", flat=True)) == {"replayed", "waiting"}
    SetAside.objects.update(state="waiting", replayed=None)
    guest.user_permissions.add(Permission.objects.get(codename="view_setaside"))
    client.force_login(guest)
    client.post(listed, chosen)
    assert set(SetAside.objects.values_list("state", flat=True)) == {"waiting"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (altered(record(WHOLE), {"protocolSection.identificationModule.briefTitle": "<script>alert(1)</script>"}),
         "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (b"<html><script>alert(1)</script></html>", "&lt;html&gt;&lt;script&gt;"),
        (b"\xff\xfe\x00 not text", "not text"),
    ],
    ids=["a record", "a page of HTML", "no text at all"],
)  # fmt: skip
def test_what_came_is_shown_as_text_and_never_runs(as_lead, raw, shown):
    aside = make_set_aside(raw=raw)
    page = as_lead.get(reverse("admin:tracker_setaside_change", args=[aside.pk])).content.decode()
    assert shown in page
    assert "<script>alert" not in page


def test_a_task_of_the_schedule_is_run_by_those_who_may_change_it(as_guest, guest, everything, monkeypatch):
    task = everything["django_celery_beat.PeriodicTask"]
    ran: list[str] = []
    monkeypatch.setattr(tasks.sync_trials, "apply_async", lambda **_: ran.append("sync"))
    listed = reverse("admin:django_celery_beat_periodictask_changelist")
    chosen = {"action": "run_tasks", "_selected_action": [task.pk]}
    guest.user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    as_guest.post(listed, chosen)
    assert ran == []
    guest.user_permissions.add(Permission.objects.get(codename="change_periodictask"))
    as_guest.post(listed, chosen)
    assert ran == ["sync"]
