"""The Celery application; tasks live in tracker.tasks."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("exotracker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tracker"])
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_our_logging(**kwargs: object) -> None:
    """Celery would put its own format over the one in the settings; a receiver is enough to keep it from that."""
    from logging.config import dictConfig

    from django.conf import settings

    dictConfig(settings.LOGGING)
