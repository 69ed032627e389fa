"""The lexicon's terms as choices of a form, with autocompletion; and lists and lines of text as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from tracker.classify import lexicon
from tracker.reads.wording import sentence
from tracker.terms import Facet

if TYPE_CHECKING:
    from collections.abc import Iterable

FACETS = (Facet.ROLE, Facet.EV_SOURCE, Facet.CARGO, Facet.MECHANISM, Facet.HISTOLOGY, Facet.SPECIMEN,
          Facet.ISOLATION, Facet.CHARACTERISATION)  # fmt: skip


def terms_of(facet: Facet) -> list[tuple[str, str]]:
    """The lexicon's terms of a facet, by label."""
    pairs = {entry.id: entry.label for entry in lexicon.load().entries if entry.facet == facet}
    return sorted(pairs.items(), key=lambda pair: pair[1].lower())


class TermsField(forms.MultipleChoiceField):
    """Terms of one facet; those that stand already are choices too, whatever the lexicon of today says."""

    widget = UnfoldAdminSelect2MultipleWidget

    def __init__(self, facet: Facet, **kwargs: Any) -> None:
        self.facet = facet
        super().__init__(required=False, choices=terms_of(facet), **{"label": sentence(facet.label), **kwargs})

    def also(self, standing: Iterable[str]) -> None:
        known = dict(terms_of(self.facet))
        self.choices = [*known.items(), *((one, one) for one in sorted(set(standing) - set(known)))]


class ListField(forms.CharField):
    """Several short texts, parted by semicolons or lines; commas stand within names ("Smith, J")."""

    def __init__(self, *, by_line: bool = False, rows: int = 3, **kwargs: Any) -> None:
        self.by_line = by_line
        widget = UnfoldAdminTextareaWidget(attrs={"rows": rows}) if by_line else UnfoldAdminTextInputWidget()
        super().__init__(**{"required": False, "widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return ("\n" if self.by_line else "; ").join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        pieces = str(value or "").replace("\n", ";").split(";")
        return list(dict.fromkeys(piece for piece in (" ".join(one.split()) for one in pieces) if piece))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))
