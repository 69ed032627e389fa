"""The five-minute form: a study's bibliography, what was read in it, and the ten EV reporting items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core import signing
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tracker.curation.decisions import Entry, ExperimentEntry
from tracker.curation.decisions.studies import effective
from tracker.curation.shapes import ANSWERS, COHORTS, LARGEST, NUMBERS
from tracker.models import Experiment, Study
from tracker.reads.wording import sentence
from tracker.sources.bibliography import doi_of, nct_numbers, pmcid_of, pmid_of
from tracker.terms import (
    EV_ITEMS,
    AnnotationState,
    Direction,
    ExperimentKind,
    Facet,
    FactOrigin,
    Relevance,
    StudyEvidence,
    StudyFactName,
)

from .deciding import DecisionForm
from .looking_up import LookedUp
from .vocabulary import FACETS, ListField, TermsField
from .widgets import AnswerField, FindingsField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.forms import BaseInlineFormSet

    from tracker.models import StudyFact

YES_NO = (("", "not reported"), ("True", "yes"), ("False", "no"))
#: columns with a field of their own kind, in the form's order
BIBLIOGRAPHY = (
    "pmid", "doi", "pmcid", "title", "authors", "journal", "year", "abstract", "published_given", "preprint_doi",
    "mesh_terms", "keywords", "publication_types", "trial_numbers", "is_open_access", "language", "source_url",
    "is_preprint", "is_retracted",
)  # fmt: skip
OWN = ("relevance", "summary", "last_author_institution", "ev_track_id", "ev_metric", "read_at")
FACT, TERM = "fact_", "term_"


def fact_fields() -> dict[str, forms.Field]:
    """One field a fact, under `fact_` and its name."""
    found: dict[str, forms.Field] = {
        name: forms.IntegerField(
            required=False,
            min_value=0,
            max_value=LARGEST,
            label=sentence(name.label),
            widget=UnfoldAdminIntegerFieldWidget(),
        )
        for name in NUMBERS
    }
    found |= {name: AnswerField(name, is_item=name in EV_ITEMS) for name in ANSWERS}
    found |= {
        name: forms.CharField(required=False, label=sentence(name.label), widget=UnfoldAdminTextInputWidget())
        for name in (StudyFactName.ANIMAL_MODEL, StudyFactName.ANIMAL_SPECIES, StudyFactName.COMPARATORS)
    }
    found |= {
        name: ListField(label=sentence(name.label), help_text="Parted by semicolons.")
        for name in (StudyFactName.CELL_LINES, StudyFactName.ISOLATION, StudyFactName.CHARACTERISATION)
    }
    choices: tuple[tuple[StudyFactName, list[tuple[str, str]]], ...] = (
        (StudyFactName.STAGE_EVIDENCE, StudyEvidence.choices()),
        (StudyFactName.COHORTS, [(one, one) for one in COHORTS]),
    )
    for name, pairs in choices:
        found[name] = forms.MultipleChoiceField(
            required=False, label=sentence(name.label), choices=pairs, widget=UnfoldAdminSelect2MultipleWidget()
        )
    found[StudyFactName.DIRECTION] = forms.ChoiceField(
        required=False, label=sentence(StudyFactName.DIRECTION.label), choices=[("", "not said"), *Direction.choices()],
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    found[StudyFactName.FINDINGS] = FindingsField(required=False, label=sentence(StudyFactName.FINDINGS.label))
    return {f"{FACT}{name}": field for name, field in found.items()}


def _identifier(name: str, given: str | None, found: str | None, example: str) -> str | None:
    if given and not found:
        raise forms.ValidationError(f"“{given}” is no {name}; one looks like {example}.")
    return found


class StudyForm(DecisionForm):
    """What a curator says of a study; saving hands it whole to `curation.decisions`."""

    # As it is pasted, with "PMID:" or a resolver's address before it.
    pmid = forms.CharField(required=False, label="PMID", widget=UnfoldAdminTextInputWidget())
    pmcid = forms.CharField(required=False, label="PMCID", widget=UnfoldAdminTextInputWidget())
    doi = forms.CharField(required=False, label="DOI", widget=UnfoldAdminTextInputWidget())
    preprint_doi = forms.CharField(required=False, label="Preprint DOI", widget=UnfoldAdminTextInputWidget())
    authors = ListField(help_text="Parted by semicolons: Hsu YL; Hung JY.")
    mesh_terms = ListField(label="MeSH terms")
    keywords = ListField()
    publication_types = ListField()
    trial_numbers = ListField(help_text="NCT numbers that it names.")
    is_open_access = forms.TypedChoiceField(
        required=False, choices=YES_NO, coerce=lambda value: value == "True", empty_value=None, label="Open access",
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    relevance = forms.ChoiceField(
        choices=Relevance.choices(), initial=Relevance.ABOUT, widget=UnfoldAdminSelectWidget(),
        help_text="About EVs and about lung cancer.",
    )  # fmt: skip
    why = forms.CharField(
        required=False, label="Reason", widget=UnfoldAdminTextInputWidget(), help_text="For the history."
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput())
    looked_up = forms.CharField(required=False, widget=forms.HiddenInput())

    class Meta:
        model = Study
        fields = (*BIBLIOGRAPHY, *OWN)
        widgets = {
            "title": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "abstract": UnfoldAdminTextareaWidget(attrs={"rows": 8}),
            "summary": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "is_preprint": UnfoldBooleanSwitchWidget(),
            "is_retracted": UnfoldBooleanSwitchWidget(),
            **dict.fromkeys(
                ("journal", "source_url", "last_author_institution", "read_at"), UnfoldAdminTextInputWidget()
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        study = self.instance
        if study.pk:
            self.initial["seen"] = study.last_changed.isoformat()
            self.initial.update(
                {
                    f"{FACT}{name}": fact.value
                    for (experiment, name), fact in effective(study.facts.all()).items()
                    if experiment is None
                }
            )
        standing: dict[str, list[str]] = {}
        if study.pk:
            for facet, term in study.annotations.exclude(state=AnnotationState.REJECTED).values_list("facet", "term"):
                standing.setdefault(facet, []).append(term)
        for facet in FACETS:
            field = self.fields.get(f"{TERM}{facet}")
            if isinstance(field, TermsField):
                field.also(standing.get(facet, []))
                self.initial[f"{TERM}{facet}"] = standing.get(facet, [])

    def clean_pmid(self) -> str | None:
        given = self.cleaned_data["pmid"]
        return _identifier("PMID", given, pmid_of(given), "28436951")

    def clean_pmcid(self) -> str | None:
        given = self.cleaned_data["pmcid"]
        return _identifier("PMCID", given, pmcid_of(given), "PMC5439933")

    def clean_doi(self) -> str | None:
        given = self.cleaned_data["doi"]
        return _identifier("DOI", given, doi_of(given), "10.2147/ijn.s131516")

    def clean_preprint_doi(self) -> str | None:
        given = self.cleaned_data["preprint_doi"]
        return _identifier("DOI", given, doi_of(given), "10.1101/2020.01.02.123456")

    def clean_trial_numbers(self) -> list[str]:
        given: list[str] = self.cleaned_data["trial_numbers"]
        wrong = [one for one in given if nct_numbers(one) != [one.upper()]]
        if wrong:
            raise forms.ValidationError(f"“{wrong[0]}” is no trial's number; one looks like NCT01159288.")
        return nct_numbers(*given)

    def clean_year(self) -> int | None:
        year: int | None = self.cleaned_data["year"]
        if year is not None and not 1900 <= year <= 2100:
            raise forms.ValidationError(f"{year} is no year of publication.")
        return year

    def clean_looked_up(self) -> LookedUp | None:
        given = self.cleaned_data["looked_up"]
        try:
            return LookedUp.unsealed(given) if given else None
        except signing.BadSignature:
            raise forms.ValidationError("What was looked up did not come back whole: look it up once more.") from None

    def entry(self, formsets: Iterable[BaseInlineFormSet]) -> Entry:
        """All that the form says; a fact or facet that it shows as it stood says nothing new."""
        said = self.cleaned_data
        return Entry(
            columns={name: said[name] for name in (*BIBLIOGRAPHY, *OWN) if name in said},
            facts={
                StudyFactName(name.removeprefix(FACT)): said[name]
                for name in self.fields
                if name.startswith(FACT) and (name in self.changed_data)
            },
            terms={
                Facet(name.removeprefix(TERM)): said[name]
                for name in self.fields
                if name.startswith(TERM) and name in self.changed_data
            },
            experiments=[entry for formset in formsets for entry in _experiments(formset)],
        )


# Made of the vocabularies, so that a new fact or facet needs no line here.
for _made in (fact_fields(), {f"{TERM}{facet}": TermsField(facet) for facet in FACETS}):
    StudyForm.declared_fields.update(_made)
    StudyForm.base_fields.update(_made)


class ExperimentForm(forms.ModelForm):
    """One experiment in a row."""

    cell_lines = ListField(label="Cell lines")
    animal_model = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget())
    n_animals = forms.IntegerField(
        required=False, min_value=0, max_value=LARGEST, label="animals", widget=UnfoldAdminIntegerFieldWidget()
    )
    n_patients = forms.IntegerField(
        required=False, min_value=0, max_value=LARGEST, label="patients", widget=UnfoldAdminIntegerFieldWidget()
    )

    FACTS = (
        StudyFactName.CELL_LINES, StudyFactName.ANIMAL_MODEL, StudyFactName.N_ANIMALS, StudyFactName.N_PATIENTS,
    )  # fmt: skip

    class Meta:
        model = Experiment
        fields = ("label", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial["kind"] = ExperimentKind.IN_VITRO  # what its select shows first: an untouched row is empty
        if self.instance.pk:
            standing = effective(self.instance.facts.all())
            self.initial.update({str(name): fact.value for (_, name), fact in standing.items()})


def _experiments(formset: BaseInlineFormSet) -> Iterable[ExperimentEntry]:
    gone = formset.deleted_forms
    for form in formset.forms:
        said = getattr(form, "cleaned_data", {})
        if form in gone or not said.get("label"):
            continue
        yield ExperimentEntry(
            id=form.instance.pk,
            label=said["label"],
            kind=ExperimentKind(said["kind"]),
            facts={name: said.get(str(name)) for name in ExperimentForm.FACTS if str(name) in form.changed_data},
        )


def origin_words(fact: StudyFact) -> str:
    """Who read it: "by rule, proposed", "by ada, 2026-03-26"."""
    if fact.origin == FactOrigin.PERSON:
        return f"by {fact.by}, {fact.at:%Y-%m-%d}"
    decided = f", {fact.state} by {fact.by}" if fact.by else f", {fact.state}"
    return f"{fact.get_origin_display()}{decided}"
