"""What videos cost: headers of long files, and frames anywhere in them, on a disk and on a server."""

import numpy as np
import pytest
from video_files import X264, repeated, write_video

import neurochain as nc
from neurochain.formats import open_video, read_header
from neurochain.storage import Access, File, ReadLog, recording_reads, remember
from neurochain.testing import CountingFile, ObjectServer

KB = 1024
GOP, SHORT, TIMES = 12, 120, 400


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Short videos, by the endings of the long ones that are made of them."""
    folder = tmp_path_factory.mktemp("short")
    h264 = write_video(folder / "short.mp4", SHORT, options=X264, size=(160, 120))
    asp = write_video(folder / "short.avi", SHORT, "mpeg4", size=(160, 120), gop=GOP)
    return {"mp4": h264, "mov": h264, "mkv": h264, "avi": asp}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, short):
    """A bucket of long videos: 48,000 frames, 27 minutes."""
    folder = tmp_path_factory.mktemp("served") / "films"
    folder.mkdir()
    for suffix, path in short.items():
        repeated(folder / f"long.{suffix}", path, TIMES)
    return folder


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi"])
def test_header_of_a_long_video(folder, suffix):
    path = folder / f"long.{suffix}"
    data = path.read_bytes()
    assert suffix not in ("mp4", "mov") or data.index(b"mdat") < data.index(b"moov")
    assert suffix not in ("mp4", "mov") or len(data) - data.index(b"moov") > 400 * KB
    file = CountingFile.at(path)
    found = read_header(file)
    assert found.error is None
    assert found.header["n_samples"] == (None if suffix == "mkv" else SHORT * TIMES)
    assert found.header["duration"] == pytest.approx(SHORT * TIMES / 30, abs=0.1)
    assert found.record["frame_rate"] == pytest.approx(30)
    assert file.bytes_read <= 128 * KB
    assert file.requests <= 12


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi"])
def test_a_frame_costs_the_bytes_from_its_keyframe_on(folder, short, suffix):
    path = folder / f"long.{suffix}"
    whole = nc.open(short[suffix]).read()
    open_video(File.at(path), suffix)  # the index is remembered
    log = ReadLog("bytes")
    with recording_reads(log):
        video = open_video(File.at(path), suffix)
    assert (log.bytes, log.requests, len(video)) == (0, 0, SHORT * TIMES)
    for number in np.random.default_rng(1).integers(0, len(video), 20).tolist():
        with recording_reads(ReadLog("bytes")) as log:
            fresh = open_video(File.at(path), suffix)
        np.testing.assert_array_equal(fresh.at(float(video.times[number])), whole[number % SHORT])
        index, packet = video._index, int(video._index.order[number])
        key = int(np.flatnonzero(index.keys[: packet + 1])[-1])
        between = int(index.offsets[packet] + index.sizes[packet] - index.offsets[key])
        needed = int(index.sizes[key : packet + 1].sum())
        assert video.bytes_needed(number) == needed
        assert needed <= log.bytes <= between
        assert log.requests == 1
        assert packet - key < GOP


def test_a_frame_from_a_bucket_is_one_request(folder, short):
    whole = nc.open(short["mp4"]).read()
    with ObjectServer(folder.parent) as server:
        remember("s3://films", Access.of({"anon": True, "endpoint": server.url}))
        header = CountingFile.at("s3://films/long.mp4")
        assert read_header(header).header["n_samples"] == SHORT * TIMES
        assert header.bytes_read <= 128 * KB
        first = CountingFile.at("s3://films/long.mp4")
        open_video(first, "mp4")
        tables = first.bytes_read
        assert tables < (folder / "long.mp4").stat().st_size / 3
        server.traffic.clear()
        file = CountingFile.at("s3://films/long.mp4")
        video = open_video(file, "mp4")
        assert file.bytes_read == 0
        np.testing.assert_array_equal(video[20_003], whole[20_003 % SHORT])
        assert file.requests == 1
        assert file.bytes_read <= 1.2 * video.bytes_needed(20_003) + KB
        before = file.bytes_read
        numbers = [40_001, 12, 40_007, 5, 30_000]
        np.testing.assert_array_equal(video.frames(numbers), whole[np.array(numbers) % SHORT])
        assert file.bytes_read - before <= 1.2 * video.bytes_needed() * 3 * GOP / len(video) + 64 * KB


def test_a_long_matroska_from_a_bucket_is_looked_through_once(folder):
    with ObjectServer(folder.parent) as server:
        remember("s3://films", Access.of({"anon": True, "endpoint": server.url}))
        file = CountingFile.at("s3://films/long.mkv")
        assert len(open_video(file, "mkv")) == SHORT * TIMES
        assert file.requests < 20
        again = CountingFile.at("s3://films/long.mkv")
        assert len(open_video(again, "mkv")) == SHORT * TIMES
        assert again.bytes_read == 0
