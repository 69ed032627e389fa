"""Studies: publications on EV diagnostics and therapeutics, and what people, files and rules read in them.

Bibliographic columns follow the source; what was extracted stands in facts, each with its origin and its words. In
bibliographic columns null means that the source is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models
from django.db.models.expressions import RawSQL
from django.urls import reverse

from tracker import terms

from .columns import closed, texts
from .judged import Judged, judged
from .registry import SyncRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.sources.bibliography import StudyRecord


class LiteratureQuery(models.Model):
    """One question to Europe PMC that a curator keeps."""

    name = models.CharField(max_length=200, help_text="What this query looks for, in words.")
    slug = models.SlugField(max_length=60, unique=True, help_text="Its name on the command line.")
    query = models.TextField(help_text="In Europe PMC's search syntax.")
    is_on = models.BooleanField("on", default=False, help_text="Asked on schedule.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "literature queries"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(query=""),
                name="literature_query_asks_something",
                violation_error_message="Write a query: an empty one would ask for all of Europe PMC.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class StudyQuerySet(models.QuerySet["Study"]):
    """Studies in the field's words."""

    def about(self) -> StudyQuerySet:
        return self.filter(relevance=terms.Relevance.ABOUT)

    def standing(self) -> StudyQuerySet:
        """Studies that may support anything: not retracted."""
        return self.filter(is_retracted=False)

    def known_as(self, identifiers: Iterable[str]) -> StudyQuerySet:
        """Studies that have any of these identifiers, as ``scheme:value``; a preprint's DOI is one of its paper's."""
        columns = {"pmid": ("pmid",), "pmcid": ("pmcid",), "doi": ("doi", "preprint_doi"), "key": ("collection_key",)}
        asked = list(identifiers)
        found = models.Q(other_ids__overlap=asked)
        for scheme, _, value in (one.partition(":") for one in asked):
            for column in columns.get(scheme, ()):
                found |= models.Q(**{column: value})
        return self.filter(found)

    def matching(self, words: str) -> StudyQuerySet:
        """Studies whose full-text vector holds these words (websearch syntax), or whose PMID, PMCID or DOI is this."""
        text = words.strip()
        found = models.Q(search=SearchQuery(text, search_type="websearch", config="english"))
        return self.filter(found | models.Q(pmid=text) | models.Q(pmcid=text.upper()) | models.Q(doi=text.lower()))


