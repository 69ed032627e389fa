"""Candidates: described in a form; merged and split on pages that show first what would happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tracker.curation import decisions
from tracker.curation.decisions.candidates import TOLD
from tracker.models import Candidate, CandidateAddress, EvidenceLink
from tracker.terms import CandidateStatus, Facet

from .buttons import Button, person
from .deciding import Decides, DecisionForm
from .studies import LinkInline
from .trials import Seen
from .vocabulary import ListField, TermsField

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

TERMS = {"roles": Facet.ROLE, "ev_sources": Facet.EV_SOURCE, "cargo": Facet.CARGO, "mechanisms": Facet.MECHANISM}


class CandidateForm(DecisionForm):
    """What a candidate is; its links are added and decided elsewhere."""

    names = ListField(by_line=True, label="Synonyms", help_text="One a line.")
    roles = TermsField(Facet.ROLE, label="Roles")
    ev_sources = TermsField(Facet.EV_SOURCE, label="EV sources")
    cargo = TermsField(Facet.CARGO, label="Cargo")
    mechanisms = TermsField(Facet.MECHANISM, label="Mechanisms")
    targets = ListField(help_text="Parted by semicolons.")
    references = ListField(by_line=True, help_text="One a line: title | address.")
    why = forms.CharField(
        required=False, label="Reason", widget=UnfoldAdminTextInputWidget(), help_text="For the history."
    )

    class Meta:
        model = Candidate
        fields = TOLD
        widgets = {
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "developer": UnfoldAdminTextInputWidget(),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        candidate = self.instance
        for name in TERMS:
            field = self.fields.get(name)
            if isinstance(field, TermsField):
                field.also(getattr(candidate, name))
        if candidate.pk:
            self.initial["names"] = list(candidate.names.values_list("name", flat=True))
            self.initial["references"] = [
                " | ".join(one[part] for part in ("title", "url") if one.get(part)) for one in candidate.references
            ]

    def clean_references(self) -> list[dict[str, str]]:
        found = []
        for line in self.cleaned_data["references"]:
            title, _, url = (part.strip() for part in line.rpartition("|"))
            if not url.startswith(("https://", "http://")):
                raise forms.ValidationError(f"“{line}” has no address: write it as title | https://…")
            found.append({"title": title, "url": url})
        return found

    def said(self) -> dict[str, Any]:
        """The columns that the person changed."""
        changed = set(self.changed_data)
        return {name: self.cleaned_data[name] for name in TOLD if name in changed}


class MergeForm(forms.Form):
    other = forms.ModelChoiceField(
        Candidate.objects.none(), label="The other candidate", widget=UnfoldAdminSelectWidget()
    )
    why = forms.CharField(label="Reason", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), required=False)

    def __init__(self, *args: Any, candidate: Candidate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["other"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Candidate.objects.current().filter(kind=candidate.kind).exclude(pk=candidate.pk)


class SplitForm(forms.Form):
    name = forms.CharField(label="Name of the new candidate", max_length=200, widget=UnfoldAdminTextInputWidget())
    links = forms.ModelMultipleChoiceField(
        EvidenceLink.objects.none(), label="Links that go to it", widget=forms.CheckboxSelectMultiple()
    )
    names = forms.MultipleChoiceField(
        label="Synonyms that go with them", required=False, widget=forms.CheckboxSelectMultiple()
    )
    why = forms.CharField(label="Reason", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))

    def __init__(self, *args: Any, candidate: Candidate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        links, names = self.fields["links"], self.fields["names"]
        assert isinstance(links, forms.ModelMultipleChoiceField)
        assert isinstance(names, forms.MultipleChoiceField)
        links.queryset = EvidenceLink.objects.filter(candidate=candidate).select_related("trial", "study")
        links.label_from_instance = link_words  # type: ignore[assignment,method-assign]  # Django's own way to name a choice
        names.choices = [(one, one) for one in candidate.names.values_list("name", flat=True)]


def link_words(link: Model) -> str:
    """``NCT01159288 …, supports, accepted``."""
    assert isinstance(link, EvidenceLink)
    record = f"{link.trial_id} {link.trial.brief_title or ''}" if link.trial else str(link.study)
    return f"{record[:100]}, {link.get_direction_display()}, {link.get_state_display()}"


class CandidateLinkInline(LinkInline):
    verbose_name_plural = "evidence"
    fields = readonly_fields = ("record", "direction", "state", "counts", "basis")

    @admin.display(description="record")
    def record(self, link: EvidenceLink) -> str:
        return link_words(link).rsplit(", ", 2)[0]


class OldAddressInline(Seen):
    model = CandidateAddress
    verbose_name_plural = "old addresses"
    fields = readonly_fields = ("slug", "since")


@admin.register(Candidate)
class CandidateAdmin(Decides):
    """One diagnostic or therapeutic."""

    subject = "candidate"
    form = CandidateForm
    list_display = ("name", "kind", "cargo_words", "evidence", "waiting", "status_label")
    list_filter = ("status", "kind")
    search_fields = ("name", "names__name", "developer")
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False
    inlines = (CandidateLinkInline, OldAddressInline)
    readonly_fields = ("see", "status_words")
    fieldsets = (
        (None, {"fields": ("see", "status_words", ("name", "kind"), "names", "description")}),
        ("What it is", {"fields": (("roles", "ev_sources"), ("cargo", "mechanisms"), "targets", "developer")}),
        ("Where it is written of", {"fields": ("references", "why")}),
    )
    record_buttons = (
        Button(
            name="retire", label="Retire", explains="says that nobody pursues it any more.",
            permission="tracker.change_candidate", act="retire", shown="is_active", wants_why=True,
            asks="Does nobody pursue it any more? Its page and its links stay.",
        ),
        Button(
            name="revive", label="Take the retirement back", explains="makes it active again.",
            permission="tracker.change_candidate", act="revive", shown="is_retired",
        ),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/merge/", view(self.merge_view), name="tracker_candidate_merge"),
            path("<path:object_id>/split/", view(self.split_view), name="tracker_candidate_split"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Candidate]:
        candidates: QuerySet[Candidate] = super().get_queryset(request)
        return candidates.select_related("merged_into").prefetch_related("links")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Candidate], search_term: str
    ) -> tuple[QuerySet[Candidate], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if request.path.endswith("/autocomplete/"):
            found = found.exclude(status=CandidateStatus.MERGED)
        return found, may_repeat

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if isinstance(obj, Candidate) and obj.status == CandidateStatus.MERGED:
            return False  # what it was is shown; the other one is changed
        return bool(super().has_change_permission(request, obj))

    # --- deciding --------------------------------------------------------------------------------------------------

    def decide(self, request: HttpRequest, form: CandidateForm, formsets: list[Any], *, change: bool) -> Candidate:
        act = {"by": person(request), "at": timezone.now(), "why": form.cleaned_data["why"]}
        names = form.cleaned_data["names"]
        if not change:
            told = {name: form.cleaned_data[name] for name in TOLD}
            return decisions.create_candidate(**told, names=names, **act)
        candidate = Candidate.objects.get(pk=form.instance.pk)
        said = form.said()
        return decisions.change_candidate(
            candidate=candidate, changes=said, names=names if "names" in form.changed_data else None, **act
        )

    def is_active(self, candidate: Candidate) -> bool:
        return candidate.status == CandidateStatus.ACTIVE

    def is_retired(self, candidate: Candidate) -> bool:
        return candidate.status == CandidateStatus.RETIRED

    def retire(self, request: HttpRequest, candidate: Candidate) -> str:
        decisions.retire_candidate(
            candidate=candidate, by=person(request), at=timezone.now(), why=request.POST.get("why", "")
        )
        return f"{candidate.name} is retired."

    def revive(self, request: HttpRequest, candidate: Candidate) -> str:
        decisions.revive_candidate(candidate=candidate, by=person(request), at=timezone.now())
        return f"{candidate.name} is active again."

    # --- merging and splitting -------------------------------------------------------------------------------------

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose the other one, see what would happen, then do it."""
        candidate, refused = self._standing(request, object_id)
        if candidate is None:
            return refused
        form = MergeForm(request.POST or request.GET or None, candidate=candidate)
        plan = None
        if form.is_valid():
            other = form.cleaned_data["other"]
            if request.method == "POST":
                try:
                    decisions.merge_candidates(
                        survivor=candidate, other=other, by=person(request), at=timezone.now(),
                        why=form.cleaned_data["why"],
                    )  # fmt: skip
                except decisions.Declined as refusal:
                    form.add_error(None, str(refusal))
                else:
                    said = f"{other.name} is {candidate.name} now. Its old address leads there."
                    return self._done(request, candidate, said)
            plan = decisions.what_a_merge_does(survivor=candidate, other=other)
        return self._page(
            request, "admin/tracker/merge.html", candidate, title=f"Merge into {candidate.name}", form=form, plan=plan,
            moved=[link_words(link) for link in plan.moved] if plan else [],
            doubled=[(link_words(kept), other.get_direction_display()) for kept, other in plan.doubled] if plan else [],
        )  # fmt: skip

    def split_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose what goes to a candidate of its own; what stays is what is not chosen."""
        candidate, refused = self._standing(request, object_id)
        if candidate is None:
            return refused
        form = SplitForm(request.POST or None, candidate=candidate)
        is_sure = "confirmed" in request.POST
        chosen: list[EvidenceLink] = []
        if form.is_valid():
            chosen = list(form.cleaned_data["links"])
            if is_sure:
                try:
                    new = decisions.split_candidate(
                        candidate=candidate, links=chosen, name=form.cleaned_data["name"],
                        names=form.cleaned_data["names"], by=person(request), at=timezone.now(),
                        why=form.cleaned_data["why"],
                    )  # fmt: skip
                except decisions.Declined as refusal:
                    form.add_error(None, str(refusal))
                else:
                    return self._done(request, new, f"{new.name} was split off {candidate.name}.")
        stays = EvidenceLink.objects.filter(candidate=candidate).exclude(pk__in=[link.pk for link in chosen])
        return self._page(
            request, "admin/tracker/split.html", candidate, title=f"Split {candidate.name}", form=form,
            goes=[link_words(link) for link in chosen],
            stays=[link_words(link) for link in stays.select_related("trial", "study")],
            is_ready=form.is_bound and form.is_valid(),
        )  # fmt: skip

    def _standing(self, request: HttpRequest, object_id: str) -> tuple[Candidate | None, HttpResponse]:
        candidate = self.get_object(request, object_id)
        if candidate is None:
            return None, self._get_obj_does_not_exist_redirect(request, self.model._meta, object_id)
        if not self.has_change_permission(request, candidate):
            raise PermissionDenied
        return candidate, HttpResponseRedirect(".")

    def _done(self, request: HttpRequest, candidate: Candidate, said: str) -> HttpResponse:
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:tracker_candidate_change", args=[candidate.pk]))

    def _page(self, request: HttpRequest, template: str, candidate: Candidate, **told: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request), "opts": self.model._meta, "candidate": candidate,
            "back": reverse("admin:tracker_candidate_change", args=[candidate.pk]), **told,
        }  # fmt: skip
        return TemplateResponse(request, template, context)

    # --- showing ---------------------------------------------------------------------------------------------------

    @admin.display(description="cargo")
    def cargo_words(self, candidate: Candidate) -> str:
        return ", ".join(candidate.cargo) or "not said"

    @admin.display(description="accepted links")
    def evidence(self, candidate: Candidate) -> int:
        return sum(link.state == "accepted" for link in candidate.links.all())

    @admin.display(description="proposals")
    def waiting(self, candidate: Candidate) -> int:
        return sum(link.state == "proposed" for link in candidate.links.all())

    @display(
        description="status", ordering="status", label={"active": "success", "retired": "warning", "merged": "info"}
    )
    def status_label(self, candidate: Candidate) -> tuple[str, str]:
        return candidate.status, self.status_words(candidate)

    @admin.display(description="status")
    def status_words(self, candidate: Candidate) -> str:
        if candidate.merged_into is not None:
            return f"merged into {candidate.merged_into}"
        return str(candidate.get_status_display())

    @admin.display(description="see")
    def see(self, candidate: Candidate | None) -> str:
        if candidate is None or candidate.pk is None:
            return "its page is made when it is saved"
        places = [(candidate.get_absolute_url(), "Its page")]
        if candidate.status != CandidateStatus.MERGED:
            places += [
                (f"{reverse('admin:tracker_evidencelink_add')}?candidate={candidate.pk}", "Link a record to it"),
                (reverse("admin:tracker_candidate_merge", args=[candidate.pk]), "Merge another into it"),
                (reverse("admin:tracker_candidate_split", args=[candidate.pk]), "Split it"),
            ]
        return format_html_join(" · ", '<a class="underline" href="{}">{}</a>', places)
