"""The part of a ClinicalTrials.gov record that columns and passages are read from, as typed structs.

Field names and nesting follow the API's study (OpenAPI document 2.0.5); ``msgspec`` turns ``nct_id`` into ``nctId``.
Every field may be absent (None). Fields not named here are skipped, and enum values are plain strings, so that what
the registry adds never fails a record. A value of the wrong type does fail it, with the path of the field.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

# PostgreSQL's bigint. The registry's own mark for "not known" is 99999999 and passes, as given.
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Part(Struct, rename="camel", gc=False):
    """Any part of a record. No cycles, so the collector need not follow it."""


class OrgStudyId(Part):
    id: str | None = None


class SecondaryId(Part):
    id: str | None = None


class Identification(Part):
    nct_id: str | None = None
    nct_id_aliases: list[str] | None = None
    org_study_id_info: OrgStudyId | None = None
    secondary_id_infos: list[SecondaryId] | None = None
    brief_title: str | None = None
    official_title: str | None = None
    acronym: str | None = None


class TypedDate(Part):
    date: str | None = None
    type: str | None = None


NO_DATE = TypedDate()


class StatusModule(Part):
    status_verified_date: str | None = None
    overall_status: str | None = None
    last_known_status: str | None = None
    why_stopped: str | None = None
    start_date_struct: TypedDate | None = None
    primary_completion_date_struct: TypedDate | None = None
    completion_date_struct: TypedDate | None = None
    study_first_submit_date: str | None = None
    study_first_post_date_struct: TypedDate | None = None
    results_first_post_date_struct: TypedDate | None = None
    last_update_submit_date: str | None = None
    last_update_post_date_struct: TypedDate | None = None


class Agency(Part):
    name: str | None = None
    class_: str | None = msgspec.field(default=None, name="class")


class SponsorCollaborators(Part):
    lead_sponsor: Agency | None = None
    collaborators: list[Agency] | None = None


class Description(Part):
    brief_summary: str | None = None
    detailed_description: str | None = None


class Conditions(Part):
    conditions: list[str] | None = None
    keywords: list[str] | None = None


class MaskingInfo(Part):
    masking: str | None = None
    who_masked: list[str] | None = None


class DesignInfo(Part):
    allocation: str | None = None
    intervention_model: str | None = None
    primary_purpose: str | None = None
    observational_model: str | None = None
    time_perspective: str | None = None
    masking_info: MaskingInfo | None = None


class BioSpec(Part):
    description: str | None = None


class EnrollmentInfo(Part):
    count: Count | None = None
    type: str | None = None


class Design(Part):
    study_type: str | None = None
    phases: list[str] | None = None
    design_info: DesignInfo | None = None
    bio_spec: BioSpec | None = None
    enrollment_info: EnrollmentInfo | None = None


class ArmGroup(Part):
    label: str | None = None
    type: str | None = None
    description: str | None = None


class Intervention(Part):
    type: str | None = None
    name: str | None = None
    description: str | None = None
    other_names: list[str] | None = None


class ArmsInterventions(Part):
    arm_groups: list[ArmGroup] | None = None
    interventions: list[Intervention] | None = None


class Outcome(Part):
    measure: str | None = None
    description: str | None = None
    time_frame: str | None = None


class Outcomes(Part):
    primary_outcomes: list[Outcome] | None = None
    secondary_outcomes: list[Outcome] | None = None
    other_outcomes: list[Outcome] | None = None


class Eligibility(Part):
    eligibility_criteria: str | None = None
    healthy_volunteers: bool | None = None
    sex: str | None = None
    minimum_age: str | None = None
    maximum_age: str | None = None
    study_population: str | None = None
    sampling_method: str | None = None


class Location(Part):
    facility: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None


class ContactsLocations(Part):
    locations: list[Location] | None = None


class Reference(Part):
    pmid: str | None = None
    type: str | None = None
    citation: str | None = None


class References(Part):
    references: list[Reference] | None = None


class IpdSharingStatement(Part):
    ipd_sharing: str | None = None


class Protocol(Part):
    identification_module: Identification | None = None
    status_module: StatusModule | None = None
    sponsor_collaborators_module: SponsorCollaborators | None = None
    description_module: Description | None = None
    conditions_module: Conditions | None = None
    design_module: Design | None = None
    arms_interventions_module: ArmsInterventions | None = None
    outcomes_module: Outcomes | None = None
    eligibility_module: Eligibility | None = None
    contacts_locations_module: ContactsLocations | None = None
    references_module: References | None = None
    ipd_sharing_statement_module: IpdSharingStatement | None = None


class LargeDocument(Part):
    has_protocol: bool | None = None
    has_sap: bool | None = None
    has_icf: bool | None = None
    label: str | None = None
    date: str | None = None


class LargeDocuments(Part):
    large_docs: list[LargeDocument] | None = None


class DocumentSection(Part):
    large_document_module: LargeDocuments | None = None


class MiscInfo(Part):
    version_holder: str | None = None


class Mesh(Part):
    term: str | None = None


class Browse(Part):
    meshes: list[Mesh] | None = None


class Derived(Part):
    misc_info_module: MiscInfo | None = None
    condition_browse_module: Browse | None = None
    intervention_browse_module: Browse | None = None


class Study(Part):
    protocol_section: Protocol | None = None
    document_section: DocumentSection | None = None
    derived_section: Derived | None = None
    has_results: bool | None = None
