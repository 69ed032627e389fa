"""The only writer of links that rules propose: records to candidates, and studies to trials.

The number of statements is the same for one record and for a thousand, and a second run changes nothing. A link that a
person made, accepted or rejected is never proposed again; one that nothing suggests any more is withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, transaction

from tracker.classify.linking import (
    CandidateWords,
    CitedStudy,
    CitingTrial,
    EvidenceProposal,
    LineageProposal,
    Names,
    RecordWords,
    evidence,
    lineage,
)
from tracker.models import Annotation, Candidate, Study, StudyFact, Trial, TrialAlias
from tracker.sources.ctgov_passages import Passage
from tracker.sync.store import STORE_LOCK
from tracker.terms import AnnotationState, Direction, Facet, FactOrigin, Relevance, StudyFactName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from django.db.backends.utils import CursorWrapper

Key = TypeVar("Key", int, str)

# Records linked in one transaction when all are.
BATCH = 500

# Records with something to link, or with a proposal that may have to be withdrawn; nearly all trials have neither.
_CONCERNED = """
    SELECT nct_id, NULL FROM tracker_trial AS trial WHERE nct_id = ANY(%(trials)s) AND (relevance <> 'none'
        OR EXISTS (SELECT FROM tracker_evidencelink AS link WHERE link.trial_id = trial.nct_id)
        OR EXISTS (SELECT FROM tracker_lineagelink AS link WHERE link.to_trial_id = trial.nct_id))
    UNION ALL
    SELECT NULL, id FROM tracker_study AS study WHERE id = ANY(%(studies)s) AND (relevance <> 'none'
        OR EXISTS (SELECT FROM tracker_evidencelink AS link WHERE link.study_id = study.id)
        OR EXISTS (SELECT FROM tracker_lineagelink AS link WHERE link.from_study_id = study.id))
"""
# A trial cites a study by its PMID, or a study names a trial, by its own number or one folded into it. One statement
# for each side, so that a batch of trials does not look through all trials.
_OF_TRIALS = """
    SELECT study.id, trial.nct_id
    FROM tracker_trial AS trial
    CROSS JOIN LATERAL jsonb_array_elements(trial."references") AS reference
    JOIN tracker_study AS study ON study.pmid = reference ->> 'pmid'
    WHERE trial.nct_id = ANY(%(trials)s) AND trial.relevance <> 'none' AND study.relevance <> 'none'
    UNION
    SELECT study.id, numbers.nct_id
    FROM (
        SELECT nct_id AS number, nct_id FROM tracker_trial
        WHERE nct_id = ANY(%(trials)s) AND relevance <> 'none'
        UNION ALL
        SELECT alias, nct_id FROM tracker_trialalias JOIN tracker_trial ON nct_id = trial_id
        WHERE trial_id = ANY(%(trials)s) AND relevance <> 'none'
    ) AS numbers
    JOIN tracker_study AS study ON numbers.number = ANY(study.trial_numbers)
    WHERE study.relevance <> 'none' AND study.trial_numbers <> '{}'
"""
_OF_STUDIES = """
    SELECT study.id, trial.nct_id
    FROM tracker_trial AS trial
    CROSS JOIN LATERAL jsonb_array_elements(trial."references") AS reference
    JOIN tracker_study AS study ON study.pmid = reference ->> 'pmid'
    WHERE trial.relevance <> 'none' AND study.id = ANY(%(studies)s) AND study.relevance <> 'none'
    UNION
    SELECT study.id, trial.nct_id
    FROM tracker_study AS study
    CROSS JOIN LATERAL unnest(study.trial_numbers) AS named (number)
    LEFT JOIN tracker_trialalias AS folded ON folded.alias = named.number
    JOIN tracker_trial AS trial ON trial.nct_id = coalesce(folded.trial_id, named.number)
    WHERE study.id = ANY(%(studies)s) AND study.relevance <> 'none' AND trial.relevance <> 'none'
