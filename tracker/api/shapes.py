"""The shapes of the answers, exactly as docs/openapi.yaml says them: numbers are numbers, null means not reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tracker import terms
from tracker.models import Annotation, ChangeEvent, Maturity, Study, SyncRun, Trial, TrialVersion
from tracker.reads import why
from tracker.reads.records import STUDY, TRIAL, RecordRef
from tracker.reads.trial import first_and_other, why_no_stage
from tracker.reads.wording import NO_COUNT, change_sentence

from .asking import absolute

if TYPE_CHECKING:
    from typing import Any

ANSWERS = [
    why.HERE, why.MENTION, why.NONE, why.ALIAS, why.SET_ASIDE, why.GONE, why.NO_LONGER_MATCHES, why.ABSENT,
]  # fmt: skip


class ChosenField(serializers.ChoiceField):
    """A value of one of our own closed vocabularies."""

    def __init__(self, vocabulary: type[terms.Term], **kwargs: Any) -> None:
        super().__init__(choices=vocabulary.choices(), read_only=True, **kwargs)


def text(source: str | None = None, *, null: bool = True, about: str = "") -> serializers.CharField:
    return serializers.CharField(source=source, allow_null=null, read_only=True, help_text=about)


def number(source: str | None = None, *, null: bool = False, about: str = "") -> serializers.FloatField:
    return serializers.FloatField(source=source, allow_null=null, read_only=True, help_text=about)


def whole(source: str | None = None, *, null: bool = False, about: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(source=source, allow_null=null, read_only=True, help_text=about)


def texts(*, null: bool = False, about: str = "") -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), allow_null=null, read_only=True, help_text=about)


class ProblemSerializer(serializers.Serializer):
    """Why a request was refused."""

    what = serializers.CharField(help_text="What was wrong.")
    where = serializers.CharField(help_text="The parameter, or the path.")
    what_to_do = serializers.CharField(help_text="What to do next.")
    see = serializers.CharField(allow_null=True, help_text="An address that helps, where there is one.")


class WordsSerializer(serializers.Serializer):
    """A passage that a judgement rests on."""

    field = text(null=False, about="The field of the record, for example brief_title or conditions.0.")
    start = whole(about="First character, counted from 0 in the field's plain text.")
    end = whole(about="One past the last character.")
    text = text(null=False)


class ReasonedWordsSerializer(WordsSerializer):
    """A passage with the reason why it counts."""

    why = text(null=False)


class AnnotationSerializer(serializers.ModelSerializer):
    """A term tied to the trial."""

    facet = ChosenField(terms.Facet)
    term = text(null=False)
    proposer = ChosenField(terms.Proposer)
    state = ChosenField(terms.AnnotationState)
    words = WordsSerializer(many=True, read_only=True)

    class Meta:
        model = Annotation
        fields = ("facet", "term", "proposer", "state", "words")


class ComponentSerializer(serializers.Serializer):
    """One of the five components of strength."""

    name = ChosenField(terms.Component)
    earned = number()
    possible = number()
    weight = number()


class ExplanationRowSerializer(serializers.Serializer):
    """One row of the explanation: the rule, the fact it read, where from, and the points."""

    component = ChosenField(terms.Component)
    rule = text(null=False)
    fact = text(null=False, about="The fact used, in words; empty where there is none.")
    origin = text(null=False, about="Where the fact was read.")
    state = ChosenField(terms.FactState)
    earned = number()
    possible = number()
    source = text(null=False, about="Where the rule comes from.")  # type: ignore[assignment]  # also DRF's own name


class MaturitySerializer(serializers.ModelSerializer):
    """How far (stage), how well (earned to possible, 0 to 100), alive or not (momentum), and why."""

    track = ChosenField(terms.Track)
    stage = whole(about="Stage earned, 0 to 9.")
    stage_possible = whole(about="Stage that the missing facts could still show.")
    step = ChosenField(terms.Step, allow_null=True)
    earned = number(about="Strength from what is reported.")
    possible = number(about="Strength if everything not reported were there.")
    components = ComponentSerializer(many=True, read_only=True)
    deductions = number()
    score = number(about="For sorting: 10 × stage + earned / 10 − deductions, not below 0.")
    score_possible = number()
    momentum = ChosenField(terms.Momentum)
    rubric = text(null=False, about="Version of the rubric.")
    scored_on = serializers.DateField(read_only=True)
    explanation = ExplanationRowSerializer(many=True, read_only=True)

    class Meta:
        model = Maturity
        fields = (
            "track", "stage", "stage_possible", "step", "earned", "possible", "components", "deductions", "score",
            "score_possible", "momentum", "rubric", "scored_on", "explanation",
        )  # fmt: skip


class PartialDateSerializer(serializers.Serializer):
    """A date as the registry gives it: a day, a month or a year."""

    date = text(null=True, about="2026-03-01, 2026-03 or 2026.")
    type = text(null=True, about="ACTUAL or ESTIMATED; null where the record does not say.")


class InterventionSerializer(serializers.Serializer):
    type = text()
    name = text()


class TrialSerializer(serializers.ModelSerializer):
    """One trial as it stands. Registry values are given as stored; null means that the record is silent."""

    title = text("brief_title")
    status = text("overall_status", about="The registry's overall status, for example RECRUITING.")
    enrollment = serializers.SerializerMethodField(help_text="People; null also for 99999999, which is no number.")
    enrollment_type = text(about="ACTUAL or ESTIMATED.")
    phases = texts(null=True, about="Null where the registry does not ask, as of observational studies.")
    start = serializers.SerializerMethodField()
    primary_completion = serializers.SerializerMethodField()
    completion = serializers.SerializerMethodField()
    sponsor = text("lead_sponsor")
    sponsor_class = text("lead_sponsor_class")
    conditions = texts()
    interventions = InterventionSerializer(many=True, read_only=True)
    countries = texts()
    relevance = ChosenField(terms.Relevance)
    relevance_by = ChosenField(terms.Proposer)
    relevance_words = ReasonedWordsSerializer(many=True, read_only=True)
    track = ChosenField(terms.Track, allow_null=True)
    roles = serializers.ListField(child=ChosenField(terms.Role), read_only=True)
    annotations = AnnotationSerializer(source="all_annotations", many=True, read_only=True)
    stop_classes = serializers.ListField(child=ChosenField(terms.StopClass), read_only=True)
    origin = ChosenField(terms.Origin)
    partial = serializers.BooleanField(  # type: ignore[assignment]  # also DRF's own name
        source="is_partial", read_only=True, help_text="A copy with parts missing."
    )
    presence = ChosenField(terms.Presence)
    maturity = serializers.SerializerMethodField()
    other_maturity = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    registry_url = serializers.URLField(read_only=True)

    class Meta:
        model = Trial
        fields = (
            "nct_id", "title", "official_title", "acronym", "status", "last_known_status", "why_stopped", "study_type",
            "phases", "enrollment", "enrollment_type", "start", "primary_completion", "completion", "first_post_date",
            "last_update_post_date", "has_results", "sponsor", "sponsor_class", "conditions", "interventions",
            "countries", "relevance", "relevance_by", "relevance_words", "track", "roles", "annotations",
            "stop_classes", "origin", "partial", "presence", "maturity", "other_maturity", "version_count",
            "first_seen", "last_changed", "url", "registry_url",
        )  # fmt: skip
        read_only_fields = fields

    def get_enrollment(self, trial: Trial) -> int | None:
        return trial.enrollment_count if trial.enrollment_count != NO_COUNT else None

    @extend_schema_field(PartialDateSerializer)
    def get_start(self, trial: Trial) -> dict[str, str | None]:
        return _dated(trial.start_given, trial.start_type)

    @extend_schema_field(PartialDateSerializer)
    def get_primary_completion(self, trial: Trial) -> dict[str, str | None]:
        return _dated(trial.primary_completion_given, trial.primary_completion_type)

    @extend_schema_field(PartialDateSerializer)
    def get_completion(self, trial: Trial) -> dict[str, str | None]:
        return _dated(trial.completion_given, trial.completion_type)

    @extend_schema_field(MaturitySerializer(allow_null=True))
    def get_maturity(self, trial: Trial) -> object:
        first, _ = maturities_of(trial)
        return MaturitySerializer(first).data if first else None

    @extend_schema_field(MaturitySerializer(allow_null=True))
    def get_other_maturity(self, trial: Trial) -> object:
        _, second = maturities_of(trial)
        return MaturitySerializer(second).data if second else None

    def get_url(self, trial: Trial) -> str:
        return absolute(self.context["request"], trial.get_absolute_url())


def _dated(given: str | None, kind: str | None) -> dict[str, str | None]:
    return {"date": given, "type": kind}


def maturities_of(trial: Trial | Study) -> tuple[Maturity | None, Maturity | None]:
    standing: list[Maturity] = trial.current_maturities  # type: ignore[union-attr]  # read with the evidence
    return first_and_other(standing)


class VersionSerializer(serializers.ModelSerializer):
    """One distinct state of the record that was seen."""

    number = whole()
    origin = ChosenField(terms.Origin)
    partial = serializers.BooleanField(source="is_partial", read_only=True)  # type: ignore[assignment]
    registry_version = serializers.DateField(read_only=True, allow_null=True, help_text="Data date of this copy.")
    last_update_post_date = serializers.DateField(read_only=True, allow_null=True)
    first_seen = serializers.DateTimeField(read_only=True)

    class Meta:
        model = TrialVersion
        fields = ("number", "origin", "partial", "registry_version", "last_update_post_date", "first_seen")


class ChangeSerializer(serializers.ModelSerializer):
    """One named difference between two neighbouring versions, or an event of the trial's presence."""

    id = whole()
    nct_id = text("trial_id", about="The trial; null where it is a study that changed.")
    study = whole("study_id", null=True, about="The study's number here; null where it is a trial that changed.")
    title = serializers.SerializerMethodField()
    kind = ChosenField(terms.ChangeKind)
    sentence = serializers.SerializerMethodField(help_text="What happened, in words.")
    field = text(null=False, about="The column that changed; empty where it is none.")
    before = serializers.JSONField(read_only=True, allow_null=True)
    after = serializers.JSONField(read_only=True, allow_null=True)
    days = whole(null=True, about="Of a moved date: days later; negative: earlier.")
    version_before = whole(null=True)
    version_after = whole(null=True)
    posted = serializers.DateField(read_only=True, allow_null=True, help_text="When the registry posted the later one.")
    seen = serializers.DateTimeField(read_only=True, help_text="When it was seen here.")

    class Meta:
        model = ChangeEvent
        fields = (
            "id", "nct_id", "study", "title", "kind", "sentence", "field", "before", "after", "days", "version_before",
            "version_after", "posted", "seen",
        )  # fmt: skip

    def get_title(self, change: ChangeEvent) -> str | None:
        return change.trial.brief_title if change.trial else change.study.title if change.study else None

    def get_sentence(self, change: ChangeEvent) -> str:
        return change_sentence(change)


