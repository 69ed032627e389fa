"""Suspected duplicates: two studies side by side, and the two buttons that say whether they are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from tracker.curation import decisions
from tracker.models import Study, SuspectedDuplicate
from tracker.terms import StudyOrigin

from .buttons import Button, ReadOnly, person
from .showing import as_words, table

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

COMPARED = (
    "title", "authors", "journal", "year", "pmid", "pmcid", "doi", "preprint_doi", "is_preprint", "is_retracted",
    "abstract",
)  # fmt: skip


@admin.register(SuspectedDuplicate)
class SuspectedDuplicateAdmin(ReadOnly):
    """A pair that looks like one. Never merged without a person."""

    list_display = ("pair", "basis", "seen", "answer", "decided_by")
    list_filter = (("is_same", admin.EmptyFieldListFilter),)
    list_select_related = ("kept", "other", "decided_by")
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = ("compared", "basis", "seen_words", "answer", "decided", "decided_by")
    record_buttons = (
        Button(
            name="same", label="The same study", permission="tracker.change_suspectedduplicate", act="same",
            explains="makes them one; the first is kept.", shown="is_open", wants_why=True,
            asks="Make the two one? What hangs on the second goes to the first, whose own values stand; the second's "
            "address leads there. History keeps both as they are now.",
        ),
        Button(
            name="different", label="Different studies", permission="tracker.change_suspectedduplicate",
            act="different", explains="leaves both and does not ask again.", shown="is_open",
        ),
    )  # fmt: skip

    @admin.display(description="studies")
    def pair(self, duplicate: SuspectedDuplicate) -> str:
        return f"{duplicate.kept.title[:100]} ({duplicate.kept_id} and {duplicate.other_id})"

    @admin.display(description="noted")
    def seen_words(self, duplicate: SuspectedDuplicate) -> str:
        return as_words(duplicate.seen)

    @admin.display(description="answer")
    def answer(self, duplicate: SuspectedDuplicate) -> str:
        if duplicate.is_same is None:
            return "waits for a person"
        return "the same" if duplicate.is_same else "different"

    @admin.display(description="side by side")
    def compared(self, duplicate: SuspectedDuplicate) -> str:
        kept, other = duplicate.kept, duplicate.other
        rows = [
            (name.replace("_", " "), _shown(kept, name), _shown(other, name))
            for name in COMPARED
            if getattr(kept, name) or getattr(other, name)
        ]
        rows.append(("origin", StudyOrigin(kept.origin).label, StudyOrigin(other.origin).label))
        return table(("", _headed(kept, "kept"), _headed(other, "joins it")), rows)

    def is_open(self, duplicate: SuspectedDuplicate) -> bool:
        return duplicate.is_same is None

    def as_seen(self, record: Model) -> str:
        return "open" if isinstance(record, SuspectedDuplicate) and self.is_open(record) else "decided"

    def same(self, request: HttpRequest, duplicate: SuspectedDuplicate) -> str:
        return self._decide(request, duplicate, is_same=True)

    def different(self, request: HttpRequest, duplicate: SuspectedDuplicate) -> str:
        return self._decide(request, duplicate, is_same=False)

    def _decide(self, request: HttpRequest, duplicate: SuspectedDuplicate, *, is_same: bool) -> str:
        other = duplicate.other_id
        kept = decisions.decide_duplicate(
            duplicate=duplicate, is_same=is_same, by=person(request), at=timezone.now(), why=request.POST.get("why", "")
        )
        if is_same:
            return f"Study {other} is study {kept.pk} now: “{kept.title}”."
        return f"Studies {kept.pk} and {other} stay two."


def _shown(study: Study, name: str) -> str:
    words = as_words(getattr(study, name))
    return words if len(words) <= 400 else f"{words[:398]}…"


def _headed(study: Study, what: str) -> str:
    address = reverse("admin:tracker_study_change", args=[study.pk])
    return format_html('<a class="underline" href="{}">study {}</a>, {}', address, study.pk, what)
