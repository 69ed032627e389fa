"""The part of a Europe PMC result that is read, as typed structs, and the result in its canonical form.

Names and shapes after the service's documentation (Articles RESTful API, ``resultType=core``). Unknown fields pass.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from tracker.sources.ctgov_contacts import EMAIL
from tracker.sources.ctgov_json import encode


class _Part(msgspec.Struct, rename="camel", gc=False):
    """A part of the result; everything in it may be absent."""


class Author(_Part):
    full_name: str | None = None
    collective_name: str | None = None


class Authors(_Part):
    author: list[Author] = []


class Journal(_Part):
    title: str | None = None


class JournalInfo(_Part):
    journal: Journal | None = None


class Book(_Part):
    publisher: str | None = None


class MeshHeading(_Part):
    descriptor_name: str | None = None


class MeshHeadings(_Part):
    mesh_heading: list[MeshHeading] = []


class Keywords(_Part):
    keyword: list[str] = []


class PubTypes(_Part):
    pub_type: list[str] = []


class Correction(_Part):
    """A link to a notice about the paper, or to its other half. ``reference`` is a citation in words."""

    id: str | None = None
    source: str | None = None
    type: str | None = None
    reference: str | None = None


class Corrections(_Part):
    comment_correction: list[Correction] = []


class Version(_Part):
    id: str | None = None
    source: str | None = None


class Versions(_Part):
    """The versions of a preprint, each a record of its own."""

    version: list[Version] = []


class Result(_Part):
    id: str | None = None
    source: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    doi: str | None = None
    title: str | None = None
    author_string: str | None = None
    author_list: Authors | None = None
    journal_info: JournalInfo | None = None
    book_or_report_details: Book | None = None
    pub_year: str | int | None = None
    first_publication_date: str | None = None
    date_of_revision: str | None = None
    abstract_text: str | None = None
    mesh_heading_list: MeshHeadings | None = None
    keyword_list: Keywords | None = None
    pub_type_list: PubTypes | None = None
    comment_correction_list: Corrections | None = None
    version_list: Versions | None = None
    is_open_access: str | None = None
    language: str | None = None


# Every field that the documentation names or that was seen; another one is counted as drift.
_KNOWN_FIELDS = """
    id source pmid pmcid doi title authorString authorList authorIdList dataLinksTagsList journalInfo pubYear
    pageInfo abstractText affiliation publicationStatus language pubModel pubTypeList grantsList meshHeadingList
    keywordList chemicalList subsetList fullTextUrlList fullTextIdList isOpenAccess inEPMC inPMC hasPDF hasBook
    hasSuppl citedByCount hasData hasReferences hasTextMinedTerms hasDbCrossReferences dbCrossReferenceList
    hasLabsLinks license authMan epmcAuthMan nihAuthMan hasTMAccessionNumbers tmAccessionTypeList dateOfCompletion
    dateOfCreation firstIndexDate fullTextReceivedDate dateOfRevision electronicPublicationDate firstPublicationDate
    commentCorrectionList bookOrReportDetails patentDetails investigatorList embargoDate manuscriptId versionNumber
    versionList hasEvaluations dataBankList databankList accessionList symbol reviewList pubType journalTitle issue
    journalVolume journalIssn bookid
"""
# What changes without news of the paper: counts and flags of the service, and the days of its own bookkeeping.
_PASSING_FIELDS = """
    citedByCount hasReferences hasTextMinedTerms hasDbCrossReferences hasLabsLinks hasTMAccessionNumbers
    tmAccessionTypeList hasEvaluations hasData hasSuppl hasPDF inEPMC inPMC dateOfRevision firstIndexDate
    fullTextReceivedDate dateOfCompletion fullTextUrlList fullTextIdList dataLinksTagsList subsetList
"""
_KNOWN, _PASSING = frozenset(_KNOWN_FIELDS.split()), frozenset(_PASSING_FIELDS.split())
_ABOUT_PEOPLE = ("affiliation", "authorIdList", "investigatorList", "grantsList")
_NAMES = frozenset({"fullName", "firstName", "lastName", "initials", "collectiveName"})


def drift(document: dict[str, Any]) -> tuple[str, ...]:
    """What the result holds that the documentation does not name."""
    return tuple(f"field {name[:80]}" for name in sorted(document.keys() - _KNOWN))


def forget_people(document: dict[str, Any]) -> None:
    """Take out, in place, what tells more of a person than the name under which the work is cited."""
    for name in _ABOUT_PEOPLE:
        document.pop(name, None)
    listed = document.get("authorList")
    if isinstance(listed, dict) and isinstance(listed.get("author"), list):
        listed["author"] = [
            {name: value for name, value in author.items() if name in _NAMES} if isinstance(author, dict) else author
            for author in listed["author"]
        ]
    for name, value in document.items():
        document[name] = _without_addresses(value)


def _without_addresses(value: Any) -> Any:
    if isinstance(value, str):
        return EMAIL.sub("[address removed]", value) if "@" in value else value
    if isinstance(value, dict):
        return {name: _without_addresses(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_addresses(inner) for inner in value]
    return value


def canonical(document: dict[str, Any]) -> tuple[bytes, str]:
    """The result as JSON with sorted keys and without nulls, and the SHA-256 of its state.

    Counts of citations and the service's own dates change without news, so they stay in the bytes and out of the hash.
    """
    kept = {name: value for name, value in document.items() if value is not None}
    state = {name: value for name, value in kept.items() if name not in _PASSING}
    return encode(kept), hashlib.sha256(encode(state)).hexdigest()