class RecordSerializer(serializers.Serializer):
    """A trial or a study as a link names it."""

    type = serializers.ChoiceField(choices=[TRIAL, STUDY], source="kind", read_only=True)
    id = text("key", null=False, about="NCT number, or the study's number here.")
    name = text(null=False, about="What it is called in a line: NCT number, PMID, DOI, or author and year.")
    title = text(null=False)
    began = text(about="Start or publication, a partial date.")
    retracted = serializers.BooleanField(source="is_retracted", read_only=True)
    track = ChosenField(terms.Track, allow_null=True)
    stage = whole(null=True)
    url = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField())
    def get_url(self, record: RecordRef) -> str:
        return absolute(self.context["request"], record.address)


class LinkSerializer(serializers.Serializer):
    """A record bears on a candidate. It counts only when accepted, and only while the record is not retracted."""

    record = RecordSerializer(read_only=True)
    candidate = text("candidate_slug", null=False)
    candidate_name = text("candidate", null=False)
    direction = ChosenField(terms.Direction)
    state = ChosenField(terms.AnnotationState)
    counts = serializers.BooleanField(read_only=True)
    proposer = ChosenField(terms.Proposer)
    basis = text(null=False, about="What it rests on.")
    note = text(null=False)
    said_by = text(null=False, about="Who proposed or decided it, in words.")


