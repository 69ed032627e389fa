"""What a publication's text says: relevance, annotations, and facts that can be read. Pure.

Relevance and terms are judged as for a trial, over title, abstract, keywords and MeSH. Facts follow from signs
(``lexicon-studies.toml``) put together, each with the words it rests on. Silence proposes nothing: no value here ever
means "not done". A review tells of others' work, so of it only that is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tracker.classify.lexicon import load
from tracker.classify.matcher import Hit, Text, Vesicles, Words, matcher, stands
from tracker.classify.readings import Proposal, Said, case_control, proposed, quoted
from tracker.classify.relevance import judged, unmasked
from tracker.classify.study_facts import Facts, evidence, methods, numbers, reporting
from tracker.classify.study_lexicon import LINE, LUNG_MODEL, Sign, load_studies
from tracker.sources.ctgov_passages import Passage
from tracker.terms import Facet, Reading, Relevance, Role, StudyFactName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.classify.lexicon import Rule
    from tracker.classify.matcher import Matcher
    from tracker.sources.bibliography import StudyRecord

_FOLLOWING = (Role.PROGNOSIS, Role.PREDICTION, Role.MONITORING)
# What is done with vesicles at the bench, besides what is done with a marker.
_WORKED = re.compile(
    r"(?<!\w)(?:measur\w+|detect\w*|quantif\w+|analy[sz]\w+|profil\w+|sequenc\w+|isolat\w+|extract\w+|biomarkers?|"
    r"signature|assays?|diagnos\w+|predict\w+|monitor\w*|levels?|expression|loaded|remov\w+|deplet\w+|inhibit\w*|injec\w+|"
    r"inhal\w+|administ\w+|therapy|carr(?:y|ies|ied|ying)|transfer\w*|transmit\w*|deliver\w*|secret\w+|releas\w+|"
    r"promot\w+|markers?|induc\w+|"
    r"enhanc\w+|suppress\w+|confer\w*|mediat\w+|via|through|cultured?|treated|incubat\w+|taken up|uptake)(?!\w)"
)
# Where the thing given by vesicles is named: "loaded with paclitaxel", "oral delivery of".
_LOADED = re.compile(r"(?<!\w)(?:load|pack|fill|encapsul|deliver|drug|sirna|carrying)")


_DRUGS = ("small_molecule", "sirna_or_aso")


class FactProposal(NamedTuple):
    """One value read in a study: its name, the value in that name's shape, and the words it rests on."""

    name: StudyFactName
    value: object
    words: list[Words]


class ClassifiedStudy(NamedTuple):
    relevance: Relevance
    relevance_words: list[Words]
    proposals: list[Proposal]
    facts: list[FactProposal]


def study_passages(record: StudyRecord) -> list[Passage]:
    """What is read of a publication: title, abstract, a curator's summary, keywords, MeSH and publication types."""
    found = [Passage("title", record.title)]
    if record.abstract:
        found.append(Passage("abstract", record.abstract))
    if record.summary:
        found.append(Passage("summary", record.summary))
    for field, values in (
        ("keywords", record.keywords),
        ("mesh_terms", record.mesh_terms),
        ("publication_types", record.publication_types),
    ):
        found += [Passage(f"{field}.{at}", value) for at, value in enumerate(values) if value]
    return found


def study_version() -> str:
    """The versions of both lexicons by which studies are read."""
    return f"{load().version}+{load_studies().version}"


def classify_study(
    record: StudyRecord, *, relevance: Relevance | None = None, stated: Sequence[Passage] = ()
) -> ClassifiedStudy:
    """Read one publication. ``relevance`` is a person's decision where there is one; it stands, the rest follows.

    ``stated`` is what a file or a person states of it and is read besides (``stated.passages_read``).
    """
    ready, lexicon = matcher(load()), load_studies()
    text = Text([*study_passages(record), *stated], lexicon.groups)
    named, friends = ready.vesicles(text)
    if not named and relevance in (None, Relevance.NONE):
        return ClassifiedStudy(Relevance.NONE, unmasked(text, friends, ready), [], [])
    vesicles = Vesicles(named)
    signs = [hit for hit in lexicon.automaton.hits(text, vesicles.passages) if stands(text, hit, vesicles)]
    diseases = _diseases(text, ready, signs)
    found, words = judged(text, vesicles, diseases, worked=_WORKED)
    decided = relevance or found
    if decided is Relevance.NONE:
        return ClassifiedStudy(decided, words, [], [])
    said = Said(text=text, vesicles=vesicles)
    said.gather(diseases, ready)
    return ClassifiedStudy(decided, words, *_read(said, signs))


