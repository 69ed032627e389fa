"""Trials as ClinicalTrials.gov records them, their versions, and the runs that brought them.

A trial's columns hold only what is queried, listed or scored. The whole record is kept, compressed, one row a
version. In registry columns null means that the record is silent, which is neither "no" nor zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse

from tracker import terms

from .columns import closed, texts
from .judged import Judged, judged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.sources.ctgov_records import TrialRecord


class RegistryQuery(models.Model):
    """One question to ClinicalTrials.gov that a curator keeps; lung cancer is the default, not a limit."""

    name = models.CharField(max_length=200, help_text="What this query looks for, in words.")
    slug = models.SlugField(max_length=60, unique=True, help_text="Its name on the command line.")
    query_cond = models.TextField("query.cond", blank=True, help_text="Condition or disease, in Essie syntax.")
    query_term = models.TextField(
        "query.term",
        blank=True,
        help_text="Other terms. Leaves out detailed descriptions: add AREA[DetailedDescription] for those.",
    )
    filter_advanced = models.TextField("filter.advanced", blank=True, help_text="Essie filter, for example on dates.")
    is_on = models.BooleanField("on", default=False, help_text="Asked on schedule.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "registry query"
        verbose_name_plural = "registry queries"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(query_cond="", query_term="", filter_advanced=""),
                name="query_asks_something",
                violation_error_message="Fill at least one of query.cond, query.term and filter.advanced: "
                "an empty query would ask for the whole registry.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def parameters(self) -> dict[str, str]:
        """The registry parameters that this row stands for; blank ones are left out."""
        pairs = {
            "query.cond": self.query_cond,
            "query.term": self.query_term,
            "filter.advanced": self.filter_advanced,
        }
        return {name: " ".join(value.split()) for name, value in pairs.items() if value.strip()}


class SyncRun(models.Model):
    """One pull from one source: what it asked, saw, stored and could not read."""

    query = models.ForeignKey(RegistryQuery, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    literature_query = models.ForeignKey(
        "LiteratureQuery", null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    kind = models.CharField(max_length=20, choices=terms.RunKind.choices())
    state = models.CharField(max_length=20, choices=terms.RunState.choices(), default=terms.RunState.RUNNING)
    started = models.DateTimeField(db_index=True)
    finished = models.DateTimeField(null=True, blank=True)
    asked = models.JSONField(default=dict, help_text="The parameters as sent, or the paths read.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the query as it was then.")
    data_timestamp = models.CharField(max_length=40, blank=True, help_text="The registry's data version.")
    posted_from = models.DateField(null=True, blank=True, help_text="Only what was posted from this day on.")
    next_page_token = models.TextField(blank=True, help_text="Where an unfinished run goes on.")
    expected = models.PositiveIntegerField(null=True, blank=True, help_text="totalCount, as the registry said.")
    pages = models.PositiveIntegerField(default=0)
    all_pages = models.BooleanField(default=False, help_text="The last page of the answer is stored.")
    restarts = models.PositiveIntegerField(default=0, help_text="Times the answer was begun again from its first page.")
    requests = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0, help_text="Stored trials that a whole pull did not hold.")
    filled = models.JSONField(default=dict, help_text="Records that fill each stored field: {field: count}.")
    drift = models.JSONField(default=dict, help_text="Unknown fields and values met: {what: count}.")
    message = models.TextField(blank=True, help_text="What went wrong, in words; the registry's own where it spoke.")

    class Meta:
        ordering = ["-started", "-id"]
        verbose_name = "sync run"
        indexes = [models.Index(fields=["query", "state", "-started"], name="run_by_query")]
        constraints = [
            closed(terms.RunKind, "kind", "run_kind_known"),
            closed(terms.RunState, "state", "run_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=terms.RunState.RUNNING, finished__isnull=True)
                | (~models.Q(state=terms.RunState.RUNNING) & models.Q(finished__isnull=False)),
                name="run_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        query = self.query or self.literature_query
        what = query.slug if query else self.get_kind_display()
        return f"{what}, {self.started:%Y-%m-%d %H:%M} UTC"

    @property
    def is_good(self) -> bool:
        return self.state in terms.GOOD_RUNS


class TrialQuerySet(models.QuerySet["Trial"]):
    """Trials in the field's words."""

    def standing(self) -> TrialQuerySet:
        """Every trial once: not the rows of numbers that the registry folded into another."""
        return self.exclude(presence=terms.Presence.FOLDED)

    def called(self, nct_id: str) -> Trial | None:
        """The trial that this number leads to, its own or the one it was folded into; None where none is stored."""
        alias = TrialAlias.objects.filter(alias=nct_id).select_related("trial").first()
        return alias.trial if alias else self.filter(nct_id=nct_id).first()

    def about(self) -> TrialQuerySet:
        """Trials about EVs in lung cancer."""
        return self.standing().filter(relevance=terms.Relevance.ABOUT)

    def relevant(self) -> TrialQuerySet:
        """Trials about EVs in lung cancer, or naming EVs in passing."""
        return self.standing().exclude(relevance=terms.Relevance.NONE)

    def stalled(self) -> TrialQuerySet:
        return self.filter(momentum=terms.Momentum.STALLED)

    def partial(self) -> TrialQuerySet:
        """Trials whose current version is a partial copy."""
        return self.filter(is_partial=True)

    def numbered(self, nct_ids: Iterable[str]) -> TrialQuerySet:
        return self.filter(nct_id__in=list(nct_ids))

    def matching(self, words: str) -> TrialQuerySet:
        """Trials whose full-text vector holds these words (websearch syntax), or whose number begins so."""
        from django.contrib.postgres.search import SearchQuery  # the import costs a database driver

        text = words.strip()
        found = models.Q(search=SearchQuery(text, search_type="websearch", config="english"))
        if text[:3].upper() == "NCT":
            found |= models.Q(nct_id__startswith=text.upper())
        return self.filter(found)


