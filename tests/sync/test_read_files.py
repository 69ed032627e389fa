"""Every shape in which people save registry records, and what is passed over."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zipfile

import pytest

from tests.factories import raw_record
from tests.sync.pulling import Clock
from tracker.models import SetAside, SyncRun, Trial
from tracker.sync import files
from tracker.sync.importing import import_files
from tracker.sync.store import store
from tracker.terms import Origin, RunState

ONE, TWO = raw_record("NCT00000001"), raw_record("NCT00000002")
PRETTY = json.dumps(json.loads(ONE), indent=2).encode()


def read(path):
    """Records found, as their numbers ('' where they do not parse), and the names of what was passed over."""
    numbers, skipped = [], []
    for found in files.read(path):
        if isinstance(found, files.Skipped):
            skipped.append(found)
        else:
            try:
                document = json.loads(found.raw)
                numbers.append(document["protocolSection"]["identificationModule"]["nctId"])
            except (ValueError, TypeError, KeyError):
                numbers.append("")
    return numbers, skipped


@pytest.mark.parametrize(
    "content",
    [
        b"[" + ONE + b"," + TWO + b"]",
        b'{"studies": [' + ONE + b",\n" + TWO + b"]}",
        b'{"totalCount": 2, "studies": [' + ONE + b", " + TWO + b'], "nextPageToken": "abc"}',
        b'{"nextPageToken": "a\\"b", "totalCount": null, "studies":[' + ONE + b"," + TWO + b"]}\n",
        b'{"extra": {}, "studies": [' + ONE + b"," + TWO + b"]}",
        ONE + b"\n" + TWO + b"\n",
        ONE + TWO,
        PRETTY + b"\n" + TWO,
        b"\xef\xbb\xbf  [" + PRETTY + b",\r\n" + TWO + b"\r\n]\r\n",
    ],
    ids=["list", "page", "page with total", "token first", "own order", "lines", "in a row", "pretty", "from Windows"],
)
@pytest.mark.parametrize("chunk", [37, 1 << 20])
def test_every_shape_gives_its_records(tmp_path, monkeypatch, content, chunk):
    monkeypatch.setattr(files, "CHUNK", chunk)
    path = tmp_path / "trials.json"
    path.write_bytes(content)

    assert read(path) == (["NCT00000001", "NCT00000002"], [])


def test_bytes_come_as_they_stand(tmp_path):
    path = tmp_path / "trials.json"
    path.write_bytes(b"[" + ONE + b"," + PRETTY + b"]")

    assert [found.raw for found in files.read(path)] == [ONE, PRETTY]


def test_an_empty_file_holds_nothing(tmp_path):
    for content in (b"", b"  \n", b"[]", b'{"studies": []}'):
        path = tmp_path / "trials.json"
        path.write_bytes(content)
        assert read(path) == ([], [])


def test_lines_are_read_one_by_one(tmp_path):
    path = tmp_path / "trials.ndjson"
    path.write_bytes(ONE + b"\n\n" + ONE[:100] + b"\n" + TWO)

    found = list(files.read(path))

    assert [piece.place.rsplit(", ", 1)[1] for piece in found] == ["line 1", "line 3", "line 4"]
    assert read(path)[0] == ["NCT00000001", "", "NCT00000002"]


def test_packed_files_and_archives(tmp_path):
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(ONE))
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(TWO + b"\n"))
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("deep/er/one.json", ONE)
        archive.writestr("two.ndjson.gz", gzip.compress(TWO))
        archive.writestr("readme.txt", "nothing")

    numbers, skipped = read(tmp_path)

    assert numbers == ["NCT00000001", "NCT00000002", "NCT00000001", "NCT00000002"]
    assert [one.path for one in skipped] == [f"{tmp_path / 'c.zip'}!readme.txt"]


def test_a_folder_gives_what_it_takes_and_names_what_it_skips(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.JSON").write_bytes(ONE)
    (tmp_path / "SOURCES.md").write_text("where from")
    (tmp_path / "table.csv").write_text("a,b")

    numbers, skipped = read(tmp_path)

    assert numbers == ["NCT00000001"]
    assert [one.path.rsplit("/", 1)[1] for one in skipped] == ["SOURCES.md", "table.csv"]


def test_what_macos_keeps_beside_a_file_is_named_and_not_taken_for_a_broken_record(tmp_path):
    (tmp_path / "one.json").write_bytes(ONE)
    (tmp_path / "._one.json").write_bytes(b"\x00\x05\x16\x07")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("two.json", TWO)
        archive.writestr("__MACOSX/._two.json", b"\x00\x05\x16\x07")

    numbers, skipped = read(tmp_path)

    assert numbers == ["NCT00000001", "NCT00000002"]
    assert [one.path.rsplit("/", 1)[1] for one in skipped] == ["._one.json", "._two.json"]


def test_a_file_named_outright_is_read_whatever_it_is_called(tmp_path):
    path = tmp_path / "download"
    path.write_bytes(ONE)

    assert read(path)[0] == ["NCT00000001"]


def test_what_is_not_there_or_damaged_is_named(tmp_path):
    broken = tmp_path / "broken.json.gz"
    broken.write_bytes(gzip.compress(ONE + TWO * 50)[:-20])
    (tmp_path / "no.zip").write_bytes(b"PK nonsense")

    assert read(tmp_path / "nowhere")[1][0].why == "there is no such file or folder"
    assert "could not be read to its end" in read(broken)[1][0].why
    assert "could not be read to its end" in read(tmp_path / "no.zip")[1][0].why


def test_from_a_broken_place_on_the_rest_is_one_piece(tmp_path):
    path = tmp_path / "trials.json"
    path.write_bytes(b"[" + ONE + b',{"protocolSection": oops},' + TWO + b"]")

    first, rest = files.read(path)

    assert first.raw == ONE
    assert (rest.place, rest.raw) == (f"{path}, record 2", b'{"protocolSection": oops},' + TWO + b"]")


def test_memory_is_bounded_by_a_record_not_by_the_file(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as stream:
        stream.write(b'{"studies": [')
        for number in range(3000):
            stream.write((b",\n" if number else b"") + ONE)
        stream.write(b"]}")
    assert path.stat().st_size > 25_000_000

    tracemalloc.start()
    try:
        assert sum(1 for _ in files.read(path)) == 3000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 12_000_000


# --- into the store ---


def take_in(*paths, origin=Origin.FILE):
    return import_files(paths=paths, origin=origin, absorb=store, clock=Clock())


@pytest.mark.django_db
def test_records_go_the_same_path_as_those_of_the_registry(tmp_path):
    (tmp_path / "trials.json").write_bytes(b"[" + ONE + b"," + TWO + b"]")

    run = take_in(tmp_path).run

    assert (run.state, run.seen, run.new, run.finished is not None) == (RunState.DONE, 2, 2, True)
    assert set(Trial.objects.values_list("origin", flat=True)) == {"file"}
    again = take_in(tmp_path).run
    assert (again.new, again.unchanged) == (0, 2)


@pytest.mark.django_db
def test_broken_json_is_set_aside_whole_with_its_place_and_once(tmp_path):
    path = tmp_path / "trials.json"
    path.write_bytes(b"[" + ONE + b"," + TWO[:-40])

    outcome = take_in(path)
    take_in(path)

    assert (outcome.run.state, outcome.run.new, outcome.run.set_aside) == (RunState.DONE, 1, 1)
    assert not outcome.is_nothing
    aside = SetAside.objects.get()
    assert (aside.source, aside.nct_id) == (f"{path}, record 2", "NCT00000002")
    assert "not whole JSON" in aside.reason


@pytest.mark.django_db
def test_nothing_read_says_so(tmp_path):
    outcome = take_in(tmp_path / "nowhere")

    assert outcome.is_nothing
    assert outcome.run.message == f"Nothing could be read. Passed over: {tmp_path / 'nowhere'}: " + (
        "there is no such file or folder"
    )


@pytest.mark.django_db
def test_an_import_that_breaks_off_keeps_what_it_stored(tmp_path, monkeypatch):
    monkeypatch.setattr("tracker.sync.batches.BATCH_RECORDS", 1)
    (tmp_path / "trials.ndjson").write_bytes(ONE + b"\n" + TWO)

    def breaks(**given):
        if Trial.objects.exists():
            raise ZeroDivisionError
        return store(**given)

    with pytest.raises(ZeroDivisionError):
        import_files(paths=[tmp_path], origin=Origin.FILE, absorb=breaks, clock=Clock())

    run = SyncRun.objects.get()
    assert (run.state, run.new, Trial.objects.count()) == (RunState.INCOMPLETE, 1, 1)
