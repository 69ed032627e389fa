"""The one record of what people did; decisions and their history are written together."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class HistoryEntry(models.Model):
    """One act of a person on one record: what stood before, what stands after, and why."""

    subject = models.CharField(max_length=20, help_text="trial, study, candidate, link, lineage, …")
    subject_id = models.CharField(max_length=60)
    act = models.CharField(max_length=40, help_text="What was done, as a verb: accepted, merged, corrected.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    why = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "history"
        indexes = [models.Index(fields=["subject", "subject_id", "-at"], name="history_by_subject")]

    def __str__(self) -> str:
        return f"{self.act} {self.subject} {self.subject_id}"