class Trial(Judged):
    """One ClinicalTrials.gov record, by NCT number, in its current version."""

    # Registry values have no length of ours: one that outgrew a column would take its whole page down.
    # identity
    nct_id = models.CharField("NCT number", max_length=11, primary_key=True)
    org_study_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: the registry is silent
    secondary_ids = texts()
    brief_title = models.TextField(null=True, blank=True)  # noqa: DJ001
    official_title = models.TextField(null=True, blank=True)  # noqa: DJ001
    acronym = models.TextField(null=True, blank=True)  # noqa: DJ001

    # status and dates; *_given keeps a partial date as the registry wrote it
    overall_status = models.TextField(null=True, blank=True, db_index=True)  # noqa: DJ001
    last_known_status = models.TextField(null=True, blank=True)  # noqa: DJ001
    why_stopped = models.TextField(null=True, blank=True)  # noqa: DJ001
    status_verified_given = models.TextField(null=True, blank=True)  # noqa: DJ001
    start_given = models.TextField(null=True, blank=True)  # noqa: DJ001
    start_type = models.TextField(null=True, blank=True)  # noqa: DJ001
    start_date = models.DateField(null=True, blank=True, db_index=True, help_text="First day of what was given.")
    primary_completion_given = models.TextField(null=True, blank=True)  # noqa: DJ001
    primary_completion_type = models.TextField(null=True, blank=True)  # noqa: DJ001
    completion_given = models.TextField(null=True, blank=True)  # noqa: DJ001
    completion_type = models.TextField(null=True, blank=True)  # noqa: DJ001
    first_submit_date = models.DateField(null=True, blank=True)
    first_post_date = models.DateField(null=True, blank=True)
    last_update_submit_date = models.DateField(null=True, blank=True)
    last_update_post_date = models.DateField(null=True, blank=True, db_index=True)
    results_first_post_date = models.DateField(null=True, blank=True)
    has_results = models.BooleanField(null=True, blank=True)

    # who
    lead_sponsor = models.TextField(null=True, blank=True)  # noqa: DJ001
    lead_sponsor_class = models.TextField(null=True, blank=True)  # noqa: DJ001
    collaborators = models.JSONField(default=list, blank=True)  # [{"name", "class"}]

    # design
    study_type = models.TextField(null=True, blank=True)  # noqa: DJ001
    phases = ArrayField(models.TextField(), null=True, blank=True)
    allocation = models.TextField(null=True, blank=True)  # noqa: DJ001
    intervention_model = models.TextField(null=True, blank=True)  # noqa: DJ001
    primary_purpose = models.TextField(null=True, blank=True)  # noqa: DJ001
    masking = models.TextField(null=True, blank=True)  # noqa: DJ001
    who_masked = texts()
    observational_model = models.TextField(null=True, blank=True)  # noqa: DJ001
    time_perspective = models.TextField(null=True, blank=True)  # noqa: DJ001
    sampling_method = models.TextField(null=True, blank=True)  # noqa: DJ001
    enrollment_count = models.BigIntegerField(null=True, blank=True)
    enrollment_type = models.TextField(null=True, blank=True)  # noqa: DJ001
    healthy_volunteers = models.BooleanField(null=True, blank=True)
    sex = models.TextField(null=True, blank=True)  # noqa: DJ001
    minimum_age = models.TextField(null=True, blank=True)  # noqa: DJ001
    maximum_age = models.TextField(null=True, blank=True)  # noqa: DJ001

    # what is studied, and where
    conditions = texts()
    keywords = texts()
    mesh_terms = texts()
    arms = models.JSONField(null=True, blank=True)  # [{"label", "type"}]; null: the module is absent
    interventions = models.JSONField(default=list, blank=True)  # [{"type", "name"}]
    primary_outcomes = models.JSONField(default=list, blank=True)  # [{"measure", "time_frame"}]
    secondary_outcomes = models.JSONField(default=list, blank=True)
    sites = models.JSONField(null=True, blank=True)  # [{"facility", "city", "state", "country"}]; null: absent
    countries = texts()
    references = models.JSONField(default=list, blank=True)  # [{"pmid", "type", "citation"}]
    documents = models.JSONField(default=list, blank=True)  # [{"label", "has_protocol", "has_sap", "has_icf", "date"}]
    ipd_sharing = models.TextField(null=True, blank=True)  # noqa: DJ001

    # where this state comes from
    origin = models.CharField(max_length=20, choices=terms.Origin.choices())
    is_partial = models.BooleanField(default=False)
    presence = models.CharField(max_length=20, choices=terms.Presence.choices(), default=terms.Presence.PRESENT)
    registry_version = models.DateField(null=True, blank=True, help_text="The data date of this copy (versionHolder).")
    version_number = models.PositiveIntegerField(default=1, help_text="The version that is current.")
    version_count = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_changed = models.DateTimeField()
    search = SearchVectorField(null=True, editable=False)

    objects = TrialQuerySet.as_manager()

    class Meta:
        ordering = ["nct_id"]
        indexes = [
            GinIndex(fields=["search"], name="trial_search"),
            models.Index(fields=["relevance", "-score", "nct_id"], name="trial_by_score"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(nct_id__regex=r"^NCT\d{8}$"), name="nct_id_shape"),
            closed(terms.Origin, "origin", "trial_origin_known"),
            closed(terms.Presence, "presence", "trial_presence_known"),
            *judged("trial"),
        ]

    def __str__(self) -> str:
        return f"{self.nct_id} {self.brief_title or 'title not reported'}"

    def get_absolute_url(self) -> str:
        return reverse("trial", args=[self.nct_id])

    @property
    def registry_url(self) -> str:
        return f"https://clinicaltrials.gov/study/{self.nct_id}"


