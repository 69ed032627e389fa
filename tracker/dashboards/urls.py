"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("", views.landscape, name="landscape"),
    path("trials.csv", views.trials_csv, name="trials-csv"),
    path("pipeline.<str:kind>", views.pipeline_file, name="pipeline-file"),
    path("trials/<path:number>/", views.trial, name="trial"),
    path("why/", views.why_form, name="why-form"),
    path("why/<path:number>/fetch/", views.fetch_now, name="fetch-now"),
    path("why/<path:number>/", views.why_number, name="why"),
    path("look/", views.look, name="look"),
]
