"""Asking Europe PMC (Articles RESTful API). What comes back is bytes and pages; ``europepmc_records`` reads them.

After the service's documentation, and what was seen beyond it:
  - pages go by ``cursorMark``, from ``*`` on; the last page gives back the mark it was asked with;
  - a page holds at most 1,000 records, and a larger number is refused, not cut down;
  - an error comes as an answer of status 200 with ``errCode`` and ``errMsg`` in the place of results;
  - now and then an answer comes without results or count and without an error: it is asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tracker.sources.bibliography import doi_of, pmcid_of, pmid_of
from tracker.sources.session import (
    Blocked,
    Client,
    Garbled,
    NotFound,
    Patience,
    Refused,
    SourceError,
    TokenDied,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Blocked",
    "EuropePmc",
    "NotFound",
    "Patience",
    "Refused",
    "SearchPage",
    "SourceError",
    "TokenDied",
    "Unavailable",
]

PAGE_SIZE = 1000  # the service's largest
FIRST = "*"


class SearchPage(NamedTuple):
    """One page: its records as bytes, the mark of the next page (None on the last), how many records match in all."""

    records: list[bytes | msgspec.Raw]
    next_cursor: str | None
    hit_count: int | None


class _Results(msgspec.Struct, gc=False):
    result: list[msgspec.Raw] = []


class _Answer(msgspec.Struct, rename="camel", gc=False):
    hit_count: int | None = None
    next_cursor_mark: str | None = None
    result_list: _Results | None = None
    err_code: int | str | None = None
    err_msg: str | None = None


_answer = msgspec.json.Decoder(_Answer)


class EuropePmc(Client):
    """The service at one address, which ends in ``/webservices/rest``. Counts every request it makes."""

    def search(self, query: str, cursor: str | None = None, *, page_size: int = PAGE_SIZE) -> SearchPage:
        """One page of the records that match ``query`` (the service's search syntax); the first without a cursor.

        A cursor is good for the query that it came from. Raises TokenDied when the service no longer takes it: the
        same question was good for the page before, so it is the cursor.
        """
        return self.page({"query": query, "pageSize": str(page_size)}, cursor)

    def page(self, params: Mapping[str, str], cursor: str | None = None) -> SearchPage:
        """The same with the parameters as they are sent; format and kind of result are added here."""
        mark = cursor or FIRST
        asked = {"format": "json", "resultType": "core", "pageSize": str(PAGE_SIZE), **params, "cursorMark": mark}
        url = f"{self.base_url}/search"
        try:
            return self._session.get(url, params=asked, read=lambda body: _read_page(body, url, mark))
        except Refused as error:
            if mark == FIRST or error.status in {401, 403}:
                raise
            message = f"Europe PMC no longer takes the cursor ({error.words or error}); start the query again."
            raise TokenDied(message, words=error.words, status=error.status) from error

    def find(self, identifier: str) -> bytes | None:
        """The record with this PMID, PMCID or DOI; None where the service has none.

        Raises ValueError where the text is no such identifier.
        """
        if pmid := pmid_of(identifier):
            query = f"EXT_ID:{pmid} AND SRC:MED"
        elif pmcid := pmcid_of(identifier):
            query = f"PMCID:{pmcid}"
        elif doi := doi_of(identifier):
            query = f'DOI:"{doi}"'
        else:
            raise ValueError(
                f"{identifier!r} is no PMID, PMCID or DOI; examples: 28553110, PMC5439933, 10.2147/ijn.s131516."
            )
        records = self.search(query, page_size=25).records
        return bytes(records[0]) if records else None


def _read_page(body: bytes, url: str, mark: str) -> SearchPage:
    try:
        answer = _answer.decode(body)
    except msgspec.ValidationError as error:
        raise Garbled(f"the answer is JSON but not a page of publications ({error})") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbled(f"the answer is not whole JSON ({error})") from None
    if answer.err_code is not None or answer.err_msg:
        words = " ".join((answer.err_msg or f"error {answer.err_code}").split())[:500]
        if str(answer.err_code).startswith("5"):
            raise Garbled(f"error at the source ({answer.err_code}: {words})")
        raise Refused(f"{url} does not accept the question ({words})", words=words)
    if answer.result_list is None or answer.hit_count is None:
        raise Garbled("the answer holds neither results nor an error")
    records: list[bytes | msgspec.Raw] = list(answer.result_list.result)
    following = answer.next_cursor_mark
    is_last = not records or not following or following == mark
    return SearchPage(records, None if is_last else following, answer.hit_count)
