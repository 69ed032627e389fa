"""A trial as a record tells it: one flat, typed row, column by column.

Absence is kept apart from "no" and from zero: a column is None where the record is silent.
"""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003 - msgspec resolves a struct's annotations when asked about it
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from tracker.dates import PartialDate
from tracker.sources import ctgov_study as api
from tracker.sources.ctgov_passages import Passage, passages
from tracker.sources.ctgov_text import plain
from tracker.terms import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

#: what a JSON column holds: small objects, each with the same keys, None where the record is silent
Rows = list[dict[str, str | None]]


class TrialRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record, read. Attributes named as the columns of ``Trial`` hold those columns' values."""

    nct_id: str
    aliases: tuple[str, ...]
    org_study_id: str | None
    secondary_ids: list[str]
    brief_title: str | None
    official_title: str | None
    acronym: str | None

    overall_status: str | None
    last_known_status: str | None
    why_stopped: str | None
    status_verified_given: str | None
    start_given: str | None
    start_type: str | None
    start_date: date | None
    primary_completion_given: str | None
    primary_completion_type: str | None
    completion_given: str | None
    completion_type: str | None
    first_submit_date: date | None
    first_post_date: date | None
    last_update_submit_date: date | None
    last_update_post_date: date | None
    results_first_post_date: date | None
    has_results: bool | None

    lead_sponsor: str | None
    lead_sponsor_class: str | None
    collaborators: Rows

    study_type: str | None
    phases: list[str] | None
    allocation: str | None
    intervention_model: str | None
    primary_purpose: str | None
    masking: str | None
    who_masked: list[str]
    observational_model: str | None
    time_perspective: str | None
    sampling_method: str | None
    enrollment_count: int | None
    enrollment_type: str | None
    healthy_volunteers: bool | None
    sex: str | None
    minimum_age: str | None
    maximum_age: str | None

    conditions: list[str]
    keywords: list[str]
    mesh_terms: list[str]
    arms: Rows | None
    interventions: Rows
    primary_outcomes: Rows
    secondary_outcomes: Rows
    sites: Rows | None
    countries: list[str]
    references: Rows
    documents: list[dict[str, str | bool | None]]
    ipd_sharing: str | None

    origin: Origin
    is_partial: bool
    registry_version: date | None

    brief_summary: str | None
    passages: tuple[Passage, ...]
    raw: bytes
    raw_hash: str
    drift: tuple[str, ...]


_NUMBER = re.compile(r"[Nn][Cc][Tt]0*([1-9]\d{0,7})\Z", re.ASCII)
_partial = lru_cache(maxsize=8192)(PartialDate.read)


def nct_number(given: object) -> str | None:
    """This NCT number as the registry writes it (``NCT00841061``), or None where it is none.

    The registry takes any case and any number of leading zeros (OpenAPI document, ``/studies/{nctId}``).
    """
    match = _NUMBER.match(given) if isinstance(given, str) else None
    return f"NCT{int(match[1]):08d}" if match else None


class _Notes(dict[str, None]):
    """Drift met on the way, each note once, in order."""

    def day(self, given: str | None, field: str) -> date | None:
        """A whole date, or None where the text is no date or names no day (both are drift where a day is promised)."""
        if given is None:
            return None
        read = _partial(given)
        if read is None or not read.has_day:
            self[f"date {field}"] = None
            return None
        return read.first

    def first_day(self, given: str | None, field: str) -> date | None:
        """The first day of a partial date."""
        if given is None:
            return None
        read = _partial(given)
        if read is None:
            self[f"date {field}"] = None
            return None
        return read.first


