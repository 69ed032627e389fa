"""Two studies that may be one: a person says whether they are, and then they are made one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from tracker.models import (
    Annotation,
    ChangeEvent,
    EvidenceLink,
    Experiment,
    LineageLink,
    Maturity,
    Study,
    StudyAddress,
    StudyFact,
    StudyMatch,
    StudyVersion,
    SuspectedDuplicate,
)
from tracker.terms import AnnotationState

from .acts import Declined, Overtaken, _remember, hold_store, reason, row, score_again, score_evidence_of
from .studies import IDENTIFIERS, SCHEMES, whole

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import Model

#: filled from the other study where the kept one is silent
FILLED = (
    *IDENTIFIERS, "journal", "year", "published_given", "abstract", "language", "is_open_access", "source_url",
    "read_at", "summary", "ev_track_id", "ev_metric", "last_author_institution", "collection_key",
)  # fmt: skip


@transaction.atomic
def decide_duplicate(*, duplicate: SuspectedDuplicate, is_same: bool, by: User, at: datetime, why: str = "") -> Study:
    """Say whether two studies are one; gives the study that is kept.

    Where they are, everything that hangs on the other goes to the kept one, whose own values stand, and the other's
    address leads there for ever. History holds both as they were.
    """
    hold_store()
    kept, other = duplicate.kept, duplicate.other
    decided = SuspectedDuplicate.objects.filter(pk=duplicate.pk, is_same__isnull=True).update(
        is_same=is_same, decided=at, decided_by=by
    )
    if not decided:
        now = SuspectedDuplicate.objects.select_related("decided_by").filter(pk=duplicate.pk).first()
        said = (
            "the two are one now" if now is None else f"{now.decided_by} said {'same' if now.is_same else 'different'}"
        )
        raise Overtaken(f"This was decided already: {said}. Nothing was changed.")
    pair = {"kept": kept.pk, "other": other.pk, "basis": duplicate.basis}
    if not is_same:
        _remember(
            subject="duplicate", subject_id=duplicate.pk, act="found different", before=pair, after=None, why=why,
            by=by, at=at,
        )  # fmt: skip
        return kept
    why = reason(why or duplicate.basis, what="make two studies one")
    _refuse_two_papers(kept, other)
    before = {"kept": _all(kept), "other": _all(other)}
    candidates = set(EvidenceLink.objects.filter(study__in=[kept, other]).values_list("candidate_id", flat=True))
    _fold(kept, other, at=at)
    _remember(
        subject="study", subject_id=kept.pk, act="made one with another", before=before, after=whole(kept), why=why,
        by=by, at=at,
    )  # fmt: skip
    score_again(studies=[kept.pk], at=at)
    score_evidence_of(candidates, at=at)
    kept.refresh_from_db()
    return kept


def _refuse_two_papers(kept: Study, other: Study) -> None:
    if kept.pmid and other.pmid and kept.pmid != other.pmid:
        raise Declined(
            f"They have different PMIDs ({kept.pmid} and {other.pmid}), and PubMed gives one to a paper: "
            "say that they are different, or correct the wrong PMID first."
        )


def _all(study: Study) -> dict[str, object]:
    """A study with all that hangs on it, as history keeps it."""
    hanging: tuple[tuple[str, type[Model]], ...] = (
        ("facts", StudyFact),
        ("links", EvidenceLink),
        ("experiments", Experiment),
    )
    return {
        **row(study),
        **{name: [row(one) for one in model._default_manager.filter(study=study)] for name, model in hanging},
        "terms": [row(one) for one in Annotation.objects.filter(study=study)],
    }


def _fold(kept: Study, other: Study, *, at: datetime) -> None:
    values = {name: getattr(other, name) for name in FILLED if getattr(kept, name) in (None, "")}
    if other.doi and kept.doi and other.doi != kept.doi and not kept.preprint_doi:
        values["preprint_doi"] = other.doi if other.is_preprint else None
    values["is_retracted"] = kept.is_retracted or other.is_retracted
    values["is_preprint"] = kept.is_preprint and other.is_preprint
    values["notices"] = [*kept.notices, *(one for one in other.notices if one not in kept.notices)]
    for name in ("trial_numbers", "mesh_terms", "keywords", "publication_types"):
        ours = getattr(kept, name)
        values[name] = [*ours, *(one for one in getattr(other, name) if one not in ours)]
    # Every identifier of the other leads to the kept one from now on, so that no source brings it in anew.
    known = [f"{scheme}:{getattr(other, name)}" for name, scheme in SCHEMES.items() if getattr(other, name)]
    taken = {f"{scheme}:{values.get(name) or getattr(kept, name)}" for name, scheme in SCHEMES.items()}
    values["other_ids"] = sorted({*kept.other_ids, *other.other_ids, *known} - taken)
    _move_experiments(kept, other)
    _move(StudyFact, other, kept, alike=("experiment_id", "name", "origin"))
    _move(Annotation, other, kept, alike=("facet", "term"))
    _move(StudyMatch, other, kept, alike=("query_id",))
    _move_links(kept, other)
    _move_lineage(kept, other)
    _move_versions(kept, other)
    ChangeEvent.objects.filter(study=other).update(study=kept)
    Maturity.objects.filter(study=other).update(study=kept, is_current=False)
    _move_suspicions(kept, other)
    StudyAddress.objects.filter(study=other).update(study=kept)
    StudyAddress.objects.create(number=other.pk, study=kept, since=at)
    other.delete()  # before its identifiers go to the kept one: each may stand once
    values["version_count"] = StudyVersion.objects.filter(study=kept).count() or 1
    Study.objects.filter(pk=kept.pk).update(**values, last_changed=at)
    kept.refresh_from_db()


def _move(
    model: type[StudyFact | Annotation | StudyMatch], other: Study, kept: Study, *, alike: tuple[str, ...]
) -> None:
    """The rows of the other go to the kept one; where both have one, the kept one's stands."""
    there = set(model._default_manager.filter(study=kept).values_list(*alike))
    for one in model._default_manager.filter(study=other):
        if tuple(getattr(one, name) for name in alike) in there:
            one.delete()
        else:
            model._default_manager.filter(pk=one.pk).update(study=kept)


