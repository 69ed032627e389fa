"""Candidates, the evidence that bears on them, and what led to what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse

from tracker import terms

from .columns import closed, one_of, texts
from .literature import Study
from .registry import Trial


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def current(self) -> CandidateQuerySet:
        """Candidates that stand for themselves: not merged into another."""
        return self.exclude(status=terms.CandidateStatus.MERGED)


class Candidate(models.Model):
    """One diagnostic or therapeutic that trials and studies support or contradict."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=terms.Track.choices())
    roles = texts()
    ev_sources = texts()
    cargo = texts()
    targets = texts()
    mechanisms = texts()
    developer = models.TextField(null=True, blank=True)  # noqa: DJ001
    description = models.TextField(blank=True)
    references = models.JSONField(default=list, blank=True)  # [{"title", "url"}]
    status = models.CharField(
        max_length=20, choices=terms.CandidateStatus.choices(), default=terms.CandidateStatus.ACTIVE
    )
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    created = models.DateTimeField()

    objects = CandidateQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="candidate_has_name"),
            closed(terms.Track, "kind", "candidate_kind_known"),
            closed(terms.CandidateStatus, "status", "candidate_status_known"),
            models.CheckConstraint(
                condition=models.Q(status=terms.CandidateStatus.MERGED, merged_into__isnull=False)
                | (~models.Q(status=terms.CandidateStatus.MERGED) & models.Q(merged_into__isnull=True)),
                name="candidate_merged_has_target",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("candidate", args=[self.slug])


class CandidateName(models.Model):
    """A synonym, as written, and folded for matching."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(max_length=200)
    folded = models.CharField(max_length=200, db_index=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["candidate", "folded"], name="candidate_name_once")]

    def __str__(self) -> str:
        return self.name


class CandidateAddress(models.Model):
    """An old address of a candidate; it redirects for ever."""

    slug = models.SlugField(max_length=120, primary_key=True)
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="old_addresses")
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "candidate addresses"

    def __str__(self) -> str:
        return self.slug


class EvidenceLink(models.Model):
    """A trial or a study bears on a candidate, in a direction; a proposal counts for nothing until accepted."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="links")
    trial = models.ForeignKey(Trial, null=True, blank=True, on_delete=models.PROTECT, related_name="links")
    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.PROTECT, related_name="links")
    direction = models.CharField(max_length=12, choices=terms.Direction.choices())
    state = models.CharField(
        max_length=10, choices=terms.AnnotationState.choices(), default=terms.AnnotationState.PROPOSED
    )
    proposer = models.CharField(max_length=10, choices=terms.Proposer.choices())
    basis = models.TextField(help_text="What it rests on: the shared words, the cited PMID, a person's reason.")
    note = models.TextField(blank=True)
    proposed = models.DateTimeField()
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["candidate_id", "id"]
        constraints = [
            models.CheckConstraint(condition=one_of("trial", "study"), name="link_from_one_record"),
            models.UniqueConstraint(fields=["candidate", "trial"], name="link_trial_once"),
            models.UniqueConstraint(fields=["candidate", "study"], name="link_study_once"),
            closed(terms.Direction, "direction", "link_direction_known"),
            closed(terms.AnnotationState, "state", "link_state_known"),
            closed(terms.Proposer, "proposer", "link_proposer_known"),
            models.CheckConstraint(
                condition=models.Q(state=terms.AnnotationState.PROPOSED, decided__isnull=True)
                | (~models.Q(state=terms.AnnotationState.PROPOSED) & models.Q(decided__isnull=False)),
                name="link_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trial_id or self.study_id} {self.direction} {self.candidate_id}"


class LineageLink(models.Model):
    """One record led to, replicates or continues another."""

    kind = models.CharField(max_length=12, choices=terms.LineageKind.choices())
    from_trial = models.ForeignKey(Trial, null=True, blank=True, on_delete=models.PROTECT, related_name="lineage_out")
    from_study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.PROTECT, related_name="lineage_out")
    to_trial = models.ForeignKey(Trial, null=True, blank=True, on_delete=models.PROTECT, related_name="lineage_in")
    to_study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.PROTECT, related_name="lineage_in")
    state = models.CharField(
        max_length=10, choices=terms.AnnotationState.choices(), default=terms.AnnotationState.PROPOSED
    )
    proposer = models.CharField(max_length=10, choices=terms.Proposer.choices())
    basis = models.TextField(help_text="What it rests on: a RESULT reference, a number in the abstract, a reason.")
    proposed = models.DateTimeField()
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=one_of("from_trial", "from_study"), name="lineage_from_one_record"),
            models.CheckConstraint(condition=one_of("to_trial", "to_study"), name="lineage_to_one_record"),
            models.UniqueConstraint(
                fields=["kind", "from_trial", "from_study", "to_trial", "to_study"],
                name="lineage_once",
                nulls_distinct=False,
            ),
            closed(terms.LineageKind, "kind", "lineage_kind_known"),
            closed(terms.AnnotationState, "state", "lineage_state_known"),
            closed(terms.Proposer, "proposer", "lineage_proposer_known"),
        ]

    def __str__(self) -> str:
        return f"{self.from_trial_id or self.from_study_id} {self.kind} {self.to_trial_id or self.to_study_id}"
