"""Each row of the study table and of a study's strength, from both sides."""

from __future__ import annotations

import pytest

from tests.scoring.studies import Told, bench, facts_of, marker, study, told, verdict
from tests.scoring.support import Standing, ends, on, reads, row, says, stage
from tracker.scoring.study_facts import ReportedTrial
from tracker.terms import EV_ITEMS, Facet, Momentum, Reading, Relevance, Role, Step, Track

THERAPEUTIC, DIAGNOSTIC = Track.THERAPEUTIC, Track.DIAGNOSTIC
PHASE_2 = ReportedTrial("NCT01159288", THERAPEUTIC, 7, 7)


def tracks(*facts: Told, **options: object) -> list[Track]:
    return [one.track for one in verdict(*facts, **options).maturities]


class TestTherapy:
    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            ("review_or_hypothesis", (0, 0)),
            ("mechanism_observed", (1, 1)),
            ("in_vitro_one_model", (2, 2)),
            ("in_vivo_proof", (4, 4)),
            ("late_preclinical", (5, 5)),
            ("clinical_trial", (6, 9)),
        ],
    )
    def test_stands_at_the_row_of_its_evidence(self, evidence, expected):
        assert stage(bench(evidence)) == expected

    def test_takes_the_highest_row_that_holds(self):
        assert stage(bench("mechanism_observed", "in_vivo_proof", "in_vitro_one_model")) == (4, 4)

    def test_proof_in_vitro_needs_vesicles_characterised(self):
        assert stage(bench("in_vitro_proof")) == (2, 3)
        assert stage(bench("in_vitro_proof", characterisation=["NTA"])) == (3, 3)

    @pytest.mark.parametrize("item", ["ev_transmembrane", "ev_cytosolic", "ev_images", "ev_second_method"])
    def test_an_item_answered_yes_says_that_they_were_characterised(self, item):
        assert stage(bench("in_vitro_proof", **{item: "yes"})) == (3, 3)
        assert stage(bench("in_vitro_proof", **{item: "no"})) == (2, 3)

    def test_the_amount_of_source_says_nothing_of_character(self):
        assert stage(bench("in_vitro_proof", ev_source_amount="yes")) == (2, 3)

    def test_a_term_that_stands_says_that_they_were_characterised(self):
        facts = told(role=["vaccine"], stage_evidence=["in_vitro_proof"])
        found = verdict(*facts, annotations=(says(Facet.CHARACTERISATION, "tem", at="abstract"),))
        assert stage(found.maturities[0]) == (3, 3)
        gone = Standing(Facet.CHARACTERISATION, "tem", "rejected")
        assert stage(verdict(*facts, annotations=(gone,)).maturities[0]) == (2, 3)

    def test_one_model_stays_one_however_many_are_counted(self):
        assert stage(bench("in_vitro_one_model", n_models=3, characterisation=["NTA"])) == (2, 2)

    def test_evidence_of_a_test_moves_no_therapy(self):
        assert stage(bench("in_vitro_one_model", "independent_validation")) == (2, 2)


class TestMarker:
    @pytest.mark.parametrize(
        ("evidence", "expected"),
        [
            ("review_or_hypothesis", (0, 0)),
            ("marker_observed", (1, 1)),
            ("independent_validation", (4, 4)),
            ("before_diagnosis", (5, 5)),
            ("archived_planned", (5, 5)),
            ("blinded_multicentre", (5, 5)),
            ("clinical_trial", (2, 8)),
        ],
    )
    def test_stands_at_the_row_of_its_evidence(self, evidence, expected):
        assert stage(marker(evidence)) == expected

    @pytest.mark.parametrize(("patients", "expected"), [(19, (2, 2)), (20, (3, 3))])
    def test_cases_and_controls_count_together(self, patients, expected):
        assert stage(marker("case_control", n_patients=patients, n_controls=80)) == expected

    def test_people_that_are_not_told_keep_it_open(self):
        assert stage(marker("case_control")) == (2, 3)
        assert stage(marker("case_control", n_patients=80)) == (2, 3)
        assert stage(marker("case_control", n_patients=100)) == (3, 3)
        assert stage(marker("case_control", n_controls=100)) == (3, 3)

    @pytest.mark.parametrize(("patients", "expected"), [(99, (2, 2)), (100, (3, 3))])
    def test_outcome_counts_patients_alone_and_needs_several_variables(self, patients, expected):
        assert stage(marker("outcome_association", "multivariable", n_patients=patients, n_controls=500)) == expected
        assert stage(marker("outcome_association", n_patients=patients, n_controls=500)) == (2, 2)

    @pytest.mark.parametrize(
        ("people", "expected"),
        [({}, (4, 7)), ({"n_patients": 99, "n_controls": 0}, (4, 4)), ({"n_patients": 100}, (7, 7))],
    )
    def test_a_cohort_of_intended_use_that_is_reported_stands_at_7_from_100_people(self, people, expected):
        assert stage(marker("intended_use_cohort", **people)) == expected

    def test_evidence_of_a_therapy_gives_a_test_no_row(self):
        found = verdict(*told(role=["diagnosis"], stage_evidence=["in_vivo_proof"]))
        assert found.maturities == ()
        assert "(proof in an animal model of lung cancer) are no row of the diagnostic column" in found.none_because


