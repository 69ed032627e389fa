"""Enough of Essie, the registry's query language, to answer the queries a tracker asks over real records.

Understood: words, "phrases", AND OR NOT, parentheses, ``AREA[Field]``, ``RANGE[from,to]`` with MIN and MAX on dates
and numbers, ``MISSING``. Anything else in square brackets is a syntax error here, so that no query is half understood.

Which area holds which fields is the registry's own list (Search Areas page, 7 June 2024). Not modelled: synonyms,
weights, ranking. A plural matches its singular, as the registry's word forms do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class EssieError(Exception):
    """A query that the registry would refuse; the message is what it would say."""


# --- the fields of a record, by piece name -------------------------------------------------------------------------

P = "protocolSection."
PIECES: dict[str, str] = {
    "NCTId": P + "identificationModule.nctId",
    "NCTIdAlias": P + "identificationModule.nctIdAliases",
    "OrgStudyId": P + "identificationModule.orgStudyIdInfo.id",
    "SecondaryId": P + "identificationModule.secondaryIdInfos.id",
    "BriefTitle": P + "identificationModule.briefTitle",
    "OfficialTitle": P + "identificationModule.officialTitle",
    "Acronym": P + "identificationModule.acronym",
    "OrgFullName": P + "identificationModule.organization.fullName",
    "OverallStatus": P + "statusModule.overallStatus",
    "LastKnownStatus": P + "statusModule.lastKnownStatus",
    "WhyStopped": P + "statusModule.whyStopped",
    "StartDate": P + "statusModule.startDateStruct.date",
    "PrimaryCompletionDate": P + "statusModule.primaryCompletionDateStruct.date",
    "CompletionDate": P + "statusModule.completionDateStruct.date",
    "StudyFirstSubmitDate": P + "statusModule.studyFirstSubmitDate",
    "StudyFirstPostDate": P + "statusModule.studyFirstPostDateStruct.date",
    "ResultsFirstPostDate": P + "statusModule.resultsFirstPostDateStruct.date",
    "LastUpdateSubmitDate": P + "statusModule.lastUpdateSubmitDate",
    "LastUpdatePostDate": P + "statusModule.lastUpdatePostDateStruct.date",
    "LeadSponsorName": P + "sponsorCollaboratorsModule.leadSponsor.name",
    "LeadSponsorClass": P + "sponsorCollaboratorsModule.leadSponsor.class",
    "CollaboratorName": P + "sponsorCollaboratorsModule.collaborators.name",
    "ResponsiblePartyInvestigatorAffiliation": P
    + "sponsorCollaboratorsModule.responsibleParty.investigatorAffiliation",
    "ResponsiblePartyOldOrganization": P + "sponsorCollaboratorsModule.responsibleParty.oldOrganization",
    "BriefSummary": P + "descriptionModule.briefSummary",
    "DetailedDescription": P + "descriptionModule.detailedDescription",
    "Condition": P + "conditionsModule.conditions",
    "Keyword": P + "conditionsModule.keywords",
    "StudyType": P + "designModule.studyType",
    "Phase": P + "designModule.phases",
    "DesignAllocation": P + "designModule.designInfo.allocation",
    "DesignInterventionModel": P + "designModule.designInfo.interventionModel",
    "DesignPrimaryPurpose": P + "designModule.designInfo.primaryPurpose",
    "DesignObservationalModel": P + "designModule.designInfo.observationalModel",
    "DesignTimePerspective": P + "designModule.designInfo.timePerspective",
    "DesignMasking": P + "designModule.designInfo.maskingInfo.masking",
    "DesignWhoMasked": P + "designModule.designInfo.maskingInfo.whoMasked",
    "BioSpecDescription": P + "designModule.bioSpec.description",
    "EnrollmentCount": P + "designModule.enrollmentInfo.count",
    "ArmGroupLabel": P + "armsInterventionsModule.armGroups.label",
    "ArmGroupType": P + "armsInterventionsModule.armGroups.type",
    "ArmGroupDescription": P + "armsInterventionsModule.armGroups.description",
    "InterventionType": P + "armsInterventionsModule.interventions.type",
    "InterventionName": P + "armsInterventionsModule.interventions.name",
    "InterventionDescription": P + "armsInterventionsModule.interventions.description",
    "InterventionOtherName": P + "armsInterventionsModule.interventions.otherNames",
    "PrimaryOutcomeMeasure": P + "outcomesModule.primaryOutcomes.measure",
    "PrimaryOutcomeDescription": P + "outcomesModule.primaryOutcomes.description",
    "SecondaryOutcomeMeasure": P + "outcomesModule.secondaryOutcomes.measure",
    "SecondaryOutcomeDescription": P + "outcomesModule.secondaryOutcomes.description",
    "OtherOutcomeMeasure": P + "outcomesModule.otherOutcomes.measure",
    "OtherOutcomeDescription": P + "outcomesModule.otherOutcomes.description",
    "EligibilityCriteria": P + "eligibilityModule.eligibilityCriteria",
    "StudyPopulation": P + "eligibilityModule.studyPopulation",
    "StdAge": P + "eligibilityModule.stdAges",
    "LocationFacility": P + "contactsLocationsModule.locations.facility",
    "LocationStatus": P + "contactsLocationsModule.locations.status",
    "LocationCity": P + "contactsLocationsModule.locations.city",
    "LocationState": P + "contactsLocationsModule.locations.state",
    "LocationCountry": P + "contactsLocationsModule.locations.country",
    "LocationZip": P + "contactsLocationsModule.locations.zip",
    "OutcomeMeasureTitle": "resultsSection.outcomeMeasuresModule.outcomeMeasures.title",
    "OutcomeMeasureDescription": "resultsSection.outcomeMeasuresModule.outcomeMeasures.description",
    "OutcomeMeasurePopulationDescription": "resultsSection.outcomeMeasuresModule.outcomeMeasures.populationDescription",
    "ConditionMeshTerm": "derivedSection.conditionBrowseModule.meshes.term",
    "ConditionAncestorTerm": "derivedSection.conditionBrowseModule.ancestors.term",
    "InterventionMeshTerm": "derivedSection.interventionBrowseModule.meshes.term",
    "InterventionAncestorTerm": "derivedSection.interventionBrowseModule.ancestors.term",
    "VersionHolder": "derivedSection.miscInfoModule.versionHolder",
    "HasResults": "hasResults",
}

AREAS: dict[str, tuple[str, ...]] = {
    # 57 fields at the registry; those that hold people are not in the records here. No DetailedDescription, and no
    # EligibilityCriteria: what stands only there is not found by query.term.
    "BasicSearch": (
        "NCTId", "Acronym", "BriefTitle", "OfficialTitle", "Condition", "InterventionName", "InterventionOtherName",
        "Phase", "StdAge", "PrimaryOutcomeMeasure", "Keyword", "BriefSummary", "ArmGroupLabel",
        "SecondaryOutcomeMeasure", "InterventionDescription", "ArmGroupDescription", "PrimaryOutcomeDescription",
        "LeadSponsorName", "OrgStudyId", "SecondaryId", "NCTIdAlias", "InterventionType", "ArmGroupType",
        "SecondaryOutcomeDescription", "LocationFacility", "LocationStatus", "LocationState", "LocationCountry",
        "LocationCity", "BioSpecDescription", "ResponsiblePartyInvestigatorAffiliation",
        "ResponsiblePartyOldOrganization", "ConditionMeshTerm", "InterventionMeshTerm", "DesignAllocation",
        "DesignInterventionModel", "DesignMasking", "DesignWhoMasked", "DesignObservationalModel",
        "DesignPrimaryPurpose", "DesignTimePerspective", "StudyType", "ConditionAncestorTerm",
        "InterventionAncestorTerm", "CollaboratorName", "OtherOutcomeMeasure", "OutcomeMeasureTitle",
        "OtherOutcomeDescription", "OutcomeMeasureDescription",
    ),
    "ConditionSearch": (
        "Condition", "BriefTitle", "OfficialTitle", "ConditionMeshTerm", "ConditionAncestorTerm", "Keyword", "NCTId",
    ),
    "InterventionSearch": (
        "InterventionName", "InterventionType", "ArmGroupType", "InterventionOtherName", "BriefTitle", "OfficialTitle",
        "ArmGroupLabel", "InterventionMeshTerm", "Keyword", "InterventionAncestorTerm", "InterventionDescription",
        "ArmGroupDescription",
    ),
    "OutcomeSearch": (
        "PrimaryOutcomeMeasure", "SecondaryOutcomeMeasure", "PrimaryOutcomeDescription", "SecondaryOutcomeDescription",
        "OtherOutcomeMeasure", "OutcomeMeasureTitle", "OtherOutcomeDescription", "OutcomeMeasureDescription",
        "OutcomeMeasurePopulationDescription",
    ),
    "EligibilitySearch": ("EligibilityCriteria", "StudyPopulation"),
    "TitleSearch": ("Acronym", "BriefTitle", "OfficialTitle"),
    "LocationSearch": ("LocationCity", "LocationState", "LocationCountry", "LocationFacility", "LocationZip"),
    "SponsorSearch": ("LeadSponsorName", "CollaboratorName", "OrgFullName"),
    "IdSearch": ("NCTId", "NCTIdAlias", "Acronym", "OrgStudyId", "SecondaryId"),
}  # fmt: skip


def fields_of(area: str) -> tuple[str, ...]:
    """The pieces an area searches; a piece is an area of its own. Raises EssieError for an unknown name."""
    if area in AREAS:
        return AREAS[area]
    if area in PIECES:
        return (area,)
    raise EssieError(f"Unknown search area {area!r}")


_WORDS = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: without case, plurals as singulars."""
    return [_form(word) for word in _WORDS.findall(text.lower())]


