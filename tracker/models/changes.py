"""What happened to a record, with before and after."""

from __future__ import annotations

from django.db import models

from tracker import terms

from .columns import closed, one_of
from .literature import Study
from .registry import SyncRun, Trial


class ChangeEvent(models.Model):
    """One named difference between two versions of a trial or study, or an event of its presence."""

    trial = models.ForeignKey(Trial, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=30, choices=terms.ChangeKind.choices())
    field = models.CharField(max_length=60, blank=True, help_text="The column that changed, where it is one.")
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    days = models.IntegerField(null=True, blank=True, help_text="For a moved date: days later (negative: earlier).")
    version_before = models.PositiveIntegerField(null=True, blank=True)
    version_after = models.PositiveIntegerField(null=True, blank=True)
    posted = models.DateField(null=True, blank=True, help_text="When the registry posted the later version.")
    seen = models.DateTimeField(db_index=True)
    run = models.ForeignKey(SyncRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="changes")

    class Meta:
        ordering = ["-seen", "-id"]
        indexes = [models.Index(fields=["trial", "-seen"], name="change_by_trial")]
        constraints = [
            closed(terms.ChangeKind, "kind", "change_kind_known"),
            models.CheckConstraint(condition=one_of("trial", "study"), name="change_of_one_record"),
        ]

    def __str__(self) -> str:
        return f"{self.trial_id or self.study_id}: {self.get_kind_display()}"
