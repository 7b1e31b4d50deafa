"""EEGLAB's recordings: bytes and requests that headers and windows cost, on disk and over an object store."""

import subprocess
import sys

import numpy as np
import pytest
from eeglab_files import by_eeglabio, chunked, events_of, signal, structs, write

import neurochain as nc
from neurochain.formats import open_recording, read_header
from neurochain.formats.arrays.stored import ByteArray
from neurochain.formats.eeglab.reader import EeglabSamples
from neurochain.storage import File, ReadLog
from neurochain.storage.access import Access, remember
from neurochain.testing import CountingFile, ObjectServer

LONG = 200_000  # samples


@pytest.mark.parametrize("one_struct", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_header_and_window_cost_what_they_must(tmp_path, one_struct, beside):
    path = write(tmp_path / "a.set", signal(32, LONG), one_struct, beside, times=np.zeros((0, 0)))
    file = CountingFile.at(path)
    found = read_header(file)
    assert found.error is None
    assert found.record["n_events"] == 4
    small = path.stat().st_size - (0 if beside else 32 * LONG * 4)
    assert file.bytes_read <= small + 2 * 32 * 1024
    assert file.requests <= 6
    file = CountingFile.at(path)
    recording = open_recording(file)
    before = file.bytes_read
    window = recording.window(100, 102)
    assert window.read().shape == (32, 500)
    assert file.bytes_read - before == 32 * 500 * 4
    assert file.requests <= 9


def test_what_reading_costs_is_known_before(tmp_path):
    for n, channels in ((5, [0, 1, 2, 3, 4]), (64, [3]), (512, [100]), (512, [0, 511])):
        data = signal(n, 2000)
        path = write(tmp_path / "a.set", data, beside=True)
        data_file = CountingFile(str(path.with_suffix(".fdt")), n * 2000 * 4, _log=ReadLog(io="bytes"))
        samples = EeglabSamples(ByteArray(data_file, 0, data.shape, np.dtype("<f4"), "F"))
        np.testing.assert_array_equal(samples.read(channels, 500, 900), data[channels, 500:900])
        assert samples.bytes_needed(channels, 500, 900) == data_file.bytes_read
    assert samples.bytes_needed([], 0, 10) == samples.bytes_needed([1], 10, 10) == 0


def test_many_events_come_in_few_requests(tmp_path):
    n = 3000
    many = structs(
        type=["go"] * n, latency=np.arange(n) + 1.0, urevent=np.arange(n) + 1.0, note=["of no use"] * n
    )
    path = write(tmp_path / "a.set", signal(), event=many, urevent=many, beside=True)
    file = CountingFile.at(path)
    assert not open_recording(file).discontinuous
    assert file.requests <= 25
    file = CountingFile.at(path)
    assert read_header(file).record["n_events"] == n
    assert file.bytes_read < 200_000 < path.stat().st_size
    assert len(events_of(path)) == n


def test_labels_behind_compressed_samples_are_not_fetched_from_afar(tmp_path):
    noise = np.random.default_rng(0).normal(size=(32, 100_000)).astype(np.float32)
    path = write(tmp_path / "a.set", noise, compressed=True)
    assert path.stat().st_size > 11_000_000
    file = CountingFile.at(path)
    found = read_header(file)
    assert found.error is None
    assert found.header["shape"] == [32, 100_000]
    assert (found.record["labels"], found.record["n_events"], found.record["compressed"]) == (
        None,
        None,
        True,
    )
    assert file.bytes_read <= 8 * 2**20
    recording = open_recording(File.at(path))
    assert recording.channels[0] == "E0"
    np.testing.assert_array_equal(recording.stored[3:5, 50_000:50_100], noise[3:5, 50_000:50_100])


def test_chunks_of_hdf5_are_read_alone(tmp_path):
    path = chunked(by_eeglabio(tmp_path / "a.set", signal(5, 500_000), "v7.3"))
    file = CountingFile.at(path)
    assert read_header(file).error is None
    assert file.bytes_read < path.stat().st_size / 5
    recording = open_recording(file)
    before = file.bytes_read
    np.testing.assert_allclose(recording[:, 3000:3500], signal(5, 500_000)[:, 3000:3500], rtol=1e-5)
    assert file.bytes_read - before < path.stat().st_size / 5


def test_over_an_object_store(tmp_path):
    (tmp_path / "bucket").mkdir()
    write(tmp_path / "bucket" / "a.set", data := signal(16, LONG), beside=True, times=np.zeros((0, 0)))
    by_eeglabio(tmp_path / "bucket" / "h.set", signal(), "v7.3")
    write(tmp_path / "bucket" / "lost.set", signal(), beside=True)
    (tmp_path / "bucket" / "lost.fdt").unlink()
    with ObjectServer(tmp_path) as server:
        remember("s3://bucket", Access.of({"anon": True, "endpoint": server.url}))
        rows = nc.read_storage("s3://bucket/*.set").select("file.path", "error", "n_channels").collect()
        assert rows["n_channels"].to_list() == [16, 5, 5]
        assert rows["error"].to_list()[:2] == [None, None]
        assert "no such file lies beside it" in rows["error"][2]
        server.traffic.clear()
        file = File.at("s3://bucket/a.set")
        assert read_header(file).error is None
        assert server.traffic.bytes <= file.size + 16 * 1024
        assert len([r for r in server.traffic.requests if r.method == "GET"]) <= 3
        recording = open_recording(file)
        server.traffic.clear()
        part = recording.window(400, 401).stored.read()
        np.testing.assert_array_equal(part, data[:, 100_000:100_250])
        pulled = [r for r in server.traffic.requests if r.path.endswith("a.fdt")]
        assert len(pulled) == 1
        assert server.traffic.bytes == 250 * 16 * 4


def test_a_change_of_the_samples_is_a_change_of_the_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study").mkdir()
    write(tmp_path / "study" / "a.set", signal(), beside=True)

    def spread(recording: nc.Recording) -> float:
        return float(recording.read().std())

    def rows():
        chain = nc.read_storage("study/*.set").map(spread=spread)
        return chain.select("error", "spread").collect().row(0)

    assert rows() == (None, pytest.approx(signal().std(), rel=1e-5))
    (tmp_path / "study" / "a.fdt").write_bytes(signal(seed=9).tobytes(order="F"))
    assert rows() == (None, pytest.approx(signal(seed=9).std(), rel=1e-5))
    (tmp_path / "study" / "a.fdt").write_bytes(bytes(100))
    assert "it is cut short" in nc.read_storage("study/*.set").select("error").collect()["error"][0]


ENDS = """
import sys
from neurochain.formats import read_header
from neurochain.storage import File, NotFetchedError, ReadLog, recording_reads

path, kept = sys.argv[1], []
for n in range(1_000, 60_000, 7_000):
    with recording_reads(ReadLog(waits=False)) as log:
        file = File.at(path)
        log.offer(file.uri, 0, open(path, "rb").read(n))
        try:
            read_header(file)
        except NotFetchedError as error:
            kept.append(error)  # and with it the frames that it came through
assert kept
"""


def test_python_ends_well_after_bytes_that_could_not_be_had(tmp_path):
    path = tmp_path / "h.set"
    by_eeglabio(path, signal(), "v7.3")
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(path)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
