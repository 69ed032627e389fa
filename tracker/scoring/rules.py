"""How well: the functions that the rubric's rows name. Each answers one row for one trial.

A rule gives the row's state, what it earns and what it could earn (tenths of a point, before scaling), the fact in
words and where the fact came from. Words never name today's date, so that the same facts give the same explanation
tomorrow unless a limit was passed in between.

``applies`` functions answer only where a row does not apply, or where it cannot be told whether it does (then the
row is not reported); otherwise they give None and the rule is asked.
"""

from __future__ import annotations

from functools import lru_cache
from math import log10
from typing import TYPE_CHECKING

from tracker.dates import months_after
from tracker.terms import (
    Allocation,
    ArmType,
    Facet,
    IpdSharing,
    Masking,
    ObservationalModel,
    Reading,
    SamplingMethod,
    Status,
    StudyType,
    ValueType,
)

from .answers import Answer, Case, applicability, rule, silent, told
from .facts import NOT_APPLICABLE, REPORTED
from .stages import FINISHED, doubled_people, results_known, started, told_status

if TYPE_CHECKING:
    from .facts import TrialFacts
    from .rubric import BoundRow


# Levels that a rule looks up by name; the file must give points to exactly these.
LEVELS: dict[str, frozenset[str]] = {"masking": frozenset(Masking)}
# Rules whose levels are thresholds.
STEPPED = frozenset({"sites", "countries"})

COMPARATORS = frozenset(
    {ArmType.ACTIVE_COMPARATOR, ArmType.PLACEBO_COMPARATOR, ArmType.SHAM_COMPARATOR, ArmType.NO_INTERVENTION}
)
_IN_TEXT = "the record's text"


# --- rigour, therapeutic column ------------------------------------------------------------------------------------


