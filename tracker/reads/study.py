"""One study, whole: what its page and its JSON show, from a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker import terms
from tracker.classify.study_lexicon import mesh_share
from tracker.models import ChangeEvent, Study, StudyAddress, StudyFact
from tracker.scoring.engine import score_study
from tracker.scoring.rubric import CURRENT, load
from tracker.scoring.study_facts import study_facts
from tracker.sources.ctgov_passages import Passage

from .lineage import Branch, LineageLine, lineage_of, tree
from .readings import (
    ExperimentRead,
    Finding,
    Items,
    Reading,
    direction_of,
    experiments_of,
    findings_of,
    items_of,
    origin_of,
)
from .records import LinkLine, link_line, study_name
from .studies import studies_with_evidence
from .trial import MaturityWhole, first_and_other, maturity_whole
from .wording import change_sentence, label
from .words_in_place import Chapter, MarkedPassage, NotedWords, chapters, marked, relevance_words, styles_used

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.models import Annotation, Maturity

AUTHORS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Notice:
    """A retraction, a correction or a concern published after the paper."""

    kind: str
    words: str
    given_on: str | None
    identifier: str
    url: str


@dataclass(frozen=True, slots=True)
class StudyWhole:
    """Everything the page of one study shows."""

    study: Study
    name: str
    maturity: MaturityWhole | None
    other: MaturityWhole | None
    none_because: str
    retraction: Notice | None
    notices: tuple[Notice, ...]
    items: Items
    direction: Reading | None
    findings: tuple[Finding, ...]
    experiments: tuple[ExperimentRead, ...]
    links: tuple[LinkLine, ...]
    lineage: tuple[LineageLine, ...]
    branches: tuple[Branch, ...]
    annotations: tuple[Annotation, ...]
    passages: tuple[MarkedPassage, ...]
    chapters: tuple[Chapter, ...]
    styles: tuple[tuple[str, str], ...]
    relevance_words: tuple[tuple[str, str, str], ...]
    changes: tuple[tuple[str, str], ...]

    @property
    def headings(self) -> str:
        """The corners of the triangle of biomedicine among its MeSH headings, in words; "" where none is counted."""
        share = mesh_share(self.study.mesh_terms)
        if share.human is None or share.animal is None or share.molecular is None:
            return ""
        return (
            f"people {share.human:.0%}, animals {share.animal:.0%}, cells and molecules {share.molecular:.0%}"
            f" of the {share.counted} headings of {share.headings} that say so"
        ).replace("%", " %")

    @property
    def authors(self) -> str:
        """``Jiang C, Zhang N``; beyond six with ``and 4 others``; "" where none is known."""
        named = [str(one) for one in self.study.authors]
        if len(named) <= AUTHORS_SHOWN:
            return ", ".join(named)
        return f"{', '.join(named[:AUTHORS_SHOWN])} and {len(named) - AUTHORS_SHOWN} others"

    @property
    def key(self) -> str:
        return str(self.study.pk)

    @property
    def proposed_lineage(self) -> tuple[LineageLine, ...]:
        return tuple(line for line in self.lineage if not line.is_accepted)

    @property
    def counted_links(self) -> tuple[LinkLine, ...]:
        return tuple(line for line in self.links if line.is_accepted)

    @property
    def proposed_links(self) -> tuple[LinkLine, ...]:
        return tuple(line for line in self.links if line.is_proposed)

    @property
    def reference(self) -> str:
        """The study as a list of references names it."""
        study = self.study
        said = (self.authors, study.title, study.journal, str(study.year) if study.year else "year not reported")
        parts = [str(part).removesuffix(".") for part in said if part]
        numbers = [f"PMID {study.pmid}" if study.pmid else "", f"https://doi.org/{study.doi}" if study.doi else ""]
        return ". ".join([*parts, *(number for number in numbers if number)]) + ("" if study.doi else ".")


def surviving_study(number: int) -> int:
    """The study that this number leads to: another where it was folded into one, else itself. One query."""
    found = StudyAddress.objects.filter(pk=number).values_list("study_id", flat=True).first()
    return found or number


def whole_study(number: int) -> StudyWhole:
    """The study of this number, whole: seven queries. Raises Study.DoesNotExist."""
    study = studies_with_evidence(Study.objects.filter(pk=number).defer("search")).get()
    standing: list[Maturity] = study.current_maturities  # type: ignore[attr-defined]
    annotations: tuple[Annotation, ...] = tuple(study.all_annotations)  # type: ignore[attr-defined]
    facts = list(
        StudyFact.objects.filter(study=study).select_related("experiment", "by").order_by("experiment", "name", "pk")
    )
    leading, other = first_and_other(standing)
    notices = tuple(_notice(given) for given in study.notices)
    retraction = next((one for one in notices if one.kind == terms.NoticeKind.RETRACTION), None)
    if study.is_retracted and retraction is None:
        retraction = Notice(terms.NoticeKind.RETRACTION, "retracted", None, "", "")
    passages = marked(passages_of(study), [*annotations, *_noted(facts)])
    lineage = lineage_of(studies=[study.pk])
    links = []
    for link in study.all_links:  # type: ignore[attr-defined]
        link.study = study
        if link.state != terms.AnnotationState.REJECTED:
            links.append(link_line(link))
    return StudyWhole(
        study=study,
        name=study_name(study),
        maturity=maturity_whole(leading) if leading else None,
        other=maturity_whole(other) if other else None,
        none_because="" if leading else why_no_stage(study, facts=facts, annotations=annotations),
        retraction=retraction if study.is_retracted else None,
        notices=tuple(one for one in notices if one is not retraction or not study.is_retracted),
        items=items_of(facts),
        direction=direction_of(facts),
        findings=findings_of(facts),
        experiments=experiments_of(facts),
        links=tuple(links),
        lineage=lineage,
        branches=tree(lineage),
        annotations=annotations,
        passages=passages,
        chapters=chapters(passages),
        styles=styles_used(passages),
        relevance_words=relevance_words(study.relevance_words),
        changes=tuple(
            (f"{change.seen:%Y-%m-%d}", change_sentence(change))
            for change in ChangeEvent.objects.filter(study=study).order_by("-seen", "-id")
        ),
    )


def passages_of(study: Study) -> tuple[Passage, ...]:
    """The study's own text, piece by piece, under the names that annotations quote it by."""
    found = [Passage("title", study.title)]
    if study.abstract:
        found.append(Passage("abstract", study.abstract))
    found += [Passage(f"keywords.{place}", text) for place, text in enumerate(study.keywords)]
    found += [Passage(f"mesh_terms.{place}", text) for place, text in enumerate(study.mesh_terms)]
    return tuple(found)


