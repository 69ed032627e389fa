"""The laws of the rubric, over generated trials and over mutations of real records.

Generated trials take every registry value, absent ones and values outside the enums among them, in every
combination, so that corners which no record has yet are tried too.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from types import SimpleNamespace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import records
from tests.records import MISSING, altered
from tests.scoring.support import RUBRIC, Standing, says
from tracker.dates import PartialDate
from tracker.scoring.answers import Answer
from tracker.scoring.engine import Result, encode, scale_up, score_trial
from tracker.scoring.facts import facts_hash, trial_facts
from tracker.scoring.rubric import BoundColumn
from tracker.sources.ctgov_records import read_record
from tracker.terms import (
    Allocation,
    ArmType,
    Facet,
    FactState,
    IpdSharing,
    Masking,
    ObservationalModel,
    Origin,
    Phase,
    PrimaryPurpose,
    Reading,
    Relevance,
    SamplingMethod,
    Status,
    StopClass,
    TimePerspective,
    Track,
    ValueType,
)

# LAW_EXAMPLES=20 tries twenty times as many; the default keeps the suite short.
TIMES = int(os.environ.get("LAW_EXAMPLES", "1"))
# A trial has forty fields to draw, which is slow on a busy machine and says nothing about the engine.
UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
MANY = settings(max_examples=80 * TIMES, **UNHURRIED)
MOST = settings(max_examples=250 * TIMES, **UNHURRIED)
#: a row of the rubric, for tests that only need its points
PLAIN_ROW = RUBRIC.columns["diagnostic"][0].rows[0]
TENTHS = st.integers(0, 10)
DAYS = st.dates(date(2015, 1, 1), date(2029, 12, 31))


def given_dates() -> st.SearchStrategy[str | None]:
    """A date as the registry writes it: a day, a month, nothing."""
    return st.tuples(DAYS, st.sampled_from([0, 7, 10, 10])).map(lambda one: one[0].isoformat()[: one[1]] or None)


def value(vocabulary: type) -> st.SearchStrategy[str | None]:
    """A value of the enum, nothing, or drift."""
    return st.sampled_from([*(one.value for one in vocabulary), None, "SOMETHING_NEW"])


def _site() -> st.SearchStrategy[dict[str, str | None]]:
    part = st.one_of(st.none(), st.sampled_from(["A", "B", "C"]))
    return st.fixed_dictionaries({"facility": part, "city": part, "country": part})


@st.composite
def trials(draw: st.DrawFn) -> SimpleNamespace:
    """A trial in the registry's columns; dates keep the order that the registry itself enforces."""
    primary, completion = draw(given_dates()), draw(given_dates())
    if primary and completion:
        first, last = PartialDate.read(primary), PartialDate.read(completion)
        assert first is not None
        assert last is not None
        if last.last < first.last:
            primary, completion = completion, primary
    submitted, posted = draw(st.one_of(st.none(), DAYS)), draw(st.one_of(st.none(), DAYS))
    if submitted and posted:
        submitted, posted = min(submitted, posted), max(submitted, posted)
    return SimpleNamespace(
        overall_status=draw(value(Status)),
        last_known_status=draw(value(Status)),
        why_stopped=draw(st.sampled_from([None, "", "slow accrual"])),
        status_verified_given=draw(given_dates()),
        start_given=draw(given_dates()),
        start_type=draw(value(ValueType)),
        primary_completion_given=primary,
        completion_given=completion,
        completion_type=draw(value(ValueType)),
        first_submit_date=draw(st.one_of(st.none(), DAYS)),
        last_update_submit_date=submitted,
        last_update_post_date=posted,
        has_results=draw(st.sampled_from([None, True, False])),
        study_type=draw(
            st.sampled_from(
                ["INTERVENTIONAL", "INTERVENTIONAL", "OBSERVATIONAL", "OBSERVATIONAL", None, "EXPANDED_ACCESS"]
            )
        ),
        phases=draw(st.one_of(st.none(), st.lists(value(Phase).filter(bool), max_size=2, unique=True))),
        allocation=draw(value(Allocation)),
        primary_purpose=draw(value(PrimaryPurpose)),
        masking=draw(value(Masking)),
        observational_model=draw(value(ObservationalModel)),
        time_perspective=draw(value(TimePerspective)),
        sampling_method=draw(value(SamplingMethod)),
        enrollment_count=draw(
            st.one_of(
                st.none(),
                st.sampled_from([0, 1, 6, 59, 60, 99, 100, 101, 199, 200, 99_999_999]),
                st.integers(0, 20_000),
            )
        ),
        enrollment_type=draw(value(ValueType)),
        healthy_volunteers=draw(st.sampled_from([None, True, False])),
        conditions=draw(st.sampled_from([[], ["Lung Cancer"]])),
        arms=draw(
            st.one_of(
                st.none(), st.lists(st.builds(lambda kind: {"label": "x", "type": kind}, value(ArmType)), max_size=3)
            )
        ),
        sites=draw(st.one_of(st.none(), st.lists(_site(), max_size=6))),
        references=draw(st.sampled_from([[], [{"pmid": "1", "type": "RESULT", "citation": "x"}]])),
        documents=draw(st.sampled_from([[], [{"label": "Protocol", "has_protocol": True}]])),
        ipd_sharing=draw(value(IpdSharing)),
    )


