"""Annotations: every term the rules proposed, with the words it rests on. A list to search, not to decide in."""

from __future__ import annotations

from django.contrib import admin

from tracker.models import Annotation

from .buttons import ReadOnly
from .showing import annotation_words, first_words


@admin.register(Annotation)
class AnnotationAdmin(ReadOnly):
    """One term tied to one trial."""

    list_display = ("trial_id", "facet", "term", "state", "proposer", first_words)
    list_filter = ("facet", "state", "proposer")
    search_fields = ("=trial__nct_id", "term")
    search_help_text = "An NCT number, or part of a term."
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = (
        "trial", "facet", "term", annotation_words, "proposer", "state", "lexicon_version", "proposed", "decided",
        "decided_by",
    )  # fmt: skip
