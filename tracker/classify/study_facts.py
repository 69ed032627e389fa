"""Facts of a publication from the signs in its text: kind of evidence, methods, reporting, numbers. Pure.

Each function gives (name, value, words) only for what the text says; values have the shape that ``terms.StudyFactName``
names. The conditions are those of the rubric's table of stages; a record that meets a condition only in part proposes
nothing for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tracker.classify import study_numbers as counted
from tracker.classify.matcher import Hit, Words
from tracker.classify.readings import Said, case_control, quoted
from tracker.classify.study_lexicon import ANIMAL, ANIMAL_MODEL, LINE, SIGN, Sign, load_studies
from tracker.terms import Answer, Facet, Reading, StudyEvidence, StudyFactName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Fact = tuple[StudyFactName, object, list[Words]]

# A resistant or modified line keeps its ending: "A549/DDP", "A549/G+".
_ENDING = re.compile(r"/[A-Za-z][A-Za-z0-9+]{0,9}(?![A-Za-z0-9+/])\+?")


@dataclass(slots=True, kw_only=True)
class Facts:
    """What was found in a text: the lexicon's terms and readings, and the signs, by "kind id part"."""

    said: Said
    signs: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))

    def of(self, sign: Sign, part: str = "") -> list[Hit]:
        return self.signs[f"{SIGN} {sign} {part}".strip()]

    def beside(self, hit: Hit, sign: Sign, part: str = "") -> bool:
        """Whether this sign stands in the same sentence."""
        low, high = self.said.text.sentence(hit)
        return any(low <= other.start < high for other in self.of(sign, part))

    def words(self, *hits: Iterable[Hit]) -> list[Words]:
        return quoted(self.said.text, [hit for some in hits for hit in some])

    def labelled(self, kind: str) -> dict[str, list[Hit]]:
        """Hits of one kind of entry by its label, in the text's order."""
        found: dict[str, list[Hit]] = {}
        hits = [hit for key, some in self.signs.items() if key.partition(" ")[0] == kind for hit in some]
        for hit in sorted(hits, key=lambda one: one.start):
            found.setdefault(load_studies().labels[kind, hit.rule.term], []).append(hit)
        return found


# --- kind of evidence ------------------------------------------------------------------------------------------------


def evidence(facts: Facts, tracks: dict[str, list[Hit]]) -> Iterator[Fact]:
    """The kinds of evidence that this text plainly is, as one fact."""
    found = {kind: hits for kind, hits in _kinds(facts, tracks) if hits}
    if found:
        kinds = [kind.value for kind in StudyEvidence if kind in found]
        # The first words of each kind, so that none is left without.
        yield StudyFactName.STAGE_EVIDENCE, kinds, _each(facts, list(found.values()))


def _each(facts: Facts, groups: list[list[Hit]]) -> list[Words]:
    first = {(hit.start, hit.end): hit for hits in groups for hit in sorted(hits, key=lambda one: one.start)[:2]}
    return [facts.said.text.words(hit) for _, hit in sorted(first.items())]


def _kinds(facts: Facts, tracks: dict[str, list[Hit]]) -> Iterator[tuple[StudyEvidence, list[Hit]]]:
    yield from _bench(facts, tracks)
    is_given = tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER}
    yield StudyEvidence.CLINICAL_TRIAL, facts.of(Sign.CLINICAL_TRIAL) or (facts.of(Sign.GIVEN) if is_given else [])
    if Reading.EV_MEASURED in tracks:
        yield from _marker(facts, tracks)


def _bench(facts: Facts, tracks: dict[str, list[Hit]]) -> Iterator[tuple[StudyEvidence, list[Hit]]]:
    said = facts.said
    effects = facts.of(Sign.EFFECT)
    mechanisms = [hit for (facet, _), hits in said.terms.items() if facet is Facet.MECHANISM for hit in hits]
    tied = [hit for hit in effects if said.vesicles.within(*said.text.sentence(hit))]
    hallmarks = [hit for hit in mechanisms if said.vesicles.within(*said.text.sentence(hit))]
    # A product that checks a tumour is no mechanism, nor is a hallmark that a marker's paper names in passing.
    if not tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER}:
        yield StudyEvidence.MECHANISM_OBSERVED, tied or ([] if Reading.EV_MEASURED in tracks else hallmarks)
    lines = {hit.rule.term: hit for hits in _lung_lines(facts).values() for hit in hits}
    bench = [*facts.of(Sign.IN_VITRO), *lines.values()]
    both = [*facts.of(Sign.GAIN), *facts.of(Sign.LOSS)] if facts.of(Sign.GAIN) and facts.of(Sign.LOSS) else []
    many = _many_lines(facts)
    if tied and bench:
        if len(lines) > 1 or both or many:
            yield StudyEvidence.IN_VITRO_PROOF, [*lines.values(), *both] or bench
        else:
            yield StudyEvidence.IN_VITRO_ONE_MODEL, bench
    elif bench and facts.of(Sign.PROFILING):
        yield StudyEvidence.MARKER_OBSERVED, facts.of(Sign.PROFILING)
    animals = [*facts.of(Sign.ANIMAL, "named"), *facts.of(Sign.ANIMAL, "said")]
    worked = [hit for hit in animals if facts.beside(hit, Sign.ANIMAL_EFFECT) or facts.beside(hit, Sign.EFFECT)]
    yield StudyEvidence.IN_VIVO_PROOF, worked
    if tracks.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER}:
        yield StudyEvidence.LATE_PRECLINICAL, facts.of(Sign.LATE_PRECLINICAL)