@st.composite
def annotations(draw: st.DrawFn) -> list[Standing]:
    """What may stand on a record: vesicles always in one way at least, so that most have a track."""
    track = [Reading.EV_PRODUCT, Reading.EV_CARRIER, Reading.EV_TARGET, Reading.EV_MEASURED]
    readings = draw(st.lists(st.sampled_from(track), min_size=1, unique=True))
    readings += draw(st.lists(st.sampled_from([one for one in Reading if one not in track]), unique=True))
    found = [says(Facet.READING, reading) for reading in readings]
    facets = [Facet.ISOLATION, Facet.CHARACTERISATION, Facet.SPECIMEN, Facet.CARGO, Facet.EV_SOURCE]
    pairs = [(facet, term) for facet in facets for term in ("one", "two", "three")]
    found += [says(*pair) for pair in draw(st.lists(st.sampled_from(pairs), unique=True))]
    if draw(st.booleans()):
        found.append(says(Facet.DISEASE, "lung cancer", at="conditions.0"))
    stops = draw(st.lists(st.sampled_from(list(StopClass)), max_size=2, unique=True))
    return found + [says(Facet.STOP_REASON, one, at="why_stopped") for one in stops]


def results(found: object, standing: list[Standing], today: date) -> dict[Track, Result]:
    facts = trial_facts(found, relevance=Relevance.ABOUT, annotations=standing)
    return {one.track: one for one in score_trial(facts, rubric=RUBRIC, today=today).maturities}


def before_deductions(result: Result) -> tuple[Decimal, Decimal]:
    """Both ends of the score before deductions, from the parts it is made of."""
    return 10 * result.stage + result.earned / 10, 10 * result.stage_possible + result.possible / 10


# --- law 1 -----------------------------------------------------------------------------------------------------------


@MANY
@given(trials(), annotations(), DAYS, st.randoms(use_true_random=False))
def test_law_1_the_order_of_what_is_read_changes_nothing(found, standing, today, random):
    first = trial_facts(found, relevance=Relevance.ABOUT, annotations=standing)
    shuffled = SimpleNamespace(**vars(found))
    for field in ("phases", "arms", "sites", "references"):
        if getattr(found, field):
            setattr(shuffled, field, random.sample(getattr(found, field), len(getattr(found, field))))
    second = trial_facts(shuffled, relevance=Relevance.ABOUT, annotations=random.sample(standing, len(standing)))

    once = [encode(one) for one in score_trial(first, rubric=RUBRIC, today=today).maturities]
    again = [encode(one) for one in score_trial(second, rubric=RUBRIC, today=today).maturities]

    assert once == again
    if shuffled.arms == found.arms:
        assert facts_hash(first) == facts_hash(second)


# --- law 2 -----------------------------------------------------------------------------------------------------------


