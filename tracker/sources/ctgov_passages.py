"""The text of a record, piece by piece, each under the name that annotations quote it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tracker.sources import ctgov_study as api
from tracker.sources.ctgov_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator


class Passage(NamedTuple):
    """One piece of a record's text: where it stands and what it says (plain; offsets count its characters)."""

    field: str
    text: str


def passages(protocol: api.Protocol) -> Iterator[Passage]:
    """The record's text: what names the trial first, its long texts last. Empty texts are left out."""
    identification = protocol.identification_module or api.Identification()
    topics = protocol.conditions_module or api.Conditions()
    arms = protocol.arms_interventions_module or api.ArmsInterventions()
    outcomes = protocol.outcomes_module or api.Outcomes()
    description = protocol.description_module or api.Description()
    eligibility = protocol.eligibility_module or api.Eligibility()
    specimen = (protocol.design_module or api.Design()).bio_spec or api.BioSpec()
    status = protocol.status_module or api.StatusModule()
    for field, text in _named_texts(identification, topics, arms, outcomes):
        if text:
            yield Passage(field, plain(text))
    for field, text in (
        ("brief_summary", description.brief_summary),
        ("detailed_description", description.detailed_description),
        ("eligibility", eligibility.eligibility_criteria),
        ("study_population", eligibility.study_population),
        ("bio_spec", specimen.description),
        ("why_stopped", status.why_stopped),
    ):
        if text:
            yield Passage(field, plain(text))


def _named_texts(
    identification: api.Identification, topics: api.Conditions, arms: api.ArmsInterventions, outcomes: api.Outcomes
) -> Iterator[tuple[str, str | None]]:
    yield "brief_title", identification.brief_title
    yield "official_title", identification.official_title
    yield "acronym", identification.acronym
    for at, condition in enumerate(topics.conditions or ()):
        yield f"conditions.{at}", condition
    for at, keyword in enumerate(topics.keywords or ()):
        yield f"keywords.{at}", keyword
    for at, intervention in enumerate(arms.interventions or ()):
        yield f"interventions.{at}.name", intervention.name
        yield f"interventions.{at}.description", intervention.description
        for place, other in enumerate(intervention.other_names or ()):
            yield f"interventions.{at}.other_names.{place}", other
    for at, arm in enumerate(arms.arm_groups or ()):
        yield f"arms.{at}.label", arm.label
        yield f"arms.{at}.description", arm.description
    for kind, given in (
        ("primary_outcomes", outcomes.primary_outcomes),
        ("secondary_outcomes", outcomes.secondary_outcomes),
        ("other_outcomes", outcomes.other_outcomes),
    ):
        for at, outcome in enumerate(given or ()):
            yield f"{kind}.{at}.measure", outcome.measure
            yield f"{kind}.{at}.description", outcome.description
