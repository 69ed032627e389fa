"""A curator uploads a file of studies, sees what would become of its rows, and takes the good ones in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tracker.models import Study, StudyFile
from tracker.sync import uploads
from tracker.terms import StudyFileState

pytestmark = pytest.mark.django_db

ADD = reverse("admin:tracker_studyfile_add")
CSV = (
    b"title,pmid,year,facts_read,colour\n"
    b"Exosomal PD-L1 promotes tumor growth in lung cancer,1,2019,,red\n"
    b"<script>alert(1)</script><b>Exosomal</b> H19 & lung cancer,2,1800,,\n"
    b'"Exosomal PD-L1 promotes tumor growth in lung cancer, again",1,,,\n'
)


def upload(client, data: bytes = CSV, *, name: str = "studies.csv", **more: str):
    return client.post(ADD, {"file": SimpleUploadedFile(name, data), "format": "", **more}, follow=True)


def press(client, file: StudyFile, button: str):
    return client.post(reverse(f"admin:tracker_studyfile_{button}", args=[file.pk]), follow=True)


def test_a_file_is_previewed_before_anything_is_stored_and_then_taken_in(as_lead):
    page = upload(as_lead).content.decode()

    file = StudyFile.objects.get()
    assert (file.name, file.format, file.size, file.state) == ("studies.csv", "csv", len(CSV), StudyFileState.WAITING)
    assert not Study.objects.exists()
    assert "1800 is not a year of publication" in page
    assert "Take the good rows in" in page
    assert "colour" in page
    assert "<script>alert" not in page
    assert "refused 1" in page
    assert "new 1" in page

    done = press(as_lead, file, "take-in").content.decode()

    assert Study.objects.get().pmid == "1"
    file.refresh_from_db()
    assert (file.state, bytes(file.raw), file.run.new) == (StudyFileState.TAKEN, b"", 1)
    assert "studies.csv was taken in" in done
    assert "1800 is not a year of publication" in done
    assert "Take the good rows in" not in done


def test_a_file_goes_in_once_however_often_the_button_is_pressed(as_lead):
    upload(as_lead)
    file = StudyFile.objects.get()
    press(as_lead, file, "take-in")

    again = press(as_lead, file, "take-in").content.decode()

    assert "was decided before" in again
    assert Study.objects.count() == 1


def test_a_discarded_file_leaves_nothing(as_lead):
    upload(as_lead)
    file = StudyFile.objects.get()

    page = press(as_lead, file, "discard").content.decode()

    file.refresh_from_db()
    assert (file.state, bytes(file.raw)) == (StudyFileState.DISCARDED, b"")
    assert "Nothing was taken in." in page
    assert not Study.objects.exists()


def test_a_file_that_fails_half_way_waits_again(as_lead, monkeypatch):
    upload(as_lead)
    file = StudyFile.objects.get()

    def failing(**values):
        raise RuntimeError("no room")

    monkeypatch.setattr("tracker.pipeline.absorb_studies", failing)
    with pytest.raises(RuntimeError):
        press(as_lead, file, "take-in")

    file.refresh_from_db()
    assert file.state == StudyFileState.WAITING
    assert bytes(file.raw)


def test_the_format_is_told_by_the_file_or_by_the_person(as_lead):
    ris = b"TY  - JOUR\nTI  - Exosomal lncRNA H19 in lung cancer\nER  - \n"
    upload(as_lead, ris, name="export.txt")
    upload(as_lead, ris, name="wrong.csv", format="ris")

    assert [file.format for file in StudyFile.objects.all()] == ["ris", "ris"]


def test_a_file_too_large_is_refused_with_the_way_out(as_lead, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 10)

    page = upload(as_lead).content.decode()

    assert "import_studies" in page
    assert not StudyFile.objects.exists()


def test_a_form_without_a_file_says_so(as_lead):
    page = as_lead.post(ADD, {"format": ""}).content.decode()

    assert "This field is required" in page


def test_who_may_not_add_files_may_not_take_them_in(as_lead, guest, client):
    upload(as_lead)
    file = StudyFile.objects.get()
    guest.user_permissions.add(Permission.objects.get(codename="view_studyfile"))
    client.force_login(guest)

    assert client.get(ADD).status_code == 403
    page = client.get(reverse("admin:tracker_studyfile_change", args=[file.pk]))
    assert page.status_code == 200
    assert "Take the good rows in" not in page.content.decode()
    assert press(client, file, "take-in").status_code == 403
    assert not Study.objects.exists()


def test_an_undecided_file_goes_after_a_week(as_lead):
    upload(as_lead)
    StudyFile.objects.update(uploaded="2020-01-01T00:00Z")

    upload(as_lead, name="later.csv")

    assert StudyFile.objects.get().name == "later.csv"
