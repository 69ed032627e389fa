"""The session: what it tries again, what it does not, and how long it waits, over real connections."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.fakes import faults
from tests.sources.conftest import AGENT
from tracker.sources.session import (
    Blocked,
    Garbled,
    NotFound,
    Patience,
    PoliteSession,
    Refused,
    Timeouts,
    Unavailable,
)


def test_it_says_who_it_is(fake, registry) -> None:
    registry.version()

    assert fake.log[-1].user_agent == AGENT


# --- what may pass -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (faults.status(503), "not available at the source (503: status 503)"),
        (faults.status(502), "not available at the source (502"),
        (faults.status(504), "not available at the source (504"),
        (faults.status(500, body="Internal error"), "error at the source (500: Internal error)"),
        (faults.status(408), "not available at the source (408"),
        (faults.status(429), "asked to slow down (429"),
        (faults.status(302), "an answer of no use (302"),
        (faults.reset(share=0), "reset"),
        (faults.reset(), "reset"),
        (faults.cut_off(), "the answer was cut off (IncompleteRead"),
        (faults.truncated(), "The answer is not whole JSON"),
        (faults.web_page(title="We are down"), "a web page instead of data: We are down"),
        (
            faults.Fault("status", code=200, headers={"Content-Type": "text/html"}, body="Oops"),
            "a web page instead of data: Oops",
        ),
    ],
    ids=lambda value: value.kind + str(value.code) if isinstance(value, faults.Fault) else "",
)
def test_a_failure_that_passes_is_told_and_tried_again(fake, registry, waits, fault, why) -> None:
    fake.misbehave(fault)

    page = registry.page({"query.cond": "lung cancer", "pageSize": "3"})

    assert len(page.records) == 3
    assert registry.requests == 2
    ((told, seconds),) = waits
    assert why in told
    assert seconds == 2.0


def test_the_pauses_grow_and_are_bounded() -> None:
    patience = Patience(first=2, longest=60, jitter=0)

    assert [patience.pause(failures) for failures in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]
    assert patience.pause(10_000) == 60
    jittered = [Patience(first=2, jitter=0.25).pause(1) for _ in range(50)]
    assert all(2 <= pause <= 2.5 for pause in jittered)
    assert len(set(jittered)) > 1


def test_a_lasting_failure_ends_after_the_last_attempt(fake, registry, pauses) -> None:
    fake.misbehave(faults.status(503, body="<html><h1>Service Unavailable</h1></html>"), times=None)

    with pytest.raises(
        Unavailable, match=r"/studies gave no usable answer \(6 times asked\): .*503: Service Unavailable"
    ):
        registry.page({})

    assert pauses == [2, 4, 8, 16, 32]  # and none after the last
    assert registry.requests == 6


def test_a_500_is_not_tried_as_long_since_the_question_may_be_at_fault(fake, registry, pauses) -> None:
    # the registry answers 500, not 400, to an unknown name in `fields`
    fake.misbehave(faults.status(500), times=None)

    with pytest.raises(Unavailable, match="3 times asked"):
        registry.page({})

    assert pauses == [2, 4]


def test_failures_of_different_kinds_count_together(fake, registry) -> None:
    for fault in (faults.status(429), faults.reset(), faults.truncated(), faults.web_page(), faults.cut_off()):
        fake.misbehave(fault)

    assert len(registry.page({"pageSize": "3"}).records) == 3
    assert registry.requests == 6


def test_nobody_there(registry, fake) -> None:
    fake.stop()

    with pytest.raises(Unavailable, match="no connection, or it was reset"):
        registry.version()


# --- how long to wait ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_in_seconds_is_obeyed(fake, registry, waits, code) -> None:
    fake.misbehave(faults.status(code, retry_after="17"), on="/version")

    registry.version()

    assert [seconds for _, seconds in waits] == [17]


def test_retry_after_as_a_date_is_obeyed(fake, registry, waits) -> None:
    fake.misbehave(
        faults.status(429, retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)),
        on="/version",
    )

    registry.version()

    assert [seconds for _, seconds in waits] == [pytest.approx(90, abs=2)]


@pytest.mark.parametrize("given", ["soon", "-5", "1.5", "Wed, 99 Foo 2026", ""])
def test_a_retry_after_that_says_nothing_leaves_our_own_pause(fake, registry, waits, given) -> None:
    fake.misbehave(faults.status(429, retry_after=given), on="/version")

    registry.version()

    assert [seconds for _, seconds in waits] == [2]


def test_a_retry_after_in_the_past_is_no_pause(fake, registry, waits) -> None:
    fake.misbehave(faults.status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), on="/version")

    registry.version()

    assert [seconds for _, seconds in waits] == [0]


def test_asked_to_wait_too_long_the_run_ends(fake, registry, waits) -> None:
    fake.misbehave(faults.status(429, retry_after="86400"), on="/version")

    with pytest.raises(Unavailable, match="once asked"):
        registry.version()

    assert waits == []


def test_requests_keep_their_distance(fake, pauses) -> None:
    with PoliteSession(user_agent=AGENT, min_interval=1.0, sleep=pauses, clock=pauses.clock) as session:
        for _ in range(3):
            session.get(f"{fake.url}/version", params={}, read=bytes)

    assert pauses == [1.0, 1.0]  # none before the first


def test_time_that_passed_anyway_counts_as_distance(fake, pauses) -> None:
    with PoliteSession(user_agent=AGENT, min_interval=1.0, sleep=pauses, clock=pauses.clock) as session:
        session.get(f"{fake.url}/version", params={}, read=bytes)
        pauses.now += 0.75
        session.get(f"{fake.url}/version", params={}, read=bytes)
        pauses.now += 5
        session.get(f"{fake.url}/version", params={}, read=bytes)

    assert pauses == [0.25]


def test_without_a_stand_in_it_really_waits(fake) -> None:
    fake.misbehave(faults.status(503), on="/version", times=2)
    with PoliteSession(user_agent=AGENT, min_interval=0, patience=Patience(first=0.01, jitter=0)) as session:
        assert session.get(f"{fake.url}/version", params={}, read=bytes)
        assert session.requests == 3


# --- time-outs -----------------------------------------------------------------------------------------------------


def hurried(**timeouts: float) -> PoliteSession:
    return PoliteSession(
        user_agent=AGENT,
        min_interval=0,
        patience=Patience(attempts=2, first=0.01),
        timeouts=Timeouts(**timeouts),
    )


def test_a_server_that_hangs_is_left(fake) -> None:
    fake.misbehave(faults.hang(5), on="/version", times=None)
    with hurried(read=0.05) as session, pytest.raises(Unavailable, match=r"no answer within 0\.05 seconds"):
        session.get(f"{fake.url}/version", params={}, read=bytes)


def test_a_server_that_stops_in_the_middle_is_left(fake) -> None:
    fake.misbehave(faults.drip(1.0), on="/studies", times=None)
    with hurried(read=0.05) as session, pytest.raises(Unavailable, match=r"no answer within|timed out"):
        session.get(f"{fake.url}/studies", params={}, read=bytes)


def test_a_server_that_drips_is_left_when_the_whole_takes_too_long(fake) -> None:
    fake.misbehave(faults.drip(0.05), times=None)
    with hurried(whole=0.1) as session, pytest.raises(Unavailable, match=r"took more than 0\.1 seconds"):
        session.get(f"{fake.url}/studies", params={"pageSize": "30"}, read=bytes)


def test_a_slow_answer_is_an_answer(fake, registry) -> None:
    fake.misbehave(faults.slow(0.1), on="/version")

    assert registry.version().api_version == "2.0.5"
    assert registry.requests == 1


def test_a_port_that_never_answers(pauses) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        session = PoliteSession(
            user_agent=AGENT, patience=Patience(attempts=2), timeouts=Timeouts(connect=0.1, read=0.05), sleep=pauses
        )
        with session, pytest.raises(Unavailable, match=r"2 times asked\): no (answer|connection) within"):
            session.get(f"http://127.0.0.1:{silent.getsockname()[1]}/", params={}, read=bytes)


def test_an_answer_that_is_no_http(pauses) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def greet() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        session = PoliteSession(user_agent=AGENT, patience=Patience(attempts=2), sleep=pauses)
        with session, pytest.raises(Unavailable):
            session.get(f"http://127.0.0.1:{server.getsockname()[1]}/", params={}, read=bytes)
        thread.join()


def test_an_answer_without_end_is_left(fake, registry, monkeypatch) -> None:
    monkeypatch.setattr("tracker.sources.session.LARGEST", 10_000)

    with pytest.raises(Unavailable, match="the answer is larger than"):
        registry.page({})


# --- what does not pass --------------------------------------------------------------------------------------------


def test_a_403_is_a_block_at_once(fake, registry, pauses) -> None:
    fake.misbehave(faults.web_page(code=403, title="Forbidden"), times=None, on="")

    with pytest.raises(Blocked, match=r"refuses this client \(403: Forbidden"):
        registry.page({})
    with pytest.raises(Blocked):
        registry.study("NCT00576225")  # never "gone"

    assert registry.requests == 2
    assert pauses == []


def test_a_400_ends_it_with_the_registrys_own_words(registry, pauses) -> None:
    with pytest.raises(Refused) as caught:
        registry.page({"query.recrs": "COMPLETED"})

    assert caught.value.words == "`query.recrs` is unknown parameter"
    assert "`query.recrs` is unknown parameter" in str(caught.value)
    assert (registry.requests, pauses) == (1, [])


@pytest.mark.parametrize("code", [401, 405, 410, 414, 422, 451])
def test_other_refusals_are_refusals(fake, registry, code) -> None:
    fake.misbehave(faults.status(code, body="no"), on="/version")

    with pytest.raises(Refused) as caught:
        registry.version()

    assert (caught.value.status, caught.value.words) == (code, "no")


def test_a_404_is_not_found_at_once(registry) -> None:
    with pytest.raises(NotFound, match="NCT number NCT99999999 not found"):
        registry.study("NCT99999999")

    assert registry.requests == 1


def test_a_redirect_in_a_circle_ends(fake, registry) -> None:
    here = {"Location": "/api/v2/version"}
    fake.misbehave(faults.Fault("status", code=302, headers=here), on="/version", times=None)

    with pytest.raises(Unavailable, match="redirected in a circle"):
        registry.version()


def test_an_error_of_the_reader_is_not_hidden(fake) -> None:
    def read(body: bytes) -> None:
        raise ZeroDivisionError

    with PoliteSession(user_agent=AGENT) as session, pytest.raises(ZeroDivisionError):
        session.get(f"{fake.url}/version", params={}, read=read)


def test_what_the_reader_cannot_use_is_asked_again(fake, pauses) -> None:
    seen: list[bytes] = []

    def read(body: bytes) -> bytes:
        seen.append(body)
        if len(seen) < 3:
            raise Garbled("It is half a thing.")
        return body

    with PoliteSession(user_agent=AGENT, sleep=pauses, min_interval=0) as session:
        assert session.get(f"{fake.url}/version", params={}, read=read) == seen[-1]
        assert session.requests == 3


def test_a_compressed_answer_is_unpacked(fake, registry) -> None:
    fake.compress = True

    assert len(registry.page({"pageSize": "5"}).records) == 5


def test_a_compressed_answer_that_is_cut_off_is_asked_again(fake, registry) -> None:
    fake.compress = True
    fake.misbehave(faults.truncated())

    assert len(registry.page({"pageSize": "5"}).records) == 5
    assert registry.requests == 2
