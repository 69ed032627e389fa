"""Maturities of studies in the database: appended, confirmed, superseded, and taken along by their trial."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import stored_trial
from tests.scoring.support import RUBRIC
from tracker.curation.decisions import decide_fact, decide_lineage
from tracker.models import Annotation, Candidate, EvidenceLink, LineageLink, Maturity, Study, StudyFact, Trial
from tracker.reads import doctor
from tracker.reads.study import whole_study
from tracker.scoring import ledger
from tracker.scoring.ledger import rescore, score_studies
from tracker.scoring.rubric import CURRENT, RubricError
from tracker.sources.bibliography import study_record
from tracker.sync.store import store_studies
from tracker.terms import AnnotationState, Facet, LineageKind, Reading, Relevance, StudyOrigin, Track

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 30, 15, 0, tzinfo=UTC)
TODAY = AT.date()
_pmid = itertools.count(30_000_000)


def about(**facts: object) -> Study:
    """A stored study about vesicles, of a carrier in animals unless told otherwise."""
    record = study_record(title=f"Vesicles against lung cancer {next(_pmid)}", pmid=str(next(_pmid)))
    (number,) = store_studies(rows=[record], origin=StudyOrigin.FILE, run=None, at=AT).ids
    Study.objects.filter(pk=number).update(relevance=Relevance.ABOUT)
    study = Study.objects.get(pk=number)
    tell(study, **{"role": ["drug_carrier"], "stage_evidence": ["in_vivo_proof"], **facts})
    return study


def tell(study: Study, origin: str = "import", **facts: object) -> None:
    by = get_user_model().objects.get_or_create(username="curator")[0] if origin == "person" else None
    for name, value in facts.items():
        StudyFact.objects.create(
            study=study, name=name, value=value, origin=origin, state=AnnotationState.ACCEPTED, by=by, at=AT
        )


def therapy() -> Trial:
    """A stored phase 2 of a vesicle product."""
    trial = stored_trial(of="NCT02657460", designModule__phases=["PHASE2"])
    Trial.objects.filter(pk=trial.pk).update(relevance=Relevance.ABOUT)
    Annotation.objects.create(
        trial=trial, facet=Facet.READING, term=Reading.EV_CARRIER, proposed=AT,
        words=[{"field": "brief_title", "start": 0, "end": 1, "text": "E"}],
    )  # fmt: skip
    rescore(rubric=CURRENT, today=TODAY, at=AT, nct_ids=[trial.pk])
    trial.refresh_from_db()
    assert trial.stage is not None
    return trial


def reports(study: Study, trial: Trial, state: str = "accepted") -> LineageLink:
    return LineageLink.objects.create(
        kind=LineageKind.REPORTS, from_study=study, to_trial=trial, state=state, proposer="rule", basis="its PMID",
        proposed=AT, decided=None if state == "proposed" else AT,
    )  # fmt: skip


def scored(*studies: Study, today: date = TODAY) -> ledger.Scored:
    return score_studies(study_ids=[one.pk for one in studies], rubric=CURRENT, today=today, at=AT)


def standing(study: Study) -> tuple[str | None, int | None]:
    study.refresh_from_db()
    return study.track, study.stage


class TestFirstScore:
    def test_writes_the_row_and_the_columns_that_lists_read(self):
        study = about(n_animals=60, controls="yes")
        found = scored(study)
        assert (found.trials, found.studies, found.written, found.without) == (0, 1, 1, 0)
        row = Maturity.objects.get()
        assert (row.study_id, row.trial_id, row.track, row.stage, row.step, row.momentum) == (
            study.pk, None, "therapeutic", 4, "done", "unknown",
        )  # fmt: skip
        assert row.earned == 8 + 14 + 4
        study.refresh_from_db()
        for column, from_row in (("strength", "earned"), ("strength_possible", "possible"), ("score", "score")):
            assert getattr(study, column) == getattr(row, from_row)
        assert (study.roles, study.stop_classes, study.step, study.momentum) == (
            ["drug_carrier"], [], "done", "unknown",
        )  # fmt: skip

    def test_counts_who_said_what_and_forgets_what_was_rejected(self):
        study = about(n_animals=6)
        tell(study, "person", n_animals=60)
        scored(study)
        (row,) = [one for one in Maturity.objects.get().explanation if one["rule"].startswith("Patients or animals")]
        assert (row["fact"], row["origin"]) == ("60 animals", "animals, by a person")
        StudyFact.objects.filter(origin="person").update(state=AnnotationState.REJECTED)
        scored(study)
        (row,) = [
            one
            for one in Maturity.objects.get(is_current=True).explanation
            if one["rule"].startswith("Patients or animals")
        ]
        assert row["fact"] == "6 animals"

    def test_takes_the_track_of_an_accepted_candidate(self):
        study = about(role=["mechanism"], stage_evidence=["mechanism_observed"])
        candidate = Candidate.objects.create(name="A test", slug="a-test", kind=Track.DIAGNOSTIC, created=AT)
        link = EvidenceLink.objects.create(
            candidate=candidate, study=study, direction="supports", proposer="rule", basis="its name", proposed=AT
        )
        scored(study)
        assert standing(study) == ("therapeutic", 1)
        EvidenceLink.objects.filter(pk=link.pk).update(state=AnnotationState.ACCEPTED, decided=AT)
        scored(study)
        assert standing(study) == ("diagnostic", 1)

    def test_a_study_that_is_not_stored_is_refused_by_number(self):
        with pytest.raises(LookupError, match=r"Study 404404 cannot be scored: it is not stored"):
            score_studies(study_ids=[404404], rubric=CURRENT, today=TODAY, at=AT)

    def test_an_unknown_rubric_is_refused(self):
        with pytest.raises(RubricError, match="no rubric '1999-1'"):
            score_studies(study_ids=[], rubric="1999-1", today=TODAY, at=AT)


class TestScoringAgain:
    def test_the_same_facts_confirm_and_write_nothing(self):
        study = about()
        scored(study)
        found = scored(study, today=TODAY + timedelta(days=1))
        assert (found.written, found.confirmed, found.superseded) == (0, 1, 0)
        assert Maturity.objects.get().confirmed_on == TODAY + timedelta(days=1)

    def test_changed_facts_append_and_the_old_row_keeps_its_numbers(self):
        study = about()
        scored(study)
        before = Maturity.objects.values().get()
        tell(study, controls="yes")
        assert (scored(study).written, Maturity.objects.count()) == (1, 2)
        assert Maturity.objects.filter(is_current=False).values().get() == {**before, "is_current": False}

    @pytest.mark.parametrize("change", [{"is_retracted": True}, {"relevance": Relevance.MENTION}])
    def test_a_retracted_study_leaves_the_lists_and_keeps_its_history(self, change):
        study = about()
        scored(study)
        Study.objects.filter(pk=study.pk).update(**change)
        found = scored(study)
        assert (found.superseded, found.without) == (1, 1)
        study.refresh_from_db()
        assert (study.track, study.stage, study.score, study.strength, study.momentum) == (None,) * 5
        assert list(Maturity.objects.values_list("is_current", flat=True)) == [False]

    def test_another_rubric_writes_beside_and_moves_no_list(self, monkeypatch):
        study = about()
        scored(study)
        monkeypatch.setattr(ledger, "load", lambda version: RUBRIC)
        StudyFact.objects.filter(name="stage_evidence").update(value=["late_preclinical"])
        score_studies(study_ids=[study.pk], rubric="2026-2", today=TODAY, at=AT)
        assert standing(study) == ("therapeutic", 4)
        assert Maturity.objects.get(rubric="2026-2").stage == 5


class TestTrial:
    def test_a_proposed_link_counts_for_nothing(self):
        study, trial = about(stage_evidence=["clinical_trial"]), therapy()
        reports(study, trial, "proposed")
        scored(study)
        assert standing(study) == ("therapeutic", 6)

    def test_accepting_the_link_gives_the_study_its_trial_s_stage(self):
        study, trial = about(stage_evidence=["clinical_trial"]), therapy()
        link = reports(study, trial, "proposed")
        scored(study)
        by = get_user_model().objects.create_user("curator")
        decide_lineage(lineage=link, state=AnnotationState.ACCEPTED, by=by, at=AT, why="the same trial")
        assert standing(study) == ("therapeutic", trial.stage)
        assert trial.stage == 7

    def test_the_study_follows_when_its_trial_moves(self):
        study, trial = about(stage_evidence=["clinical_trial"]), therapy()
        reports(study, trial)
        scored(study)
        Trial.objects.filter(pk=trial.pk).update(phases=["PHASE3"])
        found = rescore(rubric=CURRENT, today=TODAY, at=AT, nct_ids=[trial.pk])
        assert (found.trials, found.studies) == (1, 1)
        assert standing(study) == ("therapeutic", 8)

    def test_a_trial_that_loses_its_stage_leaves_the_study_to_its_own_rows(self):
        study, trial = about(stage_evidence=["clinical_trial"]), therapy()
        reports(study, trial)
        scored(study)
        Trial.objects.filter(pk=trial.pk).update(relevance=Relevance.NONE)
        rescore(rubric=CURRENT, today=TODAY, at=AT, nct_ids=[trial.pk])
        study.refresh_from_db()
        assert (study.stage, study.stage_possible) == (6, 9)


class TestRescore:
    def test_everything_covers_studies_and_batches_come_to_the_same(self):
        studies = [about() for _ in range(5)]
        found = rescore(rubric=CURRENT, today=TODAY, at=AT, batch=2)
        assert (found.studies, found.written) == (5, 5)
        assert Maturity.objects.filter(is_current=True, study__in=studies).count() == 5

    def test_only_these_studies(self):
        one, other = about(), about()
        found = rescore(rubric=CURRENT, today=TODAY, at=AT, study_ids=[one.pk])
        assert (found.trials, found.studies) == (0, 1)
        assert standing(other) == (None, None)

    def test_a_day_is_due_once(self):
        study = about()
        assert rescore(rubric=CURRENT, today=TODAY, at=AT, only_due=True).studies == 1
        assert rescore(rubric=CURRENT, today=TODAY, at=AT, only_due=True).studies == 0
        later = TODAY + timedelta(days=1)
        assert rescore(rubric=CURRENT, today=later, at=AT, only_due=True).confirmed == 1
        Study.objects.filter(pk=study.pk).update(is_retracted=True)
        assert rescore(rubric=CURRENT, today=later, at=AT, only_due=True).superseded == 1
        assert rescore(rubric=CURRENT, today=later, at=AT, only_due=True).studies == 0

    def test_the_number_of_queries_does_not_grow_with_the_studies(self):
        trial = therapy()
        reports(about(), trial)
        about()
        with CaptureQueriesContext(connection) as few:
            rescore(rubric=CURRENT, today=TODAY, at=AT)
        for _ in range(10):
            reports(about(), trial)
        with CaptureQueriesContext(connection) as many:
            rescore(rubric=CURRENT, today=TODAY, at=AT)
        assert len(many) == len(few)

    def test_the_command_counts_them(self):
        about()
        out = StringIO()
        call_command("rescore", stdout=out)
        assert "0 trials, 1 studies, 1 maturities new" in out.getvalue()


class TestDecidedFacts:
    def test_rejecting_a_fact_scores_the_study_anew(self):
        study = about()
        scored(study)
        fact = StudyFact.objects.get(study=study, name="stage_evidence")
        by = get_user_model().objects.create_user("curator")
        decide_fact(fact=fact, state=AnnotationState.REJECTED, by=by, at=AT, why="only cells")
        assert standing(study) == (None, None)


class TestDoctor:
    def test_well_when_what_is_stored_is_what_the_rules_give(self):
        scored(about(), about())
        (finding,) = doctor.examine(at=AT, names=["maturities"])
        assert finding.is_well
        assert Maturity.objects.count() == 2

    def test_names_a_study_whose_stored_maturity_differs(self):
        study, other = about(), about()
        scored(study, other)
        Maturity.objects.filter(study=study).update(stage=3)
        (finding,) = doctor.examine(at=AT, names=["maturities"])
        assert not finding.is_well
        assert f"study {study.pk}: differ" in finding.what
        assert Maturity.objects.get(study=study).stage == 3


class TestPage:
    @pytest.mark.parametrize(
        ("facts", "words"),
        [
            ({"stage_evidence": []}, "What kind of evidence it holds is not reported"),
            ({"role": ["diagnosis"]}, "are no row of the diagnostic column"),
            ({"role": [], "stage_evidence": ["clinical_trial"]}, "so it stands on neither track"),
        ],
    )
    def test_says_why_there_is_no_stage_in_the_words_of_the_rules(self, facts, words):
        study = about(**facts)
        scored(study)
        assert words in whole_study(study.pk).none_because

    def test_says_that_a_retracted_study_counts_for_nothing(self):
        study = about()
        Study.objects.filter(pk=study.pk).update(is_retracted=True)
        scored(study)
        assert whole_study(study.pk).none_because.startswith("It was retracted")

    def test_says_nothing_where_there_is_a_stage(self):
        study = about()
        scored(study)
        found = whole_study(study.pk)
        assert found.none_because == ""
        assert found.maturity is not None
