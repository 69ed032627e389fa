"""Maturity as it was computed: never rewritten, superseded by the next."""

from __future__ import annotations

from django.db import models

from tracker import terms

from .columns import closed, one_of
from .literature import Study
from .registry import Trial


class Maturity(models.Model):
    """One trial's or study's maturity on one track under one rubric version, from one state of its facts.

    A row is immutable but for ``is_current`` and ``confirmed_on`` (the last day on which a rescore gave the same
    bytes). Leading is the track shown first.
    """

    trial = models.ForeignKey(Trial, null=True, on_delete=models.PROTECT, related_name="maturities")
    study = models.ForeignKey(Study, null=True, on_delete=models.PROTECT, related_name="maturities")
    track = models.CharField(max_length=20, choices=terms.Track.choices())
    rubric = models.CharField(max_length=20)
    input_hash = models.CharField(max_length=64, help_text="SHA-256 of the facts it was computed from.")
    scored_on = models.DateField(help_text="The day the rules took as today.")
    confirmed_on = models.DateField(help_text="The last day on which the same facts gave the same result.")
    is_current = models.BooleanField(default=True)
    is_leading = models.BooleanField(default=True)
    stage = models.PositiveSmallIntegerField()
    stage_possible = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=20, choices=terms.Step.choices(), null=True, blank=True)  # noqa: DJ001
    earned = models.DecimalField(max_digits=4, decimal_places=1)
    possible = models.DecimalField(max_digits=4, decimal_places=1)
    deductions = models.DecimalField(max_digits=4, decimal_places=1, default=0)
    score = models.DecimalField(max_digits=5, decimal_places=2)
    score_possible = models.DecimalField(max_digits=5, decimal_places=2)
    momentum = models.CharField(max_length=20, choices=terms.Momentum.choices())
    stop_classes = models.JSONField(default=list)
    components = models.JSONField(default=list)  # [{"name", "earned", "possible", "weight"}]
    explanation = models.JSONField(default=list)  # rows as REST shows them
    reasons = models.JSONField(default=dict)  # {"stage": {...}, "momentum": "...", "score": "..."} in words
    created = models.DateTimeField()

    class Meta:
        ordering = ["trial_id", "-created", "track"]
        verbose_name_plural = "maturities"
        constraints = [
            models.UniqueConstraint(
                fields=["trial", "track", "rubric"], condition=models.Q(is_current=True), name="maturity_current_once"
            ),
            models.UniqueConstraint(
                fields=["study", "track", "rubric"],
                condition=models.Q(is_current=True),
                name="maturity_of_study_current_once",
            ),
            models.CheckConstraint(condition=one_of("trial", "study"), name="maturity_of_one_record"),
            closed(terms.Track, "track", "maturity_track_known"),
            closed(terms.Step, "step", "maturity_step_known", null=True),
            closed(terms.Momentum, "momentum", "maturity_momentum_known"),
            models.CheckConstraint(
                condition=models.Q(stage__lte=models.F("stage_possible"), stage_possible__lte=9),
                name="maturity_stage_interval",
            ),
            models.CheckConstraint(
                condition=models.Q(earned__gte=0, earned__lte=models.F("possible"), possible__lte=100),
                name="maturity_strength_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trial_id or self.study_id} {self.track}, stage {self.stage}, rubric {self.rubric}"
