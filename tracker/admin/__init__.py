"""The curators' door, under django-unfold.

Registry facts are read-only here. What a person may change is a registry query, the schedule and the users; every
other change of state is a button or an action that calls one function below (`buttons.py`), never the admin's save.
Importing this package registers every page; Django's autodiscovery does so.
"""

from django.contrib import admin

from . import (
    annotations,
    candidates,
    descriptions,
    duplicates,
    history,
    links,
    literature,
    people,
    queries,
    runs,
    schedule,
    set_aside,
    studies,
    study_files,
    trials,
)

__all__ = [
    "annotations",
    "candidates",
    "descriptions",
    "duplicates",
    "history",
    "links",
    "literature",
    "people",
    "queries",
    "runs",
    "schedule",
    "set_aside",
    "studies",
    "study_files",
    "trials",
]

# The index with its notices; by a name of its own, because unfold's template of the same name stands first.
admin.site.index_template = "admin/tracker/index.html"
admin.site.index_title = "What needs a person"
