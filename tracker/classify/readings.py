"""Annotations of a record that names vesicles: its terms, roles, and readings that no registry field holds. Pure.

The lexicon finds the words; what is decided here is what needs more than words: the kind of an intervention, the study
type, two halves of a reading that must meet. Each decision says in its docstring which sentence of the rubric it
follows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tracker.classify.matcher import Hit, Text, Vesicles, Words, stands
from tracker.terms import Facet, InterventionType, PrimaryPurpose, Reading, Role, StudyType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.classify.matcher import Matcher
    from tracker.sources.ctgov_records import TrialRecord


class Proposal(NamedTuple):
    """One annotation that the text supports: facet, term, and the words it rests on (none for a class of silence)."""

    facet: Facet
    term: str
    words: list[Words]


_MOST_WORDS = 6  # quotations kept an annotation; the first ones, in the record's order

# What an intervention must be for "is EVs": a thing given. A test, a device or a blood sample only measures.
_GIVEN = frozenset(
    {
        InterventionType.BIOLOGICAL,
        InterventionType.DRUG,
        InterventionType.GENETIC,
        InterventionType.COMBINATION_PRODUCT,
        InterventionType.DIETARY_SUPPLEMENT,
    }
)
_TELLING = frozenset({"title", "summary", "arm", "arm_text", "intervention", "intervention_text"})
_STUDIED = frozenset({PrimaryPurpose.DIAGNOSTIC, PrimaryPurpose.SCREENING, PrimaryPurpose.BASIC_SCIENCE})
_CARE = frozenset({PrimaryPurpose.TREATMENT, PrimaryPurpose.PREVENTION, PrimaryPurpose.SUPPORTIVE_CARE})
_MEASURING = re.compile(
    r"(?<!\w)(?:detect\w*|test\w*|assay\w*|analy\w+|sampl\w+|measur\w+|marker\w*|biomarker\w*|collect\w*|quantif\w*"
    r"|profil\w*|sequenc\w*|extraction|isolation|diagnos\w*|blood draw|chip|level\w*|expression|whole blood)(?!\w)"
)
_TAKEN = re.compile(
    r"(?<!\w)(?:blood|plasma|serum|urine|sputum) (?:sample|samples|draw|draws)(?!\w)|(?<!\w)(?:sampled|sampling)(?!\w)"
)
# An amount before a unit: "15 mg"; a number of vesicles is large: "1x10^9 particles", "2.0*10^8 nano vesicles", so
# that "phase 1 exosomes" is none.
_MANY = r"(?:\d[\d.,]*\s?(?:[x*]\s?10\s?\^?\s?\d+|e\+?\d+)|10\s?\^\s?\d+|\d+\s?(?:billion|million)|\d{4,})"
_NUMBER = re.compile(r"(?<![a-z0-9])" + _MANY + r"\s?(?:[a-z]+ ){0,2}$")
_AMOUNT = re.compile(r"(?<![a-z0-9])(?:" + _MANY + r"|\d[\d.,]*)\s?$")
_COUNTED = re.compile(r"particles?|vesicles?|exosomes?")
# Vesicles in a title as the thing that treats: "Microparticles for Malignant Pleural Effusion".
_TREATS = re.compile(
    r"[^.:]{0,40}(?<!\w)(?:for|against|plus|to treat|treating|in the treatment|combined|packaging|loaded)(?!\w)"
)
_TAKEN_FROM = re.compile(r"(?<!\w)(?:plasma|serum|circulating|urin\w*|blood|saliva\w*|sputum)(?!\w)")
_DIAGNOSTIC_ROLES = (Role.SCREENING, Role.DIAGNOSIS)
_FOLLOWING_ROLES = (Role.PROGNOSIS, Role.PREDICTION, Role.MONITORING)


@dataclass(slots=True, kw_only=True)
class Said:
    """Hits that stand in a text, whatever record it is of: by facet and term, by role, by reading.

    A role's key names what it needs ("diagnosis measured"), a reading's the part of it that was found.
    """

    text: Text
    vesicles: Vesicles
    terms: dict[tuple[Facet, str], list[Hit]] = field(default_factory=lambda: defaultdict(list))
    roles: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    readings: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))

    def group(self, hit: Hit) -> str:
        return self.text.groups[hit.passage]

    def gather(self, diseases: list[Hit], ready: Matcher) -> None:
        """Look for all that the lexicon knows; ``diseases`` are the text's hits."""
        text, vesicles = self.text, self.vesicles
        for hit in ready.readings(text, vesicles):
            if not text.excluded(hit) and stands(text, hit, vesicles):
                self.readings[f"{hit.rule.term} {hit.rule.part}".strip()].append(hit)
        for hit in vesicles.hits:
            self.terms[Facet.EV, hit.rule.term].append(hit)
        for hit in diseases:
            told = hit.rule.term and hit.rule.disease not in ("generic", "other_tumour", "unrelated")
            if told and not text.excluded(hit) and stands(text, hit, vesicles):
                self.terms[Facet.DISEASE, hit.rule.term].append(hit)
        for hit in ready.terms(text, vesicles):
            if text.excluded(hit) or not stands(text, hit, vesicles):
                continue
            if hit.rule.facet == Facet.ROLE:
                self.roles[f"{hit.rule.term} {hit.rule.needs}"].append(hit)
            else:
                self.terms[Facet(hit.rule.facet), hit.rule.term].append(hit)