def trial_of(
    study: api.Study,
    *,
    nct_id: str,
    origin: Origin,
    written: bytes,
    state_hash: str,
    noted: Iterable[str],
) -> TrialRecord:
    notes = _Notes()
    notes.update(dict.fromkeys(noted))
    protocol = study.protocol_section or api.Protocol()
    identification = protocol.identification_module or api.Identification()
    status = protocol.status_module or api.StatusModule()
    sponsors = protocol.sponsor_collaborators_module or api.SponsorCollaborators()
    lead = sponsors.lead_sponsor or api.Agency()
    description = protocol.description_module or api.Description()
    topics = protocol.conditions_module or api.Conditions()
    design = protocol.design_module or api.Design()
    info = design.design_info or api.DesignInfo()
    masking = info.masking_info or api.MaskingInfo()
    enrollment = design.enrollment_info or api.EnrollmentInfo()
    arms = protocol.arms_interventions_module or api.ArmsInterventions()
    outcomes = protocol.outcomes_module or api.Outcomes()
    eligibility = protocol.eligibility_module or api.Eligibility()
    places = (protocol.contacts_locations_module or api.ContactsLocations()).locations
    derived = study.derived_section or api.Derived()
    attached = (study.document_section or api.DocumentSection()).large_document_module or api.LargeDocuments()
    start = status.start_date_struct or api.NO_DATE
    primary_completion = status.primary_completion_date_struct or api.NO_DATE
    completion = status.completion_date_struct or api.NO_DATE
    notes.first_day(status.status_verified_date, "statusModule.statusVerifiedDate")
    notes.first_day(primary_completion.date, "statusModule.primaryCompletionDateStruct.date")
    notes.first_day(completion.date, "statusModule.completionDateStruct.date")
    copied = notes.day((derived.misc_info_module or api.MiscInfo()).version_holder, "miscInfoModule.versionHolder")
    return TrialRecord(
        nct_id=nct_id,
        aliases=_aliases(identification, nct_id, notes),
        org_study_id=_text((identification.org_study_id_info or api.OrgStudyId()).id),
        secondary_ids=_texts([other.id for other in identification.secondary_id_infos or ()]),
        brief_title=_text(identification.brief_title),
        official_title=_text(identification.official_title),
        acronym=_text(identification.acronym),
        overall_status=status.overall_status or None,
        last_known_status=status.last_known_status or None,
        why_stopped=_text(status.why_stopped),
        status_verified_given=status.status_verified_date or None,
        start_given=start.date or None,
        start_type=start.type or None,
        start_date=notes.first_day(start.date, "statusModule.startDateStruct.date"),
        primary_completion_given=primary_completion.date or None,
        primary_completion_type=primary_completion.type or None,
        completion_given=completion.date or None,
        completion_type=completion.type or None,
        first_submit_date=notes.day(status.study_first_submit_date, "statusModule.studyFirstSubmitDate"),
        first_post_date=notes.day(
            (status.study_first_post_date_struct or api.NO_DATE).date, "statusModule.studyFirstPostDateStruct.date"
        ),
        last_update_submit_date=notes.day(status.last_update_submit_date, "statusModule.lastUpdateSubmitDate"),
        last_update_post_date=notes.day(
            (status.last_update_post_date_struct or api.NO_DATE).date, "statusModule.lastUpdatePostDateStruct.date"
        ),
        results_first_post_date=notes.day(
            (status.results_first_post_date_struct or api.NO_DATE).date, "statusModule.resultsFirstPostDateStruct.date"
        ),
        has_results=study.has_results,
        lead_sponsor=_text(lead.name),
        lead_sponsor_class=lead.class_ or None,
        collaborators=[{"name": _text(one.name), "class": one.class_} for one in sponsors.collaborators or ()],
        study_type=design.study_type or None,
        phases=design.phases,
        allocation=info.allocation or None,
        intervention_model=info.intervention_model or None,
        primary_purpose=info.primary_purpose or None,
        masking=masking.masking or None,
        who_masked=masking.who_masked or [],
        observational_model=info.observational_model or None,
        time_perspective=info.time_perspective or None,
        sampling_method=eligibility.sampling_method or None,
        enrollment_count=enrollment.count,
        enrollment_type=enrollment.type or None,
        healthy_volunteers=eligibility.healthy_volunteers,
        sex=eligibility.sex or None,
        minimum_age=eligibility.minimum_age or None,
        maximum_age=eligibility.maximum_age or None,
        conditions=_texts(topics.conditions or ()),
        keywords=_texts(topics.keywords or ()),
        mesh_terms=_mesh(derived),
        arms=None
        if arms.arm_groups is None
        else [{"label": _text(arm.label), "type": arm.type} for arm in arms.arm_groups],
        interventions=[{"type": one.type, "name": _text(one.name)} for one in arms.interventions or ()],
        primary_outcomes=_outcomes(outcomes.primary_outcomes),
        secondary_outcomes=_outcomes(outcomes.secondary_outcomes),
        sites=None
        if places is None
        else [
            {
                "facility": _place(site.facility),
                "city": _place(site.city),
                "state": _place(site.state),
                "country": _place(site.country),
            }
            for site in places
        ],
        countries=sorted(_texts({site.country for site in places or ()})),
        references=[
            {"pmid": one.pmid or None, "type": one.type, "citation": _text(one.citation)}
            for one in (protocol.references_module or api.References()).references or ()
        ],
        documents=[
            {
                "label": _text(one.label),
                "has_protocol": one.has_protocol,
                "has_sap": one.has_sap,
                "has_icf": one.has_icf,
                "date": one.date or None,
            }
            for one in attached.large_docs or ()
        ],
        ipd_sharing=(protocol.ipd_sharing_statement_module or api.IpdSharingStatement()).ipd_sharing or None,
        origin=origin,
        is_partial=origin == Origin.TRANSCRIBED or (origin == Origin.FILE and copied is None),
        # a transcribed record carries the date of its last update there, which is no version of the data
        registry_version=None if origin == Origin.TRANSCRIBED else copied,
        brief_summary=_text(description.brief_summary),
        passages=tuple(passages(protocol)),
        raw=written,
        raw_hash=state_hash,
        drift=tuple(notes),
    )


def _text(given: str | None) -> str | None:
    return plain(given) if given else None


# A record names dozens of places, and the same few thousand come again in all of them.
_place = lru_cache(maxsize=16384)(_text)


def _texts(given: Iterable[str | None]) -> list[str]:
    return [plain(text) for text in given if text]


def _outcomes(given: list[api.Outcome] | None) -> Rows:
    return [{"measure": _text(one.measure), "time_frame": _text(one.time_frame)} for one in given or ()]


def _mesh(derived: api.Derived) -> list[str]:
    """Terms the registry assigned to conditions, then to interventions, each once."""
    browses = (derived.condition_browse_module, derived.intervention_browse_module)
    return list(dict.fromkeys(mesh.term for browse in browses if browse for mesh in browse.meshes or () if mesh.term))


def _aliases(identification: api.Identification, nct_id: str, notes: _Notes) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for given in identification.nct_id_aliases or ():
        number = nct_number(given)
        if number is None:
            notes[f"alias {given[:40]}"] = None
        elif number != nct_id:
            found[number] = None
    return tuple(found)
