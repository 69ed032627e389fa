"""A publication as any source tells it: one flat, typed row, and its identifiers in one form.

Sources write the same DOI, PMID or title in many ways. Here they become one, so that two sources of one paper meet.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from typing import Any

import msgspec

from tracker.sources.ctgov_json import encode
from tracker.sources.ctgov_passages import Passage

# The columns of models.Study that a source may fill, under the same names and in its order; a test holds both together.
FIELDS = (
    "pmid",
    "pmcid",
    "doi",
    "preprint_doi",
    "other_ids",
    "title",
    "authors",
    "journal",
    "year",
    "published_given",
    "abstract",
    "keywords",
    "mesh_terms",
    "publication_types",
    "is_open_access",
    "language",
    "trial_numbers",
    "is_preprint",
    "is_retracted",
    "notices",
    "source_url",
    "read_at",
    "collection_key",
    "summary",
)


class StudyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One publication as one source tells it.

    null and [] mean that the source is silent. ``notices`` are ``{"kind", "given_on", "identifier", "url"}``;
    ``other_ids`` are identifiers beyond the columns, as ``scheme:value`` (``ppr:PPR123``, ``pmid:…`` of a preprint).
    """

    source_id: str = ""  # "MED:28553110"; "" where the source numbers nothing (a file, a person)
    pmid: str | None = None
    pmcid: str | None = None
    doi: str | None = None
    preprint_doi: str | None = None
    other_ids: tuple[str, ...] = ()
    title: str
    authors: tuple[str, ...] = ()
    journal: str | None = None
    year: int | None = None
    published_given: str | None = None  # a partial date
    abstract: str | None = None
    keywords: tuple[str, ...] = ()
    mesh_terms: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    is_open_access: bool | None = None
    language: str | None = None
    trial_numbers: tuple[str, ...] = ()
    is_preprint: bool = False
    is_retracted: bool = False
    notices: tuple[dict[str, str | None], ...] = ()
    source_url: str | None = None
    read_at: str | None = None
    collection_key: str | None = None
    summary: str | None = None

    revised: str | None = None  # the day of the source's own last revision, as given
    passages: tuple[Passage, ...] = ()
    raw: bytes = b""
    raw_hash: str = ""
    drift: tuple[str, ...] = ()

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every identifier of this publication as ``scheme:value``, the strongest first.

        One without any is known by its own words (``told:…``, of title, year and first author), so that the same row
        of a file is the same study when the file comes again.
        """
        named = (
            ("pmid", self.pmid),
            ("pmcid", self.pmcid),
            ("doi", self.doi),
            ("doi", self.preprint_doi),
            ("key", self.collection_key),
        )
        found = [f"{scheme}:{value}" for scheme, value in named if value]
        found += self.other_ids
        if not found:
            words = "|".join(
                (_folded(self.title), str(self.year or ""), _folded(self.authors[0]) if self.authors else "")
            )
            found = [f"told:{hashlib.sha256(words.encode()).hexdigest()[:32]}"]
        return tuple(dict.fromkeys(found))


def study_record(
    *, title: str, raw: bytes | None = None, raw_hash: str = "", drift: tuple[str, ...] = (), **told: Any
) -> StudyRecord:
    """A record of these values, with its passages, its bytes and its hash.

    Without ``raw`` its bytes are the values themselves as JSON, from which ``told_again`` makes the record once more:
    so that what a file or a person told is kept whole too. Values are cleaned by the functions of this module first;
    this one changes nothing in them.
    """
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    record = StudyRecord(title=title, passages=passages(title=title, **values), drift=drift, **values)
    if raw is None:
        said = {name: value for name in FIELDS if (value := getattr(record, name)) not in (None, (), False)}
        raw = encode({**said, "source_id": record.source_id, "revised": record.revised})
    return msgspec.structs.replace(record, raw=raw, raw_hash=raw_hash or hashlib.sha256(raw).hexdigest())


def told_again(raw: bytes) -> StudyRecord:
    """The record of these bytes, where they are the values themselves (a file's row, a person's entry)."""
    told = msgspec.json.decode(raw, type=StudyRecord)
    values = {name: getattr(told, name) for name in (*FIELDS, "source_id", "revised") if name != "title"}
    return study_record(title=told.title, raw=raw, **values)


def passages(
    *,
    title: str,
    abstract: str | None = None,
    keywords: tuple[str, ...] = (),
    mesh_terms: tuple[str, ...] = (),
    **_: object,
) -> tuple[Passage, ...]:
    """The record's text, piece by piece, each under the name that annotations quote it by."""
    found = [Passage("title", title)]
    if abstract:
        found.append(Passage("abstract", abstract))
    found += [Passage(f"keywords.{at}", text) for at, text in enumerate(keywords)]
    found += [Passage(f"mesh_terms.{at}", text) for at, text in enumerate(mesh_terms)]
    return tuple(found)