@dataclass(slots=True, kw_only=True)
class _Found(Said):
    """What stands in a trial's text, and the trial."""

    record: TrialRecord


def record_proposals(
    record: TrialRecord, text: Text, vesicles: Vesicles, diseases: list[Hit], ready: Matcher
) -> list[Proposal]:
    """All annotations of a record but its stop reasons, in the order of the facets; ``diseases`` are its hits."""
    found = _Found(record=record, text=text, vesicles=vesicles)
    found.gather(diseases, ready)
    annotations = found.terms
    tracks = _tracks(found)
    named = _roles(found, tracks, found.roles)
    for term, hits in named.items():
        annotations[Facet.ROLE, term] = hits
    for reading, hits in (tracks | _design(found, tracks, named) | _product(found, tracks, annotations)).items():
        annotations[Facet.READING, reading] = hits
    return proposed(text, annotations)


def proposed(text: Text, annotations: dict[tuple[Facet, str], list[Hit]]) -> list[Proposal]:
    """These hits as proposals, in the order of the facets."""
    order = list(Facet)
    return [
        Proposal(facet, str(term), quoted(text, hits))
        for (facet, term), hits in sorted(annotations.items(), key=lambda pair: (order.index(pair[0][0]), pair[0][1]))
        if hits
    ]


def quoted(text: Text, hits: Iterable[Hit]) -> list[Words]:
    """The words an annotation is shown with: the first of each place, then more of them, in the record's order."""
    spans = {(hit.start, hit.end): hit for hit in sorted(hits, key=lambda one: (one.start, one.end))}
    seen: dict[str, int] = defaultdict(int)
    ranked = []
    for hit in spans.values():
        group = text.groups[hit.passage]
        ranked.append((seen[group], hit.start, hit))
        seen[group] += 1
    kept = sorted(ranked, key=lambda one: one[:2])[:_MOST_WORDS]
    return [text.words(hit) for _, _, hit in sorted(kept, key=lambda one: one[1])]


# --- what the trial does with vesicles -------------------------------------------------------------------------------


