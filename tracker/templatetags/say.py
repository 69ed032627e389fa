"""The words of values in templates: a status, a number of people, a date as the source gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from tracker import terms
from tracker.reads.records import study_name
from tracker.reads.wording import label, people, stage_name, status_words
from tracker.reads.words_in_place import facet_words, field_words, origin_words, term_words, who_says

from .marks import rounded

if TYPE_CHECKING:
    from decimal import Decimal

    from tracker.models import Annotation, Study, Trial
    from tracker.reads.words_in_place import Piece

register = template.Library()

NOT_REPORTED = mark_safe('<span class="nr">not reported</span>')

_VOCABULARIES: dict[str, type[terms.Term]] = {
    "study_type": terms.StudyType,
    "allocation": terms.Allocation,
    "masking": terms.Masking,
    "primary_purpose": terms.PrimaryPurpose,
    "intervention_model": terms.InterventionModel,
    "observational_model": terms.ObservationalModel,
    "time_perspective": terms.TimePerspective,
    "sampling_method": terms.SamplingMethod,
    "sponsor_class": terms.SponsorClass,
    "intervention_type": terms.InterventionType,
    "arm_type": terms.ArmType,
    "ipd_sharing": terms.IpdSharing,
    "phase": terms.Phase,
    "role": terms.Role,
    "momentum": terms.Momentum,
    "origin": terms.Origin,
    "relevance": terms.Relevance,
    "stop_class": terms.StopClass,
    "step": terms.Step,
    "run_state": terms.RunState,
    "presence": terms.Presence,
}


@register.filter
def or_not_reported(value: object) -> object:
    """The value, or *not reported* where the source is silent. Nought and False are values."""
    return NOT_REPORTED if value is None or value in ("", [], ()) else value


@register.filter
def in_label(value: str | None, vocabulary: str) -> str | SafeString:
    """The words of a registry value; *not reported* where it is absent."""
    return label(_VOCABULARIES[vocabulary], value) or NOT_REPORTED


@register.filter
def in_labels(values: list[str] | None, vocabulary: str) -> str | SafeString:
    """The words of several values, joined by commas."""
    return ", ".join(label(_VOCABULARIES[vocabulary], value) or value for value in values or ()) or NOT_REPORTED


@register.filter
def status_of(trial: Trial) -> str | SafeString:
    return status_words(trial.overall_status, trial.last_known_status) or mark_safe(
        '<span class="nr">status not reported</span>'
    )


@register.filter
def people_of(trial: Trial) -> tuple[str, str] | None:
    return people(trial.enrollment_count, trial.enrollment_type, trial.overall_status)


@register.filter
def stage_called(stage: int, track: str) -> str:
    return stage_name(track, stage)


@register.filter
def points(value: Decimal | float) -> str:
    """One decimal, and none where it is a whole number: as the why-table shows points."""
    return rounded(value, 1)


@register.filter
def whole(value: Decimal | float) -> str:
    return rounded(value)


@register.filter
def day(value: object) -> SafeString:
    """A date as the source gives it, in a ``<time>``; *not reported* where it is absent."""
    if not value:
        return NOT_REPORTED
    return format_html('<time datetime="{0}">{0}</time>', str(value))


@register.simple_tag
def piece(piece: Piece) -> SafeString:
    """A stretch of text, marked where annotations rest on it; what they say is its title."""
    if not piece.style:
        return conditional_escape(piece.text)
    person = " person" if piece.by_person else ""
    return format_html('<mark class="{}{}" title="{}">{}</mark>', piece.style, person, piece.title, piece.text)


@register.filter
def facet_called(annotation: Annotation) -> str:
    return facet_words(annotation.facet)


@register.filter
def term_called(annotation: Annotation) -> str:
    return term_words(annotation.facet, annotation.term)


@register.filter
def said_by(annotation: Annotation) -> str:
    return who_says(annotation)


@register.filter
def quoted(annotation: Annotation) -> list[tuple[str, str, int]]:
    """Where and on which words an annotation rests, each once with how often: (where, words, times)."""
    counted: dict[tuple[str, str], int] = {}
    for words in annotation.words:
        key = (field_words(words["field"]), words["text"])
        counted[key] = counted.get(key, 0) + 1
    return [(where, text, times) for (where, text), times in counted.items()]


@register.filter
def read_from(origin: str) -> str:
    return origin_words(origin)


@register.filter
def without_stop(text: str) -> str:
    """The text without a full stop at its end, for a sentence that sets its own."""
    return text.removesuffix(".")


@register.filter
def beyond_name(countries: list[str], sponsor: str | None) -> str:
    """The countries that the sponsor's name does not say already."""
    return ", ".join(country for country in countries if country.lower() not in (sponsor or "").lower())


@register.filter
def study_called(study: Study) -> str:
    return study_name(study)


@register.filter
def has_accepted(study: Study) -> bool:
    """Whether one of the links that were read with the study is accepted."""
    return any(link.state == terms.AnnotationState.ACCEPTED for link in study.all_links)  # type: ignore[attr-defined]


@register.filter
def or_not_given(value: object, noun: str) -> object:
    """The value, or ``journal not reported`` in the look of what is missing."""
    return format_html('<span class="nr">{} not reported</span>', noun) if value in (None, "", []) else value


@register.filter
def in_terms(values: list[str] | None, facet: str) -> str:
    """The words of several terms of a facet, joined by commas; nothing where there are none."""
    return ", ".join(term_words(facet, value) for value in values or ())


@register.filter
def host_of(address: str) -> str:
    """The host that a link leads to, without ``www.``."""
    return urlsplit(address).netloc.removeprefix("www.") or address


@register.filter
def is_web(address: object) -> bool:
    """Whether this is an address that a page may link to."""
    return isinstance(address, str) and address.startswith(("https://", "http://"))