class LineageSerializer(serializers.Serializer):
    """What led to what, in the order of time. Only an accepted one counts."""

    kind = ChosenField(terms.LineageKind)
    earlier = RecordSerializer(read_only=True)
    verb = text(null=False, about="From the earlier to the later record.")
    later = RecordSerializer(read_only=True)
    state = ChosenField(terms.AnnotationState)
    basis = text(null=False)
    said_by = text(null=False)


class WholeTrialSerializer(TrialSerializer):
    """One trial with its history: what the list says of it, and its versions and changes."""

    aliases = serializers.SerializerMethodField(help_text="Numbers that the registry folded into this one.")
    none_because = serializers.SerializerMethodField(help_text="Why there is no maturity; null where there is one.")
    versions = VersionSerializer(many=True, read_only=True)
    changes = ChangeSerializer(many=True, read_only=True)
    links = LinkSerializer(source="link_lines", many=True, read_only=True, help_text="Candidates it bears on.")
    lineage = LineageSerializer(source="lineage_lines", many=True, read_only=True)

    class Meta(TrialSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *TrialSerializer.Meta.fields, "aliases", "none_because", "versions", "changes", "links", "lineage",
        )  # fmt: skip
        read_only_fields = fields  # type: ignore[assignment]

    def get_aliases(self, trial: Trial) -> list[str]:
        return [alias.alias for alias in trial.aliases.all()]

    def get_none_because(self, trial: Trial) -> str | None:
        first, _ = maturities_of(trial)
        return None if first else why_no_stage(trial)


