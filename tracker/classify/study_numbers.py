"""Numbers that a publication states beside their noun: people, animals, and how well a marker did. Pure.

Only what is plainly said is read. A number of people stands right before its noun ("79 chemotherapy-naive patients")
or right behind it ("NSCLC patients (n = 80)"); where a text gives several and does not say which is all of them,
nothing is read. A figure stands behind its metric with nothing but a sign of equality between: "AUC > 0.93" states no
value. Tables of citation files are read by ``sources.citations.findings``; this is for prose, and keeps the place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Finding = dict[str, object]


class Count(NamedTuple):
    """A number beside its noun: where it stands in the passage, and whether the text calls it the total."""

    value: int
    start: int
    end: int
    is_total: bool


class Figure(NamedTuple):
    """A finding and where it stands in the passage."""

    finding: Finding
    start: int
    end: int


_ONES = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_DECADES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS = dict(zip(_DECADES, range(20, 100, 10), strict=True))
_WORDS = {word: at for at, word in enumerate(_ONES, start=1)} | _TENS
_SPELLED = "(?:" + "|".join(_TENS) + r")(?:[- ](?:" + "|".join(_ONES[:9]) + "))?|" + "|".join(reversed(_ONES))
# Not a year, a grade, a percentage, a part of a fraction, a decimal or a range; not "miR-21 patients".
_NUMBER = (
    r"(?<![\w.,/%+<>=~≥≤±-])(?<![\d][ –—-])(?P<number>\d{1,3}(?:,\d{3})+|\d{1,6}|"
    + _SPELLED
    + r")(?![\d%/.,]\d|[\w%/])"
)
_NO_COUNT_BEFORE = re.compile(
    r"(?:stage|grade|phase|type|level|class|days?|weeks?|months?|years?|cycles?|mir|pd|cd|il|top|version|every|each|than|"
    r"about|around|approximately|nearly|over|least|up to|only|all|another|other|remaining|additional)[ -]*$",
    re.IGNORECASE,
)
# Words that may stand between a number and its noun: what the people are, never what was done or counted.
_NOT_BETWEEN = (
    r"(?:of|in|and|or|with|from|to|out|per|for|the|were|was|by|at|on|versus|vs|than|among|samples?|weeks?|months?|days?|"
    r"years?|hours?|h|ml|fold|times|pairs?|mirnas?|genes?|proteins?|sera|plasma|cell|cells|lines?|benign|healthy|normal|"
    r"control|non-cancer|cancer-free|pneumonia|tuberculosis|copd)"
)
_BETWEEN = rf"(?:(?!{_NOT_BETWEEN}\b)[A-Za-z][\w()+/–-]*\s+){{0,5}}?"
_TOTAL_BEFORE = re.compile(r"(?:total of|totally|in total,?|altogether,?|overall,?)\s*$", re.IGNORECASE)
_TOTAL_AFTER = re.compile(
    r"\s*(?:\([^()]{0,80}\)\s*)?(?:who [^.;]{0,60})?(?:were|was)?\s*(?:prospectively |consecutively |retrospectively )?"
    r"(?:enrolled|recruited|included)\b",
    re.IGNORECASE,
)
_OTHER_DISEASE = re.compile(
    r"\s*(?:\(|with\s+)(?:[\w-]+\s+){0,2}(?:benign|pneumonia|copd|tuberculosis|nodules?|inflammatory|non-cancer)|"
    r"\s*without\s+(?:lung\s+)?cancer",
    re.IGNORECASE,
)

_PATIENTS = r"(?:patients|cases)"
_HEALTHY = (
    r"(?:healthy|normal|cancer-free|non-cancer)\s+(?:[a-z-]+\s+){0,2}?"
    r"(?:controls|donors|volunteers|individuals|people|subjects|participants|persons|adults|smokers)|"
    r"healthy(?=\s*[,;.)]|\s+and\s)"
)
_BENIGN = (
    r"(?:(?:patients?|people|cases|individuals)\s+)?(?:with\s+)?benign\s+(?:[a-z-]+\s+){0,2}?"
    r"(?:nodules?|lesions?|diseases?|patients|controls|tumou?rs?)|with\s+(?:pneumonia|tuberculosis|copd)"
)
_CONTROLS = (
    r"(?:(?:age|sex|gender|matched|and|-|/)+[\s-]*){0,5}(?:controls|control\s+(?:subjects|individuals|participants))"
)
_ANIMALS = r"(?:mice|rats|rabbits|pigs|animals)"
_PER_GROUP = re.compile(r"\s*(?:/|per|in each|in every|for each|each)\s*(?:group|cage|arm)?", re.IGNORECASE)


def _pattern(noun: str, *, between: str = _BETWEEN) -> re.Pattern[str]:
    return re.compile(
        rf"{_NUMBER}\s+(?:{between})(?P<noun>{noun})(?!\w)|"
        rf"(?<![\w-])(?P<before>{noun})\s*[(\[,]\s*n\s*=\s*(?P<after>\d{{1,6}})(?![\d.%])",
        re.IGNORECASE,
    )


_OF_PATIENTS = _pattern(_PATIENTS)
_OF_HEALTHY = _pattern(_HEALTHY, between=r"(?:(?:age-|sex-|gender-)?matched\s+|eligible\s+|adult\s+){0,2}")
_OF_BENIGN = _pattern(_BENIGN, between=r"(?:with\s+)?")
_OF_CONTROLS = _pattern(_CONTROLS, between="")
_OF_LINES = _pattern(
    r"(?:cell\s+lines|cancer\s+lines)", between=r"(?:(?!cell\b|cancer\s+lines)[A-Za-z][\w-]*\s+){0,3}?"
)
_OF_ANIMALS = _pattern(_ANIMALS)


def patients(text: str) -> list[Count]:
    """The number of people with the disease; none where several numbers stand and none is called the total."""
    found = []
    for count, end, match in _counted(_OF_PATIENTS, text):
        whose = text[max(0, match.start("before") - 40) : match.start("before")] if match["before"] else ""
        if _OTHER_DISEASE.match(text, end) or re.search(r"\b(?:benign|healthy|control)\W+(?:\w+\W+)?$", whose):
            continue
        found.append(count)
    return _agreed(found)


def controls(text: str) -> list[Count]:
    """The number of people compared with: controls as such, else healthy ones and those with benign disease."""
    plain = _agreed([count for count, _, _ in _counted(_OF_CONTROLS, text)])
    if plain:
        return plain
    healthy = _agreed([count for count, _, _ in _counted(_OF_HEALTHY, text)])
    benign = _agreed([count for count, _, _ in _counted(_OF_BENIGN, text)])
    return healthy + benign


def lines(text: str) -> list[Count]:
    """The number of cell lines that were tried."""
    return _agreed([count for count, _, _ in _counted(_OF_LINES, text)])


def animals(text: str) -> list[Count]:
    """The number of animals; none where it is told by group, since groups are not told."""
    found = []
    for count, end, _ in _counted(_OF_ANIMALS, text):
        if _PER_GROUP.match(text, end) and _PER_GROUP.match(text, end)[0].strip():  # type: ignore[index]
            return []
        found.append(count)
    return _agreed(found)


def total(counts: Iterable[Count]) -> int:
    """Of groups that are counted apart, their sum."""
    return sum(count.value for count in counts)


def _counted(pattern: re.Pattern[str], text: str) -> Iterator[tuple[Count, int, re.Match[str]]]:
    for match in pattern.finditer(text):
        if match["number"]:
            if _NO_COUNT_BEFORE.search(text, max(0, match.start() - 20), match.start()):
                continue
            value = _value(match["number"])
            if 1990 <= value <= 2035 and "," not in match["number"]:
                continue  # a year
            start = match.start("number")
            is_total = bool(
                _TOTAL_BEFORE.search(text, max(0, start - 20), start) or _TOTAL_AFTER.match(text, match.end())
            )
        else:
            value, start, is_total = int(match["after"]), match.start(), False
        if value > 0:
            yield Count(value, start, match.end(), is_total), match.end(), match


def _value(written: str) -> int:
    if written[0].isdigit():
        return int(written.replace(",", ""))
    return sum(_WORDS[word] for word in re.split(r"[- ]", written.lower()))


def _agreed(counts: list[Count]) -> list[Count]:
    """The one number that these state: all say the same, or one alone is called the total and none is larger."""
    values = {count.value for count in counts}
    if len(values) <= 1:
        return counts[:1]
    totals = {count.value for count in counts if count.is_total}
    if len(totals) == 1 and max(values) == max(totals):
        return [count for count in counts if count.is_total][:1]
    return []


# --- how well a marker did ------------------------------------------------------------------------------------------

_DECIMAL = r"\d+(?:[.·]\d+)?"
_IS = (
    r"\s*(?:values?|scores?)?\s*(?:\((?:AUC|AUROC|ROC|HR|aHR)\)|\[(?:AUC|HR)\])?\s*"
    r"(?:=|:|,|of|was|is|were|are|reached|reaching|being|at)?\s*(?:=\s*)?"
)
_INTERVAL = (
    r"(?:\s*[(\[,;]?\s*(?:with\s+a\s+)?(?:95\s*%\s*)?(?:CI|confidence interval)s?\s*(?:\(CI\))?\s*[:=,]?\s*"
    rf"(?:of\s+)?[\[(]?(?P<low>{_DECIMAL})\s*%?\s*(?:-|–|—|−|to|,)\s*(?P<high>{_DECIMAL}))?"
)
_N = r"(?:\s*[(,;]\s*n\s*=\s*(?P<n>\d{1,6}))?"
_MORE = r"(?P<more>(?:(?:\s*,\s*|\s*,?\s*and\s+)0[.·]\d+(?!\d))*)"
_AUC = re.compile(
    r"(?<!\w)(?:AUCs?|AUROCs?|areas?\s+under\s+the\s+(?:ROC\s+|receiver[- ]operating[- ]characteristics?\s+)?"
    rf"(?:\(ROC\)\s+)?curves?)(?!\w){_IS}(?P<value>0[.·]\d+|1(?:[.·]0+)?(?![\d.·]))(?!\d){_MORE}{_INTERVAL}{_N}",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"(?<!\w)(?P<one>sensitivity|specificity)\s*(?:and|/)\s*(?P<two>sensitivity|specificity)(?!\w)"
    rf"{_IS}(?P<value>{_DECIMAL})\s*%?\s*(?:and|,|/)\s*(?P<second>{_DECIMAL})\s*%",
    re.IGNORECASE,
)
_RATE = re.compile(
    rf"(?<!\w)(?P<metric>sensitivity|specificity)(?!\w){_IS}(?P<value>{_DECIMAL})\s*%{_INTERVAL}", re.IGNORECASE
)
_RATE_BEFORE = re.compile(
    rf"(?<![\w.·])(?P<value>{_DECIMAL})\s*%\s+(?P<metric>sensitivity|specificity)(?!\w)", re.IGNORECASE
)
_HAZARD = re.compile(
    rf"(?<!\w)(?:hazard\s+ratios?|Hazard\s+ratios?|HRs?|aHRs?)(?!\w){_IS}(?P<value>\d{{1,3}}[.·]\d+)(?!\d)"
    rf"(?!\s*(?:bpm|beats)){_INTERVAL}{_N}"
)


# The figure of what vesicles are held against: "while plasma cfDNA reached 48.5% sensitivity".
_OTHERS = re.compile(
    r"(?:cfDNA|ctDNA|cell-free DNA|(?<!\w)CEA|CYFRA ?21-1|(?<!\w)NSE)(?![^.;]*(?:exosom|vesic|(?<!\w)EV))[^.;,]{0,60}$",
    re.IGNORECASE,
)


def figures(text: str) -> list[Figure]:
    """AUC, sensitivity, specificity and hazard ratio as stated, with interval and n where they follow."""
    found: list[Figure] = []
    for match in _AUC.finditer(text):
        more = [_decimal(one) for one in re.findall(r"0[.·]\d+", match["more"])]
        low, high = (match["low"], match["high"]) if not more else (None, None)
        found += [
            _figure(match, "AUC", value, low, high, n=match["n"] if not more else None)
            for value in (_decimal(match["value"]), *more)
        ]
    taken: list[tuple[int, int]] = []
    for match in _BOTH.finditer(text):
        taken.append(match.span())
        found += [
            _figure(match, match[name].lower(), _decimal(match[which]), unit="%")
            for name, which in (("one", "value"), ("two", "second"))
        ]
    for pattern in (_RATE, _RATE_BEFORE):
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            low, high = (match["low"], match["high"]) if pattern is _RATE else (None, None)
            found.append(_figure(match, match["metric"].lower(), _decimal(match["value"]), low, high, unit="%"))
    found += [
        _figure(match, "hazard ratio", _decimal(match["value"]), match["low"], match["high"], n=match["n"])
        for match in _HAZARD.finditer(text)
    ]
    once = {
        (figure.start, str(figure.finding)): figure
        for figure in found
        if _is_possible(figure.finding) and not _OTHERS.search(text, max(0, figure.start - 90), figure.start)
    }
    return sorted(once.values(), key=lambda figure: (figure.start, str(figure.finding["metric"])))


def _decimal(written: str) -> float:
    return float(written.replace("·", "."))


def _figure(
    match: re.Match[str],
    metric: str,
    value: float,
    low: str | None = None,
    high: str | None = None,
    *,
    n: str | None = None,
    unit: str = "",
) -> Figure:
    finding: Finding = {"metric": metric, "value": value}
    if low and high and _decimal(low) <= value <= _decimal(high):
        finding |= {"low": _decimal(low), "high": _decimal(high)}
    if n:
        finding["n"] = int(n)
    if unit:
        finding["unit"] = unit
    return Figure(finding, match.start(), match.end())


def _is_possible(finding: Finding) -> bool:
    value = finding["value"]
    assert isinstance(value, float)
    return 0 <= value <= {"AUC": 1, "hazard ratio": 1000}.get(str(finding["metric"]), 100)


# --- how vesicles were obtained --------------------------------------------------------------------------------------

_SOURCE_AMOUNT = re.compile(
    r"(?<![\w.])\d+(?:\.\d+)?\s*(?:m[lL]|[µμu][lL])\s+(?:of\s+)?(?:[a-z-]+\s+){0,2}?"
    r"(?:plasma|serum|blood|urine|saliva|sputum|BALF|pleural effusion|effusion|lavage fluid|conditioned medium|"
    r"culture medium|supernatant)s?\b",
    re.IGNORECASE,
)
_SPUN = re.compile(
    r"(?<![\w.])\d{1,3}(?:,?\d{3})\s*(?:×|x|\*)?\s*g\b[^.;]{0,30}?\d+\s*(?:min|h|hours?|minutes?)\b", re.IGNORECASE
)


def source_amounts(text: str) -> list[tuple[int, int]]:
    """Where the amount of the source is stated: "from 1 mL of plasma"."""
    return [match.span() for match in _SOURCE_AMOUNT.finditer(text)]


def spins(text: str) -> list[tuple[int, int]]:
    """Where a speed with its time is stated: "100,000 × g for 70 min"."""
    return [match.span() for match in _SPUN.finditer(text)]
