"""Forms whose saving is one act of `curation.decisions`: nothing else is saved, and a refusal stands on the form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import flatten
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from tracker.curation.decisions import Declined

from .buttons import WithButtons

if TYPE_CHECKING:
    from django.db.models import Model
    from django.forms import BaseInlineFormSet
    from django.http import HttpRequest, HttpResponse


class DecisionForm(ModelForm):
    """A form that also shows why its act was declined, with everything that the person typed."""

    declined: str = ""

    def clean(self) -> dict[str, Any] | None:
        if self.declined:
            raise ValidationError(self.declined)
        return super().clean()

    def validate_unique(self) -> None:
        """Left to the act, which names the record that is known already."""

    def validate_constraints(self) -> None:
        """Left to the act and the database: a form holds a part of the row only."""


class Decides(WithButtons):
    """A page whose form does one act. `subject` is how history calls what it is about."""

    subject = ""

    def decide(self, request: HttpRequest, form: Any, formsets: list[BaseInlineFormSet], *, change: bool) -> Model:
        """Do the act; gives the record. Raises Declined, and then the form is shown again."""
        raise NotImplementedError

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # nothing that people decided is deleted; history would point to nothing

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        except Declined as refusal:
            # The transaction is undone; the same values once more, and the form says why.
            request.declined = str(refusal)  # type: ignore[attr-defined]
            answer = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.declined = getattr(request, "declined", "")
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Who may only look sees the columns; the form's own fields are there for whoever may write them."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        columns = {field.name for field in self.model._meta.concrete_fields}
        shown = columns | set(self.get_readonly_fields(request, obj))
        return [
            (title, {**options, "fields": tuple(name for name in flatten(options["fields"]) if name in shown)})
            for title, options in fieldsets
            if any(name in shown for name in flatten(options["fields"]))
        ]

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Nothing: `save_related` does the whole act, with the rows beneath the form."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        record = self.decide(request, form, list(formsets), change=change)
        form.instance.pk = record.pk
        form.instance._state.adding = False

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> str:
        return ""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The act's own history entry is the one record of what people did."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The act's own history entry is the one record of what people did."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = urlencode({"subject": self.subject, "subject_id": object_id})
        return HttpResponseRedirect(f"{reverse('admin:tracker_historyentry_changelist')}?{asked}")
