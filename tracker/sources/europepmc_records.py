"""Europe PMC records (REST search, ``resultType=core``), read into one flat, typed row each.

``read_study`` takes one element of ``resultList.result`` as the service or a file gave it. What a file of another
kind tells of a publication becomes the same row by ``study_record``. Names of authors are kept, since they are how a
paper is cited; their addresses, affiliations and identifiers are not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from tracker.sources import europepmc_result as api
from tracker.sources.bibliography import StudyRecord, doi_of, nct_numbers, plain, pmcid_of, pmid_of, study_record
from tracker.sources.ctgov_contacts import scrubbed
from tracker.sources.ctgov_json import NotJson, encode, parsed
from tracker.sources.ctgov_passages import Passage
from tracker.sources.ctgov_records import Unreadable
from tracker.terms import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Passage", "StudyRecord", "Unreadable", "read_study", "study_record"]

# What the service says of the notices that stand for or against a paper ("… in": this paper has one; "… of" and
# "… for" stand on the notice's own record and say nothing against that).
_NOTICES = {
    "retraction in": NoticeKind.RETRACTION,
    "retracted and republished in": NoticeKind.RETRACTION,
    "partial retraction in": NoticeKind.CORRECTION,
    "erratum in": NoticeKind.CORRECTION,
    "corrected and republished in": NoticeKind.CORRECTION,
    "republished in": NoticeKind.CORRECTION,
    "expression of concern in": NoticeKind.CONCERN,
}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DOI_IN_TEXT = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+", re.IGNORECASE)
# Where the service lists accession numbers of data banks, trial registries among them.
_DATA_BANKS = ("dataBankList", "databankList", "dbCrossReferenceList", "accessionList")


def read_study(raw: bytes | bytearray | memoryview | msgspec.Raw) -> StudyRecord:
    """One record, read from the JSON of one result.

    Unknown fields are counted in ``drift`` and otherwise pass. Raises Unreadable where the bytes are not JSON, the
    record has no id or no title, or a field that is read has a value of the wrong type; its ``nct_id`` is then the
    record's ``SOURCE:id`` where that is readable.
    """
    given = bytes(raw)
    try:
        document, notes = parsed(given)
    except NotJson as error:
        raise Unreadable(nct_id="", reason=str(error), raw=scrubbed(given)) from None
    if not isinstance(document, dict):
        raise Unreadable(nct_id="", reason="It is not a JSON object, so it is no publication.", raw=scrubbed(given))
    api.forget_people(document)
    try:
        result = msgspec.convert(document, api.Result)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        place = where.strip("`").removeprefix("$.") or "its top"
        _refuse(document, f"The field {place} is not as Europe PMC describes it: {what}.")
    if not result.id or not result.source:
        _refuse(document, "It has no id or no source, so it cannot be told from others.")
    title = plain(result.title or "").removesuffix(".").strip()
    if not title:
        _refuse(document, "It has no title.")
    return _record(result, document, title, notes)


def _record(result: api.Result, document: dict[str, Any], title: str, notes: list[str]) -> StudyRecord:
    kinds = [kind for kind in (plain(given) for given in (result.pub_type_list or api.PubTypes()).pub_type) if kind]
    folded = {kind.lower() for kind in kinds}
    is_preprint = result.source == "PPR" or "preprint" in folded
    links = (result.comment_correction_list or api.Corrections()).comment_correction
    notices = [notice for link in links if (notice := _notice(link))]
    pmid, doi = pmid_of(result.pmid or (result.id if result.source == "MED" else None)), doi_of(result.doi)
    paper, preprint_id, preprint_doi = _other_half(links, is_preprint=is_preprint)
    # PubMed and PubMed Central number their records in columns; of the smaller sources the number stands beside.
    others = [] if result.source in {"MED", "PMC"} else [f"{str(result.source).lower()}:{result.id}"]
    versions = (result.version_list or api.Versions()).version
    others += [f"ppr:{version.id}" for version in versions if version.source == "PPR" and version.id]
    if preprint_id:
        others.append(f"ppr:{preprint_id}")
    if is_preprint:
        # The paper's number is the study's; the preprint's own DOI stays beside it.
        if paper and pmid and paper != pmid:
            others.append(f"pmid:{pmid}")
        pmid, doi, preprint_doi = paper or pmid, None, doi
    abstract = plain(result.abstract_text or "") or None
    keywords = [text for text in (plain(given) for given in (result.keyword_list or api.Keywords()).keyword) if text]
    info = result.journal_info or api.JournalInfo()
    book = result.book_or_report_details or api.Book()
    journal = plain((info.journal.title if info.journal else None) or book.publisher or "") or None
    canonical, state = api.canonical(document)
    return study_record(
        source_id=f"{result.source}:{result.id}",
        pmid=pmid,
        pmcid=pmcid_of(result.pmcid or (result.id if result.source == "PMC" else None)),
        doi=doi,
        preprint_doi=preprint_doi,
        other_ids=list(dict.fromkeys(others)),
        title=title,
        authors=_authors(result),
        journal=journal,
        year=_year(result.pub_year, result.first_publication_date),
        published_given=_date(result.first_publication_date) or _date(result.pub_year),
        abstract=abstract,
        keywords=keywords,
        mesh_terms=[
            name
            for heading in (result.mesh_heading_list or api.MeshHeadings()).mesh_heading
            if (name := plain(heading.descriptor_name or ""))
        ],
        publication_types=kinds,
        is_open_access={"Y": True, "N": False}.get(result.is_open_access or ""),
        language=(plain(result.language or "") or None),
        trial_numbers=nct_numbers(title, abstract or "", *keywords, *_banks(document)),
        is_preprint=is_preprint,
        is_retracted="retracted publication" in folded
        or any(notice["kind"] == NoticeKind.RETRACTION.value for notice in notices),
        notices=notices,
        revised=_date(result.date_of_revision),
        raw=canonical,
        raw_hash=state,
        drift=(*notes, *api.drift(document)),
    )


def _other_half(links: list[api.Correction], *, is_preprint: bool) -> tuple[str | None, str | None, str | None]:
    """What the record says of its other half: the paper's PMID, the preprint's id, the preprint's DOI.

    Europe PMC links the two by "Preprint of" and "Preprint in"; PubMed's own preprints say "Update in".
    """
    paper = preprint_id = preprint_doi = None
    for link in links:
        kind = (link.type or "").strip().lower()
        if is_preprint and kind in {"preprint of", "update in"} and link.source == "MED":
            paper = paper or pmid_of(link.id)
        if not is_preprint and kind == "preprint in":
            preprint_id = preprint_id or (link.id if link.source == "PPR" else None)
            if found := _DOI_IN_TEXT.search(link.reference or ""):
                preprint_doi = preprint_doi or doi_of(found[0])
    return paper, preprint_id, preprint_doi


def _notice(link: api.Correction) -> dict[str, str | None] | None:
    kind = _NOTICES.get((link.type or "").strip().lower())
    if kind is None:
        return None
    year = _YEAR.search(link.reference or "")
    doi = _DOI_IN_TEXT.search(link.reference or "")
    number = pmid_of(link.id) if (link.source or "MED") == "MED" else None
    identifier = f"PMID {number}" if number else doi_of(doi[0]) if doi else None
    address = f"https://europepmc.org/article/{link.source or 'MED'}/{link.id}" if link.id else None
    return {
        "kind": kind.value,
        "given_on": year[0] if year else None,
        "identifier": identifier or link.id,
        "url": address,
    }


def _authors(result: api.Result) -> list[str]:
    listed = (result.author_list or api.Authors()).author
    names = [plain(author.full_name or author.collective_name or "") for author in listed]
    if not names and result.author_string:
        names = [name.strip() for name in plain(result.author_string).removesuffix(".").split(",")]
    return [name for name in names if name]


def _year(given: str | int | None, published: str | None) -> int | None:
    found = _YEAR.fullmatch(str(given or "").strip()) or _YEAR.match(published or "")
    return int(found[0]) if found else None


def _date(given: str | int | None) -> str | None:
    """A date or a part of one as it was given; anything else is none."""
    text = str(given or "").strip()
    return text if re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", text) else None


def _banks(document: dict[str, Any]) -> Iterator[str]:
    for name in _DATA_BANKS:
        if name in document:
            yield encode(document[name]).decode()


def _refuse(document: dict[str, Any], reason: str) -> NoReturn:
    source, number = document.get("source"), document.get("id")
    place = f"{source}:{number}" if isinstance(source, str) and isinstance(number, str) else ""
    raise Unreadable(nct_id=place[:40], reason=reason, raw=encode(document)) from None
