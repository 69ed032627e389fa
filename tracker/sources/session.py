"""One polite HTTP session with a public source, for every client of this package.

It says who it is, keeps a pause between requests, tries again where that can help, and otherwise fails with a name:

=========================================================  ================================================
the source                                                 what is raised
=========================================================  ================================================
403                                                        ``Blocked``, at once: it refuses us, not the record
404                                                        ``NotFound``
400 and other 4xx                                          ``Refused``, with the source's own words
429, 5xx, resets, time-outs, cut-off or garbled answers,   tried again with growing pauses, then ``Unavailable``
HTML where data was asked for
=========================================================  ================================================

A 403 is never an empty result and never "gone": ClinicalTrials.gov has been seen to answer it to whole networks and
to kinds of clients for days (biomcp issue 87), while every record was in its place.
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import TYPE_CHECKING, Self, TypeVar

import requests
import stamina

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

CHUNK = 256 * 1024
# A page of 1,000 records has 20 MB, a rare one several records of some MB. A body beyond this is no page, and would
# take the worker's memory before anybody could say so.
LARGEST = 512 * 1024 * 1024
_MARKUP = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class SourceError(Exception):
    """A source did not give what was asked for. The message says what, where, and what to do."""


class Blocked(SourceError):
    """The source refuses this client altogether (403). Nothing follows about any record."""


class Refused(SourceError):
    """The source does not accept the question (400); asking again is no use. ``words`` are the source's own."""

    def __init__(self, message: str, *, words: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.words = words
        self.status = status


class TokenDied(Refused):
    """The source no longer takes the token of a page; the question has to be asked again from its first page."""


class NotFound(SourceError):
    """The source says that it does not have this (404)."""


class Unavailable(SourceError):
    """The source could not be reached, or gave nothing of use, in all attempts."""


class Garbled(Exception):
    """An answer that is not what it should be: cut off, another format, or another shape. Readers raise it."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to try. The pauses in seconds between attempts are first, 2 × first, 4 × first, up to longest."""

    attempts: int = 6
    first: float = 2.0
    longest: float = 60.0
    #: the share by which a pause may be longer at random, so that many clients do not come back at one moment
    jitter: float = 0.25
    #: attempts after a 500: the registry answers it to some questions it cannot take, where asking again is no use
    attempts_after_500: int = 3
    #: a Retry-After above this is not waited for: the run ends and the next one tries
    longest_asked: float = 900.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures."""
        pause = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return pause * (1 + random.uniform(0, self.jitter))  # noqa: S311 - no secret hangs on it


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, for the whole answer."""

    connect: float = 10.0
    read: float = 60.0
    whole: float = 600.0


class _Passing(Exception):
    """A failure that may pass."""

    def __init__(self, reason: str, *, attempts: int | None = None, asked_pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.attempts = attempts
        self.asked_pause = asked_pause


class PoliteSession:
    """A session with one source. Not for several threads at once: the pause between requests is its own."""

    def __init__(
        self,
        *,
        user_agent: str,
        min_interval: float = 1.0,
        patience: Patience | None = None,
        timeouts: Timeouts | None = None,
        on_wait: Callable[[str, float], None] | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``min_interval``: seconds from the end of one answer to the next request. ``on_wait(why, seconds)`` is called
        before a pause that a failure caused, so that a progress bar can say why it stands still. ``sleep`` takes the
        pauses in the place of waiting, ``clock`` gives seconds.
        """
        self.requests = 0  # every one that left, redirects and repeats included
        self.on_wait = on_wait
        self._min_interval = min_interval
        self._patience = patience or Patience()
        self._timeouts = timeouts or Timeouts()
        self._sleep = sleep  # None: really
        self._clock = clock
        self._last_end: float | None = None
        self._http = requests.Session()
        self._http.max_redirects = 5
        self._http.headers.update({"User-Agent": user_agent, "Accept": "application/json"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, url: str, *, params: Mapping[str, str], read: Callable[[bytes], T]) -> T:
        """What ``read`` makes of the answer's body.

        ``read`` raises Garbled for a body that is not what it should be, which counts as a failure that may pass.
        Raises Blocked, Refused, NotFound or Unavailable.
        """
        failures = 0

        def wait(failure: Exception) -> bool | float:
            """stamina's question: again, and after how many seconds?"""
            nonlocal failures
            failures += 1
            if not isinstance(failure, _Passing) or failures >= (failure.attempts or self._patience.attempts):
                return False
            pause = self._patience.pause(failures)
            if failure.asked_pause is not None:
                if failure.asked_pause > self._patience.longest_asked:
                    return False
                pause = failure.asked_pause
            if self.on_wait:
                self.on_wait(failure.reason, pause)
            if self._sleep is None:
                return pause
            self._sleep(pause)
            return 0.0

        try:
            for attempt in stamina.retry_context(on=wait, attempts=self._patience.attempts, timeout=None):
                with attempt:
                    return self._once(url, params, read)
        except _Passing as failure:
            times = "once" if failures == 1 else f"{failures} times"
            message = f"{url} gave no usable answer ({times} asked): {failure.reason}. The next run tries again."
            raise Unavailable(message) from failure
        raise AssertionError("stamina ended without an answer or an error")

    def _once(self, url: str, params: Mapping[str, str], read: Callable[[bytes], T]) -> T:
        self._keep_pause()
        try:
            status, headers, body = self._answer(url, params)
        finally:
            self._last_end = self._clock()
        if status == 200:
            return _read(headers, body, read)
        words = _words(body)
        said = f": {words}" if words else ""
        if status == 403:
            advice = "Wait some hours; if it lasts, change HTTP_USER_AGENT or ask from another network."
            raise Blocked(f"{url} refuses this client (403{said}). {advice}")
        if status == 404:
            raise NotFound(f"{url} is not there (404{said})")
        if status == 429:
            raise _Passing(f"asked to slow down (429{said})", asked_pause=_retry_after(headers))
        if status == 500:
            raise _Passing(f"error at the source (500{said})", attempts=self._patience.attempts_after_500)
        if status in {408, 425} or status > 500:
            raise _Passing(f"not available at the source ({status}{said})", asked_pause=_retry_after(headers))
        if 400 <= status < 500:
            raise Refused(f"{url} does not accept the question ({status}{said})", words=words, status=status)
        raise _Passing(f"an answer of no use ({status}{said})")

    def _keep_pause(self) -> None:
        if self._last_end is not None:
            rest = self._last_end + self._min_interval - self._clock()
            if rest > 0:
                (time.sleep if self._sleep is None else self._sleep)(rest)

    def _answer(self, url: str, params: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and the whole body. Raises _Passing for all that happens on the way."""
        deadline = self._clock() + self._timeouts.whole
        body = BytesIO()  # gives its bytes without a second copy, where joined pieces would need twice a page's size
        self.requests += 1
        try:
            with self._http.get(
                url, params=dict(params), timeout=(self._timeouts.connect, self._timeouts.read), stream=True
            ) as response:
                self.requests += len(response.history)
                for piece in response.iter_content(CHUNK):
                    body.write(piece)
                    if body.tell() > LARGEST:
                        raise _Passing(f"the answer is larger than {LARGEST >> 20} MB")
                    # the read time-out starts anew with every piece: a server that drips would hold us for ever
                    if self._clock() > deadline:
                        raise _Passing(f"the answer took more than {self._timeouts.whole:g} seconds")
                return response.status_code, response.headers, body.getvalue()
        except requests.exceptions.TooManyRedirects as error:
            self.requests += self._http.max_redirects
            raise _Passing(f"redirected in a circle ({error})") from error
        except requests.exceptions.ConnectTimeout as error:
            raise _Passing(f"no connection within {self._timeouts.connect:g} seconds") from error
        except requests.exceptions.Timeout as error:
            raise _Passing(f"no answer within {self._timeouts.read:g} seconds") from error
        except requests.exceptions.ConnectionError as error:
            raise _Passing(f"no connection, or it was reset ({_cause(error)})") from error
        except requests.exceptions.RequestException as error:
            raise _Passing(f"the answer was cut off ({_cause(error)})") from error


class Client:
    """One source at one address, asked through a session. What it is asked is its subclasses' own."""

    def __init__(
        self,
        base_url: str,
        user_agent: str,
        min_interval: float = 1.0,
        session: PoliteSession | None = None,
        *,
        patience: Patience | None = None,
        on_wait: Callable[[str, float], None] | None = None,
    ) -> None:
        """``min_interval`` is in seconds. ``session`` replaces the one made from the other arguments."""
        self.base_url = base_url.rstrip("/")
        self._session = session or PoliteSession(
            user_agent=user_agent, min_interval=min_interval, patience=patience, on_wait=on_wait
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    @property
    def requests(self) -> int:
        """How many requests were made so far, redirects and repeats included."""
        return self._session.requests


def _read(headers: Mapping[str, str], body: bytes, read: Callable[[bytes], T]) -> T:
    kind = headers.get("Content-Type", "")
    if "html" in kind.lower() or body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise _Passing(f"a web page instead of data: {_words(body)[:120] or 'without text'}")
    try:
        return read(body)
    except Garbled as error:
        raise _Passing(str(error).rstrip(".")) from error


def _words(body: bytes) -> str:
    """What an error answer says, on one line."""
    text = _MARKUP.sub(" ", body[:20_000].decode("utf-8", "replace"))
    return " ".join(text.split())[:500]


def _cause(error: BaseException) -> str:
    """The innermost cause, where the library wraps it several times."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error)[:200] or type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the answer asks (RFC 9110, 10.2.3: a number of seconds or a date), or None."""
    given = headers.get("Retry-After", "").strip()
    if not given:
        return None
    if given.isdecimal():
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    sent = headers.get("Date")  # by their clock, since it is theirs that the date was reckoned by
    try:
        now = parsedate_to_datetime(sent) if sent else datetime.now(UTC)
    except ValueError:
        now = datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())
