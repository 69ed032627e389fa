"""Rights are a superuser's to give: whoever may edit users cannot make themselves more than they are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client):
    person = User.objects.create_user("clerk", password="correct horse battery", is_staff=True)
    names = [f"{act}_{model}" for act in ("view", "change", "add", "delete") for model in ("user", "group")]
    person.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client.force_login(person)
    return person


def form_of(person: User, **more: str) -> dict[str, str]:
    return {"username": person.username, "first_name": "A", "email": "", "last_name": "", "is_active": "on", **more}


def test_someone_who_may_edit_users_cannot_make_themselves_a_superuser(client, clerk):
    address = reverse("admin:auth_user_change", args=[clerk.pk])
    answer = client.post(address, form_of(clerk, is_superuser="on", is_staff="on"))
    assert answer.status_code == 302
    clerk.refresh_from_db()
    assert clerk.first_name == "A"
    assert not clerk.is_superuser


def test_nor_change_a_superuser_or_their_password(client, clerk, lead):
    assert client.post(reverse("admin:auth_user_change", args=[lead.pk]), form_of(lead)).status_code == 403
    change = reverse("admin:auth_user_password_change", args=[lead.pk])
    assert client.post(change, {"password1": "x" * 20, "password2": "x" * 20}).status_code == 403
    assert client.post(reverse("admin:auth_user_delete", args=[lead.pk]), {"post": "yes"}).status_code == 403
    assert User.objects.get(pk=lead.pk).check_password("correct horse battery")


def test_nor_delete_a_superuser_among_many(client, clerk, lead):
    listed = reverse("admin:auth_user_changelist")
    client.post(listed, {"action": "delete_selected", "_selected_action": [lead.pk], "post": "yes"})
    assert User.objects.filter(pk=lead.pk).exists()


def test_nor_a_group(client, clerk):
    assert client.get(reverse("admin:auth_group_add")).status_code == 403


def test_a_superuser_can(as_lead, guest):
    address = reverse("admin:auth_user_change", args=[guest.pk])
    as_lead.post(address, form_of(guest, is_superuser="on", is_staff="on"))
    guest.refresh_from_db()
    assert guest.is_superuser


def test_a_new_password_is_held_to_the_rules(as_lead):
    answer = as_lead.post(
        reverse("admin:auth_user_add"),
        {"username": "new", "usable_password": "true", "password1": "short", "password2": "short"},
    )
    assert answer.status_code == 200
    assert not User.objects.filter(username="new").exists()
