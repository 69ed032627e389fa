"""Evidence links and lineage: the queue of what the rules propose, and what people add by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from tracker.curation import decisions
from tracker.models import EvidenceLink, LineageLink, Study, Trial
from tracker.terms import AnnotationState, Direction, LineageKind

from .buttons import person
from .deciding import Decides, DecisionForm
from .studies import counts_words

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

DECISIONS = [(AnnotationState.ACCEPTED, "accept"), (AnnotationState.REJECTED, "reject")]
LABELS = {
    AnnotationState.PROPOSED.value: "warning",
    AnnotationState.ACCEPTED.value: "success",
    AnnotationState.REJECTED.value: "danger",
}
MOST_TOLD = 10


def record_link(record: Trial | Study | None) -> str:
    if record is None:
        return "none"
    name = f"{record.pk}: {record.brief_title}" if isinstance(record, Trial) else str(record)
    return format_html('<a class="underline" href="{}">{}</a>', record.get_absolute_url(), name)


class _DecisionForm(DecisionForm):
    """Accept or reject, with a reason; on a new link the reason is what it rests on."""

    decision = forms.TypedChoiceField(
        choices=DECISIONS, coerce=AnnotationState, required=False, label="Decision",
        widget=UnfoldAdminRadioSelectWidget(),
    )  # fmt: skip
    why = forms.CharField(required=False, label="Reason", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))
    seen = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = seen_of(self.instance)
            if self.instance.state != AnnotationState.PROPOSED:
                self.initial["decision"] = self.instance.state
        if "why" in self.fields:
            needed = "Needed to reject, and to turn a direction round." if self.instance.pk else "What it rests on."
            self.fields["why"].help_text = needed

    def decided(self) -> AnnotationState:
        return self.cleaned_data["decision"] or AnnotationState(self.instance.state)


def seen_of(link: EvidenceLink | LineageLink) -> str:
    """What a person decides on, so that a decision made on an old page is noticed."""
    return f"{link.state} {getattr(link, 'direction', '')} {link.decided.isoformat() if link.decided else ''}"


class EvidenceLinkForm(_DecisionForm):
    class Meta:
        model = EvidenceLink
        fields = ("candidate", "trial", "study", "direction", "note")
        widgets = {"note": UnfoldAdminTextareaWidget(attrs={"rows": 2})}


class LineageLinkForm(_DecisionForm):
    class Meta:
        model = LineageLink
        fields = ("from_trial", "from_study", "kind", "to_trial", "to_study")

    def clean(self) -> dict[str, Any] | None:
        said = super().clean()
        if not self.instance.pk:
            for end, words in (("from", "What came first"), ("to", "What came of it")):
                given = [said.get(f"{end}_{kind}") for kind in ("trial", "study")] if said else []
                if given.count(None) != 1:
                    raise forms.ValidationError(f"{words}: choose a trial or a study, and not both.")
        return said


class _Queue(Decides):
    """A list of proposals with one decision a row, and a form that decides with a reason."""

    list_per_page = 50
    show_full_result_count = False
    actions = ("accept_selected",)

    @display(description="state", ordering="state", label=LABELS)
    def state_label(self, link: EvidenceLink | LineageLink) -> tuple[str, str]:
        return link.state, str(link.get_state_display())

    @admin.display(description="decided")
    def decided_words(self, link: EvidenceLink | LineageLink) -> str:
        if link.pk is None or link.decided is None:
            return "not yet"
        return f"by {link.decided_by}, {link.decided:%Y-%m-%d}"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), "decision": AnnotationState.ACCEPTED}

    def overtaken(self, form: _DecisionForm, link: EvidenceLink | LineageLink) -> None:
        seen = form.cleaned_data["seen"]
        if seen and seen != seen_of(link):
            raise decisions.Overtaken(
                f"This link was changed meanwhile (it is {link.get_state_display()} now). Open it again and decide."
            )

    def accept(self, request: HttpRequest, link: Any) -> None:
        raise NotImplementedError

    @admin.action(description="Accept the selected proposals", permissions=["change"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet) -> None:
        refused: list[str] = []
        done = 0
        for link in queryset:
            try:
                self.accept(request, link)
                done += 1
            except decisions.Declined as refusal:
                refused.append(str(refusal))
        if done:
            self.message_user(request, f"Accepted: {done:,}.", messages.SUCCESS)
        for sentence in refused[:MOST_TOLD]:
            self.message_user(request, sentence, messages.ERROR)


@admin.register(EvidenceLink)
class EvidenceLinkAdmin(_Queue):
    """One trial or study bears on one candidate. Proposals count for nothing until a person accepts them."""

    subject = "link"
    form = EvidenceLinkForm
    list_display = ("record_words", "direction", "candidate", "state_label", "basis_words", "counts", "decided_words")
    list_filter = ("state", "proposer", "direction")
    list_select_related = ("trial", "study", "candidate", "decided_by")
    search_fields = ("candidate__name", "=trial__nct_id", "=study__pmid", "study__title")
    autocomplete_fields = ("candidate", "trial", "study")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        if obj is None:
            return ("candidate", "trial", "study", "direction", "why", "note")
        return (
            "record_link", "candidate_link", "state_words", "basis", "counts", "decided_words", "seen", "direction",
            "decision", "why", "note",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("record_link", "candidate_link", "state_words", "basis", "counts", "decided_words")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvidenceLink]:
        links: QuerySet[EvidenceLink] = super().get_queryset(request)
        return links.defer("trial__search", "study__search")

    def decide(
        self, request: HttpRequest, form: EvidenceLinkForm, formsets: list[Any], *, change: bool
    ) -> EvidenceLink:
        said = form.cleaned_data
        act = {
            "by": person(request),
            "at": timezone.now(),
            "why": said["why"],
            "direction": Direction(said["direction"]),
        }
        if not change:
            return decisions.add_link(
                candidate=said["candidate"], trial=said["trial"], study=said["study"], note=said["note"], **act
            )
        link = EvidenceLink.objects.get(pk=form.instance.pk)
        self.overtaken(form, link)
        return decisions.decide_link(link=link, state=form.decided(), note=said["note"], **act)

    def accept(self, request: HttpRequest, link: EvidenceLink) -> None:
        decisions.decide_link(link=link, state=AnnotationState.ACCEPTED, by=person(request), at=timezone.now())

    @admin.display(description="record")
    def record_words(self, link: EvidenceLink) -> str:
        if link.trial is not None:
            return f"{link.trial_id} {link.trial.brief_title or ''}"[:90]
        return str(link.study)[:90]

    @admin.display(description="record")
    def record_link(self, link: EvidenceLink) -> str:
        return record_link(link.trial or link.study)

    @admin.display(description="candidate")
    def candidate_link(self, link: EvidenceLink) -> str:
        address = reverse("admin:tracker_candidate_change", args=[link.candidate_id])
        return format_html('<a class="underline" href="{}">{}</a>', address, link.candidate)

    @admin.display(description="state")
    def state_words(self, link: EvidenceLink) -> str:
        return str(link.get_state_display())

    @admin.display(description="rests on")
    def basis_words(self, link: EvidenceLink) -> str:
        return link.basis if len(link.basis) <= 100 else f"{link.basis[:98]}…"

    @admin.display(description="counts")
    def counts(self, link: EvidenceLink) -> str:
        return counts_words(link)


@admin.register(LineageLink)
class LineageLinkAdmin(_Queue):
    """One record led to, replicates, continues or reports another."""

    subject = "lineage"
    form = LineageLinkForm
    list_display = ("first", "kind_words", "second", "state_label", "basis", "decided_words")
    list_filter = ("state", "proposer", "kind")
    list_select_related = ("from_trial", "from_study", "to_trial", "to_study", "decided_by")
    search_fields = ("=from_trial__nct_id", "=to_trial__nct_id", "=from_study__pmid", "=to_study__pmid")
    autocomplete_fields = ("from_trial", "from_study", "to_trial", "to_study")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        if obj is None:
            return ("from_trial", "from_study", "kind", "to_trial", "to_study", "why")
        return ("first", "kind_words", "second", "basis", "decided_words", "seen", "decision", "why")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return () if obj is None else ("first", "kind_words", "second", "basis", "decided_words")

    def decide(self, request: HttpRequest, form: LineageLinkForm, formsets: list[Any], *, change: bool) -> LineageLink:
        said = form.cleaned_data
        act = {"by": person(request), "at": timezone.now(), "why": said["why"]}
        if not change:
            return decisions.add_lineage(
                kind=LineageKind(said["kind"]), origin=said["from_trial"] or said["from_study"],
                onward=said["to_trial"] or said["to_study"], **act,
            )  # fmt: skip
        link = LineageLink.objects.get(pk=form.instance.pk)
        self.overtaken(form, link)
        return decisions.decide_lineage(lineage=link, state=form.decided(), **act)

    def accept(self, request: HttpRequest, link: LineageLink) -> None:
        decisions.decide_lineage(lineage=link, state=AnnotationState.ACCEPTED, by=person(request), at=timezone.now())

    @admin.display(description="record")
    def first(self, link: LineageLink) -> str:
        return record_link(link.from_trial or link.from_study)

    @admin.display(description="how")
    def kind_words(self, link: LineageLink) -> str:
        return str(link.get_kind_display())

    @admin.display(description="other record")
    def second(self, link: LineageLink) -> str:
        return record_link(link.to_trial or link.to_study)