def _marker(facts: Facts, tracks: dict[str, list[Hit]]) -> Iterator[tuple[StudyEvidence, list[Hit]]]:
    said = facts.said
    cases = case_control(said) or facts.of(Sign.COMPARED)
    yield StudyEvidence.CASE_CONTROL, cases
    specimens = [hit for (facet, _), hits in said.terms.items() if facet is Facet.SPECIMEN for hit in hits]
    outcome = [hit for hit in facts.of(Sign.OUTCOME) if specimens or said.vesicles.within(*said.text.sentence(hit))]
    yield StudyEvidence.OUTCOME_ASSOCIATION, outcome
    if outcome:
        yield StudyEvidence.MULTIVARIABLE, facts.of(Sign.MULTIVARIABLE)
    if not cases and not outcome:
        yield StudyEvidence.MARKER_OBSERVED, tracks[Reading.EV_MEASURED]
    yield StudyEvidence.INDEPENDENT_VALIDATION, facts.of(Sign.INDEPENDENT_COHORT)
    yield StudyEvidence.BEFORE_DIAGNOSIS, facts.of(Sign.BEFORE_DIAGNOSIS)
    if facts.of(Sign.ARCHIVED) and facts.of(Sign.PLANNED):
        yield StudyEvidence.ARCHIVED_PLANNED, [*facts.of(Sign.ARCHIVED), *facts.of(Sign.PLANNED)]
    yield StudyEvidence.BLINDED_MULTICENTRE, said.readings[Reading.BLINDED_MULTICENTRE]
    intended = [*said.readings[Reading.SUSPECTED_POPULATION], *said.readings[Reading.CONSECUTIVE_SAMPLE]]
    if facts.of(Sign.PROSPECTIVE) and intended:
        yield StudyEvidence.INTENDED_USE_COHORT, [*facts.of(Sign.PROSPECTIVE), *intended]


def _many_lines(facts: Facts) -> bool:
    return any(counted.total(counted.lines(text)) > 1 for _, text in _prose(facts))


# --- models and methods ----------------------------------------------------------------------------------------------


def _lung_lines(facts: Facts) -> dict[str, list[Hit]]:
    return {label: hits for label, hits in facts.labelled(LINE).items() if hits[0].rule.part == "lung"}


def methods(facts: Facts) -> Iterator[Fact]:
    """Cell lines, animals, models; controls, blinding, randomisation; gain and loss; cohorts; what is open."""
    lines = facts.labelled(LINE)
    named, words = _lines(facts, lines)
    if named:
        yield StudyFactName.CELL_LINES, named, words
    animals = facts.labelled(ANIMAL)
    models = facts.labelled(ANIMAL_MODEL)
    if models:
        yield StudyFactName.ANIMAL_MODEL, "; ".join(models), facts.words(*models.values())
    if len(animals) == 1:
        yield StudyFactName.ANIMAL_SPECIES, next(iter(animals)), facts.words(*animals.values())
    lung = _lung_lines(facts)
    # What an abstract names is the least there was, so one model says nothing of how many.
    if len(lung) + len(models) > 1:
        yield StudyFactName.N_MODELS, len(lung) + len(models), _each(facts, [*lung.values(), *models.values()])
    cohorts = [
        (name, hits)
        for name, hits in (
            ("discovery", facts.of(Sign.FIRST_COHORT)),
            ("validation", facts.of(Sign.SECOND_COHORT)),
            ("independent", facts.of(Sign.INDEPENDENT_COHORT)),
        )
        if hits
    ]
    if cohorts:
        yield StudyFactName.COHORTS, [name for name, _ in cohorts], _each(facts, [hits for _, hits in cohorts])
    if facts.of(Sign.GAIN) and facts.of(Sign.LOSS):
        yield (
            StudyFactName.GAIN_AND_LOSS,
            Answer.YES.value,
            _each(facts, [facts.of(Sign.GAIN), facts.of(Sign.LOSS)]),
        )
    elif independent := facts.of(Sign.INDEPENDENT_COHORT):
        yield StudyFactName.GAIN_AND_LOSS, Answer.YES.value, facts.words(independent)
    readings = facts.said.readings
    healthy = readings[f"{Reading.CASE_CONTROL_GROUPS} healthy"]
    for name, hits in (
        (StudyFactName.CONTROLS, [*facts.of(Sign.CONTROLS), *healthy]),
        (StudyFactName.BLINDED, [*facts.of(Sign.BLINDED), *readings[Reading.BLINDED_INDEX_TEST]]),
        (StudyFactName.RANDOMISED, [*facts.of(Sign.RANDOMISED), *_locked(facts)]),
        (StudyFactName.DATA_DEPOSITED, facts.of(Sign.DATA_DEPOSITED)),
        (StudyFactName.PROTOCOL, facts.of(Sign.PROTOCOL)),
    ):
        if hits:
            yield name, Answer.YES.value, facts.words(hits)


