"""Studies: the form a curator fills in five minutes, and what rules and files read, with origin and words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline

from tracker.curation import decisions
from tracker.curation.decisions.studies import effective
from tracker.curation.shapes import reported
from tracker.models import Annotation, EvidenceLink, Experiment, Study, StudyFact
from tracker.terms import EV_ITEMS, AnnotationState, StudyFactName

from .buttons import Button, ReadOnly, person
from .deciding import Decides
from .looking_up import LookedUp, NotFoundThere, look_up
from .showing import annotation_words, as_words, interval, quoted
from .study_form import BIBLIOGRAPHY, FACT, TERM, ExperimentForm, StudyForm, origin_words
from .trials import MaturityInline, Seen
from .vocabulary import FACETS

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.forms import BaseInlineFormSet
    from django.http import HttpRequest, HttpResponse

F = StudyFactName


def facts(*names: StudyFactName) -> tuple[str, ...]:
    return tuple(f"{FACT}{name}" for name in names)


class ExperimentInline(TabularInline):
    """One experiment a row, saved with the form."""

    model = Experiment
    form = ExperimentForm
    fields = ("label", "kind", "cell_lines", "animal_model", "n_animals", "n_patients")
    extra = 1
    hide_title = True

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tracker.change_study") or request.user.has_perm("tracker.add_study")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request) or request.user.has_perm("tracker.view_study")


@admin.display(description="value")
def fact_value(fact: StudyFact) -> str:
    return as_words(fact.value)


@admin.display(description="read by")
def fact_origin(fact: StudyFact) -> str:
    return origin_words(fact)


@admin.display(description="words it rests on")
def fact_words(fact: StudyFact) -> str:
    return quoted(fact.words)


class FactInline(Seen):
    """Every value read, whoever read it; the form above shows the one that counts."""

    model = StudyFact
    verbose_name_plural = "all that was read"
    fields = readonly_fields = ("name", fact_value, "experiment", fact_origin, fact_words)
    show_change_link = True


class AnnotationInline(Seen):
    model = Annotation
    fields = readonly_fields = ("facet", "term", "state", "proposer", annotation_words)
    show_change_link = True


class LinkInline(Seen):
    model = EvidenceLink
    verbose_name_plural = "candidates it bears on"
    fields = readonly_fields = ("candidate", "direction", "state", "counts", "basis")
    show_change_link = True

    @admin.display(description="counts")
    def counts(self, link: EvidenceLink) -> str:
        return counts_words(link)


def counts_words(link: EvidenceLink) -> str:
    """Whether a link counts, and why not."""
    if link.study is not None and link.study.is_retracted and link.direction == "supports":
        return "for nothing: the study is retracted"
    if link.state != AnnotationState.ACCEPTED:
        return "not before a person accepts it" if link.state == AnnotationState.PROPOSED else "no: rejected"
    return "yes"


@admin.register(Study)
class StudyAdmin(Decides):
    """One publication, entered and corrected by people."""

    subject = "study"
    form = StudyForm
    list_display = ("title_words", "year", "identifier", "relevance", "stage_words", "score", "state_words", "origin")
    list_filter = ("relevance", "track", "stage", "origin", "is_retracted", "is_preprint")
    search_fields = ("title", "=pmid", "=pmcid", "=doi")
    search_help_text = "Words of the title or abstract, a PMID, PMCID or DOI."
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False
    warn_unsaved_form = True
    compressed_fields = False  # a label above its field leaves the switches their width
    inlines = (ExperimentInline, FactInline, AnnotationInline, LinkInline, MaturityInline)
    readonly_fields = ("see", "notice_words", "ev_share", "entered_words")
    change_form_outer_before_template = "admin/tracker/look_up.html"
    fieldsets = (
        (None, {"fields": ("see", "notice_words", "seen", "looked_up", ("pmid", "doi", "pmcid"), "title", "authors",
                           ("journal", "year"), "abstract", ("relevance", "why"))}),
        ("More of the bibliography", {"classes": ["collapse"], "fields": (
            ("published_given", "preprint_doi"), "mesh_terms", ("keywords", "publication_types"),
            ("trial_numbers", "source_url"), ("is_open_access", "language"), ("is_preprint", "is_retracted"),
            ("last_author_institution", "read_at"), "entered_words")}),
        ("What it is about", {"fields": tuple(
            tuple(f"{TERM}{facet}" for facet in FACETS[at : at + 2]) for at in range(0, len(FACETS), 2))}),
        ("What it shows", {"fields": (
            "summary", facts(F.STAGE_EVIDENCE, F.DIRECTION), facts(F.COHORTS, F.N_MODELS),
            facts(F.N_PATIENTS, F.N_CONTROLS, F.N_ANIMALS), facts(F.CELL_LINES, F.ANIMAL_MODEL, F.ANIMAL_SPECIES),
            facts(F.FINDINGS)[0])}),
        ("How well it was done", {"fields": (
            facts(F.CONTROLS, F.BLINDED), facts(F.RANDOMISED, F.GAIN_AND_LOSS),
            facts(F.REPLICATED, F.DATA_DEPOSITED), facts(F.PROTOCOL, F.CONFLICTS_STATED),
            facts(F.COMPARATORS, F.ISOLATION, F.CHARACTERISATION), ("ev_track_id", "ev_metric"))}),
        ("EV reporting", {"classes": ["ev-items"], "fields": (
            "ev_share", *(facts(*EV_ITEMS[at : at + 2]) for at in range(0, len(EV_ITEMS), 2)))}),
    )  # fmt: skip

    class Media:
        js = ("tracker/study_form.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Study]:
        studies: QuerySet[Study] = super().get_queryset(request)
        return studies.defer("search")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Study], search_term: str
    ) -> tuple[QuerySet[Study], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=Study.objects.matching(search_term).values("pk")), False

    # --- looking up ------------------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = request.GET.get("look_up", "").strip()
        found: LookedUp | None = None
        if asked and request.method == "GET" and self.has_add_permission(request):
            try:
                found = look_up(asked)
            except NotFoundThere as error:
                self.message_user(request, str(error), messages.WARNING)
        if found is not None:
            known = Study.objects.known_as(found.record.identifiers).first()
            if known is not None:
                self.message_user(request, f"“{asked}” is here already: this is it.", messages.INFO)
                return HttpResponseRedirect(reverse("admin:tracker_study_change", args=[known.pk]))
            said = "Filled from Europe PMC. See that it is the right one, then enter what it shows."
            self.message_user(request, said, messages.SUCCESS)
            request.looked_up = found  # type: ignore[attr-defined]
        answer: HttpResponse = super().add_view(
            request, form_url, {**(extra_context or {}), "looks_up": True, "asked": asked}
        )
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        found = getattr(request, "looked_up", None)
        if not isinstance(found, LookedUp):
            return {}
        told = {name: getattr(found.record, name) for name in BIBLIOGRAPHY if hasattr(found.record, name)}
        return {**told, "looked_up": found.sealed()}

    # --- deciding --------------------------------------------------------------------------------------------------

    def decide(
        self, request: HttpRequest, form: StudyForm, formsets: list[BaseInlineFormSet], *, change: bool
    ) -> Study:
        entry = form.entry(formset for formset in formsets if formset.model is Experiment)
        act = {"entry": entry, "by": person(request), "at": timezone.now(), "why": form.cleaned_data["why"]}
        if not change:
            found = form.cleaned_data["looked_up"]
            return decisions.enter_study(**act, looked_up=found.record if found else None)
        seen = form.cleaned_data["seen"]
        return decisions.change_study(
            study=Study.objects.get(pk=form.instance.pk), **act, seen=datetime.fromisoformat(seen) if seen else None
        )

    # --- showing ---------------------------------------------------------------------------------------------------

    @admin.display(description="title", ordering="title")
    def title_words(self, study: Study) -> str:
        return study.title if len(study.title) <= 120 else f"{study.title[:118]}…"

    @admin.display(description="PMID or DOI")
    def identifier(self, study: Study) -> str:
        return study.pmid or study.doi or study.preprint_doi or "none"

    @admin.display(description="stage", ordering="stage", empty_value="no stage")
    def stage_words(self, study: Study) -> str | None:
        return None if study.stage is None else interval(study.stage, study.stage_possible)

    @admin.display(description="standing", ordering="is_retracted")
    def state_words(self, study: Study) -> str:
        if study.is_retracted:
            return "retracted: supports nothing"
        return "preprint" if study.is_preprint else "stands"

    @admin.display(description="see")
    def see(self, study: Study | None) -> str:
        if study is None or study.pk is None:
            return "its page is made when it is saved"
        places = [(study.get_absolute_url(), "Its page, with every row of its maturity")]
        if study.pmid:
            places.append((f"https://pubmed.ncbi.nlm.nih.gov/{study.pmid}/", f"PMID {study.pmid}"))
        if study.doi:
            places.append((f"https://doi.org/{study.doi}", study.doi))
        places.append((f"{reverse('admin:tracker_evidencelink_add')}?study={study.pk}", "Link it to a candidate"))
        return format_html_join(" · ", '<a class="underline" href="{}">{}</a>', places)

    @admin.display(description="notices")
    def notice_words(self, study: Study | None) -> str:
        if study is None or study.pk is None or not (study.is_retracted or study.notices):
            return "none"
        first = "Retracted: it counts for nothing. " if study.is_retracted else ""
        return format_html("{}{}", first, as_words(study.notices) if study.notices else "")

    @admin.display(description="EV reporting")
    def ev_share(self, study: Study | None) -> str:
        standing = effective(study.facts.all()) if study is not None and study.pk else {}
        answers = {name: fact.value for (experiment, name), fact in standing.items() if experiment is None}
        return format_html(
            '<output data-ev-share aria-live="polite" class="font-semibold text-important">{}</output>',
            str(reported(answers)),
        )

    @admin.display(description="entered by people")
    def entered_words(self, study: Study | None) -> str:
        """These columns no source overwrites."""
        return ", ".join(name.replace("_", " ") for name in study.entered) if study and study.entered else "none"


@admin.register(StudyFact)
class StudyFactAdmin(ReadOnly):
    """What was read in studies: accept or reject it here; a person's own value is changed on the study's form."""

    list_display = ("study", "name", fact_value, fact_origin)
    list_filter = ("state", "origin", "name")
    list_select_related = ("study", "by", "experiment")
    search_fields = ("=study__pmid", "study__title")
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = ("study", "experiment", "name", fact_value, fact_origin, fact_words, "state", "by", "at")
    record_buttons = (
        Button(
            name="accept", label="Accept", explains="says that the study says so.",
            permission="tracker.change_studyfact", act="accept", shown="may_be_accepted",
        ),
        Button(
            name="reject", label="Reject", explains="says that it does not; the value counts no more.",
            permission="tracker.change_studyfact", act="reject", shown="may_be_rejected",
            asks="Does the study not say so? The value counts no more.", wants_why=True,
        ),
    )  # fmt: skip

    def as_seen(self, record: Model) -> str:
        return f"{record.state} {record.at.isoformat()}" if isinstance(record, StudyFact) else ""

    def may_be_accepted(self, fact: StudyFact) -> bool:
        return fact.origin != "person" and fact.state != AnnotationState.ACCEPTED

    def may_be_rejected(self, fact: StudyFact) -> bool:
        return fact.origin != "person" and fact.state != AnnotationState.REJECTED

    def accept(self, request: HttpRequest, fact: StudyFact) -> str:
        return self._decide(request, fact, AnnotationState.ACCEPTED)

    def reject(self, request: HttpRequest, fact: StudyFact) -> str:
        return self._decide(request, fact, AnnotationState.REJECTED)

    def _decide(self, request: HttpRequest, fact: StudyFact, state: AnnotationState) -> str:
        decisions.decide_fact(
            fact=fact, state=state, by=person(request), at=timezone.now(), why=request.POST.get("why", "")
        )
        return f"{fact.get_name_display()}: {state}."
