"""The lexicon, read from its file and refused when it is wrong.

``load`` returns rules in the lexicon's own words; how they are looked for is matcher.py's business. The syntax of a
word is described at the head of lexicon.toml.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

from tracker.classify.folding import fold
from tracker.terms import Facet, Reading, Role, StopClass

PATH = Path(__file__).with_name("lexicon.toml")

#: what else must be true of a hit: see matcher.Text.stands
NEEDS = ("ev", "sample", "measured", "therapy")
DISEASE_KINDS = ("lung", "to_lung", "manifestation", "generic", "other_tumour", "unrelated")
_CONDITIONS = ("near", "not_near", "before", "not_before", "after", "not_after")
_KNOWN_KEYS = {"words", "fields", "not_fields", "within", "needs", "part", *_CONDITIONS}
_TERM_KEYS = {"facet", "id", "label", "source", "mesh", "ncit", "kind", "annotate", "why", "when"}
_MESH = re.compile(r"D\d{6}(\d{3})?\Z")
_NCIT = re.compile(r"C\d{3,7}\Z")
_MOST_WORDS = 6000  # one entry; more is a slip of the braces, and the automaton would grow past its memory


class LexiconError(Exception):
    """A lexicon that must not be used: the message says which entry is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Word:
    """One expanded word: its folded form, whether any ending may follow, and its exact form where capitals count."""

    folded: str
    open_ended: bool
    exact: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """Where words stand for a term: the words, and what narrows them. A pattern that is None asks nothing."""

    kind: str  # "term", "reading", "stop", "false_friend"
    facet: str
    term: str
    words: tuple[Word, ...]
    pattern: re.Pattern[str] | None = None  # of a stop reason: its text is a line, so no automaton
    part: str = ""
    groups: frozenset[str] | None = None
    not_groups: frozenset[str] = frozenset()
    near: re.Pattern[str] | None = None
    not_near: re.Pattern[str] | None = None
    before: re.Pattern[str] | None = None
    not_before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    not_after: re.Pattern[str] | None = None
    within: int = 200
    needs: str = ""
    disease: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the Methods page says of a term: its label, its place in a public vocabulary, its source."""

    facet: str
    id: str
    label: str
    source: str
    mesh: str = ""
    ncit: str = ""


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """Short forms of vesicles: all count beside a full name in the record, ``beside`` counts alone."""

    words: re.Pattern[str]
    beside: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    version: str
    sources: dict[str, str]
    groups: dict[str, str] = field(repr=False)  # field without its numbers -> group
    rules: tuple[Rule, ...] = field(repr=False)
    entries: tuple[Entry, ...] = field(repr=False)
    abbreviations: Abbreviations = field(repr=False)
    negation: re.Pattern[str] = field(repr=False)
    why: dict[str, str] = field(repr=False)  # false friend -> what it is instead


@lru_cache(maxsize=4)
def load(path: Path = PATH) -> Lexicon:
    """The lexicon of this file. Raises LexiconError, naming the entry, for anything that is not quite right."""
    return read(path.read_text(encoding="utf-8"), name=path.name)


def read(text: str, *, name: str = "lexicon") -> Lexicon:
    """The lexicon in this TOML text; ``name`` stands in the messages."""
    return Reader(name, parsed(text, name=name)).lexicon()


def parsed(text: str, *, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"{name} is not TOML: {error}") from error


class Reader:
    """Reads entries into rules, and refuses what is wrong by the entry's name; any lexicon file is read by it."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.data = data
        self.sources: dict[str, str] = data.get("sources", {})
        self.groups: dict[str, str] = {
            column: group for group, columns in data.get("fields", {}).items() for column in columns
        }
        self.rules: list[Rule] = []
        self.entries: list[Entry] = []
        self.seen: dict[tuple[str, str], str] = {}

    def wrong(self, where: str, what: str) -> LexiconError:
        return LexiconError(f"{self.name}, {where}: {what}")

    def version(self) -> str:
        version = self.data.get("version")
        if not isinstance(version, str) or not re.fullmatch(r"\d{4}-\d+", version):
            raise self.wrong("version", 'give it as year and number, like version = "2026-1"')
        return version

    def lexicon(self) -> Lexicon:
        version = self.version()
        for term in self.data.get("term", []):
            self.term(term)
        for friend in self.data.get("false_friend", []):
            self.entry(friend, kind="false_friend", facet="false_friend", known=None)
        for reading in self.data.get("reading", []):
            self.entry(reading, kind="reading", facet=Facet.READING, known=Reading)
        for stop in self.data.get("stop", []):
            self.entry(stop, kind="stop", facet=Facet.STOP_REASON, known=StopClass)
        for table in ("abbreviations", "negation"):
            if table not in self.data:
                raise self.wrong(table, "the table is missing")
            self.cited(self.data[table], table)
        short = self.data["abbreviations"]
        return Lexicon(
            version=version,
            sources=self.sources,
            groups=self.groups,
            rules=tuple(self.rules),
            entries=tuple(self.entries),
            abbreviations=Abbreviations(
                words=_pattern(short["words"], exact=True), beside=_pattern(short["beside"], exact=True)
            ),
            negation=_pattern(self.data["negation"]["words"]),
            why={friend["id"]: friend.get("why", "") for friend in self.data.get("false_friend", [])},
        )

    def cited(self, entry: dict[str, Any], where: str) -> str:
        source = entry.get("source")
        if not source:
            raise self.wrong(where, "it has no source; name one of [sources]")
        if source not in self.sources:
            raise self.wrong(where, f'its source "{source}" is not one of [sources]')
        return str(source)

    def term(self, entry: dict[str, Any]) -> None:
        facet = Facet.read(entry.get("facet"))
        if facet is None or facet in (Facet.READING, Facet.STOP_REASON):
            allowed = ", ".join(one for one in Facet if one not in (Facet.READING, Facet.STOP_REASON))
            raise self.wrong(
                f"term {entry.get('id', '?')}", f'unknown facet "{entry.get("facet")}"; the facets are {allowed}'
            )
        self.entry(entry, kind="term", facet=facet, known=Role if facet is Facet.ROLE else None)

    def entry(self, entry: dict[str, Any], *, kind: str, facet: str, known: type | None) -> None:
        name = entry.get("id")
        where = f"{kind} {facet}/{name}" if kind == "term" else f"{kind} {name}"
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,80}", name):
            raise self.wrong(where, "give it an id of small letters, digits and underscores")
        if known is not None and name not in list(known):  # type: ignore[call-overload]
            raise self.wrong(where, f"unknown {facet}; terms.py knows {', '.join(known)}")  # type: ignore[arg-type]
        unknown = set(entry) - _TERM_KEYS - _KNOWN_KEYS
        if unknown:
            raise self.wrong(where, f"unknown key {sorted(unknown)[0]}")
        source = self.cited(entry, where)
        for key, shape in (("mesh", _MESH), ("ncit", _NCIT)):
            if key in entry and not shape.match(entry[key]):
                raise self.wrong(where, f'"{entry[key]}" is no {key} id')
        disease = entry.get("kind", "")
        if facet == Facet.DISEASE and disease not in DISEASE_KINDS:
            raise self.wrong(where, f"a disease needs a kind: {', '.join(DISEASE_KINDS)}")
        term = entry.get("annotate", name)
        if kind == "term" and "label" in entry:
            self.entries.append(
                Entry(facet, name, entry["label"], source, entry.get("mesh", ""), entry.get("ncit", ""))
            )
        for body in entry.get("when", [entry]):
            self.rules.append(self.rule(body, kind=kind, facet=facet, term=term, disease=disease, where=where))

    def rule(self, body: dict[str, Any], *, kind: str, facet: str, term: str, disease: str, where: str) -> Rule:
        if unknown := set(body) - _KNOWN_KEYS - _TERM_KEYS:
            raise self.wrong(where, f"unknown key {sorted(unknown)[0]}")
        if not body.get("words"):
            raise self.wrong(where, "it has no words")
        words: list[Word] = []
        if kind != "stop":
            words = [word for written in body["words"] for word in self.words(written, where)]
        if len(words) > _MOST_WORDS:
            raise self.wrong(where, f"its braces stand for {len(words)} words; keep it under {_MOST_WORDS}")
        if kind == "term":
            for word in words:
                other = self.seen.setdefault((facet, word.exact or word.folded), where)
                if other != where:
                    raise self.wrong(where, f'"{word.exact or word.folded}" is already a word of {other}')
        needs = body.get("needs", "")
        if needs and needs not in NEEDS:
            raise self.wrong(where, f'unknown needs "{needs}"; use one of {", ".join(NEEDS)}')
        known_groups = set(self.groups.values())
        for key in ("fields", "not_fields"):
            for group in body.get(key, []):
                if group not in known_groups:
                    raise self.wrong(where, f'unknown field group "{group}"; [fields] names {sorted(known_groups)}')
        return Rule(
            kind=kind,
            facet=facet,
            term=term,
            words=tuple(dict.fromkeys(words)),
            pattern=_pattern(body["words"]) if kind == "stop" else None,
            part=body.get("part", ""),
            groups=frozenset(body["fields"]) if "fields" in body else None,
            not_groups=frozenset(body.get("not_fields", [])),
            within=body.get("within", 200),
            needs=needs,
            disease=disease,
            **{key: _pattern(body[key]) if key in body else None for key in _CONDITIONS},
        )

    def words(self, written: str, where: str) -> list[Word]:
        exact = written.startswith("=")
        found = []
        for spelled in _expanded(written.removeprefix("="), lambda what: self.wrong(where, what)):
            open_ended = spelled.endswith("*")
            plain = spelled.removesuffix("*")
            if "*" in plain or not plain.strip():
                raise self.wrong(where, f'"{written}": a * stands only at the end, after at least one letter')
            found.append(Word(fold(plain).text, open_ended, plain if exact else None))
        return found