class RunSerializer(serializers.ModelSerializer):
    """One pull from the registry, or one reading of files: what it asked, saw, stored and could not read."""

    id = whole()
    query = text("query.slug", about="Slug of the registry query; null where none was asked.")
    kind = ChosenField(terms.RunKind)
    state = ChosenField(terms.RunState)
    good = serializers.BooleanField(source="is_good", read_only=True)
    started = serializers.DateTimeField(read_only=True)
    finished = serializers.DateTimeField(read_only=True, allow_null=True)
    asked = serializers.DictField(read_only=True, help_text="The parameters as sent, or the paths read.")
    data_timestamp = text(null=False, about="The registry's data version; empty where it was not asked.")
    posted_from = serializers.DateField(read_only=True, allow_null=True)
    expected = whole(null=True, about="totalCount, as the registry said.")
    drift = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    filled = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    message = text(null=False)

    class Meta:
        model = SyncRun
        fields = (
            "id", "query", "kind", "state", "good", "started", "finished", "asked", "data_timestamp", "posted_from",
            "expected", "pages", "requests", "seen", "new", "changed", "unchanged", "set_aside", "filled", "drift",
            "message",
        )  # fmt: skip
        read_only_fields = fields


class MatchSerializer(serializers.Serializer):
    """That a query's answer held the trial."""

    query = text("query.slug", null=False)
    first_matched = serializers.DateTimeField(read_only=True)
    last_matched = serializers.DateTimeField(read_only=True)
    misses = whole(about="Whole pulls in a row without it.")


class AskedQuerySerializer(serializers.Serializer):
    """A query that is asked, and when it was last answered."""

    slug = text(null=False)
    name = text(null=False)
    last_good = serializers.DateTimeField(read_only=True, allow_null=True)


class AsideSerializer(serializers.Serializer):
    """A record that came and could not be read."""

    reason = text(null=False)
    state = ChosenField(terms.SetAsideState)
    first_seen = serializers.DateTimeField(read_only=True)
    last_seen = serializers.DateTimeField(read_only=True)


class WhySerializer(serializers.Serializer):
    """Why a number is here, absent or late."""

    asked = text(null=False)
    nct_id = text("number", null=False, about="The number as the registry writes it.")
    answer = serializers.ChoiceField(choices=ANSWERS, read_only=True)
    sentence = text(null=False)
    trial = text("trial.nct_id", about="The trial it leads to; another number where this one is an alias.")
    relevance = ChosenField(terms.Relevance, source="trial.relevance", allow_null=True)
    relevance_words = serializers.SerializerMethodField()
    first_posted = serializers.DateField(source="late.posted", read_only=True, allow_null=True)
    first_seen = serializers.DateTimeField(source="trial.first_seen", read_only=True, allow_null=True)
    days_late = whole("late.days", null=True, about="Days from first posted to first seen here.")
    aliases = texts()
    matches = MatchSerializer(many=True, read_only=True)
    set_aside = AsideSerializer(many=True, read_only=True)
    presence = ChangeSerializer(many=True, read_only=True)
    queries = AskedQuerySerializer(many=True, read_only=True, help_text="What is asked, and when it was answered.")
    registry_url = serializers.URLField(read_only=True)

    @extend_schema_field(ReasonedWordsSerializer(many=True))
    def get_relevance_words(self, answer: why.Why) -> object:
        return ReasonedWordsSerializer(answer.trial.relevance_words if answer.trial else [], many=True).data


class PageSerializer(serializers.Serializer):
    """A page of a list, with the absolute addresses of its neighbours; null at the ends."""

    next = serializers.URLField(allow_null=True, read_only=True)
    previous = serializers.URLField(allow_null=True, read_only=True)


class TrialsPageSerializer(PageSerializer):
    results = TrialSerializer(many=True, read_only=True)


class ChangesPageSerializer(PageSerializer):
    results = ChangeSerializer(many=True, read_only=True)


class RunsPageSerializer(PageSerializer):
    results = RunSerializer(many=True, read_only=True)