@MANY
@given(trials(), annotations(), DAYS)
def test_law_2_both_ends_are_in_order(found, standing, today):
    for result in results(found, standing, today).values():
        assert 0 <= result.stage <= result.stage_possible <= 9
        assert 0 <= result.earned <= result.possible <= 100
        assert 0 <= result.score <= result.score_possible <= 100
        for part in (*result.components, *result.explanation):
            assert 0 <= part.earned <= part.possible


HIDEABLE = (
    "overall_status",
    "start_given",
    "primary_completion_given",
    "completion_given",
    "first_submit_date",
    "last_update_submit_date",
    "last_update_post_date",
    "has_results",
    "study_type",
    "phases",
    "allocation",
    "primary_purpose",
    "masking",
    "observational_model",
    "time_perspective",
    "sampling_method",
    "enrollment_count",
    "enrollment_type",
    "healthy_volunteers",
    "arms",
    "sites",
    "ipd_sharing",
)


def assert_telling_only_narrows(hidden: Result, told: Result) -> None:
    assert hidden.stage <= told.stage
    assert told.stage_possible <= hidden.stage_possible
    assert before_deductions(hidden)[0] <= before_deductions(told)[0]
    assert before_deductions(told)[1] <= before_deductions(hidden)[1]
    if hidden.stage == told.stage:
        assert hidden.earned <= told.earned
        assert told.possible <= hidden.possible


#: what each field may turn out to be, one after another
TOLD: dict[str, list[object]] = {
    "overall_status": [one.value for one in Status],
    "has_results": [True, False],
    # told as an expanded access it has no stage at all
    "study_type": ["INTERVENTIONAL", "OBSERVATIONAL"],
    "phases": [[one.value] for one in Phase] + [["PHASE1", "PHASE2"], ["PHASE2", "PHASE3"]],
    "allocation": [one.value for one in Allocation],
    "primary_purpose": [one.value for one in PrimaryPurpose],
    "masking": [one.value for one in Masking],
    "observational_model": [one.value for one in ObservationalModel],
    "time_perspective": [one.value for one in TimePerspective],
    "sampling_method": [one.value for one in SamplingMethod],
    "enrollment_count": [0, 1, 50, 99, 100, 150, 199, 200, 700, 5000, 99_999_999],
    "enrollment_type": [one.value for one in ValueType],
    "healthy_volunteers": [True, False],
    "arms": [[{"label": "x", "type": one}] for one in (*ArmType, None)],
    "sites": [
        [{"facility": f"F{n}", "city": "x", "country": f"C{n % 2}"} for n in range(size)] for size in (1, 2, 3, 6)
    ],
    "start_given": ["2020-01-01", "2020-01", "2028-06"],
    "first_submit_date": [date(2020, 1, 1), date(2028, 1, 1)],
    "ipd_sharing": [one.value for one in IpdSharing],
}


@MANY
@given(trials(), annotations(), DAYS)
def test_law_2_whatever_a_missing_field_turns_out_to_be_only_narrows(found, standing, today):
    for field, values in TOLD.items():
        hidden = results(SimpleNamespace(**{**vars(found), field: None}), standing, today)
        for one in values:
            told = results(SimpleNamespace(**{**vars(found), field: one}), standing, today)
            for track in told.keys() & hidden.keys():
                assert_telling_only_narrows(hidden[track], told[track])


@MOST
@given(trials(), annotations(), DAYS, st.sets(st.sampled_from(HIDEABLE), min_size=1, max_size=4))
def test_law_2_telling_a_missing_field_only_narrows(found, standing, today, fields):
    told = results(found, standing, today)
    hidden = results(SimpleNamespace(**{**vars(found), **dict.fromkeys(fields)}), standing, today)
    assume(told.keys() & hidden.keys())
    for track in told.keys() & hidden.keys():
        assert_telling_only_narrows(hidden[track], told[track])


