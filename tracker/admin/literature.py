"""Literature queries: the questions that curators keep for Europe PMC, and the buttons that ask them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db import models
from unfold.widgets import UnfoldAdminTextareaWidget

from tracker import tasks
from tracker.models import LiteratureQuery

from .buttons import Button, NotDone, WithButtons

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest


@admin.register(LiteratureQuery)
class LiteratureQueryAdmin(WithButtons):
    """One question to Europe PMC, editable; its rules are the database's own and the form explains them."""

    list_display = ("name", "slug", "is_on", "query")
    list_filter = ("is_on",)
    search_fields = ("name", "slug", "query")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "query", "is_on", "created")
    readonly_fields = ("created",)
    view_on_site = False
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}}
    record_buttons = (
        Button(
            name="sync-now", label="Sync now", explains="asks for what came since this query's last good run.",
            permission="tracker.add_syncrun", act="sync_this",
        ),
        Button(
            name="full-sync", label="Full sync", explains="asks for the whole query.",
            permission="tracker.add_syncrun", act="sync_this_whole",
        ),
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # a query's matches say why a study is here; turn it off instead

    def sync_this(self, request: HttpRequest, query: LiteratureQuery) -> str:
        return self._ask(query, full=False)

    def sync_this_whole(self, request: HttpRequest, query: LiteratureQuery) -> str:
        return self._ask(query, full=True)

    def _ask(self, query: LiteratureQuery, *, full: bool) -> str:
        if not query.is_on:
            raise NotDone(
                f"“{query.name}” is off, so it was not asked. Turn it on and save, then press the button again."
            )
        tasks.sync_studies.delay(query=query.slug, full=full)
        what = "A full sync" if full else "A sync"
        return f"{what} of “{query.name}” is queued. Its run appears among the sync runs once a worker takes it."