def _noted(facts: Iterable[StudyFact]) -> list[NotedWords]:
    """The words that rules' facts rest on, to be marked in the text as readings."""
    return [
        NotedWords(
            facet=terms.Facet.READING,
            term=terms.StudyFactName(fact.name).label,
            words=fact.words,
            state=fact.state,
            said=origin_of(fact),
        )
        for fact in facts
        if fact.words
    ]


def why_no_stage(study: Study, *, facts: Iterable[StudyFact], annotations: Iterable[Annotation]) -> str:
    """Why this study has no maturity, in the words of the rules, which are asked again. The day changes nothing."""
    accepted = [link for link in study.all_links if link.state == terms.AnnotationState.ACCEPTED]  # type: ignore[attr-defined]
    told = study_facts(study, facts=facts, annotations=annotations, kinds=[link.candidate.kind for link in accepted])
    found = score_study(told, rubric=load(CURRENT), today=study.last_changed.date())
    return found.none_because or "It has not been scored since it was last changed."


def _notice(given: dict[str, str | None]) -> Notice:
    kind = str(given.get("kind") or "")
    return Notice(
        kind=kind,
        words=label(terms.NoticeKind, kind) or kind,
        given_on=given.get("given_on"),
        identifier=str(given.get("identifier") or ""),
        url=str(given.get("url") or ""),
    )
