"""The laws of the rubric, over generated studies and over the starter studies.

A generated study is consistent with itself, as a paper is: it never counts fewer models than it lists, and one that
says that it has no independent cohort, or that none applies, lists none. Everything else is drawn freely.
"""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import permutations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.scoring.studies import EVIDENCE, Told, facts_of, starter, starter_facts, starter_study, study
from tests.scoring.support import RUBRIC, TODAY, Standing, says
from tests.scoring.test_laws import assert_no_worse, assert_sums, assert_telling_only_narrows
from tracker.scoring.engine import Result, encode, score_study
from tracker.scoring.facts import facts_hash
from tracker.scoring.study_facts import ANSWERED, ReportedTrial
from tracker.terms import Answer, Facet, FactState, Role, StudyEvidence, StudyFactName, Track

TIMES = int(os.environ.get("LAW_EXAMPLES", "1"))
UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
MANY = settings(max_examples=80 * TIMES, **UNHURRIED)
MOST = settings(max_examples=250 * TIMES, **UNHURRIED)

NUMBERS = st.one_of(st.sampled_from([0, 1, 6, 7, 19, 20, 59, 60, 99, 100, 101, 499, 500]), st.integers(0, 20_000))
ANSWERS = st.sampled_from([one.value for one in Answer])
COHORTS = ["discovery", "validation", "independent"]
LINES = ["A549", "H23", "PC9"]

Facts = dict[str, object]


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """What a study tells, by the fact's name."""
    found: Facts = {
        "role": draw(st.lists(st.sampled_from([one.value for one in Role]), min_size=1, max_size=3, unique=True)),
        "stage_evidence": draw(
            st.lists(st.sampled_from([one.value for one in StudyEvidence]), min_size=1, max_size=4, unique=True)
        ),
    }
    for name in ("n_patients", "n_controls", "n_animals"):
        if draw(st.booleans()):
            found[name] = draw(NUMBERS)
    for name, values in (("cohorts", COHORTS), ("cell_lines", LINES)):
        listed = draw(st.lists(st.sampled_from(values), unique=True))
        if listed:
            found[name] = listed
    listed = len(found.get("cohorts", []))  # type: ignore[arg-type]
    if draw(st.booleans()):
        found["n_models"] = draw(st.integers(listed, 5))
    if draw(st.booleans()):
        found["characterisation"] = ["NTA"]
    for name in ANSWERED:
        if draw(st.booleans()):
            found[name.value] = draw(ANSWERS)
    denied = found.get("gain_and_loss") in ("no", "not_applicable")
    if denied and "independent" in found.get("cohorts", []):  # type: ignore[operator]
        found["gain_and_loss"] = "yes"
    return found


COLUMNS = st.fixed_dictionaries(
    {
        "pmid": st.sampled_from([None, "1"]),
        "doi": st.sampled_from([None, "10.1/x"]),
        "pmcid": st.sampled_from([None, "PMC1"]),
        "is_open_access": st.sampled_from([None, True, False]),
        "ev_track_id": st.sampled_from([None, "EV210042"]),
    }
)


@st.composite
def reported(draw: st.DrawFn) -> tuple[ReportedTrial, ...]:
    """Trials that it reports; mostly none."""
    found = []
    for number in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        track = draw(st.sampled_from(list(Track)))
        least, most = (5, 9) if track is Track.THERAPEUTIC else (2, 8)
        ends = sorted((draw(st.integers(least, most)), draw(st.integers(least, most))))
        found.append(ReportedTrial(f"NCT{number}", track, *ends))
    return tuple(found)


TERMS = st.lists(
    st.sampled_from(
        [says(Facet.ROLE, Role.DIAGNOSIS), says(Facet.ROLE, Role.VACCINE), says(Facet.CHARACTERISATION, "nta")]
    ),
    max_size=2,
)


def as_told(found: Facts, origin: str = "person") -> list[Told]:
    return [Told(name, value, origin) for name, value in found.items()]


def results(
    found: Facts,
    columns: dict[str, object],
    trials: tuple[ReportedTrial, ...] = (),
    terms: list[Standing] | None = None,
) -> dict[Track, Result]:
    of = facts_of(*as_told(found), of=study(**columns), annotations=tuple(terms or ()), trials=trials)
    return {one.track: one for one in score_study(of, rubric=RUBRIC, today=TODAY).maturities}


