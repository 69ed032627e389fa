"""The readings that no registry field holds: each sentence of the rubric, tried from both sides."""

from __future__ import annotations

import pytest

from tests.classify.reading import classify, named, read, trial
from tracker.terms import Facet, Reading, Role


def readings(**changes):
    """The readings of an observational study that measures vesicles in plasma, with what is given."""
    base = {
        "title": "Plasma exosomes in lung cancer",
        "kind": "OBSERVATIONAL",
        "summary": "Exosomes are measured in plasma.",
    }
    return named(classify(trial(**{**base, **changes})), Facet.READING)


def said(text, reading, **changes):
    return reading in readings(detail=text, **changes)


def therapy(**changes):
    """The readings of an interventional trial that gives vesicles."""
    base = {
        "title": "Exosomes in lung cancer",
        "kind": "INTERVENTIONAL",
        "purpose": "TREATMENT",
        "interventions": [{"type": "BIOLOGICAL", "name": "MSC-derived exosomes"}],
    }
    return named(classify(trial(**{**base, **changes})), Facet.READING)


class TestTracks:
    def test_an_intervention_that_is_vesicles_is_a_product(self):
        found = therapy()

        assert Reading.EV_PRODUCT in found
        assert Reading.EV_MEASURED not in found

    def test_vesicles_that_carry_a_drug_are_a_carrier(self):
        found = therapy(interventions=[{"type": "DRUG", "name": "Exosomes loaded with paclitaxel"}])

        assert found[Reading.EV_CARRIER] == ["loaded with"]

    @pytest.mark.parametrize(
        "text",
        [
            "Inhibits exosome release from tumour cells.",
            "Removes exosomes from blood by apheresis.",
            "GW4869, an exosome inhibitor.",
        ],
    )
    def test_what_acts_on_vesicles_has_them_as_target(self, text):
        found = therapy(interventions=[{"type": "DRUG", "name": "X-1"}], summary=text, title="X-1 in lung cancer")

        assert Reading.EV_TARGET in found
        assert Reading.EV_PRODUCT not in found

    def test_a_test_that_names_vesicles_measures_them(self):
        assay = [{"type": "DIAGNOSTIC_TEST", "name": "Exosome assay"}]
        tested = trial(kind="INTERVENTIONAL", purpose="DIAGNOSTIC", title="Nodules", interventions=assay)

        found = named(classify(tested), Facet.READING)

        assert Reading.EV_MEASURED in found
        assert Reading.EV_PRODUCT not in found

    def test_a_blood_sample_for_vesicles_is_no_product(self):
        found = therapy(interventions=[{"type": "BIOLOGICAL", "name": "Blood collection for exosome analysis"}])

        assert Reading.EV_PRODUCT not in found

    def test_an_observational_study_gives_nothing(self):
        assert Reading.EV_PRODUCT not in therapy(kind="OBSERVATIONAL", purpose=None)

    def test_a_product_may_be_measured_beside(self):
        found = therapy(secondary=[{"measure": "Level of exosomal PD-L1 in plasma"}])

        assert {Reading.EV_PRODUCT, Reading.EV_MEASURED} <= found.keys()

    def test_a_drug_trial_may_measure_vesicles_beside_its_drug(self):
        found = therapy(interventions=[{"type": "DRUG", "name": "Osimertinib"}], title="Osimertinib in NSCLC",
                        secondary=[{"measure": "Exosomal EGFR T790M"}])  # fmt: skip

        assert Reading.EV_MEASURED in found
        assert Reading.EV_PRODUCT not in found

    def test_the_literature_of_a_treatment_trial_measures_nothing(self):
        assert named(classify(read("NCT04719793")), Facet.READING) == {}

    def test_a_title_that_treats_by_vesicles_names_a_product_whatever_its_code(self):
        coded = [{"type": "DRUG", "name": "ATMPs-MTX"}]
        effusion = "Autologous Tumor Derived Microparticles for Malignant Pleural Effusion of Lung Cancer"

        assert Reading.EV_PRODUCT in therapy(title=effusion, interventions=coded)
        looked_at = therapy(title="Plasma Exosomes for Response to Osimertinib in Lung Cancer", interventions=coded)
        assert Reading.EV_PRODUCT not in looked_at

    def test_a_study_that_gives_nothing_looks_at_the_vesicles_of_its_title(self):
        found = readings(title="Extracellular Vesicles in Resectable Lung Cancer", summary="A cohort.")

        assert found[Reading.EV_MEASURED] == ["Extracellular Vesicles"]

    def test_a_device_that_takes_vesicles_out_of_blood_has_them_as_target(self):
        found = classify(
            trial(kind="INTERVENTIONAL", purpose="TREATMENT", title="Hemopurifier With Anti-PD-1 in Lung Cancer",
                  interventions=[{"type": "DEVICE", "name": "Hemopurifier"}],
                  summary="The device removes exosomes from blood."))  # fmt: skip

        assert found.relevance == "about"
        assert set(named(found, Facet.ROLE)) == {Role.EV_INHIBITION}

    def test_a_coded_product_is_read_from_the_title(self):
        found = named(classify(read("NCT04493242")), Facet.READING)

        assert found[Reading.EV_PRODUCT] == ["Vesicle Infusion"]


