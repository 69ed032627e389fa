"""Candidates: made, described, merged, split, retired, without losing a link, a name, an address or their history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify

from tracker.classify.folding import fold
from tracker.models import Candidate, CandidateAddress, CandidateName, EvidenceLink
from tracker.terms import AnnotationState, CandidateStatus, Track

from .acts import Declined, Overtaken, Row, _remember, differences, hold_store, reason, row, score_evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

LISTS = ("roles", "ev_sources", "cargo", "targets", "mechanisms", "references")
TOLD = ("name", "kind", *LISTS, "developer", "description")


def folded(name: str) -> str:
    """A name as it is compared: without capitals, hyphens, accents and double spaces."""
    return " ".join(fold(name).text.split())


@transaction.atomic
def create_candidate(
    *, name: str, kind: Track, by: User, at: datetime, why: str = "", names: Iterable[str] = (), **told: object
) -> Candidate:
    """Make a candidate. `names` are its synonyms; `told` may hold any of ``TOLD`` besides."""
    hold_store()
    candidate = Candidate(created=at, kind=Track(kind), **_told({**told, "name": name}))
    _refuse_twin(candidate)
    candidate.slug = _free_slug(candidate.name)
    candidate.save(force_insert=True)
    _set_names(candidate, names)
    _remember_candidate(candidate, act="created", before=None, why=why, by=by, at=at)
    return candidate


@transaction.atomic
def change_candidate(
    *,
    candidate: Candidate,
    changes: Mapping[str, object],
    by: User,
    at: datetime,
    why: str = "",
    names: Iterable[str] | None = None,
    seen: Mapping[str, object] | None = None,
) -> Candidate:
    """Describe a candidate anew. A new name keeps the old one as a synonym; the address stays as it is.

    `seen` holds the columns as the person saw them: where one that is to change is another by now, nothing is done.
    """
    hold_store()
    standing = _held(candidate)
    if standing.status == CandidateStatus.MERGED:
        raise Declined(f"{standing.name} was merged into {standing.merged_into}: change that one.")
    before = whole(standing)
    wanted = _told(changes)
    for column, value in (seen or {}).items():
        if column in wanted and wanted[column] != getattr(standing, column) and getattr(standing, column) != value:
            raise Overtaken(
                f"The {column.replace('_', ' ')} of {standing.name} was changed meanwhile to “{before[column]}”. "
                "Look at it again and decide."
            )
    old_name = standing.name
    for column, value in wanted.items():
        setattr(standing, column, value)
    if folded(standing.name) != folded(old_name) or standing.kind != before["kind"]:
        _refuse_twin(standing)
    standing.save(update_fields=list(wanted) or None)
    if names is not None:
        _set_names(standing, names)
    if folded(standing.name) != folded(old_name):
        _add_names(standing, [old_name])
    told, now = differences(before, whole(standing))
    if not now:
        raise Declined(f"{standing.name} stands exactly so already; nothing was changed.")
    _remember(subject="candidate", subject_id=standing.pk, act="changed", before=told, after=now, why=why, by=by, at=at)
    candidate.refresh_from_db()
    return candidate


@transaction.atomic
def retire_candidate(*, candidate: Candidate, by: User, at: datetime, why: str) -> Candidate:
    """Say that nobody pursues it any more. Its links and its page stay."""
    return _set_status(
        candidate, CandidateStatus.ACTIVE, CandidateStatus.RETIRED, act="retired",
        why=reason(why, what="retire a candidate"), by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def revive_candidate(*, candidate: Candidate, by: User, at: datetime, why: str = "") -> Candidate:
    """Take a retirement back."""
    return _set_status(candidate, CandidateStatus.RETIRED, CandidateStatus.ACTIVE, act="revived", why=why, by=by, at=at)


@dataclass(frozen=True)
class Merge:
    """What a merge would do, link by link: shown before, and done so."""

    moved: list[EvidenceLink]  # come over as they are
    doubled: list[tuple[EvidenceLink, EvidenceLink]]  # (the survivor's, the other's) of the same record
    names: list[str]  # become synonyms

    @property
    def in_conflict(self) -> list[tuple[EvidenceLink, EvidenceLink]]:
        """Pairs whose directions differ."""
        return [(kept, other) for kept, other in self.doubled if kept.direction != other.direction]


def what_a_merge_does(*, survivor: Candidate, other: Candidate) -> Merge:
    """Read only: the plan of `merge_candidates` for these two."""
    links = EvidenceLink.objects.select_related("trial", "study", "candidate", "decided_by")
    standing = {(link.trial_id, link.study_id): link for link in links.filter(candidate=survivor)}
    moved, doubled = [], []
    for link in links.filter(candidate=other).order_by("id"):
        kept = standing.get((link.trial_id, link.study_id))
        if kept is None:
            moved.append(link)
        else:
            doubled.append((kept, link))
    known = {folded(survivor.name), *survivor.names.values_list("folded", flat=True)}
    names = [name for name in (other.name, *other.names.values_list("name", flat=True)) if folded(name) not in known]
    return Merge(moved, doubled, names)


@transaction.atomic
def merge_candidates(*, survivor: Candidate, other: Candidate, by: User, at: datetime, why: str) -> Candidate:
    """Make two candidates one: links and names go to the survivor, and the other's address leads there for ever.

    Where both have a link from the same record, the survivor's stands, unless only the other's was decided by a
    person; the direction and basis of the one that gives way are noted on the one that stands, and history holds both.
    """
    hold_store()
    why = reason(why, what="merge two candidates")
    if survivor.pk == other.pk:
        raise Declined(f"{survivor.name} cannot be merged with itself.")
    kept, lost = _held_both(survivor, other)
    if kept.kind != lost.kind:
        raise Declined(f"{kept.name} is {kept.kind} and {lost.name} is {lost.kind}: change one of them first.")
    before = {"survivor": whole(kept), "other": whole(lost)}
    plan = what_a_merge_does(survivor=kept, other=lost)
    EvidenceLink.objects.filter(pk__in=[link.pk for link in plan.moved]).update(candidate=kept)
    for standing, doubled in plan.doubled:
        _fold_link(standing, doubled, of=lost)
    for column in LISTS:
        ours = getattr(kept, column)
        setattr(kept, column, [*ours, *(one for one in getattr(lost, column) if one not in ours)])
    kept.developer = kept.developer or lost.developer
    kept.description = kept.description or lost.description
    kept.save(update_fields=[*LISTS, "developer", "description"])
    _add_names(kept, plan.names)
    lost.names.all().delete()
    CandidateAddress.objects.filter(candidate=lost).update(candidate=kept)
    CandidateAddress.objects.create(slug=lost.slug, candidate=kept, since=at)
    Candidate.objects.filter(merged_into=lost).update(merged_into=kept)
    Candidate.objects.filter(pk=lost.pk).update(status=CandidateStatus.MERGED, merged_into=kept)
    after = {"survivor": whole(kept), "other": kept.pk}
    _remember(subject="candidate", subject_id=kept.pk, act="merged", before=before, after=after, why=why, by=by, at=at)
    _remember(
        subject="candidate", subject_id=lost.pk, act="merged into another", before=before["other"],
        after={"merged_into": kept.pk, "name": kept.name}, why=why, by=by, at=at,
    )  # fmt: skip
    score_evidence_of([kept.pk], at=at)
    survivor.refresh_from_db()
    other.refresh_from_db()
    return survivor


@transaction.atomic
def split_candidate(
    *,
    candidate: Candidate,
    links: Sequence[EvidenceLink],
    name: str,
    by: User,
    at: datetime,
    why: str,
    names: Iterable[str] = (),
) -> Candidate:
    """Give these links, and these of its synonyms, to a candidate of their own; gives that one.

    A candidate of this name that was merged into this one stands up again, under its old address.
    """
    hold_store()
    why = reason(why, what="split a candidate")
    standing = _held(candidate)
    if standing.status == CandidateStatus.MERGED:
        raise Declined(f"{standing.name} was merged into {standing.merged_into}: split that one.")
    if not links:
        raise Declined("Choose at least one link that goes to the new candidate.")
    strangers = [link for link in links if link.candidate_id != standing.pk]
    if strangers:
        raise Overtaken(f"Link {strangers[0].pk} is not one of {standing.name} (any more). Look at it again.")
    before = whole(standing)
    # One name in two places would be found twice.
    gone = {folded(name), *(folded(one) for one in names)}
    synonyms = [one.name for one in standing.names.all() if one.folded in gone and one.folded != folded(name)]
    standing.names.filter(folded__in=gone).delete()
    new = _merged_before(standing, name) or Candidate(kind=standing.kind, created=at, **_told({"name": name}))
    new.status, new.merged_into = CandidateStatus.ACTIVE, None
    _refuse_twin(new)
    new.slug = new.slug or _free_slug(new.name)
    new.save()
    _set_names(new, synonyms)
    CandidateAddress.objects.filter(slug=new.slug).delete()
    moved = EvidenceLink.objects.filter(pk__in=[link.pk for link in links], candidate=standing)
    if moved.update(candidate=new) != len({link.pk for link in links}):
        raise Overtaken(f"The links of {standing.name} were changed meanwhile. Look at them again.")
    _remember_candidate(
        new, act="split off", before={"from": standing.pk, "name": standing.name}, why=why, by=by, at=at
    )
    _remember(
        subject="candidate", subject_id=standing.pk, act="split", before=before,
        after={**whole(standing), "new": new.pk}, why=why, by=by, at=at,
    )  # fmt: skip
    score_evidence_of([standing.pk, new.pk], at=at)
    return new


# --- what these acts share -----------------------------------------------------------------------------------------


def whole(candidate: Candidate) -> Row:
    """Everything a candidate is: its columns, synonyms and links, as history keeps them."""
    return {
        **row(candidate),
        "names": list(candidate.names.order_by("name").values_list("name", flat=True)),
        "links": [row(link) for link in EvidenceLink.objects.filter(candidate=candidate).order_by("id")],
    }


def _told(told: Mapping[str, object]) -> dict[str, object]:
    unknown = sorted(set(told) - set(TOLD))
    if unknown:
        raise Declined(f"A candidate has no “{unknown[0]}”; it has {', '.join(TOLD)}.")
    clean = dict(told)
    if "name" in clean:
        clean["name"] = " ".join(str(clean["name"]).split())
        if not clean["name"]:
            raise Declined("A candidate needs a name.")
    if "kind" in clean and Track.read(str(clean["kind"])) is None:
        raise Declined(f"“{clean['kind']}” is no kind of candidate: {', '.join(Track)}.")
    return clean


def _refuse_twin(candidate: Candidate) -> None:
    """One name, one candidate of a kind: else nobody knows to which of two a record belongs."""
    wanted = folded(candidate.name)
    for twin in Candidate.objects.current().filter(kind=candidate.kind).exclude(pk=candidate.pk):
        if folded(twin.name) == wanted:
            raise Declined(f"{twin.name} is a {twin.kind} candidate already: use it, or merge the two.")


def _free_slug(name: str) -> str:
    stem = slugify(fold(name).text)[:110].strip("-") or "candidate"
    number, slug = 1, stem
    while Candidate.objects.filter(slug=slug).exists() or CandidateAddress.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{stem}-{number}"
    return slug


def _set_names(candidate: Candidate, names: Iterable[str]) -> None:
    wanted = {folded(name): " ".join(name.split()) for name in names if folded(name)}
    wanted.pop(folded(candidate.name), None)
    candidate.names.exclude(folded__in=wanted).delete()
    for key, name in wanted.items():
        CandidateName.objects.update_or_create(candidate=candidate, folded=key, defaults={"name": name})


def _add_names(candidate: Candidate, names: Iterable[str]) -> None:
    for name in names:
        if folded(name) not in ("", folded(candidate.name)):
            CandidateName.objects.get_or_create(candidate=candidate, folded=folded(name), defaults={"name": name})


def _held(candidate: Candidate) -> Candidate:
    """The candidate as it stands, locked until the act is done."""
    return Candidate.objects.select_for_update().get(pk=candidate.pk)


def _held_both(survivor: Candidate, other: Candidate) -> tuple[Candidate, Candidate]:
    held = {one.pk: one for one in Candidate.objects.select_for_update().filter(pk__in=[survivor.pk, other.pk])}
    for one in held.values():
        if one.status == CandidateStatus.MERGED:
            raise Overtaken(f"{one.name} was merged into {one.merged_into} already. Look at them again.")
    return held[survivor.pk], held[other.pk]


def _merged_before(candidate: Candidate, name: str) -> Candidate | None:
    for one in Candidate.objects.filter(merged_into=candidate):
        if folded(one.name) == folded(name):
            return one
    return None


def _set_status(
    candidate: Candidate, old: CandidateStatus, new: CandidateStatus, *, act: str, why: str, by: User, at: datetime
) -> Candidate:
    if not Candidate.objects.filter(pk=candidate.pk, status=old).update(status=new):
        candidate.refresh_from_db()
        raise Overtaken(f"{candidate.name} is {candidate.get_status_display()} already; nothing was changed.")
    candidate.refresh_from_db()
    _remember(
        subject="candidate", subject_id=candidate.pk, act=act, before={"status": old}, after={"status": new}, why=why,
        by=by, at=at,
    )  # fmt: skip
    return candidate


def _fold_link(kept: EvidenceLink, lost: EvidenceLink, *, of: Candidate) -> None:
    """Two links of one record become one: the survivor's, or the only one that a person decided."""
    said = f"{of.name} had it as {lost.get_direction_display()} ({lost.get_state_display()}): {lost.basis}"
    if kept.state == AnnotationState.PROPOSED and lost.state != AnnotationState.PROPOSED:
        said = f"before the merge {kept.get_direction_display()} ({kept.get_state_display()}): {kept.basis}"
        EvidenceLink.objects.filter(pk=kept.pk).update(
            direction=lost.direction, state=lost.state, proposer=lost.proposer, basis=lost.basis, note=lost.note,
            decided=lost.decided, decided_by=lost.decided_by,
        )  # fmt: skip
        kept.note = lost.note
    elif lost.note:
        said = f"{said} ({lost.note})"
    EvidenceLink.objects.filter(pk=kept.pk).update(note=f"{kept.note}\n{said}".strip())
    lost.delete()


def _remember_candidate(
    candidate: Candidate, *, act: str, before: Row | None, why: str, by: User, at: datetime
) -> None:
    _remember(
        subject="candidate", subject_id=candidate.pk, act=act, before=before, after=whole(candidate), why=why, by=by,
        at=at,
    )  # fmt: skip
