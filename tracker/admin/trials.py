"""Trials: the registry's facts, what the rules read in them, and how they were scored. All of it read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html
from unfold.admin import TabularInline

from tracker import terms
from tracker.models import Annotation, ChangeEvent, Maturity, Trial, TrialVersion
from tracker.reads.wording import people

from .buttons import ReadOnly
from .showing import NOT_REPORTED, annotation_words, as_words, dated, fact, interval, quoted

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest


class Seen(TabularInline):
    """Rows that a record's page shows and nobody edits there."""

    extra = 0
    tab = True
    hide_title = True  # the row says it all
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class MaturityInline(Seen):
    model = Maturity
    fields = readonly_fields = (
        "track", "stage_words", "step", "strength_words", "score_words", "momentum", "rubric", "scored_on",
        "is_leading", "is_current",
    )  # fmt: skip

    @admin.display(description="stage")
    def stage_words(self, maturity: Maturity) -> str:
        return interval(maturity.stage, maturity.stage_possible)

    @admin.display(description="strength")
    def strength_words(self, maturity: Maturity) -> str:
        return interval(maturity.earned, maturity.possible)

    @admin.display(description="score")
    def score_words(self, maturity: Maturity) -> str:
        return interval(maturity.score, maturity.score_possible)


class AnnotationInline(Seen):
    model = Annotation
    fields = readonly_fields = ("facet", "term", "state", "proposer", annotation_words)


class VersionInline(Seen):
    model = TrialVersion
    fields = readonly_fields = (
        "number", "origin", "is_partial", "registry_version", "last_update_post_date", "first_seen", "raw_size",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrialVersion]:
        versions: QuerySet[TrialVersion] = super().get_queryset(request)
        return versions.defer("raw")  # a record may be above 1 MB; the list needs none of it


class ChangeInline(Seen):
    model = ChangeEvent
    fields = readonly_fields = ("kind", "field", "before_words", "after_words", "days", "posted", "seen")

    @admin.display(description="before")
    def before_words(self, change: ChangeEvent) -> str:
        return as_words(change.before)

    @admin.display(description="after")
    def after_words(self, change: ChangeEvent) -> str:
        return as_words(change.after)


IDENTITY = (
    fact("brief_title", label="title"), fact("official_title"), fact("acronym"), fact("org_study_id"),
    fact("secondary_ids"),
)  # fmt: skip
STATUS = (
    fact("overall_status", label="status", vocabulary=terms.Status),
    fact("last_known_status", vocabulary=terms.Status), fact("why_stopped"),
    dated("start", label="start"), dated("primary_completion", label="primary completion"),
    dated("completion", label="completion"), fact("status_verified_given", label="last verified"),
    fact("first_submit_date", label="first submitted"), fact("first_post_date", label="first posted"),
    fact("last_update_submit_date", label="last update submitted"),
    fact("last_update_post_date", label="last update posted"), fact("has_results"),
    fact("results_first_post_date", label="results first posted"),
)  # fmt: skip


@admin.display(description="people")
def enrolled(trial: Trial) -> str:
    """``378 planned``; a number that says nothing is not reported, as on the pages."""
    found = people(trial.enrollment_count, trial.enrollment_type, trial.overall_status)
    return " ".join(found) if found else NOT_REPORTED


DESIGN = (
    fact("study_type", vocabulary=terms.StudyType), fact("phases", vocabulary=terms.Phase),
    enrolled,
    fact("allocation", vocabulary=terms.Allocation),
    fact("intervention_model", vocabulary=terms.InterventionModel),
    fact("primary_purpose", vocabulary=terms.PrimaryPurpose), fact("masking", vocabulary=terms.Masking),
    fact("who_masked"), fact("observational_model", vocabulary=terms.ObservationalModel),
    fact("time_perspective", vocabulary=terms.TimePerspective),
    fact("sampling_method", vocabulary=terms.SamplingMethod), fact("healthy_volunteers"), fact("sex"),
    fact("minimum_age"), fact("maximum_age"),
)  # fmt: skip
STUDIED = (
    fact("lead_sponsor"), fact("lead_sponsor_class", vocabulary=terms.SponsorClass), fact("collaborators"),
    fact("conditions"), fact("keywords"), fact("mesh_terms", label="MeSH terms"), fact("arms"),
    fact("interventions"), fact("primary_outcomes"), fact("secondary_outcomes"), fact("countries"), fact("sites"),
    fact("references"), fact("documents"), fact("ipd_sharing", label="sharing of data", vocabulary=terms.IpdSharing),
)  # fmt: skip
PROVENANCE = (
    fact("origin", vocabulary=terms.Origin), fact("is_partial", label="partial record"),
    fact("presence", vocabulary=terms.Presence), fact("registry_version", label="data date of this copy"),
    fact("version_number", label="current version"), fact("version_count", label="versions"),
    fact("first_seen"), fact("last_changed"), fact("lexicon_version"),
)  # fmt: skip