class TrialVersion(models.Model):
    """One distinct state of a record that we saw, kept whole (without personal contacts)."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=20, choices=terms.Origin.choices())
    is_partial = models.BooleanField(default=False)
    raw = models.BinaryField(help_text="The record as canonical JSON, zstandard.")
    raw_hash = models.CharField(max_length=64, help_text="SHA-256 of the state; the data date of the copy is left out.")
    raw_size = models.PositiveIntegerField(help_text="Bytes before packing.")
    registry_version = models.DateField(null=True, blank=True)
    last_update_post_date = models.DateField(null=True, blank=True)
    first_seen = models.DateTimeField()
    run = models.ForeignKey(SyncRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="versions")

    class Meta:
        ordering = ["trial_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "number"], name="version_number_once"),
            closed(terms.Origin, "origin", "version_origin_known"),
        ]

    def __str__(self) -> str:
        return f"{self.trial_id}, version {self.number}"

    def record(self) -> TrialRecord:
        """The typed record of this version, read again from the bytes that were kept."""
        from tracker.sources import ctgov_records
        from tracker.sources.packing import unpack

        return ctgov_records.read_record(unpack(bytes(self.raw)), origin=terms.Origin(self.origin))


class TrialAlias(models.Model):
    """A number that the registry folded into another: one trial, both numbers lead to it."""

    alias = models.CharField(max_length=11, primary_key=True)
    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="aliases")
    seen = models.DateTimeField()

    class Meta:
        ordering = ["alias"]
        verbose_name_plural = "trial aliases"
        constraints = [
            models.CheckConstraint(condition=~models.Q(alias=models.F("trial")), name="alias_is_another_number")
        ]

    def __str__(self) -> str:
        return f"{self.alias} is now {self.trial_id}"


class TrialMatch(models.Model):
    """That a query's answer held a trial: since when, when last, and how often it was missed since."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="matches")
    query = models.ForeignKey(RegistryQuery, on_delete=models.CASCADE, related_name="matches")
    first_matched = models.DateTimeField()
    last_matched = models.DateTimeField()
    misses = models.PositiveSmallIntegerField(default=0, help_text="Whole pulls in a row without it.")
    not_found = models.PositiveSmallIntegerField(default=0, help_text="404 answers in a row when asked by number.")
    last_asked = models.DateTimeField(null=True, blank=True, help_text="When it was last asked for by number.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "query"], name="match_once")]
        verbose_name_plural = "trial matches"

    def __str__(self) -> str:
        return f"{self.trial_id} matches {self.query_id}"


class SetAside(models.Model):
    """A record that could not be read, kept whole with the reason until it can be replayed."""

    subject = models.CharField(max_length=10, choices=terms.Subject.choices(), default=terms.Subject.TRIAL)
    source = models.TextField(help_text="The query's slug, or the file and the place in it.")
    nct_id = models.CharField(
        "number", max_length=40, blank=True, db_index=True, help_text="The NCT number; of a study its SOURCE:id."
    )
    origin = models.CharField(max_length=20, choices=sorted({*terms.Origin.choices(), *terms.StudyOrigin.choices()}))
    raw = models.BinaryField(help_text="The bytes as they came, without contacts where they parse; zstandard.")
    raw_hash = models.CharField(max_length=64)
    reason = models.TextField()
    run = models.ForeignKey(SyncRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="aside")
    state = models.CharField(max_length=20, choices=terms.SetAsideState.choices(), default=terms.SetAsideState.WAITING)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    replayed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen"]
        verbose_name = "set-aside record"
        constraints = [
            models.UniqueConstraint(fields=["source", "raw_hash"], name="aside_once"),
            closed(terms.SetAsideState, "state", "aside_state_known"),
            closed(terms.Subject, "subject", "aside_subject_known"),
            models.CheckConstraint(
                condition=models.Q(state=terms.SetAsideState.REPLAYED, replayed__isnull=False)
                | models.Q(state=terms.SetAsideState.WAITING, replayed__isnull=True),
                name="aside_replayed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nct_id or 'number not readable'}: {self.reason[:80]}"


class RegistryDescription(models.Model):
    """The registry's own description of its fields and enums, each distinct state once."""

    endpoint = models.CharField(max_length=40)  # "metadata" or "enums"
    content_hash = models.CharField(max_length=64)
    content = models.JSONField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    difference = models.JSONField(default=list, help_text="What changed since the one before, a line each.")
    is_noticed = models.BooleanField("read by a person", default=False)

    class Meta:
        ordering = ["-first_seen"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "content_hash"], name="description_once")]

    def __str__(self) -> str:
        return f"{self.endpoint}, first seen {self.first_seen:%Y-%m-%d}"

    def mark_as_read(self) -> None:
        """A person has read what changed: the notice goes away."""
        self.is_noticed = True
        self.save(update_fields=["is_noticed"])
