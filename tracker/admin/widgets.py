"""Two inputs that the admin lacks: an answer in one keystroke, and a small table of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from tracker.curation.shapes import FINDING, METRICS, WrongShape, shaped
from tracker.reads.wording import sentence
from tracker.terms import Answer, StudyFactName

if TYPE_CHECKING:
    from collections.abc import Mapping

SPARE_ROWS = 2


class SwitchWidget(forms.RadioSelect):
    """The four answers side by side; arrow keys move between them, Backspace takes the answer back."""

    template_name = "admin/tracker/switch.html"


class AnswerField(forms.ChoiceField):
    """Yes, no, not reported, does not apply; nothing while nobody has looked."""

    widget = SwitchWidget

    def __init__(self, name: StudyFactName, *, is_item: bool = False) -> None:
        self.is_item = is_item
        short = {Answer.NO: "no", Answer.NOT_APPLICABLE: "does not apply"}
        choices = [(one.value, short.get(one, one.label)) for one in Answer]
        super().__init__(required=False, label=sentence(name.label), choices=choices)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {"label": str(self.label)} | ({"item": "yes"} if self.is_item else {})


class FindingsWidget(forms.Widget):
    """Rows of number fields under the posted names `findings-0-metric`, `findings-0-value`, …"""

    template_name = "admin/tracker/findings.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = [*(value or []), *({} for _ in range(SPARE_ROWS))]
        context["widget"] |= {"columns": FINDING, "metrics": METRICS, "table": [
            [(column, f"{name}-{number}-{column}", row.get(column, "")) for column in FINDING]
            for number, row in enumerate(rows)
        ]}  # fmt: skip
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, str]]:
        rows = []
        number = 0
        while f"{name}-{number}-metric" in data:
            row = {column: str(data.get(f"{name}-{number}-{column}", "")).strip() for column in FINDING}
            rows += [row] if any(row.values()) else []
            number += 1
        return rows

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-0-metric" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-metric"


class FindingsField(forms.Field):
    """Quantitative findings with their intervals."""

    widget = FindingsWidget

    def clean(self, value: Any) -> list[dict[str, object]]:
        rows = [{column: _number(column, given) for column, given in row.items() if given != ""} for row in value or []]
        if not rows:
            return []
        try:
            return shaped(StudyFactName.FINDINGS, rows)  # type: ignore[return-value]  # a list of rows is what it gives
        except WrongShape as error:
            raise forms.ValidationError(str(error)) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial or data)


def _number(column: str, given: str) -> object:
    """The number in these words; words where they are none, so that the refusal can quote them."""
    if column not in ("value", "low", "high", "n"):
        return given
    plain = given.replace("−", "-").replace(",", ".") if column != "n" else given.replace(",", "").replace(" ", "")
    try:
        number = float(plain)
    except ValueError:
        return given
    return int(number) if number.is_integer() and "." not in plain else number
