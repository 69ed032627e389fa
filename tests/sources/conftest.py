from __future__ import annotations

import pytest

from tests.fakes.ctgov import FakeRegistry
from tests.records import real
from tracker.sources.clinicaltrials import Patience, Registry
from tracker.sources.session import PoliteSession

AGENT = "ExoTracker/test (research tool)"


class Pauses(list[float]):
    """Takes the pauses in the place of waiting; its clock goes on by what it was told to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def fake():
    with FakeRegistry(real()[:30]) as registry:
        yield registry


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def waits() -> list[tuple[str, float]]:
    """What a progress bar would be told."""
    return []


@pytest.fixture
def registry(fake, pauses, waits):
    session = PoliteSession(
        user_agent=AGENT,
        min_interval=0,
        patience=Patience(jitter=0),
        sleep=pauses,
        clock=pauses.clock,
        on_wait=lambda why, seconds: waits.append((why, seconds)),
    )
    with Registry(fake.url, AGENT, session=session) as client:
        yield client