def _form(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def values(document: Any, path: str) -> Iterator[Any]:
    """Every value of this field; lists on the way are gone into."""
    step, _, rest = path.partition(".")
    parts = document if isinstance(document, list) else [document]
    for part in parts:
        inner = part.get(step) if isinstance(part, dict) else None
        if inner is None:
            continue
        if rest:
            yield from values(inner, rest)
        elif isinstance(inner, list):
            yield from inner
        else:
            yield inner


class Searchable:
    """A record as the search sees it. Dates and names are kept; longer text is read again when a query needs it."""

    _KEPT = ("NCTId", "NCTIdAlias", "OverallStatus", *(piece for piece in PIECES if piece.endswith("Date")))

    def __init__(self, document: dict[str, Any], *, again: Callable[[], dict[str, Any]]) -> None:
        self._again = again
        self._kept = {piece: self._read(document, piece) for piece in self._KEPT}
        self._words: dict[str, str] = {}

    @staticmethod
    def _read(document: dict[str, Any], piece: str) -> list[str]:
        return [str(value) for value in values(document, PIECES[piece])]

    def piece(self, name: str) -> list[str]:
        if name not in self._kept:
            self._kept[name] = self._read(self._again(), name)
        return self._kept[name]

    def words(self, area: str) -> str:
        """The words of an area with spaces around each; values are parted, so that no phrase runs across two."""
        if area not in self._words:
            document = self._again()
            texts = (text for piece in fields_of(area) for text in self._read(document, piece))
            self._words[area] = " " + " | ".join(" ".join(words_of(text)) for text in texts) + " "
        return self._words[area]


# --- queries -------------------------------------------------------------------------------------------------------

Test = Callable[[Searchable], bool]


class Token(NamedTuple):
    kind: str
    text: str


_TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)"|(?P<area>AREA\[(?P<field>[^\[\]]*)\])'
    r"|RANGE\[(?P<range>[^\[\]]*)\]|(?P<missing>MISSING\b)|(?P<operator>AND\b|OR\b|NOT\b)"
    r'|(?P<word>(?:\\.|[^\s()"\[\]\\])+))'
)


