"""Whether a record is about vesicles in lung cancer, and the words that say so. Pure.

A record is *about* when vesicles and lung cancer, as the primary disease, both stand where a record says what it is
about; it *mentions* when vesicles are named and one of the two is missing there; otherwise *none*. Lung metastasis of
another tumour is not lung cancer; a manifestation (malignant pleural effusion) is, where the record ties it to lung
cancer; a trial of an unrelated condition in people who have lung cancer is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tracker.classify.lexicon import load
from tracker.classify.matcher import Hit, Text, Vesicles, Words, matcher, stands
from tracker.classify.readings import Proposal, record_proposals
from tracker.classify.stopping import stop_proposals
from tracker.terms import Relevance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.classify.matcher import Matcher
    from tracker.sources.ctgov_records import TrialRecord

# Where a word stands says how much the record is about it (RUBRIC: title, intervention, outcome > conditions,
# keywords, arms, summary > detailed description > eligibility). Halves of a point; about needs six.
_EV_WEIGHT = {
    **dict.fromkeys(("title", "intervention", "primary", "outcome"), 6),
    **dict.fromkeys(("condition", "keyword", "arm", "arm_text", "summary"), 4),
    **dict.fromkeys(("intervention_text", "bio_spec", "population"), 4),
    "detail": 2,
    "eligibility": 1,
}
_ABOUT = 6
# A word of doing beside a vesicle: the record works with it, it does not only name it.
_WORKED = re.compile(
    r"(?<!\w)(?:measur\w+|detect\w*|quantif\w+|analy[sz]\w+|profil\w+|sequenc\w+|isolat\w+|extract\w+|collect\w*|biomarkers?|markers?|signature|assays?|diagnos\w+|predict\w+|monitor\w*|levels?|expression|loaded|remov\w+|deplet\w+|inhibit\w*|clear\w*|injec\w+|infus\w+|inhal\w+|administ\w+|therapy)(?!\w)"
)
_PASSING = re.compile(r"(?<!\w)(?:such as|including|e\.g\.|for example|like|as well as|among them)(?!\w)[^.;]{0,80}$")
# One of a list of what liquid biopsies may hold: "(circulating tumor cells, ctDNA, exosomes)".
_LISTED = re.compile(r"[,(/] ?(?:and |or |as )?$")
_OTHER_ANALYTES = re.compile(r"(?<!\w)(?:ctdna|cfdna|ctcs?|circulating tumou?r (?:cells?|dna)|cell free dna)(?!\w)")
_IN_PEOPLE = re.compile(
    r"(?<!\w)(?:in|among|of|for|with|after|following|undergoing|during|receiving)(?!\w)[^.:;]{0,70}$"
)
_TELLS_APART = re.compile(
    r"(?<!\w)(?:distinguish\w*|differenti\w+|discriminat\w+|versus|vs|from benign|benign|comorbid\w*)(?!\w)"
)
_QUOTED = 4  # words kept a side; more would not convince anybody more


class Classified(NamedTuple):
    """What a record's text says: relevance with its words, and the annotations that follow."""

    relevance: Relevance
    relevance_words: list[Words]
    proposals: list[Proposal]


def classify(record: TrialRecord, *, relevance: Relevance | None = None) -> Classified:
    """Read one record. ``relevance`` is a person's decision where there is one; it stands, and the terms follow it."""
    ready = matcher(load())
    proposals = stop_proposals(record, ready)
    text = ready.text(record.passages)
    named, friends = ready.vesicles(text)
    if not named and relevance in (None, Relevance.NONE):
        return Classified(Relevance.NONE, unmasked(text, friends, ready), proposals)
    vesicles = Vesicles(named)
    diseases = ready.diseases(text)
    found, words = judged(text, vesicles, diseases)
    decided = relevance or found
    if decided is not Relevance.NONE:
        proposals = record_proposals(record, text, vesicles, diseases, ready) + proposals
    return Classified(decided, words, proposals)


def unmasked(text: Text, friends: list[Hit], ready: Matcher) -> list[Words]:
    """The false friends of a text, quoted with what they are instead."""
    return [
        text.words(hit, why=f"not a vesicle: {ready.lexicon.why.get(hit.rule.term) or 'the RNA exosome'}")
        for hit in friends[:_QUOTED]
    ]


def judged(
    text: Text, vesicles: Vesicles, diseases: list[Hit], *, worked: re.Pattern[str] = _WORKED
) -> tuple[Relevance, list[Words]]:
    """The judgement over a text, whatever record it is of, with the words it rests on.

    ``worked`` is how a sentence says that something is done with vesicles in such a record.
    """
    ev, ev_words = _about_vesicles(text, vesicles, worked)
    lung, lung_words = _about_lung_cancer(text, diseases, vesicles)
    if not vesicles.hits:
        return Relevance.NONE, []
    return (Relevance.ABOUT if ev and lung else Relevance.MENTION), ev_words + lung_words