class TestTrack:
    @pytest.mark.parametrize("role", ["screening", "diagnosis", "prognosis", "prediction", "monitoring"])
    def test_a_test_is_diagnostic(self, role):
        assert tracks(*told(role=[role], stage_evidence=["marker_observed"])) == [DIAGNOSTIC]

    @pytest.mark.parametrize("role", ["vaccine", "drug_carrier", "native_ev_therapy", "ev_inhibition"])
    def test_a_therapy_is_therapeutic(self, role):
        assert tracks(*told(role=[role], stage_evidence=["mechanism_observed"])) == [THERAPEUTIC]

    def test_both_roles_are_both_scored_and_the_higher_leads(self):
        facts = told(role=["diagnosis", "vaccine"], stage_evidence=["in_vivo_proof", "case_control"])
        assert tracks(*facts) == [THERAPEUTIC, DIAGNOSTIC]
        facts = told(role=["diagnosis", "vaccine"], stage_evidence=["in_vitro_one_model", "before_diagnosis"])
        assert tracks(*facts) == [DIAGNOSTIC, THERAPEUTIC]

    def test_a_mechanism_stands_where_its_evidence_does(self):
        assert tracks(*told(role=["mechanism"], stage_evidence=["mechanism_observed"])) == [THERAPEUTIC]
        assert tracks(*told(role=["mechanism"], stage_evidence=["marker_observed"])) == [THERAPEUTIC]
        assert tracks(*told(role=["mechanism"], stage_evidence=["in_vivo_proof"])) == [THERAPEUTIC]
        assert tracks(*told(role=["mechanism"], stage_evidence=["mechanism_observed", "outcome_association"])) == [
            DIAGNOSTIC
        ]

    def test_a_mechanism_beside_a_test_adds_the_bench(self):
        assert tracks(*told(role=["mechanism", "diagnosis"], stage_evidence=["in_vivo_proof", "case_control"])) == [
            THERAPEUTIC,
            DIAGNOSTIC,
        ]
        assert tracks(*told(role=["mechanism", "diagnosis"], stage_evidence=["marker_observed"])) == [DIAGNOSTIC]

    def test_without_a_role_the_candidate_says_it(self):
        facts = told(stage_evidence=["mechanism_observed"])
        assert tracks(*facts, kinds=("diagnostic",)) == [DIAGNOSTIC]
        assert tracks(*facts, kinds=("therapeutic",)) == [THERAPEUTIC]

    def test_a_role_stands_over_the_candidate(self):
        assert tracks(*told(role=["diagnosis"], stage_evidence=["marker_observed"]), kinds=("therapeutic",)) == [
            DIAGNOSTIC
        ]

    def test_without_both_the_text_says_what_vesicles_are_for(self):
        facts = told(stage_evidence=["clinical_trial"])
        measured, product = reads(Reading.EV_MEASURED)[0], reads(Reading.EV_PRODUCT)[0]
        assert tracks(*facts, annotations=(measured,)) == [DIAGNOSTIC]
        assert tracks(*facts, annotations=(product,)) == [THERAPEUTIC]
        assert tracks(*facts, annotations=(measured,), kinds=("therapeutic",)) == [THERAPEUTIC]
        mechanism = told(role=["mechanism"], stage_evidence=["in_vitro_one_model"])
        assert tracks(*mechanism, annotations=(measured,)) == [THERAPEUTIC]

    def test_without_either_the_evidence_says_it(self):
        assert tracks(*told(stage_evidence=["case_control"])) == [DIAGNOSTIC]
        assert tracks(*told(stage_evidence=["in_vitro_one_model"])) == [THERAPEUTIC]
        assert tracks(*told(stage_evidence=["review_or_hypothesis"])) == [THERAPEUTIC]

    def test_a_trial_that_nothing_places_has_no_track(self):
        found = verdict(*told(stage_evidence=["clinical_trial"]))
        assert found.maturities == ()
        assert "neither track" in found.none_because

    def test_terms_of_the_text_are_roles(self):
        found = verdict(*told(stage_evidence=["marker_observed"]), annotations=(says(Facet.ROLE, Role.DIAGNOSIS),))
        assert [one.track for one in found.maturities] == [DIAGNOSTIC]