class Study(Judged):
    """One publication reporting preclinical or early clinical work; a preprint and its paper are one study."""

    # identity
    pmid = models.CharField("PMID", max_length=12, null=True, blank=True, unique=True)
    pmcid = models.CharField("PMCID", max_length=14, null=True, blank=True, unique=True)
    doi = models.CharField("DOI", max_length=300, null=True, blank=True, unique=True)
    preprint_doi = models.CharField("preprint DOI", max_length=300, null=True, blank=True, unique=True)
    other_ids = texts()  # identifiers beyond the columns, as "ppr:PPR123" or "pmid:…" of a preprint
    title = models.TextField()
    title_key = models.CharField(max_length=300, blank=True, editable=False, help_text="The title folded to compare.")
    authors = models.JSONField(default=list, blank=True)  # ["Jiang C", …] in order
    journal = models.TextField(null=True, blank=True)  # noqa: DJ001
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    published_given = models.CharField(max_length=10, null=True, blank=True)  # noqa: DJ001 - a partial date
    abstract = models.TextField(null=True, blank=True)  # noqa: DJ001
    keywords = texts()
    mesh_terms = texts()
    publication_types = texts()
    is_open_access = models.BooleanField(null=True, blank=True)
    language = models.CharField(max_length=10, null=True, blank=True)  # noqa: DJ001
    last_author_institution = models.TextField(null=True, blank=True, help_text="Entered by a curator.")  # noqa: DJ001
    trial_numbers = texts()  # NCT numbers named by the source or in the abstract

    # what became of it
    is_preprint = models.BooleanField(default=False)
    is_retracted = models.BooleanField(default=False)
    notices = models.JSONField(default=list, blank=True)  # [{"kind", "given_on", "identifier", "url"}]

    # where it comes from
    origin = models.CharField(max_length=20, choices=terms.StudyOrigin.choices())
    source_url = models.TextField(null=True, blank=True, help_text="The paper's own address.")  # noqa: DJ001
    read_at = models.TextField(null=True, blank=True, help_text="Where the facts were read; for curators.")  # noqa: DJ001
    entered = texts(  # the columns that a person filled; no source overwrites them
        db_default=RawSQL("'{}'::text[]", ())
    )
    collection_key = models.CharField(max_length=60, null=True, blank=True, unique=True)
    summary = models.TextField(null=True, blank=True, help_text="What it shows, in a curator's words.")  # noqa: DJ001
    ev_track_id = models.CharField("EV-TRACK id", max_length=20, null=True, blank=True)  # noqa: DJ001
    ev_metric = models.PositiveSmallIntegerField("EV-METRIC, %", null=True, blank=True)
    version_count = models.PositiveIntegerField(default=0, editable=False)
    first_seen = models.DateTimeField()
    last_changed = models.DateTimeField()
    search = SearchVectorField(null=True, editable=False)

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "id"]
        verbose_name_plural = "studies"
        indexes = [
            GinIndex(fields=["search"], name="study_search"),
            GinIndex(fields=["other_ids"], name="study_other_ids"),
            models.Index(fields=["title_key"], name="study_title_key"),
            models.Index(fields=["relevance", "-score", "id"], name="study_by_score"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(title=""), name="study_has_title"),
            models.CheckConstraint(condition=models.Q(pmid__regex=r"^[1-9]\d{0,8}$"), name="study_pmid_shape"),
            models.CheckConstraint(condition=models.Q(pmcid__regex=r"^PMC[1-9]\d{0,8}$"), name="study_pmcid_shape"),
            models.CheckConstraint(condition=models.Q(doi__regex=r"^10\.\d{4,9}/\S+$"), name="study_doi_shape"),
            models.CheckConstraint(condition=models.Q(ev_metric__lte=100), name="study_ev_metric_share"),
            closed(terms.StudyOrigin, "origin", "study_origin_known"),
            *judged("study"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("study", args=[self.pk])


class StudyFile(models.Model):
    """A file of studies that a person uploaded, kept between its preview and its taking in; emptied afterwards."""

    name = models.CharField(max_length=200, help_text="As the person's machine called it.")
    format = models.CharField(max_length=20, choices=terms.CitationFormat.choices())
    size = models.PositiveIntegerField("size, bytes")
    raw = models.BinaryField(editable=False, help_text="As it was uploaded, zstandard; empty once it is decided.")
    state = models.CharField(
        max_length=12, choices=terms.StudyFileState.choices(), default=terms.StudyFileState.WAITING
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded = models.DateTimeField()
    decided = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=dict, blank=True, help_text="What became of its rows.")
    run = models.ForeignKey(SyncRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="study_files")

    class Meta:
        ordering = ["-uploaded"]
        constraints = [
            closed(terms.CitationFormat, "format", "study_file_format_known"),
            closed(terms.StudyFileState, "state", "study_file_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=terms.StudyFileState.WAITING, decided__isnull=True)
                | (~models.Q(state=terms.StudyFileState.WAITING) & models.Q(decided__isnull=False)),
                name="study_file_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StudyAddress(models.Model):
    """The number of a study that a person found to be the same as another; its old address leads there for ever."""

    number = models.BigIntegerField(primary_key=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="old_addresses")
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "study addresses"

    def __str__(self) -> str:
        return f"{self.number}, now {self.study_id}"


class StudyVersion(models.Model):
    """One distinct state of a study as its source gave it, kept whole."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=20, choices=terms.StudyOrigin.choices())
    source_id = models.CharField(max_length=60, blank=True, help_text="The source's own number: MED:28553110.")
    raw = models.BinaryField(help_text="The source's record as canonical JSON, zstandard.")
    raw_hash = models.CharField(max_length=64)
    revised = models.CharField(max_length=10, blank=True, help_text="The source's own last revision, a partial date.")
    first_seen = models.DateTimeField()
    run = models.ForeignKey(SyncRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="study_versions")

    class Meta:
        ordering = ["study_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="study_version_number_once"),
            closed(terms.StudyOrigin, "origin", "study_version_origin_known"),
        ]

    def __str__(self) -> str:
        return f"{self.study_id}, version {self.number}"

    def record(self) -> StudyRecord:
        """The typed record of this version, read again from the bytes that were kept."""
        from tracker.sources.bibliography import told_again
        from tracker.sources.europepmc_records import read_study
        from tracker.sources.packing import unpack

        raw = unpack(bytes(self.raw))
        return read_study(raw) if self.origin == terms.StudyOrigin.EUROPEPMC else told_again(raw)


class StudyMatch(models.Model):
    """That a query's answer held a study, since when and when last."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="matches")
    query = models.ForeignKey(LiteratureQuery, on_delete=models.CASCADE, related_name="matches")
    first_matched = models.DateTimeField()
    last_matched = models.DateTimeField()
    source_ids = texts()  # the records of it that the last run met: a preprint and its paper are two of one study

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "query"], name="study_match_once")]
        verbose_name_plural = "study matches"

    def __str__(self) -> str:
        return f"{self.study_id} matches {self.query_id}"


class Experiment(models.Model):
    """One experiment of a study: what was tried, in what."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="experiments")
    label = models.CharField(max_length=120, help_text="A few words that tell it from the study's others.")
    kind = models.CharField(max_length=20, choices=terms.ExperimentKind.choices())

    class Meta:
        ordering = ["study_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["study", "label"], name="experiment_label_once"),
            closed(terms.ExperimentKind, "kind", "experiment_kind_known"),
        ]

    def __str__(self) -> str:
        return self.label


class StudyFact(models.Model):
    """One value read in a study, by one origin; a person's stands over a file's, a file's over a rule's.

    The value's shape goes with its name: `terms.StudyFactName` says which (a number, a text, a list, an answer).
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="facts")
    experiment = models.ForeignKey(Experiment, null=True, blank=True, on_delete=models.PROTECT, related_name="facts")
    name = models.CharField(max_length=40, choices=terms.StudyFactName.choices())
    value = models.JSONField()
    origin = models.CharField(max_length=10, choices=terms.FactOrigin.choices())
    words = models.JSONField(default=list, blank=True, help_text='[{"field", "start", "end", "text"}]')
    state = models.CharField(
        max_length=10, choices=terms.AnnotationState.choices(), default=terms.AnnotationState.PROPOSED
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["study_id", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "experiment", "name", "origin"], name="study_fact_once", nulls_distinct=False
            ),
            closed(terms.StudyFactName, "name", "study_fact_name_known"),
            closed(terms.FactOrigin, "origin", "study_fact_origin_known"),
            closed(terms.AnnotationState, "state", "study_fact_state_known"),
            models.CheckConstraint(
                condition=~models.Q(origin=terms.FactOrigin.PERSON) | models.Q(by__isnull=False),
                name="study_fact_person_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_id} {self.name} ({self.origin})"


class SuspectedDuplicate(models.Model):
    """Two studies that may be one, never merged without a person."""

    kept = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="suspected_as_kept")
    other = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="suspected_as_other")
    basis = models.TextField(help_text="What makes them alike.")
    seen = models.DateTimeField()
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_same = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["-seen"]
        constraints = [
            models.UniqueConstraint(fields=["kept", "other"], name="duplicate_pair_once"),
            models.CheckConstraint(condition=~models.Q(kept=models.F("other")), name="duplicate_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.kept_id} and {self.other_id}"
