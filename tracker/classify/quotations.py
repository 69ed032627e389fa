"""Whether every word that annotations, relevance and facts rest on still stands in the stored text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.classify.proposals import batches, current, current_studies, facts_stated, study_batches
from tracker.classify.stated import stated_passages
from tracker.classify.studies import study_passages
from tracker.models import Annotation, Study, StudyFact, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracker.classify.matcher import Words

Quoted = list[tuple[str, "list[Words]"]]


def check_words(nct_ids: Iterable[str] | None = None) -> list[str]:
    """Quotations of trials that the stored text does not hold: a sentence each, none when all are sound."""
    wrong: list[str] = []
    for batch in batches(nct_ids):
        quoted: dict[str, Quoted] = {nct_id: [] for nct_id in batch}
        for nct_id, facet, term, words in Annotation.objects.filter(trial_id__in=batch).values_list(
            "trial_id", "facet", "term", "words"
        ):
            quoted[nct_id].append((f"the annotation {facet}/{term}", words))
        for nct_id, words in Trial.objects.filter(nct_id__in=batch).values_list("nct_id", "relevance_words"):
            quoted[nct_id].append(("its relevance", words))
        for record in current([nct_id for nct_id in batch if any(words for _, words in quoted[nct_id])], wrong):
            wrong += _misquoted(
                record.nct_id, quoted[record.nct_id], dict(record.passages), f"reclassify {record.nct_id}"
            )
    return wrong


def check_study_words(study_ids: Iterable[int] | None = None) -> list[str]:
    """Quotations of studies that the stored text does not hold: a sentence each, none when all are sound."""
    wrong: list[str] = []
    for batch in study_batches(study_ids):
        quoted: dict[int, Quoted] = {number: [] for number in batch}
        for number, facet, term, words in Annotation.objects.filter(study_id__in=batch).values_list(
            "study_id", "facet", "term", "words"
        ):
            quoted[number].append((f"the annotation {facet}/{term}", words))
        for number, name, words in StudyFact.objects.filter(study_id__in=batch).values_list(
            "study_id", "name", "words"
        ):
            quoted[number].append((f"the fact {name}", words))
        for number, words in Study.objects.filter(id__in=batch).values_list("id", "relevance_words"):
            quoted[number].append(("its relevance", words))
        stated = facts_stated(batch)
        for number, record in current_studies(batch).items():
            texts = dict([*study_passages(record), *stated_passages(stated.get(number, {}))])
            wrong += _misquoted(f"Study {number}", quoted[number], texts, f"reclassify --study {number}")
    return wrong


def _misquoted(whose: str, quoted: Quoted, texts: Mapping[str, str], mend: str) -> list[str]:
    return [
        f"{whose}: {what} quotes “{one['text']}” from {one['field']}, which reads “{_there(texts, one)}” there. "
        f"Run manage.py {mend}."
        for what, words in quoted
        for one in words
        if _there(texts, one) != one["text"]
    ]


def _there(texts: Mapping[str, str], words: Words) -> str:
    return texts.get(words["field"], "")[words["start"] : words["end"]]
