"""Set-aside records: why each could not be read, what came, and the button that tries again after a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from unfold.decorators import display

from tracker.models import SetAside
from tracker.sources.packing import unpack
from tracker.terms import SetAsideState

from .buttons import Button, NotDone, ReadOnly
from .showing import raw_text

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.register(SetAside)
class SetAsideAdmin(ReadOnly):
    """One record that could not be read, kept whole."""

    list_display = ("number", "reason", "state_label", "source", "first_seen", "last_seen")
    list_filter = ("state", "origin")
    search_fields = ("nct_id", "source", "reason")
    list_per_page = 50
    actions = ("replay_selected",)
    fields = readonly_fields = (
        "number", "reason", "state_label", "source", "origin", "run", "first_seen", "last_seen", "replayed", "record",
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
        return aside.state, str(aside.get_state_display())

    @admin.display(description="what came, without contacts")
    def record(self, aside: SetAside) -> str:
        return raw_text(unpack(bytes(aside.raw)))

    def is_waiting(self, aside: SetAside) -> bool:
        return aside.state == SetAsideState.WAITING

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tracker.change_setaside")

    def replay(self, request: HttpRequest, aside: SetAside) -> str:
        if not self.is_waiting(aside):
            raise NotDone(f"{aside.nct_id or 'This record'} was replayed before; nothing is left to do.")
        raise NotImplementedError

    @admin.action(description="Replay the selected records", permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[SetAside]) -> None:
        for aside in queryset.filter(state=SetAsideState.WAITING):
            try:
                self.message_user(request, self.replay(request, aside), messages.SUCCESS)
            except NotDone as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