"""
_TAKE_EVIDENCE = """
    INSERT INTO tracker_evidencelink
        (candidate_id, trial_id, study_id, direction, state, proposer, basis, note, proposed)
    SELECT candidate, trial, study, direction, 'proposed', 'rule', basis, '', %(at)s
    FROM unnest(
        %(candidate)s::bigint[], %(trial)s::text[], %(study)s::bigint[], %(direction)s::text[], %(basis)s::text[]
    ) AS given (candidate, trial, study, direction, basis)
    ON CONFLICT {once} DO UPDATE SET direction = EXCLUDED.direction, basis = EXCLUDED.basis
    WHERE tracker_evidencelink.state = 'proposed' AND tracker_evidencelink.proposer = 'rule'
      AND (tracker_evidencelink.direction, tracker_evidencelink.basis)
          IS DISTINCT FROM (EXCLUDED.direction, EXCLUDED.basis)
"""
_WITHDRAW_EVIDENCE = """
    DELETE FROM tracker_evidencelink AS standing
    WHERE standing.state = 'proposed' AND standing.proposer = 'rule'
      AND (standing.trial_id = ANY(%(trials)s) OR standing.study_id = ANY(%(studies)s))
      AND NOT EXISTS (
        SELECT FROM unnest(%(candidate)s::bigint[], %(trial)s::text[], %(study)s::bigint[])
                    AS given (candidate, trial, study)
        WHERE given.candidate = standing.candidate_id AND given.trial IS NOT DISTINCT FROM standing.trial_id
          AND given.study IS NOT DISTINCT FROM standing.study_id
      )
"""
# A pair that a person joined in one way is not proposed in another.
_TAKE_LINEAGE = """
    INSERT INTO tracker_lineagelink (kind, from_study_id, to_trial_id, state, proposer, basis, proposed)
    SELECT kind, study, trial, 'proposed', 'rule', basis, %(at)s
    FROM unnest(%(kind)s::text[], %(study)s::bigint[], %(trial)s::text[], %(basis)s::text[])
         AS given (kind, study, trial, basis)
    WHERE NOT EXISTS (
        SELECT FROM tracker_lineagelink AS joined
        WHERE joined.from_study_id = given.study AND joined.to_trial_id = given.trial
          AND joined.kind <> given.kind AND joined.state = 'accepted'
    )
    ON CONFLICT (kind, from_trial_id, from_study_id, to_trial_id, to_study_id) DO UPDATE SET basis = EXCLUDED.basis
    WHERE tracker_lineagelink.state = 'proposed' AND tracker_lineagelink.proposer = 'rule'
      AND tracker_lineagelink.basis <> EXCLUDED.basis
"""
_WITHDRAW_LINEAGE = """
    DELETE FROM tracker_lineagelink AS standing
    WHERE standing.state = 'proposed' AND standing.proposer = 'rule'
      AND standing.from_study_id IS NOT NULL AND standing.to_trial_id IS NOT NULL
      AND (standing.to_trial_id = ANY(%(trials)s) OR standing.from_study_id = ANY(%(studies)s))
      AND (NOT EXISTS (
        SELECT FROM unnest(%(kind)s::text[], %(study)s::bigint[], %(trial)s::text[]) AS given (kind, study, trial)
        WHERE given.kind = standing.kind AND given.study = standing.from_study_id
          AND given.trial = standing.to_trial_id
      ) OR EXISTS (
        SELECT FROM tracker_lineagelink AS joined
        WHERE joined.from_study_id = standing.from_study_id AND joined.to_trial_id = standing.to_trial_id
          AND joined.kind <> standing.kind AND joined.state = 'accepted'
      ))