@admin.register(Trial)
class TrialAdmin(ReadOnly):
    """One ClinicalTrials.gov record as stored."""

    list_display = (
        "nct_id", "title", "status", "relevance", "track_words", "stage_words", "score_shown",
        "momentum_words", "origin_words", "changed_on",
    )  # fmt: skip
    list_filter = ("relevance", "track", "stage", "momentum", "presence", "origin", "is_partial", "overall_status")
    search_fields = ("nct_id",)  # the words are found by the full-text vector, in get_search_results
    search_help_text = "Words of the record, or an NCT number."
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False  # the link stands among the fields, with its words
    inlines = (MaturityInline, AnnotationInline, VersionInline, ChangeInline)
    readonly_fields = (
        "links", "relevance_words_shown", "scored_words", *IDENTITY, *STATUS, *DESIGN, *STUDIED, *PROVENANCE,
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("links", *IDENTITY)}),
        ("What the rules read", {"fields": ("relevance_words_shown", "scored_words")}),
        ("Status and dates", {"fields": STATUS}),
        ("Design", {"fields": DESIGN}),
        ("Who, what and where", {"fields": STUDIED}),
        ("Where this state comes from", {"fields": PROVENANCE}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trial]:
        trials: QuerySet[Trial] = super().get_queryset(request)
        return trials.defer("search")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Trial], search_term: str
    ) -> tuple[QuerySet[Trial], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=Trial.objects.matching(search_term).values("pk")), False

    @admin.display(description="title")
    def title(self, trial: Trial) -> str:
        return trial.brief_title or "title not reported"

    @admin.display(description="status", ordering="overall_status")
    def status(self, trial: Trial) -> str:
        return as_words(trial.overall_status, vocabulary=terms.Status)

    @admin.display(description="track", ordering="track", empty_value="none")
    def track_words(self, trial: Trial) -> str | None:
        return trial.track

    @admin.display(description="stage", ordering="stage", empty_value="no stage")
    def stage_words(self, trial: Trial) -> str | None:
        return None if trial.stage is None else interval(trial.stage, trial.stage_possible)

    @admin.display(description="score", ordering="score", empty_value="no stage")
    def score_shown(self, trial: Trial) -> str | None:
        return None if trial.score is None else str(trial.score)

    @admin.display(description="momentum", ordering="momentum", empty_value="no stage")
    def momentum_words(self, trial: Trial) -> str | None:
        return as_words(trial.momentum, vocabulary=terms.Momentum) if trial.momentum else None

    @admin.display(description="origin", ordering="origin")
    def origin_words(self, trial: Trial) -> str:
        return f"{trial.origin}, partial" if trial.is_partial else trial.origin

    @admin.display(description="last changed", ordering="last_changed")
    def changed_on(self, trial: Trial) -> str:
        return f"{trial.last_changed:%Y-%m-%d}"

    @admin.display(description="see")
    def links(self, trial: Trial) -> str:
        return format_html(
            '<a class="underline" href="{}">Its page, with every row of its maturity</a> · '
            '<a class="underline" href="{}" rel="external noopener">{} at ClinicalTrials.gov</a>',
            trial.get_absolute_url(),
            trial.registry_url,
            trial.nct_id,
        )

    @admin.display(description="relevance")
    def relevance_words_shown(self, trial: Trial) -> str:
        return format_html(
            "{}, {}: {}", trial.get_relevance_display(), trial.get_relevance_by_display(), quoted(trial.relevance_words)
        )

    @admin.display(description="maturity")
    def scored_words(self, trial: Trial) -> str:
        if trial.stage is None:
            return "no stage: its page says why"
        return (
            f"{trial.track}, stage {interval(trial.stage, trial.stage_possible)}, "
            f"strength {interval(trial.strength, trial.strength_possible)}, "
            f"score {interval(trial.score, trial.score_possible)}, {trial.momentum}"
        )
