"""The schedule, kept by django-celery-beat in the database, under unfold's look.

Curators change when and whether a task runs. Schedules by the sun or at one moment are left out: nothing here needs
them, and a form with fewer ways to be wrong is the better form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cron_descriptor import (  # type: ignore[import-untyped]  # comes with django-celery-beat
    FormatException,
    MissingFieldException,
    Options,
    WrongArgumentException,
    get_description,
)
from django.contrib import admin
from django_celery_beat import admin as beat_admin
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tracker.reads.wording import utc

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

DAY_OF_24_HOURS = Options()
DAY_OF_24_HOURS.use_24hour_time_format = True

for _model in (PeriodicTask, CrontabSchedule, IntervalSchedule, ClockedSchedule, SolarSchedule):
    admin.site.unregister(_model)


class TaskSelectWidget(UnfoldAdminSelectWidget, beat_admin.TaskSelectWidget):
    """The registered tasks, in unfold's clothes."""


class PeriodicTaskForm(beat_admin.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelectWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat_admin.PeriodicTaskAdmin, ModelAdmin):
    """When a task runs, and whether."""

    form = PeriodicTaskForm
    # beat's own template carries an inline script, which the admin's content policy refuses
    change_form_template = "admin/change_form.html"
    change_list_template = "admin/change_list.html"
    date_hierarchy = None
    list_display = ("name", "enabled", "when", "last_run", "task")
    list_filter = ("enabled",)
    fieldsets = (
        (None, {"fields": ("name", "enabled", "description")}),
        ("When", {"fields": ("crontab", "interval", "start_time", "last_run_at", "one_off", "expire_seconds")}),
        ("What", {"fields": ("regtask", "task", "args", "kwargs")}),
    )
    readonly_fields = ("last_run_at",)
    actions = ("enable_tasks", "disable_tasks", "run_tasks")

    @admin.display(description="when")
    def when(self, task: PeriodicTask) -> str:
        if task.crontab is None:
            return str(task.scheduler)
        at = task.crontab
        expression = f"{at.minute} {at.hour} {at.day_of_month} {at.month_of_year} {at.day_of_week}"
        try:
            words = get_description(expression, options=DAY_OF_24_HOURS)
        except (FormatException, MissingFieldException, WrongArgumentException):
            words = expression  # cron allows more than its describer knows
        return f"{words} {at.timezone}"

    @admin.display(description="last run", ordering="last_run_at")
    def last_run(self, task: PeriodicTask) -> str:
        return utc(task.last_run_at) if task.last_run_at else "not yet"

    # beat's own actions ask for no permission: whoever may look at the list could run everything in it
    @admin.action(description="Turn on the selected tasks", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().enable_tasks(request, queryset)

    @admin.action(description="Turn off the selected tasks", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().disable_tasks(request, queryset)

    @admin.action(description="Run the selected tasks now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().run_tasks(request, queryset)


class _TasksUsingIt(TabularInline):
    """The tasks that run by a schedule, so that nobody moves one without seeing what moves with it."""

    model = PeriodicTask
    fields = readonly_fields = ("name", "task", "enabled")
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = "tasks that run by this schedule"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(beat_admin.CrontabScheduleAdmin, ModelAdmin):
    """Times of the week, UTC unless its row says otherwise."""

    inlines = [_TasksUsingIt]


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(beat_admin.IntervalScheduleAdmin, ModelAdmin):
    """Every so often."""

    inlines = [_TasksUsingIt]
