"""Frames of DICOM files in an object store: few requests, and none twice."""

from collections.abc import Iterator

import numpy as np
import pytest
from made_frames import compressed, noise, packed

from neurochain.formats import open_volume
from neurochain.storage import File
from neurochain.storage.access import Access, remember
from neurochain.testing import ObjectServer

FRAMES = noise(96, 128, 128)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "frames").mkdir()
    for table in ("basic", "none"):
        compressed(folder / "frames" / f"{table}.dcm", FRAMES, table=table)
    with ObjectServer(folder) as server:
        remember("s3://frames", Access.of({"anon": True, "endpoint": server.url}))
        yield server


def test_a_frame_is_a_request(server: ObjectServer) -> None:
    server.traffic.clear()
    volume = open_volume(File.at("s3://frames/basic.dcm"), "dicom")
    opened = len(server.traffic.requests)
    assert opened <= 3  # what there is, its header, its end
    before = server.traffic.bytes
    np.testing.assert_array_equal(volume[40], FRAMES[40])
    assert len(server.traffic.requests) == opened + 1
    assert server.traffic.bytes - before == 8 + len(packed(FRAMES[40:41])[0])


def test_fragments_are_walked_in_few_requests(server: ObjectServer) -> None:
    server.traffic.clear()
    volume = open_volume(File.at("s3://frames/none.dcm"), "dicom")
    opened = len(server.traffic.requests)
    np.testing.assert_array_equal(volume[40], FRAMES[40])
    # Windows that double hold the first bytes of 96 fragments of 33 KB; then the frame.
    assert len(server.traffic.requests) - opened <= 12
    server.traffic.clear()
    again = open_volume(File.at("s3://frames/none.dcm"), "dicom")
    np.testing.assert_array_equal(again[41], FRAMES[41])
    assert len(server.traffic.requests) <= 2  # found once: what there is, and the frame
    server.traffic.clear()
    np.testing.assert_array_equal(again, FRAMES)
    assert len(server.traffic.requests) <= 3
    assert server.traffic.bytes < (server.folder / "frames/none.dcm").stat().st_size
