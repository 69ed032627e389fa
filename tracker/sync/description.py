"""The registry's own description of its fields and enums, kept a state at a time, so that a change is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.models import RegistryDescription
from tracker.sources.ctgov_description import differences

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.sources.clinicaltrials import Registry
    from tracker.sources.ctgov_description import Description


def describe(*, registry: Registry, at: datetime) -> list[RegistryDescription]:
    """Fetch both descriptions and keep what is new; gives the states that differ from the ones before them.

    The first state of each is no difference. Raises what the registry raises (`clinicaltrials`).
    """
    found = [_keep(description, at=at) for description in (registry.metadata(), registry.enums())]
    return [state for state in found if state is not None]


@transaction.atomic
def _keep(description: Description, *, at: datetime) -> RegistryDescription | None:
    known = RegistryDescription.objects.filter(endpoint=description.endpoint)
    latest = known.order_by("-last_seen", "-id").first()
    if latest is not None and latest.content_hash == description.content_hash:
        latest.last_seen = at
        latest.save(update_fields=["last_seen"])
        return None
    difference = differences(before=latest.content, after=description.content) if latest else []
    # A state that returns is its row again, with what changed on the way back.
    state, _ = known.update_or_create(
        endpoint=description.endpoint,
        content_hash=description.content_hash,
        defaults={
            "content": description.content,
            "last_seen": at,
            "difference": difference,
            "is_noticed": not difference,
        },
        create_defaults={
            "content": description.content,
            "first_seen": at,
            "last_seen": at,
            "difference": difference,
            "is_noticed": not difference,
        },
    )
    return state if latest else None
