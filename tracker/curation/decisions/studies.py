"""Studies as people enter and correct them: bibliography, what was read in them, their terms and experiments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from tracker.classify.proposals import propose_links, repropose_studies
from tracker.curation.shapes import WrongShape, shaped
from tracker.models import Annotation, Experiment, Study, StudyFact
from tracker.sources.bibliography import FIELDS, study_record
from tracker.sync.store import index_studies, store_studies
from tracker.terms import AnnotationState, ExperimentKind, Facet, FactOrigin, Proposer, StudyFactName, StudyOrigin

from .acts import Declined, Overtaken, Row, _remember, differences, hold_store, score_again, told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from tracker.sources.bibliography import StudyRecord

IDENTIFIERS = ("pmid", "pmcid", "doi", "preprint_doi")
SCHEMES = {"pmid": "pmid", "pmcid": "pmcid", "doi": "doi", "preprint_doi": "doi", "collection_key": "key"}
#: what a person may write on a study's own row
COLUMNS = (
    *IDENTIFIERS, "title", "authors", "journal", "year", "published_given", "abstract", "keywords", "mesh_terms",
    "publication_types", "is_open_access", "language", "last_author_institution", "trial_numbers", "is_preprint",
    "is_retracted", "source_url", "read_at", "summary", "ev_track_id", "ev_metric", "relevance",
)  # fmt: skip
#: what the rules read, and what links rest on
TEXTS = {"title", "abstract", "keywords", "mesh_terms", "trial_numbers", *IDENTIFIERS}
#: of these a source knows better once it says so, whatever a person wrote before
NEVER_HELD = {"is_retracted", "relevance"}
#: a person's value stands over a file's, a file's over a rule's
ORDER = (FactOrigin.PERSON, FactOrigin.IMPORT, FactOrigin.RULE)


@dataclass(frozen=True, kw_only=True)
class ExperimentEntry:
    """One experiment as a person describes it; without `id` it is new."""

    label: str
    kind: ExperimentKind
    facts: Mapping[StudyFactName, object] = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a person says of a study. What is left out stays as it stands; None takes a value away."""

    columns: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[StudyFactName, object] = field(default_factory=dict)
    terms: Mapping[Facet, Collection[str]] = field(default_factory=dict)  # all that hold, a facet
    experiments: Sequence[ExperimentEntry] | None = None  # all there are


@transaction.atomic
def enter_study(*, entry: Entry, by: User, at: datetime, why: str = "", looked_up: StudyRecord | None = None) -> Study:
    """Store a study that a person describes. `looked_up` is Europe PMC's record of it, which stays beneath.

    A study with one of its identifiers is never entered twice.
    """
    hold_store()
    columns = _clean(entry.columns)
    if not columns.get("title"):
        raise Declined("A study needs a title.")
    _refuse_known([*_identifiers(columns), *(looked_up.identifiers if looked_up else ())], but=None)
    filled = {name: value for name, value in columns.items() if value not in (None, "", []) and value is not False}
    origin = StudyOrigin.EUROPEPMC if looked_up else StudyOrigin.HAND
    record = looked_up or study_record(**{name: value for name, value in filled.items() if name in FIELDS})  # type: ignore[arg-type]  # its values are checked by the columns
    [number] = store_studies(rows=[record], origin=origin, run=None, at=at).ids
    study = Study.objects.select_for_update().get(pk=number)
    own = filled if looked_up is None else columns
    changed = _set_columns(study, {name: value for name, value in own.items() if _is_said(study, name, value)})
    study.entered = sorted(set(changed if looked_up else filled) - NEVER_HELD)
    study.save(update_fields=[*changed, "relevance_by", "entered"])
    _write(study, entry, by=by, at=at)
    _read_again(study, at=at)
    _remember(
        subject="study", subject_id=study.pk, act="entered", before=None, after=whole(study), why=why, by=by, at=at
    )
    score_again(studies=[study.pk], at=at)
    study.refresh_from_db()
    return study


