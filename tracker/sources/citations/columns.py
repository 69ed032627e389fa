"""The columns that a table of studies may have: their names, what else they are called, and how a cell is read.

``docs/studies.md`` describes them for people; a test holds both together. A column with the name of a study's fact
(``terms.StudyFactName``) is always known.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from tracker.sources.bibliography import plain
from tracker.sources.citations import rows
from tracker.sources.citations.findings import findings, model_facts
from tracker.sources.citations.rows import Refused, shown
from tracker.terms import Answer, Direction, Role, StudyEvidence, StudyFactName, Term

if TYPE_CHECKING:
    from collections.abc import Callable

# What other programs call the same: PubMed's and Europe PMC's CSV, Zotero, Web of Science, Scopus, people.
ALIASES: dict[str, tuple[str, ...]] = {
    "pmid": ("pubmed id", "pubmed", "pubmed number"),
    "pmcid": ("pmc", "pmc id", "pubmed central id"),
    "doi": ("digital object identifier", "doi link"),
    "title": ("article title", "document title"),
    "authors": ("author", "author names", "author s", "author full names"),
    "year": ("publication year", "pubyear", "pub year", "year of publication", "py"),
    "journal": ("journal book", "journal title", "source title", "publication title"),
    "abstract": ("abstract note", "abstract text"),
    "keywords": ("author keywords", "manual tags", "tags"),
    "mesh_terms": ("mesh", "mesh headings"),
    "publication_types": ("publication type", "item type"),
    "language": ("lang",),
    "is_open_access": ("open access", "isopenaccess"),
    "source_url": ("url", "link", "address"),
    "read_at": ("facts read at",),
    "study_id": ("collection key", "collection_key"),
    "facts_read": ("summary", "what it shows"),
    "candidate": ("candidate name",),
    "role": ("roles",),
    "ev_source": ("source of evs",),
    "n_patients": ("patients", "number of patients"),
    "n_controls": ("number of controls",),
    "n_animals": ("animals", "number of animals"),
    "validation_cohort": ("validation",),
    "effect": ("effects", "main result"),
}

_NUMBERS = (StudyFactName.N_PATIENTS, StudyFactName.N_CONTROLS, StudyFactName.N_ANIMALS, StudyFactName.N_MODELS)
_STATED = (
    StudyFactName.EV_SOURCE, StudyFactName.CARGO, StudyFactName.MECHANISM, StudyFactName.HISTOLOGY,
    StudyFactName.SPECIMEN, StudyFactName.ISOLATION, StudyFactName.CHARACTERISATION, StudyFactName.CELL_LINES,
)  # fmt: skip
_TEXTS = (StudyFactName.ANIMAL_MODEL, StudyFactName.ANIMAL_SPECIES, StudyFactName.COMPARATORS)
CANDIDATE = StudyFactName.CANDIDATE
_COHORTS = ("discovery", "validation", "independent")
_YES = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
MOST_PEOPLE = 10_000_000


def folded(heading: str) -> str:
    """A heading as it is compared: small letters and digits, one space between words."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", heading.casefold()).split())


def known(heading: str) -> str | None:
    """The column that this heading names; None for one that is not read."""
    return _NAMES.get(folded(heading))


def bibliography(name: str, given: str, heading: str, *, this_year: int) -> dict[str, Any]:
    """What a cell of a bibliographic column tells, as fields of the record."""
    read = _BIBLIOGRAPHY[name]
    return read(given, heading, this_year)


def facts(name: str, given: str, heading: str) -> dict[StudyFactName, Any]:
    """What a cell of any other column tells, as facts."""
    if name == "model":
        return model_facts(given)
    if name == "effect":
        found = findings(given)
        return {StudyFactName.FINDINGS: found} if found else {}
    if name == "validation_cohort":
        return {StudyFactName.COHORTS: _validation(given, heading)}
    return {StudyFactName(name): _fact(StudyFactName(name), given, heading)}


def is_bibliographic(name: str) -> bool:
    return name in _BIBLIOGRAPHY


# --- bibliographic columns -------------------------------------------------------------------------------------------


def _yes_or_no(given: str, heading: str) -> bool:
    answer = _YES.get(given.casefold())
    if answer is None:
        raise Refused(heading, f"{shown(given)} is neither yes nor no.")
    return answer


def _authors(given: str) -> list[str]:
    if ";" in given:
        return [rows.author(name) for name in rows.several(given)]
    names = [plain(name) for name in given.removesuffix(".").split(",")]
    # "Jiang C, Li X" is a list of names, "Jiang, Chao" is one.
    if len(names) > 1 and all(re.fullmatch(r"\S.* [^\W\d_]{1,4}", name) for name in names):
        return names
    return [rows.author(plain(given))]


