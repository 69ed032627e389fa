"""Annotations: a term tied to a record, with the words it rests on."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tracker import terms

from .columns import closed, one_of
from .literature import Study
from .registry import Trial


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def standing(self) -> AnnotationQuerySet:
        """What counts: proposed or accepted, not rejected."""
        return self.exclude(state=terms.AnnotationState.REJECTED)


class Annotation(models.Model):
    """One term ↔ one trial or study: who proposed it, the words it rests on, and its state."""

    trial = models.ForeignKey(Trial, null=True, blank=True, on_delete=models.PROTECT, related_name="annotations")
    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.PROTECT, related_name="annotations")
    facet = models.CharField(max_length=20, choices=terms.Facet.choices())
    term = models.CharField(max_length=80)
    words = models.JSONField(default=list, help_text='[{"field", "start", "end", "text"}]; offsets count characters.')
    proposer = models.CharField(max_length=10, choices=terms.Proposer.choices(), default=terms.Proposer.RULE)
    state = models.CharField(
        max_length=10, choices=terms.AnnotationState.choices(), default=terms.AnnotationState.PROPOSED
    )
    lexicon_version = models.CharField(max_length=20, blank=True)
    proposed = models.DateTimeField()
    decided = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["trial_id", "study_id", "facet", "term"]
        constraints = [
            models.CheckConstraint(condition=one_of("trial", "study"), name="annotation_of_one_record"),
            models.UniqueConstraint(fields=["trial", "facet", "term"], name="annotation_once"),
            models.UniqueConstraint(fields=["study", "facet", "term"], name="annotation_of_study_once"),
            closed(terms.Facet, "facet", "annotation_facet_known"),
            closed(terms.Proposer, "proposer", "annotation_proposer_known"),
            closed(terms.AnnotationState, "state", "annotation_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=terms.AnnotationState.PROPOSED, decided__isnull=True)
                | (~models.Q(state=terms.AnnotationState.PROPOSED) & models.Q(decided__isnull=False)),
                name="annotation_decided_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trial_id or self.study_id}: {self.facet} {self.term}"
