"""People who come into the admin, and one stored row of everything it shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from tests.reads.starter import starter_trials
from tracker.curation import decisions
from tracker.models import (
    Annotation,
    ChangeEvent,
    HistoryEntry,
    LiteratureQuery,
    RegistryDescription,
    RegistryQuery,
    SetAside,
    StudyFact,
    StudyFile,
    SuspectedDuplicate,
    SyncRun,
    TrialVersion,
)
from tracker.sources.packing import pack
from tracker.terms import Direction, LineageKind, StudyFactName

NOON = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def lead(db) -> User:
    """A superuser."""
    return User.objects.create_superuser("lead", "lead@example.org", "correct horse battery")


@pytest.fixture
def guest(db) -> User:
    """Staff without a single permission."""
    return User.objects.create_user("guest", password="correct horse battery", is_staff=True)


@pytest.fixture
def as_lead(client, lead):
    client.force_login(lead)
    return client


@pytest.fixture
def as_guest(client, guest):
    client.force_login(guest)
    return client


def make_run(**values) -> SyncRun:
    """A run of the shipped query that ended well, unless told otherwise."""
    query = values.pop("query", None) or RegistryQuery.objects.earliest("pk")
    started = values.pop("started", NOON)
    return SyncRun.objects.create(
        **{
            "query": query,
            "kind": "full",
            "state": "done",
            "started": started,
            "finished": started + timedelta(seconds=42.5),
            "asked": {"query.cond": "lung cancer", "pageSize": "1000"},
            "seen": 8,
            "filled": {"conditions": 8, "sites": 6},
            "requests": 2,
            **values,
        }
    )


def make_set_aside(**values) -> SetAside:
    raw = values.pop("raw", b'{"protocolSection": {"identificationModule": {"nctId": "NCT1"}}}')
    return SetAside.objects.create(
        **{
            "source": "lung-cancer-ev",
            "nct_id": "NCT1",
            "origin": "registry",
            "raw": pack(raw),
            "raw_hash": "a" * 64,
            "reason": "The NCT number “NCT1” has not the registry's shape.",
            "first_seen": NOON,
            "last_seen": NOON,
            **values,
        }
    )


def make_description(**values) -> RegistryDescription:
    return RegistryDescription.objects.create(
        **{
            "endpoint": "enums",
            "content_hash": "b" * 64,
            "content": [],
            "first_seen": NOON,
            "last_seen": NOON,
            "difference": ["Phase: PHASE5 is new"],
            **values,
        }
    )


def studied(trial) -> tuple[object, ...]:
    """A study that a person entered, what a rule read in it, its double, and the candidate that it bears on."""
    by = User.objects.create_user("ada")
    decided = {"by": by, "at": NOON, "why": "both name miR-23a"}
    first, second = (
        decisions.enter_study(
            entry=decisions.Entry(
                columns={"title": "Hypoxic lung cancer-secreted exosomal miR-23a", "year": 2017, **told},
                facts={StudyFactName.N_PATIENTS: 120, StudyFactName.EV_IMAGES: "yes"},
            ),
            by=by,
            at=NOON,
        )
        for told in ({"pmid": "28436951"}, {"doi": "10.1038/onc.2017.105"})
    )
    fact = StudyFact.objects.create(
        study=first, name="n_animals", value=24, origin="rule", at=NOON,
        words=[{"field": "title", "start": 0, "end": 7, "text": "Hypoxic"}],
    )  # fmt: skip
    candidate = decisions.create_candidate(
        name="exosomal miR-23a", kind="diagnostic", names=["ex-miR-23a"], by=by, at=NOON
    )
    link = decisions.add_link(candidate=candidate, study=first, direction=Direction.SUPPORTS, **decided)
    lineage = decisions.add_lineage(kind=LineageKind.LED_TO, origin=first, onward=trial, **decided)
    query = LiteratureQuery.objects.create(name="EVs in lung cancer", slug="evs", query="exosome AND lung cancer")
    double = SuspectedDuplicate.objects.get(kept=first, other=second)
    return first, fact, candidate, link, lineage, query, double, HistoryEntry.objects.latest("pk")


@pytest.fixture
def everything(db) -> dict[str, object]:
    """One row of each kind the admin shows, by model label."""
    trial = starter_trials()[4]
    run = make_run()
    annotation = Annotation.objects.create(
        trial=trial,
        facet="specimen",
        term="plasma",
        words=[{"field": "brief_title", "start": 62, "end": 68, "text": "Plasma"}],
        proposed=NOON,
    )
    TrialVersion.objects.create(
        trial=trial, number=1, origin="registry", raw=pack(b"{}"), raw_hash="c" * 64, raw_size=2, first_seen=NOON
    )
    ChangeEvent.objects.create(trial=trial, kind="status", field="overall_status", after="RECRUITING", seen=NOON)
    crontab = CrontabSchedule.objects.create(minute="30", hour="14", day_of_week="1-5", timezone="UTC")
    interval = IntervalSchedule.objects.create(every=1, period="days")
    task = PeriodicTask.objects.create(name="a sync", task="tracker.tasks.sync_trials", crontab=crontab)
    file = StudyFile.objects.create(
        name="studies.csv", format="csv", size=6, raw=pack(b"title\n"), by=User.objects.create_user("uploader"),
        uploaded=NOON,
    )  # fmt: skip
    rows = (
        *studied(trial), file, trial, run, annotation, run.query, make_set_aside(), make_description(), crontab,
        interval, task,
        User.objects.create_user("someone"), Group.objects.create(name="curators"),
    )  # fmt: skip
    return {row._meta.label: row for row in rows}