def _expanded(written: str, wrong: Any) -> list[str]:
    """All words that the braces stand for."""
    pieces = re.split(r"(\{[^{}]*\})", written)
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise wrong(f'"{written}": braces do not pair')
    choices = [piece[1:-1].split(",") if at % 2 else [piece] for at, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in product(*choices)]


def _pattern(written: list[str], *, exact: bool = False) -> re.Pattern[str]:
    """One regular expression for a list of words, for windows of a sentence: small text, so no automaton.

    With ``exact`` it is for the original text, with hyphens or spaces between words: what holds a capital reads as
    written, and so does all after a leading =; what is in small letters reads in any case.
    """
    alternatives = []
    for word in written:
        escaped = _escaped if not exact else _as_written if word.startswith("=") else _in_any_case
        pieces = re.split(r"(\{[^{}]*\})", word.removeprefix("="))
        made = ""
        for at, piece in enumerate(pieces):
            if at % 2:
                made += "(?:" + "|".join(escaped(one) for one in piece[1:-1].split(",")) + ")"
            else:
                made += escaped(piece)
        alternatives.append(made)
    # The longest first: "suspected of" must not be read as "suspected".
    alternatives.sort(key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + r")(?!\w)")


def _escaped(piece: str) -> str:
    return re.escape(fold(piece).text).replace(r"\ ", " ").replace(r"\*", r"\w*")


def _as_written(piece: str) -> str:
    # Journals set "tumour-derived" with a true hyphen, registries with the keyboard's.
    return re.escape(piece).replace(r"\ ", r"[ \u00a0\u2010-\u2013-]").replace(r"\*", r"\w*")


def _in_any_case(piece: str) -> str:
    """As written where there is a capital, in any case elsewhere: a title writes "Plasma EVs"."""
    parts = re.split("( )", piece)
    return "".join(_as_written(one) if one != one.lower() else f"(?i:{_as_written(one)})" for one in parts)
