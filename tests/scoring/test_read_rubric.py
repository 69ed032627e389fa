"""A rubric file is data that anyone may challenge: read, refused with a sentence, and frozen once released."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from tracker.scoring import answers, rubric
from tracker.scoring.rubric import CURRENT, RubricError, check_all, load, read, unused_rules, versions

# A released file never changes: maturities stored under it must be computable again. A change is a new file.
RELEASED = {"2026-1": "df5be2c154c3a28c7d505b5420c36e6306c1ff3c3aa3e9d403004429efc7ace1"}


def content(version: str = CURRENT) -> bytes:
    return (resources.files("tracker.scoring") / "rubrics" / f"{version}.toml").read_bytes()


def broken(old: str, new: str, *, times: int = 1) -> bytes:
    text = content().decode()
    assert old in text, old
    return text.replace(old, new, times).encode()


def test_released_files_are_frozen():
    assert {version: hashlib.sha256(content(version)).hexdigest() for version in versions()} == RELEASED


def test_every_released_file_is_right_and_every_rule_is_named():
    assert check_all() == []


def test_a_version_that_was_not_released_is_refused_by_name():
    with pytest.raises(RubricError, match=r"no rubric '1999-1'\. Released are: 2026-1"):
        load("1999-1")


@pytest.mark.parametrize("version", ["../../secrets", "", "2026-1.toml"])
def test_a_version_is_a_name_and_never_a_path(version):
    with pytest.raises(RubricError, match="There is no rubric"):
        load(version)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("weight = 30", "weight = 31", "weights sum to 101"),
        ("points = 10", "points = 9", "points of column 'therapeutic_rigour' sum to 29, its component weighs 30"),
        ('rule = "masking"', 'rule = "masks"', "names the rule 'masks'"),
        ('applies = "to_observational_studies"', 'applies = "sometimes"', "applies when 'sometimes'"),
        ('therapeutic = "in vivo proof in an animal model of lung cancer"', 'therapeutic = " "', "stage 4 has no name"),
        ("number = 4", "number = 5", "the stages must be 0 to 9"),
        ('source = ["trl", "pepe2001", "simon2009"]', "source = []", "stage 0 has no source"),
        ('source = "quadas2"', 'source = "hearsay"', "source 'hearsay', which \\[sources\\] does not explain"),
        ('quadas2 = "QUADAS-2', 'quadas3 = "QUADAS-2', "source 'quadas2', which"),
        ('name = "PHASE3"', 'name = "PHASE5"', "stage rule 'PHASE3' is missing"),
        ("\nstage = 9", "\nstage = 10", "leads to stage 10"),
        ("TRIPLE = 8, ", "", "must have the levels"),
        ("QUADRUPLE = 8", "QUADRUPLE = 9", "must run from 0 to its 8 points"),
        ('rule = "everything_else"', 'rule = "under_way"', "last row of momentum must be"),
        ('rule = "start_ahead"', 'rule = "start_soon"', "momentum names the rule 'start_soon'"),
        ("stages = [4]", "stages = [1]", "no floor and ceiling for diagnostic stage 4"),
        ("ceiling = 500\n", "ceiling = 100\n", "the floor must be above 0 and below the ceiling"),
        ('version = "2026-1"', 'version = "2026-2"', "the file says version '2026-2'"),
        ('name = "scale"', 'name = "rigour"', "the components must be"),
        (
            '"diagnostic_rigour", "trial_scale"',
            '"trial_scale", "diagnostic_rigour"',
            "trial_columns.diagnostic must name one column a component",
        ),
        ('["study_rigour", ', "[", "study_columns must name one column a component"),
        (
            'rule = "several_models"',
            'rule = "many_models"',
            "names the rule 'many_models', which tracker/scoring/study",
        ),
        ('asks = "controls"', 'asks = "n_patients"', "asks 'n_patients', which is no answered fact of a study"),
        ('asks = "controls"', 'asks = "blinded"', "the fact 'controls' is asked 0 times, not once"),
        (
            'rule = "identified"',
            'rule = "identified"\nasks = "controls"',
            "'controls', but its rule 'identified' asks no fact",
        ),
        ('rule = "identified"', 'rule = "identified"\napplies = "sometimes"', "a study's answer itself says"),
        ('name = "late_preclinical"', 'name = "one_model"', "the study row 'one_model' of therapeutic stands twice"),
        ("stage_possible = 8", "stage_possible = 1", "the study row 'trial_not_linked' leads to stages 2 to 1"),
        ('evidence = ["late_preclinical"]', "evidence = []", "the study row 'late_preclinical' rests on no evidence"),
        ('evidence = ["late_preclinical"]', "evidence = []", "no study row rests on the evidence 'late_preclinical'"),
        ('counts = "patients"\n', 'counts = "mice"\n', "the study row 'outcome_many' counts 'mice'"),
        (
            'evidence = ["in_vitro_one_model", "in_vitro_proof"]',
            'evidence = ["in_vitro_one_model"]',
            "the evidence 'in_vitro_proof' reaches no therapeutic row by itself",
        ),
        ('track = "therapeutic"\nstages = [4, 5]', 'track = "therapeutic"\nstages = [5]', "for therapeutic stage 4"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(old, new, words):
    with pytest.raises(RubricError, match=words):
        read(broken(old, new), name="2026-1.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight = 30", 'weight = "heavy"'),
        ("\nown = true", "\nowned = true"),
        ("[limits]", "[limits"),
        ('result = "stalled"', 'result = "asleep"'),
        ('source = "own"\n', ""),
        ('evidence = ["late_preclinical"]', 'evidence = ["hearsay"]'),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused(old, new):
    with pytest.raises(RubricError, match=r"Rubric file 2026-1\.toml cannot be read"):
        read(broken(old, new), name="2026-1.toml")


def test_a_rule_that_no_rubric_names_is_found(monkeypatch):
    monkeypatch.setitem(answers.RULES, "forgotten", answers.RULES["masking"])
    assert unused_rules([load(CURRENT)]) == ["forgotten"]
    assert check_all() == ["The rule 'forgotten' is named by no rubric: name it in one or remove it."]


def test_a_rule_that_only_an_older_rubric_names_is_in_use():
    newer = read(broken('rule = "another_sponsor"', 'rule = "specimen_named"'), name="2026-1.toml")
    assert unused_rules([newer]) == ["another_sponsor"]
    assert unused_rules([load(CURRENT), newer]) == []


def test_sources_say_which_choices_are_our_own():
    found = load(CURRENT)
    assert found.source_words("own", own=True) == "ExoTracker, the rubric's own choice †"
    assert found.source_words("quadas2", own=True).endswith("; points †")
    assert "†" not in found.source_words("pepe2001", own=False)


def test_the_numbers_are_those_of_the_printed_rubric():
    """The table of stage rules and points as people read it, so that a slip of the pen in the file is seen."""
    file = load(CURRENT).file
    assert {one.name: one.stage for one in file.stage_rules} == {
        "NA": 6,
        "EARLY_PHASE1": 6,
        "PHASE1": 6,
        "PHASE2": 7,
        "PHASE3": 8,
        "PHASE4": 9,
        "not_started": 2,
        "retrospective": 2,
        "retrospective_many": 3,
        "retrospective_multicentre": 5,
        "prospective": 4,
        "prospective_many": 6,
        "prospective_reported": 7,
        "interventional": 6,
        "interventional_many": 7,
        "test_guided": 8,
    }
    assert [one.weight for one in file.components] == [30, 20, 20, 20, 10]
    assert {name: [one.points for one in column.rows] for name, column in file.columns.items()} == {
        "therapeutic_rigour": [10, 8, 8, 4],
        "diagnostic_rigour": [6, 4, 5, 5, 5, 5],
        "trial_scale": [12, 5, 3],
        "diagnostic_ev_quality": [5, 5, 4, 6],
        "therapeutic_ev_quality": [5, 5, 4, 6],
        "trial_transparency": [5, 9, 3, 3],
        "trial_independence": [10],
        "study_rigour": [8, 6, 6, 10],
        "study_scale": [14, 6],
        "study_ev_quality": [2] * 10,
        "study_transparency": [4, 6, 4, 2, 4],
        "study_independence": [10],
    }
    assert {(one.track, one.name): (one.stage, one.highest, one.people) for one in file.study_rows} == {
        ("therapeutic", "review_or_hypothesis"): (0, 0, 0),
        ("therapeutic", "observed"): (1, 1, 0),
        ("therapeutic", "one_model"): (2, 2, 0),
        ("therapeutic", "in_vitro_proof"): (3, 3, 0),
        ("therapeutic", "in_vivo_proof"): (4, 4, 0),
        ("therapeutic", "late_preclinical"): (5, 5, 0),
        ("therapeutic", "in_people"): (6, 9, 0),
        ("diagnostic", "review_or_hypothesis"): (0, 0, 0),
        ("diagnostic", "observed"): (1, 1, 0),
        ("diagnostic", "differential"): (2, 2, 0),
        ("diagnostic", "differential_many"): (3, 3, 100),
        ("diagnostic", "outcome_many"): (3, 3, 100),
        ("diagnostic", "validated"): (4, 4, 0),
        ("diagnostic", "cohort"): (4, 4, 0),
        ("diagnostic", "before_diagnosis"): (5, 5, 0),
        ("diagnostic", "archived_planned"): (5, 5, 0),
        ("diagnostic", "blinded_multicentre"): (5, 5, 0),
        ("diagnostic", "cohort_reported"): (7, 7, 100),
        ("diagnostic", "trial_not_linked"): (2, 8, 0),
    }
    assert [(one.track, one.stages, one.floor, one.ceiling) for one in file.animals] == [("therapeutic", [4, 5], 6, 60)]
    people = {(one.track, stage): (one.floor, one.ceiling) for one in file.people for stage in one.stages}
    assert people == {
        ("diagnostic", 2): (10, 100),
        ("diagnostic", 3): (100, 500),
        ("diagnostic", 4): (50, 500),
        ("diagnostic", 5): (100, 1000),
        ("diagnostic", 6): (100, 2000),
        ("diagnostic", 7): (200, 5000),
        ("diagnostic", 8): (1000, 50_000),
        ("diagnostic", 9): (100, 10_000),
        ("therapeutic", 5): (6, 60),
        ("therapeutic", 6): (6, 60),
        ("therapeutic", 7): (20, 200),
        ("therapeutic", 8): (100, 1000),
        ("therapeutic", 9): (100, 10_000),
    }
    assert [(one.result, one.months) for one in file.momentum] == [
        ("unknown", 0),
        ("holding", 0),
        ("stopped", 0),
        ("stopped", 0),
        ("stalled", 0),
        ("stalled", 12),
        ("stalled", 6),
        ("stalled", 12),
        ("stalled", 24),
        ("stalled", 24),
        ("advancing", 0),
        ("advancing", 0),
        ("advancing", 24),
        ("holding", 0),
    ]
    assert [(one.points, one.stop_classes) for one in file.deductions] == [(10, ["negative", "safety"])]


def test_rules_are_resolved_once_a_rubric():
    assert rubric.load(CURRENT) is rubric.load(CURRENT)
