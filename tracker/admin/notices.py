"""What needs a person, on the admin's first page; and the way through the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.db.models import Exists, OuterRef, Q
from django.templatetags.static import static
from django.urls import reverse

from tracker.models import RegistryDescription, RegistryQuery, SetAside, SyncRun
from tracker.reads.wording import figure, utc
from tracker.terms import GOOD_RUNS, RunKind, RunState, SetAsideState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

MOST_RUNS = 5  # more of the same would only push the index off the screen
WORDS = {
    RunState.SUSPECT: "is not believed; nothing was marked as gone. A person should look.",
    RunState.BLOCKED: "was blocked by the registry. Earlier data stand.",
    RunState.REFUSED: "was refused by the registry. The query needs a correction.",
    RunState.INCOMPLETE: "stopped early. The next run goes on from there.",
}


class Notice(TypedDict):
    """One sentence for a person, how grave it is (bad, warn), and where it leads."""

    level: str
    words: str
    leads_to: str
    address: str


def dashboard(request: HttpRequest, context: dict[str, object]) -> dict[str, object]:
    """The index's context with its notices; the same four queries whatever is stored."""
    return {**context, "notices": list(_notices(request))}


def _notices(request: HttpRequest) -> Iterator[Notice]:
    if request.user.has_perm("tracker.view_syncrun"):
        for run in _bad_runs():
            state = RunState(run.state)
            yield Notice(
                level="warn" if state is RunState.INCOMPLETE else "bad",
                words=f"The run of {utc(run.started)} ({run.query.slug if run.query else run.kind}) "
                f"{WORDS[state]} {run.message}".strip(),
                leads_to="See the run",
                address=reverse("admin:tracker_syncrun_change", args=[run.pk]),
            )
    if request.user.has_perm("tracker.view_registrydescription"):
        for description in RegistryDescription.objects.filter(is_noticed=False).exclude(difference=[])[:MOST_RUNS]:
            yield Notice(
                level="warn",
                words=f"The registry's description of its {description.endpoint} changed "
                f"({description.first_seen:%Y-%m-%d}): {figure(len(description.difference), 'difference')}.",
                leads_to="Read the differences",
                address=reverse("admin:tracker_registrydescription_change", args=[description.pk]),
            )
    if request.user.has_perm("tracker.view_setaside"):
        waiting = SetAside.objects.filter(state=SetAsideState.WAITING).count()
        if waiting:
            yield Notice(
                level="warn",
                words=f"{figure(waiting, 'record')} could not be read, set aside until a fix.",
                leads_to="See what was set aside",
                address=f"{reverse('admin:tracker_setaside_changelist')}?state__exact={SetAsideState.WAITING}",
            )
    if request.user.has_perm("tracker.view_registryquery") and not RegistryQuery.objects.filter(is_on=True).exists():
        yield Notice(
            level="warn",
            words="No registry query is on, so the schedule asks for nothing.",
            leads_to="Turn one on",
            address=reverse("admin:tracker_registryquery_changelist"),
        )


def _bad_runs() -> list[SyncRun]:
    """The runs that ended badly and that no later good run has made good, newest first, one a query and kind.

    A good pull of the whole query answers for every earlier run of that query; a good run of the same kind answers
    for its kind. So a suspect Sunday pull stays a notice through Monday's good incremental one.
    """
    later = SyncRun.objects.filter(
        Q(query=OuterRef("query")) | Q(query__isnull=True, kind=OuterRef("kind")), started__gt=OuterRef("started")
    )
    good = later.filter(Q(kind=RunKind.FULL) | Q(kind=OuterRef("kind")), state__in=GOOD_RUNS)
    bad_again = later.filter(kind=OuterRef("kind"), state__in=list(WORDS))
    runs = SyncRun.objects.filter(state__in=list(WORDS)).exclude(Exists(good)).exclude(Exists(bad_again))
    return list(runs.select_related("query").order_by("-started")[:MOST_RUNS])


def favicon(request: HttpRequest) -> str:
    """The product's mark, by its address as the static files are served."""
    return static("tracker/mark.svg")


def stylesheet(request: HttpRequest) -> str:
    """What the admin takes from the look of the pages."""
    return static("tracker/admin.css")


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """The side bar: what the person may see, by subject."""
    groups = (
        (
            "Evidence",
            (
                ("Trials", "science", "tracker", "trial"),
                ("Studies", "article", "tracker", "study"),
                ("Candidates", "vaccines", "tracker", "candidate"),
                ("Evidence links", "link", "tracker", "evidencelink"),
                ("Lineage", "account_tree", "tracker", "lineagelink"),
            ),
        ),
        (
            "What was read",
            (
                ("Annotations", "label", "tracker", "annotation"),
                ("Study facts", "fact_check", "tracker", "studyfact"),
                ("Suspected duplicates", "difference", "tracker", "suspectedduplicate"),
                ("History", "history", "tracker", "historyentry"),
            ),
        ),
        ("Europe PMC", (("Literature queries", "search", "tracker", "literaturequery"),)),
        (
            "Registry",
            (
                ("Queries", "search", "tracker", "registryquery"),
                ("Sync runs", "sync", "tracker", "syncrun"),
                ("Set-aside records", "inventory_2", "tracker", "setaside"),
                ("Registry descriptions", "difference", "tracker", "registrydescription"),
            ),
        ),
        (
            "Schedule",
            (
                ("Periodic tasks", "schedule", "django_celery_beat", "periodictask"),
                ("Times of the week", "calendar_month", "django_celery_beat", "crontabschedule"),
                ("Intervals", "timer", "django_celery_beat", "intervalschedule"),
            ),
        ),
        (
            "People",
            (
                ("Users", "person", "auth", "user"),
                ("Groups", "group", "auth", "group"),
                ("Refused log-ins", "lock", "axes", "accessattempt"),
            ),
        ),
    )
    shown: list[dict[str, object]] = [
        {"title": None, "items": [{"title": "What needs a person", "icon": "home", "link": reverse("admin:index")}]}
    ]
    for title, entries in groups:
        items = [
            {"title": words, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}
            for words, icon, app, model in entries
            if request.user.has_perm(f"{app}.view_{model}") or request.user.has_perm(f"{app}.change_{model}")
        ]
        if items:
            shown.append({"title": title, "separator": True, "items": items})
    return shown
