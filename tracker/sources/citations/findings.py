"""Facts that a table tells in words: what a model was, and which numbers came out.

Only what is plainly said is read: a number that stands right behind its metric, a cell line that looks like one, an
animal that is named. Everything else stays in its words, as a note or as stated.
"""

from __future__ import annotations

import re
from typing import Any

from tracker.sources.citations.rows import several
from tracker.terms import StudyFactName

Finding = dict[str, Any]

_METRICS = (
    ("AUC", r"AUC(?:-?ROC)?|area under the (?:ROC )?curve"),
    ("sensitivity", r"sensitivity"),
    ("specificity", r"specificity"),
    ("accuracy", r"accuracy"),
    ("concordance", r"concordance"),
    ("hazard ratio", r"HR|hazard ratio"),
    ("odds ratio", r"OR|odds ratio"),
    ("tumour growth inhibition", r"tumou?r growth inhibition"),
    ("tumour volume change", r"tumou?r volume (?:change|reduction)"),
    ("median overall survival", r"median (?:OS|overall survival)"),
    ("median progression-free survival", r"median (?:PFS|progression-free survival)"),
    ("median time to progression", r"median (?:TTP|time to progression)"),
)
_NUMBER = r"-?\d+(?:\.\d+)?"
# Between the metric and its number stands nothing but a sign of equality or "of": "AUC >0.93" states no value.
_FOUND = re.compile(
    r"(?<![A-Za-z])(?:"
    + "|".join(f"(?P<m{at}>{words})" for at, (_, words) in enumerate(_METRICS))
    + rf")\s*(?:=|:|of|was|is)?\s*(?P<value>{_NUMBER})(?![\d/+]|\.\d)\s*(?P<unit>%|months?|weeks?|days?)?"
    + rf"(?P<more>(?:\s*(?:,|and)\s*{_NUMBER}(?![\d%/.]))*)"
    + rf"(?:\s*[(\[,;]?\s*95\s*%\s*(?:CI|confidence interval)[:=,]?\s*(?P<low>{_NUMBER})\s*%?\s*"
    + rf"(?:-|–|—|to|,)\s*(?P<high>{_NUMBER}))?"
    + r"(?:\s*[(,;]?\s*n\s*=\s*(?P<n>\d{1,7}))?",
    re.IGNORECASE,
)
# "OR" and "HR" are metrics in capitals alone; "or" is a word.
_CAPITALS = {"OR", "HR", "AUC"}
_PARTS_OF_ONE = frozenset({"AUC"})  # from 0 to 1, or in per cent


def findings(given: str) -> list[Finding]:
    """What these words say in numbers, a finding each; a part without a plain number is a note alone.

    >>> [(one["metric"], one["value"]) for one in findings("AUC 0.98 (brain metastasis); about 80% both")]
    [('AUC', 0.98), (None, None)]
    """
    found: list[Finding] = []
    for part in several(given):
        read = [one for match in _FOUND.finditer(part) for one in _read(match, part)]
        found += read or [_finding(note=part)]
    return found


def _read(match: re.Match[str], part: str) -> list[Finding]:
    at = next(at for at in range(len(_METRICS)) if match[f"m{at}"])
    metric, words = _METRICS[at][0], match[f"m{at}"]
    if words.upper() in _CAPITALS and words != words.upper():
        return []
    unit = match["unit"]
    unit = unit.rstrip("s").lower() + "s" if unit and unit != "%" else unit
    values = [float(match["value"]), *(float(one) for one in re.findall(_NUMBER, match["more"] or ""))]
    low, high = (float(match[name]) if match[name] else None for name in ("low", "high"))
    if metric in _PARTS_OF_ONE and any(not 0 <= one <= (100 if unit == "%" else 1) for one in values):
        return []
    if unit == "%" and metric != "tumour volume change" and any(not 0 <= one <= 100 for one in values):
        return []
    return [
        _finding(
            metric=metric, value=value, low=low if len(values) == 1 else None, high=high if len(values) == 1 else None,
            n=int(match["n"]) if match["n"] else None, unit=unit, note=part,
        )
        for value in values
    ]  # fmt: skip


def _finding(**told: Any) -> Finding:
    return dict.fromkeys(("metric", "value", "low", "high", "n", "unit", "note")) | told


_SPECIES = (
    ("mouse", r"mouse|mice|murine"),
    ("rat", r"rats?"),
    ("rabbit", r"rabbits?"),
    ("pig", r"pigs?|porcine"),
    ("dog", r"dogs?|canine"),
    ("zebrafish", r"zebrafish"),
    ("monkey", r"monkeys?|macaques?"),
)
_ANIMAL = re.compile(r"\b(?:xenografts?|allografts?|orthotopic|animals?)\b", re.IGNORECASE)
_NAMED_LINES = re.compile(r"(?:cell culture|cell lines?|in vitro)\s*[:(]\s*(?P<lines>[^()]*)\)?\s*", re.IGNORECASE)
# A cell line is one word with a capital and a digit or capitals alone, perhaps with its resistance: A549, PC9, HUVEC,
# A549/DDP, NCI-H1975. "resistant A549" or "11 cancer lines" name none.
_LINE = re.compile(r"(?=[^\s]*[A-Z])(?=[^\s]*\d|[A-Z0-9/+\-]{3,})[A-Za-z0-9][A-Za-z0-9/+.\-]{1,24}")


def model_facts(given: str) -> dict[StudyFactName, Any]:
    """The facts that a description of the model plainly states: its words, cell lines, animal model and species.

    >>> model_facts("cell culture (A549, A549/DDP);nude mouse xenograft")[StudyFactName.CELL_LINES]
    ['A549', 'A549/DDP']
    """
    parts = several(given)
    if not parts:
        return {}
    told: dict[StudyFactName, Any] = {StudyFactName.MODEL: parts}
    lines = [line for part in parts if (found := _NAMED_LINES.fullmatch(part)) for line in _lines(found["lines"])]
    if lines:
        told[StudyFactName.CELL_LINES] = list(dict.fromkeys(lines))
    kinds = [name for name, words in _SPECIES if re.search(rf"\b(?:{words})\b", given, re.IGNORECASE)]
    animals = [part for part in parts if _ANIMAL.search(part) or _species(part)]
    if animals:
        told[StudyFactName.ANIMAL_MODEL] = "; ".join(animals)
    if len(kinds) == 1:
        told[StudyFactName.ANIMAL_SPECIES] = kinds[0]
    return told


def _species(part: str) -> bool:
    return any(re.search(rf"\b(?:{words})\b", part, re.IGNORECASE) for _, words in _SPECIES)


def _lines(given: str) -> list[str]:
    return [name for name in (part.strip() for part in re.split(r"[,;]| and ", given)) if _LINE.fullmatch(name)]
