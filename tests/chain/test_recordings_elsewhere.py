"""Chains over recordings in a bucket: what they ask for."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import neurochain as nc
from neurochain.storage.links import LinkMeter
from neurochain.storage.planner import Link
from neurochain.testing import ObjectServer
from neurochain.testing.edf import write_edf

N_CHANNELS, RATE, SECONDS = 24, 64, 60
HEADER = 256 * (N_CHANNELS + 1)
NAMES = [f"sub-{subject:02d}/eeg/sub-{subject:02d}_run-{run}_eeg.edf" for subject in (1, 2) for run in (1, 2)]


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectServer]:
    """Recordings whose headers are longer than what is asked for first; two subjects have a folder each."""
    monkeypatch.setattr(LinkMeter, "link", Link(latency=0.03, bandwidth=100e6))  # not this machine's own
    monkeypatch.setenv("NEUROCHAIN_CACHE", str(folder / "cache"))
    for number, name in enumerate(NAMES):
        path = folder / "served" / "lab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        waves = np.full((N_CHANNELS, RATE * SECONDS), 10.0 * (number + 1))
        write_edf(path, waves, RATE, [f"E{i}" for i in range(N_CHANNELS)])
    with ObjectServer(folder / "served") as server:
        yield server


def level(recording: nc.Recording) -> float:
    return float(recording.window(20, 30, channels=["E7"])[0].mean())


def asked(server: ObjectServer) -> list[tuple[int, int]]:
    """Ranges [start, end) since the last time."""
    gets = [r for r in server.traffic.requests if r.method == "GET" and not r.is_listing]
    server.traffic.clear()
    found = []
    for request in gets:
        first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
        found.append((int(first), int(last) + 1))
    return found


def test_a_recording_costs_its_header_and_its_window(server: ObjectServer) -> None:
    scans = nc.read_storage("s3://lab/**/*.edf", anon=True, storage_options={"endpoint": server.url})
    assert scans.filter(nc.Column("header.error").is_null()).count() == len(NAMES)
    # The first tells how long the headers are, in its folder and in the next.
    headers = asked(server)
    assert len(headers) == len(NAMES) + 1
    assert sum(end - start for start, end in headers) <= len(NAMES) * (HEADER + 4096)

    found = scans.map(level=level).select("level").collect()["level"].to_list()
    np.testing.assert_allclose(found, [10, 20, 30, 40], rtol=0.01)
    opened = Counter(asked(server))
    # Headers that came in one piece are still at hand; that of the first, which told how long they are, is not.
    assert opened.pop((0, HEADER)) == 1
    assert sum(opened.values()) == len(NAMES)

    def other(recording: nc.Recording) -> float:
        return level(recording) + 1

    again = scans.map(level=other).select("level").collect()["level"].to_list()
    np.testing.assert_allclose(again, np.add(found, 1))
    assert asked(server) == []  # what was pulled is in the cache


def test_headers_at_hand_stand_in_the_lineage(server: ObjectServer) -> None:
    scans = nc.read_storage("s3://lab/**/*.edf", anon=True, storage_options={"endpoint": server.url})
    version = scans.map(level=level).save("levels")
    asked(server)
    reads = version.lineage().reads()
    heads = [ranges[0] for ranges in reads["ranges"].to_list()]
    assert heads == [[0, HEADER]] * len(NAMES)


def test_a_file_that_changed_is_not_read_by_the_header_at_hand(server: ObjectServer, folder: Path) -> None:
    options = {"endpoint": server.url}
    scans = nc.read_storage("s3://lab/**/*.edf", anon=True, storage_options=options).persist()
    path = folder / "served" / "lab" / NAMES[-1]
    write_edf(path, np.full((N_CHANNELS, RATE * SECONDS), 90.0), RATE, [f"E{i}" for i in range(N_CHANNELS)])
    with pytest.raises(nc.UDFError, match="has changed since it was listed"):
        scans.map(level=level).select("level").collect()
    again = nc.read_storage("s3://lab/**/*.edf", anon=True, storage_options=options)
    found = again.map(level=level).select("level").collect()["level"].to_list()
    np.testing.assert_allclose(found, [10, 20, 30, 90], rtol=0.01)


def test_rows_that_do_not_know_the_header(server: ObjectServer) -> None:
    options = {"endpoint": server.url}
    files = nc.read_storage("s3://lab/sub-01/**/*.edf", headers=False, anon=True, storage_options=options)
    np.testing.assert_allclose(files.map(level=level).collect()["level"].to_list(), [10, 20], rtol=0.01)
    scans = nc.read_storage("s3://lab/sub-02/**/*.edf", anon=True, storage_options=options)
    named = scans.mutate(edf=nc.Column("header.n_channels"))
    np.testing.assert_allclose(named.map(level=level).collect()["level"].to_list(), [30, 40], rtol=0.01)
