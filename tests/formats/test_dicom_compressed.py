"""Frames of DICOM files: each for its own bytes, wherever tables say, do not say, or lie."""

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_frames import END, ITEM, compressed, cost, item, noise, packed, sparse, with_items
from pydicom.uid import JPEG2000Lossless

from neurochain.errors import FormatError
from neurochain.formats import open_volume, read_header
from neurochain.formats.arrays.slicing import normalise
from neurochain.formats.dicom import compressed as dicom_compressed
from neurochain.formats.dicom import fragments as dicom_fragments
from neurochain.formats.dicom.compressed import CompressedFrames
from neurochain.formats.dicom.fragments import walk
from neurochain.storage import File, cache_memo
from neurochain.testing import CountingFile

JPEG = b"\xff\xd8\xff\xe0"


class Kept:
    """Memo in memory that counts."""

    def __init__(self):
        self.values, self.found = {}, 0

    def get(self, key):
        self.found += key in self.values
        return self.values.get(key)

    def put(self, key, value):
        self.values[key] = value


def test_an_open_frame_of_many_pulls_the_frame(tmp_path):
    frames = noise(2, 512, 512)
    path = sparse(tmp_path / "a.dcm", 6000, 512, {700: frames[0], 5999: frames[1]})
    assert path.stat().st_size > 3 * 10**9
    file = CountingFile.at(path)
    volume = open_volume(file, "dicom")
    assert (volume.shape, file.requests) == ((6000, 512, 512), 1)
    for n, frame in ((700, frames[0]), (5999, frames[1]), (3, frames[0] * 0)):
        found, pulled, requests = cost(file, lambda n=n: volume[n])
        np.testing.assert_array_equal(found, frame)
        assert (pulled, requests) == (frame.nbytes, 1)
    found, pulled, requests = cost(file, lambda: volume[700, 100:110])
    np.testing.assert_array_equal(found, frames[0][100:110])
    assert (pulled, requests) == (10 * 1024, 1)


@pytest.mark.parametrize("table", ["basic", "extended"])
def test_a_compressed_frame_pulls_its_fragments(tmp_path, table):
    frames = noise(96, 96, 96)
    longest = max(map(len, packed(frames)))
    file = CountingFile.at(compressed(tmp_path / "a.dcm", frames, table=table))
    volume = open_volume(file, "dicom")
    assert file.requests == 2  # the header, with the table; and the file's end, which must have a delimiter
    for n in (5, 0, 95):
        found, pulled, requests = cost(file, lambda n=n: volume[n])
        np.testing.assert_array_equal(found, frames[n])
        assert pulled <= longest + 16
        assert requests == 1
    assert not list(cache_memo().folder.rglob("*"))


def test_a_table_beyond_the_head_costs_one_read(tmp_path):
    frames = noise(5, 64, 64)
    path = compressed(tmp_path / "a.dcm", frames, ImageComments="x" * 10_000, SeriesDescription="y" * 60)
    file = CountingFile.at(path)
    one = CompressedFrames(file, at_pixels(path), file.size, 5, frames[0].nbytes, memo=Kept())
    (data,), pulled, requests = cost(file, lambda: list(one.read([3])))
    assert data == packed(frames)[3]
    assert (pulled, requests) == (8 + 4 * 5 + 8 + len(data), 2)


def at_pixels(path):
    return path.read_bytes().index(b"\xe0\x7f\x10\x00OB") + 12


def test_without_a_table_fragments_are_walked_once(tmp_path):
    frames = noise(20, 256, 256)  # longer than what is better read along
    path = compressed(tmp_path / "a.dcm", frames, table="none")
    lengths, memo = [len(p) for p in packed(frames)], Kept()
    first = CountingFile.at(path)
    volume = open_volume(first, memo=memo)
    found, pulled, _ = cost(first, lambda: volume[5])
    np.testing.assert_array_equal(found, frames[5])
    walked = pulled - lengths[5] - 8
    assert walked <= 20 * dicom_fragments.PROBE + 3 * dicom_fragments.FIRST
    again = CountingFile.at(path)
    other = open_volume(again, memo=memo)
    found, pulled, requests = cost(again, lambda: other[7])
    np.testing.assert_array_equal(found, frames[7])
    assert (pulled, requests, memo.found) == (lengths[7] + 8, 1, 1)
    # What a row depends on is the same, walked or not.
    one, two = (CountingFile.at(path) for _ in range(2))
    for file, kept in ((one, memo), (two, Kept())):
        open_volume(file, memo=kept)[3]
    assert one._log.files() == two._log.files()


