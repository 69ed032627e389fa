"""A registry query is a row that a curator edits; what it must keep to is explained by the form."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from tracker.models import RegistryQuery

pytestmark = pytest.mark.django_db
ADD = "/admin/tracker/registryquery/add/"


def form(**more: str) -> dict[str, str]:
    return {"name": "Glioma EVs", "slug": "glioma", "query_cond": "glioma", "query_term": "exosome", **more}


def test_a_curator_adds_a_query_and_the_admin_notes_who_did(as_guest, guest):
    guest.user_permissions.add(Permission.objects.get(codename="add_registryquery"))
    assert as_guest.post(ADD, form(is_on="on")).status_code == 302
    query = RegistryQuery.objects.get(slug="glioma")
    assert query.is_on
    assert query.parameters() == {"query.cond": "glioma", "query.term": "exosome"}
    assert LogEntry.objects.get().user == guest


def test_an_empty_query_is_refused_with_the_reason(as_lead):
    answer = as_lead.post(ADD, form(query_cond=" ", query_term="", filter_advanced=""))
    assert "an empty query would ask for the whole registry" in answer.content.decode()
    assert not RegistryQuery.objects.filter(slug="glioma").exists()


def test_a_name_on_the_command_line_is_taken_once(as_lead):
    RegistryQuery.objects.create(name="x", slug="glioma", query_cond="x")
    answer = as_lead.post(ADD, form())
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()


def test_a_query_is_turned_off_and_never_deleted(as_lead):
    query = RegistryQuery.objects.earliest("pk")
    page = reverse("admin:tracker_registryquery_change", args=[query.pk])
    kept = {"name": query.name, "slug": query.slug, "query_term": query.query_term, "query_cond": query.query_cond,
            "filter_advanced": query.filter_advanced}  # fmt: skip
    assert as_lead.post(page, kept).status_code == 302
    query.refresh_from_db()
    assert not query.is_on
    assert (
        as_lead.post(reverse("admin:tracker_registryquery_delete", args=[query.pk]), {"post": "yes"}).status_code == 403
    )


def test_the_page_shows_what_is_asked(as_lead):
    query = RegistryQuery.objects.create(name="<b>x</b>", slug="x", query_cond="<script>alert(1)</script>")
    page = as_lead.get(reverse("admin:tracker_registryquery_change", args=[query.pk])).content.decode()
    assert "<b>query.cond</b>=&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