class TestCaseControl:
    @pytest.mark.parametrize(
        "text",
        [
            "Exosomes of 30 patients with lung cancer and 20 healthy controls are compared.",
            "A case-control study.",
            "150 normal people and 320 lung cancer patients.",
            "NSCLC patients are compared with healthy volunteers.",
        ],
    )
    def test_sets_proven_cases_against_healthy_people(self, text):
        assert said(text, Reading.CASE_CONTROL_GROUPS)

    @pytest.mark.parametrize(
        "text",
        [
            "People with lung nodules and healthy heavy smokers are tested.",
            "Patients suspected of lung cancer and healthy volunteers.",
            "Healthy volunteers are not accepted. Lung cancer patients are followed.",
            "Benign and malignant nodules are compared.",
            "Healthy donors give plasma.",
            "A cohort of patients with lung cancer.",
        ],
    )
    def test_is_not_read_without_both(self, text):
        assert not said(text, Reading.CASE_CONTROL_GROUPS)

    def test_is_read_from_two_arms(self):
        arms = [{"label": "NSCLC patients"}, {"label": "Healthy controls"}]

        assert Reading.CASE_CONTROL_GROUPS in readings(armsInterventionsModule__armGroups=arms)

    def test_is_read_from_the_ways_into_a_study_but_not_from_the_exclusions(self):
        both = "Inclusion Criteria:\n\n* Healthy volunteers\n* Patients with lung cancer"
        out = "Inclusion Criteria:\n\n* Patients with lung cancer\n\nExclusion Criteria:\n\n* Healthy volunteers"

        assert Reading.CASE_CONTROL_GROUPS in readings(eligibility=both)
        assert Reading.CASE_CONTROL_GROUPS not in readings(eligibility=out)

    @pytest.mark.parametrize(("nct_id", "is_so"), [("NCT03830619", True), ("NCT04529915", True), ("NCT04182893", False),
                                                   ("NCT04629079", False), ("NCT07376512", False)])  # fmt: skip
    def test_in_real_records(self, nct_id, is_so):
        assert (Reading.CASE_CONTROL_GROUPS in named(classify(read(nct_id)), Facet.READING)) is is_so