def _tokens(query: str) -> list[Token]:
    tokens, at = [], 0
    query = query.rstrip()
    while at < len(query):
        match = _TOKEN.match(query, at)
        if not match or match.end() == at:
            raise EssieError(f"no viable alternative at input {query[at:].strip()[:20]!r}")
        at = match.end()
        kind = next(name for name, text in match.groupdict().items() if text is not None)
        text = match["field"] if kind == "area" else match[kind]
        if kind == "word":
            text = re.sub(r"\\(.)", r"\1", text)
        tokens.append(Token(kind, text))
    return tokens


def read_query(query: str, *, area: str) -> Test:
    """What this query asks of a record, searched in ``area`` unless it names another. Raises EssieError."""
    tokens = _tokens(query)
    if not tokens:
        return lambda record: True
    test, at = _either(tokens, 0, area)
    if at < len(tokens):
        raise EssieError(f"mismatched input {tokens[at].text!r}")
    return test


def _either(tokens: list[Token], at: int, area: str) -> tuple[Test, int]:
    test, at = _both(tokens, at, area)
    tests = [test]
    while at < len(tokens) and tokens[at] == Token("operator", "OR"):
        test, at = _both(tokens, at + 1, area)
        tests.append(test)
    return (tests[0] if len(tests) == 1 else lambda record: any(one(record) for one in tests)), at