def _about_vesicles(text: Text, vesicles: Vesicles, worked: re.Pattern[str]) -> tuple[bool, list[Words]]:
    best: dict[str, tuple[int, Hit]] = {}
    for hit in vesicles.hits:
        if text.excluded(hit):
            continue
        group = text.groups[hit.passage]
        weight = _EV_WEIGHT.get(group, 0)
        if weight in (2, 4):
            low, high = text.sentence(hit)
            listed = _LISTED.search(text.folded, low, hit.start) and _OTHER_ANALYTES.search(text.folded, low, high)
            if listed or _PASSING.search(text.folded, low, hit.start):
                weight //= 2
            elif group in ("summary", "detail", "arm_text") and worked.search(text.folded, low, high):
                weight += 2
        if weight > best.get(group, (0, hit))[0]:
            best[group] = (weight, hit)
    score = sum(weight for weight, _ in best.values())
    about = score >= _ABOUT
    why = "names vesicles" if about else "names vesicles in passing"
    ordered = sorted(best.values(), key=lambda pair: (-pair[0], pair[1].start))[:_QUOTED]
    words = [text.words(hit, why=f"{why} ({_place(text, hit)})") for _, hit in ordered]
    if not words and vesicles.hits:
        words = [text.words(vesicles.hits[0], why="names vesicles only among the exclusions")]
    return about, words


def _place(text: Text, hit: Hit) -> str:
    return text.groups[hit.passage].replace("_", " ")


def _about_lung_cancer(text: Text, hits: list[Hit], vesicles: Vesicles) -> tuple[bool, list[Words]]:
    """Whether lung cancer is the disease, with the words that decide."""
    kinds: dict[str, list[Hit]] = {}
    for hit in hits:
        if not text.excluded(hit) and stands(text, hit, vesicles):
            kinds.setdefault(hit.rule.disease, []).append(hit)

    def of(kind: str, *groups: str) -> list[Hit]:
        return [hit for hit in kinds.get(kind, []) if not groups or text.groups[hit.passage] in groups]

    lung = of("lung")
    if not lung:
        other = of("to_lung") or of("other_tumour", "title", "condition") or of("unrelated", "title", "condition")
        why = (
            "metastasis to the lung is not lung cancer"
            if of("to_lung")
            else "another disease; lung cancer is not named"
        )
        return False, [text.words(hit, why=why) for hit in (other or of("manifestation"))[:_QUOTED]]
    if unrelated := _unrelated(text, kinds):
        return False, [text.words(hit, why="an unrelated condition in people with lung cancer") for hit in unrelated]
    prime = of("lung", "title", "condition")
    if prime:
        return True, _quote(text, prime, "names lung cancer")
    tied = of(
        "lung",
        "summary",
        "eligibility",
        "keyword",
        "arm",
        "arm_text",
        "primary",
        "outcome",
        "population",
        "detail",
        "intervention",
        "intervention_text",
        "model",
    )
    manifest = of("manifestation", "title", "condition", "keyword")
    if manifest and tied:
        words = _quote(text, manifest, "a manifestation of cancer")[:2]
        return True, words + _quote(text, tied, "the record ties it to lung cancer")[:2]
    elsewhere = of("other_tumour", "title", "condition") + of("to_lung", "title", "condition")
    elsewhere += of("unrelated", "title", "condition")
    if elsewhere:
        return False, [
            text.words(hit, why="another disease is what the record is about") for hit in elsewhere[:_QUOTED]
        ]
    said = of("lung", "summary", "keyword", "arm", "arm_text", "primary", "population", "intervention", "model")
    if said and not (of("generic", "condition") and len({text.groups[hit.passage] for hit in said}) < 2):
        return True, _quote(text, said, "names lung cancer")
    return False, _quote(text, lung, "names lung cancer only in passing")


def _quote(text: Text, hits: list[Hit], why: str) -> list[Words]:
    """The first hit of each passage, at most a handful."""
    first = list({hit.passage: hit for hit in reversed(hits)}.values())[::-1]
    return [text.words(hit, why=f"{why} ({_place(text, hit)})") for hit in first[:_QUOTED]]


def _unrelated(text: Text, kinds: dict[str, list[Hit]]) -> list[Hit]:
    """Words by which the title or the conditions make an unrelated condition the purpose; none where they do not.

    "Exosomes for insomnia in patients with lung cancer" is about insomnia; "lung cancer in people with COPD" and
    "telling lung cancer from tuberculosis" are about lung cancer.
    """
    unrelated = kinds.get("unrelated", [])
    lung = kinds.get("lung", [])
    titles = [
        number
        for number, passage in enumerate(text.passages)
        if passage.field in ("brief_title", "official_title", "title")
    ]
    for number in titles:
        there = [hit for hit in unrelated if hit.passage == number]
        if not there or _TELLS_APART.search(text.folded, text.starts[number], text.ends(number)):
            continue
        named = [hit for hit in lung if hit.passage == number]
        if not named:
            return there
        first = named[0]
        if there[0].start < first.start and _IN_PEOPLE.search(text.folded, there[0].end, first.start):
            return there
    in_title = any(text.groups[hit.passage] == "title" for hit in lung)
    conditions = [hit for hit in unrelated if text.groups[hit.passage] == "condition"]
    if conditions and not in_title and not any(text.groups[hit.passage] == "condition" for hit in lung):
        return conditions
    return []


def all_words(classified: Classified) -> Iterable[Words]:
    """Every quotation of a reading, so that it can be found again in the text."""
    yield from classified.relevance_words
    for proposal in classified.proposals:
        yield from proposal.words