@transaction.atomic
def change_study(
    *, study: Study, entry: Entry, by: User, at: datetime, why: str = "", seen: datetime | None = None
) -> Study:
    """Correct a study. `seen` is its `last_changed` as the person saw it: changed since then, it is left alone."""
    hold_store()
    standing = Study.objects.select_for_update().get(pk=study.pk)
    if seen is not None and standing.last_changed != seen:
        raise Overtaken(
            f"“{standing.title}” was changed meanwhile ({standing.last_changed:%Y-%m-%d %H:%M} UTC). "
            "Open it again, so that nothing of that is lost, and enter your changes once more."
        )
    columns = _clean(entry.columns)
    if "title" in columns and not columns["title"]:
        raise Declined("A study needs a title.")
    before = whole(standing)
    said = {name: value for name, value in columns.items() if _is_said(standing, name, value)}
    _refuse_known(_identifiers(said), but=standing)
    changed = _set_columns(standing, said)
    standing.entered = sorted({*standing.entered, *(set(changed) - NEVER_HELD)})
    _write(standing, entry, by=by, at=at)
    earlier, now = differences(before, whole(standing))
    if not now:
        raise Declined(f"“{standing.title}” stands exactly so already; nothing was changed.")
    standing.last_changed = at
    standing.save(update_fields=[*changed, "relevance_by", "entered", "last_changed"])
    if TEXTS & set(changed):
        _read_again(standing, at=at)
    _remember(subject="study", subject_id=standing.pk, act="changed", before=earlier, after=now, why=why, by=by, at=at)
    score_again(studies=[standing.pk], at=at)
    study.refresh_from_db()
    return study


# --- what stands ---------------------------------------------------------------------------------------------------


def effective(facts: Collection[StudyFact]) -> dict[tuple[int | None, StudyFactName], StudyFact]:
    """The fact that counts for each experiment (None: the study) and name; rejected ones count for nothing."""
    found: dict[tuple[int | None, StudyFactName], StudyFact] = {}
    for fact in sorted(facts, key=lambda one: ORDER.index(FactOrigin(one.origin))):
        if fact.state != AnnotationState.REJECTED:
            found.setdefault((fact.experiment_id, StudyFactName(fact.name)), fact)
    return found


def whole(study: Study) -> Row:
    """All that a person may say of a study, as it stands; as history keeps it."""
    standing = effective(study.facts.all())
    return {
        **{name: told(getattr(study, name)) for name in COLUMNS},
        **{str(name): fact.value for (experiment, name), fact in standing.items() if experiment is None},
        "terms": [
            f"{facet}: {term} ({state})"
            for facet, term, state in study.annotations.order_by("facet", "term").values_list("facet", "term", "state")
        ],
        "experiments": [
            {
                "id": one.pk,
                "label": one.label,
                "kind": one.kind,
                **{str(name): fact.value for (experiment, name), fact in standing.items() if experiment == one.pk},
            }
            for one in study.experiments.order_by("id")
        ],
    }


# --- what these acts share -----------------------------------------------------------------------------------------


def _clean(columns: Mapping[str, object]) -> dict[str, object]:
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        raise Declined(f"A study has no “{unknown[0]}” that a person enters.")
    clean: dict[str, object] = {}
    for name, value in columns.items():
        text = value.strip() if isinstance(value, str) else value
        clean[name] = None if text == "" and name != "title" else text
    return clean


def _is_said(study: Study, column: str, value: object) -> bool:
    """Whether the person says something else than what stands."""
    return told(value) != told(getattr(study, column))


def _set_columns(study: Study, columns: Mapping[str, object]) -> list[str]:
    for name, value in columns.items():
        setattr(study, name, value)
    if "relevance" in columns:
        study.relevance_by = Proposer.PERSON
    return list(columns)


def _refuse_known(identifiers: Iterable[str], *, but: Study | None) -> None:
    """No identifier may lead to two studies."""
    for one in identifiers:
        known = Study.objects.known_as([one]).first()
        if known is not None and known != but:
            scheme, _, value = one.partition(":")
            raise Declined(f"{scheme.upper()} {value} is known: study {known.pk}, “{known.title}”. Change that one.")


