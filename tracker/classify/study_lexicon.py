"""The words for what a publication tells beyond its terms, read from lexicon-studies.toml.

Signs, cell lines and animals are rules like any other of the lexicon and are read by the same reader; beside them
stands the table of MeSH headings for the triangle of biomedicine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tracker.classify.lexicon import Reader, parsed
from tracker.classify.matcher import Automaton
from tracker.terms import Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.classify.lexicon import Rule

STUDIES_PATH = Path(__file__).with_name("lexicon-studies.toml")


class Sign(Term):
    """What a publication's words may be a sign of; `studies` puts signs together to facts."""

    REVIEW = "review"
    CLINICAL_TRIAL = "clinical_trial"
    IN_VITRO = "in_vitro"
    EFFECT = "effect"
    ANIMAL = "animal"
    ANIMAL_EFFECT = "animal_effect"
    LATE_PRECLINICAL = "late_preclinical"
    GAIN = "gain"
    LOSS = "loss"
    MARKER = "marker"
    PROFILING = "profiling"
    GIVEN = "given"
    COMPARED = "compared"
    RESPONSE = "response"
    TREATING = "treating"
    PRODUCT = "product"
    OUTCOME = "outcome"
    MULTIVARIABLE = "multivariable"
    INDEPENDENT_COHORT = "independent_cohort"
    FIRST_COHORT = "first_cohort"
    SECOND_COHORT = "second_cohort"
    BEFORE_DIAGNOSIS = "before_diagnosis"
    ARCHIVED = "archived"
    PLANNED = "planned"
    PROSPECTIVE = "prospective"
    BLINDED = "blinded"
    RANDOMISED = "randomised"
    CONTROLS = "controls"
    DATA_DEPOSITED = "data_deposited"
    PROTOCOL = "protocol"
    KIT = "kit"
    TETRASPANIN = "tetraspanin"
    CYTOSOLIC = "cytosolic"
    PURITY = "purity"
    MICROSCOPY = "microscopy"
    WIDE_AND_CLOSE = "wide_and_close"
    SINGLE_VESICLE = "single_vesicle"
    PROTEIN_AMOUNT = "protein_amount"
    AMOUNT_RATIO = "amount_ratio"
    FUNCTION_CONTROL = "function_control"


SIGN, LINE, ANIMAL, ANIMAL_MODEL, LUNG_MODEL = "sign", "line", "animal", "animal_model", "lung_model"
CORNERS = ("human", "animal", "molecular")


@dataclass(frozen=True, slots=True, eq=False)
class StudyLexicon:
    version: str
    sources: dict[str, str]
    groups: dict[str, str] = field(repr=False)
    rules: tuple[Rule, ...] = field(repr=False)
    labels: dict[tuple[str, str], str] = field(repr=False)  # (kind, id) -> as it is shown
    mesh: dict[str, str] = field(repr=False)  # heading, in small letters -> corner of the triangle
    automaton: Automaton = field(repr=False)


@lru_cache(maxsize=4)
def load_studies(path: Path = STUDIES_PATH) -> StudyLexicon:
    """The lexicon of this file. Raises LexiconError, naming the entry, for anything that is not quite right."""
    return read_studies(path.read_text(encoding="utf-8"), name=path.name)


def read_studies(text: str, *, name: str = "lexicon-studies") -> StudyLexicon:
    """The lexicon in this TOML text; ``name`` stands in the messages."""
    reader = Reader(name, parsed(text, name=name))
    version = reader.version()
    labels: dict[tuple[str, str], str] = {}
    for kind, known in ((SIGN, Sign), (LINE, None), (ANIMAL, None), (ANIMAL_MODEL, None), (LUNG_MODEL, None)):
        for entry in reader.data.get(kind, []):
            reader.entry(entry, kind=kind, facet=kind, known=known)
            labels[kind, entry["id"]] = entry.get("label", entry["id"])
    mesh: dict[str, str] = {}
    headings = reader.data.get("mesh", {})
    if headings:
        reader.cited(headings, "mesh")
    for corner in CORNERS:
        for heading in headings.get(corner, []):
            if mesh.setdefault(heading.casefold(), corner) != corner:
                raise reader.wrong("mesh", f'"{heading}" stands in two corners; a heading has one')
    return StudyLexicon(
        version=version,
        sources=reader.sources,
        groups=reader.groups,
        rules=tuple(reader.rules),
        labels=labels,
        mesh=mesh,
        # Signs may share words, so each competes only with itself; of cell lines the longest name stands.
        automaton=Automaton(reader.rules, family=lambda rule: LINE if rule.kind == LINE else rule),
    )


# --- the triangle of biomedicine -----------------------------------------------------------------------------------


class Share(NamedTuple):
    """How far a paper's headings are about people, animals, and cells or molecules: shares that sum to 1.

    They are computed over the ``counted`` of its ``headings`` that stand in the table; without any, all three are
    None. After Weber 2013, J Transl Med 11:126, who gives a corner to a paper by the headings it has; counting them as
    fractions follows Hutchins et al. 2019, PLoS Biol 17:e3000416.
    """

    human: float | None
    animal: float | None
    molecular: float | None
    counted: int
    headings: int


def mesh_share(headings: Iterable[str]) -> Share:
    """The share of each corner of the triangle of biomedicine among these MeSH headings.

    >>> mesh_share(["Humans", "Mice", "A549 Cells", "Exosomes", "Prognosis"])
    Share(human=0.25, animal=0.25, molecular=0.5, counted=4, headings=5)
    """
    table = load_studies().mesh
    given = list(dict.fromkeys(heading.strip().casefold() for heading in headings if heading.strip()))
    corners = [table[heading] for heading in given if heading in table]
    if not corners:
        return Share(None, None, None, 0, len(given))
    human, animal, molecular = (corners.count(corner) / len(corners) for corner in CORNERS)
    return Share(human, animal, molecular, len(corners), len(given))