_BIBLIOGRAPHY: dict[str, Callable[[str, str, int], dict[str, Any]]] = {
    "pmid": lambda given, heading, _: {"pmid": rows.pmid(given, heading)},
    "pmcid": lambda given, heading, _: {"pmcid": rows.pmcid(given, heading)},
    "doi": lambda given, heading, _: {"doi": rows.doi(given, heading)},
    "title": lambda given, heading, _: {"title": rows.title(given, heading)},
    "authors": lambda given, heading, _: {"authors": _authors(given)},
    "year": lambda given, heading, today: {"year": rows.year(given, heading, this_year=today)},
    "journal": lambda given, heading, _: {"journal": plain(given) or None},
    "abstract": lambda given, heading, _: {"abstract": plain(given) or None},
    "keywords": lambda given, heading, _: {"keywords": rows.several(given)},
    "mesh_terms": lambda given, heading, _: {"mesh_terms": rows.several(given)},
    "publication_types": lambda given, heading, _: {"publication_types": rows.several(given)},
    "language": lambda given, heading, _: {"language": rows.language(given)},
    "is_open_access": lambda given, heading, _: {"is_open_access": _yes_or_no(given, heading)},
    "source_url": lambda given, heading, _: {"source_url": rows.web_address(given, heading)},
    "read_at": lambda given, heading, _: {"read_at": given},
    "study_id": lambda given, heading, _: {"collection_key": _key(given, heading)},
    "facts_read": lambda given, heading, _: {"summary": plain(given) or None},
}


def _key(given: str, heading: str) -> str:
    if len(given) > 60:
        raise Refused(heading, f"{shown(given)} is longer than the 60 characters that a name in a collection may have.")
    return given


# --- facts -----------------------------------------------------------------------------------------------------------


def _fact(name: StudyFactName, given: str, heading: str) -> rows.Value:
    if name in _NUMBERS:
        return _number(given, heading)
    if name is StudyFactName.DIRECTION:
        return _member(Direction, given, heading)
    if name is StudyFactName.ROLE:
        return [_member(Role, part, heading) for part in rows.several(given)]
    if name is StudyFactName.STAGE_EVIDENCE:
        return [_member(StudyEvidence, part, heading) for part in rows.several(given)]
    if name is StudyFactName.COHORTS:
        return _cohorts(given, heading)
    if name is StudyFactName.FINDINGS:
        return findings(given)
    if name in _STATED:
        return rows.several(given)
    if name in _TEXTS or name is StudyFactName.CANDIDATE:
        return plain(given)
    return _member(Answer, given, heading)


def _number(given: str, heading: str) -> int:
    found = re.fullmatch(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?", given)
    number = int(found[1].replace(",", "")) if found else -1
    if not 0 <= number <= MOST_PEOPLE:
        raise Refused(heading, f"{shown(given)} is no whole number from 0 to {MOST_PEOPLE:,}; empty means not read.")
    return number


@cache
def _words_of(vocabulary: type[Term]) -> dict[str, str]:
    """What may be written for each value: itself, its label, and what the field also calls it."""
    words = {folded(text): one.value for one in vocabulary for text in (one.value, str(one.label))}
    return words | _ALSO.get(vocabulary, {})


_ALSO: dict[type[Term], dict[str, str]] = {
    Role: {"ev inhibition or removal": Role.EV_INHIBITION.value, "prediction of therapy response": "prediction"},
    Answer: {"n a": Answer.NOT_APPLICABLE.value, "na": Answer.NOT_APPLICABLE.value, "no": Answer.NO.value},
    Direction: {"supporting": "supports", "contradicting": "contradicts", "against": "contradicts"},
}


def _member(vocabulary: type[Term], given: str, heading: str) -> str:
    found = _words_of(vocabulary).get(folded(given))
    if found is None:
        allowed = ", ".join(str(member.label).partition(":")[0] for member in vocabulary)
        raise Refused(heading, f"{shown(given)} is not one of: {allowed}.")
    return found


def _cohorts(given: str, heading: str) -> list[str]:
    parts = [part.casefold() for part in rows.several(given)]
    for part in parts:
        if part not in _COHORTS:
            raise Refused(heading, f"{shown(part)} is not one of: {', '.join(_COHORTS)}.")
    return parts


def _validation(given: str, heading: str) -> list[str]:
    """``yes`` says that a second group of samples was named, so there was a first one."""
    if given.casefold() in ("independent", "external"):
        return ["discovery", "independent"]
    return ["discovery", "validation"] if _yes_or_no(given, heading) else ["discovery"]


_NAMES: dict[str, str] = {
    folded(heading): name
    for name in (*_BIBLIOGRAPHY, *(fact.value for fact in StudyFactName), "model", "effect", "validation_cohort")
    for heading in (name, *ALIASES.get(name, ()))
}
