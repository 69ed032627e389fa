"""ClinicalTrials.gov records, read into one flat, typed row each.

``read_record`` takes a record as the registry or a file gave it and returns everything the tracker keeps of it:
the columns of a trial, the passages of its text, the canonical bytes without personal data, and their hash.
``read_page`` takes one page of the registry's answer apart without reading the records in it.
"""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003 - msgspec resolves a struct's annotations when asked about it
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, cast

import msgspec

from tracker.dates import PartialDate
from tracker.sources import ctgov_study as api
from tracker.sources.ctgov_contacts import forget_people, scrubbed, without_people, without_people_anywhere
from tracker.sources.ctgov_json import NotJson, canonical, canonical_struct, encode, parsed
from tracker.sources.ctgov_pages import Page, read_page
from tracker.sources.ctgov_passages import Passage, passages
from tracker.sources.ctgov_schema import drift, strict_study
from tracker.sources.ctgov_text import plain
from tracker.sources.session import Garbled
from tracker.terms import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Garbled",
    "Page",
    "Passage",
    "TrialRecord",
    "Unreadable",
    "filled",
    "nct_number",
    "read_page",
    "read_record",
]

#: what a JSON column holds: small objects, each with the same keys, None where the record is silent
Rows = list[dict[str, str | None]]


class Unreadable(Exception):
    """A record that cannot be read; nothing of it is lost.

    ``nct_id`` is its number, or "" where that is not readable; ``reason`` one sentence that says where and what;
    ``raw`` the record without personal data where it parses, else the bytes as they came, scrubbed.
    """

    def __init__(self, *, nct_id: str, reason: str, raw: bytes) -> None:
        super().__init__(f"{nct_id or 'A record without a readable number'}: {reason}")
        self.nct_id = nct_id
        self.reason = reason
        self.raw = raw


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
_NUMBER_FIELD = re.compile(rb'"nctId"\s*:\s*"([A-Za-z]{3}\d{1,30})"')
_partial = lru_cache(maxsize=8192)(PartialDate.read)


def nct_number(given: object) -> str | None:
    """This NCT number as the registry writes it (``NCT00841061``), or None where it is none.

    The registry takes any case and any number of leading zeros (OpenAPI document, ``/studies/{nctId}``).
    """
    match = _NUMBER.match(given) if isinstance(given, str) else None
    return f"NCT{int(match[1]):08d}" if match else None


def read_record(raw: bytes | bytearray | memoryview | msgspec.Raw, *, origin: Origin) -> TrialRecord:
    """One record, read from the JSON of one study in the API's shape.

    Unknown fields and enum values are counted in ``drift`` and otherwise pass; absent modules are absent. Raises
    Unreadable where the bytes are not JSON, the NCT number is missing, or a field that is read has a value of the wrong
    type: such a record is better set aside whole, and replayed, than stored with a hole.
    """
    given = bytes(raw)
    return _whole(given, origin) or _piecemeal(given, origin)


def _whole(given: bytes, origin: Origin) -> TrialRecord | None:
    """A record that fits the registry's description to the last field, as nearly all do: one pass of compiled code.

    None for any other, which ``_piecemeal`` reads to the same bytes and the same hash, or refuses with its reason.
    """
    if b"\\u0000" in given:
        return None
    try:
        study = _decode_strict()(given)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    protocol = study.protocol_section
    nct_id = nct_number(protocol and protocol.identification_module and protocol.identification_module.nct_id)
    if nct_id is None:
        return None
    forget_people(study)
    written, state_hash = canonical_struct(study)
    return _row(study, nct_id=nct_id, origin=origin, written=written, state_hash=state_hash, noted=())


@cache
def _decode_strict() -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(strict_study()).decode


def _piecemeal(given: bytes, origin: Origin) -> TrialRecord:
    try:
        document, notes = parsed(given)
    except NotJson as error:
        _refuse_bytes(given, str(error))
    if not isinstance(document, dict):
        _refuse(document, f"It is {_kind(document)}, not a study; a study is a JSON object with a protocolSection.")
    without_people(document)
    try:
        study = cast("api.Study", msgspec.convert(document, strict_study()))
    except (msgspec.ValidationError, RecursionError):
        notes += drift(document)
        study = _tolerant(document)
    named = ((study.protocol_section or api.Protocol()).identification_module or api.Identification()).nct_id
    nct_id = nct_number(named)
    if nct_id is None:
        what = "is missing" if named is None else f"is {named[:40]!r}"
        field = "protocolSection.identificationModule.nctId"
        _refuse(document, f"Its number ({field}) {what}; a number is NCT and up to eight digits.")
    try:
        written, state_hash = canonical(document)
    except RecursionError:
        _refuse(document, "It is nested too deep to be written out again.")
    return _row(study, nct_id=nct_id, origin=origin, written=written, state_hash=state_hash, noted=notes)


def _tolerant(document: dict[str, Any]) -> api.Study:
    """The study, read past what the registry's document does not describe."""
    without_people_anywhere(document)
    try:
        return msgspec.convert(document, api.Study)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        place = where.strip("`").removeprefix("$.") or "its top"
        _refuse(document, f"The field {place} is not as the registry describes it: {what}.")


def _kind(value: object) -> str:
    names = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false"}
    return names.get(type(value), "null")


def _refuse(document: Any, reason: str) -> NoReturn:
    """Raise Unreadable for JSON that parses."""
    without_people_anywhere(document)
    number = None
    if isinstance(document, dict):
        protocol = document.get("protocolSection")
        identification = protocol.get("identificationModule") if isinstance(protocol, dict) else None
        number = nct_number(identification.get("nctId")) if isinstance(identification, dict) else None
    try:
        raw = encode(document)
    except RecursionError:
        raw = scrubbed(repr(document)[:100_000].encode())
    raise Unreadable(nct_id=number or "", reason=reason, raw=raw) from None


def _refuse_bytes(given: bytes, reason: str) -> NoReturn:
    """Raise Unreadable for bytes that do not parse."""
    match = _NUMBER_FIELD.search(given)
    number = nct_number(match[1].decode()) if match else None
    raise Unreadable(nct_id=number or "", reason=reason, raw=scrubbed(given)) from None


def filled(record: TrialRecord) -> tuple[str, ...]:
    """The stored fields that this record fills, in order; ``False`` and ``0`` fill a field, "" and [] do not.

    A run counts them: a registry that answers records without their fields is seen by the fall of their shares.
    """
    columns = [name for name in _FILLABLE if getattr(record, name) not in _EMPTY]
    return (*columns, *sorted({passage.field for passage in record.passages} & _LONG_TEXTS))


_EMPTY: tuple[object, ...] = (None, "", [])
_LONG_TEXTS = frozenset({"detailed_description", "eligibility"})  # stored in the record alone, not in a column
_NOT_FROM_FIELDS = ("nct_id", "aliases", "origin", "is_partial", "passages", "raw", "raw_hash", "drift")
_FILLABLE = tuple(name for name in TrialRecord.__struct_fields__ if name not in _NOT_FROM_FIELDS)


# --- what a record says, column by column ------------------------------------------------------------------------


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


def _row(
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
                "facility": _text(site.facility),
                "city": _text(site.city),
                "state": _text(site.state),
                "country": _text(site.country),
            }
            for site in places
        ],
        countries=sorted({plain(site.country) for site in places or () if site.country}),
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