def _tracks(found: _Found) -> dict[str, list[Hit]]:
    """EV_PRODUCT, EV_CARRIER, EV_TARGET, EV_MEASURED with their words; they decide the track.

    A product is an intervention that is given (drug, biological…) and named as vesicles, or a title or summary that
    speaks of vesicle therapy in a study that gives something. An observational study gives nothing. Vesicles are
    measured when an outcome or a test names them, or when the text does something to them that one does to a marker;
    beside a product only an outcome or a test counts, since every product is also isolated and analysed.
    """
    record = found.record
    tracks: dict[str, list[Hit]] = {}
    gives = record.study_type != StudyType.OBSERVATIONAL
    if gives:
        product = _given(found) or _spoken_of(found)
        if product:
            tracks[Reading.EV_PRODUCT] = product
            carrier = [hit for hit in found.readings[Reading.EV_CARRIER] if found.group(hit) != "detail"]
            if carrier:
                tracks[Reading.EV_CARRIER] = carrier
        if found.readings[Reading.EV_TARGET] and record.primary_purpose not in (
            PrimaryPurpose.DIAGNOSTIC,
            PrimaryPurpose.SCREENING,
            PrimaryPurpose.BASIC_SCIENCE,
        ):
            tracks[Reading.EV_TARGET] = found.readings[Reading.EV_TARGET]
    measured = [hit for hit in found.vesicles.hits if found.group(hit) in ("primary", "outcome")]
    measured += [hit for hit in found.vesicles.hits if _of_type(found, hit) == InterventionType.DIAGNOSTIC_TEST]
    if tracks:
        measured = [hit for hit in measured if _measuring_sentence(found, hit)]
    else:
        measured += found.readings[Reading.EV_MEASURED]
        if record.study_type == StudyType.OBSERVATIONAL or record.primary_purpose in _STUDIED:
            # A study that gives nothing and has vesicles in its title has them to look at.
            measured += [hit for hit in found.vesicles.hits if found.group(hit) == "title"]
        if record.primary_purpose in _CARE and all(found.group(hit) == "detail" for hit in measured):
            measured = []  # what a treatment trial tells of the literature
    if measured:
        tracks[Reading.EV_MEASURED] = measured
    return tracks


def _given(found: _Found) -> list[Hit]:
    """Vesicles in the name of an intervention that is given."""
    hits = []
    for hit in found.vesicles.hits:
        if found.group(hit) != "intervention":
            continue
        kind = _of_type(found, hit)
        low, high = found.text.starts[hit.passage], found.text.ends(hit.passage)
        if _MEASURING.search(found.text.folded, low, high):
            continue
        if kind is None or kind in _GIVEN or (kind == InterventionType.OTHER and found.record.primary_purpose in _CARE):
            hits.append(hit)
    return hits


def _spoken_of(found: _Found) -> list[Hit]:
    """Vesicle therapy spoken of in a study that is for care (or does not say what for) and gives something."""
    record = found.record
    if record.primary_purpose is not None and record.primary_purpose not in _CARE:
        return []
    types = {row.get("type") for row in record.interventions}
    if types and not types & (_GIVEN | {None, InterventionType.OTHER, InterventionType.PROCEDURE}):
        return []
    if record.study_type is None and record.primary_purpose is None and not types & _GIVEN:
        return []
    if found.readings[Reading.EV_PRODUCT]:
        return found.readings[Reading.EV_PRODUCT]
    if not types & _GIVEN:
        return []
    titled = [hit for hit in found.vesicles.hits if found.group(hit) == "title" and _treats(found, hit)]
    return titled or [hit for hit in found.readings[Reading.EV_CARRIER] if found.group(hit) in _TELLING]


def _treats(found: _Found, hit: Hit) -> bool:
    low, high = found.text.starts[hit.passage], found.text.ends(hit.passage)
    folded = found.text.folded
    measured = _MEASURING.search(folded, low, high) or _TAKEN_FROM.search(folded, low, high)
    return not measured and _TREATS.match(folded, hit.end, high) is not None


def _of_type(found: _Found, hit: Hit) -> str | None:
    """The type of the intervention whose name or description a hit stands in."""
    parts = found.text.passages[hit.passage].field.split(".")
    if parts[0] != "interventions" or int(parts[1]) >= len(found.record.interventions):
        return None
    return found.record.interventions[int(parts[1])].get("type")