class TestTrial:
    def test_its_publication_takes_its_stage(self):
        found = verdict(*told(role=["vaccine"], stage_evidence=["clinical_trial"]), trials=(PHASE_2,)).maturities
        assert [(one.track, *stage(one)) for one in found] == [(THERAPEUTIC, 7, 7)]
        assert found[0].reasons["stage"]["sentence"] == "Stage 7, with its trial."
        assert found[0].reasons["stage"]["because"] == "The publication of NCT01159288, so it takes its trial's stage."

    def test_its_stage_stands_whatever_the_study_tells(self):
        trial = ReportedTrial("NCT1", DIAGNOSTIC, 2, 6)
        found = verdict(*told(role=["vaccine"], stage_evidence=["independent_validation"]), trials=(trial,)).maturities
        assert [(one.track, *stage(one)) for one in found] == [(DIAGNOSTIC, 2, 6)]
        assert "stage 6 if the trial comes to it" in found[0].reasons["stage"]["sentence"]

    def test_it_needs_no_evidence_of_its_own(self):
        assert tracks(trials=(PHASE_2,)) == [THERAPEUTIC]

    def test_of_several_the_highest_counts(self):
        early = ReportedTrial("NCT2", THERAPEUTIC, 6, 9)
        assert stage(verdict(trials=(PHASE_2, early)).maturities[0]) == (7, 9)

    def test_its_people_are_counted_and_not_animals(self):
        trial = ReportedTrial("NCT3", THERAPEUTIC, 5, 5)
        (found,) = verdict(*told(n_patients=60, n_animals=6), trials=(trial,)).maturities
        assert ends(row(found, "patients or animals")) == ("reported", 14, 14)
        assert row(found, "patients or animals").fact == "60 patients"


class TestNoMaturity:
    def test_retracted(self):
        found = verdict(*told(role=["vaccine"], stage_evidence=["in_vivo_proof"]), of=study(is_retracted=True))
        assert found.maturities == ()
        assert found.none_because == "It was retracted, so it has no maturity and supports nothing."

    @pytest.mark.parametrize("relevance", [Relevance.MENTION, Relevance.NONE])
    def test_not_about_vesicles(self, relevance):
        found = verdict(*told(stage_evidence=["in_vivo_proof"]), of=study(relevance=relevance))
        assert found.maturities == ()
        assert "no stage" in found.none_because

    def test_no_kind_of_evidence_told(self):
        found = verdict(*told(role=["vaccine"], n_animals=20))
        assert found.maturities == ()
        assert "What kind of evidence it holds is not reported" in found.none_because