@pytest.mark.parametrize(
    ("reading", "yes", "no"),
    [
        (Reading.SUSPECTED_POPULATION, "Patients with suspected lung cancer.", "Patients with proven lung cancer."),
        (Reading.SUSPECTED_POPULATION, "People with indeterminate pulmonary nodules.", "People with resected cancer."),
        (Reading.CONSECUTIVE_SAMPLE, "Consecutive patients are enrolled.", "Blood is drawn on three consecutive days."),
        (Reading.CONSECUTIVE_SAMPLE, "All eligible patients are invited.", "Eligible patients are invited."),
        (
            Reading.BLINDED_INDEX_TEST,
            "The assay is read blinded to the final diagnosis.",
            "A double-blind placebo-controlled trial.",
        ),
        (Reading.BLINDED_INDEX_TEST, "Readers are blinded to clinical data.", "Patients are blinded to treatment."),
        (Reading.BLINDED_INDEX_TEST, "Tested without knowledge of the diagnosis.", "Tested in the laboratory."),
        (Reading.BLINDED_MULTICENTRE, "A blinded, multicentre validation.", "A multicentre validation."),
        (Reading.THRESHOLD_FIXED, "A cut-off of 0.5 is used.", "Exosomal miR-21 is measured."),
        (Reading.THRESHOLD_FIXED, "A prespecified panel of five miRNAs.", "A prespecified subgroup analysis."),
        (Reading.THRESHOLD_FIXED, "A validated assay is used.", "The assay is to be validated."),
        (Reading.THRESHOLD_FIXED, "A nodule is called malignant if the RNA is positive.", "The nodule was malignant."),
        (Reading.THRESHOLD_FIXED, "The locked classifier is applied.", "The optimal cut-off is determined."),
        (Reading.THRESHOLD_FIXED, "A threshold of 10 copies.", "The data cut-off date is in May."),
        (Reading.THRESHOLD_EXPLORATORY, "To develop a diagnostic signature.", "To apply a signature."),
        (Reading.THRESHOLD_EXPLORATORY, "To identify biomarkers.", "To identify patients."),
        (Reading.THRESHOLD_EXPLORATORY, "The optimal cut-off is sought.", "A cut-off is used."),
        (Reading.SAMPLED_BEFORE, "Blood is collected before surgery.", "Blood is collected after surgery."),
        (Reading.SAMPLED_BEFORE, "Serum samples at baseline.", "Tumour size at baseline."),
        (
            Reading.SAMPLED_BEFORE,
            "Patients suspicious of lung cancer give one blood sample.",
            "Patients give one blood sample.",
        ),
    ],
)
def test_a_reading_from_both_sides(reading, yes, no):
    assert said(yes, reading)
    assert not said(no, reading)


class TestReferenceStandard:
    def test_of_a_diagnosis_is_a_standard(self):
        diagnosis = {"title": "Exosomes for the diagnosis of lung cancer"}

        assert said("Compared with histopathology.", Reading.REFERENCE_STANDARD, **diagnosis)
        assert not said("Overall survival is recorded.", Reading.REFERENCE_STANDARD, **diagnosis)

    def test_of_a_prediction_is_an_outcome_with_its_criteria(self):
        prediction = {"title": "Exosomes predict response to immunotherapy in lung cancer"}

        assert said("Response by RECIST 1.1.", Reading.REFERENCE_STANDARD, **prediction)
        assert Reading.REFERENCE_STANDARD not in readings(
            eligibility="* Measurable disease by RECIST 1.1", **prediction
        )


class TestCareByTest:
    def test_an_arm_that_the_test_decides(self):
        guided = named(
            classify(trial(kind="INTERVENTIONAL", purpose="DIAGNOSTIC", title="Exosome-guided therapy of lung cancer",
                           summary="Exosomes are measured.",
                           primary=[{"measure": "Overall survival"}])), Facet.READING)  # fmt: skip

        assert {Reading.EV_TEST_DECIDES, Reading.CLINICAL_OUTCOME} <= guided.keys()

    def test_an_observational_study_decides_nothing(self):
        assert Reading.EV_TEST_DECIDES not in readings(title="Exosome-guided therapy of lung cancer")

    def test_survival_as_a_second_outcome_is_no_clinical_primary(self):
        assert Reading.CLINICAL_OUTCOME not in readings(secondary=[{"measure": "Overall survival"}])
        assert Reading.CLINICAL_OUTCOME in readings(primary=[{"measure": "Overall survival"}])


def test_a_trial_that_measures_no_vesicles_has_no_test_to_design():
    found = therapy(detail="Consecutive patients, assay blinded to the diagnosis, cut-off of 0.5, healthy controls.")

    assert found.keys() == {Reading.EV_PRODUCT, Reading.EV_SOURCE_NAMED}