def _measuring_sentence(found: _Found, hit: Hit) -> bool:
    low, high = found.text.sentence(hit)
    return bool(_MEASURING.search(found.text.folded, low, high))


# --- roles -----------------------------------------------------------------------------------------------------------


def _roles(found: _Found, tracks: dict[str, list[Hit]], spoken: dict[str, list[Hit]]) -> dict[str, list[Hit]]:
    """Roles from what is done with vesicles and from the words; the primary purpose adds its own."""
    roles: dict[str, list[Hit]] = {}
    therapy = tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER, Reading.EV_TARGET}
    for key, hits in spoken.items():
        role, needs = key.split(" ")
        if (needs == "measured" and Reading.EV_MEASURED not in tracks) or (needs == "therapy" and not therapy):
            continue
        roles[role] = hits
    if Role.VACCINE in roles:
        pass  # vesicles loaded with an antigen carry no drug
    elif Reading.EV_CARRIER in tracks:
        roles[Role.DRUG_CARRIER] = tracks[Reading.EV_CARRIER]
    elif Reading.EV_PRODUCT in tracks:
        roles[Role.NATIVE_EV_THERAPY] = tracks[Reading.EV_PRODUCT]
    if Reading.EV_TARGET in tracks:
        roles[Role.EV_INHIBITION] = tracks[Reading.EV_TARGET]
    if Reading.EV_MEASURED in tracks:
        if found.record.primary_purpose == PrimaryPurpose.SCREENING:
            roles.setdefault(Role.SCREENING, tracks[Reading.EV_MEASURED])
        elif found.record.primary_purpose == PrimaryPurpose.DIAGNOSTIC:
            roles.setdefault(Role.DIAGNOSIS, tracks[Reading.EV_MEASURED])
    return roles


# --- how a measurement was designed ----------------------------------------------------------------------------------


def _design(found: _Found, tracks: dict[str, list[Hit]], roles: dict[str, list[Hit]]) -> dict[str, list[Hit]]:
    """Readings of a study that measures vesicles; a reading that is not found is absent, never "no"."""
    if Reading.EV_MEASURED not in tracks:
        return {}
    read = found.readings
    said: dict[str, list[Hit]] = {
        reading: read[reading]
        for reading in (
            Reading.SUSPECTED_POPULATION,
            Reading.CONSECUTIVE_SAMPLE,
            Reading.BLINDED_INDEX_TEST,
            Reading.BLINDED_MULTICENTRE,
            Reading.THRESHOLD_FIXED,
            Reading.THRESHOLD_EXPLORATORY,
            Reading.SAMPLED_BEFORE,
            Reading.CLINICAL_OUTCOME,
        )
    }
    said[Reading.SAMPLED_BEFORE] = said[Reading.SAMPLED_BEFORE] + _sampled_under_suspicion(found)
    said[Reading.CASE_CONTROL_GROUPS] = case_control(found)
    said[Reading.REFERENCE_STANDARD] = _reference_standard(found, roles)
    if found.record.study_type != StudyType.OBSERVATIONAL:
        said[Reading.EV_TEST_DECIDES] = read[Reading.EV_TEST_DECIDES]
    return {reading: hits for reading, hits in said.items() if hits}


def case_control(found: Said) -> list[Hit]:
    """Groups that set people with the proven diagnosis against healthy or normal people.

    The two must meet: in one sentence, or in two arms, or both as ways into the study (inclusion criteria). People
    under suspicion are not proven cases, so nodules beside healthy smokers are no case-control.
    """
    name = Reading.CASE_CONTROL_GROUPS
    whole = found.readings[f"{name} whole"]
    healthy, proven = found.readings[f"{name} healthy"], found.readings[f"{name} proven"]
    pairs: list[Hit] = list(whole)
    for one in healthy:
        group = found.group(one)
        low, high = found.text.sentence(one)
        for other in proven:
            if other.passage == one.passage:
                close = low <= other.start < high
                inclusion = group == "eligibility"
                together = close or inclusion
            else:
                together = {group, found.group(other)} <= {"arm", "arm_text"}
            if together:
                pairs += [one, other]
                break
    return pairs