@rule
def allocation_randomised(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Randomised earns all; not randomised, and the registry's NA, are reported and earn nothing."""
    fact = facts.allocation
    if fact.value is None:
        return silent(row, "allocation not reported", fact.origin)
    return told(row.points if fact.value is Allocation.RANDOMIZED else 0, fact.value.label, fact.origin)


@rule
def concurrent_control(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """An arm that is an active, placebo or sham comparator or gets no intervention.

    Where some arms have no type and none is a comparator, one of them may be: not reported.
    """
    fact = facts.arms
    if fact.value is None:
        return silent(row, "arms not reported", fact.origin)
    for arm in fact.value:
        if arm in COMPARATORS:
            return told(row.points, f"an arm is {ArmType(arm).label}", fact.origin)
    if "" in fact.value:
        return silent(row, "arms partly without type, none is a comparator", fact.origin)
    return told(0, "no arm is a comparator", fact.origin)


@rule
def masking(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    fact = facts.masking
    if fact.value is None:
        return silent(row, "masking not reported", fact.origin)
    return told(row.levels[fact.value], fact.value.label, fact.origin)


@rule
def intended_use_population(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """No healthy volunteers, and the disease stands in conditions or inclusion.

    Healthy volunteers are a no whatever else is said; a disease that was not found there is not reported.
    """
    volunteers = facts.healthy_volunteers
    if volunteers.value:
        return told(0, "healthy volunteers accepted", volunteers.origin)
    disease = facts.disease
    if disease.value is None:
        return silent(row, "the disease was not found in conditions or eligibility", disease.origin)
    if volunteers.value is None:
        return silent(row, "whether healthy volunteers are accepted is not reported", volunteers.origin)
    named = disease.value.replace("_", " ")
    return told(row.points, f"no healthy volunteers; {named}", f"{volunteers.origin}; {disease.origin}")


# --- rigour, diagnostic column -------------------------------------------------------------------------------------


@rule
def case_control_avoided(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Words alone can take the row away, never give it.

    An observational study earns it by a model field that is not case-control; an interventional trial when its
    groups were read and are not case-control, since the registry asks it for no model. Where the study type is absent
    it needs both, and only words can close the row.
    """
    if Reading.CASE_CONTROL_GROUPS in facts.readings:
        return told(0, "groups set proven cases against healthy people", facts.readings[Reading.CASE_CONTROL_GROUPS])
    kind, model, arms = facts.study_type.value, facts.observational_model, facts.arms
    if kind is not StudyType.OBSERVATIONAL and arms.value is None:
        return silent(row, "groups not reported", arms.origin)
    if kind is StudyType.INTERVENTIONAL:
        return told(row.points, "groups are not case-control", arms.origin)
    if model.value is None:
        return silent(row, "observational model not reported", model.origin)
    if model.value is not ObservationalModel.CASE_CONTROL:
        return told(row.points, f"{model.value.label}, groups not read as case-control", model.origin)
    if kind is None:
        return silent(row, "case-control if the study is observational; its type is not reported", model.origin)
    return told(0, model.value.label, model.origin)


@applicability
def to_observational_studies(facts: TrialFacts, row: BoundRow, case: Case) -> Answer | None:
    """The registry asks only observational studies how people were sampled."""
    kind = facts.study_type
    if kind.value is None:
        return silent(row, "study type not reported, so whether this applies is not known", kind.origin)
    if kind.value is StudyType.INTERVENTIONAL:
        return Answer(NOT_APPLICABLE, 0, 0, "not asked of interventional trials", kind.origin)
    return None


@rule
def unselected_sample(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    fact = facts.sampling_method
    if Reading.CONSECUTIVE_SAMPLE in facts.readings:
        return told(row.points, "consecutive or all eligible people", facts.readings[Reading.CONSECUTIVE_SAMPLE])
    if fact.value is None:
        return silent(row, "sampling not reported", fact.origin)
    return told(row.points if fact.value is SamplingMethod.PROBABILITY_SAMPLE else 0, fact.value.label, fact.origin)


def _reading(facts: TrialFacts, row: BoundRow, reading: Reading) -> Answer:
    """Found in the text, with its words, or not reported: silence is not a no."""
    words = facts.readings.get(reading)
    if words is None:
        return silent(row, f"not found: {reading.label}", _IN_TEXT)
    return told(row.points, reading.label, words)


@rule
def index_test_blind(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """From text alone: the registry's masking says who is blind to treatment, not to the reference."""
    return _reading(facts, row, Reading.BLINDED_INDEX_TEST)


@rule
def threshold_fixed(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Fixed beforehand earns all; words of development are reported and earn nothing.

    Where both are said, a panel was developed and then held fixed for the rest: fixed counts.
    """
    developed = facts.readings.get(Reading.THRESHOLD_EXPLORATORY)
    if developed is not None and Reading.THRESHOLD_FIXED not in facts.readings:
        return told(0, Reading.THRESHOLD_EXPLORATORY.label, developed)
    return _reading(facts, row, Reading.THRESHOLD_FIXED)


@rule
def reference_standard(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    return _reading(facts, row, Reading.REFERENCE_STANDARD)


@rule
def sampled_before(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    return _reading(facts, row, Reading.SAMPLED_BEFORE)


# --- scale ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def share_of_points(points: int, floor: int, ceiling: int, doubled: int) -> int:
    """Tenths for so many people: the share grows with the logarithm from floor to ceiling, clamped, half up.

    The only place where a fraction is rounded before it is summed. ``doubled`` is twice the number of people.
    """
    if doubled <= 2 * floor:
        return 0
    if doubled >= 2 * ceiling:
        return points
    return int(points * log10(doubled / (2 * floor)) / log10(ceiling / floor) + 0.5)


@rule
def people(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """People between the floor and the ceiling of the stage.

    People of a trial not yet started earn nothing and count whole for what is possible: the planned are not yet
    people. A planned number counts half while the trial is under way. What is possible is taken at whichever stage
    of the interval gives more.
    """
    fact = facts.enrolment
    if fact.value is None:
        return silent(row, "number of people not reported", fact.origin)
    fewest, most = doubled_people(facts, told_status(facts))
    earned = 0
    under_way = started(facts)
    if under_way:
        earned = share_of_points(row.points, *case.people[case.track, case.stage], fewest)
    possible = max(
        share_of_points(row.points, *case.people[case.track, stage], most)
        for stage in range(case.stage, case.stage_possible + 1)
    )
    kind = facts.enrolment_type.value
    words = f"{fact.value:,} {kind.label if kind else 'people, type not reported'}"
    if facts.status.value is Status.WITHDRAWN:
        words += ", withdrawn: none counted"
    elif not under_way:
        words += ", not known to have started: none counted so far"
    elif fewest != most:
        words += f", counted as {fewest / 2:,g} until the trial is over"
    elif kind is ValueType.ESTIMATED:
        words += ", the trial is over"
    return Answer(REPORTED, earned, possible, words, fact.origin)


def _stepped(row: BoundRow, number: int) -> int:
    for least, points in row.steps:
        if number >= least:
            return points
    return 0


@rule
def sites(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Distinct facility and city; a row that lacks a part may repeat another."""
    found = facts.sites.value
    if found is None:
        return silent(row, "sites not reported", facts.sites.origin)
    words = _between(found.fewest, found.most, "site", "sites")
    return Answer(REPORTED, _stepped(row, found.fewest), _stepped(row, found.most), words, facts.sites.origin)


@rule
def countries(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    found = facts.sites.value
    if found is None:
        return silent(row, "countries not reported", facts.sites.origin)
    words = _between(found.fewest_countries, found.most_countries, "country", "countries")
    if found.countries:
        words += f": {', '.join(found.countries)}"
    return Answer(
        REPORTED,
        _stepped(row, found.fewest_countries),
        _stepped(row, found.most_countries),
        words,
        facts.sites.origin,
    )


def _between(fewest: int, most: int, one: str, many: str) -> str:
    number = f"{fewest}" if fewest == most else f"{fewest}–{most}"
    return f"{number} {one if most == 1 else many}"


# --- EV quality ----------------------------------------------------------------------------------------------------


def _named(facts: TrialFacts, row: BoundRow, facet: Facet) -> Answer | None:
    found = facts.named.get(facet)
    return told(row.points, ", ".join(found.terms).replace("_", " "), found.origin) if found else None


@rule
def isolation_named(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    return _named(facts, row, Facet.ISOLATION) or silent(row, "no method of isolation or manufacture found", _IN_TEXT)


@rule
def characterisation_named(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    return _named(facts, row, Facet.CHARACTERISATION) or silent(row, "no characterisation or handling found", _IN_TEXT)


@rule
def specimen_named(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    return _named(facts, row, Facet.SPECIMEN) or silent(row, "no specimen found", _IN_TEXT)


@rule
def marker_named(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """A cargo of the vocabulary suffices, or a named marker; a mechanism does not."""
    return _named(facts, row, Facet.CARGO) or _reading(facts, row, Reading.MARKER)


@rule
def ev_source_named(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    return _named(facts, row, Facet.EV_SOURCE) or _reading(facts, row, Reading.EV_SOURCE_NAMED)


@rule
def dose_and_route(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Both: an amount or a number of vesicles, and a way into the body more exact than "injected"."""
    dose = facts.readings.get(Reading.DOSE)
    route = facts.readings.get(Reading.ROUTE)
    if dose is None or route is None:
        missing = " and ".join(word for word, found in (("dose", dose), ("route", route)) if found is None)
        return silent(row, f"{missing} not found", dose or route or _IN_TEXT)
    return told(row.points, "dose and route named", f"{dose}; {route}")


# --- transparency --------------------------------------------------------------------------------------------------


@rule
def registered_before_start(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """First submitted on or before the start; within the month (or year) of a partial start it cannot be told."""
    submitted, start = facts.first_submitted, facts.start
    if submitted.value is None or start.value is None:
        missing = submitted if submitted.value is None else start
        return silent(row, "first submission or start not reported", missing.origin)
    kind = facts.start_type.value
    words = f"submitted {submitted.value}, start {start.value.given}{' planned' if kind is ValueType.ESTIMATED else ''}"
    origin = f"{submitted.origin}; {start.origin}"
    if start.value.has_day:
        return told(row.points if submitted.value <= start.value.first else 0, words, origin)
    if submitted.value < start.value.first:
        return told(row.points, words, origin)
    if submitted.value > start.value.last:
        return told(0, words, origin)
    return silent(row, f"{words}: the day of the start is not reported", origin)


@applicability
def a_year_after_completion(facts: TrialFacts, row: BoundRow, case: Case) -> Answer | None:
    """Results are due from so many months after the actual or planned completion, whatever the status.

    The completion is never before the primary completion. So with the primary one alone, nothing is due before its
    own months are past, and afterwards it cannot be told.
    """
    fact = facts.completion if facts.completion.value is not None else facts.primary_completion
    if fact.value is None:
        return silent(row, "completion not reported, so whether results are due is not known", fact.origin)
    due = months_after(fact.value.last, row.months)
    if case.today < due:
        return Answer(NOT_APPLICABLE, 0, 0, f"none due before {due}", fact.origin)
    if fact is facts.primary_completion:
        return silent(
            row, "only the primary completion is reported, so whether results are due is not known", fact.origin
        )
    return None


@rule
def results_reported(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Results posted, or a publication of results; no references are none, an absent flag is silence."""
    posted = facts.has_results
    if posted.value:
        return told(row.points, "results posted", posted.origin)
    if facts.result_publications:
        return told(row.points, f"results published: {facts.result_publications[0]}", "referencesModule.references")
    if posted.value is None:
        return silent(row, "whether results are posted is not reported", posted.origin)
    return told(0, "no results posted, no result publication", posted.origin)


@rule
def kept_up_to_date(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """Updated within the months, or finished and reported.

    A posting follows its submission, so without the posting date a recent submission is proof and an old one is
    not. Finished and reported needs both; where the status or the results flag is silent it stays open.
    """
    posted, submitted = facts.update_posted, facts.update_submitted
    update = posted if posted.value is not None else submitted
    if update.value is not None and case.today <= months_after(update.value, row.months):
        return told(row.points, f"updated {update.value}", update.origin)
    status = told_status(facts)
    reported = results_known(facts)
    if status in FINISHED and reported:
        return told(row.points, "finished and reported", facts.status.origin)
    if posted.value is None:
        words = f"submitted {submitted.value}; posting not reported" if submitted.value else "last update not reported"
        return silent(row, words, posted.origin)
    words = f"updated {posted.value}"
    maybe_finished = status is None or status in FINISHED
    maybe_reported = reported or facts.has_results.value is None
    if maybe_finished and maybe_reported:
        missing = facts.status.origin if status is None else facts.has_results.origin
        return silent(row, f"{words}; whether finished and reported is not known", f"{posted.origin}; {missing}")
    return told(0, words, posted.origin)


@rule
def data_or_protocol_shared(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """A plan to share, or a protocol among the documents; no and undecided are answers, absent documents are none."""
    fact = facts.ipd_sharing
    if fact.value is IpdSharing.YES:
        return told(row.points, "plan to share data: yes", fact.origin)
    if facts.has_protocol:
        return told(row.points, "protocol among the documents", "documentSection.largeDocumentModule")
    if fact.value is None:
        return silent(row, "plan to share data not reported", fact.origin)
    return told(0, f"plan to share data: {fact.value.label}", fact.origin)


# --- independence --------------------------------------------------------------------------------------------------


@rule
def another_sponsor(facts: TrialFacts, row: BoundRow, case: Case) -> Answer:
    """An earlier supporting trial of the same candidate with another lead sponsor; none where all share it.

    Where one may be earlier and led by another, and none certainly is, it cannot be told.
    """
    found = facts.earlier
    if found is None:
        return silent(row, "no candidate linked", "evidence links")
    origin = "evidence links; statusModule.startDateStruct; sponsorCollaboratorsModule.leadSponsor"
    if found.by_others:
        return told(row.points, f"earlier trials by {', '.join(found.by_others)}", origin)
    if found.unclear:
        words = f"not known whether an earlier trial has another sponsor: {', '.join(found.unclear)}"
        return silent(row, words, origin)
    if found.by_same:
        return told(0, f"earlier trials by the same sponsor: {', '.join(found.by_same)}", origin)
    return silent(row, "the candidate has no earlier trial", origin)