# --- identifiers ---------------------------------------------------------------------------------------------------

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_RESOLVER = re.compile(r"^(?:https?://)?(?:dx\.|www\.)?doi\.org/|^doi\s*:?\s*", re.IGNORECASE)
_NCT = re.compile(r"(?<![A-Za-z0-9])NCT[ -]?(\d{8})(?!\d)", re.IGNORECASE)
_CLOSING = {")": "(", "]": "[", ">": "<", "}": "{"}


def doi_of(given: object) -> str | None:
    """This DOI in lower case, without a resolver before it or a sentence's end behind it; None where it is none.

    DOIs are compared without regard to case (DOI Handbook, 2.4).

    >>> doi_of("https://doi.org/10.2147/IJN.S131516.")
    '10.2147/ijn.s131516'
    """
    text = html.unescape(str(given or "")).strip()
    text = _RESOLVER.sub("", _RESOLVER.sub("", text)).strip().lower()
    while text and (text[-1] in ".,;:'\"" or (text[-1] in _CLOSING and _CLOSING[text[-1]] not in text)):
        text = text[:-1]
    return text if len(text) <= 300 and _DOI.fullmatch(text) else None


def pmid_of(given: object) -> str | None:
    """This PubMed number as digits; None where it is none."""
    text = re.sub(r"^(?:PMID|PubMed)\s*:?\s*|\.0$", "", str(given or "").strip(), flags=re.IGNORECASE).strip()
    text = text.lstrip("0") if text.isascii() and text.isdecimal() else ""
    return text if 0 < len(text) <= 9 else None


def pmcid_of(given: object) -> str | None:
    """This PubMed Central number as PMC and digits, without a version; None where it is none."""
    found = re.fullmatch(
        r"(?:PMCID\s*:?\s*)?(?:PMC)?0*([1-9]\d{0,8})(?:\.\d+)?", str(given or "").strip(), re.IGNORECASE
    )
    return f"PMC{found[1]}" if found else None


def nct_numbers(*texts: str) -> list[str]:
    """The registry numbers that these texts name, each once, in order."""
    return list(dict.fromkeys(f"NCT{number}" for text in texts for number in _NCT.findall(text)))


# --- text ----------------------------------------------------------------------------------------------------------

# What follows a tag's name inside its brackets: attributes, so that "a<b and c>d" is no tag.
_REST = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?>"
_INLINE = re.compile(
    r"</?(?:i|b|em|strong|sub|sup|u|s|small|big|span|font|a|tt|code|sc|italic|bold|underline|named-content|mml:[a-z]+)"
    + _REST,
    re.IGNORECASE,
)
_HEADING = re.compile(r"<(h[1-6]|title|label)" + _REST + r"(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(
    r"</?(?:p|br|div|h[1-6]|title|label|sec|abstract|section|ul|ol|li|table|tr|td|th|tbody|thead|hr|dl|dt|dd)" + _REST,
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


def plain(given: str) -> str:
    """This text without its HTML and entities, on one line; what only looks like a tag (``p < 0.05``) stays.

    Headings of a structured abstract stay as words before a colon.

    >>> plain("<h4>Methods</h4>CO<sub>2</sub> at p &lt; 0.05, n&gt;3")
    'Methods: CO2 at p < 0.05, n>3'
    """
    text = given
    if "<" in text or "&" in text:
        # Some records carry their mark-up escaped once more; twice is enough for all that were seen.
        text = _untagged(html.unescape(_untagged(text)))
    return " ".join(text.split())


def _untagged(text: str) -> str:
    if "<" not in text:
        return text
    text = _SCRIPT.sub(" ", text)
    text = _HEADING.sub(lambda found: f" {_INLINE.sub('', found[2]).strip().rstrip(':')}: ", text)
    return _INLINE.sub("", _BLOCK.sub(" ", text))


def title_key(title: str) -> str:
    """The title folded for comparison: letters and digits alone, lower case, without marks on letters.

    "" for a title too short to tell papers apart ("Reply", "Erratum").

    >>> title_key("Exosomal miR‐21, in NSCLC: a Study of Serum")
    'exosomalmir21innsclcastudyofserum'
    """
    key = _folded(title)
    return key[:300] if len(key) >= 25 else ""


def _folded(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text).casefold() if sign.isalnum())