class TestProduct:
    def describe(self, text, **changes):
        rows = [{"type": "BIOLOGICAL", "name": "MSC-derived exosomes", "description": text}]
        return therapy(interventions=[*rows, *changes.pop("others", [])], **changes)

    @pytest.mark.parametrize(
        "text", ["1x10^9 particles", "2.0*10^8 nano vesicles/3 ml", "200 µg protein", "10 ml a day", "1e11 particles"]
    )
    def test_an_amount_of_vesicles_is_a_dose(self, text):
        assert Reading.DOSE in self.describe(text)

    @pytest.mark.parametrize(
        "text",
        [
            "Six doses",
            "every two days",
            "a low dose of particles",
            "exosomes",
            "M1 exosomes in phase 1",
            "2 exosome preparations",
        ],
    )
    def test_a_schedule_is_no_dose(self, text):
        assert Reading.DOSE not in self.describe(text)

    @pytest.mark.parametrize(
        "text",
        [
            "intravenous infusion",
            "by inhalation",
            "nebulised",
            "IV infusion",
            "intrapleural",
            "into the pleural cavity",
        ],
    )
    def test_a_way_into_the_body_is_a_route(self, text):
        assert Reading.ROUTE in self.describe(text)

    @pytest.mark.parametrize("text", ["injected", "for stage IV disease", "given"])
    def test_injected_is_no_route(self, text):
        assert Reading.ROUTE not in self.describe(text)

    def test_another_drugs_dose_and_route_are_its_own(self):
        found = self.describe("", others=[{"type": "DRUG", "name": "Cisplatin", "description": "75 mg, intravenous"}])

        assert Reading.DOSE not in found
        assert Reading.ROUTE not in found

    def test_source_and_cargo_are_named_by_terms_a_mechanism_is_not(self):
        found = self.describe("")
        assert found[Reading.EV_SOURCE_NAMED] == ["MSC"]
        assert Reading.MARKER not in self.describe("exosomes against angiogenesis")
        assert Reading.MARKER in self.describe("exosomes with siRNA")


class TestTerms:
    def test_of_a_drug_carrier(self):
        found = classify(read("NCT02657460"))

        assert set(named(found, Facet.EV_SOURCE)) == {"tumour", "autologous"}
        assert set(named(found, Facet.CARGO)) == {"small_molecule"}
        assert set(named(found, Facet.DISEASE)) == {"lung_cancer", "malignant_pleural_effusion"}
        assert named(found, Facet.SPECIMEN) == {}

    def test_of_a_diagnostic_study(self):
        found = classify(read("NCT04529915"))

        assert set(named(found, Facet.SPECIMEN)) == {"plasma", "whole_blood"}
        assert set(named(found, Facet.ISOLATION)) == {"centrifugation", "size_exclusion"}
        assert set(named(found, Facet.HISTOLOGY)) == {"adenocarcinoma"}
        assert set(named(found, Facet.CARGO)) == {"protein"}

    def test_of_small_cell_are_not_those_of_non_small_cell(self):
        assert set(named(classify(read("NCT07070011")), Facet.HISTOLOGY)) == {"sclc"}
        assert set(named(classify(read("NCT07376512")), Facet.HISTOLOGY)) == {"nsclc"}

    def test_of_ctdna_are_not_cargo_of_vesicles(self):
        assert "dna" not in named(classify(read("NCT04182893")), Facet.CARGO)

    @pytest.mark.parametrize("text", ["Serum creatinine below 1.5", "Platelets above 100; peripheral blood counts"])
    def test_of_laboratory_limits_are_no_specimens(self, text):
        found = classify(trial(title="Exosomes in lung cancer", eligibility=f"Inclusion Criteria:\n\n* {text}"))

        assert named(found, Facet.SPECIMEN) == {}

    def test_the_longest_of_two_cargoes_is_meant(self):
        found = classify(trial(title="Exosomal long non-coding RNA in lung cancer"))

        assert set(named(found, Facet.CARGO)) == {"lncrna"}

    def test_a_native_therapy_is_neither_vaccine_nor_carrier(self):
        roles = {
            name: set(named(classify(trial(title="A trial in lung cancer", kind="INTERVENTIONAL", purpose="TREATMENT",
                                           interventions=[{"type": "BIOLOGICAL", "name": name}])), Facet.ROLE))
            for name in ("MSC exosomes", "Dendritic cell-derived exosomes vaccine", "Exosomes loaded with siRNA")
        }  # fmt: skip

        assert list(roles.values()) == [{Role.NATIVE_EV_THERAPY}, {Role.VACCINE}, {Role.DRUG_CARRIER}]

    def test_purpose_gives_a_role_where_words_do_not(self):
        found = classify(trial(title="Exosomal assay in lung cancer", kind="INTERVENTIONAL", purpose="SCREENING",
                               primary=[{"measure": "Exosomes"}]))  # fmt: skip

        assert Role.SCREENING in named(found, Facet.ROLE)
