"""The shapes of studies and candidates, exactly as docs/openapi.yaml says them; null means not reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tracker import terms
from tracker.models import Candidate, Study
from tracker.reads.candidates import rungs_of
from tracker.reads.records import link_line

from .asking import absolute
from .shapes import (
    AnnotationSerializer,
    ChangeSerializer,
    ChosenField,
    LineageSerializer,
    LinkSerializer,
    MaturitySerializer,
    PageSerializer,
    ReasonedWordsSerializer,
    RecordSerializer,
    maturities_of,
    text,
    texts,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker.reads.records import LinkLine


class NoticeSerializer(serializers.Serializer):
    """What was published after the paper: a retraction, a correction, an expression of concern."""

    kind = ChosenField(terms.NoticeKind)
    given_on = text(about="A partial date.")
    identifier = text()
    url = text()


class StudySerializer(serializers.ModelSerializer):
    """One study as it stands. Bibliographic values are as the source gives them; null means that it is silent."""

    id = whole(about="Its number here.")
    authors = texts()
    published = text("published_given", about="A partial date.")
    mesh_terms = texts()
    publication_types = texts()
    trial_numbers = texts(about="NCT numbers that the source or the abstract names.")
    preprint = serializers.BooleanField(source="is_preprint", read_only=True)
    open_access = serializers.BooleanField(source="is_open_access", read_only=True, allow_null=True)
    retracted = serializers.BooleanField(
        source="is_retracted", read_only=True, help_text="A retracted study counts for nothing."
    )
    notices = NoticeSerializer(many=True, read_only=True)
    relevance = ChosenField(terms.Relevance)
    relevance_by = ChosenField(terms.Proposer)
    relevance_words = ReasonedWordsSerializer(many=True, read_only=True)
    track = ChosenField(terms.Track, allow_null=True)
    roles = serializers.ListField(child=ChosenField(terms.Role), read_only=True)
    annotations = AnnotationSerializer(source="all_annotations", many=True, read_only=True)
    origin = ChosenField(terms.StudyOrigin)
    maturity = serializers.SerializerMethodField()
    other_maturity = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField(help_text="Candidates it bears on; rejected links are left out.")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Study
        fields = (
            "id", "pmid", "pmcid", "doi", "preprint_doi", "title", "authors", "journal", "year", "published",
            "publication_types", "mesh_terms", "language", "open_access", "preprint", "retracted", "notices",
            "trial_numbers", "relevance", "relevance_by", "relevance_words", "track", "roles", "annotations", "origin",
            "source_url", "maturity", "other_maturity", "links", "version_count", "first_seen", "last_changed", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MaturitySerializer(allow_null=True))
    def get_maturity(self, study: Study) -> object:
        first, _ = maturities_of(study)
        return MaturitySerializer(first).data if first else None

    @extend_schema_field(MaturitySerializer(allow_null=True))
    def get_other_maturity(self, study: Study) -> object:
        _, second = maturities_of(study)
        return MaturitySerializer(second).data if second else None

    @extend_schema_field(LinkSerializer(many=True))
    def get_links(self, study: Study) -> object:
        return LinkSerializer(standing_links(study), many=True, context=self.context).data

    def get_url(self, study: Study) -> str:
        return absolute(self.context["request"], study.get_absolute_url())


def standing_links(study: Study) -> Sequence[LinkLine]:
    """The links of a study read with its evidence, without the rejected."""
    lines = []
    for link in study.all_links:  # type: ignore[attr-defined]  # read by reads.studies
        if link.state != terms.AnnotationState.REJECTED:
            link.study = study
            lines.append(link_line(link))
    return lines


class ReadingSerializer(serializers.Serializer):
    """One value read in the study, as it stands: a person's over a file's, a file's over a rule's."""

    name = ChosenField(terms.StudyFactName)
    value = serializers.JSONField(read_only=True, help_text="A number, a text, a list or an answer, by its name.")
    origin = ChosenField(terms.FactOrigin)
    state = ChosenField(terms.AnnotationState)
    said_by = text("origin_words", null=False)
    quotes = texts(about="The words that a rule's value rests on.")


class ExperimentSerializer(serializers.Serializer):
    """One experiment with its values; `label` is empty for what is said of the study as a whole."""

    label = text(null=False)  # type: ignore[assignment]  # also DRF's own name
    kind = text(null=False)
    readings = ReadingSerializer(many=True, read_only=True)


class ItemSerializer(serializers.Serializer):
    """One of the ten EV reporting items."""

    name = ChosenField(terms.StudyFactName)
    words = text(null=False)
    answer = ChosenField(terms.Answer)
    said_by = text("reading.origin_words", about="Null where nobody has answered.")


class FindingSerializer(serializers.Serializer):
    """One quantitative finding, as text; empty where the source gives none."""

    metric = text(null=False)
    value = text(null=False)
    interval = text(null=False)
    n = text(null=False)
    note = text(null=False)
    experiment = text(null=False)
    said_by = text("origin_words", null=False)


class StudyDetailSerializer(StudySerializer):
    """One study: what the list says of it, its abstract, everything read in it, its lineage and its changes."""

    none_because = serializers.SerializerMethodField(help_text="Why there is no maturity; null where there is one.")
    ev_items = ItemSerializer(source="items_read", many=True, read_only=True)
    experiments = ExperimentSerializer(source="experiments_read", many=True, read_only=True)
    findings = FindingSerializer(source="findings_read", many=True, read_only=True)
    lineage = LineageSerializer(source="lineage_lines", many=True, read_only=True)
    changes = ChangeSerializer(many=True, read_only=True)

    class Meta(StudySerializer.Meta):
        fields = (  # type: ignore[assignment]
            *StudySerializer.Meta.fields, "abstract", "summary", "ev_track_id", "ev_metric", "none_because", "ev_items",
            "experiments", "findings", "lineage", "changes",
        )  # fmt: skip
        read_only_fields = fields  # type: ignore[assignment]

    def get_none_because(self, study: Study) -> str | None:
        return study.why_none or None  # type: ignore[attr-defined]  # set by the view


class StudiesPageSerializer(PageSerializer):
    results = StudySerializer(many=True, read_only=True)


class CountsSerializer(serializers.Serializer):
    """Accepted links of standing records by direction and kind; proposed ones count for nothing."""

    supporting = whole()
    neutral = whole()
    contradicting = whole()
    trials = whole()
    studies = whole()
    proposed = whole()


class CandidateSerializer(serializers.ModelSerializer):
    """One diagnostic or therapeutic that trials and studies speak about."""

    synonyms = serializers.SerializerMethodField()
    kind = ChosenField(terms.Track)
    roles = texts()
    ev_sources = texts()
    cargo = texts()
    targets = texts()
    mechanisms = texts()
    status = ChosenField(terms.CandidateStatus)
    furthest_stage = whole("furthest", null=True, about="Highest stage of an accepted, supporting, standing record.")
    stages = serializers.SerializerMethodField(help_text="Every stage with such a record; what lacks is a gap.")
    counts = CountsSerializer(source="*", read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Candidate
        fields = (
            "slug", "name", "synonyms", "kind", "roles", "ev_sources", "cargo", "targets", "mechanisms", "developer",
            "description", "status", "furthest_stage", "stages", "counts", "url",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_synonyms(self, candidate: Candidate) -> list[str]:
        return [one.name for one in candidate.names.all() if one.name != candidate.name]

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_stages(self, candidate: Candidate) -> list[int]:
        return list(rungs_of(candidate))

    def get_url(self, candidate: Candidate) -> str:
        return absolute(self.context["request"], candidate.get_absolute_url())


class RungSerializer(serializers.Serializer):
    """One stage of the ladder with its records; `gap` is a missing one below the furthest."""

    stage = whole()
    name = text(null=False)
    holds = serializers.BooleanField(read_only=True)
    gap = serializers.BooleanField(source="is_gap", read_only=True)
    records = serializers.SerializerMethodField()

    @extend_schema_field(RecordSerializer(many=True))
    def get_records(self, rung: object) -> object:
        lines: Sequence[LinkLine] = rung.lines  # type: ignore[attr-defined]
        return RecordSerializer([line.record for line in lines], many=True, context=self.context).data


class ReferenceSerializer(serializers.Serializer):
    title = text()
    url = text()


class CandidateDetailSerializer(CandidateSerializer):
    """One candidate: what the list says of it, its finding, ladder, links, lineage and sources."""

    finding = text("whole.finding", null=False)
    ladder = RungSerializer(source="whole.ladder", many=True, read_only=True)
    links = LinkSerializer(source="whole.links", many=True, read_only=True)
    lineage = LineageSerializer(source="whole.lineage", many=True, read_only=True)
    references = ReferenceSerializer(many=True, read_only=True)
    old_addresses = serializers.ListField(
        source="whole.old_addresses", child=serializers.CharField(), read_only=True, help_text="Slugs that lead here."
    )

    class Meta(CandidateSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *CandidateSerializer.Meta.fields, "finding", "ladder", "links", "lineage", "references", "old_addresses",
        )  # fmt: skip
        read_only_fields = fields  # type: ignore[assignment]


class CandidatesPageSerializer(PageSerializer):
    results = CandidateSerializer(many=True, read_only=True)
