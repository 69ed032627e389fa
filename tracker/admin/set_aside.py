"""Set-aside records: why each could not be read, what came, and the button that tries again after a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from tracker import pipeline
from tracker.models import SetAside
from tracker.reads.wording import utc
from tracker.sources.packing import unpack
from tracker.sync import single
from tracker.terms import SetAsideState

from .buttons import Button, NotDone, ReadOnly
from .showing import raw_text

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

MOST_TOLD = 10  # sentences after an action; a page of records would fill the screen


@admin.register(SetAside)
class SetAsideAdmin(ReadOnly):
    """One record that could not be read, kept whole."""

    list_display = ("number", "reason", "state_label", "source", "first_seen", "last_seen")
    list_filter = ("state", "origin")
    search_fields = ("nct_id", "source", "reason")
    list_per_page = 50
    actions = ("replay_selected",)
    fields = readonly_fields = (
        "number", "reason", "state_words", "source", "origin", "came_by", "first_seen", "last_seen", "record",
    )  # fmt: skip
    record_buttons = (
        Button(
            name="replay",
            label="Replay",
            explains="reads the kept record again and stores it if it can be read now.",
            permission="tracker.change_setaside",
            act="replay",
            shown="is_waiting",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SetAside]:
        records: QuerySet[SetAside] = super().get_queryset(request)
        return records.defer("raw")  # read on the record's own page alone

    @admin.display(description="number", ordering="nct_id")
    def number(self, aside: SetAside) -> str:
        return aside.nct_id or "number not readable"

    @display(
        description="state",
        ordering="state",
        label={SetAsideState.WAITING.value: "warning", SetAsideState.REPLAYED.value: "success"},
    )
    def state_label(self, aside: SetAside) -> tuple[str, str]:
        return aside.state, self.state_words(aside)

    @admin.display(description="state")
    def state_words(self, aside: SetAside) -> str:
        when = f" ({utc(aside.replayed)})" if aside.replayed else ""
        return f"{aside.get_state_display()}{when}"

    @admin.display(description="came by")
    def came_by(self, aside: SetAside) -> str:
        if aside.run is None:
            return "no run that is kept"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:tracker_syncrun_change", args=[aside.run.pk]), aside.run
        )

    @admin.display(description="what came, without contacts")
    def record(self, aside: SetAside) -> str:
        return raw_text(unpack(bytes(aside.raw)))

    def is_waiting(self, aside: SetAside) -> bool:
        return aside.state == SetAsideState.WAITING

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tracker.change_setaside")

    def replay(self, request: HttpRequest, aside: SetAside) -> str:
        if not self.is_waiting(aside):
            raise NotDone(f"{self.number(aside)} was replayed before; nothing is left to do.")
        reason = single.replay(
            aside=aside, absorb=pipeline.absorb, absorb_studies=pipeline.absorb_studies, at=timezone.now()
        )
        if reason:
            raise NotDone(f"{self.number(aside)} still cannot be read, so it stays set aside: {reason}")
        return f"{self.number(aside)} was read and stored."

    @admin.action(description="Replay the selected records", permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[SetAside]) -> None:
        told: dict[int, list[str]] = {messages.SUCCESS: [], messages.ERROR: []}
        for aside in queryset:
            try:
                told[messages.SUCCESS].append(self.replay(request, aside))
            except NotDone as refusal:
                told[messages.ERROR].append(str(refusal))
        for level, sentences in told.items():
            for sentence in sentences[:MOST_TOLD]:
                self.message_user(request, sentence, level)
            if len(sentences) > MOST_TOLD:
                self.message_user(request, f"And {len(sentences) - MOST_TOLD:,} more like these.", level)
