"""What reading of a large EDF+ file costs: bytes and requests, from a disk and from a bucket."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from edf_files import annotation_signal, edf_bytes, noise, tal
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import memory_file

from neurochain.formats import HeadSizes, open_recording, read_header
from neurochain.storage import File, ReadLog, recording_reads
from neurochain.storage.access import Access, remember
from neurochain.storage.links import LinkMeter
from neurochain.storage.planner import Link
from neurochain.testing import CountingFile, ObjectServer

N_CHANNELS, RATE, RECORDS = 64, 256, 5250
NOTES = 32  # samples of the annotation signal
RECORD = 2 * (N_CHANNELS * RATE + NOTES)
HEADER = 256 * (N_CHANNELS + 2)
TEN_SECONDS = 10 * RATE * 2  # bytes of one channel


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a file of 172 MB with holes: 64 channels of 1.5 h, noise in the data records from 2000 to 2010."""
    folder = tmp_path_factory.mktemp("served") / "bucket"
    folder.mkdir()
    signals = [{"label": f"E{i}", "samples": np.zeros((1, RATE))} for i in range(N_CHANNELS)]
    signals.append(annotation_signal([tal(0).ljust(2 * NOTES, b"\0")]))
    with (folder / "large.edf").open("wb") as file:
        file.write(edf_bytes(signals, 1, reserved="EDF+C", stated=RECORDS)[:HEADER])
        file.truncate(HEADER + RECORDS * RECORD)
        for record in range(RECORDS):
            file.seek(HEADER + record * RECORD + 2 * N_CHANNELS * RATE)
            file.write(
                tal(record) + (tal(record + 0.5, "spindle", duration=1) if record % 1000 == 999 else b"")
            )
        for record in range(2000, 2011):
            file.seek(HEADER + record * RECORD)
            file.write(noise(1, N_CHANNELS * RATE, record).astype("<i2").tobytes())
    return folder


@pytest.fixture(scope="module")
def server(bucket: Path) -> Iterator[ObjectServer]:
    with ObjectServer(bucket.parent) as server:
        remember("s3://bucket", Access.of({"anon": True, "endpoint": server.url}))
        yield server


def expected(channel: int, first: int, last: int) -> np.ndarray:
    """Stored samples of a channel in data records [first, last)."""
    found = [noise(1, N_CHANNELS * RATE, r).reshape(N_CHANNELS, RATE)[channel] for r in range(first, last)]
    return np.concatenate(found)


def test_the_header_costs_its_bytes(bucket: Path) -> None:
    file = CountingFile.at(bucket / "large.edf")
    assert file.size > 172_000_000
    header = read_header(file).header
    assert (header["error"], header["shape"]) == (None, [N_CHANNELS, RECORDS * RATE])
    assert file.bytes_read <= HEADER + 4096
    assert file.requests <= 2


@pytest.mark.parametrize(("start", "most"), [(2000.0, 10), (2000.5, 11)])
def test_ten_seconds_of_a_channel_from_a_disk(bucket: Path, start: float, most: int) -> None:
    with recording_reads(ReadLog(io="bytes")) as log:
        recording = open_recording(File.at(bucket / "large.edf"), format="edf")
        opened = log.bytes, log.requests
        assert opened[0] <= HEADER + 4096
        window = recording.window(start, start + 10, channels=["E40"]).stored
        values = window[0]
        pulled, requests = log.bytes - opened[0], log.requests - opened[1]
    at = int((start - 2000) * RATE)
    np.testing.assert_array_equal(values, expected(40, 2000, 2011)[at : at + 10 * RATE])
    assert pulled == window.bytes_needed() <= 1.5 * TEN_SECONDS
    assert requests <= most