def test_many_short_fragments_are_walked_in_few_reads(tmp_path):
    frames = noise(3000, 8, 8, dtype=np.uint8)
    path = compressed(tmp_path / "a.dcm", frames, table="none")
    file = CountingFile.at(path)
    found = walk(file, at_pixels(path) + 8, file.size)
    assert len(found.starts) == 3000
    assert file.requests < 15
    assert file.bytes_read < 1.1 * file.size


def test_offsets_are_kept_for_every_process(tmp_path):
    frames = noise(4, 16, 16)
    path = compressed(tmp_path / "a.dcm", frames, table="none")
    np.testing.assert_array_equal(open_volume(File.at(path)), frames)
    (kept,) = [p for p in cache_memo().folder.rglob("*") if p.is_file()]
    kept.write_bytes(kept.read_bytes()[:-1])  # damaged on disk: forgotten
    np.testing.assert_array_equal(open_volume(File.at(path)), frames)


def test_offsets_of_another_file_are_not_believed(tmp_path):
    frames = noise(4, 16, 16)
    file = File.at(compressed(tmp_path / "a.dcm", frames, table="none"))
    memo = Kept()
    open_volume(file, memo=memo)[0]
    (key,) = memo.values
    spans = np.cumsum(np.frombuffer(zlib.decompress(memo.values[key]), "<i8"))
    shifted = np.diff(spans - 2, prepend=0).astype("<i8").tobytes()
    for value in (b"", b"x", memo.values[key][:-9], zlib.compress(shifted), zlib.compress(shifted[:-8])):
        memo.values[key] = value
        np.testing.assert_array_equal(open_volume(file, memo=memo), frames)


def lying(frames, parts):
    """Basic Offset Tables that are wrong."""
    right = np.cumsum([0, *(8 + len(p) for p in parts)])[:-1]
    yield "zeros", right * 0
    yield "descending", right[::-1]
    yield "beyond the file", right + np.array([0, 0, 10**8, 2 * 10**8])
    yield "inside fragments", right + np.array([0, 2, 4, 6])
    yield "counted from the pixels' first byte", right + 8 + 4 * len(parts)
    yield "too few", right[:-1]
    yield "too many", np.append(right, right[-1] + 8)


@pytest.mark.parametrize("which", range(7))
def test_a_table_that_lies_is_not_believed(tmp_path, which):
    frames = noise(4, 32, 32)
    parts = packed(frames)
    name, offsets = list(lying(frames, parts))[which]
    items = item(offsets.astype("<u4").tobytes()) + b"".join(map(item, parts)) + END
    path = with_items(tmp_path / "a.dcm", frames, items, "1.2.840.10008.1.2.5")
    for n in (2, 3, 0, 1):
        np.testing.assert_array_equal(open_volume(File.at(path))[n], frames[n], err_msg=name)
    np.testing.assert_array_equal(open_volume(File.at(path)), frames)


def test_an_extended_table_that_lies_is_not_believed(tmp_path):
    frames = noise(4, 32, 32)
    path = compressed(tmp_path / "a.dcm", frames, table="extended")
    whole = path.read_bytes()
    at = whole.index(b"\xe0\x7f\x02\x00OV") + 12
    for lengths in ([2**63] * 4, [0] * 4, [7, 9, 11, 13], [10**6] * 4):
        path.write_bytes(whole[:at] + struct.pack("<4Q", *lengths) + whole[at + 32 :])
        np.testing.assert_array_equal(open_volume(File.at(path)), frames)


@pytest.mark.parametrize("table", ["basic", "none"])
def test_frames_of_several_fragments(tmp_path, table):
    frames = noise(6, 40, 40)
    path = compressed(tmp_path / "a.dcm", frames, JPEG2000Lossless, table, fragments=3)
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume[4], frames[4])
    np.testing.assert_array_equal(volume, frames)


def test_one_frame_takes_all_fragments(tmp_path):
    frames = noise(1, 40, 40)
    for table in ("basic", "none"):
        path = compressed(tmp_path / "a.dcm", frames, JPEG2000Lossless, table, fragments=5)
        file = CountingFile.at(path)
        volume = open_volume(file)
        found, _, requests = cost(file, lambda volume=volume: volume[...])
        np.testing.assert_array_equal(found, frames[0])
        assert requests == 1


