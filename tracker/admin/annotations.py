"""Annotations: every term of a record, with the words it rests on, and the two buttons that decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils import timezone

from tracker.curation import decisions
from tracker.models import Annotation
from tracker.terms import AnnotationState

from .buttons import Button, ReadOnly, person
from .showing import annotation_words, first_words

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest


@admin.register(Annotation)
class AnnotationAdmin(ReadOnly):
    """One term tied to one trial or study."""

    list_display = ("record", "facet", "term", "state", "proposer", first_words)
    list_filter = ("facet", "state", "proposer")
    search_fields = ("=trial__nct_id", "=study__pmid", "term")
    search_help_text = "An NCT number, a PMID, or part of a term."
    list_select_related = ("study",)
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = (
        "trial", "study", "facet", "term", annotation_words, "proposer", "state", "lexicon_version", "proposed",
        "decided", "decided_by",
    )  # fmt: skip
    record_buttons = (
        Button(
            name="accept", label="Accept", explains="says that the record is about this.",
            permission="tracker.change_annotation", act="accept", shown="may_be_accepted",
        ),
        Button(
            name="reject", label="Reject", explains="says that it is not; no later reading proposes it anew.",
            permission="tracker.change_annotation", act="reject", shown="may_be_rejected",
            asks="Is the record not about this? No later reading proposes it anew.", wants_why=True,
        ),
    )  # fmt: skip

    @admin.display(description="record")
    def record(self, annotation: Annotation) -> str:
        if annotation.study is None:
            return str(annotation.trial_id)
        return f"PMID {annotation.study.pmid}" if annotation.study.pmid else annotation.study.title[:60]

    def as_seen(self, record: Model) -> str:
        return f"{record.state} {record.decided}" if isinstance(record, Annotation) else ""

    def may_be_accepted(self, annotation: Annotation) -> bool:
        return annotation.state != AnnotationState.ACCEPTED

    def may_be_rejected(self, annotation: Annotation) -> bool:
        return annotation.state != AnnotationState.REJECTED

    def accept(self, request: HttpRequest, annotation: Annotation) -> str:
        return self._decide(request, annotation, AnnotationState.ACCEPTED)

    def reject(self, request: HttpRequest, annotation: Annotation) -> str:
        return self._decide(request, annotation, AnnotationState.REJECTED)

    def _decide(self, request: HttpRequest, annotation: Annotation, state: AnnotationState) -> str:
        decisions.decide_annotation(
            annotation=annotation, state=state, by=person(request), at=timezone.now(), why=request.POST.get("why", "")
        )
        return f"{annotation.facet} {annotation.term}: {state}."
