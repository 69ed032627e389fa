"""One study from all that tells of it: which source's word stands in each column. No database here.

A preprint and its paper are one study, and a file may tell of it too, so a study has one current record a source. The
order in which they are asked for a value:
  - a paper's record before a preprint's, since the paper is what is cited;
  - Europe PMC before a file, since it is corrected by those who publish;
  - of two of one kind (the preprint stood on two servers) the one whose number comes first, so that the end does not
    hang on which came first.
The first that is not silent gives the value; where all are silent, what stood stays: silence takes nothing away. A
column that a person entered is the person's, whatever comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tracker.sources.bibliography import FIELDS, StudyRecord, passages
from tracker.terms import ChangeKind, NoticeKind, StudyOrigin

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

IDENTIFIERS = {"pmid": "pmid", "pmcid": "pmcid", "doi": "doi", "preprint_doi": "doi", "collection_key": "key"}
_SILENT: tuple[object, ...] = (None, (), "")


class Telling(NamedTuple):
    """A source's current record of a study."""

    origin: StudyOrigin
    record: StudyRecord

    @property
    def rank(self) -> tuple[bool, bool, str, str]:
        return (
            self.record.is_preprint,
            self.origin is not StudyOrigin.EUROPEPMC,
            self.record.source_id,
            self.record.raw_hash,
        )


class Difference(NamedTuple):
    """One named change of a study."""

    kind: ChangeKind
    field: str
    before: object
    after: object


def merged(
    tellings: Sequence[Telling],
    *,
    standing: StudyRecord | None,
    entered: Collection[str] = (),
    owned: Collection[str] = (),
) -> StudyRecord:
    """The study that these tell of.

    ``standing`` is what is stored; ``entered`` names the columns that a person filled. Only identifiers in ``owned``
    (as ``scheme:value``) become the study's: another may be a second study's by now.
    """
    ranked = [telling.record for telling in sorted(tellings, key=lambda telling: telling.rank)]
    values: dict[str, object] = {}
    for name in FIELDS:
        if standing is not None and name in entered:
            values[name] = getattr(standing, name)
            continue
        told = [value for record in ranked if (value := getattr(record, name)) not in _SILENT]
        if name in IDENTIFIERS:
            told = [value for value in told if f"{IDENTIFIERS[name]}:{value}" in owned]
        if told or standing is not None:
            values[name] = told[0] if told else getattr(standing, name)
    values |= {name: value for name, value in _reckoned(tellings, standing).items() if name not in entered}
    in_columns = {f"{scheme}:{values[name]}" for name, scheme in IDENTIFIERS.items() if values.get(name)}
    others = {known for record in ranked for known in record.identifiers}
    others |= set(standing.identifiers) if standing else set()
    # A number that a person replaced is no other number of this study, but somebody else's.
    others -= {
        f"{scheme}:{getattr(record, name)}"
        for name, scheme in IDENTIFIERS.items()
        if name in entered
        for record in ranked
    }
    values["other_ids"] = tuple(sorted((others & set(owned)) - in_columns))
    study = msgspec.convert(values, StudyRecord)
    first = ranked[0] if ranked else None
    return msgspec.structs.replace(
        study,
        source_id=first.source_id if first else "",
        passages=passages(
            title=study.title, abstract=study.abstract, keywords=study.keywords, mesh_terms=study.mesh_terms
        ),
        raw=first.raw if first else b"",
        raw_hash=first.raw_hash if first else "",
        drift=tuple(sorted({what for record in ranked for what in record.drift})),
    )


def _reckoned(tellings: Sequence[Telling], standing: StudyRecord | None) -> dict[str, object]:
    ranked = sorted(tellings, key=lambda telling: telling.rank)
    papers = [telling for telling in ranked if not telling.record.is_preprint] or ranked
    # A file that does not speak of a retraction has not looked for one; Europe PMC has.
    judges = [telling for telling in papers if telling.origin is StudyOrigin.EUROPEPMC]
    retracted = any(telling.record.is_retracted for telling in papers)
    if not judges and standing is not None:
        retracted = retracted or standing.is_retracted
    notices: dict[tuple[object, ...], dict[str, str | None]] = {}
    for telling in ranked:
        for notice in telling.record.notices:
            notices.setdefault((notice["kind"], notice["identifier"] or notice["url"]), notice)
    if not judges and standing is not None:
        for notice in standing.notices:
            notices.setdefault((notice["kind"], notice["identifier"] or notice["url"]), notice)
    numbers = {number for telling in ranked for number in telling.record.trial_numbers}
    numbers |= set(standing.trial_numbers) if standing else set()
    return {
        "is_preprint": all(telling.record.is_preprint for telling in ranked) if ranked else False,
        "is_retracted": retracted,
        "notices": tuple(
            notice for _, notice in sorted(notices.items(), key=lambda item: [str(key) for key in item[0]])
        ),
        "trial_numbers": tuple(sorted(numbers)),
    }


def differences(before: StudyRecord, after: StudyRecord) -> list[Difference]:
    """What changed that a reader wants to be told; the rest is in the versions."""
    found = []
    if before.title != after.title:
        found.append(Difference(ChangeKind.TITLE, "title", before.title, after.title))
    if before.is_preprint and not after.is_preprint:
        found.append(Difference(ChangeKind.PUBLISHED, "is_preprint", before.journal, after.journal))
    if before.is_retracted != after.is_retracted:
        # A retraction that was taken back is a correction of the record.
        kind = ChangeKind.RETRACTED if after.is_retracted else ChangeKind.CORRECTED
        found.append(Difference(kind, "is_retracted", before.is_retracted, after.is_retracted))
    known = [(notice["kind"], notice["identifier"]) for notice in before.notices]
    found += [
        Difference(ChangeKind.CORRECTED, "notices", None, notice)
        for notice in after.notices
        if notice["kind"] != NoticeKind.RETRACTION and (notice["kind"], notice["identifier"]) not in known
    ]
    return found
