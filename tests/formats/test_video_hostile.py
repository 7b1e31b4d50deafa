"""Videos that lie about themselves: refused with the arithmetic, before memory is taken for it."""

import struct

import numpy as np
import pytest
from video_files import X264, patched, write_video

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import read_header
from neurochain.formats.video.edits import Edit, shown
from neurochain.formats.video.even import is_even
from neurochain.formats.video.tables import expanded
from neurochain.formats.video.track import check_frames, check_size
from neurochain.storage import File


@pytest.fixture
def film(tmp_path):
    return write_video(tmp_path / "film.mp4", 20, options=X264)


LIES = [
    (b"stsz", 8, ">I", 2**31, r"2,147,483,648 frames; at most 33,554,432 are read"),
    (b"stsz", 8, ">I", 2**24, r"16,777,216 frames, whose sizes take 67,108,864 bytes, and their table has 80"),
    (b"stsz", 4, ">I", 2**20, r"20 frames of 1,048,576 bytes, and the file has [\d,]+"),
    (b"stsd", 40, ">HH", (65_535, 65_535), r"65,535 x 65,535 pixels, 12,884,508,675 bytes a frame; at most 134,217,728"),
    (b"stsd", 40, ">HH", (0, 48), r"0 x 48 pixels"),
    (b"stts", 4, ">I", 2**31, r"'stts' says 2,147,483,648 entries in \d+ bytes"),
    (b"stts", 8, ">I", 3, r"'stts' is of 3 frames, and there are 20"),
    (b"stts", 12, ">I", 2**32 - 5, r"frame 0 lasts -5 ticks, and time does not go back"),
    (b"mdhd", 12, ">I", 0, r"does not say how long a tick is"),
    (b"elst", 4, ">I", 2**31, r"2,147,483,648 edits in 20 bytes"),
    (b"elst", 16, ">I", 1 << 17, r"shown at 2 times the speed"),
    (b"url ", 3, ">B", 0, r"its frames lie in another file, which is not opened"),
    (b"stsd", 12, ">4s", b"encv", r"its frames are encrypted"),
    (b"stbl", -8, ">I", 2**31, r"box 'stbl' at byte [\d,]+ ends at byte [\d,]+, and what it lies in at byte"),
    (b"stbl", -8, ">I", 3, r"says that it has 3 bytes, fewer than its own head of 8"),
    (b"hdlr", 8, ">4s", b"soun", r"it has no video: its tracks are 'soun'"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "at", "form", "value", "said"), LIES)
def test_headers_that_cannot_be(film, kind, at, form, value, said):
    patched(film, kind, at, form, *(value if isinstance(value, tuple) else (value,)))
    assert read_header(File.at(film)).header["format"] == "mp4"
    with pytest.raises(FormatError, match=said):
        raise FormatError(str(read_header(File.at(film)).error))
    with pytest.raises(FormatError, match=said):
        nc.open(film)


@pytest.mark.parametrize(
    ("kind", "at", "form", "value", "said"),
    [
        (b"stco", 8, ">I", 2**31, r"20 of its 20 frames lie behind its last byte"),
        (b"stsc", 8, ">I", 2, r"'stsc' does not say how 1 chunks are divided"),
        (b"stsc", 12, ">I", 3, r"'stsc' is of 3 frames, and there are 20"),
        (b"stss", 8, ">I", 99, r"'stss' names a frame that is not there: there are 20"),
        (b"stss", -4, ">4s", b"free", None),
    ],
)
def test_tables_that_cannot_be(film, kind, at, form, value, said):
    patched(film, kind, at, form, value)
    assert read_header(File.at(film)).error is None  # they are not looked at for a header
    if said is None:  # every frame is a key, which is not so
        with pytest.raises(FormatError, match=r"frame 1 at .* cannot be decoded"):
            nc.open(film)[1]
        return
    with pytest.raises(FormatError, match=said):
        nc.open(film)


def test_frames_of_another_size_are_refused(film):
    patched(film, b"stsd", 40, ">HH", 32, 24)
    with pytest.raises(FormatError, match="a frame has 64 x 48 pixels, and its header says 32 x 24"):
        nc.open(film)[0]


def test_large_frames_in_a_small_header_are_not_decoded(tmp_path):
    path = write_video(tmp_path / "large.mp4", 3, options=X264, size=(1280, 720))
    patched(path, b"stsd", 40, ">HH", 16, 16)
    with pytest.raises(FormatError, match="cannot be decoded"):
        nc.open(path)[0]


def test_avi_that_cannot_be(tmp_path):
    path = write_video(tmp_path / "film.avi", 5, "mjpeg", "yuvj420p")
    data = path.read_bytes()
    at = data.index(b"strf") + 8
    for width, height, said in ((100_000, 100_000, "100,000 x 100,000 pixels"), (0, 5, "0 x 5 pixels")):
        path.write_bytes(data[: at + 4] + struct.pack("<ii", width, height) + data[at + 12 :])
        assert said in str(read_header(File.at(path)).error)
    at = data.index(b"strh") + 8
    path.write_bytes(data[: at + 20] + bytes(8) + data[at + 28 :])
    assert "its frame rate is 0 / 0" in str(read_header(File.at(path)).error)
    path.write_bytes(data[: at + 32] + struct.pack("<I", 2**31) + data[at + 36 :])
    assert "2,147,483,648 frames" in str(read_header(File.at(path)).error)


def test_a_matroska_that_is_cut_says_so(tmp_path):
    path = write_video(tmp_path / "film.mkv", 10, options=X264)
    path.write_bytes(path.read_bytes()[:-200])
    assert "it is cut short" in str(read_header(File.at(path)).error)
    with pytest.raises(FormatError, match="it is cut short"):
        nc.open(path)


def test_limits():
    check_size(16_384, 8_192)
    for size in ((16_385, 8_192), (100_000, 1), (-1, 5)):
        with pytest.raises(FormatError, match="pixels"):
            check_size(*size)
    with pytest.raises(FormatError, match="at most"):
        check_frames(2**31)
    with pytest.raises(FormatError, match="more than twice"):
        shown(np.arange(20_000), [Edit(0, 0)] * 5)
    runs = struct.pack(">IIIIII", 0, 2, 2**32 - 1, 7, 1, 8)  # would be 16 GB
    assert expanded("stts", runs, 5).tolist() == [7] * 5


def test_even_times():
    assert is_even(np.arange(50) * 512)
    assert is_even(np.rint(np.arange(500) * 1000 / 30).astype(np.int64))
    assert not is_even(np.array([0, 1, 2, 4, 5]))
    assert not is_even(np.delete(np.arange(50) * 512, 20))
    assert is_even(np.array([7]))