def _identifiers(columns: Mapping[str, object]) -> list[str]:
    return [f"{SCHEMES[name]}:{columns[name]}" for name in IDENTIFIERS if columns.get(name)]


def _read_again(study: Study, *, at: datetime) -> None:
    """Let the rules read the text as it stands now, and propose beside what the person said."""
    index_studies(study_ids=[study.pk])
    repropose_studies(study_ids=[study.pk], at=at)
    propose_links(study_ids=[study.pk], at=at)


def _write(study: Study, entry: Entry, *, by: User, at: datetime) -> None:
    _write_facts(study, None, entry.facts, by=by, at=at)
    for facet, terms in entry.terms.items():
        _write_terms(study, facet, set(terms), by=by, at=at)
    if entry.experiments is not None:
        _write_experiments(study, entry.experiments, by=by, at=at)


def _write_facts(
    study: Study, experiment: Experiment | None, facts: Mapping[StudyFactName, object], *, by: User, at: datetime
) -> None:
    rows = StudyFact.objects.filter(study=study, experiment=experiment)
    standing = {name: fact for (_, name), fact in effective(rows).items()}
    for name, value in facts.items():
        stands = standing.get(name)
        if value in (None, "", []):
            if stands is not None:
                rows.filter(name=name, origin=FactOrigin.PERSON).delete()  # history keeps what it was
                others = rows.filter(name=name).exclude(state=AnnotationState.REJECTED)
                others.update(state=AnnotationState.REJECTED, by=by, at=at)
            continue
        try:
            kept = shaped(name, value)
        except WrongShape as error:
            raise Declined(str(error)) from error
        if stands is not None and stands.value == kept:
            continue
        StudyFact.objects.update_or_create(
            study=study, experiment=experiment, name=name, origin=FactOrigin.PERSON,
            defaults={"value": kept, "words": [], "state": AnnotationState.ACCEPTED, "by": by, "at": at},
        )  # fmt: skip


def _write_terms(study: Study, facet: Facet, wanted: set[str], *, by: User, at: datetime) -> None:
    """These terms hold and no others. A rule's proposal that is among them stays a proposal until it is accepted."""
    rows = Annotation.objects.filter(study=study, facet=facet)
    decided = {"decided": at, "decided_by": by}
    gone = rows.exclude(term__in=wanted)
    gone.filter(proposer=Proposer.PERSON).delete()
    gone.exclude(state=AnnotationState.REJECTED).update(state=AnnotationState.REJECTED, **decided)
    rows.filter(term__in=wanted, state=AnnotationState.REJECTED).update(state=AnnotationState.ACCEPTED, **decided)
    for term in sorted(wanted - set(rows.values_list("term", flat=True))):
        Annotation.objects.create(
            study=study, facet=facet, term=term, proposer=Proposer.PERSON, state=AnnotationState.ACCEPTED, proposed=at,
            **decided,
        )  # fmt: skip


def _write_experiments(study: Study, entries: Sequence[ExperimentEntry], *, by: User, at: datetime) -> None:
    kept = {entry.id for entry in entries if entry.id}
    for gone in study.experiments.exclude(pk__in=kept):
        gone.facts.all().delete()
        gone.delete()
    for entry in entries:
        label = " ".join(entry.label.split())
        if not label:
            raise Declined("An experiment needs a few words that tell it from the others.")
        experiment = study.experiments.filter(pk=entry.id).first() if entry.id else Experiment(study=study)
        if experiment is None:
            raise Overtaken(f"The experiment “{label}” is no longer there. Open the study again.")
        experiment.label, experiment.kind = label, ExperimentKind(entry.kind)
        try:
            with transaction.atomic():
                experiment.save()
        except IntegrityError as error:
            raise Declined(f"Two experiments are called “{label}”: tell them apart.") from error
        _write_facts(study, experiment, entry.facts, by=by, at=at)