def test_ten_seconds_of_a_channel_in_less_time(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkMeter, "link", Link(latency=0.03, bandwidth=100e6))  # not this machine's own
    with recording_reads(ReadLog(io="time", keeps=False)) as log:
        recording = open_recording(File.at("s3://bucket/large.edf"), format="edf")
        before = log.requests
        values = recording.window(2000.5, 2010.5, channels=["E40"]).stored[0]
        assert log.requests - before < 10
    np.testing.assert_array_equal(values, expected(40, 2000, 2011)[RATE // 2 : -RATE // 2])


def test_ten_seconds_of_a_channel_from_a_bucket(server: ObjectServer) -> None:
    with recording_reads(ReadLog(io="bytes", keeps=False)) as log:
        file = File.at("s3://bucket/large.edf")
        server.traffic.clear()
        assert read_header(file).error is None
        assert server.traffic.bytes <= HEADER + 4096
        assert len(server.traffic.requests) <= 2
        recording = open_recording(file, format="edf")
        server.traffic.clear()
        values = recording.window(2000, 2010, channels=["E40"]).stored[0]
        assert server.traffic.bytes <= 1.5 * TEN_SECONDS
        assert len(server.traffic.requests) <= 10
        assert log.bytes > 0
    np.testing.assert_array_equal(values, expected(40, 2000, 2010))


def test_a_header_that_is_known_costs_one_request(server: ObjectServer) -> None:
    with recording_reads(ReadLog(io="bytes", keeps=False)) as log:
        file = File.at("s3://bucket/large.edf")
        server.traffic.clear()
        known = open_recording(file, format="edf", header_bytes=HEADER)
        assert (len(server.traffic.requests), server.traffic.bytes) == (1, HEADER)
        assert (log.requests, log.bytes) == (1, HEADER)
        assert log.files()[0].ranges == ((0, HEADER),)
        assert known.channels == open_recording(file, format="edf").channels
        # A number that is wrong costs bytes or a request, and changes nothing.
        for wrong in (-1, 1, HEADER - 1, HEADER + 1000):
            found = open_recording(File.at("s3://bucket/large.edf"), format="edf", header_bytes=wrong)
            assert found.lengths == known.lengths


def test_neighbours_tell_how_long_the_header_is(server: ObjectServer, bucket: Path) -> None:
    (bucket / "other").mkdir()
    for name in ("large.edf", "small.edf"):
        (bucket / "other" / name).write_bytes((bucket / "large.edf").read_bytes()[:HEADER])
    sizes = HeadSizes()
    costs = []
    for name in ("large.edf", "large.edf", "other/large.edf", "other/small.edf"):
        file = File.at(f"s3://bucket/{name}")
        server.traffic.clear()
        found = read_header(file, sizes)
        assert found.record is not None
        assert found.record["n_signals"] == N_CHANNELS + 1
        assert server.traffic.bytes <= HEADER + 4096
        costs.append(len(server.traffic.requests))
    assert costs == [2, 1, 1, 1]


def test_annotations_cost_their_signal(bucket: Path) -> None:
    with recording_reads(ReadLog(io="bytes")) as log:
        recording = open_recording(File.at(bucket / "large.edf"), format="edf")
        before = log.bytes
        notes = recording.annotations
        assert log.bytes - before <= (RECORDS + 1) * 2 * NOTES
    assert [(a.onset, a.duration, a.text) for a in notes] == [
        (r + 0.5, 1.0, "spindle") for r in range(999, RECORDS, 1000)
    ]
    assert recording.window(1999, 2001).annotations == notes[1:2]


def test_bytes_of_neighbours_and_of_all(bucket: Path) -> None:
    recording = open_recording(File.at(bucket / "large.edf"))
    assert recording.bytes_needed() == RECORDS * RECORD - 2 * NOTES  # annotations are read along
    assert recording.bytes_needed((0, slice(0, RATE))) == 2 * RATE
    assert recording.bytes_needed((slice(0, 2), slice(0, RATE))) == 4 * RATE
    assert (
        recording.bytes_needed((slice(0, None, 2), slice(0, RATE))) == 2 * 63 * RATE
    )  # so are channels between
    assert recording.bytes_needed((slice(0, None, 8), slice(0, RATE))) == 2 * 8 * RATE  # farther ones are not
    assert recording.bytes_needed((0, slice(5, 5))) == 0
    assert recording.channel("E0", 0, 0).shape == (0,)


@settings(deadline=None)
@given(st.data())
def test_bytes_needed_are_those_that_are_pulled(data: st.DataObject) -> None:
    n_records, bdf = data.draw(st.integers(1, 5)), data.draw(st.booleans())
    counts = data.draw(st.lists(st.sampled_from([1, 7, 400, 1500]), min_size=1, max_size=5))
    signals = [{"label": f"c{i}", "samples": noise(n_records, n, i) if n * n_records > 1 else np.ones((1, 1), int)}
               for i, n in enumerate(counts)]  # fmt: skip
    raw = edf_bytes(signals, n_records, bdf=bdf)

    with recording_reads(ReadLog(io="bytes")) as log:
        recording = open_recording(memory_file("memory.edf", raw), format="edf")
    count = data.draw(st.sampled_from(counts))
    alike = data.draw(st.permutations([i for i, n in enumerate(counts) if n == count]))
    picked = recording.pick(alike[: data.draw(st.integers(1, len(alike)))])
    n = picked.shape[1]
    index = data.draw(st.slices(len(picked))), data.draw(st.slices(n) | st.integers(0, n - 1))
    before = log.bytes
    needed = picked.bytes_needed(index)
    assert log.bytes == before
    values = picked[index]
    assert log.bytes - before == needed
    assert needed >= np.size(values) * (3 if bdf else 2)
