"""Videos: what a browser plays, and frames of those that it does not."""

import io
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from media_made import Made
from PIL import Image

import neurochain as nc

# Beside media_made on the path.
from video_files import write_video  # isort: skip


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    folder = tmp_path / "data"
    folder.mkdir()
    write_video(folder / "h264.mp4")
    write_video(folder / "mpeg4.avi", codec="mpeg4", options={})
    write_video(folder / "deep.mp4", pixels="yuv444p")
    return Made(folder / "*")


def picture(answer, kind: str) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == f"image/{kind}"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def test_info(made: Made) -> None:
    info = made.json("video/info", "h264.mp4")
    assert (info["frames"], info["width"], info["height"], info["codec"]) == (40, 64, 48, "h264")
    assert (info["playable"], info["type"]) == (True, "video/mp4")
    info = made.json("video/info", "mpeg4.avi")
    assert not info["playable"]
    assert "frames are shown" in info["why"]


@pytest.mark.parametrize("name", ["h264.mp4", "mpeg4.avi", "deep.mp4"])
def test_frames(made: Made, name: str) -> None:
    with av.open(made.paths[name]) as container:
        wanted = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    for number in (0, 17, 39):
        exact = picture(made.get("frame", name, index=number, format="png"), "png")
        np.testing.assert_allclose(exact.astype(int), wanted[number], atol=2)
        rough = picture(made.get("frame", name, index=number), "jpeg")
        assert np.abs(rough.astype(int) - wanted[number]).mean() < 6
    video = nc.open(made.paths[name])
    at = picture(made.get("frame", name, time=float(video.times[5]) + 0.01, format="png"), "png")
    np.testing.assert_array_equal(at, video[5])
    assert picture(made.get("frame", name, index=1, width=32), "jpeg").shape == (24, 32, 3)


def test_frames_stand_upright(project, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_video(tmp_path / "plain.mp4", count=3)
    source = (tmp_path / "plain.mp4").read_bytes()
    at = source.index(b"tkhd") + 4 + 40  # the matrix of the track
    one = (1 << 16).to_bytes(4, "big")
    minus = (2**32 - (1 << 16)).to_bytes(4, "big")
    nothing = bytes(4)
    matrix = (
        nothing + one + nothing + minus + nothing + nothing + nothing + nothing + (1 << 30).to_bytes(4, "big")
    )
    (tmp_path / "data" / "turned.mp4").write_bytes(source[:at] + matrix + source[at + 36 :])
    made = Made(tmp_path / "data/*")
    video = nc.open(made.paths["turned.mp4"])
    assert video.rotation == 90
    found = picture(made.get("frame", "turned.mp4", index=0, format="png"), "png")
    np.testing.assert_array_equal(found, np.rot90(video[0], -1))


def test_bytes_of_a_video_by_range(made: Made) -> None:
    content = Path(made.paths["h264.mp4"]).read_bytes()
    part = made.get("bytes", "h264.mp4", {"range": "bytes=100-"})
    assert (part.status_code, part.headers["content-type"], part.content) == (206, "video/mp4", content[100:])
    assert part.headers["content-disposition"].startswith("inline")


def test_nonsense_is_refused(made: Made) -> None:
    for query in ({"index": 40}, {"time": 99}, {"time": "x"}, {"format": "gif"}, {"width": 0}):
        assert made.refused("frame", "h264.mp4", **query)[0] == 400, query
    assert made.refused("traces", "h264.mp4")[0] == 400


def test_a_real_video(project, real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(real_data / "video/data/mirror-mouse-example/videos/test_vid.mp4", tmp_path / "data")
    made = Made(tmp_path / "data/*")
    info = made.json("video/info", "test_vid.mp4")
    assert info["playable"]
    shown = picture(made.get("frame", "test_vid.mp4", time=info["start"] + info["duration"] / 2), "jpeg")
    assert shown.shape[:2] == (info["height"], info["width"])
    assert shown.std() > 5