def _diseases(text: Text, ready: Matcher, signs: list[Hit]) -> list[Hit]:
    """The diseases a paper names; lung cancer also by its models.

    A paper on "A549 cells" may never say lung cancer: its readers know the line. So a line or a graft of the lung in
    title or abstract names the disease where nothing else does.
    """
    hits = ready.diseases(text)
    if not any(hit.rule.disease == "lung" for hit in hits):
        lung = _lung_rule(ready)
        models = [
            hit for hit in signs if hit.rule.kind == LUNG_MODEL or (hit.rule.kind, hit.rule.part) == (LINE, "lung")
        ]
        hits += [Hit(hit.passage, hit.start, hit.end, lung) for hit in models]
    return hits


def _lung_rule(ready: Matcher) -> Rule:
    return next(rule for rule in ready.lexicon.rules if rule.facet == Facet.DISEASE and rule.disease == "lung")


def _read(said: Said, found: list[Hit]) -> tuple[list[Proposal], list[FactProposal]]:
    text = said.text
    signs: dict[str, list[Hit]] = defaultdict(list)
    for hit in found:
        signs[" ".join(part for part in (hit.rule.kind, hit.rule.term, hit.rule.part) if part)].append(hit)
    facts = Facts(said=said, signs=signs)
    tracks = _tracks(facts)
    annotations = dict(said.terms)
    for role, hits in _roles(facts, tracks).items():
        annotations[Facet.ROLE, role] = hits
    for reading, hits in (tracks | _design(facts, tracks)).items():
        annotations[Facet.READING, reading] = hits
    proposals = proposed(text, annotations)
    if review := facts.of(Sign.REVIEW):
        read: list[tuple[StudyFactName, object, list[Words]]] = [
            (StudyFactName.STAGE_EVIDENCE, ["review_or_hypothesis"], quoted(text, review))
        ]
    else:
        read = [*evidence(facts, tracks), *methods(facts), *reporting(facts), *numbers(facts)]
    return proposals, [FactProposal(*one) for one in sorted(read, key=lambda one: _ORDER[one[0]])]


_ORDER = {name: at for at, name in enumerate(StudyFactName)}


# --- what is done with vesicles --------------------------------------------------------------------------------------


def _tracks(facts: Facts) -> dict[str, list[Hit]]:
    """EV_PRODUCT, EV_CARRIER, EV_TARGET, EV_MEASURED with their words.

    In papers on mechanisms exosomes "deliver" a miRNA and cells are "treated with" exosomes, and nothing is meant to
    heal. So a carrier needs a word of treating in its sentence, a product its own words or a title that says so. They
    are measured where the title ties them to a marker's work, or one sentence does that with a specimen.
    """
    said = facts.said
    tracks: dict[str, list[Hit]] = {}
    carrier = [
        hit
        for hit in said.readings[Reading.EV_CARRIER]
        if _LOADED.match(said.text.folded, hit.start) and facts.beside(hit, Sign.TREATING)
    ]
    product = facts.of(Sign.PRODUCT)
    titled = [hit for hit in carrier if said.group(hit) == "title"]
    if carrier and (titled or product or len(carrier) > 1):
        tracks[Reading.EV_CARRIER] = carrier
        tracks[Reading.EV_PRODUCT] = product or carrier
    elif product:
        tracks[Reading.EV_PRODUCT] = product
        if loaded := [hit for term in _DRUGS for hit in said.terms.get((Facet.CARGO, term), ())]:
            tracks[Reading.EV_CARRIER] = loaded
    if target := [hit for hit in said.readings[Reading.EV_TARGET] if _acted_on(said, hit)]:
        tracks[Reading.EV_TARGET] = target
    measured = [
        hit
        for hit in said.vesicles.hits
        if said.group(hit) == "title" and any(said.group(one) == "title" for one in facts.of(Sign.MARKER))
    ]
    specimens = [hit for (facet, _), hits in said.terms.items() if facet is Facet.SPECIMEN for hit in hits]
    if not tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER}:
        measured += [
            hit
            for hit in specimens
            if _beside_vesicle(said, hit)
            and (facts.beside(hit, Sign.MARKER) or facts.beside(hit, Sign.MARKER, "level"))
        ]
    elif not specimens:
        measured = []
    if measured:
        tracks[Reading.EV_MEASURED] = measured
    return tracks


