"""Finding the lexicon's words in a record's text.

One pass of an automaton (Aho-Corasick, leftmost-longest) over all passages at once finds where words may stand; word
edges, capitals, fields and the words around are checked afterwards, only there. Every span leads back to the original
text: ``passage.text[start:end] == text``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from tracker.classify.folding import fold
from tracker.classify.lexicon import Rule
from tracker.terms import Facet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tracker.classify.lexicon import Lexicon, Word
    from tracker.sources.ctgov_records import Passage


class Words(TypedDict):
    """Words of a record, quoted: ``text`` stands in the passage ``field`` from ``start`` to before ``end``."""

    field: str
    start: int
    end: int
    text: str
    why: NotRequired[str]


class Hit(NamedTuple):
    """A rule's word where it stands, in the folded whole: passage number, start and end."""

    passage: int
    start: int
    end: int
    rule: Rule


#: passages so short that a vesicle named anywhere in one colours the whole
SHORT = frozenset({"title", "keyword", "intervention", "arm", "primary", "outcome", "condition"})
_SAMPLED = re.compile(
    r"(?<!\w)(?:collect\w*|sampl\w*|drawn?|draws|specimens?|biobank\w*|obtained|biomarkers?|isolat\w+|exosom\w*)(?!\w)"
)
_SAMPLE_GROUPS = frozenset({"title", "intervention", "bio_spec", "primary", "outcome", "arm"})
# "Exclusion Criteria:" as a heading; where a record has no headings, the words anywhere.
_EXCLUSION = re.compile(
    r"(?<=\n)[\s*#_]*(?:key |main |major )?(?:non inclusion|exclusion)|exclusion criteria|excluded if"
)
_BREAK = "\x1e"
_SENTENCE_END = re.compile(r"[.;?!\n\x1e]")


class Automaton:
    """Some rules' words in one automaton; several rules may share a word.

    ``family`` says which hits compete: of overlapping ones of a family the leftmost, then the longest, stands. That is
    settled after word edges are checked, not by the automaton: "MSC exos" must not swallow "MSC exosomes" and then be
    no word itself.
    """

    def __init__(self, rules: Iterable[Rule], *, family: Callable[[Rule], object]) -> None:
        by_word: dict[str, list[tuple[Word, Rule]]] = defaultdict(list)
        for rule in rules:
            for word in rule.words:
                by_word[word.folded].append((word, rule))
        self._meanings = list(by_word.values())
        self._family = family
        self._automaton = AhoCorasick(
            list(by_word), matchkind=MatchKind.Standard, implementation=Implementation.DFA, store_patterns=False
        )

    def hits(self, text: Text, coloured: frozenset[int] | None = None) -> list[Hit]:
        """Where the words stand whole, in the right capitals and fields; what is around them is not looked at yet.

        ``coloured`` are the passages that name vesicles: rules that need one are looked for only there.
        """
        return _longest(self.overlapping(text, coloured), self._family)

    def overlapping(self, text: Text, coloured: frozenset[int] | None = None) -> list[Hit]:
        """The same before they compete: a word inside another's is there too."""
        folded = text.folded
        found: list[Hit] = []
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if start and folded[start - 1].isalnum() and folded[start].isalnum():
                continue
            inside_word = end < len(folded) and folded[end].isalnum() and folded[end - 1].isalnum()
            passage = -1
            for word, rule in self._meanings[number]:
                stop = end
                if word.open_ended:
                    while stop < len(folded) and folded[stop].isalnum():
                        stop += 1
                elif inside_word:
                    continue
                if passage < 0:
                    passage = text.passage_at(start)
                group = text.groups[passage]
                if (rule.groups is not None and group not in rule.groups) or group in rule.not_groups:
                    continue
                if coloured is not None and rule.needs == "ev" and passage not in coloured:
                    continue
                if word.exact is not None and not text.reads(passage, start, end, word.exact):
                    continue
                found.append(Hit(passage, start, stop, rule))
        return found


