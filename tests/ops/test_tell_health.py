"""/health/live and /health/ready, as whoever keeps the product running asks them."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.utils import timezone

from config import health
from tracker import terms
from tracker.models import RegistryQuery, SyncRun

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def test_live_says_only_that_the_process_answers(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")
    assert answer.status_code == 200
    assert answer.json() == {"live": True}


def test_ready_when_database_tables_and_queue_can_be_used(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "migrations": "ok",
        "queue": "ok",
        "last_good_sync": None,
    }
    assert "no-store" in answer["Cache-Control"]


def test_the_age_of_the_data_is_told_and_never_makes_it_unready(client):
    now = timezone.now()
    query = RegistryQuery.objects.first()
    for state, hours in ((terms.RunState.DONE, 500), (terms.RunState.BLOCKED, 1)):
        SyncRun.objects.create(
            query=query, kind=terms.RunKind.FULL, state=state, started=now, finished=now - dt.timedelta(hours=hours)
        )
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["last_good_sync"]["hours_ago"] == 500.0


def test_a_lost_queue_is_named(client, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["queue"] == "cannot be reached"
    assert answer.json()["database"] == "ok"


def test_a_lost_database_is_named(client, monkeypatch):
    def lost():
        raise DatabaseError("connection refused")

    monkeypatch.setattr(health.connection, "cursor", lost)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert (answer.json()["database"], answer.json()["migrations"]) == ("cannot be reached", "not known")
    assert answer.json()["last_good_sync"] is None


def test_missing_tables_are_named(client, monkeypatch):
    monkeypatch.setattr(health, "_migrated", set())
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["tracker.0002"])
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "not applied: run manage.py migrate"


def test_health_changes_nothing_and_refuses_who_tries(client):
    assert client.post("/health/ready").status_code == 405


def test_health_is_answered_without_tls_where_all_else_is_led_to_it(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/live").status_code == 200
    assert client.get("/api/v1/").status_code == 301


@pytest.mark.parametrize("metrics", ["true", "false"])
def test_figures_for_a_monitor_are_there_when_asked_for(metrics):
    """In a process of its own: which addresses there are is decided when it starts."""
    code = (
        "import django; django.setup(); from django.test import Client; from django.urls import is_valid_path;"
        "there = is_valid_path('/metrics');"
        "print('there', there, bool(there) and b'django_http' in Client().get('/metrics').content)"
    )
    environment = {
        "METRICS": metrics, "DJANGO_SETTINGS_MODULE": "tests.settings", "SECRET_KEY": "x" * 50,
        "ALLOWED_HOSTS": "testserver", "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if metrics == "true":
        assert re.search(r"^there .+ True$", done.stdout.strip()), done.stderr
    else:
        assert done.stdout.strip() == "there False False", done.stderr


def test_one_json_object_a_line_for_a_collector():
    code = (
        "import django; django.setup(); import logging, structlog;"
        "structlog.contextvars.bind_contextvars(request_id='r1');"
        "logging.getLogger('tracker.sync').warning('page %s of %s', 2, 3)"
    )
    environment = {
        "LOG_FORMAT": "json", "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    line = json.loads(done.stderr.splitlines()[-1])
    assert line["event"] == "page 2 of 3"
    assert (line["level"], line["logger"], line["request_id"]) == ("warning", "tracker.sync", "r1")
