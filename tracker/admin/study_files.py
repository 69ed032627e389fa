"""Files of studies: upload, see what would become of every row, then take the good rows in or discard the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from tracker import pipeline
from tracker.models import StudyFile
from tracker.reads.wording import figure, utc
from tracker.sync import uploads
from tracker.terms import CitationFormat, RowFate, StudyFileState

from .buttons import Button, NotDone, WithButtons

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

_ORDER = (RowFate.REFUSED, RowFate.DUPLICATE, RowFate.CHANGED, RowFate.NEW, RowFate.UNCHANGED)
_TITLE = 160  # characters of a title; the file has the rest


class UploadForm(forms.ModelForm):
    """The file and, where its name does not tell, its format."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"CSV, RIS, BibTeX, PubMed nbib or Europe PMC JSON, up to {uploads.MOST_BYTES >> 20} MB. Nothing is "
        "stored of it before you have seen what would become of its rows.",
    )
    format = forms.ChoiceField(
        required=False,
        choices=[("", "as the file's name or beginning tells"), *CitationFormat.choices()],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = StudyFile
        fields = ("file", "format")

    def clean_file(self) -> UploadedFile:
        given: UploadedFile = self.cleaned_data["file"]
        if given.size is not None and given.size > uploads.MOST_BYTES:
            raise forms.ValidationError(
                f"It has {given.size / (1 << 20):.1f} MB, and up to {uploads.MOST_BYTES >> 20} are taken here. "
                "Part it, or take it in at the command line: manage.py import_studies."
            )
        return given

    def clean_format(self) -> str:
        # The model wants a format; where none was chosen the file tells when it is kept.
        return self.cleaned_data["format"] or CitationFormat.CSV.value


@admin.register(StudyFile)
class StudyFileAdmin(WithButtons):
    """One uploaded file: its preview while it waits, what became of it afterwards."""

    form = UploadForm
    list_display = ("name", "format", "state_label", "rows", "by", "uploaded")
    list_filter = ("state", "format")
    search_fields = ("name",)
    list_select_related = ("by",)
    list_per_page = 50
    record_buttons = (
        Button(
            name="take-in",
            label="Take the good rows in",
            explains="stores them all together and scores them; refused rows and duplicates stay out.",
            permission="tracker.add_studyfile",
            act="take",
            shown="is_waiting",
        ),
        Button(
            name="discard",
            label="Discard",
            explains="forgets the file; nothing of it is stored.",
            permission="tracker.add_studyfile",
            act="discard",
            shown="is_waiting",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[StudyFile]:
        files: QuerySet[StudyFile] = super().get_queryset(request)
        return files.defer("raw")  # read on the file's own page alone

    def get_fields(self, request: HttpRequest, obj: StudyFile | None = None) -> Any:
        if obj is None:
            return ("file", "format")
        return ("name", "format", "size_in_words", "state_words", "by", "uploaded", "came_of_it")

    def get_readonly_fields(self, request: HttpRequest, obj: StudyFile | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: StudyFile, form: Any, change: bool) -> None:
        given: UploadedFile = form.cleaned_data["file"]
        kept = uploads.keep(
            name=given.name or "file",
            data=given.read(),
            format=CitationFormat(form.data["format"]) if form.data.get("format") else None,
            by=cast("User", request.user),  # the admin lets nobody else in
            at=timezone.now(),
        )
        obj.__dict__.update(kept.__dict__)

    def response_add(self, request: HttpRequest, obj: StudyFile, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, f"{obj.name} is here. See what would become of its rows, then take it in.")
        return self.response_post_save_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: StudyFile) -> HttpResponse:
        from django.http import HttpResponseRedirect

        return HttpResponseRedirect(reverse("admin:tracker_studyfile_change", args=[obj.pk]))

    # --- what is shown -------------------------------------------------------------------------------------------

    @display(
        description="state",
        ordering="state",
        label={StudyFileState.WAITING.value: "warning", StudyFileState.TAKEN.value: "success"},
    )
    def state_label(self, upload: StudyFile) -> tuple[str, str]:
        return upload.state, self.state_words(upload)

    @admin.display(description="state")
    def state_words(self, upload: StudyFile) -> str:
        return f"{upload.get_state_display()}{f' ({utc(upload.decided)})' if upload.decided else ''}"

    @admin.display(description="rows")
    def rows(self, upload: StudyFile) -> str:
        counts = upload.outcome.get("counts")
        return _counts(counts) if counts else "not decided yet"

    @admin.display(description="size")
    def size_in_words(self, upload: StudyFile) -> str:
        return f"{upload.size:,} bytes"

    @admin.display(description="its rows")
    def came_of_it(self, upload: StudyFile) -> SafeString | str:
        if self.is_waiting(upload):
            return _shown(uploads.told(uploads.previewed(upload=upload, this_year=timezone.now().year)))
        return _shown(upload.outcome) if upload.outcome else "Nothing was taken in."

    # --- acts ----------------------------------------------------------------------------------------------------

    def is_waiting(self, upload: StudyFile) -> bool:
        return upload.state == StudyFileState.WAITING

    def take(self, request: HttpRequest, upload: StudyFile) -> str:
        try:
            outcome = uploads.take(upload=upload, absorb=pipeline.absorb_studies, clock=timezone.now)
        except uploads.AlreadyDecided as refusal:
            raise NotDone(str(refusal)) from refusal
        return f"{upload.name} was taken in: {_counts(uploads.told(outcome)['counts'])}."

    def discard(self, request: HttpRequest, upload: StudyFile) -> str:
        try:
            uploads.discard(upload=upload, at=timezone.now())
        except uploads.AlreadyDecided as refusal:
            raise NotDone(str(refusal)) from refusal
        return f"{upload.name} was discarded; nothing of it was stored."


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{RowFate(fate).label} {count:,}" for fate, count in counts.items() if count) or "no rows"


def _shown(outcome: dict[str, Any]) -> SafeString:
    """The counts, and a table for every fate with rows in it."""
    parts = [format_html("<p>{}</p>", _counts(outcome["counts"]))]
    if outcome["suspected"]:
        words = f"{figure(outcome['suspected'], 'row')} may be the same as another study; a person decides."
        parts.append(format_html("<p>{}</p>", words))
    if outcome["unread_columns"]:
        parts.append(format_html("<p>Columns that are not read: {}</p>", ", ".join(outcome["unread_columns"])))
    parts += [
        _table(fate, outcome["counts"][fate.value], outcome["rows"][fate.value])
        for fate in _ORDER
        if outcome["rows"].get(fate.value)
    ]
    return format_html_join("", "{}", ((part,) for part in parts))


def _table(fate: RowFate, count: int, rows: list[list[Any]]) -> SafeString:
    """A row of the file a line. Everything is text: a tag in a title shows as the tag."""
    lines = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}{}</td><td>{}</td></tr>",
        (
            (line, column or "", _study(study_id), reason, title[:_TITLE])
            for line, _, title, column, reason, study_id in rows
        ),
    )
    more = f"The first {len(rows):,} of {count:,}." if count > len(rows) else ""
    return format_html(
        "<h3>{}: {}</h3><table><thead><tr><th>line</th><th>column</th><th>what</th><th>title</th></tr></thead>"
        "<tbody>{}</tbody></table><p>{}</p>",
        fate.label.capitalize(),
        f"{count:,}",
        lines,
        more,
    )


def _study(study_id: int | None) -> str:
    return f"study {study_id}. " if study_id else ""