class Text:
    """All passages of one record, folded and joined, with the way back."""

    def __init__(self, passages: Sequence[Passage], groups: dict[str, str]) -> None:
        self.passages = passages
        self._known_groups = groups
        texts = [text for _, text in passages]
        joined = _BREAK.join(texts)
        if joined.count(_BREAK) >= len(texts) > 0:  # nobody's text should hold a record separator
            texts = [text.replace(_BREAK, " ") for text in texts]
            joined = _BREAK.join(texts)
        self.joined = joined
        self._whole = fold(joined)
        self.folded = self._whole.text
        self._begins = list(accumulate((len(text) + 1 for text in texts), initial=0))[:-1]
        self.starts = (
            self._begins if self._whole.marks is None else [self._whole.found_at(begin) for begin in self._begins]
        )

    @cached_property
    def groups(self) -> list[str]:
        """The field group of each passage; "" for one that the lexicon does not name."""
        return [self._known_groups.get(column(passage.field), "") for passage in self.passages]

    @cached_property
    def exclusion(self) -> tuple[int, int]:
        """The part of the eligibility that keeps people out: what stands there is not what the trial is about."""
        for number, group in enumerate(self.groups):
            if group == "eligibility":
                low, high = self.starts[number], self.ends(number)
                found = _EXCLUSION.search(self.folded, low, high)
                return (found.start(), high) if found else (high, high)
        return (0, 0)

    def excluded(self, hit: Hit) -> bool:
        return self.exclusion[0] <= hit.start < self.exclusion[1]

    def passage_at(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1

    def ends(self, passage: int) -> int:
        """Where this passage ends in the folded whole."""
        return self.starts[passage + 1] - 1 if passage + 1 < len(self.starts) else len(self.folded)

    def original(self, passage: int, start: int, end: int) -> tuple[int, int]:
        """Offsets in the passage's own text of this span of the folded whole."""
        first, last = self._whole.span(start, end)
        return first - self._begins[passage], last - self._begins[passage]

    def folded_span(self, passage: int, start: int, end: int) -> tuple[int, int] | None:
        """Where this span of a passage stands in the folded whole; None where nothing of it is left there."""
        begins = self._begins[passage]
        first, last = self._whole.found_at(begins + start), self._whole.found_at(begins + end)
        return (first, last) if first < last else None

    def reads(self, passage: int, start: int, end: int, exact: str) -> bool:
        """Whether these characters stand exactly so in the original, hyphens and spaces being one."""
        first, last = self.original(passage, start, end)
        return self.passages[passage].text[first:last].replace("-", " ") == exact.replace("-", " ")

    def words(self, hit: Hit, why: str = "") -> Words:
        start, end = self.original(hit.passage, hit.start, hit.end)
        field, text = self.passages[hit.passage]
        quoted = Words(field=field, start=start, end=end, text=text[start:end])
        if why:
            quoted["why"] = why
        return quoted

    def sentence(self, hit: Hit) -> tuple[int, int]:
        """The sentence around a hit, in the folded whole; never beyond its passage."""
        starts, ends = self._sentence_ends
        before = bisect_right(ends, hit.start) - 1
        after = bisect_left(starts, hit.end)
        low = max(self.starts[hit.passage], ends[before] if before >= 0 else 0)
        high = min(self.ends(hit.passage), starts[after] if after < len(starts) else len(self.folded))
        return low, high

    @cached_property
    def _sentence_ends(self) -> tuple[list[int], list[int]]:
        folded = self.folded
        starts = []
        ends = []
        for match in _SENTENCE_END.finditer(folded):
            at = match.start()
            if folded[at] in "\n\x1e":
                starts.append(at)
                ends.append(at + 1)
            elif folded[at + 1 : at + 2] == " ":  # not the point in 0.5
                starts.append(at)
                ends.append(at + 2)
        return starts, ends


@lru_cache(maxsize=65536)
def column(field: str) -> str:
    """A passage's field without its numbers: "arms.0.label" is "arms.label"."""
    return ".".join(part for part in field.split(".") if not part.isdigit())


class Vesicles:
    """Where a record names vesicles: the hits, and quick answers to "in this sentence?"."""

    def __init__(self, hits: list[Hit]) -> None:
        self.hits = hits
        self.positions = sorted(hit.start for hit in hits)
        self.passages = frozenset(hit.passage for hit in hits)

    def within(self, low: int, high: int) -> bool:
        at = bisect_right(self.positions, low - 1)
        return at < len(self.positions) and self.positions[at] < high


def stands(text: Text, hit: Hit, vesicles: Vesicles) -> bool:
    """Whether the words around a hit are such as its rule asks for."""
    rule = hit.rule
    if not (rule.near or rule.not_near or rule.before or rule.not_before or rule.after or rule.not_after or rule.needs):
        return True
    if rule.needs == "ev" and hit.passage not in vesicles.passages:
        return False
    low, high = text.sentence(hit)
    if rule.needs == "ev":
        if text.groups[hit.passage] not in SHORT and not vesicles.within(low, high):
            return False
    elif (
        rule.needs == "sample"
        and text.groups[hit.passage] not in _SAMPLE_GROUPS
        and not vesicles.within(low, high)
        and not _SAMPLED.search(text.folded, low, high)
    ):
        return False
    folded = text.folded
    low, high = max(low, hit.start - rule.within), min(high, hit.end + rule.within)
    if rule.near and not (rule.near.search(folded, low, hit.start) or rule.near.search(folded, hit.end, high)):
        return False
    # What must not be near may contain the hit itself: "safety" in "no safety concerns".
    if rule.not_near and rule.not_near.search(folded, low, high):
        return False
    if rule.before and not rule.before.search(folded, low, hit.start):
        return False
    if rule.not_before and _touches_end(rule.not_before, folded, max(low, hit.start - 60), hit.start):
        return False
    if rule.after and not rule.after.search(folded, hit.end, high):
        return False
    return not (rule.not_after and rule.not_after.match(folded, _skip_space(folded, hit.end)))


def _touches_end(pattern: re.Pattern[str], folded: str, low: int, end: int) -> bool:
    """Whether the pattern stands right before ``end``, but for a space or an article."""
    return any(
        folded[match.end() : end].strip(" '\"(") in ("", "a", "an", "the")
        for match in pattern.finditer(folded, low, end)
    )


def _skip_space(folded: str, at: int) -> int:
    while at < len(folded) and folded[at] == " ":
        at += 1
    return at


class Matcher:
    """A lexicon, made ready to be looked for. Building takes a moment: use ``matcher()``, which keeps it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        terms = [rule for rule in lexicon.rules if rule.kind == "term"]
        self._vesicles = Automaton(
            (rule for rule in lexicon.rules if rule.kind == "false_friend" or rule.facet == Facet.EV), family=_all
        )
        self._disease = Automaton((rule for rule in terms if rule.facet == Facet.DISEASE), family=_all)
        self._terms = Automaton(
            (rule for rule in terms if rule.facet not in (Facet.EV, Facet.DISEASE)), family=lambda rule: rule.facet
        )
        # Readings may share words: each competes only with itself.
        self._readings = Automaton((rule for rule in lexicon.rules if rule.kind == "reading"), family=id)
        self.stops = [rule for rule in lexicon.rules if rule.kind == "stop"]
        self._short = Rule(kind="term", facet=Facet.EV, term="extracellular_vesicle", words=())

    def text(self, passages: Sequence[Passage]) -> Text:
        return Text(passages, self.lexicon.groups)

    def vesicles(self, text: Text) -> tuple[list[Hit], list[Hit]]:
        """Vesicles named in this text, and the false friends found in looking for them.

        Where the text speaks of the RNA exosome, its bare "exosome" is that too, unless it names vesicles otherwise.
        """
        named: list[Hit] = []
        friends: list[Hit] = []
        nothing = Vesicles([])
        for hit in self._vesicles.hits(text):
            if hit.rule.kind == "false_friend":
                friends.append(hit)
            elif stands(text, hit, nothing):
                named.append(hit)
        other = {hit.rule.term for hit in friends}
        if "rna_exosome" in other and all(hit.rule.term == "exosome" for hit in named):
            friends += named
            named = []
        if named and all(hit.rule.term == "apoptotic_body" for hit in named) and len(named) == 1:
            return named, friends
        if "other_ev" not in other:
            named += self._abbreviated(text, named)
        return named, friends

    def _abbreviated(self, text: Text, named: list[Hit]) -> list[Hit]:
        short = self.lexicon.abbreviations
        sought = ("EV", "MPs", "MVs", "EPs") if named else ("EV",)
        if not any(letters in text.joined for letters in sought):
            return []
        pattern = short.words if named else short.beside
        rule = self._short
        taken = {hit.start for hit in named}
        found = []
        for number, passage in enumerate(text.passages):
            if not any(letters in passage.text for letters in sought):
                continue
            for match in pattern.finditer(passage.text):
                span = text.folded_span(number, match.start(), match.end())
                if span is not None and span[0] not in taken:
                    found.append(Hit(number, span[0], span[1], rule))
        return found

    def diseases(self, text: Text) -> list[Hit]:
        """The diseases named. "Metastasis of lung cancer" is lung cancer.

        It begins as metastasis to the lung does, which would win as the leftmost; that is taken out first.
        """
        found = self._disease.overlapping(text)
        cancers = [hit for hit in found if hit.rule.term == "lung_cancer"]
        return _longest([hit for hit in found if not _runs_on(hit, cancers)], _all)

    def terms(self, text: Text, vesicles: Vesicles) -> list[Hit]:
        """Hits of all other facets; what is around them is not looked at yet."""
        return self._terms.hits(text, vesicles.passages)

    def readings(self, text: Text, vesicles: Vesicles) -> list[Hit]:
        return self._readings.hits(text, vesicles.passages)


def _all(rule: Rule) -> object:
    """One family for all."""
    return None


def _runs_on(hit: Hit, cancers: list[Hit]) -> bool:
    """Whether this metastasis to the lung shares its "lung" with one of these cancers, which goes on behind it."""
    return hit.rule.disease == "to_lung" and any(hit.start < one.start < hit.end < one.end for one in cancers)


def _longest(hits: list[Hit], family: Callable[[Rule], object]) -> list[Hit]:
    """Of overlapping hits the leftmost, then the longest, a family of rules at a time."""
    if len(hits) < 2:
        return hits
    last: dict[object, int] = {}
    kept = []
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        its = family(hit.rule)
        if hit.start >= last.get(its, -1):
            kept.append(hit)
            last[its] = hit.end
    return kept


@lru_cache(maxsize=4)
def matcher(lexicon: Lexicon) -> Matcher:
    """The matcher of this lexicon, built once a process."""
    return Matcher(lexicon)