def _locked(facts: Facts) -> list[Hit]:
    """A cut-off said to be fixed beforehand; a cut-off that is merely named is not said to be locked."""
    return [
        hit
        for hit in facts.said.readings[Reading.THRESHOLD_FIXED]
        if re.search(r"specified|defined|determined|locked|fixed|frozen", facts.said.text.folded[hit.start : hit.end])
    ]


def _lines(facts: Facts, lines: dict[str, list[Hit]]) -> tuple[list[str], list[Words]]:
    """The lines as written, each once: a subline with its ending beside its parent."""
    text = facts.said.text
    known = {label.casefold() for label in lines}
    names: dict[str, None] = {}
    words: dict[tuple[str, int], Words] = {}
    for label, hits in lines.items():
        for hit in hits:
            one = text.words(hit)
            whole = dict(text.passages)[one["field"]]
            ending = _ENDING.match(whole, one["end"])
            name = label
            if ending and ending[0][1:].casefold() not in known and not _is_line(ending[0][1:]):
                name = label + ending[0]
                one = Words(
                    field=one["field"], start=one["start"], end=ending.end(), text=whole[one["start"] : ending.end()]
                )
            if name not in names:
                names[name] = None
                words[one["field"], one["start"]] = one
    return list(names), list(words.values())


def _is_line(name: str) -> bool:
    return any(
        name.casefold() == label.casefold() for (kind, _), label in load_studies().labels.items() if kind == LINE
    )


# --- reporting of the vesicles ---------------------------------------------------------------------------------------


def reporting(facts: Facts) -> Iterator[Fact]:
    """The EV reporting items that the text plainly answers with yes; on most an abstract is silent."""
    microscopy, single = facts.of(Sign.MICROSCOPY), facts.of(Sign.SINGLE_VESICLE)
    both = [*single, *facts.of(Sign.PROTEIN_AMOUNT)] if single and facts.of(Sign.PROTEIN_AMOUNT) else []
    for name, hits in (
        (StudyFactName.EV_SEPARATION, facts.of(Sign.KIT)),
        (StudyFactName.EV_QUANTITY, facts.of(Sign.AMOUNT_RATIO) or both),
        (StudyFactName.EV_TRANSMEMBRANE, facts.of(Sign.TETRASPANIN)),
        (StudyFactName.EV_CYTOSOLIC, facts.of(Sign.CYTOSOLIC)),
        (StudyFactName.EV_PURITY, facts.of(Sign.PURITY)),
        # Both scales must be said; that a microscope was used does not say which images are shown.
        (StudyFactName.EV_IMAGES, facts.of(Sign.WIDE_AND_CLOSE)),
        (StudyFactName.EV_SECOND_METHOD, [*microscopy, *single] if microscopy and single else []),
        (StudyFactName.EV_FUNCTION_CONTROLS, facts.of(Sign.FUNCTION_CONTROL)),
    ):
        if hits:
            yield name, Answer.YES.value, facts.words(hits)
    amounts = _spans(facts, counted.source_amounts)
    if amounts:
        yield StudyFactName.EV_SOURCE_AMOUNT, Answer.YES.value, amounts
    if not facts.of(Sign.KIT) and (spins := _spans(facts, counted.spins)):
        yield StudyFactName.EV_SEPARATION, Answer.YES.value, spins


# --- numbers ---------------------------------------------------------------------------------------------------------


def numbers(facts: Facts) -> Iterator[Fact]:
    """People, animals and figures, where title and abstract state them beside their noun."""
    for name, count in (
        (StudyFactName.N_ANIMALS, counted.animals),
        (StudyFactName.N_PATIENTS, counted.patients),
        (StudyFactName.N_CONTROLS, counted.controls),
    ):
        for field_, text in _prose(facts):
            if found := count(text):
                words = [_at(field_, text, one.start, one.end) for one in sorted(found, key=lambda one: one.start)]
                yield name, counted.total(found), words
                break
    findings: list[counted.Finding] = []
    words = []
    for field_, text in _prose(facts):
        for figure in counted.figures(text):
            if figure.finding not in findings:
                findings.append(figure.finding)
                words.append(_at(field_, text, figure.start, figure.end))
    if findings:
        yield StudyFactName.FINDINGS, findings, words


def _prose(facts: Facts) -> list[tuple[str, str]]:
    """The abstract before the title: it says more exactly. A summary tells the same numbers, so only in its stead."""
    texts = dict(facts.said.text.passages)
    said = "abstract" if "abstract" in texts else "summary"
    return [(name, texts[name]) for name in (said, "title") if name in texts]


def _spans(facts: Facts, look: Callable[[str], list[tuple[int, int]]]) -> list[Words]:
    return [_at(name, text, start, end) for name, text in _prose(facts) for start, end in look(text)]


def _at(field_: str, text: str, start: int, end: int) -> Words:
    return Words(field=field_, start=start, end=end, text=text[start:end])
