"""Every registered page, walked as someone who may do everything and as someone who may do nothing."""

from __future__ import annotations

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from tracker.admin.deciding import Decides
from tracker.curation import decisions
from tracker.models import Trial
from tracker.terms import EV_ITEMS, Term

pytestmark = pytest.mark.django_db

PAGES = sorted(admin.site._registry, key=lambda model: model._meta.label)
#: what a person may write here, each by one act of its own
WRITTEN = {"registryquery", "literaturequery", "studyfile", "study", "candidate", "evidencelink", "lineagelink"}
READ_ONLY = [model for model in PAGES if model._meta.app_label == "tracker" and model._meta.model_name not in WRITTEN]
DECIDED = [model for model, page in admin.site._registry.items() if isinstance(page, Decides)]
names = pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label)


def address(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def row_of(model, everything):
    if model._meta.app_label == "axes":
        return {
            AccessAttempt: lambda: AccessAttempt.objects.create(username="x", failures_since_start=1),
            AccessLog: lambda: AccessLog.objects.create(username="x", attempt_time=timezone.now()),
            AccessFailureLog: lambda: AccessFailureLog.objects.create(username="x"),
        }[model]()
    return everything[model._meta.label]


def test_every_page_that_curators_need_is_registered():
    assert {model._meta.label for model in PAGES} >= {
        "tracker.Trial", "tracker.RegistryQuery", "tracker.SyncRun", "tracker.SetAside", "tracker.RegistryDescription",
        "tracker.Annotation", "tracker.StudyFile", "tracker.Study", "tracker.StudyFact", "tracker.Candidate",
        "tracker.EvidenceLink", "tracker.LineageLink", "tracker.SuspectedDuplicate", "tracker.LiteratureQuery",
        "tracker.HistoryEntry", "django_celery_beat.PeriodicTask", "django_celery_beat.CrontabSchedule",
        "django_celery_beat.IntervalSchedule", "auth.User", "auth.Group",
    }  # fmt: skip


@names
def test_a_superuser_opens_list_form_and_record(model, as_lead, everything):
    row = row_of(model, everything)
    assert as_lead.get(address(model, "changelist")).status_code == 200
    assert as_lead.get(address(model, "change", row.pk)).status_code == 200
    expected = 403 if not admin.site._registry[model].has_add_permission(_request(as_lead)) else 200
    assert as_lead.get(address(model, "add")).status_code == expected


@names
def test_staff_without_permission_is_refused_everywhere(model, as_guest, everything):
    row = row_of(model, everything)
    for page in (address(model, "changelist"), address(model, "add"), address(model, "change", row.pk)):
        assert as_guest.get(page).status_code == 403, page
        assert as_guest.post(page, {}).status_code == 403, page


@names
def test_a_stranger_is_sent_to_log_in(model, client, everything):
    for page in (address(model, "changelist"), address(model, "change", row_of(model, everything).pk)):
        assert client.get(page)["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model._meta.label)
def test_what_the_rules_and_the_registry_say_cannot_be_edited_even_by_a_superuser(model, as_lead, everything):
    row = everything[model._meta.label]
    before = type(row).objects.filter(pk=row.pk).values().get()
    facts = {field.name: "forged" for field in model._meta.concrete_fields if field.editable}
    assert as_lead.post(address(model, "change", row.pk), facts).status_code == 403
    assert as_lead.post(address(model, "add"), facts).status_code == 403
    assert as_lead.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).values().get() == before
    page = as_lead.get(address(model, "change", row.pk)).content.decode()
    assert 'name="_save"' not in page
    for name in facts:
        assert f'name="{name}"' not in page


def test_no_list_of_the_tracker_offers_to_delete(as_lead, everything):
    for model in PAGES:
        if model._meta.app_label == "tracker":
            assert "delete_selected" not in as_lead.get(address(model, "changelist")).content.decode()


@pytest.mark.parametrize("model", [m for m in PAGES if m._meta.app_label == "tracker"], ids=lambda m: m._meta.label)
def test_a_list_costs_the_same_queries_with_more_rows(model, as_lead, everything, django_assert_max_num_queries):
    address_ = address(model, "changelist")
    as_lead.get(address_)
    with django_assert_max_num_queries(200) as few:
        as_lead.get(address_)
    _ten_more(everything[model._meta.label])
    with django_assert_max_num_queries(len(few)):
        as_lead.get(address_)


def _ten_more(row) -> None:
    unique = {
        "tracker.Trial": lambda number: {"nct_id": f"NCT1000000{number}"},
        "tracker.RegistryQuery": lambda number: {"slug": f"query-{number}"},
        "tracker.SetAside": lambda number: {"raw_hash": str(number) * 64},
        "tracker.RegistryDescription": lambda number: {"content_hash": str(number) * 64},
        "tracker.Annotation": lambda number: {"term": f"term-{number}"},
        "tracker.SyncRun": lambda number: {},
        "tracker.Study": lambda number: {"pmid": f"9{number}", "doi": None, "pmcid": None},
        "tracker.StudyFact": lambda number: {"name": EV_ITEMS[number]},
        "tracker.Candidate": lambda number: {"slug": f"candidate-{number}"},
        "tracker.EvidenceLink": lambda number: {"candidate_id": _copy(row.candidate, slug=f"another-{number}").pk},
        "tracker.LineageLink": lambda number: {"to_trial_id": _copy(row.to_trial, nct_id=f"NCT2000000{number}").pk},
        "tracker.SuspectedDuplicate": lambda number: {"other_id": _copy(row.other, pmid=f"8{number}", doi=None).pk},
        "tracker.LiteratureQuery": lambda number: {"slug": f"query-{number}"},
        "tracker.HistoryEntry": lambda number: {},
        "tracker.StudyFile": lambda number: {},
    }[row._meta.label]
    for number in range(10):
        _copy(row, **unique(number))


def _copy(row, **told):
    columns = row._meta.concrete_fields
    values = {field.attname: getattr(row, field.attname) for field in columns if not field.primary_key}
    return type(row).objects.create(**{**values, **told})


def _request(client):
    return client.get(reverse("admin:index")).wsgi_request


def test_a_trial_shows_its_annotations_with_words_and_leads_to_page_and_registry(as_lead, everything):
    trial = everything["tracker.Trial"]
    page = as_lead.get(address(Trial, "change", trial.pk)).content.decode()
    assert "<mark>Plasma</mark>" in page
    assert f'href="/trials/{trial.pk}/"' in page
    assert f'href="https://clinicaltrials.gov/study/{trial.pk}"' in page
    assert "378" in page
    assert "planned" in page


def test_registry_text_with_markup_is_shown_and_not_run(as_lead, everything):
    trial = everything["tracker.Trial"]
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    Trial.objects.filter(pk=trial.pk).update(
        brief_title=attack,
        conditions=[attack, "x" * 80],
        sites=[{"facility": attack, "city": attack}],
        relevance_words=[{"field": attack, "start": 0, "end": 1, "text": attack, "why": attack}],
    )
    trial.annotations.update(words=[{"field": attack, "start": 0, "end": 1, "text": attack}])
    for page in (address(Trial, "change", trial.pk), address(Trial, "changelist"), "/admin/tracker/annotation/"):
        text = as_lead.get(page).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_a_trial_is_found_by_number_and_by_words(as_lead, everything):
    listed = address(Trial, "changelist")
    assert "NCT07376512" in as_lead.get(listed, {"q": "nct0737"}).content.decode()
    found = as_lead.get(listed, {"q": "immunotherapy plasma"}).content.decode()
    assert "NCT07376512" in found
    assert "NCT02657460" not in found


def test_a_trial_without_a_stage_says_so_in_every_column_of_it(as_lead, everything):
    Trial.objects.update(track=None, stage=None, stage_possible=None, score=None, momentum=None)
    row = as_lead.get(address(Trial, "changelist")).content.decode()
    row = row[row.index("field-score_shown") : row.index("field-origin_words")]
    assert row.count("no stage") == 2


def test_lists_of_the_record_are_shown_with_their_parts_and_silence_in_words(as_lead, everything):
    Trial.objects.filter(pk=everything["tracker.Trial"].pk).update(
        arms=[{"label": "Arm A", "type": "EXPERIMENTAL"}, {"label": "Arm B", "type": None}],
        phases=["PHASE1", "PHASE2"],
        sites=[{"facility": f"Site {number}", "city": "Paris"} for number in range(100)], has_results=False,
        enrollment_count=0,
    )  # fmt: skip
    page = as_lead.get(address(Trial, "change", everything["tracker.Trial"].pk)).content.decode()
    assert "type: EXPERIMENTAL · label: Arm A; label: Arm B" in page
    assert "phase 1; phase 2" in page
    assert "facility: Site 39" in page
    assert "facility: Site 40" not in page
    assert "and 60 more" in page
    assert page.count("not reported") > 10


def test_the_schedule_says_when_in_words(as_lead, everything):
    page = as_lead.get("/admin/django_celery_beat/periodictask/").content.decode()
    assert "At 14:30" in page
    assert "UTC" in page
    assert "not yet" in page


@pytest.mark.parametrize("model", DECIDED, ids=lambda model: model._meta.label)
def test_what_people_decide_is_not_deleted_and_not_written_past_its_act(model, as_lead, everything, monkeypatch):
    row = everything[model._meta.label]
    before = type(row).objects.filter(pk=row.pk).values().get()

    def refused(*_, **__):
        raise decisions.Declined("not today")

    for name in decisions.__all__:
        if not isinstance(getattr(decisions, name), type):
            monkeypatch.setattr(decisions, name, refused)
    page = as_lead.get(address(model, "change", row.pk))
    said = filled(page.context["adminform"].form)
    for formset in page.context["inline_admin_formsets"]:
        for form in (formset.formset.management_form, *formset.formset.forms):
            said |= filled(form)
    answer = as_lead.post(address(model, "change", row.pk), {**said, "why": "because", "_save": "Save"})
    assert "not today" in answer.content.decode()
    assert as_lead.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def filled(form) -> dict[str, object]:
    """What a browser would send for this form as it stands."""
    values = {}
    for field in form:
        value = field.value()
        if hasattr(field.field, "prepare_value"):
            value = field.field.prepare_value(value)
        if value is not None and value is not False and value != []:
            values[field.html_name] = value.value if isinstance(value, Term) else value
    return values
