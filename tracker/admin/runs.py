"""Sync runs: what each pull asked, saw, stored and could not read; which of them a person should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils import timezone
from unfold.decorators import display

from tracker.models import SyncRun
from tracker.reads.wording import utc
from tracker.sync import pulls
from tracker.terms import GOOD_RUNS, RunState

from .buttons import Button, NotDone, ReadOnly
from .showing import as_words, table
from .syncing import SYNC_ALL, SYNC_ALL_WHOLE, SyncsAll

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest, HttpResponse

# What each bad end means to the person who reads it, and what to do next.
ADVICE = {
    RunState.SUSPECT: "This run is not believed. Nothing was marked as gone. Compare its shares below with the run "
    "before and look at the registry's own page: if it is true, believe it; if not, start a full sync.",
    RunState.BLOCKED: "The registry blocked us (403). Earlier data stand. See HTTP_USER_AGENT and CTGOV_MIN_INTERVAL, "
    "wait some hours, then start a sync.",
    RunState.REFUSED: "The registry refused the question; its words stand in the message. Correct the query, then "
    "start a sync.",
    RunState.INCOMPLETE: "This run stopped early and keeps what it stored. The next run goes on from there.",
}
LEVELS = {RunState.SUSPECT: "bad", RunState.BLOCKED: "bad", RunState.REFUSED: "bad", RunState.INCOMPLETE: "warn"}


@admin.register(SyncRun)
class SyncRunAdmin(SyncsAll, ReadOnly):
    """One pull from one source."""

    list_display = (
        "started", "what", "kind_name", "state_label", "seen", "new", "changed", "set_aside", "seconds",
    )  # fmt: skip
    list_filter = ("state", "kind", "query")
    list_select_related = ("query",)
    list_per_page = 50
    search_fields = ("message", "query__slug")
    date_hierarchy = "started"
    list_buttons = (SYNC_ALL, SYNC_ALL_WHOLE)
    record_buttons = (
        Button(
            name="believe",
            label="Believe this answer",
            explains="takes the answer as true; later runs are compared with it.",
            permission="tracker.change_syncrun",
            act="believe",
            shown="is_suspect",
            asks="Is this what the registry really holds now? Later runs are compared with this one, and the next "
            "whole pull marks as gone what it no longer holds.",
        ),
    )
    readonly_fields = (
        "query", "kind", "state_words", "trouble", "started", "seconds", "asked_words", "data_version",
        "posted_words", "expected_words", "pages", "requests", "seen", "new", "changed", "unchanged", "set_aside",
        "filled_words", "drift_words", "goes_on",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("state_words", "trouble", "query", "kind", "started", "seconds")}),
        ("What it asked", {"fields": ("asked_words", "posted_words", "data_version", "expected_words", "goes_on")}),
        ("What it saw", {"fields": ("seen", "new", "changed", "unchanged", "set_aside", "pages", "requests")}),
        ("How full the records were", {"fields": ("filled_words",)}),
        ("What the registry sent that is new to us", {"fields": ("drift_words",)}),
    )

    @admin.display(description="query or source", ordering="query")
    def what(self, run: SyncRun) -> str:
        return run.query.slug if run.query else str(run.get_kind_display())

    @display(
        description="state",
        ordering="state",
        label={
            RunState.SUSPECT.value: "danger",
            RunState.BLOCKED.value: "danger",
            RunState.REFUSED.value: "danger",
            RunState.INCOMPLETE.value: "warning",
            RunState.DONE.value: "success",
            RunState.UNCHANGED.value: "success",
            RunState.RUNNING.value: "info",
        },
    )
    def state_label(self, run: SyncRun) -> tuple[str, str]:
        return run.state, self.state_words(run)

    @admin.display(description="state")
    def state_words(self, run: SyncRun) -> str:
        name, words = run.state, run.get_state_display()
        return name if name == words else f"{name}: {words}"

    @admin.display(description="what went wrong")
    def trouble(self, run: SyncRun) -> str:
        return run.message or "nothing"

    @admin.display(description="kind", ordering="kind")
    def kind_name(self, run: SyncRun) -> str:
        return run.kind  # its words are a sentence, which stands on the run's own page

    @admin.display(description="seconds")
    def seconds(self, run: SyncRun) -> str:
        return f"{(run.finished - run.started).total_seconds():,.1f}" if run.finished else "still running"

    @admin.display(description="parameters as sent")
    def asked_words(self, run: SyncRun) -> str:
        if not isinstance(run.asked, dict) or not run.asked:
            return as_words(run.asked)
        return table(("parameter", "value"), ((name, as_words(value)) for name, value in run.asked.items()))

    @admin.display(description="posted from")
    def posted_words(self, run: SyncRun) -> str:
        return f"{run.posted_from}" if run.posted_from else "any day"

    @admin.display(description="the registry's data version")
    def data_version(self, run: SyncRun) -> str:
        return run.data_timestamp or "not asked"

    @admin.display(description="records it said it has")
    def expected_words(self, run: SyncRun) -> str:
        return "not said" if run.expected is None else f"{run.expected:,}"

    @admin.display(description="goes on from")
    def goes_on(self, run: SyncRun) -> str:
        return "a page token kept for the next run" if run.next_page_token else "nothing left to go on with"

    @admin.display(description="records that fill each field")
    def filled_words(self, run: SyncRun) -> str:
        """Shares of the records seen, beside the good run before of the same query and kind: look for a drop."""
        if not run.filled or not run.seen:
            return "no record was read"
        before = (
            SyncRun.objects.filter(
                query=run.query, kind=run.kind, state__in=GOOD_RUNS, seen__gt=0, started__lt=run.started
            )
            .order_by("-started")
            .first()
        )
        rows = [
            (name.replace("_", " "), f"{count:,}", _share(count, run.seen), _share_before(before, name))
            for name, count in sorted(run.filled.items())
        ]
        return table(("field", "records", f"of {run.seen:,} seen", "in the good run before"), rows)

    @admin.display(description="unknown fields and values")
    def drift_words(self, run: SyncRun) -> str:
        if not run.drift:
            return "none"
        rows = sorted(run.drift.items(), key=lambda pair: (-pair[1], pair[0]))
        return table(("what", "records"), ((what, f"{count:,}") for what, count in rows))

    def is_suspect(self, run: SyncRun) -> bool:
        return run.state == RunState.SUSPECT

    def believe(self, request: HttpRequest, run: SyncRun) -> str:
        if not pulls.believe(run=run, by=str(request.user), at=timezone.now()):
            raise NotDone("This run is not suspect (any more), so there is nothing to believe.")
        return f"The run of {utc(run.started)} is believed. The next whole pull goes by it."

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *, obj: Model | None = None, **kwargs: Any
    ) -> HttpResponse:
        if isinstance(obj, SyncRun) and (state := RunState.read(obj.state)) in ADVICE:
            context["notice"] = {"level": LEVELS[state], "words": ADVICE[state]}
        return super().render_change_form(request, context, obj=obj, **kwargs)


def _share(count: int, seen: int) -> str:
    return f"{100 * count / seen:.0f} %"


def _share_before(before: SyncRun | None, name: str) -> str:
    if before is None:
        return "no run before"
    return _share(before.filled.get(name, 0), before.seen)
