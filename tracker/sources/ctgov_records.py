"""ClinicalTrials.gov records, read into one flat, typed row each.

``read_record`` takes a record as the registry or a file gave it and returns everything the tracker keeps of it:
the columns of a trial, the passages of its text, the canonical bytes without personal data, and their hash.
``read_page`` takes one page of the registry's answer apart without reading the records in it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from tracker.sources import ctgov_study as api
from tracker.sources.ctgov_contacts import forget_people, scrubbed, without_people_anywhere
from tracker.sources.ctgov_json import NotJson, canonical, canonical_struct, encode, parsed
from tracker.sources.ctgov_pages import Page, read_page
from tracker.sources.ctgov_passages import Passage
from tracker.sources.ctgov_schema import drift, strict_study
from tracker.sources.ctgov_trial import TrialRecord, nct_number, trial_of
from tracker.sources.session import Garbled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker.terms import Origin

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


_NUMBER_FIELD = re.compile(rb'"nctId"\s*:\s*"([A-Za-z]{3}\d{1,30})"')


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
    if b"0000" in given and b"\\u0000" in given:  # the first is found twice as fast, and is seldom there
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
    return trial_of(study, nct_id=nct_id, origin=origin, written=written, state_hash=state_hash, noted=())


@cache
def _decode_strict() -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(strict_study()).decode


def _piecemeal(given: bytes, origin: Origin) -> TrialRecord:
    """Any record, field by field: mended where PostgreSQL could not store it, what is new in it noted."""
    try:
        document, notes = parsed(given)
    except NotJson as error:
        _refuse_bytes(given, str(error))
    if not isinstance(document, dict):
        _refuse(document, f"It is {_kind(document)}, not a study; a study is a JSON object with a protocolSection.")
    notes += drift(document)
    without_people_anywhere(document)
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
    return trial_of(study, nct_id=nct_id, origin=origin, written=written, state_hash=state_hash, noted=notes)


def _tolerant(document: dict[str, Any]) -> api.Study:
    """The study, read past what the registry's document does not describe."""
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
