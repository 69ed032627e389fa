"""Buttons: the only way in which the admin changes what the tracker keeps.

A button is a POST to an address of its own. It asks for one permission, calls one function below, and says in words
what happened. unfold's own actions are links, which a prefetching browser or a crawler with a session may follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from kombu.exceptions import OperationalError
from unfold.admin import ModelAdmin

from tracker.curation.decisions import Declined

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest


@dataclass(frozen=True, kw_only=True)
class Button:
    """One act on a list (no record) or on a record.

    `act` names the method of the admin that is called with the request and the record (None on a list). It returns
    the sentence that the person reads afterwards. `shown` names a method that says whether the record can take it.
    `asks` is a question to be answered on a page of its own before the act is done; there, with `wants_why`, a reason
    is given, which the act finds among the posted values.
    """

    name: str
    label: str
    explains: str
    permission: str
    act: str
    shown: str = ""
    asks: str = ""
    wants_why: bool = False


class NotDone(Exception):
    """The act was refused below; its words say what was wrong and what to do next."""


def person(request: HttpRequest) -> User:
    """Who acts: the admin lets nobody in who has not logged in."""
    assert isinstance(request.user, User)
    return request.user


class WithButtons(ModelAdmin):
    """A page of the admin with buttons above its list and above each record."""

    list_buttons: tuple[Button, ...] = ()
    record_buttons: tuple[Button, ...] = ()
    list_before_template = "admin/tracker/buttons.html"
    change_form_outer_before_template = "admin/tracker/buttons.html"

    def get_urls(self) -> list[URLPattern]:
        options = self.model._meta
        stem = f"{options.app_label}_{options.model_name}"
        addresses = []
        for button in self.list_buttons:
            view = self._guarded(partial(self._press, button=button))
            addresses.append(path(f"{button.name}/", view, name=f"{stem}_{button.name}"))
        for button in self.record_buttons:
            view = self._guarded(partial(self._press, button=button))
            addresses.append(path(f"<path:object_id>/{button.name}/", view, name=f"{stem}_{button.name}"))
        return [*addresses, *super().get_urls()]

    def _guarded(self, view: partial[HttpResponse]) -> Any:
        """The view behind the admin's own login and its check against forged requests."""
        return update_wrapper(self.admin_site.admin_view(view), self._press)

    def _press(self, request: HttpRequest, *, button: Button, object_id: str | None = None) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(button.permission):
            raise PermissionDenied
        options = self.model._meta
        record: Model | None = None
        back = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        if object_id is not None:
            record = self.get_object(request, object_id)
            if record is None:
                missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, options, object_id)
                return missing
            back = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[object_id])
        if button.asks and "confirmed" not in request.POST:
            return self._ask_first(request, button=button, record=record, back=back)
        try:
            if record is not None and request.POST.get("as_seen", self.as_seen(record)) != self.as_seen(record):
                raise NotDone(f"“{record}” was changed meanwhile, so nothing was done. Look at it again and decide.")
            said = getattr(self, button.act)(request, record)
            if record is not None:
                self.log_change(request, record, said)  # the record's history says who pressed what
            self.message_user(request, said, messages.SUCCESS)
        except (NotDone, Declined) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        except OperationalError:
            self.message_user(
                request,
                f"“{button.label}” was not started: the queue (Redis) could not be reached. "
                "Nothing was changed. See that Redis and the worker run, then press the button again.",
                messages.ERROR,
            )
        return HttpResponseRedirect(back)

    def as_seen(self, record: Model) -> str:
        """What of the record a person decides on, so that a decision made on an old page is noticed."""
        return ""

    def _ask_first(self, request: HttpRequest, *, button: Button, record: Model | None, back: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": button.label,
            "opts": self.model._meta,
            "button": button,
            "record": record,
            "seen": request.POST.get("as_seen", ""),
            "back": back,
        }
        return TemplateResponse(request, "admin/tracker/confirm.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        options = self.model._meta
        shown = [
            {"button": button, "address": reverse(f"admin:{options.app_label}_{options.model_name}_{button.name}")}
            for button in self.list_buttons
            if request.user.has_perm(button.permission)
        ]
        answer: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "buttons": shown})
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *, obj: Model | None = None, **kwargs: Any
    ) -> HttpResponse:
        options = self.model._meta
        context["buttons"] = [
            {
                "button": button,
                "seen": self.as_seen(obj) if obj else "",
                "address": reverse(
                    f"admin:{options.app_label}_{options.model_name}_{button.name}", args=[obj.pk if obj else ""]
                ),
            }
            for button in (self.record_buttons if obj is not None else ())
            if request.user.has_perm(button.permission) and (not button.shown or getattr(self, button.shown)(obj))
        ]
        answer: HttpResponse = super().render_change_form(request, context, obj=obj, **kwargs)
        return answer


class ReadOnly(WithButtons):
    """A page that shows and never saves: what it holds is written by one function below, not by a form."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
