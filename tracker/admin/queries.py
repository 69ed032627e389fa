"""Registry queries: the questions that curators keep, and the buttons that ask them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import models
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminTextareaWidget

from tracker.models import RegistryQuery

from .buttons import Button, NotDone, WithButtons
from .syncing import SYNC_ALL, SYNC_ALL_WHOLE, SyncsAll, ask

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest


@admin.register(RegistryQuery)
class RegistryQueryAdmin(SyncsAll, WithButtons):
    """One question to ClinicalTrials.gov, editable; its rules are the database's own and the form explains them."""

    list_display = ("name", "slug", "is_on", "asks")
    list_filter = ("is_on",)
    search_fields = ("name", "slug", "query_cond", "query_term")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "query_cond", "query_term", "filter_advanced", "is_on", "asks", "created")
    readonly_fields = ("asks", "created")
    view_on_site = False
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}}
    list_buttons = (SYNC_ALL, SYNC_ALL_WHOLE)
    record_buttons = (
        Button(
            name="sync-now",
            label="Sync now",
            explains="asks for what was posted since this query's last good run.",
            permission="tracker.add_syncrun",
            act="sync_this",
        ),
        Button(
            name="full-sync",
            label="Full sync",
            explains="asks for the whole query and looks for records that no longer match.",
            permission="tracker.add_syncrun",
            act="sync_this_whole",
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # a query's matches say why a trial is here; turn it off instead

    @admin.display(description="what is asked")
    def asks(self, query: RegistryQuery) -> str:
        pairs = query.parameters().items() if query.pk else ()
        if not pairs:
            return "nothing yet"
        return format_html("{}", format_html_join("; ", "<b>{}</b>={}", pairs))

    def sync_this(self, request: HttpRequest, query: RegistryQuery) -> str:
        return self._ask(query, full=False)

    def sync_this_whole(self, request: HttpRequest, query: RegistryQuery) -> str:
        return self._ask(query, full=True)

    def _ask(self, query: RegistryQuery, *, full: bool) -> str:
        if not query.is_on:
            raise NotDone(
                f"“{query.name}” is off, so it was not asked. Turn it on and save, then press the button again."
            )
        ask(slug=query.slug, full=full)
        what = "A full sync" if full else "A sync"
        return f"{what} of “{query.name}” is queued. Its run appears among the sync runs once a worker takes it."