class TestReaders:
    """Whose word stands."""

    def test_a_person_stands_over_a_file_and_a_file_over_a_rule(self):
        rule = Told("n_patients", 10, "rule", state="proposed")
        file, person = Told("n_patients", 20, "import"), Told("n_patients", 30)
        assert facts_of(rule).n_patients.value == 10
        assert facts_of(file, rule).n_patients.value == 20
        assert facts_of(rule, person, file).n_patients.value == 30

    def test_what_was_rejected_stands_for_nothing(self):
        rule = Told("n_patients", 10, "rule", state="rejected")
        assert facts_of(rule).n_patients.value is None
        assert facts_of(rule, Told("n_patients", 5, "import")).n_patients.value == 5

    def test_a_person_who_says_not_reported_silences_the_rule(self):
        found = facts_of(Told("controls", "yes", "rule"), Told("controls", "not_reported"))
        assert found.answers["controls"].value is None

    def test_origin_says_who_read_it_and_on_which_words(self):
        words = [{"field": "abstract", "start": 0, "end": 12, "text": "224 patients"}]
        found = facts_of(Told("n_patients", 224, "rule", words=words))
        assert found.n_patients.origin == "patients, by rule: abstract “224 patients”"
        assert facts_of(Told("n_patients", 224)).n_patients.origin == "patients, by a person"
        title = [{"field": "title", "start": 0, "end": 7, "text": "Vesicle"}]
        found = facts_of(Told("stage_evidence", ["in_vivo_proof"], "rule", words=title))
        assert found.evidence.origin == "what kind of evidence, by rule: title “Vesicle”"

    def test_origin_of_what_nobody_read_is_the_name_as_people_say_it(self):
        origins = {name: fact.origin for name, fact in facts_of().answers.items()}
        assert origins["controls"] == "controls used"
        assert origins["gain_and_loss"] == "gain and loss of function, or independent cohort"
        assert not any("_" in origin for origin in origins.values())

    def test_the_whole_study_stands_over_its_experiments(self):
        parts = [Told("n_animals", 8, experiment_id=1), Told("n_animals", 12, experiment_id=2)]
        assert facts_of(*parts).n_animals.value == 12
        assert "in 2 experiments" in facts_of(*parts).n_animals.origin
        assert facts_of(*parts, Told("n_animals", 6)).n_animals.value == 6
        assert facts_of(*parts, Told("n_animals", 6, "rule")).n_animals.value == 12

    def test_of_several_experiments_the_best_answer_stands(self):
        def answered(*given: str) -> tuple[bool | None, str]:
            fact = facts_of(*(Told("blinded", one, experiment_id=n) for n, one in enumerate(given))).answers["blinded"]
            return fact.value, fact.state.value

        assert answered("no", "yes") == (True, "reported")
        assert answered("no", "not_reported") == (None, "not_reported")
        assert answered("no", "not_applicable") == (False, "reported")
        assert answered("not_applicable", "not_applicable") == (None, "not_applicable")

    def test_experiments_add_up_their_evidence(self):
        parts = [
            Told("stage_evidence", ["in_vivo_proof"], experiment_id=1),
            Told("stage_evidence", ["in_vitro_proof"], experiment_id=2),
        ]
        assert facts_of(*parts).evidence.value == ("in_vitro_proof", "in_vivo_proof")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("n_patients", "many"), ("n_patients", True), ("n_patients", -1), ("cohorts", "discovery"), ("cohorts", [1])],
    )
    def test_a_value_of_the_wrong_shape_is_not_reported_and_says_so(self, name, value):
        fact = getattr(facts_of(Told(name, value)), name)
        assert fact.value is None
        assert fact.origin.endswith("a value that cannot be read")

    def test_evidence_that_nobody_knows_is_not_reported_and_says_so(self):
        fact = facts_of(Told("stage_evidence", ["telepathy"])).evidence
        assert fact.value is None
        assert "= telepathy, which this version does not know" in fact.origin

    def test_a_file_s_roles_stand_over_the_text_s_and_a_person_adds(self):
        read, accepted = says(Facet.ROLE, Role.DIAGNOSIS), says(Facet.ROLE, Role.SCREENING, state="accepted")
        assert facts_of(annotations=(read,)).roles == (Role.DIAGNOSIS,)
        assert facts_of(Told("role", ["vaccine"], "import"), annotations=(read,)).roles == (Role.VACCINE,)
        assert facts_of(Told("role", ["vaccine"], "import"), annotations=(read, accepted)).roles == (
            Role.SCREENING,
            Role.VACCINE,
        )
        assert facts_of(Told("role", ["vaccine"], "rule"), annotations=(read,)).roles == (Role.DIAGNOSIS, Role.VACCINE)


class TestRigour:
    @pytest.mark.parametrize(
        ("name", "words", "points"),
        [
            ("controls", "Controls", 8),
            ("blinded", "Blinded assessment", 6),
            ("randomised", "Randomised animals", 6),
            ("gain_and_loss", "Gain and loss", 10),
        ],
    )
    def test_each_answer(self, name, words, points):
        def answered(answer: str) -> tuple[str, float, float]:
            found = bench("in_vivo_proof", **{name: answer})
            one = next(one for one in found.explanation if one.rule.startswith(words) and one.component == "rigour")
            return ends(one)

        assert answered("yes") == ("reported", points, points)
        assert answered("no") == ("reported", 0, 0)
        assert answered("not_reported") == ("not_reported", 0, points)
        assert answered("not_applicable") == ("not_applicable", 0, 0)

    def test_an_independent_cohort_that_is_listed_is_one(self):
        found = marker("case_control", cohorts=["discovery", "independent"])
        assert ends(row(found, "independent cohort")) == ("reported", 10, 10)
        assert ends(row(marker("case_control", cohorts=["discovery", "validation"]), "independent cohort"))[1:] == (
            0,
            10,
        )

    def test_what_does_not_apply_gives_its_weight_to_the_rest(self):
        found = bench("in_vivo_proof", controls="yes", blinded="no", randomised="no", gain_and_loss="not_applicable")
        assert ends(row(found, "gain and loss")) == ("not_applicable", 0, 0)
        (rigour,) = [one for one in found.components if one.name == "rigour"]
        assert (rigour.earned, rigour.possible) == (12, 12)  # 8 of 20 is 12 of 30

    def test_a_component_with_no_row_left_is_not_reported(self):
        names = ("controls", "blinded", "randomised", "gain_and_loss")
        found = bench("in_vivo_proof", **dict.fromkeys(names, "not_applicable"))
        assert ends(row(found, "No row applies")) == ("not_reported", 0, 30)
        (rigour,) = [one for one in found.components if one.name == "rigour"]
        assert (rigour.earned, rigour.possible) == (0, 30)


