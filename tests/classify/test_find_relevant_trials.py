"""Relevance over the labelled real records, and the cases that are easily got wrong."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tests.classify.reading import all_records, classify, labels, named, read, text_of, trial
from tracker.classify.relevance import all_words
from tracker.terms import Facet, Reading, Relevance


def relevance(**changes):
    return classify(trial(**changes)).relevance


def test_relevance_over_the_labelled_records():
    counted: Counter[str] = Counter()
    wrong = []
    for row in labels("relevance"):
        found = classify(read(row["nct_id"])).relevance
        is_about, was_about = row["label"] == "about", found == "about"
        counted["right" if is_about and was_about else "missed" if is_about else "added" if was_about else "left"] += 1
        if found != row["label"]:
            wrong.append(f"{row['nct_id']}: labelled {row['label']}, read {found} ({row['reason']})")

    precision = counted["right"] / (counted["right"] + counted["added"])
    recall = counted["right"] / (counted["right"] + counted["missed"])
    f1 = 2 * precision * recall / (precision + recall)
    figures = f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}"
    sys.stdout.write(f"\nrelevance, {len(labels('relevance'))} records: {figures}\n")
    assert f1 >= 0.95, "\n".join(wrong)
    assert len(wrong) <= 0.05 * len(labels("relevance")), "\n".join(wrong)


def test_every_record_at_hand_is_labelled_once_with_a_reason():
    numbers = [row["nct_id"] for row in labels("relevance")]

    assert sorted(numbers) == sorted(all_records())
    assert all(row["reason"] for row in labels("relevance"))
    assert {row["label"] for row in labels("relevance")} == set(Relevance)


def test_tracks_of_the_labelled_records():
    for row in labels("relevance"):
        if row["track"]:
            readings = named(classify(read(row["nct_id"])), Facet.READING)
            therapeutic = readings.keys() & {Reading.EV_PRODUCT, Reading.EV_CARRIER, Reading.EV_TARGET}
            assert bool(therapeutic) == (row["track"] == "therapeutic"), row["nct_id"]
            assert (Reading.EV_MEASURED in readings) == (row["track"] == "diagnostic"), row["nct_id"]


def test_roles_of_the_labelled_records():
    for row in labels("relevance"):
        if row["roles"]:
            assert set(named(classify(read(row["nct_id"])), Facet.ROLE)) == set(row["roles"].split(";")), row["nct_id"]


@pytest.mark.parametrize("nct_id", sorted(all_records()))
def test_every_quoted_word_is_found_again(nct_id):
    record = read(nct_id)
    texts = text_of(record)

    for words in all_words(classify(record)):
        assert texts[words["field"]][words["start"] : words["end"]] == words["text"]


def test_relevance_says_why():
    for row in labels("relevance"):
        classified = classify(read(row["nct_id"]))
        assert all(words["why"] for words in classified.relevance_words)
        assert classified.relevance_words or classified.relevance == Relevance.NONE


class TestFalseFriends:
    @pytest.mark.parametrize(
        "words",
        [
            "Mutations of the RNA exosome complex (EXOSC3) in lung tumours",
            "Antibodies against the exosome (PM/Scl-75) of people with EXOSC10 disease",
            "Electric vehicle (EV) drivers and lung cancer",
            "Electric Vehicle Noise; Blood EV Level of Drivers",
            "Serum EV-A71 Antibodies in Lung Cancer",
            "Enterovirus in Lung Cancer: Circulating EV RNA and Isolated EV",
            "Plasma Levels of Cisplatin Given e.v.",
            "Blood Donors of the Lung Cancer Society e.V., once E.V.",
            "EV in Lung Cancer; EVs, Serum and Plasma",
            "PLASMA EVALUATION AND SERUM EVE IN LUNG CANCER",
            "Serum ev in lung cancer",
            "Enterovirus (EV-A71) infection during chemotherapy",
            "Enfortumab vedotin (EV) plus pembrolizumab; EV is given on days 1 and 8",
            "Screening for esophageal varices (EV)",
            "Exhaled breath particles collected by the PExA device",
            "Expanded access to osimertinib",
            "Has the patient EVer smoked? Every evaluation is eventual.",
            "Microvesicular steatosis and seminal vesicles",
            "Nab-paclitaxel, albumin microparticles",
            "Meningococcal outer membrane vesicles as vaccine",
        ],
    )
    def test_are_no_vesicles(self, words):
        assert relevance(title=words, summary=words) == Relevance.NONE

    def test_are_named_as_what_they_are(self):
        words = classify(trial(title="RNA exosome complex in lung cancer")).relevance_words

        assert words[0]["text"] == "RNA exosome"
        assert "enzyme" in words[0]["why"]

    def test_do_not_hide_real_vesicles(self):
        assert relevance(title="Plasma extracellular vesicles, not the RNA exosome, in lung cancer") == Relevance.ABOUT

    def test_a_gvhd_pathologists_apoptotic_bodies_are_no_vesicles(self):
        assert relevance(summary="Apoptotic bodies per crypt on biopsy in GVHD") == Relevance.NONE


class TestVesicles:
    @pytest.mark.parametrize(
        "words",
        [
            "exosomes", "Exosomal miR-21", "extracellular vesicles", "Extracellular-Vesicle RNA", "small EV proteins",
            "sEVs",
            "microvesicles", "tumour cell-derived microparticles", "tumor-derived microparticles", "ectosomes",
            "large oncosomes", "extracellular particles", "exLR", "plasma EVs", "iExosomes", "exoRNA",
            "apoptotic vesicles",
            "EXTRACELLULAR VESICLES", "ｅｘｏｓｏｍｅｓ", "exo\u00adsomes", "extracellular\u2011vesicles",
        ],
    )  # fmt: skip
    def test_go_by_many_names(self, words):
        assert relevance(title=f"{words} measured in lung cancer") == Relevance.ABOUT

    def test_short_forms_need_the_long_one_or_a_clear_neighbour(self):
        assert relevance(summary="EVs were counted in lung cancer") == Relevance.NONE
        found = classify(trial(title="Extracellular vesicles in lung cancer", summary="EVs are measured at baseline."))
        assert "EVs" in named(found, Facet.EV)["extracellular_vesicle"]

    @pytest.mark.parametrize(
        "words",
        [
            "Serum EVs", "Plasma EVs", "Tumour-derived EVs", "Tumor-Derived EVs", "Tumour\u2010derived EVs",
            "Urinary EVs", "Blood Cell-Derived EVs", "PLASMA EVs", "Circulating EV", "MSC-derived EVs",
            "Stem Cell-Derived EVs", "Isolated EVs", "EV RNA", "EV Proteins", "EV miRNA", "EV-Associated DNA",
            "EV-derived PD-L1",
        ],
    )  # fmt: skip
    def test_go_by_their_short_form_whatever_the_case_of_its_neighbour(self, words):
        for said in (f"{words} in Lung Cancer", f"We read a marker. {words} are measured in lung cancer."):
            found = classify(trial(title=said))
            assert found.relevance == Relevance.ABOUT
            assert any("EV" in one for one in named(found, Facet.EV)["extracellular_vesicle"])

    def test_named_in_passing_are_a_mention(self):
        passing = "Liquid biopsy such as ctDNA, CTCs and exosomes may help one day."

        assert relevance(detail=passing) == Relevance.MENTION
        assert relevance(summary=passing) == Relevance.MENTION
        listed = "Liquid biopsy (circulating tumor cells, ctDNA, exosomes) is promising and ctDNA is measured here."
        assert relevance(summary=listed) == Relevance.MENTION
        assert relevance(eligibility="Exclusion Criteria:\n\n* Earlier treatment with exosomes") == Relevance.MENTION

    def test_measured_in_an_outcome_are_what_the_trial_is_about(self):
        assert relevance(secondary=[{"measure": "Exosomal PD-L1 in plasma"}]) == Relevance.ABOUT


class TestLungCancer:
    @pytest.mark.parametrize(
        "conditions",
        [["Lung Cancer"], ["NSCLC"], ["Carcinoma, Non-Small-Cell Lung"], ["Small Cell Lung Cancer"], ["LUAD"],
         ["Neoplasms, Lung"], ["Pulmonary Nodule, Solitary"], ["Adenocarcinoma of Lung"],
         ["Breast Cancer", "Lung Cancer"],
         ["Lung tumours"], ["Pulmonary\u00a0carcinoma"]],
    )  # fmt: skip
    def test_goes_by_many_names(self, conditions):
        assert relevance(title="Exosomes", conditions=conditions) == Relevance.ABOUT

    @pytest.mark.parametrize(
        "conditions",
        [["Lung Metastases", "Osteosarcoma"], ["Pulmonary metastasis of breast cancer"], ["ARDS"], ["COVID-19"],
         ["Lung transplant"], ["Pulmonary fibrosis"], ["Prostate Cancer"]],
    )  # fmt: skip
    def test_is_not_metastasis_to_the_lung_nor_another_lung_disease(self, conditions):
        assert relevance(title="Exosomes", conditions=conditions) == Relevance.MENTION

    @pytest.mark.parametrize(
        "words",
        [
            "Metastasis of Lung Cancer", "Metastases from Lung Cancer", "Metastatic Lung Cancer",
            "Brain Metastasis of Lung Cancer", "Bone Metastases in Lung Adenocarcinoma",
            "Metastasis in Lung Squamous Cell Carcinoma", "Metastases of Lung Tumours", "Metastases, Lung Cancer",
            "Metastasis of Lung Small Cell Cancers", "Metastasis of the Lung Carcinoma",
            "Lung Metastasis of Lung Cancer", "Pulmonary Metastases of Lung Cancer",
        ],
    )  # fmt: skip
    def test_that_spreads_is_lung_cancer_still(self, words):
        for place in (
            {"title": f"Exosomes in {words}", "conditions": []},
            {"title": "Exosomes", "conditions": [words]},
        ):
            found = classify(trial(**place))
            assert found.relevance == Relevance.ABOUT
            assert not any("metastasis to the lung" in one["why"] for one in found.relevance_words)

    @pytest.mark.parametrize(
        "words",
        [
            "Lung Metastasis of Osteosarcoma", "Metastasis of the Lung; Osteosarcoma",
            "Metastases to the Lung From Sarcoma", "Metastasis to Lung of Colon Cancer",
            "Metastatic Lung Lesions of Melanoma", "Metastases in Lung Nodules",
            "Lung Metastasis Tumours", "Osteosarcoma Metastasis to the Lung. Cancer Registry",
        ],
    )  # fmt: skip
    def test_is_not_another_tumour_that_spreads_to_the_lung(self, words):
        for place in (
            {"title": f"Exosomes in {words}", "conditions": []},
            {"title": "Exosomes", "conditions": [words]},
        ):
            assert relevance(**place) == Relevance.MENTION

    def test_that_spreads_is_quoted_by_the_name_of_the_cancer(self):
        found = classify(trial(title="Exosomes in brain metastasis and metastasis of lung cancer", conditions=[]))

        assert "lung cancer" in [words["text"] for words in found.relevance_words]
        assert "lung_metastasis" not in named(found, Facet.DISEASE)
        assert named(found, Facet.DISEASE)["lung_cancer"] == ["lung cancer"]

    def test_counts_by_its_manifestation_only_where_the_record_ties_it(self):
        effusion = {"title": "Exosomes in Malignant Pleural Effusion", "conditions": ["Malignant Pleural Effusion"]}

        assert relevance(**effusion, eligibility="* Lung cancer with malignant effusion") == Relevance.ABOUT
        assert relevance(**effusion, eligibility="* Any cancer") == Relevance.MENTION
        brain = {"title": "Exosomal miRNA in Brain Metastasis", "conditions": ["Brain Metastases"]}
        assert relevance(**brain, summary="Brain metastases of non-small cell lung cancer.") == Relevance.ABOUT

    def test_does_not_count_among_the_exclusions(self):
        criteria = "Inclusion Criteria:\n\n* Malignant pleural effusion\n\nExclusion Criteria:\n\n* Lung cancer"

        found = relevance(title="Exosomes", conditions=["Malignant Pleural Effusion"], eligibility=criteria)
        assert found == Relevance.MENTION

    @pytest.mark.parametrize(
        ("title", "conditions"),
        [
            ("Exosomes for Insomnia in Patients With Lung Cancer", ["Insomnia", "Lung Cancer"]),
            ("MSC Exosomes for Radiation Pneumonitis", ["Radiation Pneumonitis", "Lung Cancer"]),
            ("Plasma Exosomes and Delirium After Lung Cancer Surgery", ["Delirium"]),
            ("Exosome Ointment Study", ["Dermatitis"]),
        ],
    )
    def test_is_not_an_unrelated_condition_of_people_who_have_it(self, title, conditions):
        found = classify(
            trial(title=title, conditions=conditions, summary="Patients with lung cancer. Exosomes are used.")
        )

        assert found.relevance == Relevance.MENTION
        assert any("unrelated condition" in words["why"] for words in found.relevance_words)

    @pytest.mark.parametrize(
        "title",
        ["Exosomes to Tell Lung Cancer From Tuberculosis", "Exosomal RNA for Lung Cancer in People With COPD",
         "Plasma Exosomes to Distinguish Pneumonia From Lung Cancer"],
    )  # fmt: skip
    def test_stays_the_disease_beside_others(self, title):
        assert relevance(title=title) == Relevance.ABOUT


def test_a_person_who_calls_a_record_relevant_gets_its_terms():
    silent = trial(title="Vesicle study", summary="Serum is collected from people with NSCLC.")

    assert classify(silent).proposals == []
    found = classify(silent, relevance=Relevance.ABOUT)
    assert found.relevance == Relevance.ABOUT
    assert "serum" in named(found, Facet.SPECIMEN)
