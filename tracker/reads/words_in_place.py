"""A record's own text with the words that annotations rest on, each found again where it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tracker import terms
from tracker.classify import lexicon

from .wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tracker.models import Annotation
    from tracker.sources.ctgov_passages import Passage

# Which style of underline a facet has. Six styles can be told apart on paper; the key names what each stands for.
STYLES: dict[str, tuple[str, str]] = {
    terms.Facet.EV: ("ev", "extracellular vesicles and their source"),
    terms.Facet.EV_SOURCE: ("ev", "extracellular vesicles and their source"),
    terms.Facet.DISEASE: ("dz", "disease"),
    terms.Facet.HISTOLOGY: ("dz", "disease"),
    terms.Facet.SPECIMEN: ("sp", "specimen, isolation, handling"),
    terms.Facet.ISOLATION: ("sp", "specimen, isolation, handling"),
    terms.Facet.CHARACTERISATION: ("sp", "specimen, isolation, handling"),
    terms.Facet.CARGO: ("cg", "cargo, mechanism"),
    terms.Facet.MECHANISM: ("cg", "cargo, mechanism"),
    terms.Facet.ROLE: ("rl", "role, reason for stopping"),
    terms.Facet.STOP_REASON: ("rl", "role, reason for stopping"),
    terms.Facet.READING: ("rd", "reading of the design"),
}
_ORDER = {facet: place for place, facet in enumerate(STYLES)}

_FIELD_WORDS = {
    "title": "Title",
    "abstract": "Abstract",
    "summary": "Summary",
    "stated": "As stated",
    "mesh_terms": "MeSH term",
    "brief_title": "Title",
    "official_title": "Official title",
    "acronym": "Acronym",
    "conditions": "Condition",
    "keywords": "Keyword",
    "interventions": "Intervention",
    "arms": "Arm or group",
    "primary_outcomes": "Primary outcome",
    "secondary_outcomes": "Secondary outcome",
    "other_outcomes": "Other outcome",
    "brief_summary": "Summary",
    "detailed_description": "Detailed description",
    "eligibility": "Eligibility",
    "study_population": "Study population",
    "bio_spec": "Specimens kept",
    "why_stopped": "Why it stopped",
}
# What a reader sees at once; the rest is folded.
_OPEN = (
    "abstract",
    "official_title",
    "conditions",
    "why_stopped",
    "brief_summary",
    "interventions",
    "primary_outcomes",
)


@dataclass(frozen=True, slots=True)
class NotedWords:
    """Words that something else than an annotation rests on, such as a fact read in a study, to be marked like one."""

    facet: str
    term: str
    words: Sequence[Mapping[str, Any]]
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``style`` is "" for plain text, ``title`` says which terms rest on it and who says so.

    ``by_person`` where a person decided at least one of them.
    """

    text: str
    style: str = ""
    title: str = ""
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class MarkedPassage:
    """One passage of the record under the name it is quoted by."""

    field: str
    words: str  # "Primary outcome 1, measure"
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def marked(self) -> int:
        return sum(1 for piece in self.pieces if piece.style)


@dataclass(frozen=True, slots=True)
class Chapter:
    """The passages of one kind, such as all primary outcomes."""

    heading: str
    passages: tuple[MarkedPassage, ...]
    is_open: bool

    @property
    def marked(self) -> int:
        return sum(passage.marked for passage in self.passages)


def field_words(field: str) -> str:
    """``Primary outcome 1, measure`` for ``primary_outcomes.0.measure``; ``Summary`` for ``brief_summary``."""
    parts = field.split(".")
    if parts[0] == "stated" and len(parts) > 1:
        return sentence(f"{parts[1].replace('_', ' ')}, as stated")
    words = _FIELD_WORDS.get(parts[0], sentence(parts[0].replace("_", " ")))
    if len(parts) > 1 and parts[1].isdigit():
        words += f" {int(parts[1]) + 1}"
    if len(parts) > 2:
        words += ", " + parts[2].replace("_", " ")
    return words


def origin_words(origin: str) -> str:
    """Where a fact was read, in words: ``Design info: allocation`` for ``designInfo.allocation``; quotations stay."""
    return "; ".join(_origin_part(part) for part in re.split(r"; (?![^“]*”)", origin))


def _origin_part(part: str) -> str:
    path, space, words = part.partition(" ")
    if path.split(".")[0] in _FIELD_WORDS:
        return field_words(path) + space + words
    if not re.fullmatch(r"[a-z]+[A-Z][A-Za-z]*(\.[A-Za-z]+)*", path):
        return part
    names = [_spaced(name.removesuffix("Module").removesuffix("Struct")) for name in path.split(".")]
    return sentence(": ".join(names)) + space + words


