"""Reading records: every quirk measured on real ones has a test over a real one, or the least change of one."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.records import MISSING, altered, real, record, transcribed
from tracker.dates import PartialDate
from tracker.sources.ctgov_records import TrialRecord, filled, nct_number, read_record
from tracker.terms import Origin, Phase, Status

EV_TRIAL = "NCT07376512"  # EVpredict, observational, Dijon
IDENTIFICATION = "protocolSection.identificationModule"
STATUS = "protocolSection.statusModule"
DESIGN = "protocolSection.designModule"


def read(raw: bytes, origin: Origin = Origin.REGISTRY) -> TrialRecord:
    return read_record(raw, origin=origin)


def passages(raw: bytes) -> dict[str, str]:
    return dict(read(raw).passages)


def test_every_real_record_reads() -> None:
    records = [read(raw) for raw in real()]

    assert len(records) == 184
    assert all(one.brief_title and one.overall_status and one.study_type and one.raw_hash for one in records)
    # what these copies hold that the document 2.0.5 does not describe
    assert {note for one in records for note in one.drift} == {
        "field protocolSection.contactsLocationsModule.locations_nested",
        "field derivedSection.miscInfoModule.modelPredictions",
    }


def test_every_transcribed_record_reads_and_is_partial() -> None:
    records = [read(raw, Origin.TRANSCRIBED) for raw in transcribed()]

    assert len(records) == 22
    assert all(one.is_partial and one.registry_version is None and one.drift == () for one in records)


def test_the_columns_of_a_record() -> None:
    trial = read(record(EV_TRIAL))

    assert trial.nct_id == EV_TRIAL
    assert trial.org_study_id == "2025-A01783-46"
    assert trial.acronym == "EVpredict"
    assert trial.overall_status == Status.NOT_YET_RECRUITING
    assert (trial.start_given, trial.start_type, trial.start_date) == ("2026-03-01", "ESTIMATED", date(2026, 3, 1))
    assert (trial.completion_given, trial.completion_type) == ("2030-03-01", "ESTIMATED")
    assert (trial.primary_completion_given, trial.primary_completion_type) == ("2029-03-01", "ESTIMATED")
    assert trial.first_submit_date == date(2026, 1, 22)
    assert trial.first_post_date == trial.last_update_post_date == date(2026, 1, 29)
    assert trial.has_results is False
    assert (trial.lead_sponsor, trial.lead_sponsor_class) == ("Centre Georges Francois Leclerc", "OTHER")
    assert (trial.observational_model, trial.time_perspective) == ("COHORT", "PROSPECTIVE")
    assert (trial.enrollment_count, trial.enrollment_type) == (378, "ESTIMATED")
    assert trial.healthy_volunteers is False
    assert (trial.sex, trial.minimum_age, trial.maximum_age) == ("ALL", "18 Years", None)
    assert trial.sampling_method == "NON_PROBABILITY_SAMPLE"
    assert trial.conditions == ["Non-Small Cell Lung Cancer", "Melanoma (Skin Cancer)"]
    assert trial.mesh_terms == ["Carcinoma, Non-Small-Cell Lung", "Melanoma"]
    assert trial.arms == [{"label": "Advanced NSCLC or Melanoma - Anti-PD-(L)1 Therapy", "type": None}]
    assert trial.primary_outcomes[0]["time_frame"] == "6 months from treatment initiation"
    assert trial.sites is not None
    assert trial.sites[2] == {
        "facility": "Centre Georges-François Leclerc",
        "city": "Dijon",
        "state": None,
        "country": "France",
    }
    assert trial.countries == ["France"]
    assert trial.ipd_sharing == "NO"
    assert trial.registry_version == date(2026, 3, 13)
    assert trial.brief_summary is not None
    assert trial.brief_summary.startswith("The objective of this prospective multicenter study")


def test_the_columns_that_only_other_records_fill() -> None:
    finished = read(record("NCT02475213"))

    assert set(read(record("NCT01562210")).collaborators[0]) == {"name", "class"}
    assert finished.interventions[0]["type"] == "BIOLOGICAL"
    assert finished.documents[0]["has_protocol"] is True
    assert finished.results_first_post_date is not None
    assert finished.has_results is True
    assert finished.masking == "NONE"
    assert read(record("NCT03447678")).references[0]["type"] in {"BACKGROUND", "RESULT", "DERIVED"}
    masked = next(one for one in map(read, real()) if one.who_masked)
    assert set(masked.who_masked) <= {"PARTICIPANT", "CARE_PROVIDER", "INVESTIGATOR", "OUTCOMES_ASSESSOR"}


def test_each_text_stands_under_its_name() -> None:
    texts = passages(record(EV_TRIAL))

    assert list(texts)[:5] == ["brief_title", "official_title", "acronym", "conditions.0", "conditions.1"]
    assert texts["primary_outcomes.0.measure"].startswith("Target protein levels in plasma-derived extracellular")
    assert texts["arms.0.label"] == "Advanced NSCLC or Melanoma - Anti-PD-(L)1 Therapy"
    assert texts["eligibility"].startswith("Inclusion Criteria:\n\n* Age ≥18 years.")
    assert {"detailed_description", "study_population", "brief_summary", "keywords.0"} <= set(texts)


def test_every_kind_of_passage_is_met_in_real_records() -> None:
    kinds = {
        ".".join(part for part in field.split(".") if not part.isdigit())
        for raw in real()
        for field, _ in read(raw).passages
    }

    outcomes = {
        f"{kind}_outcomes.{part}" for kind in ("primary", "secondary", "other") for part in ("measure", "description")
    }
    assert kinds == outcomes | {
        "brief_title",
        "official_title",
        "acronym",
        "conditions",
        "keywords",
        "interventions.name",
        "interventions.description",
        "interventions.other_names",
        "arms.label",
        "arms.description",
        "brief_summary",
        "detailed_description",
        "eligibility",
        "study_population",
        "bio_spec",
        "why_stopped",
    }


def test_no_passage_is_empty_and_none_comes_twice() -> None:
    for raw in real() + transcribed():
        fields = [field for field, text in read(raw).passages if text]
        assert len(fields) == len(set(fields)) == len(read(raw).passages)


def test_a_partial_date_is_kept_as_given() -> None:
    trial = read(record("NCT00576225"))

    assert trial.start_given is not None
    assert len(trial.start_given) == 7
    assert trial.start_date == PartialDate.read(trial.start_given).first
    assert read(altered(record(EV_TRIAL), {f"{STATUS}.startDateStruct.date": "2026"})).start_date == date(2026, 1, 1)


def test_a_verification_date_with_a_day_is_kept_too() -> None:
    # 8 of 1,774 records name a day where the others name a month
    trial = read(altered(record(EV_TRIAL), {f"{STATUS}.statusVerifiedDate": "2006-03-17"}))

    assert trial.status_verified_given == "2006-03-17"
    assert trial.drift == ()


def test_a_start_date_without_type_is_of_no_type() -> None:
    assert read(record("NCT00777179")).start_type is None


def test_missing_dates_are_missing() -> None:
    changes = {
        f"{STATUS}.{field}": MISSING
        for field in ("startDateStruct", "completionDateStruct", "primaryCompletionDateStruct")
    }

    trial = read(altered(record(EV_TRIAL), changes))

    assert trial.start_given is trial.start_date is trial.completion_given is trial.primary_completion_given is None
    assert trial.drift == ()


def test_a_text_where_a_date_should_be_is_kept_and_noted() -> None:
    trial = read(
        altered(
            record(EV_TRIAL), {f"{STATUS}.startDateStruct.date": "soon", f"{STATUS}.lastUpdateSubmitDate": "2026-13-01"}
        )
    )

    assert (trial.start_given, trial.start_date, trial.last_update_submit_date) == ("soon", None, None)
    assert trial.drift == ("date statusModule.startDateStruct.date", "date statusModule.lastUpdateSubmitDate")


def test_a_posting_date_without_a_day_is_no_day() -> None:
    trial = read(altered(record(EV_TRIAL), {f"{STATUS}.lastUpdatePostDateStruct.date": "2026-01"}))

    assert trial.last_update_post_date is None
    assert trial.drift == ("date statusModule.lastUpdatePostDateStruct.date",)


def test_an_observational_study_has_no_phases() -> None:
    observational = [one for one in map(read, real()) if one.study_type == "OBSERVATIONAL"]

    assert len(observational) == 25
    assert all(one.phases is None and one.allocation is None and one.primary_purpose is None for one in observational)


def test_an_intervention_without_phase_says_na() -> None:
    assert read(record("NCT02315053")).phases == [Phase.NA]


def test_a_trial_may_be_in_two_phases() -> None:
    assert read(record("NCT02175381")).phases == [Phase.PHASE1, Phase.PHASE2]


def test_absent_enrolment_is_not_zero() -> None:
    assert read(record("NCT01100827")).enrollment_count is None


def test_a_withdrawn_trial_enrolled_nobody() -> None:
    trial = read(record("NCT00576225"))

    assert (trial.overall_status, trial.enrollment_count) == (Status.WITHDRAWN, 0)


def test_enrolment_without_type() -> None:
    trial = read(altered(record(EV_TRIAL), {f"{DESIGN}.enrollmentInfo": {"count": 30}}))

    assert (trial.enrollment_count, trial.enrollment_type) == (30, None)


def test_the_sentinel_for_unknown_enrolment_is_kept_as_given() -> None:
    trial = read(altered(record(EV_TRIAL), {f"{DESIGN}.enrollmentInfo.count": 99999999}))

    assert trial.enrollment_count == 99999999


def test_unknown_status_carries_the_last_known_one() -> None:
    unknown = [one for one in map(read, real()) if one.overall_status == Status.UNKNOWN]

    assert len(unknown) == 31
    assert all(one.last_known_status for one in unknown)


def test_why_a_trial_stopped_is_a_column_and_a_passage() -> None:
    trial = read(record("NCT02179567"))

    assert trial.why_stopped
    assert dict(trial.passages)["why_stopped"] == trial.why_stopped


@pytest.mark.parametrize(
    ("nct_id", "column", "value"),
    [
        ("NCT03609918", "arms", None),  # no arms module
        ("NCT03486119", "arms", None),  # an arms module without groups
        ("NCT07376512", "interventions", []),  # a biomarker cohort
        ("NCT01100827", "primary_outcomes", []),  # no outcomes module
        ("NCT02385136", "sites", None),  # no contacts and locations
        ("NCT02283021", "sites", None),  # contacts without locations
        ("NCT01100827", "official_title", None),
        ("NCT00576225", "references", []),
        ("NCT00576225", "ipd_sharing", None),
        ("NCT00576225", "documents", []),
    ],
)
def test_what_a_record_does_not_hold(nct_id: str, column: str, value: object) -> None:
    trial = read(record(nct_id))

    assert getattr(trial, column) == value
    assert trial.drift == ()


def test_an_empty_list_given_is_not_silence() -> None:
    given = altered(
        record(EV_TRIAL),
        {
            "protocolSection.contactsLocationsModule.locations": [],
            "protocolSection.armsInterventionsModule": {"armGroups": []},
        },
    )

    assert (read(given).sites, read(given).arms) == ([], [])


def test_results_and_their_section_go_together() -> None:
    for raw in real():
        assert read(raw).has_results is ("resultsSection" in json.loads(raw))


def test_absent_has_results_is_not_no() -> None:
    assert read(record("NCT03830619"), Origin.TRANSCRIBED).has_results is None


def test_a_withheld_study_reads_with_almost_nothing_in_it() -> None:
    withheld = {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT00000123"},
            "statusModule": {"overallStatus": "WITHHELD"},
        },
        "hasResults": False,
    }

    trial = read(json.dumps(withheld).encode())

    assert (trial.overall_status, trial.brief_title, trial.study_type, trial.drift) == ("WITHHELD", None, None, ())
    assert trial.passages == ()


def test_expanded_access_reads() -> None:
    raw = altered(
        record("NCT05693090"),
        {
            f"{STATUS}.overallStatus": "AVAILABLE",
            f"{DESIGN}": {"studyType": "EXPANDED_ACCESS", "expandedAccessTypes": {"individual": True}},
        },
    )

    trial = read(raw)

    assert (trial.overall_status, trial.study_type, trial.phases, trial.enrollment_count, trial.drift) == (
        "AVAILABLE",
        "EXPANDED_ACCESS",
        None,
        None,
        (),
    )


def test_numbers_that_were_folded_into_a_record_are_its_aliases() -> None:
    raw = altered(
        record(EV_TRIAL),
        {f"{IDENTIFICATION}.nctIdAliases": ["NCT03419455", "nct03419455", EV_TRIAL, "NCT3419456", "?"]},
    )

    trial = read(raw)

    assert trial.aliases == ("NCT03419455", "NCT03419456")
    assert trial.drift == ("alias ?",)


@pytest.mark.parametrize("given", ["nct7376512", "NCT07376512", "Nct0007376512"])
def test_a_number_is_written_as_the_registry_writes_it(given: str) -> None:
    assert read(altered(record(EV_TRIAL), {f"{IDENTIFICATION}.nctId": given})).nct_id == EV_TRIAL


@pytest.mark.parametrize(
    "given", ["", "NCT", "NCT00000000", "NCT123456789", "NCT1234567x", "12345678", None, 1, "NCT٣"]
)
def test_what_is_no_number(given: object) -> None:
    assert nct_number(given) is None


def test_countries_are_named_once_in_order() -> None:
    abroad = [one for one in map(read, real()) if len(one.countries) > 1]

    assert len(abroad) > 20
    assert all(one.countries == sorted(set(one.countries)) for one in abroad)


def test_mesh_terms_of_conditions_come_before_those_of_interventions() -> None:
    raw = next(one for one in real() if {"conditionBrowseModule", "interventionBrowseModule"} <= set(derived(one)))

    terms = read(raw).mesh_terms

    assert terms[0] == derived(raw)["conditionBrowseModule"]["meshes"][0]["term"]
    assert terms[-1] == derived(raw)["interventionBrowseModule"]["meshes"][-1]["term"]
    assert len(terms) == len(set(terms))


def derived(raw: bytes) -> dict[str, Any]:
    return json.loads(raw)["derivedSection"]


# --- origin --------------------------------------------------------------------------------------------------------

HOLDER = "derivedSection.miscInfoModule.versionHolder"


@pytest.mark.parametrize(
    ("origin", "holder", "partial", "version"),
    [
        (Origin.REGISTRY, "2026-03-13", False, date(2026, 3, 13)),
        (Origin.REGISTRY, MISSING, False, None),
        (Origin.FILE, "2026-03-13", False, date(2026, 3, 13)),
        (Origin.FILE, MISSING, True, None),
        (Origin.FILE, "yesterday", True, None),
        (Origin.TRANSCRIBED, "2026-03-13", True, None),
        (Origin.TRANSCRIBED, MISSING, True, None),
    ],
)
def test_a_copy_is_partial_by_where_it_came_from(
    origin: Origin, holder: object, partial: bool, version: date | None
) -> None:
    trial = read(altered(record(EV_TRIAL), {HOLDER: holder}), origin)

    assert (trial.origin, trial.is_partial, trial.registry_version) == (origin, partial, version)


# --- what a record fills -------------------------------------------------------------------------------------------


def test_filled_names_the_fields_that_hold_something() -> None:
    fields = filled(read(record(EV_TRIAL)))

    assert {"conditions", "sites", "primary_outcomes", "arms", "eligibility", "detailed_description"} <= set(fields)
    assert "has_results" in fields  # false is an answer
    assert not {"interventions", "collaborators", "phases", "raw", "passages", "origin"} & set(fields)


def test_zero_fills_a_field_and_an_empty_list_does_not() -> None:
    assert "enrollment_count" in filled(read(record("NCT00576225")))
    emptied = altered(record(EV_TRIAL), {"protocolSection.contactsLocationsModule.locations": []})
    assert "sites" not in filled(read(emptied))


def test_fields_dropped_by_the_registry_are_no_longer_filled() -> None:
    dropped = altered(
        record(EV_TRIAL),
        {"protocolSection.conditionsModule": MISSING, "protocolSection.outcomesModule": MISSING},
    )

    lost = set(filled(read(record(EV_TRIAL)))) - set(filled(read(dropped)))

    assert lost == {"conditions", "keywords", "primary_outcomes"}
