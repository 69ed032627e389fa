"""What rules say of a record, trial or study: whether it is relevant, and where its maturity stands."""

from __future__ import annotations

from django.db import models
from django.db.models.expressions import RawSQL

from tracker import terms

from .columns import closed, texts


class Judged(models.Model):
    """The columns that classify and scoring write, on the row that lists read."""

    # written by classify.proposals alone; the database fills them for a new row, but for the lexicon that read it
    relevance = models.CharField(
        max_length=10,
        choices=terms.Relevance.choices(),
        default=terms.Relevance.NONE,
        db_default=terms.Relevance.NONE.value,
    )
    relevance_by = models.CharField(
        max_length=10,
        choices=terms.Proposer.choices(),
        default=terms.Proposer.RULE,
        db_default=terms.Proposer.RULE.value,
    )
    relevance_words = models.JSONField(  # [{"field","start","end","text","why"}]
        default=list, blank=True, db_default=RawSQL("'[]'::jsonb", ())
    )
    lexicon_version = models.CharField(max_length=20, blank=True, db_default="")

    # copied from the leading maturity by scoring.ledger alone, so that a list reads one table
    track = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001
    stage = models.PositiveSmallIntegerField(null=True, blank=True)
    stage_possible = models.PositiveSmallIntegerField(null=True, blank=True)
    step = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001
    strength = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    strength_possible = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    score_possible = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    momentum = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001
    roles = texts(db_default=RawSQL("'{}'::text[]", ()))
    stop_classes = texts(db_default=RawSQL("'{}'::text[]", ()))

    class Meta:
        abstract = True


def judged(record: str) -> list[models.CheckConstraint]:
    """The database's own refusal of nonsense in these columns; ``record`` begins the constraints' names."""
    return [
        closed(terms.Relevance, "relevance", f"{record}_relevance_known"),
        closed(terms.Proposer, "relevance_by", f"{record}_relevance_by_known"),
        closed(terms.Track, "track", f"{record}_track_known", null=True),
        closed(terms.Step, "step", f"{record}_step_known", null=True),
        closed(terms.Momentum, "momentum", f"{record}_momentum_known", null=True),
        models.CheckConstraint(
            condition=models.Q(track__isnull=True, stage__isnull=True, stage_possible__isnull=True, score__isnull=True)
            | models.Q(
                track__isnull=False,
                stage__isnull=False,
                stage_possible__isnull=False,
                score__isnull=False,
                stage__lte=models.F("stage_possible"),
                stage_possible__lte=9,
            ),
            name=f"{record}_stage_whole",
        ),
    ]