def _acted_on(said: Said, hit: Hit) -> bool:
    """Release or uptake that something inhibits: an experiment on the vesicles, not a remark on their biology."""
    words = said.text.folded[hit.start : hit.end]
    if "inhibit" in words or "block" in words or words in ("gw4869", "hemopurifier"):
        return True
    low, high = said.text.sentence(hit)
    return bool(re.search(r"(?<!\w)(?:inhibit|block|stopp|remov|deplet|prevent|gw4869)", said.text.folded[low:high]))


def _beside_vesicle(said: Said, hit: Hit) -> bool:
    return said.vesicles.within(*said.text.sentence(hit))


def _roles(facts: Facts, tracks: dict[str, list[Hit]]) -> dict[str, list[Hit]]:
    """Roles from the lexicon's words and from what is done with vesicles; a mechanism where an effect is told."""
    said = facts.said
    roles: dict[str, list[Hit]] = {}
    therapy = tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER, Reading.EV_TARGET}
    for key, hits in said.roles.items():
        role, _, needs = key.partition(" ")
        if (needs == "measured" and Reading.EV_MEASURED not in tracks) or (needs == "therapy" and not therapy):
            continue
        roles[role] = hits
    if Reading.EV_MEASURED in tracks:
        for role, hits in ((Role.PROGNOSIS, facts.of(Sign.OUTCOME)), (Role.PREDICTION, facts.of(Sign.RESPONSE))):
            if hits:
                roles.setdefault(role, hits)
    if Reading.EV_MEASURED in tracks and not roles.keys() & {*_FOLLOWING, Role.DIAGNOSIS, Role.SCREENING}:
        diagnostic = [hit for hit in facts.of(Sign.MARKER) if _DIAGNOSTIC.match(said.text.folded, hit.start)]
        if diagnostic:
            roles[Role.DIAGNOSIS] = diagnostic
    if Role.VACCINE in roles:
        pass  # vesicles loaded with an antigen carry no drug
    elif Reading.EV_CARRIER in tracks:
        roles[Role.DRUG_CARRIER] = tracks[Reading.EV_CARRIER]
    elif Reading.EV_PRODUCT in tracks:
        roles[Role.NATIVE_EV_THERAPY] = tracks[Reading.EV_PRODUCT]
    if Reading.EV_TARGET in tracks:
        roles[Role.EV_INHIBITION] = tracks[Reading.EV_TARGET]
    effects = [hit for hit in facts.of(Sign.EFFECT) if _beside_vesicle(said, hit)]
    if effects and not roles.keys() & {Role.DRUG_CARRIER, Role.VACCINE, Role.NATIVE_EV_THERAPY}:
        roles.setdefault(Role.MECHANISM, []).extend(effects)
    return roles


_DIAGNOSTIC = re.compile(
    r"diagnos|detect|auc|area under|sensitivity|specificity|genotyping|testing|mutation|biosensor|(?:bio)?marker"
)


def _design(facts: Facts, tracks: dict[str, list[Hit]]) -> dict[str, list[Hit]]:
    """Readings of how a marker was tested; a reading that is not found is absent, never "no"."""
    if Reading.EV_MEASURED not in tracks:
        return {}
    read = facts.said.readings
    told: dict[str, list[Hit]] = {
        reading: read[reading]
        for reading in (
            Reading.SUSPECTED_POPULATION,
            Reading.CONSECUTIVE_SAMPLE,
            Reading.BLINDED_INDEX_TEST,
            Reading.BLINDED_MULTICENTRE,
            Reading.THRESHOLD_FIXED,
            Reading.THRESHOLD_EXPLORATORY,
            Reading.SAMPLED_BEFORE,
        )
    }
    told[Reading.CASE_CONTROL_GROUPS] = case_control(facts.said)
    cargo = [hit for (facet, _), hits in facts.said.terms.items() if facet is Facet.CARGO for hit in hits]
    told[Reading.MARKER] = cargo
    return {reading: hits for reading, hits in told.items() if hits}


def all_words(classified: ClassifiedStudy) -> Iterable[Words]:
    """Every quotation of a reading, so that it can be found again in the text."""
    yield from classified.relevance_words
    for proposal in classified.proposals:
        yield from proposal.words
    for fact in classified.facts:
        yield from fact.words