@MANY
@given(trials(), annotations(), DAYS, st.data())
def test_law_2_telling_a_part_of_a_site_only_narrows(found, standing, today, data):
    assume(found.sites)
    place = data.draw(st.integers(0, len(found.sites) - 1))
    part = data.draw(st.sampled_from(["facility", "city", "country"]))
    sites = [{**site, part: None} if one == place else site for one, site in enumerate(found.sites)]
    told = results(found, standing, today)
    hidden = results(SimpleNamespace(**{**vars(found), "sites": sites}), standing, today)
    for track, result in told.items():
        assert_telling_only_narrows(hidden[track], result)


@MOST
@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(0, 10), st.integers(0, 10), st.booleans()), min_size=2, max_size=8
    )
)
def test_law_2_a_row_that_does_not_apply_changes_neither_share(parts):
    assume(any(applies for *_, applies in parts))
    assume(not all(applies for *_, applies in parts))
    weight = 10 * sum(points for points, *_ in parts)
    rows = tuple(replace(PLAIN_ROW, points=10 * points) for points, *_ in parts)
    answers = [
        Answer(FactState.REPORTED, points * min(low, high), points * max(low, high), "", "")
        if applies
        else Answer(FactState.NOT_APPLICABLE, 0, 0, "", "")
        for points, low, high, applies in parts
    ]
    left = sum(row.points for row, answer in zip(rows, answers, strict=True) if answer.state is FactState.REPORTED)
    scaled = scale_up(BoundColumn("rigour", weight, rows), answers)
    for end in ("earned", "possible"):
        before = sum(getattr(answer, end) for answer in answers) / left
        after = sum(getattr(answer, end) for answer in scaled) / weight
        # A row's weight is whole tenths, and so are its points: each may be off by one tenth and a half.
        assert abs(before - after) <= 1.5 * len(parts) / weight
        assert after <= 1


@MANY
@given(trials(), annotations(), DAYS)
def test_law_2_a_component_can_always_be_earned_whole(found, standing, today):
    """Rows that do not apply take nothing away: what is not closed by a report adds up to the weight."""
    for result in results(found, standing, today).values():
        for part in result.components:
            rows = [one for one in result.explanation if one.component == part.name]
            if all(one.state is not FactState.REPORTED for one in rows):
                assert part.possible == part.weight


# --- law 3 -----------------------------------------------------------------------------------------------------------

STRONGER = ["NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"]


def assert_no_worse(worse: dict[Track, Result], better: dict[Track, Result]) -> None:
    for track in worse.keys() & better.keys():
        assert before_deductions(worse[track])[0] <= before_deductions(better[track])[0]
        assert worse[track].stage <= better[track].stage
        if worse[track].stage == better[track].stage:
            assert worse[track].earned <= better[track].earned


@MANY
@given(trials(), annotations(), DAYS, st.integers(1, 10_000))
def test_law_3_more_people_never_lower(found, standing, today, more):
    assume(found.enrollment_count is not None and found.enrollment_count < 90_000_000)
    larger = SimpleNamespace(**{**vars(found), "enrollment_count": found.enrollment_count + more})
    assert_no_worse(results(found, standing, today), results(larger, standing, today))


@MANY
@given(trials(), annotations(), DAYS, st.permutations(range(5)))
def test_law_3_stronger_masking_never_lowers(found, standing, today, order):
    weak, strong = sorted(order[:2])
    weaker = SimpleNamespace(**{**vars(found), "masking": STRONGER[weak]})
    stronger = SimpleNamespace(**{**vars(found), "masking": STRONGER[strong]})
    assert_no_worse(results(weaker, standing, today), results(stronger, standing, today))


@MANY
@given(trials(), annotations(), DAYS)
def test_law_3_randomising_never_lowers(found, standing, today):
    randomised = SimpleNamespace(**{**vars(found), "allocation": "RANDOMIZED"})
    assert_no_worse(results(found, standing, today), results(randomised, standing, today))


@MANY
@given(trials(), annotations(), DAYS)
def test_law_3_posting_results_never_lowers(found, standing, today):
    posted = SimpleNamespace(**{**vars(found), "has_results": True})
    published = SimpleNamespace(**{**vars(found), "references": [{"pmid": "9", "type": "RESULT", "citation": "x"}]})
    assert_no_worse(results(found, standing, today), results(posted, standing, today))
    assert_no_worse(results(found, standing, today), results(published, standing, today))