class TestScale:
    @pytest.mark.parametrize(
        ("animals", "points"), [(0, 0), (6, 0), (7, 0.9), (19, 7.0), (59, 13.9), (60, 14), (600, 14)]
    )
    def test_animals_between_6_and_60(self, animals, points):
        assert ends(row(bench("in_vivo_proof", n_animals=animals), "patients or animals")) == (
            "reported",
            points,
            points,
        )

    def test_late_preclinical_work_counts_animals_too(self):
        found = row(bench("late_preclinical", n_animals=60, n_patients=1), "patients or animals")
        assert (found.fact, found.earned) == ("60 animals", 14)

    def test_animals_that_are_not_told_may_be_many(self):
        assert ends(row(bench("in_vivo_proof"), "patients or animals")) == ("not_reported", 0, 14)

    def test_in_vitro_work_expects_neither(self):
        found = bench("in_vitro_one_model", n_models=2)
        assert ends(row(found, "patients or animals")) == ("not_applicable", 0, 0)
        assert ends(row(found, "two models")) == ("reported", 20, 20)

    @pytest.mark.parametrize("evidence", ["review_or_hypothesis", "marker_observed"])
    def test_stages_0_and_1_expect_neither(self, evidence):
        assert ends(row(marker(evidence, n_patients=500), "patients or animals")) == ("not_applicable", 0, 0)

    @pytest.mark.parametrize(
        ("patients", "controls", "points"), [(10, 0, 0), (32, 0, 7.1), (99, 0, 13.9), (100, 400, 0), (224, 0, 7.0)]
    )
    def test_patients_between_the_floor_and_ceiling_of_the_stage(self, patients, controls, points):
        found = row(marker("case_control", n_patients=patients, n_controls=controls), "patients or animals")
        assert ends(found) == ("reported", points, points)

    def test_what_is_possible_is_judged_where_it_gives_more(self):
        found = marker("case_control", n_patients=60)
        assert stage(found) == (2, 3)
        assert ends(row(found, "patients or animals")) == ("reported", 10.9, 10.9)

    @pytest.mark.parametrize(("number", "points"), [(0, 0), (1, 0), (2, 6), (9, 6)])
    def test_two_models_or_cohorts(self, number, points):
        found = row(marker("case_control", n_models=number), "two models")
        assert ends(found) == ("reported", points, points)

    def test_cohorts_that_are_listed_are_as_many_at_least_and_lines_are_no_models(self):
        assert ends(row(marker("case_control", cohorts=["discovery", "validation"]), "two models"))[1:] == (6, 6)
        assert ends(row(marker("case_control", cohorts=["discovery"]), "two models"))[1:] == (0, 6)
        assert ends(row(bench("in_vivo_proof", cell_lines=["A549", "H23"]), "two models"))[1:] == (0, 6)


class TestQuality:
    @pytest.mark.parametrize("item", EV_ITEMS)
    def test_each_item_is_a_tenth(self, item):
        def answered(answer: str) -> tuple[float, float]:
            (found,) = [one for one in bench("in_vivo_proof", **{item: answer}).components if one.name == "ev_quality"]
            return found.earned, found.possible

        assert answered("yes") == (2, 20)
        assert answered("no") == (0, 18)
        assert answered("not_reported") == (0, 20)
        assert answered("not_applicable") == (0, 20)

    def test_the_share_is_of_the_items_that_apply(self):
        answers = dict.fromkeys([one.value for one in EV_ITEMS[:4]], "yes")
        answers |= dict.fromkeys([one.value for one in EV_ITEMS[4:8]], "no")
        answers |= dict.fromkeys([one.value for one in EV_ITEMS[8:]], "not_applicable")
        (found,) = [one for one in bench("in_vivo_proof", **answers).components if one.name == "ev_quality"]
        assert (found.earned, found.possible) == (10, 10)  # 4 of 8


