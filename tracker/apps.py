from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TrackerConfig(AppConfig):
    name = "tracker"
    verbose_name = "ExoTracker"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tracker import checks, schedule  # noqa: F401 - checks registers itself

        post_migrate.connect(schedule.after_migrate, sender=self, dispatch_uid="tracker.schedule")
