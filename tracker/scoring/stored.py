"""Facts of what is stored, read in bulk: the same few queries for one record and for a thousand."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tracker.models import Annotation, EvidenceLink, LineageLink, Maturity, Study, StudyFact, Trial
from tracker.terms import AnnotationState, Direction, Facet, LineageKind, Presence, Relevance, Track

from .earlier import Earlier, Led, earlier_trials
from .facts import FIELDS, RegistryFields, Standing, TrialFacts, Unscored, facts_needed
from .study_facts import FIELDS as STUDY_FIELDS
from .study_facts import ReadFact, ReportedTrial, StudyFacts, StudyFields, study_facts_needed

if TYPE_CHECKING:
    from collections.abc import Collection

#: that a study reports the results of a trial, and a person said so
REPORTS = {
    "kind": LineageKind.REPORTS,
    "state": AnnotationState.ACCEPTED,
    "from_study__isnull": False,
    "to_trial__isnull": False,
}


def facts_of_trials(nct_ids: Collection[str]) -> dict[str, TrialFacts | Unscored]:
    """The facts of stored trials: four queries, whatever their number."""
    rows = list(
        Trial.objects.filter(pk__in=list(nct_ids)).values_list("nct_id", "relevance", "presence", *FIELDS, named=True)
    )
    annotations: dict[str, list[Standing]] = {row.nct_id: [] for row in rows}
    standing = Annotation.objects.standing().filter(trial_id__in=list(annotations))
    for annotation in standing.values_list("trial_id", "facet", "term", "state", "words", named=True):
        annotations[annotation.trial_id].append(cast("Standing", annotation))
    earlier = earlier_than(annotations)
    return {
        row.nct_id: facts_needed(
            cast("RegistryFields", row),
            # A folded number is the same trial as another, which carries the maturity.
            relevance=Relevance.NONE if row.presence == Presence.FOLDED else Relevance(row.relevance),
            annotations=annotations[row.nct_id],
            earlier=earlier.get(row.nct_id),
        )
        for row in rows
    }


def earlier_than(nct_ids: Collection[str]) -> dict[str, Earlier]:
    """The earlier supporting trials of these trials' candidates, by accepted links: two queries.

    A trial that is linked to no candidate is not in it. The trials must be stored, each as it stands now.
    """
    linked = EvidenceLink.objects.filter(trial__in=list(nct_ids), state=AnnotationState.ACCEPTED)
    candidates: dict[Led, list[int]] = {}
    for candidate, *trial in linked.values_list("candidate_id", *_LED):
        candidates.setdefault(Led(*trial), []).append(candidate)
    supporting: dict[int, list[Led]] = {}
    links = EvidenceLink.objects.filter(
        candidate__in={one for several in candidates.values() for one in several},
        trial__isnull=False,
        state=AnnotationState.ACCEPTED,
        direction=Direction.SUPPORTS,
    )
    # A folded number is the same trial as another.
    for candidate, *trial in links.exclude(trial__presence=Presence.FOLDED).values_list("candidate_id", *_LED):
        supporting.setdefault(candidate, []).append(Led(*trial))
    return {
        trial.nct_id: earlier_trials(trial, [other for one in several for other in supporting.get(one, ())])
        for trial, several in candidates.items()
    }


_LED = ("trial_id", "trial__lead_sponsor", "trial__start_given")


def trials_beside(nct_ids: Collection[str]) -> set[str]:
    """The other trials of these trials' candidates: a start or a sponsor of one is a fact of the others."""
    candidates = EvidenceLink.objects.filter(trial__in=list(nct_ids), state=AnnotationState.ACCEPTED)
    beside = EvidenceLink.objects.filter(
        candidate__in=candidates.values("candidate_id"), trial__isnull=False, state=AnnotationState.ACCEPTED
    ).values_list("trial_id", flat=True)
    return {str(nct_id) for nct_id in beside} - set(nct_ids)


def facts_of_studies(study_ids: Collection[int], *, rubric: str) -> dict[int, StudyFacts | Unscored]:
    """The facts of stored studies: as many queries whatever their number."""
    rows = list(Study.objects.filter(pk__in=list(study_ids)).values_list("pk", *STUDY_FIELDS, named=True))
    judged = [row.pk for row in rows]
    facts: dict[int, list[ReadFact]] = {key: [] for key in judged}
    read = StudyFact.objects.filter(study__in=judged).exclude(state=AnnotationState.REJECTED).order_by("pk")
    for fact in read.values_list("study_id", "experiment_id", "name", "value", "origin", "words", "state", named=True):
        facts[fact.study_id].append(cast("ReadFact", fact))
    annotations: dict[int, list[Standing]] = {key: [] for key in judged}
    wanted = Annotation.objects.standing().filter(
        study__in=judged, facet__in=(Facet.ROLE, Facet.READING, Facet.CHARACTERISATION)
    )
    for annotation in wanted.values_list("study_id", "facet", "term", "state", "words", named=True):
        annotations[annotation.study_id].append(cast("Standing", annotation))
    kinds: dict[int, list[str]] = {key: [] for key in judged}
    links = EvidenceLink.objects.filter(study__in=judged, state=AnnotationState.ACCEPTED)
    for study_id, kind in links.values_list("study_id", "candidate__kind"):
        kinds[study_id].append(kind)
    trials = _reported_trials(judged, rubric=rubric)
    return {
        row.pk: study_facts_needed(
            cast("StudyFields", row),
            facts=facts[row.pk],
            annotations=annotations[row.pk],
            trials=trials.get(row.pk, ()),
            kinds=kinds[row.pk],
        )
        for row in rows
    }


def _reported_trials(study_ids: Collection[int], *, rubric: str) -> dict[int, list[ReportedTrial]]:
    """Where the trials stand whose results these studies report, by accepted links: two queries."""
    reports = list(
        LineageLink.objects.filter(from_study__in=list(study_ids), **REPORTS).values_list(
            "from_study_id", "to_trial_id"
        )
    )
    standing = Maturity.objects.filter(trial__in={nct_id for _, nct_id in reports}, rubric=rubric, is_current=True)
    places: dict[str | None, list[ReportedTrial]] = {}
    for nct_id, track, stage, possible in standing.values_list("trial_id", "track", "stage", "stage_possible"):
        places.setdefault(nct_id, []).append(ReportedTrial(str(nct_id), Track(track), stage, possible))
    found: dict[int, list[ReportedTrial]] = {}
    for study_id, nct_id in reports:
        found.setdefault(int(study_id or 0), []).extend(places.get(nct_id, ()))
    return found


def studies_reporting(nct_ids: Collection[str]) -> set[int]:
    """The studies that take the stage of one of these trials."""
    links = LineageLink.objects.filter(to_trial__in=list(nct_ids), **REPORTS)
    return {int(study_id or 0) for study_id in links.values_list("from_study_id", flat=True)}
