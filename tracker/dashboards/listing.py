"""What the pages of lists share: headings that sort, and answers as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.reads.listing import Filter, Order

NUMERIC = ("score", "people", "evidence")  # columns that stand right-aligned


def heading(
    name: str, words: str, *, sort: Order, chosen: Filter, implied: Filter | None, ascending: Sequence[str]
) -> dict[str, object]:
    """A heading that sorts: its address turns the order round where it is the sorted one.

    ``ascending`` are the columns whose first click begins with the lowest. A name that is no order has no address.
    """
    made: dict[str, object] = {"name": name, "words": words, "arrow": "", "aria": "", "numeric": name in NUMERIC}
    if name not in sort.ORDERS:
        return {**made, "address": ""}
    descending = name not in ascending
    if sort.name == name:
        descending = not sort.descending
        made["arrow"], made["aria"] = ("↓", "descending") if sort.descending else ("↑", "ascending")
    follows = type(sort)(name, descending)
    return {**made, "address": chosen.address(implied=implied, sort=str(follows))}


def csv_answer(lines: Iterable[str], *, name: str) -> StreamingHttpResponse:
    """Lines of CSV as a file of this name, streamed."""
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