def test_odd_paddings(tmp_path):
    frames = noise(3, 37, 35, dtype=np.uint8)
    parts = packed(frames, JPEG2000Lossless)
    odd = [p + b"\0" * (len(p) % 2 == 0) for p in parts]  # of odd lengths
    cases = [
        b"".join(ITEM + struct.pack("<I", len(p)) + p + b"\0" for p in odd),  # padded, uncounted
        b"".join(map(item, odd)),  # not padded
        b"".join(item(p) + item(b"") for p in parts),  # empty fragments between
        b"".join(item(p + bytes(6)) for p in parts),  # zeros behind each image
    ]
    for case in cases:
        path = with_items(tmp_path / "a.dcm", frames, item(b"") + case + END)
        np.testing.assert_array_equal(open_volume(File.at(path)), frames)


def test_a_length_where_there_should_be_none(tmp_path):
    frames = noise(3, 16, 16)
    items = item(b"") + b"".join(map(item, packed(frames)))
    path = with_items(tmp_path / "a.dcm", frames, items, "1.2.840.10008.1.2.5")
    whole = bytearray(path.read_bytes())
    struct.pack_into("<I", whole, at_pixels(path) - 4, len(items))
    path.write_bytes(whole)
    assert read_header(File.at(path)).error is None
    np.testing.assert_array_equal(open_volume(File.at(path)), frames)
    path.write_bytes(whole[:-10])
    assert "cut short" in read_header(File.at(path)).error
    with pytest.raises(FormatError, match="cut short"):
        open_volume(File.at(path))


def test_frames_that_cannot_be_told_apart(tmp_path):
    frames = noise(2, 16, 16)
    for pieces, words in (
        ([b"ab"] * 3, "3 fragments"),
        ([JPEG, b"ab", JPEG, JPEG], "3 of which begin"),
        ([b"ab"], "1 frag"),
    ):
        items = item(b"") + b"".join(map(item, pieces)) + END
        path = with_items(tmp_path / "a.dcm", frames, items)
        with pytest.raises(FormatError, match=rf"a\.dcm: its header says 2 frames.*{words}"):
            open_volume(File.at(path))[0]


def test_a_frame_before_the_damage_is_read(tmp_path):
    frames = noise(4, 64, 64)
    path = compressed(tmp_path / "a.dcm", frames)
    whole, parts = path.read_bytes(), packed(frames)
    third = whole.index(parts[2])
    path.write_bytes(whole[: third - 8] + b"junkjunk" + whole[third:])
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume[:2], frames[:2])
    with pytest.raises(
        FormatError, match=rf"byte {third - 8:,} should begin fragment 3 .* b'junkjunk' stands there"
    ):
        volume[2]
    path.write_bytes(whole[:third] + parts[2][:100] + END)
    with pytest.raises(
        FormatError, match=rf"cut short: fragment 3 .* at byte {third - 8:,} needs {len(parts[2]):,} bytes"
    ):
        open_volume(File.at(path))[2]


def test_padding_behind_the_pixels_is_not_pulled(tmp_path):
    frames = noise(1, 64, 64)
    path = compressed(tmp_path / "a.dcm", frames)
    padding = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 20_000_000)
    with path.open("ab") as out:
        out.write(padding)
        out.truncate(out.tell() + 20_000_000)
    file = CountingFile.at(path)
    np.testing.assert_array_equal(open_volume(file)[...], frames[0])
    assert file.bytes_read < 200_000


def test_a_frame_far_longer_than_its_pixels_is_refused(tmp_path):
    frames = noise(2, 4, 4)
    items = item(b"") + item(packed(frames)[0]) + item(bytes(2_000_000)) + END
    path = with_items(tmp_path / "a.dcm", frames, items, "1.2.840.10008.1.2.5")
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume[0], frames[0])
    with pytest.raises(FormatError, match="frame 1 takes 2,000,008 compressed bytes"):
        volume[1]


def test_endless_fragments_are_not_walked(tmp_path, monkeypatch):
    monkeypatch.setattr(dicom_fragments, "MOST", 100)
    for held in (b"ab", b""):
        (tmp_path / "a").write_bytes(item(held) * 101 + END)
        file = File.at(tmp_path / "a")
        with pytest.raises(FormatError, match="more than 100 fragments"):
            walk(file, 0, file.size)


