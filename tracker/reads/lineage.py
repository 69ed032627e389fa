"""What led to what: the links between records in the order of time, as a tree that a page can draw and read out.

A link is stored as it is said ("this study reports that trial"); here it runs forward, so that every branch goes from
the first bench work to the latest trial or paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from tracker import terms
from tracker.models import LineageLink, Study

from .records import RecordRef, decided_words, study_ref, trial_ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from django.db.models import QuerySet

# kind → whether it is said against the order of time, and the verb from the earlier to the later record
_FORWARD: dict[str, tuple[bool, str]] = {
    terms.LineageKind.LED_TO: (False, "led to"),
    terms.LineageKind.REPLICATES: (True, "was replicated by"),
    terms.LineageKind.CONTINUES: (True, "was continued by"),
    terms.LineageKind.REPORTS: (True, "was reported in"),
}


@dataclass(frozen=True, slots=True)
class LineageLine:
    """One link, forward in time: ``earlier`` ``verb`` ``later``. A proposed one counts for nothing."""

    earlier: RecordRef
    later: RecordRef
    kind: str
    verb: str
    state: str
    basis: str
    said_by: str

    @property
    def is_accepted(self) -> bool:
        return self.state == terms.AnnotationState.ACCEPTED


@dataclass(frozen=True, slots=True)
class Branch:
    """One record in the tree, how it came from the one above, and what came of it.

    ``is_repeated`` where the record stands in the tree already: its own branches are shown there.
    """

    record: RecordRef
    line: LineageLine | None
    branches: tuple[Branch, ...]
    is_repeated: bool


def lineage_of(*, trials: Collection[str] = (), studies: Collection[int] = ()) -> tuple[LineageLine, ...]:
    """The links of these records that nobody rejected, the accepted first: one query."""
    touching = Q(from_trial__in=trials) | Q(to_trial__in=trials) | Q(from_study__in=studies) | Q(to_study__in=studies)
    return tuple(lineage_line(link) for link in _whole(LineageLink.objects.filter(touching)))


def _whole(links: QuerySet[LineageLink]) -> QuerySet[LineageLink]:
    ends = ("from_trial", "from_study", "to_trial", "to_study")
    return (
        links.exclude(state=terms.AnnotationState.REJECTED)
        .select_related(*ends, "decided_by")
        .defer(*(f"{end}__search" for end in ends), "from_study__abstract", "to_study__abstract")
        .order_by("state", "id")
    )


def lineage_line(link: LineageLink) -> LineageLine:
    """The line of a link whose four ends were read with it."""
    first = trial_ref(link.from_trial) if link.from_trial else study_ref(link.from_study)  # type: ignore[arg-type]
    second = trial_ref(link.to_trial) if link.to_trial else study_ref(link.to_study)  # type: ignore[arg-type]
    turned, verb = _FORWARD[link.kind]
    earlier, later = (second, first) if turned else (first, second)
    return LineageLine(earlier, later, link.kind, verb, link.state, link.basis, decided_words(link))


def tree(lines: Sequence[LineageLine]) -> tuple[Branch, ...]:
    """The accepted links as trees, each from a record that nothing led to; a ring starts at its oldest record."""
    counted = [line for line in lines if line.is_accepted]
    onward: dict[tuple[str, str], list[LineageLine]] = {}
    for line in counted:
        onward.setdefault(line.earlier.identity, []).append(line)
    later = {line.later.identity for line in counted}
    shown: set[tuple[str, str]] = set()
    records = {ref.identity: ref for line in counted for ref in (line.earlier, line.later)}
    roots = _by_time(ref for ref in records.values() if ref.identity not in later)
    trees = [_branch(root, None, onward, shown) for root in roots]
    trees += [_branch(ref, None, onward, shown) for ref in _by_time(records.values()) if ref.identity not in shown]
    return tuple(trees)


def _branch(
    record: RecordRef,
    line: LineageLine | None,
    onward: dict[tuple[str, str], list[LineageLine]],
    shown: set[tuple[str, str]],
) -> Branch:
    if record.identity in shown:
        return Branch(record, line, (), is_repeated=bool(onward.get(record.identity)))
    shown.add(record.identity)
    further = sorted(onward.get(record.identity, ()), key=lambda one: (one.later.began or "9999", one.later.key))
    return Branch(record, line, tuple(_branch(one.later, one, onward, shown) for one in further), is_repeated=False)


def _by_time(records: Iterable[RecordRef]) -> list[RecordRef]:
    return sorted(records, key=lambda ref: (ref.began or "9999", ref.kind, ref.key))


def studies_cited(pmids: Iterable[str]) -> dict[str, RecordRef]:
    """The stored studies of these PMIDs: one query."""
    return {str(study.pmid): study_ref(study) for study in Study.objects.filter(pmid__in=list(pmids)).defer("search")}
