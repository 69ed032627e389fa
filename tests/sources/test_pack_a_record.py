from __future__ import annotations

import pytest

from tests.records import real
from tracker.sources.packing import Damaged, pack, unpack


def test_what_is_packed_comes_back() -> None:
    for raw in [*real(), b"", b"\x00" * 10]:
        assert unpack(pack(raw)) == raw
        assert unpack(memoryview(pack(raw))) == raw


def test_records_pack_to_less_than_two_fifths() -> None:
    records = real()

    assert sum(len(pack(raw)) for raw in records) < 0.4 * sum(map(len, records))


@pytest.mark.parametrize("spoil", [lambda frame: frame[:-5], lambda frame: b"", lambda frame: b"no frame at all"])
def test_damage_is_named(spoil) -> None:
    with pytest.raises(Damaged, match="damaged"):
        unpack(spoil(pack(real()[0])))


def test_an_altered_byte_is_noticed() -> None:
    frame = bytearray(pack(b"EVs in lung cancer " * 50))
    frame[len(frame) // 2] ^= 1

    with pytest.raises(Damaged):
        unpack(bytes(frame))