def _spaced(name: str) -> str:
    """``studyFirstSubmitDate`` as ``study first submit date``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def marked(passages: Iterable[Passage], annotations: Iterable[Annotation | NotedWords]) -> tuple[MarkedPassage, ...]:
    """Every passage with the words of the annotations that stand; rejected ones leave the text alone.

    Words that are not found at their place any more (the annotation is of an older state) are left unmarked.
    """
    spans: dict[str, list[tuple[int, int, Annotation | NotedWords]]] = {}
    for annotation in annotations:
        if annotation.state == terms.AnnotationState.REJECTED:
            continue
        for words in annotation.words:
            spans.setdefault(words["field"], []).append((words["start"], words["end"], annotation))
    texts: dict[str, str] = {}
    for passage in passages:
        texts.setdefault(passage.field, passage.text)
    return tuple(
        MarkedPassage(field, field_words(field), _pieces(text, spans.get(field, []))) for field, text in texts.items()
    )


def _pieces(text: str, spans: Sequence[tuple[int, int, Annotation | NotedWords]]) -> tuple[Piece, ...]:
    standing = [
        (start, end, annotation)
        for start, end, annotation in spans
        if 0 <= start < end <= len(text)
        and any(
            words["start"] == start and words["end"] == end and words["text"] == text[start:end]
            for words in annotation.words
        )
    ]
    edges = sorted({0, len(text), *(s for s, _, _ in standing), *(e for _, e, _ in standing)})
    pieces: list[Piece] = []
    for start, end in pairwise(edges):
        over = [annotation for s, e, annotation in standing if s <= start and end <= e]
        pieces.append(_piece(text[start:end], over))
    return tuple(pieces)


def _piece(text: str, over: list[Annotation | NotedWords]) -> Piece:
    if not over:
        return Piece(text)
    over.sort(key=lambda annotation: (_ORDER.get(annotation.facet, 99), annotation.term))
    told = dict.fromkeys(f"{facet_words(a.facet)}: {term_words(a.facet, a.term)}, {who_says(a)}" for a in over)
    style = STYLES.get(over[0].facet, ("rd", ""))[0]
    return Piece(text, style, "; ".join(told), any(a.state == terms.AnnotationState.ACCEPTED for a in over))


def facet_words(facet: str) -> str:
    known = terms.Facet.read(facet)
    return known.label if known else facet


def term_words(facet: str, term: str) -> str:
    """The words of a term: its label in its closed vocabulary or the lexicon; one that neither holds, as it stands."""
    vocabulary: dict[str, type[terms.Term]] = {
        terms.Facet.ROLE: terms.Role,
        terms.Facet.READING: terms.Reading,
        terms.Facet.STOP_REASON: terms.StopClass,
    }
    known = vocabulary[facet].read(term) if facet in vocabulary else None
    return known.label if known else _lexicon_labels().get((facet, term)) or term.replace("_", " ")


@cache
def _lexicon_labels() -> dict[tuple[str, str], str]:
    return {(entry.facet, entry.id): entry.label for entry in lexicon.load().entries}


def who_says(annotation: Annotation | NotedWords) -> str:
    """``proposed by rule``, or ``accepted by J. Doe, 2026-02-03``."""
    if isinstance(annotation, NotedWords):
        return annotation.said
    if annotation.state == terms.AnnotationState.PROPOSED:
        return "proposed by rule"
    name = (
        annotation.decided_by.get_full_name() or annotation.decided_by.get_username() if annotation.decided_by else ""
    )
    day = f", {annotation.decided:%Y-%m-%d}" if annotation.decided else ""
    return f"{annotation.get_state_display()} by {name or 'a person'}{day}"


def chapters(passages: Iterable[MarkedPassage]) -> tuple[Chapter, ...]:
    """The passages by kind, in the record's order; the brief title heads the page and stands here only when marked."""
    grouped: dict[str, list[MarkedPassage]] = {}
    for passage in passages:
        grouped.setdefault(passage.field.split(".")[0], []).append(passage)
    for title in ("brief_title", "title"):
        if title in grouped and not any(passage.marked for passage in grouped[title]):
            del grouped[title]
    made = [
        Chapter(_heading(kind, found), tuple(found), kind in _OPEN or kind in ("brief_title", "title"))
        for kind, found in grouped.items()
    ]
    return tuple(sorted(made, key=lambda chapter: not chapter.is_open))


def _heading(kind: str, found: Sequence[MarkedPassage]) -> str:
    words = _FIELD_WORDS.get(kind, sentence(kind.replace("_", " ")))
    several = len({passage.field.split(".")[1] for passage in found if "." in passage.field}) > 1
    if not several:
        return words
    return {"Arm or group": "Arms or groups"}.get(words, f"{words}s")


def styles_used(passages: Iterable[MarkedPassage]) -> tuple[tuple[str, str], ...]:
    """The styles of underline that occur, with what each stands for, for the key above the text."""
    used = {piece.style for passage in passages for piece in passage.pieces if piece.style}
    return tuple(dict.fromkeys(pair for pair in STYLES.values() if pair[0] in used))


def relevance_words(words: Iterable[Mapping[str, object]]) -> tuple[tuple[str, str, str], ...]:
    """What relevance rests on: (where, the words, why), each once."""
    told = ((field_words(str(w.get("field", ""))), str(w.get("text", "")), str(w.get("why", "") or "")) for w in words)
    return tuple(dict.fromkeys(told))
