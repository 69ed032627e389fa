"""Personal data in registry records: taken out before a record is hashed, packed, shown or set aside.

Records name contacts with telephone numbers and e-mail addresses, officials and investigators. The tracker needs none
of them. Fields that hold people are removed; institutions stay. What authors wrote about people in free text (a
summary that gives an address) is left as it stands at the registry, since text must be kept whole to be quoted.
"""

from __future__ import annotations

import re
from typing import Any

# Fields whose value is about a person, wherever in a record they stand.
PERSONAL = frozenset(
    {
        "centralContacts",
        "overallOfficials",
        "contacts",
        "pointOfContact",
        "investigatorFullName",
        "investigatorTitle",
        "oldNameTitle",
        "email",
        "phone",
        "phoneExt",
    }
)

# For bytes that are not whole JSON, where fields can only be guessed at.
_TEXT = rb'"(?:[^"\\]|\\.)*"?'
_FIELD = re.compile(
    rb'("(?:investigatorFullName|investigatorTitle|oldNameTitle|phone|phoneExt|email)"\s*:\s*)'
    + _TEXT
    # an official or a contact, told from a sponsor or an intervention by the field that follows
    + rb'|("name"\s*:\s*)"(?:[^"\\]|\\.)*"(?=\s*,\s*"(?:affiliation|role|phone|email)")'
    + rb'|("title"\s*:\s*)"(?:[^"\\]|\\.)*"(?=\s*,\s*"organization")'
)
_EMAIL = re.compile(rb"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
EMAIL = re.compile(_EMAIL.pattern.decode())
_PHONE = re.compile(
    rb"(?<![\w.+-])(?:"
    rb"\+\d{1,3}[ ()/-]{0,2}\d(?:[ ()/-]{0,2}\d){5,14}"  # +86 21 5678 1234
    rb"|\(?\d{2,4}\)?[ /-]\d{3,4}[ -]?\d{3,4}"  # (555) 555-1234, 010-12345678
    rb"|\d{3}\.\d{3}\.\d{4}"
    rb"|\d{10,15}"  # 13812345678; shorter runs are PubMed numbers and counts
    rb")(?![\w-])"
)


def forget_people(study: Any) -> None:
    """Take the people out of a record read into the struct of the whole study, at the places that the API gives them.

    ``study`` is of ``ctgov_schema.strict_study``; a record that fits it holds people nowhere else.
    """
    protocol = study.protocol_section
    if protocol is not None:
        contacts = protocol.contacts_locations_module
        if contacts is not None:
            contacts.central_contacts = contacts.overall_officials = None
            for location in contacts.locations or ():
                location.contacts = None
        sponsors = protocol.sponsor_collaborators_module
        party = sponsors and sponsors.responsible_party
        if party is not None:
            party.investigator_full_name = party.investigator_title = party.old_name_title = None
    results = study.results_section
    more = results and results.more_info_module
    if more is not None:
        more.point_of_contact = None


def without_people_anywhere(value: Any) -> None:
    """Take the fields that hold people out of any decoded JSON, in place, wherever they stand.

    For records that do not fit the registry's description: a module that moved must not bring its people in.
    """
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            for field in PERSONAL & inner.keys():
                del inner[field]
            waiting.extend(inner.values())
        elif isinstance(inner, list):
            waiting.extend(inner)


def scrubbed(raw: bytes) -> bytes:
    """Bytes that do not parse, with what looks like people's names, e-mail addresses and telephone numbers blanked.

    What is kept is for finding out why the record could not be read.
    """
    named = _FIELD.sub(lambda match: (match[1] or match[2] or match[3]) + b'"[removed]"', raw)
    return _PHONE.sub(b"[removed]", _EMAIL.sub(b"[removed]", named))