def _sampled_under_suspicion(found: _Found) -> list[Hit]:
    """People under suspicion who give a sample in the same sentence give it before they have a diagnosis."""
    return [
        hit
        for hit in found.readings[Reading.SUSPECTED_POPULATION]
        if _TAKEN.search(found.text.folded, *found.text.sentence(hit))
    ]


def _reference_standard(found: _Found, roles: dict[str, list[Hit]]) -> list[Hit]:
    """What the test is held against: for diagnosis a standard, for prognosis and its like an outcome with criteria."""
    name = Reading.REFERENCE_STANDARD
    hits: list[Hit] = []
    following = any(role in roles for role in _FOLLOWING_ROLES)
    if not following or any(role in roles for role in _DIAGNOSTIC_ROLES):
        hits += found.readings[f"{name} diagnosis"]
    if following:
        hits += found.readings[f"{name} outcome"]
    return hits


# --- what a product is -----------------------------------------------------------------------------------------------


def _product(
    found: _Found, tracks: dict[str, list[Hit]], annotations: dict[tuple[Facet, str], list[Hit]]
) -> dict[str, list[Hit]]:
    """Source, dose and route of a product; the marker or cargo of anything.

    Dose is an amount or number of vesicles, route a way into the body more exact than "injected". Both count only
    where the text speaks of the product: its own description, its arm, or a sentence with a vesicle in it. For cargo a
    term of the vocabulary suffices, a mechanism does not.
    """
    said: dict[str, list[Hit]] = {}
    cargo = [hit for (facet, _), hits in annotations.items() if facet is Facet.CARGO for hit in hits]
    if cargo and tracks:
        said[Reading.MARKER] = cargo
    therapy = tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER}
    if not therapy:
        if Reading.EV_TARGET in tracks and (clinical := found.readings[Reading.CLINICAL_OUTCOME]):
            said[Reading.CLINICAL_OUTCOME] = clinical
        return said
    sources = [hit for (facet, _), hits in annotations.items() if facet is Facet.EV_SOURCE for hit in hits]
    own = _own_passages(found)
    dose = [
        hit
        for hit in found.readings[f"{Reading.DOSE} amount"]
        if _of_product(found, hit, own) and _amount(found.text.folded, hit)
    ]
    route = [hit for hit in found.readings[Reading.ROUTE] if _of_product(found, hit, own)]
    said[Reading.EV_SOURCE_NAMED] = sources
    said[Reading.DOSE] = dose
    said[Reading.ROUTE] = route
    said[Reading.CLINICAL_OUTCOME] = found.readings[Reading.CLINICAL_OUTCOME]
    return {reading: hits for reading, hits in said.items() if hits}


def _amount(folded: str, hit: Hit) -> bool:
    """Whether a number that fits the unit stands right before it."""
    counted = _COUNTED.match(folded, hit.start, hit.end)
    return bool((_NUMBER if counted else _AMOUNT).search(folded, max(0, hit.start - 40), hit.start))


def _own_passages(found: _Found) -> frozenset[int]:
    """Passages of the product itself: an intervention or an arm that names vesicles anywhere."""
    own = set()
    roots = {
        ".".join(found.text.passages[number].field.split(".")[:2])
        for number in found.vesicles.passages
        if found.text.groups[number] in ("intervention", "intervention_text", "arm", "arm_text")
    }
    for number, passage in enumerate(found.text.passages):
        if ".".join(passage.field.split(".")[:2]) in roots:
            own.add(number)
    return frozenset(own)


def _of_product(found: _Found, hit: Hit, own: frozenset[int]) -> bool:
    if hit.passage in own:
        return True
    low, high = found.text.sentence(hit)
    return found.vesicles.within(low, high)