# --- law 1 -----------------------------------------------------------------------------------------------------------


@MANY
@given(facts(), COLUMNS, reported(), TERMS, st.data())
def test_law_1_the_order_of_what_is_read_changes_nothing(found, columns, trials, terms, data):
    rows = [*as_told(found), *as_told({**found, "n_patients": 7}, "rule"), *as_told({"n_models": 9}, "import")]
    parts = [Told("n_animals", 4, experiment_id=1), Told("n_animals", 9, experiment_id=2)]
    rows += parts
    shuffled = data.draw(st.permutations(rows))
    once = facts_of(*rows, of=study(**columns), annotations=tuple(terms), trials=trials)
    again = facts_of(*shuffled, of=study(**columns), annotations=tuple(reversed(terms)), trials=tuple(reversed(trials)))
    assert facts_hash(once) == facts_hash(again)
    verdicts = [score_study(one, rubric=RUBRIC, today=TODAY) for one in (once, again)]
    assert [encode(one) for one in verdicts[0].maturities] == [encode(one) for one in verdicts[1].maturities]
    assert verdicts[0].none_because == verdicts[1].none_because


# --- law 2 -----------------------------------------------------------------------------------------------------------


@MANY
@given(facts(), COLUMNS, reported(), TERMS)
def test_law_2_both_ends_are_in_order(found, columns, trials, terms):
    for result in results(found, columns, trials, terms).values():
        assert 0 <= result.stage <= result.stage_possible <= 9
        assert 0 <= result.earned <= result.possible <= 100
        assert 0 <= result.score <= result.score_possible <= 100
        for part in (*result.components, *result.explanation):
            assert 0 <= part.earned <= part.possible


#: what each fact may turn out to be; the kinds of evidence and the roles decide whether there is a stage at all
TELLING: dict[str, list[object]] = {
    "n_patients": [0, 1, 50, 99, 100, 400, 5000],
    "n_controls": [0, 1, 50, 99, 100, 400],
    "n_animals": [0, 1, 6, 20, 60, 400],
    "n_models": [3, 4, 9],
    "characterisation": [["NTA"]],
    **{name.value: [one.value for one in Answer] for name in ANSWERED if name != StudyFactName.GAIN_AND_LOSS},
    "gain_and_loss": ["yes", "not_reported", "not_applicable"],
    "cell_lines": [["A549"]],
}


@MANY
@given(facts(), COLUMNS, reported())
def test_law_2_whatever_a_missing_fact_turns_out_to_be_only_narrows(found, columns, trials):
    for name, values in TELLING.items():
        hidden = {one: value for one, value in found.items() if one != name}
        before = results(hidden, columns, trials)
        for value in values:
            after = results({**hidden, name: value}, columns, trials)
            assert before.keys() == after.keys()
            for track, told in after.items():
                assert_telling_only_narrows(before[track], told)


@MOST
@given(facts(), COLUMNS, reported(), st.data())
def test_law_2_telling_several_missing_facts_only_narrows(found, columns, trials, data):
    names = sorted(set(found) - {"role", "stage_evidence"})
    assume(names)
    gone = data.draw(st.sets(st.sampled_from(names), min_size=1))
    hidden = results({name: value for name, value in found.items() if name not in gone}, columns, trials)
    told = results(found, columns, trials)
    assert hidden.keys() == told.keys()
    for track, result in told.items():
        assert_telling_only_narrows(hidden[track], result)


@MANY
@given(facts(), COLUMNS, st.sampled_from(["pmid", "doi", "is_open_access"]))
def test_law_2_telling_a_missing_column_only_narrows(found, columns, name):
    assume(columns[name] is not None)
    hidden, told = results(found, {**columns, name: None}), results(found, columns)
    for track, result in told.items():
        assert_telling_only_narrows(hidden[track], result)


@MANY
@given(facts(), COLUMNS, reported())
def test_law_2_a_component_can_always_be_earned_whole(found, columns, trials):
    for result in results(found, columns, trials).values():
        for part in result.components:
            rows = [one for one in result.explanation if one.component == part.name]
            if all(one.state is not FactState.REPORTED for one in rows):
                assert part.possible == part.weight


# --- law 3 -----------------------------------------------------------------------------------------------------------


