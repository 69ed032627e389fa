"""Asking ClinicalTrials.gov (API v2). What comes back is bytes and pages; ``ctgov_records`` reads the records.

The API is described by the registry's OpenAPI document; what it does beyond that was observed and is noted where it
matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tracker.sources.ctgov_description import Description, read_enums, read_metadata
from tracker.sources.ctgov_json import NotJson, parsed
from tracker.sources.ctgov_pages import Page, read_page
from tracker.sources.ctgov_trial import nct_number
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
    "NotFound",
    "Patience",
    "Refused",
    "Registry",
    "SourceError",
    "TokenDied",
    "Unavailable",
    "Version",
]

PAGE_SIZE = 1000  # the registry's largest; a larger number is coerced down to it


class Version(NamedTuple):
    """The registry's versions. ``data_timestamp`` is UTC without a zone, as given: ``2026-03-25T09:00:05``."""

    api_version: str
    data_timestamp: str


class _Version(msgspec.Struct, rename="camel"):
    api_version: str
    data_timestamp: str


class Registry(Client):
    """The registry at one address, which ends in ``/api/v2``. Counts every request it makes.

    robots.txt asks for a second between two requests.
    """

    def version(self) -> Version:
        """The versions of the API and of its data."""
        return self._session.get(f"{self.base_url}/version", params={}, read=_read_version)

    def page(self, params: Mapping[str, str], token: str | None = None) -> Page:
        """One page of the records that match ``params`` (``query.cond``, …); the first without a token.

        The same parameters go with every page, as the registry demands; page size and count are added here. The total
        stands on the first page only. Raises TokenDied when the registry refuses a page that a token names: the same
        question was good for the page before, so it is the token. Tokens are bound to the version of the data and end
        with the daily refresh.
        """
        asked = {"format": "json", "pageSize": str(PAGE_SIZE), "countTotal": "true", **params}
        if token is None:
            return self._session.get(f"{self.base_url}/studies", params=asked, read=read_page)
        asked["pageToken"] = token
        try:
            return self._session.get(f"{self.base_url}/studies", params=asked, read=read_page)
        except Refused as error:
            if error.status != 400:
                raise
            message = f"The registry no longer takes the page token ({error.words or error}); start the query again."
            raise TokenDied(message, words=error.words, status=error.status) from error

    def study(self, nct_id: str) -> bytes:
        """One record, by its number or by a number that was folded into it.

        An alias answers 301 to the surviving record, which is followed: compare the number in the record with the one
        asked. Raises NotFound where the registry has neither, ValueError where the number is none.
        """
        number = nct_number(nct_id)
        if number is None:
            raise ValueError(f"{nct_id!r} is no NCT number; one is NCT and up to eight digits, as in NCT00841061.")
        return self._session.get(f"{self.base_url}/studies/{number}", params={"format": "json"}, read=_read_study)

    def metadata(self) -> Description:
        """The registry's description of its fields."""
        return self._session.get(f"{self.base_url}/studies/metadata", params={}, read=read_metadata)

    def enums(self) -> Description:
        """The registry's description of its enumerations."""
        return self._session.get(f"{self.base_url}/studies/enums", params={}, read=read_enums)


def _read_version(body: bytes) -> Version:
    try:
        read = msgspec.json.decode(body, type=_Version)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Garbled(f"/version gave no versions ({error})") from error
    return Version(read.api_version, read.data_timestamp)


def _read_study(body: bytes) -> bytes:
    try:
        document, _ = parsed(body)
    except NotJson as error:
        raise Garbled(str(error)) from error
    if not isinstance(document, dict):
        raise Garbled("the answer is JSON but not a study")
    return body
