"""Maturities in the database: appended, confirmed, superseded, never rewritten; and what a list reads of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import stored_trial
from tests.scoring.support import RUBRIC
from tracker.models import Annotation, Maturity, Trial
from tracker.scoring import ledger
from tracker.scoring.engine import score_trial
from tracker.scoring.facts import trial_facts
from tracker.scoring.ledger import rescore, score
from tracker.scoring.rubric import CURRENT, RubricError
from tracker.terms import Facet, Presence, Reading, Relevance, Role, StopClass, Track

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 30, 15, 0, tzinfo=UTC)
TODAY = AT.date()
COHORT = "NCT07376512"
THERAPY = "NCT02657460"


def annotate(trial: Trial, *pairs: tuple[str, str], state: str = "proposed") -> None:
    for facet, term in pairs:
        Annotation.objects.create(
            trial=trial,
            facet=facet,
            term=term,
            words=[{"field": "brief_title", "start": 0, "end": 1, "text": "E"}],
            state=state,
            proposed=AT,
            decided=None if state == "proposed" else AT,
        )


def about(nct_id: str | None = None, *, of: str = COHORT, reading: str = Reading.EV_MEASURED, **changes) -> Trial:
    """A stored trial about vesicles, made from a real record, with the reading that gives it a track."""
    trial = stored_trial(nct_id, of=of, **changes)
    Trial.objects.filter(pk=trial.pk).update(relevance=Relevance.ABOUT)
    annotate(trial, (Facet.READING, reading))
    trial.refresh_from_db()
    return trial


def facts(trial: Trial):
    return trial_facts(trial, relevance=Relevance(trial.relevance), annotations=trial.annotations.all())


def rescored(*trials: Trial, today: date = TODAY, **options):
    at = datetime(today.year, today.month, today.day, 15, tzinfo=UTC)
    return rescore(rubric=CURRENT, today=today, at=at, nct_ids=[one.pk for one in trials] or None, **options)


class TestFirstScore:
    def test_writes_what_the_engine_says(self):
        trial = about()
        annotate(trial, (Facet.SPECIMEN, "plasma"))
        (result,) = score_trial(facts(trial), rubric=RUBRIC, today=TODAY).maturities

        scored = score(trials={trial.pk: facts(trial)}, rubric=CURRENT, today=TODAY, at=AT)

        assert (scored.trials, scored.written, scored.confirmed, scored.superseded) == (1, 1, 0, 0)
        row = Maturity.objects.get()
        for column in ("stage", "stage_possible", "earned", "possible", "deductions", "score", "score_possible"):
            assert getattr(row, column) == getattr(result, column), column
        assert (row.track, row.step, row.momentum, row.rubric) == ("diagnostic", "planned", "advancing", CURRENT)
        assert (row.scored_on, row.confirmed_on, row.created) == (TODAY, TODAY, AT)
        assert row.is_current
        assert row.is_leading
        assert sum(Decimal(str(one["earned"])) for one in row.explanation) == row.earned
        assert row.explanation[0].keys() == {
            "component",
            "rule",
            "fact",
            "origin",
            "state",
            "earned",
            "possible",
            "source",
        }
        assert row.components[0].keys() == {"name", "earned", "possible", "weight"}
        assert row.reasons["stage"]["sentence"].startswith("Stage 2 today")

    def test_copies_the_leading_maturity_onto_the_trial(self):
        trial = about()
        annotate(trial, (Facet.ROLE, Role.PREDICTION), (Facet.ROLE, Role.MONITORING))
        rescored(trial)
        trial.refresh_from_db()
        row = Maturity.objects.get()
        assert (trial.track, trial.stage, trial.stage_possible, trial.step) == ("diagnostic", 2, 6, "planned")
        assert (trial.strength, trial.strength_possible) == (row.earned, row.possible)
        assert (trial.score, trial.score_possible) == (row.score, row.score_possible)
        assert trial.momentum == "advancing"
        assert trial.roles == ["prediction", "monitoring"]

    def test_both_tracks_are_kept_and_the_higher_leads(self):
        trial = about(of=THERAPY, reading=Reading.EV_CARRIER)
        annotate(trial, (Facet.READING, Reading.EV_MEASURED))
        rescored(trial)
        assert list(Maturity.objects.order_by("-is_leading").values_list("track", "is_leading", "is_current")) == [
            (Track.THERAPEUTIC, True, True),
            (Track.DIAGNOSTIC, False, True),
        ]
        trial.refresh_from_db()
        assert trial.track == Track.THERAPEUTIC

    def test_stop_reasons_and_roles_are_copied_for_every_trial(self):
        trial = stored_trial(of="NCT02628535")
        annotate(trial, (Facet.STOP_REASON, StopClass.BUSINESS), (Facet.ROLE, Role.VACCINE))
        silent = stored_trial(of="NCT00576225")
        scored = rescored()
        assert scored.without == 2
        trial.refresh_from_db()
        silent.refresh_from_db()
        assert trial.relevance == Relevance.NONE
        assert (trial.stop_classes, trial.roles, trial.track) == (["business"], ["vaccine"], None)
        assert silent.stop_classes == ["not_given"]

    def test_a_trial_that_is_not_stored_is_refused_by_number(self):
        found = facts(about())
        with pytest.raises(LookupError, match=r"NCT99999999 cannot be scored: it is not stored"):
            score(trials={"NCT99999999": found}, rubric=CURRENT, today=TODAY, at=AT)

    def test_an_unknown_rubric_is_refused_before_anything_is_read(self):
        with pytest.raises(RubricError, match="no rubric '1999-1'"):
            rescore(rubric="1999-1", today=TODAY, at=AT)
        with pytest.raises(RubricError, match="no rubric '1999-1'"):
            score(trials={}, rubric="1999-1", today=TODAY, at=AT)


class TestScoringAgain:
    def test_the_same_facts_confirm_and_write_nothing(self):
        trial = about()
        rescored(trial)
        before = Maturity.objects.get()
        scored = rescored(trial, today=TODAY + timedelta(days=1))
        assert (scored.written, scored.confirmed, scored.superseded) == (0, 1, 0)
        after = Maturity.objects.get()
        assert after.pk == before.pk
        assert after.scored_on == TODAY
        assert after.confirmed_on == TODAY + timedelta(days=1)

    def test_an_earlier_day_never_takes_a_confirmation_back(self):
        trial = about()
        rescored(trial)
        rescored(trial, today=TODAY - timedelta(days=1))
        assert Maturity.objects.get().confirmed_on == TODAY

    def test_changed_facts_append_and_the_old_row_keeps_its_numbers(self):
        trial = about()
        rescored(trial)
        before = Maturity.objects.values().get()
        annotate(trial, (Facet.SPECIMEN, "plasma"))
        scored = rescored(trial)
        assert (scored.written, scored.confirmed, scored.superseded) == (1, 0, 1)
        old, new = Maturity.objects.order_by("id").values()
        assert old == {**before, "is_current": False}
        assert new["is_current"]
        assert new["earned"] == before["earned"] + 4

    def test_time_alone_appends_once_a_limit_is_passed(self):
        trial = about()  # planned to start 2026-03-01
        rescored(trial)
        scored = rescored(trial, today=date(2026, 9, 1))
        assert (scored.written, scored.superseded) == (1, 1)
        trial.refresh_from_db()
        assert trial.momentum == "stalled"

    def test_a_rejected_reading_takes_the_maturity_away(self):
        trial = about()
        rescored(trial)
        trial.annotations.update(state="rejected", decided=AT)
        scored = rescored(trial)
        assert (scored.superseded, scored.without) == (1, 1)
        trial.refresh_from_db()
        assert (trial.track, trial.stage, trial.score, trial.momentum, trial.strength) == (None,) * 5
        assert list(Maturity.objects.values_list("is_current", flat=True)) == [False]

    @pytest.mark.parametrize(
        "change", [{"relevance": Relevance.MENTION}, {"relevance": Relevance.NONE}, {"presence": Presence.FOLDED}]
    )
    def test_a_trial_no_longer_relevant_loses_its_leading_columns_and_keeps_its_history(self, change):
        trial = about()
        rescored(trial)
        Trial.objects.filter(pk=trial.pk).update(**change)
        rescored()
        trial.refresh_from_db()
        assert trial.track is None
        assert trial.score is None
        assert not Maturity.objects.filter(is_current=True).exists()
        assert Maturity.objects.count() == 1

    def test_a_maturity_that_comes_back_is_a_new_row(self):
        trial = about()
        rescored(trial)
        Trial.objects.filter(pk=trial.pk).update(relevance=Relevance.NONE)
        rescored(trial)
        Trial.objects.filter(pk=trial.pk).update(relevance=Relevance.ABOUT)
        assert rescored(trial).written == 1
        assert Maturity.objects.filter(is_current=True).count() == 1

    def test_other_trials_are_left_alone(self):
        one, other = about(), about()
        rescored()
        annotate(one, (Facet.SPECIMEN, "plasma"))
        annotate(other, (Facet.SPECIMEN, "plasma"))
        rescored(one)
        assert Maturity.objects.filter(trial=other).count() == 1
        assert Maturity.objects.filter(trial=one).count() == 2

    def test_another_rubric_version_rewrites_neither_history_nor_lists(self, monkeypatch):
        trial = about()
        rescored(trial)
        before = Maturity.objects.values().get()
        trial.refresh_from_db()
        known = (trial.score, trial.stage)
        monkeypatch.setattr(ledger, "load", lambda version: RUBRIC)
        annotate(trial, (Facet.SPECIMEN, "plasma"))
        rescore(rubric="2026-2", today=TODAY, at=AT)
        assert Maturity.objects.values().get(rubric=CURRENT) == before
        assert Maturity.objects.get(rubric="2026-2").is_current
        trial.refresh_from_db()
        assert (trial.score, trial.stage) == known


class TestDue:
    def test_only_trials_about_vesicles_not_yet_scored_today_are_due(self):
        scored_today, scored_before, never, other = about(), about(), about(), stored_trial()
        rescored(scored_before, today=TODAY - timedelta(days=1))
        rescored(scored_today)
        found = ledger.due(Trial.objects.all(), rubric=CURRENT, today=TODAY)
        assert {one.pk for one in found} == {scored_before.pk, never.pk}
        assert other.pk not in {one.pk for one in found}

    def test_a_day_is_due_once(self):
        trial = about()
        assert rescored(only_due=True).trials == 1
        assert rescored(only_due=True).trials == 0
        assert rescored(only_due=True, today=TODAY + timedelta(days=1)).trials == 1
        assert Maturity.objects.get(trial=trial).confirmed_on == TODAY + timedelta(days=1)

    def test_a_folded_number_is_due_until_it_left_the_lists(self):
        trial = about()
        rescored()
        Trial.objects.filter(pk=trial.pk).update(presence=Presence.FOLDED)
        assert rescored(only_due=True).trials == 1
        assert rescored(only_due=True).trials == 0

    def test_due_trials_come_to_the_same_as_all(self):
        trials = [about(), about(of=THERAPY, reading=Reading.EV_CARRIER), about(of="NCT04529915")]
        rescored()
        later = date(2026, 9, 1)
        due = rescored(only_due=True, today=later)
        current = list(
            Maturity.objects.filter(is_current=True).order_by("trial").values_list("trial", "score", "momentum")
        )
        assert due.trials == len(trials)
        assert rescored(today=later).written == 0
        assert current == list(
            Maturity.objects.filter(is_current=True).order_by("trial").values_list("trial", "score", "momentum")
        )


class TestInBulk:
    def test_the_number_of_queries_does_not_grow_with_the_trials(self):
        for _ in range(2):
            about()
        with CaptureQueriesContext(connection) as few:
            rescored()
        for _ in range(10):
            about()
        with CaptureQueriesContext(connection) as many:
            rescored()
        assert len(many) == len(few)

    def test_batches_come_to_the_same_as_one(self):
        trials = [about() for _ in range(5)]
        scored = rescored(batch=2)
        assert (scored.trials, scored.written) == (5, 5)
        assert Maturity.objects.filter(is_current=True).count() == len(trials)

    def test_scoring_twice_in_one_transaction_mixes_nothing_up(self):
        one, other = about(), about()
        score(trials={one.pk: facts(one)}, rubric=CURRENT, today=TODAY, at=AT)
        second = score(trials={other.pk: facts(other)}, rubric=CURRENT, today=TODAY, at=AT)
        assert (second.trials, second.written) == (1, 1)
        assert Maturity.objects.filter(is_current=True).count() == 2


class TestCommand:
    def test_says_what_it_did(self):
        about()
        stored_trial()
        out = StringIO()
        call_command("rescore", stdout=out)
        assert (
            "2 trials, 0 studies, 1 maturities new, 0 confirmed, 0 no longer current, 1 without a maturity"
            in out.getvalue()
        )
        out = StringIO()
        call_command("rescore", "--rubric", CURRENT, stdout=out)
        assert "0 maturities new, 1 confirmed" in out.getvalue()

    def test_an_unknown_version_is_one_sentence(self):
        with pytest.raises(CommandError, match=r"no rubric '1999-1'\. Released are: 2026-1"):
            call_command("rescore", "--rubric", "1999-1")