class TestTransparency:
    @pytest.mark.parametrize(
        ("columns", "expected"),
        [
            ({"is_open_access": True}, ("reported", 4, 4)),
            ({"is_open_access": False}, ("reported", 0, 0)),
            ({"is_open_access": None}, ("not_reported", 0, 4)),
            ({"is_open_access": None, "pmcid": "PMC1"}, ("reported", 4, 4)),
            ({"is_open_access": False, "pmcid": "PMC1"}, ("reported", 4, 4)),
        ],
    )
    def test_full_text(self, columns, expected):
        found = verdict(*told(stage_evidence=["in_vivo_proof"]), of=study(**columns)).maturities[0]
        assert ends(row(found, "full text")) == expected

    @pytest.mark.parametrize(
        ("columns", "expected"),
        [
            ({"pmid": "1"}, ("reported", 4, 4)),
            ({"pmid": None, "doi": "10.1/x"}, ("reported", 4, 4)),
            ({"pmid": None, "preprint_doi": "10.1/x"}, ("reported", 4, 4)),
            ({"pmid": None, "pmcid": "PMC1"}, ("not_reported", 0, 4)),
        ],
    )
    def test_pmid_or_doi(self, columns, expected):
        found = verdict(*told(stage_evidence=["in_vivo_proof"]), of=study(**columns)).maturities[0]
        assert ends(row(found, "PMID or DOI")) == expected

    def test_data_and_conflicts(self):
        found = bench("in_vivo_proof", data_deposited="yes", conflicts_stated="no")
        assert ends(row(found, "data deposited")) == ("reported", 6, 6)
        assert ends(row(found, "conflicts")) == ("reported", 0, 0)

    def test_an_ev_track_id_is_a_protocol(self):
        facts = told(stage_evidence=["in_vivo_proof"])
        found = verdict(*facts, of=study(ev_track_id="EV210042")).maturities[0]
        assert ends(row(found, "EV-TRACK")) == ("reported", 4, 4)
        assert ends(row(verdict(*facts).maturities[0], "EV-TRACK")) == ("not_reported", 0, 4)
        assert ends(row(bench("in_vivo_proof", protocol="no"), "EV-TRACK")) == ("reported", 0, 0)


class TestRest:
    def test_replicated_by_another_group(self):
        assert ends(row(bench("in_vivo_proof", replicated="yes"), "replicated")) == ("reported", 10, 10)
        assert ends(row(bench("in_vivo_proof", replicated="no"), "replicated")) == ("reported", 0, 0)
        assert ends(row(bench("in_vivo_proof"), "replicated")) == ("not_reported", 0, 10)

    def test_a_publication_is_done_and_says_nothing_of_what_follows(self):
        found = bench("in_vivo_proof")
        assert (found.step, found.momentum, found.deductions, found.stop_classes) == (
            Step.DONE,
            Momentum.UNKNOWN,
            0,
            (),
        )

    def test_a_finding_against_the_candidate_costs_no_points(self):
        assert bench("in_vivo_proof", direction="contradicts") == bench("in_vivo_proof", direction="supports")

    def test_the_sentence_says_what_is_missing(self):
        assert marker("case_control", n_patients=80).reasons["stage"]["sentence"] == (
            "Stage 2 today; stage 3 if what is not reported allows it (number of people compared with)."
        )
        assert bench("in_vitro_proof").reasons["stage"]["sentence"] == (
            "Stage 2 today; stage 3 if what is not reported allows it (characterisation of the vesicles)."
        )
        assert bench("clinical_trial").reasons["stage"]["sentence"] == (
            "Stage 6 today; stage 9 if what is not reported allows it (the trial that it reports)."
        )
        assert bench("in_vivo_proof").reasons["stage"]["sentence"] == (
            "Stage 4; toxicology, biodistribution or manufacture would stand at stage 5."
        )

    def test_the_name_follows_the_role(self):
        facts = told(role=["prognosis"], stage_evidence=["outcome_association"])
        assert (
            on(DIAGNOSTIC, verdict(*facts)).reasons["stage"]["name"] == "associated with outcome, fewer than 100 people"
        )
