"""Columns and constraints that several tables share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from django.db.models.expressions import RawSQL

    from tracker import terms


def texts(*, db_default: RawSQL | None = None) -> ArrayField:
    if db_default is not None:
        return ArrayField(models.TextField(), default=list, blank=True, db_default=db_default)
    return ArrayField(models.TextField(), default=list, blank=True)


def closed(vocabulary: type[terms.Term], column: str, name: str, *, null: bool = False) -> models.CheckConstraint:
    """The database's own refusal of a value outside one of our vocabularies."""
    condition = models.Q(**{f"{column}__in": [member.value for member in vocabulary]})
    if null:
        condition |= models.Q(**{f"{column}__isnull": True})
    return models.CheckConstraint(condition=condition, name=name)


def one_of(*columns: str) -> models.Q:
    """Exactly one of these columns is filled."""
    found = models.Q()
    for chosen in columns:
        found |= models.Q(**{f"{column}__isnull": column != chosen for column in columns})
    return found
