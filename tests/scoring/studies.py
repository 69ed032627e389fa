"""What the tests of studies are made of: a study's columns, what was read in it, and the starter collection's rows.

The starter studies are read by the product's own reader of CSV. Their kinds of evidence stand in no column of that
file: ``EVIDENCE`` says them by hand, from the words of each row, as a curator would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from tests.scoring.support import RUBRIC, TODAY, Standing, on
from tracker.scoring.engine import Result, Verdict, score_study
from tracker.scoring.study_facts import ReportedTrial, StudyFacts, study_facts
from tracker.sources import citations
from tracker.sources.citations import CitationFormat, Row
from tracker.terms import Relevance, StudyEvidence, StudyFactName, Track

STARTER = Path(__file__).parents[2] / "fixtures" / "studies.csv"


@dataclass(frozen=True)
class Told:
    """A fact as it was read; by a person unless said otherwise."""

    name: str
    value: object
    origin: str = "person"
    experiment_id: int | None = None
    state: str = "accepted"
    words: list[dict[str, object]] = field(default_factory=list)


#: a study that only its columns describe
PLAIN = {
    "relevance": "about",
    "is_retracted": False,
    "pmid": "28553110",
    "pmcid": None,
    "doi": None,
    "preprint_doi": None,
    "is_open_access": True,
    "ev_track_id": None,
}


def study(**changes: object) -> SimpleNamespace:
    unknown = set(changes) - set(PLAIN)
    assert not unknown, f"no such columns: {unknown}"
    return SimpleNamespace(**{**PLAIN, **changes})


def told(**values: object) -> list[Told]:
    """Facts of the whole study, by a person, named as ``terms.StudyFactName`` names them."""
    return [Told(StudyFactName(name).value, value) for name, value in values.items()]


def facts_of(
    *facts: Told,
    of: SimpleNamespace | None = None,
    annotations: tuple[Standing, ...] = (),
    trials: tuple[ReportedTrial, ...] = (),
    kinds: tuple[str, ...] = (),
) -> StudyFacts:
    return study_facts(of or study(), facts=facts, annotations=annotations, trials=trials, kinds=kinds)


def verdict(*facts: Told, **options: object) -> Verdict:
    return score_study(facts_of(*facts, **options), rubric=RUBRIC, today=TODAY)  # type: ignore[arg-type]


def bench(*evidence: str, **values: object) -> Result:
    """The therapeutic maturity of a study of a carrier with this evidence."""
    facts = told(role=["drug_carrier"], stage_evidence=list(evidence), **values)
    return on(Track.THERAPEUTIC, verdict(*facts))


def marker(*evidence: str, **values: object) -> Result:
    """The diagnostic maturity of a study of a marker with this evidence."""
    return on(Track.DIAGNOSTIC, verdict(*told(role=["diagnosis"], stage_evidence=list(evidence), **values)))


ONE, PROOF, ANIMALS = StudyEvidence.IN_VITRO_ONE_MODEL, StudyEvidence.IN_VITRO_PROOF, StudyEvidence.IN_VIVO_PROOF
SEEN, MARKER, CASES = StudyEvidence.MECHANISM_OBSERVED, StudyEvidence.MARKER_OBSERVED, StudyEvidence.CASE_CONTROL
OUTCOME, MULTI = StudyEvidence.OUTCOME_ASSOCIATION, StudyEvidence.MULTIVARIABLE
SECOND, TRIAL = StudyEvidence.INDEPENDENT_VALIDATION, StudyEvidence.CLINICAL_TRIAL

#: kinds of evidence by row of the starter collection; a row that tells none is not here
EVIDENCE: dict[str, tuple[StudyEvidence, ...]] = {
    "S001": (SEEN, ONE, ANIMALS), "S002": (SEEN, ONE), "S003": (SEEN, ONE, ANIMALS, MARKER),
    "S004": (SEEN, ONE, ANIMALS), "S005": (SEEN, ONE, ANIMALS), "S006": (SEEN, PROOF), "S007": (MARKER,),
    "S008": (MARKER,), "S009": (CASES,), "S010": (MARKER,), "S011": (MARKER,), "S012": (CASES,), "S013": (MARKER,),
    "S014": (MARKER,), "S015": (TRIAL,), "S016": (TRIAL,), "S017": (ANIMALS,), "S018": (ONE, ANIMALS),
    "S019": (ANIMALS,), "S020": (PROOF,), "S021": (SEEN, ONE, MARKER), "S022": (SEEN, PROOF),
    "S023": (CASES, OUTCOME, MULTI), "S024": (CASES, SECOND), "S025": (OUTCOME, MULTI), "S026": (OUTCOME,),
    "S027": (CASES,), "S028": (CASES,), "S029": (ANIMALS, TRIAL), "S030": (SEEN, ANIMALS), "S031": (SEEN, ONE),
    "S032": (SEEN, ONE, MARKER), "S033": (SEEN, ONE, MARKER), "S034": (SEEN, ONE), "S035": (SEEN, ONE, OUTCOME),
    "S036": (SEEN, ONE, ANIMALS), "S037": (CASES,), "S038": (CASES,), "S039": (ANIMALS,), "S040": (CASES,),
    "S041": (SEEN, ONE, ANIMALS), "S042": (MARKER,), "S043": (MARKER,), "S044": (SEEN, ANIMALS),
    "S045": (SEEN, ANIMALS), "S046": (SEEN, ONE, ANIMALS), "S047": (CASES,),
}  # fmt: skip


@cache
def starter() -> dict[str, Row]:
    """The rows of the starter collection by their running name."""
    with STARTER.open("rb") as stream:
        rows = list(citations.read(stream, format=CitationFormat.CSV, this_year=2026))
    assert all(isinstance(row, Row) for row in rows), rows
    return {str(row.record.collection_key): row for row in rows if isinstance(row, Row)}


def starter_facts(key: str, *, with_evidence: bool = True, without: frozenset[str] = frozenset()) -> list[Told]:
    """What the file tells of one row, and by hand what kind of evidence it is."""
    found = [Told(name.value, value, "import") for name, value in starter()[key].facts.items()]
    if with_evidence and key in EVIDENCE:
        found.append(Told(StudyFactName.STAGE_EVIDENCE, [one.value for one in EVIDENCE[key]]))
    return [one for one in found if one.name not in without]


def starter_study(key: str) -> SimpleNamespace:
    record = starter()[key].record
    return study(
        relevance=Relevance.ABOUT,
        is_retracted=record.is_retracted,
        pmid=record.pmid,
        pmcid=record.pmcid,
        doi=record.doi,
        preprint_doi=record.preprint_doi,
        is_open_access=record.is_open_access,
    )