# --- law 5 -----------------------------------------------------------------------------------------------------------


@MANY
@given(trials(), annotations(), trials(), annotations(), DAYS)
def test_law_5_stage_dominates(one, standing, another, others, today):
    found = [*results(one, standing, today).values(), *results(another, others, today).values()]
    for first, second in permutations(found, 2):
        if first.stage > second.stage:
            high, low = first.score + first.deductions, second.score + second.deductions
            assert high >= low
            assert (high, first.stage) > (low, second.stage)


# --- law 6 -----------------------------------------------------------------------------------------------------------


def assert_sums(result: Result) -> None:
    for end in ("earned", "possible"):
        rows = sum((Decimal(str(getattr(one, end))) for one in result.explanation), Decimal(0))
        parts = sum((Decimal(str(getattr(one, end))) for one in result.components), Decimal(0))
        assert rows == parts == getattr(result, end)
    for part in result.components:
        rows = [one for one in result.explanation if one.component == part.name]
        assert sum(Decimal(str(one.earned)) for one in rows) == Decimal(str(part.earned))
        assert sum(Decimal(str(one.possible)) for one in rows) == Decimal(str(part.possible))
    assert sum(part.weight for part in result.components) == 100
    assert result.score == max(0, 10 * result.stage + result.earned / 10 - result.deductions)
    assert result.score_possible == max(0, 10 * result.stage_possible + result.possible / 10 - result.deductions)
    assert result.score == result.score.quantize(Decimal("0.01"))
    assert f"= {result.score:.2f};" in result.reasons["score"]


@MANY
@given(trials(), annotations(), DAYS)
def test_law_6_the_rows_sum_to_the_score(found, standing, today):
    for result in results(found, standing, today).values():
        assert_sums(result)


# --- the same over real records --------------------------------------------------------------------------------------

ALL = [*records.real(), *records.transcribed()]
PATHS = [
    f"protocolSection.{path}"
    for path in (
        "statusModule.overallStatus",
        "statusModule.startDateStruct",
        "statusModule.completionDateStruct",
        "statusModule.studyFirstSubmitDate",
        "statusModule.lastUpdatePostDateStruct",
        "designModule.studyType",
        "designModule.phases",
        "designModule.designInfo",
        "designModule.designInfo.allocation",
        "designModule.designInfo.primaryPurpose",
        "designModule.designInfo.observationalModel",
        "designModule.designInfo.timePerspective",
        "designModule.enrollmentInfo",
        "designModule.enrollmentInfo.type",
        "eligibilityModule.healthyVolunteers",
        "eligibilityModule.samplingMethod",
        "contactsLocationsModule.locations",
        "ipdSharingStatementModule",
    )
] + ["hasResults"]


@MANY
@given(st.integers(0, len(ALL) - 1), annotations(), DAYS, st.sets(st.sampled_from(PATHS), min_size=1, max_size=3))
def test_real_records_obey_when_fields_are_taken_out(place, standing, today, paths):
    raw = ALL[place]
    told = results(read_record(raw, origin=Origin.FILE), standing, today)
    poorer = altered(raw, dict.fromkeys(sorted(paths), MISSING))
    hidden = results(read_record(poorer, origin=Origin.FILE), standing, today)
    for result in (*told.values(), *hidden.values()):
        assert_sums(result)
    for track in told.keys() & hidden.keys():
        assert_telling_only_narrows(hidden[track], told[track])


@MANY
@given(st.integers(0, len(ALL) - 1), annotations(), DAYS, st.integers(0, 800))
def test_time_alone_never_moves_a_stage(place, standing, today, days):
    found = read_record(ALL[place], origin=Origin.FILE)
    early, late = results(found, standing, today), results(found, standing, today + timedelta(days=days))
    assert {track: (one.stage, one.stage_possible, one.step) for track, one in early.items()} == {
        track: (one.stage, one.stage_possible, one.step) for track, one in late.items()
    }