@given(st.data())
def test_frames_are_found_however_they_lie(tmp_path_factory, data):
    """Law: the frames read are those written, by any table and in any order."""
    sizes = st.integers(0, 40)
    frames = data.draw(st.lists(st.lists(sizes, min_size=1, max_size=4), min_size=1, max_size=6))
    pieces = [
        [JPEG + bytes([i]) * frame[0], *(bytes([i]) * n for n in frame[1:])] for i, frame in enumerate(frames)
    ]
    items = [b"".join(map(item, piece)) for piece in pieces]
    table = np.cumsum([0, *map(len, items)])[:-1].astype("<u4").tobytes()
    lie = data.draw(st.binary(max_size=8 * len(frames)))
    kind = data.draw(st.sampled_from(["basic", "none", "lie"]))
    basic = {"basic": table, "none": b"", "lie": lie}[kind]
    path = tmp_path_factory.mktemp("frames") / "a"
    path.write_bytes(b"head" + item(basic) + b"".join(items) + END + bytes(data.draw(st.integers(0, 20))))
    file = File.at(path)
    one = CompressedFrames(file, 4, file.size, len(frames), 1000, b"", memo=Kept())
    numbers = data.draw(st.lists(st.integers(0, len(frames) - 1), max_size=8))
    assert list(one.read(numbers)) == [b"".join(pieces[n]) for n in numbers]


@given(
    st.binary(max_size=60), st.integers(1, 4), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)))
)
def test_hostile_items_are_a_format_error(tmp_path_factory, extended, n_frames, changes):
    data = bytearray(item(struct.pack("<2I", 0, 20)) + item(JPEG + b"abcdefgh") + item(JPEG + b"ijkl") + END)
    for at, value in changes:
        data[at % len(data)] = value
    path = tmp_path_factory.mktemp("hostile") / "a"
    path.write_bytes(data)
    file = CountingFile.at(path)
    one = CompressedFrames(file, 0, file.size, n_frames, 100, b"", (extended[::2], extended[1::2]), Kept())
    with suppress(FormatError):
        assert len(list(one.read(range(n_frames)))) == n_frames
    assert file.requests < 50


def test_several_threads_slice_one_volume(tmp_path):
    frames = noise(12, 24, 24)
    parts = packed(frames)
    wrong = item(bytes(4 * 12))  # a table of zeros: every thread may be the one that walks
    path = with_items(
        tmp_path / "a.dcm", frames, wrong + b"".join(map(item, parts)) + END, "1.2.840.10008.1.2.5"
    )
    memo = Kept()
    volume = open_volume(File.at(path), memo=memo)
    with ThreadPoolExecutor(8) as pool:
        for n, found in zip([*range(12)] * 10, pool.map(lambda n: volume[n], [*range(12)] * 10), strict=True):
            np.testing.assert_array_equal(found, frames[n])
    assert len(memo.values) == 1


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_bytes_of_frames_are_known_without_reading(tmp_path, table):
    frames = noise(6, 16, 16)
    path = compressed(tmp_path / "a.dcm", frames, table=table)
    file, lengths = CountingFile.at(path), [8 + len(p) for p in packed(frames)]
    volume = open_volume(file, memo=Kept())
    axes = normalise((slice(1, 4), 0), frames.shape)
    needed, _, requests = cost(file, lambda: volume._array.bytes_needed(axes))
    assert (needed, requests) == (None if table == "none" else sum(lengths[1:4]), 0)
    volume[1]
    assert volume._array.bytes_needed(axes) == sum(lengths[1:4])


def test_groups_of_frames_fit_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(dicom_compressed, "TOGETHER", 2000)
    frames = noise(9, 16, 16)
    file = CountingFile.at(compressed(tmp_path / "a.dcm", frames))
    np.testing.assert_array_equal(open_volume(file)[::-1], frames[::-1])
    assert file.requests == 2 + 3  # three frames of 584 bytes at once


def test_other_axes_of_a_compressed_file_decode_nothing_anew(tmp_path):
    frames = noise(12, 32, 32)
    file = CountingFile.at(compressed(tmp_path / "a.dcm", frames))
    volume = open_volume(file)
    np.testing.assert_array_equal(volume[:, 3], frames[:, 3])
    found, pulled, _ = cost(file, lambda: volume[:, :, 4])
    np.testing.assert_array_equal(found, frames[:, :, 4])
    assert pulled == 0