@MANY
@given(facts(), COLUMNS, st.sampled_from(["n_patients", "n_controls", "n_animals", "n_models"]), st.integers(1, 5000))
def test_law_3_more_people_animals_or_models_never_lower(found, columns, name, more):
    assume(isinstance(found.get(name), int))
    larger = {**found, name: found[name] + more}  # type: ignore[operator]
    assert_no_worse(results(found, columns), results(larger, columns))


@MANY
@given(facts(), COLUMNS, st.sampled_from([name.value for name in ANSWERED]))
def test_law_3_a_yes_never_lowers(found, columns, name):
    assume(found.get(name) != "not_applicable")
    assert_no_worse(results(found, columns), results({**found, name: "yes"}, columns))


@MANY
@given(facts(), COLUMNS, st.sampled_from([one.value for one in StudyEvidence]))
def test_law_3_another_kind_of_evidence_never_lowers(found, columns, kind):
    more = {**found, "stage_evidence": sorted({*found["stage_evidence"], kind})}  # type: ignore[misc]
    assert_no_worse(results(found, columns), results(more, columns))


# --- law 5 -----------------------------------------------------------------------------------------------------------


@MANY
@given(facts(), COLUMNS, reported(), facts(), COLUMNS, reported())
def test_law_5_stage_dominates(one, columns, trials, another, others, more):
    found = [*results(one, columns, trials).values(), *results(another, others, more).values()]
    for first, second in permutations(found, 2):
        if first.stage > second.stage:
            assert first.score >= second.score
            assert (first.score, first.stage) > (second.score, second.stage)


# --- law 6 -----------------------------------------------------------------------------------------------------------


@MANY
@given(facts(), COLUMNS, reported(), TERMS)
def test_law_6_the_rows_sum_to_the_score(found, columns, trials, terms):
    for result in results(found, columns, trials, terms).values():
        assert_sums(result)


@MANY
@given(st.lists(ANSWERS, min_size=10, max_size=10))
def test_quality_is_the_share_of_the_items_that_apply(answers):
    names = [one.value for one in ANSWERED if one.value.startswith("ev_")]
    found = {"role": ["vaccine"], "stage_evidence": ["in_vivo_proof"], **dict(zip(names, answers, strict=True))}
    (result,) = results(found, {}).values()
    (quality,) = [one for one in result.components if one.name == "ev_quality"]
    applying = len(answers) - answers.count("not_applicable")
    yes, still = answers.count("yes"), answers.count("not_reported")
    if not applying:
        assert (quality.earned, quality.possible) == (0, 20)
        return
    # Rows are whole tenths, the larger shares first, so a sum of some may be off by half a point at most.
    assert abs(quality.earned - 20 * yes / applying) <= 0.5
    assert abs(quality.possible - 20 * (yes + still) / applying) <= 0.5
    if yes == applying:
        assert quality.earned == 20


# --- the same over the starter studies -------------------------------------------------------------------------------


@MANY
@given(st.sampled_from(sorted(EVIDENCE)), st.data())
def test_starter_studies_obey_when_facts_are_taken_out(key, data):
    whole = starter_facts(key)
    names = sorted({one.name for one in whole} - {"role", "stage_evidence"})
    assume(names)
    gone = frozenset(data.draw(st.sets(st.sampled_from(names), min_size=1)))
    verdicts = []
    for without in (gone, frozenset()):
        found = facts_of(*starter_facts(key, without=without), of=starter_study(key))
        verdicts.append({one.track: one for one in score_study(found, rubric=RUBRIC, today=TODAY).maturities})
    hidden, told = verdicts
    assert hidden.keys() == told.keys()
    for track, result in told.items():
        assert_sums(result)
        assert_sums(hidden[track])
        assert_telling_only_narrows(hidden[track], result)


def test_every_starter_study_is_read_and_most_have_a_stage():
    assert len(starter()) == 47
    with_stage = [
        key
        for key in starter()
        if score_study(facts_of(*starter_facts(key), of=starter_study(key)), rubric=RUBRIC, today=TODAY).maturities
    ]
    assert with_stage == sorted(EVIDENCE)


def test_stages_sum_and_are_decimal():
    for key in sorted(EVIDENCE):
        for result in score_study(
            facts_of(*starter_facts(key), of=starter_study(key)), rubric=RUBRIC, today=TODAY
        ).maturities:
            assert result.score == 10 * result.stage + result.earned / Decimal(10)
