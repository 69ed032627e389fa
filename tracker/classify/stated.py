"""Terms of the vocabulary in what a file or a person states of a study's role, source, cargo and the rest. Pure.

The words are kept as stated (facts); where they name a term they propose it, quoted as ``stated.cargo.0``, so that the
study is found under the term. What is stated under a heading is of that heading, so no words around are asked for, and
a cell line stated as EV source is no histology. A word that names no term stays visible as stated.

Histology and model tell besides whether a study is about lung cancer and what kind of evidence it is, so they are read
together with its text (``passages_read``). The other headings are not: a source or a cargo names no disease.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tracker.classify.folding import fold
from tracker.classify.lexicon import load
from tracker.classify.matcher import Automaton, Text, Words, column
from tracker.classify.readings import Proposal, quoted
from tracker.sources.ctgov_passages import Passage
from tracker.terms import Facet, Role, StudyFactName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracker.classify.matcher import Hit

FACETS = {
    StudyFactName.ROLE.value: Facet.ROLE,
    StudyFactName.EV_SOURCE.value: Facet.EV_SOURCE,
    StudyFactName.CARGO.value: Facet.CARGO,
    StudyFactName.MECHANISM.value: Facet.MECHANISM,
    StudyFactName.HISTOLOGY.value: Facet.HISTOLOGY,
    StudyFactName.SPECIMEN.value: Facet.SPECIMEN,
    StudyFactName.ISOLATION.value: Facet.ISOLATION,
    StudyFactName.CHARACTERISATION.value: Facet.CHARACTERISATION,
}
#: every heading whose words may be quoted
STATED = (*FACETS, StudyFactName.MODEL.value)
_READ = (StudyFactName.HISTOLOGY.value, StudyFactName.MODEL.value)
_GROUP = "keyword"  # stated words are as weighty as an author's keywords


def passages_read(facts: Mapping[str, object]) -> list[Passage]:
    """Of the stated words, those that are read together with the study's text."""
    return _passages(facts, _READ)


def stated_passages(facts: Mapping[str, object]) -> list[Passage]:
    """The stated words, each under the name that annotations and facts quote it by."""
    return _passages(facts, STATED)


def _passages(facts: Mapping[str, object], headings: Iterable[str]) -> list[Passage]:
    return [
        Passage(f"stated.{name}.{at}", text)
        for name in headings
        if isinstance(values := facts.get(name), list)
        for at, text in enumerate(values)
        if isinstance(text, str) and text
    ]


def stated_terms(facts: Mapping[str, object], *, besides: Iterable[Proposal] = ()) -> list[Proposal]:
    """The terms that these facts name, but for those that the text of the study named already (``besides``)."""
    passages = _passages(facts, FACETS)
    if not passages:
        return []
    known = {(proposal.facet, str(proposal.term)) for proposal in besides}
    text = Text(passages, {column(passage.field): _GROUP for passage in passages})
    facets = [FACETS[passage.field.split(".")[1]] for passage in passages]
    found: dict[tuple[Facet, str], list[Hit]] = {}
    for hit in _automaton().hits(text):
        if hit.rule.facet == facets[hit.passage]:
            found.setdefault((facets[hit.passage], str(hit.rule.term)), []).append(hit)
    proposals = [Proposal(facet, term, quoted(text, hits)) for (facet, term), hits in sorted(found.items())]
    whole = {
        (facet, term): [Words(field=passage.field, start=0, end=len(passage.text), text=passage.text)]
        for passage, facet in zip(passages, facets, strict=True)
        if (term := _labels().get((facet, fold(passage.text).text)))
    }
    proposals += [Proposal(*key, words) for key, words in whole.items() if key not in found]
    return [proposal for proposal in proposals if (proposal.facet, proposal.term) not in known]


@lru_cache(maxsize=1)
def _labels() -> dict[tuple[Facet, str], str]:
    """The terms by their own labels, which stated words often are, and roles by the names that files write."""
    labels = {
        (Facet(entry.facet), fold(entry.label).text): entry.id
        for entry in load().entries
        if entry.facet in set(FACETS.values())
    }
    return labels | {(Facet.ROLE, fold(role.value).text): role.value for role in Role}


@lru_cache(maxsize=1)
def _automaton() -> Automaton:
    facets = set(FACETS.values())
    rules = [rule for rule in load().rules if rule.kind == "term" and rule.facet in facets]
    return Automaton(rules, family=lambda rule: rule.facet)
