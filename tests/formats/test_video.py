"""Videos: frames and times as PyAV decodes them one after the other, in any order, of every container."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from fractions import Fraction

import av
import numpy as np
import pytest
from video_files import FRAGMENTED, X264, decoded, every_kind, patched, pictures, turned, write_video

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import open_video, read_header, read_identifiers
from neurochain.formats.video.edits import Edit, shown
from neurochain.formats.video.index import PacketIndex
from neurochain.formats.video.reader import VideoReader
from neurochain.storage import File
from neurochain.testing import VideoTests
from neurochain.testing.edf import write_edf

UNKNOWN = {
    "pieces.mp4",
    *(f"{n}.mkv" for n in ("bframes", "variable", "open", "vp8", "lossless", "raw", "asp")),
    "vp9.webm",
}
NO_TIMES = {"xvid_b.avi", "h264.avi"}  # libavformat makes them up of the packets' order


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Videos of every kind, by name."""
    return every_kind(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def oracle(made):
    """Frames and times of each, as PyAV decodes them one after the other."""
    return {name: decoded(path) for name, path in made.items()}


class TestVideo(VideoTests):
    reader = VideoReader()

    @pytest.fixture
    def files(self, made):
        return list(made.values())

    @pytest.fixture(autouse=True)
    def known(self, oracle):
        self._oracle = oracle

    def oracle(self, path):
        return self._oracle[path.name][0]

    def needed(self, path):
        # What is written in pieces may end behind any of them.
        return path.read_bytes().index(b"moof") - 12 if path.name == "pieces.mp4" else path.stat().st_size

    def header_budget(self, path):
        return 128 * 1024


def test_times_are_those_of_presentation(made, oracle):
    for name, path in made.items():
        times = open_video(File.at(path)).times
        if name in NO_TIMES:
            np.testing.assert_allclose(times, np.arange(40) / 30)
        else:
            np.testing.assert_allclose(times, oracle[name][1], atol=1e-9, err_msg=name)


def test_headers_say_what_libavformat_says(made, oracle):
    for name, path in made.items():
        found = read_header(File.at(path))
        header, record = found.header, found.record
        with av.open(str(path)) as file:
            stream = file.streams.video[0]
            context = stream.codec_context
            assert record["codec"] == stream.codec.canonical_name, name
            assert (record["width"], record["height"]) == (context.width, context.height)
            assert record["has_audio"] == bool(file.streams.audio)
            assert record["pixel_format"] in (None, context.pix_fmt, context.pix_fmt.replace("yuvj", "yuv"))
        frames, _ = oracle[name]
        assert header["n_samples"] == (
            None if name in UNKNOWN else 44 if name == "xvid.avi" else len(frames)
        )  # AVI counts frames that were dropped
        video = open_video(File.at(path))
        assert record["is_variable"] in (None, video.is_variable) or name == "xvid.avi"
        assert header["sampling_frequency"] in (None, pytest.approx(video.frame_rate)) or name == "xvid.avi"
        if header["duration"] is not None:
            assert header["duration"] == pytest.approx(video.duration, abs=0.08), name
    assert read_header(File.at(made["bframes.mp4"])).header["sampling_frequency"] == 30000 / 1001
    assert read_header(File.at(made["variable.mp4"])).header["sampling_frequency"] is None
    assert read_header(File.at(made["variable.mp4"])).record["is_variable"] is True
    assert read_header(File.at(made["grey.avi"])).record["pixel_format"] == "gray"


def test_formats_and_names(made, tmp_path):
    assert {p.suffix: nc.open(p).format for p in made.values()} == {
        ".mp4": "mp4", ".mov": "mov", ".avi": "avi", ".mkv": "mkv", ".webm": "mkv",
    }  # fmt: skip
    nameless = tmp_path / "nameless"
    nameless.write_bytes(made["bframes.mkv"].read_bytes())
    assert len(nc.open(nameless)) == 40
    (tmp_path / "sound.m4a").write_bytes(b"\0\0\0\x18ftypM4A " + bytes(40))
    assert read_header(File.at(tmp_path / "sound.m4a")).header["format"] is None
    (tmp_path / "text.mp4").write_bytes(b"no video")
    assert "it is no MP4 file" in str(read_header(File.at(tmp_path / "text.mp4")).error)
    waves = File.at(write_edf(tmp_path / "a.edf", np.zeros((1, 100)), 100, ["Cz"]))
    with pytest.raises(FormatError, match="holds a recording, no video"):
        open_video(waves)


def test_the_face(made):
    video = nc.open(made["bframes.mp4"])
    assert isinstance(video, nc.Video)
    assert repr(video) == "<Video bframes.mp4 (40 frames of 48 x 64, 1.33467 s) 29.97 Hz h264>"
    assert (
        repr(video.window(0.5, 1).grey)
        == "<Video bframes.mp4 (15 grey frames of 48 x 64, 0.5005 s from 0.5005 s) 29.97 Hz h264>"
    )
    assert repr(nc.open(made["variable.mp4"])).endswith("2.07331 s) 17.3635 Hz on average h264>")
    assert video.axes == ("frame", "row", "column", "color")
    assert video.grey.axes == ("frame", "row", "column")
    assert (video.ndim, video.dtype, video.format, video.codec) == (4, np.uint8, "mp4", "h264")
    np.testing.assert_array_equal(video.at(0.5), video[14])
    np.testing.assert_array_equal(
        np.asarray(video.window(0.2, 0.4), np.float32), video[6:12].astype(np.float32)
    )
    with pytest.raises(ValueError, match="no memory to share"):
        np.asarray(video, copy=False)
    assert len(video.window(0.51, 0.52)) == 0
    assert video.window(0.51, 0.52).duration == 0


def test_grey_is_the_brightness(made):
    for name in ("bframes.mp4", "camera.avi", "plain.avi", "grey.avi", "drawings.mov"):
        video = open_video(File.at(made[name]))
        colours, grey = video.read(), video.grey.read()
        assert grey.shape == colours.shape[:3]
        away = np.abs(grey - colours @ [0.299, 0.587, 0.114])
        assert away.mean() < 2, name
    np.testing.assert_array_equal(nc.open(made["grey.avi"]).grey.read(), nc.open(made["grey.avi"])[..., 0])


def test_pictures_are_those_that_were_written(made):
    same = nc.open(made["plain.avi"])
    np.testing.assert_array_equal(same.read(), pictures(40, (50, 38)))
    np.testing.assert_array_equal(nc.open(made["drawings.mov"]).read(), pictures(40))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_said_and_not_applied(tmp_path, degrees):
    path = turned(write_video(tmp_path / "turned.mp4", 4, options=X264), degrees)
    video = nc.open(path)
    assert video.rotation == read_header(File.at(path)).record["rotation"] == degrees
    assert video.shape == (4, 48, 64, 3)
    with av.open(str(path)) as file:
        assert next(file.decode(video=0)).rotation % 360 == -degrees % 360


def test_edits_cut_and_delay(tmp_path):
    plain = write_video(tmp_path / "plain.mp4", 30, options=X264)
    whole = nc.open(plain).read()
    trimmed = nc.open(patched(plain, b"elst", 8, ">Ii", 400, 1024 + 10 * 512))
    np.testing.assert_array_equal(trimmed.read(), whole[10:22])
    np.testing.assert_allclose(trimmed.times, np.arange(12) / 30)
    order, ticks, end = shown(np.array([0, 20, 10, 30]), [])
    assert (order.tolist(), ticks.tolist(), end) == ([0, 2, 1, 3], [0, 10, 20, 30], None)
    order, ticks, end = shown(np.array([0, 20, 10, 30]), [Edit(5, -1), Edit(20, 10), Edit(0, 20)])
    assert (order.tolist(), ticks.tolist(), end) == ([2, 1, 1, 3], [5, 15, 25, 35], None)


def test_start_time_and_texts(tmp_path):
    said = {"creation_time": "2024-05-06T07:08:09Z", "title": "mouse of Jane", "comment": "left eye"}
    for name in ("a.mp4", "a.mov", "a.mkv"):
        path = write_video(tmp_path / name, 3, options=X264, metadata=said)
        found = read_header(File.at(path))
        assert found.header["start_time"] == datetime(2024, 5, 6, 7, 8, 9), name
        assert nc.open(path).start_time == datetime(2024, 5, 6, 7, 8, 9)
        assert not any("Jane" in str(value) for value in (*found.header.values(), *found.record.values()))
        texts = read_identifiers(File.at(path), "video")
        assert {"mouse of Jane", "left eye"} <= set(texts.values()), texts
        assert not any("Lavf" in text for text in texts.values())
    path = write_video(tmp_path / "a.avi", 3, "mjpeg", "yuvj420p", metadata={"title": "mouse of Jane"})
    assert set(read_identifiers(File.at(path), "video").values()) == {"mouse of Jane"}
    assert read_header(File.at(path)).record["encoder"].startswith("Lavf")


def test_the_index_is_remembered_whole(made):
    for path in made.values():
        index = open_video(File.at(path))._index
        again = PacketIndex.unpacked(index.pack())
        assert again is not None
        for name in ("offsets", "sizes", "times", "keys", "order", "ticks"):
            np.testing.assert_array_equal(getattr(again, name), getattr(index, name))
        assert (again.track, again.end) == (index.track, index.end)
        assert PacketIndex.unpacked(index.pack()[:-9]) is None
        assert PacketIndex.unpacked(b"") is None


def test_avi_without_an_index_is_looked_through(made, tmp_path, oracle):
    data = made["camera.avi"].read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(data.replace(b"idx1", b"junk"))
    np.testing.assert_array_equal(nc.open(path).read(), oracle["camera.avi"][0])
    at = data.index(b"idx1") + 8
    path.write_bytes(data[: at + 8] + b"\1\0\0\0" + data[at + 12 :])  # an index that is wrong
    np.testing.assert_array_equal(nc.open(path).read(), oracle["camera.avi"][0])


def test_files_that_were_not_finished(made, tmp_path):
    path = tmp_path / "crashed.avi"
    data = bytearray(made["camera.avi"].read_bytes().partition(b"idx1")[0])
    data[4:8] = bytes(4)
    movi = data.index(b"movi")
    data[movi - 4 : movi] = bytes(4)
    path.write_bytes(data)
    assert "it was not finished" in str(read_header(File.at(path)).error)
    assert len(nc.open(path)) == 40
    path = tmp_path / "crashed.mp4"
    whole = write_video(path, 20, options=X264, container=FRAGMENTED).read_bytes()
    path.write_bytes(whole[: whole.rindex(b"moof") - 4])
    assert 0 < len(nc.open(path)) < 20
    plain = made["bframes.mp4"].read_bytes()
    path.write_bytes(plain[: plain.index(b"moov") - 4])
    assert "it was not finished, or is cut short" in str(read_header(File.at(path)).error)


def test_a_frame_that_is_damaged_is_named(made, tmp_path):
    path = tmp_path / "hurt.avi"
    path.write_bytes(made["camera.avi"].read_bytes())
    index = open_video(File.at(path))._index
    data = bytearray(path.read_bytes())
    start, size = int(index.offsets[7]), int(index.sizes[7])
    data[start : start + size] = bytes(size)
    path.write_bytes(data)
    video = nc.open(path)
    np.testing.assert_array_equal(video.frames([6, 8]), nc.open(made["camera.avi"]).frames([6, 8]))
    for read in (lambda: video[7], lambda: video.frames([3, 7]), lambda: list(video)):
        with pytest.raises(
            FormatError, match=r"hurt.avi: frame 7 at 0.280 s cannot be decoded.* is damaged there"
        ):
            read()


@pytest.mark.parametrize("name", ["bframes.mp4", "variable.mkv", "camera.avi", "fast.mp4"])
def test_threads_share_a_video(made, oracle, name):
    video = open_video(File.at(made[name]))
    numbers = np.random.default_rng(1).integers(0, len(video), 60).tolist()
    with ThreadPoolExecutor(4) as pool:
        for number, frame in zip(numbers, pool.map(video.__getitem__, numbers), strict=True):
            np.testing.assert_array_equal(frame, oracle[name][0][number])


def test_a_function_takes_a_video(made, tmp_path, project):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("bframes.mp4", "camera.avi"):
        (folder / name).write_bytes(made[name].read_bytes())

    def brightness(video) -> float:
        return float(video.grey[3].mean())

    def late(film: nc.Video) -> float:
        return float(film.at(1.0).mean())

    def codec_of(video: nc.Video, codec: str) -> str:
        assert video.codec == codec
        return codec

    chain = nc.read_storage(folder).map(brightness=brightness).map(late=late).map(same=codec_of)
    found = chain.select("file.path", "brightness", "late", "same", "frame_rate").collect()
    assert found["same"].to_list() == ["h264", "mjpeg"]
    assert found["brightness"].to_list() == [
        float(nc.open(folder / n).grey[3].mean()) for n in ("bframes.mp4", "camera.avi")
    ]
    with pytest.raises(nc.SchemaError, match=r"a .*Video cannot be stored .*Return frames of it"):
        nc.read_storage(folder).map(part=lambda video: video.window(0, 1)).collect()
    write_edf(folder / "a.edf", np.zeros((1, 100)), 100, ["Cz"])
    with pytest.raises(nc.UDFError, match="holds a recording, no video"):
        nc.read_storage(folder / "a.edf").map(n=lambda video: len(video)).collect()


def test_times_need_no_decoder(made):
    code = (
        "import sys; sys.modules['av'] = None\n"
        "import neurochain as nc\n"
        f"video = nc.open({str(made['bframes.mp4'])!r})\n"
        "assert len(video.times) == 40 and video.bytes_needed(3)\n"
        f"assert nc.open({str(made['plain.avi'])!r}).read().shape == (40, 38, 50, 3)\n"
        "try:\n    video[0]\n"
        'except nc.MissingExtraError as error:\n    assert "neurochain[video]" in str(error)\n'
        "else:\n    raise SystemExit('decoded without PyAV')\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def test_a_codec_that_is_not_there_is_named(made, tmp_path):
    path = tmp_path / "odd.mp4"
    path.write_bytes(made["bframes.mp4"].read_bytes().replace(b"avc1", b"xyz1"))
    with pytest.raises(
        FormatError, match=r"coded as 'xyz1', which PyAV .* does not decode. Convert it: ffmpeg"
    ):
        nc.open(path)[0]


def test_real_video(real_data, tmp_path):
    (path,) = (real_data / "video").rglob("*.mp4")
    found = read_header(File.at(path))
    assert found.error is None
    assert found.header["shape"] == [994, 406, 396, 3]
    assert found.header["sampling_frequency"] == 250.0
    video = nc.open(path)
    chosen = np.sort(np.random.default_rng(2).integers(0, 994, 12))
    expected, times = [], []
    with av.open(str(path)) as file:
        for number, frame in enumerate(file.decode(video=0)):
            times.append(float(frame.time))
            if number in chosen:
                expected.append(frame.to_ndarray(format="rgb24"))
    np.testing.assert_array_equal(
        video.frames(chosen), np.stack([expected[np.unique(chosen).tolist().index(c)] for c in chosen])
    )
    np.testing.assert_allclose(video.times, times, atol=1e-9)
    assert video.frame_rate == float(Fraction(250))
