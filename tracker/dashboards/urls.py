"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from . import candidates, studies, views

urlpatterns = [
    path("", views.landscape, name="landscape"),
    path("trials.csv", views.trials_csv, name="trials-csv"),
    path("pipeline.<str:kind>", views.pipeline_file, name="pipeline-file"),
    path("trials/<path:number>/", views.trial, name="trial"),
    path("studies/", studies.studies, name="studies"),
    path("studies.csv", studies.studies_csv, name="studies-csv"),
    path("studies/<int:number>/", studies.study, name="study"),
    path("candidates/", candidates.candidates, name="candidates"),
    path("candidates.csv", candidates.candidates_csv, name="candidates-csv"),
    path("candidates/<slug:slug>/", candidates.candidate, name="candidate"),
    path("candidates/<slug:slug>/time-line.<str:kind>", candidates.time_line_file, name="time-line-file"),
    path("why/", views.why_form, name="why-form"),
    path("why/<path:number>/fetch/", views.fetch_now, name="fetch-now"),
    path("why/<path:number>/", views.why_number, name="why"),
    path("look/", views.look, name="look"),
]
