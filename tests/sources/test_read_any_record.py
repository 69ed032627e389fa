"""Whatever happens to a record on the way: it reads, or it is refused by name, and never anything else."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.records import real
from tracker.sources.ctgov_records import (
    Garbled,
    TrialRecord,
    Unreadable,
    _piecemeal,
    _whole,
    filled,
    read_page,
    read_record,
)
from tracker.terms import Origin

RECORDS = sorted(real(), key=len)[:60]  # the small ones; size is no matter here
modest = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

text = st.text(max_size=20) | st.sampled_from(["NCT00000001", "2020-03", "\x00", r"\>", "&lt;", "\ud800"])
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | text
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    found, waiting = [], [value]
    while waiting:
        inner = waiting.pop()
        keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else []
        for key in keys:
            found.append((inner, key))
            waiting.append(inner[key])
    return found


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real record with one to four things dropped, replaced, added or renamed."""
    document = json.loads(draw(st.sampled_from(RECORDS)))
    for _ in range(draw(st.integers(1, 4))):
        spots = places(document)
        if not spots:
            break
        container, key = spots[draw(st.integers(0, len(spots) - 1))]
        act = draw(st.sampled_from(["drop", "replace", "add", "rename"]))
        if act == "drop":
            del container[key]
        elif act == "replace" or isinstance(container, list):
            container[key] = draw(anything)
        elif act == "add":
            container[draw(st.text(max_size=8))] = draw(anything)
        else:
            container[draw(st.text(max_size=8))] = container.pop(key)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def attempt(raw: bytes, origin: Origin = Origin.REGISTRY) -> TrialRecord | Unreadable:
    try:
        return read_record(raw, origin=origin)
    except Unreadable as unreadable:
        return unreadable


@modest
@given(mutated(), st.sampled_from(list(Origin)))
def test_a_mutated_record_reads_or_is_refused(raw: bytes, origin: Origin) -> None:
    outcome = attempt(raw, origin)

    json.loads(outcome.raw)
    if isinstance(outcome, Unreadable):
        assert outcome.reason
        return
    filled(outcome)
    texts = [text for _, text in outcome.passages] + [outcome.brief_title or "", *outcome.conditions, *outcome.drift]
    assert "\x00" not in "".join(texts)  # PostgreSQL takes no NUL
    "".join(texts).encode("utf-8")  # nor half a character
    assert b"\\u0000" not in outcome.raw.replace(b"\\\\", b"")


@modest
@given(mutated())
def test_what_was_read_reads_again_to_the_same(raw: bytes) -> None:
    first = attempt(raw)
    if isinstance(first, Unreadable):
        return

    again = attempt(first.raw)

    assert isinstance(again, TrialRecord)
    assert again.raw == first.raw
    assert again.raw_hash == first.raw_hash
    assert again.passages == first.passages


@modest
@given(mutated(), st.randoms(use_true_random=False))
def test_reading_does_not_depend_on_the_order_of_fields(raw: bytes, random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    turned = json.dumps(shuffled(json.loads(raw))).encode("utf-8", "surrogatepass")
    one, other = attempt(raw), attempt(turned)

    assert type(one) is type(other)
    assert one.raw == other.raw
    if isinstance(one, TrialRecord) and isinstance(other, TrialRecord):
        assert set(one.drift) == set(other.drift)  # in order of meeting
        columns = (name for name in TrialRecord.__struct_fields__ if name != "drift")
        assert all(getattr(one, name) == getattr(other, name) for name in columns)
    else:
        assert one.nct_id == other.nct_id


@modest
@given(mutated())
def test_both_ways_of_reading_agree(raw: bytes) -> None:
    whole = _whole(raw, Origin.REGISTRY)

    if whole is not None:
        assert whole == _piecemeal(raw, Origin.REGISTRY)


@modest
@given(st.sampled_from(RECORDS), st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_bytes_overwritten_anywhere_are_read_or_refused(raw: bytes, at: int, junk: bytes) -> None:
    at %= len(raw)

    outcome = attempt(raw[:at] + junk + raw[at + len(junk) :])

    assert outcome.raw


@modest
@given(st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def test_a_page_reads_or_is_garbled(body: bytes) -> None:
    with contextlib.suppress(Garbled):
        assert isinstance(read_page(body).records, list)
