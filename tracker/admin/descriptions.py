"""The registry's own description of its fields and enumerations: what changed, and that a person has read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from tracker.models import RegistryDescription

from .buttons import Button, ReadOnly
from .showing import LONGEST_LIST

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(RegistryDescription)
class RegistryDescriptionAdmin(ReadOnly):
    """One distinct state of the registry's description."""

    list_display = ("endpoint", "first_seen", "last_seen", "changes", "is_noticed")
    list_filter = ("endpoint", "is_noticed")
    fields = readonly_fields = ("endpoint", "first_seen", "last_seen", "is_noticed", "differences", "content_hash")
    record_buttons = (
        Button(
            name="mark-as-read",
            label="Mark as read",
            explains="takes the notice off the first page.",
            permission="tracker.change_registrydescription",
            act="mark_as_read",
            shown="is_unread",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegistryDescription]:
        descriptions: QuerySet[RegistryDescription] = super().get_queryset(request)
        return descriptions.defer("content")  # some hundred kilobytes a row, of which the page shows the difference

    @admin.display(description="differences")
    def changes(self, description: RegistryDescription) -> str:
        return f"{len(description.difference):,}" if description.difference else "none"

    @admin.display(description="what changed since the one before")
    def differences(self, description: RegistryDescription) -> str:
        lines = [str(line) for line in description.difference]
        if not lines:
            return "nothing: the first description that was fetched"
        shown = format_html_join("", "<li>{}</li>", ((line,) for line in lines[: 5 * LONGEST_LIST]))
        rest = len(lines) - 5 * LONGEST_LIST
        more = format_html("<li>and {} more</li>", f"{rest:,}") if rest > 0 else ""
        return format_html('<ul class="list-disc pl-4">{}{}</ul>', shown, more)

    def is_unread(self, description: RegistryDescription) -> bool:
        return not description.is_noticed

    def mark_as_read(self, request: HttpRequest, description: RegistryDescription) -> str:
        description.mark_as_read()
        return f"Marked as read: the registry's {description.endpoint} as first seen {description.first_seen:%Y-%m-%d}."
