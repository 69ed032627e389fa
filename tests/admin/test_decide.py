"""Decisions in the admin: each form and button does one act, says what it did, and does not decide on an old view."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from tracker.models import Candidate, EvidenceLink, HistoryEntry, LineageLink, Study, StudyFact, SyncRun
from tracker.terms import AnnotationState, CandidateStatus

from .conftest import NOON, make_run, studied
from .test_walk_the_admin import filled

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(db):
    from tests.factories import stored_trial  # only here: the other tests bring their own trials

    study, fact, candidate, link, lineage, _, double, _ = studied(stored_trial("NCT00000001"))
    return {"study": study, "studyfact": fact, "candidate": candidate, "evidencelink": link, "lineagelink": lineage,
            "suspectedduplicate": double}  # fmt: skip


def address(model: str, page: str, *args) -> str:
    return reverse(f"admin:tracker_{model}_{page}", args=args)


def told(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def form_of(client, where: str) -> dict[str, object]:
    page = client.get(where)
    said = filled(page.context["adminform"].form)
    for formset in page.context["inline_admin_formsets"]:
        for form in (formset.formset.management_form, *formset.formset.forms):
            said |= filled(form)
    return said


# --- a suspect run -------------------------------------------------------------------------------------------------


def test_a_suspect_run_is_believed_after_a_question(as_lead):
    run = make_run(state="suspect", message="The registry sent 3 records; the last good whole pull had 40.")
    where = address("syncrun", "believe", run.pk)
    assert "Believe this answer" in as_lead.get(address("syncrun", "change", run.pk)).content.decode()
    asked = as_lead.post(where)
    assert "Is this what the registry really holds now?" in asked.content.decode()
    assert SyncRun.objects.get().state == "suspect"
    answer = as_lead.post(where, {"confirmed": "yes"}, follow=True)
    assert "is believed" in told(answer)
    run.refresh_from_db()
    assert run.state == "done"
    assert "Believed by lead" in run.message
    assert "Believe this answer" not in answer.content.decode()
    assert "nothing to believe" in told(as_lead.post(where, {"confirmed": "yes"}, follow=True))


def test_a_run_is_not_believed_without_the_permission(as_guest, guest):
    run = make_run(state="suspect")
    guest.user_permissions.add(Permission.objects.get(codename="view_syncrun"))
    answer = as_guest.post(address("syncrun", "believe", run.pk), {"confirmed": "yes"})
    assert answer.status_code == 403
    assert SyncRun.objects.get().state == "suspect"


# --- studies -------------------------------------------------------------------------------------------------------


def test_a_study_changed_meanwhile_is_not_overwritten(as_lead, rows):
    where = address("study", "change", rows["study"].pk)
    said = {**form_of(as_lead, where), "journal": "Oncogene"}
    as_lead.post(where, {**said, "summary": "miR-23a opens vessels"})
    refused = as_lead.post(where, {**said, "journal": "Nature"})
    assert "was changed meanwhile" in refused.content.decode()
    assert 'value="Nature"' in refused.content.decode()  # what was typed is not lost
    study = Study.objects.get(pk=rows["study"].pk)
    assert (study.journal, study.summary) == ("Oncogene", "miR-23a opens vessels")


def test_a_known_number_is_refused_on_the_form(as_lead, rows):
    where = address("study", "add")
    said = {**form_of(as_lead, where), "title": "Another title of a study", "pmid": "PMID: 28436951"}
    refused = as_lead.post(where, said)
    assert f"PMID 28436951 is known: study {rows['study'].pk}" in refused.content.decode()
    wrong = as_lead.post(where, {**said, "pmid": "twelve", "doi": "doi", "trial_numbers": "NCT1"}).content.decode()
    for words in ("“twelve” is no PMID", "“doi” is no DOI", "“NCT1” is no trial"):
        assert words in wrong


def test_what_was_looked_up_must_come_back_whole(as_lead, rows):
    where = address("study", "add")
    said = {**form_of(as_lead, where), "title": "Another title of a study", "looked_up": "forged"}
    as_lead.post(where, said)
    assert not Study.objects.filter(title="Another title of a study").exists()


def test_facts_are_shown_with_who_read_them_and_their_words(as_lead, rows):
    page = as_lead.get(address("study", "change", rows["study"].pk)).content.decode()
    assert "<mark>Hypoxic</mark>" in page
    assert "by rule, proposed" in page
    assert "by ada, 2026-01-30" in page


def test_a_fact_is_rejected_with_a_reason_and_not_on_an_old_view(as_lead, rows):
    where = address("studyfact", "reject", rows["studyfact"].pk)
    assert "Does the study not say so?" in as_lead.post(where).content.decode()
    assert "changed meanwhile" in told(as_lead.post(where, {"confirmed": "yes", "as_seen": "old"}, follow=True))
    as_lead.post(where, {"confirmed": "yes", "why": "it says mice of 24 weeks"})
    assert StudyFact.objects.get(pk=rows["studyfact"].pk).state == AnnotationState.REJECTED
    assert HistoryEntry.objects.first().why == "it says mice of 24 weeks"


def test_the_history_of_a_study_is_one_click_away(as_lead, rows):
    answer = as_lead.get(address("study", "history", rows["study"].pk), follow=True)
    assert "entered" in answer.content.decode()
    assert answer.context["cl"].result_count == 1


# --- candidates ----------------------------------------------------------------------------------------------------


def test_a_candidate_is_made_and_named_anew(as_lead):
    where = address("candidate", "add")
    said = {**form_of(as_lead, where), "name": "exosomal PD-L1", "kind": "diagnostic", "names": "exoPD-L1\nEV PD-L1",
            "references": "Chen 2018 | https://doi.org/10.1038/s41586-018-0392-8"}  # fmt: skip
    as_lead.post(where, said)
    made = Candidate.objects.get()
    assert [one.name for one in made.names.all()] == ["EV PD-L1", "exoPD-L1"]
    assert made.references == [{"title": "Chen 2018", "url": "https://doi.org/10.1038/s41586-018-0392-8"}]
    where = address("candidate", "change", made.pk)
    as_lead.post(where, {**form_of(as_lead, where), "name": "PD-L1 on exosomes", "why": "as papers say it"})
    made.refresh_from_db()
    assert (made.name, made.slug) == ("PD-L1 on exosomes", "exosomal-pd-l1")
    assert "has no address" in as_lead.post(where, {**said, "references": "Chen 2018"}).content.decode()


def test_a_merge_is_shown_first_and_then_done(as_lead, rows):
    candidate = rows["candidate"]
    other = Candidate.objects.create(name="serum miR-23a", slug="serum", kind="diagnostic", created=NOON)
    EvidenceLink.objects.create(candidate=other, study=rows["study"], direction="contradicts", proposer="rule",
                                basis="same name", proposed=NOON)  # fmt: skip
    where = reverse("admin:tracker_candidate_merge", args=[candidate.pk])
    shown = as_lead.get(where, {"other": other.pk}).content.decode()
    assert "the other: contradicts" in shown
    assert "Synonyms from then on: serum miR-23a" in shown
    assert Candidate.objects.get(pk=other.pk).status == CandidateStatus.ACTIVE
    assert "Give a reason" in as_lead.post(where, {"other": other.pk}).content.decode()
    answer = as_lead.post(where, {"other": other.pk, "why": "one marker"}, follow=True)
    assert "serum miR-23a is exosomal miR-23a now" in told(answer)
    merged = as_lead.get(address("candidate", "change", other.pk)).content.decode()
    assert "merged into exosomal miR-23a" in merged
    assert 'name="_save"' not in merged


def test_a_split_is_shown_first_and_then_done(as_lead, rows):
    where = reverse("admin:tracker_candidate_split", args=[rows["candidate"].pk])
    said = {
        "name": "miR-23a-5p",
        "links": [rows["evidencelink"].pk],
        "names": ["ex-miR-23a"],
        "why": "its other strand",
    }
    shown = as_lead.post(where, said).content.decode()
    assert "To miR-23a-5p go:" in shown
    assert Candidate.objects.count() == 1
    as_lead.post(where, {**said, "confirmed": "yes"})
    assert EvidenceLink.objects.get().candidate.name == "miR-23a-5p"


@pytest.mark.parametrize("page", ["merge", "split"])
def test_merge_and_split_ask_for_the_permission(as_guest, guest, rows, page):
    guest.user_permissions.add(Permission.objects.get(codename="view_candidate"))
    assert as_guest.get(reverse(f"admin:tracker_candidate_{page}", args=[rows["candidate"].pk])).status_code == 403


def test_a_candidate_is_retired_with_a_reason(as_lead, rows):
    where = address("candidate", "retire", rows["candidate"].pk)
    assert "Give a reason" in told(as_lead.post(where, {"confirmed": "yes"}, follow=True))
    as_lead.post(where, {"confirmed": "yes", "why": "its company closed"})
    assert Candidate.objects.get().status == CandidateStatus.RETIRED


# --- links ---------------------------------------------------------------------------------------------------------


def test_proposals_are_accepted_together_and_each_refusal_is_said(as_lead, rows):
    candidate = Candidate.objects.create(name="another", slug="another", kind="diagnostic", created=NOON)
    told_of = {"candidate": candidate, "direction": "supports", "proposer": "rule", "basis": "x", "proposed": NOON}
    good = EvidenceLink.objects.create(trial_id="NCT00000001", **told_of)
    bad = EvidenceLink.objects.create(study=rows["study"], **told_of)
    Study.objects.filter(pk=rows["study"].pk).update(is_retracted=True)
    answer = as_lead.post(
        address("evidencelink", "changelist"),
        {"action": "accept_selected", "_selected_action": [good.pk, bad.pk]}, follow=True,
    )  # fmt: skip
    assert "Accepted: 1." in told(answer)
    assert "is retracted: it supports nothing" in told(answer)
    assert "for nothing: the study is retracted" in answer.content.decode()


def test_a_link_is_rejected_with_a_reason_and_not_on_an_old_view(as_lead, rows):
    where = address("evidencelink", "change", rows["evidencelink"].pk)
    said = {**form_of(as_lead, where), "decision": "rejected"}
    assert "Give a reason to reject" in as_lead.post(where, said).content.decode()
    as_lead.post(where, {**said, "why": "another miRNA"})
    assert EvidenceLink.objects.get().state == AnnotationState.REJECTED
    late = as_lead.post(where, {**said, "decision": "accepted"}).content.decode()
    assert "was changed meanwhile" in late
    assert EvidenceLink.objects.get().state == AnnotationState.REJECTED


def test_lineage_is_added_by_hand_with_one_record_at_each_end(as_lead, rows):
    where = address("lineagelink", "add")
    said = {**form_of(as_lead, where), "kind": "reports", "from_study": rows["study"].pk, "why": "its table 2"}
    assert "choose a trial or a study" in as_lead.post(where, said).content.decode()
    as_lead.post(where, {**said, "to_trial": "NCT00000001"})
    assert LineageLink.objects.filter(kind="reports", decided_by__username="lead").exists()


def test_two_studies_are_made_one_after_a_question(as_lead, rows):
    double = rows["suspectedduplicate"]
    page = as_lead.get(address("suspectedduplicate", "change", double.pk)).content.decode()
    assert "28436951" in page
    assert "10.1038/onc.2017.105" in page
    where = address("suspectedduplicate", "same", double.pk)
    assert "Make the two one?" in as_lead.post(where).content.decode()
    assert Study.objects.count() == 2
    answer = as_lead.post(where, {"confirmed": "yes", "as_seen": "open", "why": "one paper"})
    assert Study.objects.get().doi == "10.1038/onc.2017.105"
    assert answer.status_code == 302


@pytest.mark.parametrize("model", ["study", "candidate", "evidencelink", "lineagelink"])
def test_who_may_only_look_sees_the_record_and_no_form(as_guest, guest, rows, model):
    guest.user_permissions.add(Permission.objects.get(codename=f"view_{model}"))
    page = as_guest.get(address(model, "change", rows[model].pk))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
