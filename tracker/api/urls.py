"""Addresses under /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path

from .candidates import CandidateDetail, CandidateList
from .docs import DocsView, SchemaView
from .events import ChangeList, RunList
from .index import Index, Nowhere
from .studies import StudyDetail, StudyList
from .trials import TrialDetail, TrialList
from .why import WhyView

urlpatterns = [
    path("", Index.as_view(), name="api-index"),
    path("trials/", TrialList.as_view(), name="api-trials"),
    path("trials/<str:nct_id>/", TrialDetail.as_view(), name="api-trial"),
    path("studies/", StudyList.as_view(), name="api-studies"),
    path("studies/<int:number>/", StudyDetail.as_view(), name="api-study"),
    path("candidates/", CandidateList.as_view(), name="api-candidates"),
    path("candidates/<slug:slug>/", CandidateDetail.as_view(), name="api-candidate"),
    path("why/<str:nct_id>/", WhyView.as_view(), name="api-why"),
    path("changes/", ChangeList.as_view(), name="api-changes"),
    path("sync-runs/", RunList.as_view(), name="api-sync-runs"),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", DocsView.as_view(url_name="api-schema"), name="api-docs"),
    # with a slash at its end only, so that an address given without one is still led to the one with it
    re_path(r"^.*/$", Nowhere.as_view(), name="api-nowhere"),
]