"""
# Whose reading counts when several tell of one thing.
_RANK = {FactOrigin.PERSON: 0, FactOrigin.IMPORT: 1, FactOrigin.RULE: 2}
_REVIEWS = ("review", "meta-analysis", "editorial", "comment")


@dataclass(slots=True)
class ProposedLinks:
    """How many links are suggested for the asked records, those that people decided included."""

    evidence: int = 0
    lineage: int = 0


def propose_links(
    *, study_ids: Iterable[int] | None = None, nct_ids: Iterable[str] | None = None, at: datetime
) -> ProposedLinks:
    """Propose links of these studies and trials to candidates and to each other; with neither, of all, in batches.

    Their text must have been read (`propose`, `propose_studies`): roles, cargo and relevance are taken from what
    stands. Retracted studies are proposed as neutral; records that are not about vesicles are left alone.
    """
    if study_ids is not None or nct_ids is not None:
        return _propose(study_ids=sorted(set(study_ids or ())), nct_ids=sorted(set(nct_ids or ())), at=at)
    done = ProposedLinks()
    for studies in _all(Study.objects.values_list("id", flat=True)):
        some = _propose(study_ids=studies, nct_ids=[], at=at)
        done.evidence += some.evidence
        done.lineage += some.lineage
    for trials in _all(Trial.objects.values_list("nct_id", flat=True)):
        # Links between the two were found from the studies' side.
        done.evidence += _propose(study_ids=[], nct_ids=trials, at=at).evidence
    return done


def _all(keys: Iterable[Key]) -> Iterator[list[Key]]:
    every = sorted(keys)
    for start in range(0, len(every), BATCH):
        yield every[start : start + BATCH]


@transaction.atomic
def _propose(*, study_ids: list[int], nct_ids: list[str], at: datetime) -> ProposedLinks:
    if not study_ids and not nct_ids:
        return ProposedLinks()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", STORE_LOCK)
        asked: dict[str, Any] = {"studies": study_ids, "trials": nct_ids, "at": at}
        cursor.execute(_CONCERNED, asked)
        concerned = cursor.fetchall()
        # A first pull of trials comes before there is anything to link them to.
        if not concerned or not (Candidate.objects.exists() or Study.objects.exists()):
            return ProposedLinks()
        nct_ids = sorted(trial for trial, _ in concerned if trial is not None)
        study_ids = sorted(study for _, study in concerned if study is not None)
        asked |= {"studies": study_ids, "trials": nct_ids}
        joining = _lineage(cursor, asked)
        _write_lineage(cursor, joining, asked)
        names = Names(_candidates())
        records = [*_studies(study_ids), *_trials(nct_ids)]
        bearing = [proposal for record in records for proposal in evidence(record, names)]
        _write_evidence(cursor, bearing, asked)
    return ProposedLinks(len(bearing), len(joining))


def _write_evidence(cursor: CursorWrapper, found: Sequence[EvidenceProposal], asked: Mapping[str, Any]) -> None:
    def columns(some: Sequence[EvidenceProposal]) -> dict[str, Any]:
        return {
            **asked,
            "candidate": [one.candidate for one in some],
            "trial": [one.trial for one in some],
            "study": [one.study for one in some],
            "direction": [one.direction.value for one in some],
            "basis": [one.basis for one in some],
        }

    cursor.execute(_WITHDRAW_EVIDENCE, columns(found))
    for once, some in (
        ("(candidate_id, trial_id)", [one for one in found if one.trial is not None]),
        ("(candidate_id, study_id)", [one for one in found if one.study is not None]),
    ):
        cursor.execute(_TAKE_EVIDENCE.replace("{once}", once), columns(some))


def _write_lineage(cursor: CursorWrapper, found: Sequence[LineageProposal], asked: Mapping[str, Any]) -> None:
    columns = {
        **asked,
        "kind": [one.kind.value for one in found],
        "study": [one.study for one in found],
        "trial": [one.trial for one in found],
        "basis": [one.basis for one in found],
    }
    cursor.execute(_WITHDRAW_LINEAGE, columns)
    cursor.execute(_TAKE_LINEAGE, columns)


# --- what linking must know -------------------------------------------------------------------------------------------


def _candidates() -> list[CandidateWords]:
    return [
        CandidateWords(
            one.pk,
            one.name,
            (one.name, *(name.name for name in one.names.all())),
            frozenset(one.roles),
            tuple(one.cargo),
        )
        for one in Candidate.objects.current().prefetch_related("names").order_by("id")
    ]


def _lineage(cursor: CursorWrapper, asked: Mapping[str, Any]) -> list[LineageProposal]:
    pairs: set[tuple[int, str]] = set()
    for statement, side in ((_OF_TRIALS, "trials"), (_OF_STUDIES, "studies")):
        if asked[side]:
            cursor.execute(statement, asked)
            pairs |= set(cursor.fetchall())
    studies = [
        CitedStudy(number, pmid, frozenset(numbers), year, any(_is_review(kind) for kind in kinds))
        for number, pmid, numbers, year, kinds in Study.objects.filter(
            id__in={study for study, _ in pairs}
        ).values_list("id", "pmid", "trial_numbers", "year", "publication_types")
    ]
    nct_ids = {trial for _, trial in pairs}
    folded: dict[str, set[str]] = defaultdict(set)
    for alias, nct_id in TrialAlias.objects.filter(trial__in=nct_ids).values_list("alias", "trial_id"):
        folded[nct_id].add(alias)
    trials = []
    for nct_id, references, submitted, posted, start in (
        Trial.objects.filter(nct_id__in=nct_ids)
        .order_by("nct_id")
        .values_list("nct_id", "references", "first_submit_date", "first_post_date", "start_date")
    ):
        registered = submitted or posted or start
        cited = tuple((str(one.get("pmid") or ""), str(one.get("type") or "")) for one in references)
        trials.append(
            CitingTrial(nct_id, frozenset({nct_id} | folded[nct_id]), cited, registered.year if registered else None)
        )
    return [one for one in lineage(studies, trials) if (one.study, one.trial) in pairs]


def _is_review(kind: str) -> bool:
    return any(word in kind.casefold() for word in _REVIEWS)


def _terms(column: str, keys: Sequence[int] | Sequence[str]) -> dict[object, dict[str, set[str]]]:
    """Roles and cargo that stand for these records."""
    found: dict[object, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = Annotation.objects.standing().filter(facet__in=(Facet.ROLE, Facet.CARGO), **{f"{column}__in": keys})
    for key, facet, term in rows.values_list(column, "facet", "term"):
        found[key][facet].add(term)
    return found


def _studies(study_ids: Sequence[int]) -> list[RecordWords]:
    terms = _terms("study_id", study_ids)
    facts: dict[tuple[int, str], tuple[int, object]] = {}
    for number, name, origin, value in (
        StudyFact.objects.filter(
            study__in=study_ids,
            experiment=None,
            name__in=(StudyFactName.CANDIDATE, StudyFactName.DIRECTION),
        )
        .exclude(state=AnnotationState.REJECTED)
        .values_list("study_id", "name", "origin", "value")
    ):
        rank = (_RANK[FactOrigin(origin)], value)
        facts[number, name] = min(facts.get((number, name), rank), rank, key=lambda one: one[0])
    records = []
    for row in (
        Study.objects.filter(id__in=study_ids)
        .exclude(relevance=Relevance.NONE)
        .order_by("id")
        .values("id", "title", "abstract", "keywords", "is_retracted")
    ):
        passages = [Passage("title", row["title"])]
        if row["abstract"]:
            passages.append(Passage("abstract", row["abstract"]))
        passages += [Passage(f"keywords.{at}", word) for at, word in enumerate(row["keywords"])]
        stated = facts.get((row["id"], StudyFactName.CANDIDATE), (0, ""))[1]
        direction = facts.get((row["id"], StudyFactName.DIRECTION), (0, None))[1]
        records.append(
            RecordWords(
                study=row["id"],
                passages=tuple(passages),
                roles=frozenset(terms[row["id"]][Facet.ROLE]),
                cargo=frozenset(terms[row["id"]][Facet.CARGO]),
                stated=stated if isinstance(stated, str) else "",
                direction=Direction.read(direction) if isinstance(direction, str) else None,
                is_retracted=row["is_retracted"],
            )
        )
    return records


def _trials(nct_ids: Sequence[str]) -> list[RecordWords]:
    terms = _terms("trial_id", nct_ids)
    records = []
    for row in (
        Trial.objects.filter(nct_id__in=nct_ids)
        .exclude(relevance=Relevance.NONE)
        .order_by("nct_id")
        .values("nct_id", "brief_title", "official_title", "acronym", "keywords", "interventions", "stop_classes")
    ):
        given = [
            *((name, row[name]) for name in ("brief_title", "official_title", "acronym")),
            *((f"interventions.{at}.name", one.get("name")) for at, one in enumerate(row["interventions"])),
            *((f"keywords.{at}", word) for at, word in enumerate(row["keywords"])),
        ]
        records.append(
            RecordWords(
                trial=row["nct_id"],
                passages=tuple(Passage(name, text) for name, text in given if text),
                roles=frozenset(terms[row["nct_id"]][Facet.ROLE]),
                cargo=frozenset(terms[row["nct_id"]][Facet.CARGO]),
                stop_classes=frozenset(row["stop_classes"]),
            )
        )
    return records