def _both(tokens: list[Token], at: int, area: str) -> tuple[Test, int]:
    test, at = _one(tokens, at, area)
    tests = [test]
    while at < len(tokens) and tokens[at].kind != "close" and tokens[at] != Token("operator", "OR"):
        if tokens[at] == Token("operator", "AND"):
            at += 1
        # two things side by side must both hold, as must "a NOT b"
        test, at = _one(tokens, at, area)
        tests.append(test)
    return (tests[0] if len(tests) == 1 else lambda record: all(one(record) for one in tests)), at


def _one(tokens: list[Token], at: int, area: str) -> tuple[Test, int]:
    if at >= len(tokens):
        raise EssieError("mismatched input '<EOF>'")
    token = tokens[at]
    if token == Token("operator", "NOT"):
        inner, at = _one(tokens, at + 1, area)
        return lambda record: not inner(record), at
    if token.kind == "open":
        inner, at = _either(tokens, at + 1, area)
        if at >= len(tokens) or tokens[at].kind != "close":
            raise EssieError("missing ')' at '<EOF>'")
        return inner, at + 1
    if token.kind == "area":
        fields_of(token.text)
        return _one(tokens, at + 1, token.text)
    if token.kind == "range":
        return _range(token.text, area), at + 1
    if token.kind == "missing":
        pieces = fields_of(area)
        return lambda record: not any(record.piece(piece) for piece in pieces), at + 1
    if token.kind in {"word", "phrase"}:
        wanted = f" {' '.join(words_of(token.text))} "
        if not wanted.strip():
            return lambda record: True, at + 1  # a stop sign alone asks for nothing
        return lambda record: wanted in record.words(area), at + 1
    raise EssieError(f"mismatched input {token.text!r}")


def _range(text: str, area: str) -> Test:
    ends = [end.strip() for end in text.split(",")]
    if len(ends) != 2 or area in AREAS:
        raise EssieError(f"RANGE[{text}] needs two ends and one date or number field, not {area}")
    low, high = ends
    if area == "EnrollmentCount":
        try:
            least = float("-inf") if low == "MIN" else float(low)
            most = float("inf") if high == "MAX" else float(high)
        except ValueError:
            raise EssieError(f"RANGE[{text}]: not numbers") from None
        return lambda record: any(least <= float(value) <= most for value in record.piece(area))
    if not (area.endswith("Date") or area == "VersionHolder"):
        raise EssieError(f"RANGE[{text}]: {area} is neither a date nor a number")
    day = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?\Z")
    if not ((low == "MIN" or day.match(low)) and (high == "MAX" or day.match(high))):
        raise EssieError(f"RANGE[{text}]: not dates")
    earliest = "" if low == "MIN" else low
    latest = "9" if high == "MAX" else high + "~"  # a month's end is after all its days
    return lambda record: any(earliest <= value <= latest for value in record.piece(area))