def _move_experiments(kept: Study, other: Study) -> None:
    labels = set(kept.experiments.values_list("label", flat=True))
    for one in other.experiments.all():
        label = one.label if one.label not in labels else f"{one.label[:100]} (study {other.pk})"
        Experiment.objects.filter(pk=one.pk).update(study=kept, label=label)


def _move_links(kept: Study, other: Study) -> None:
    for link in EvidenceLink.objects.filter(study=other):
        ours = EvidenceLink.objects.filter(study=kept, candidate=link.candidate_id).first()
        if ours is None:
            EvidenceLink.objects.filter(pk=link.pk).update(study=kept)
            continue
        said = f"Study {other.pk} had it as {link.get_direction_display()} ({link.get_state_display()}): {link.basis}"
        EvidenceLink.objects.filter(pk=ours.pk).update(note=f"{ours.note}\n{said}".strip())
        if ours.state == AnnotationState.PROPOSED and link.state != AnnotationState.PROPOSED:
            EvidenceLink.objects.filter(pk=ours.pk).update(
                direction=link.direction, state=link.state, decided=link.decided, decided_by=link.decided_by
            )
        link.delete()


def _move_lineage(kept: Study, other: Study) -> None:
    for end in ("from_study", "to_study"):
        for link in LineageLink.objects.filter(**{end: other}):
            setattr(link, end, kept)
            ends = {
                name: getattr(link, name) for name in ("from_trial_id", "from_study_id", "to_trial_id", "to_study_id")
            }
            twin = LineageLink.objects.filter(kind=link.kind, **ends).exclude(pk=link.pk)
            if twin.exists() or link.from_study_id == link.to_study_id:
                link.delete()
            else:
                link.save(update_fields=[end])


def _move_versions(kept: Study, other: Study) -> None:
    last = max(StudyVersion.objects.filter(study=kept).values_list("number", flat=True), default=0)
    for number, version in enumerate(
        StudyVersion.objects.filter(study=other).order_by("number").defer("raw"), last + 1
    ):
        StudyVersion.objects.filter(pk=version.pk).update(study=kept, number=number)


def _move_suspicions(kept: Study, other: Study) -> None:
    """What else the other was suspected of goes to the kept one; the pair itself is settled and goes with the other."""
    known = SuspectedDuplicate.objects.filter(Q(kept=kept) | Q(other=kept))
    pairs = {frozenset(pair) for pair in known.values_list("kept_id", "other_id")}
    for one in SuspectedDuplicate.objects.filter(Q(kept=other) | Q(other=other)):
        ends = [kept.pk if end == other.pk else end for end in (one.kept_id, one.other_id)]
        if len(set(ends)) == 2 and frozenset(ends) not in pairs:
            SuspectedDuplicate.objects.filter(pk=one.pk).update(kept=ends[0], other=ends[1])
