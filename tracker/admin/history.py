"""History: every act of a person, what stood before and after, and why. Read-only, for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from tracker.models import HistoryEntry
from tracker.reads.wording import utc

from .buttons import ReadOnly
from .showing import as_words, table

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGES = {
    "study": "study", "candidate": "candidate", "link": "evidencelink", "lineage": "lineagelink", "trial": "trial",
    "annotation": "annotation", "fact": "studyfact", "duplicate": "suspectedduplicate",
}  # fmt: skip


@admin.register(HistoryEntry)
class HistoryEntryAdmin(ReadOnly):
    """One act on one record."""

    list_display = ("when", "by", "act", "subject", "subject_id", "why")
    list_filter = ("subject", "act", "by")
    list_select_related = ("by",)
    search_fields = ("=subject_id", "why")
    date_hierarchy = "at"
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = ("when", "by", "act", "record", "why", "changed")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in ("subject", "subject_id") or super().lookup_allowed(lookup, value, request)

    @admin.display(description="when", ordering="at")
    def when(self, entry: HistoryEntry) -> str:
        return utc(entry.at)

    @admin.display(description="record")
    def record(self, entry: HistoryEntry) -> str:
        named = f"{entry.subject} {entry.subject_id}"
        try:
            address = reverse(f"admin:tracker_{PAGES.get(entry.subject, '')}_change", args=[entry.subject_id])
        except NoReverseMatch:
            return named
        return format_html('<a class="underline" href="{}">{}</a>', address, named)

    @admin.display(description="what stood and what stands")
    def changed(self, entry: HistoryEntry) -> str:
        before, after = entry.before or {}, entry.after or {}
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        rows = [(name.replace("_", " "), _side(before, name), _side(after, name)) for name in names]
        return table(("", "before", "after"), rows) if rows else "nothing"


def _side(row: dict[str, object], name: str) -> str:
    return as_words(row[name]) if name in row else "nothing"
