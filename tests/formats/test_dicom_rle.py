"""RLE Lossless: what pydicom packs is unpacked, and nothing else."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from made_frames import compressed, noise, packed

from neurochain.errors import FormatError
from neurochain.formats import open_volume
from neurochain.formats.dicom.rle import unpack_rle
from neurochain.storage import File


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int8, np.uint16, np.int16]),
        st.tuples(st.integers(1, 12), st.integers(1, 300)),
        elements={"min_value": 0, "max_value": 100},
        fill=st.integers(0, 100),
    )
)
def test_rle_unpacks_what_pydicom_packs(array):
    (data,) = packed(array[None])
    np.testing.assert_array_equal(unpack_rle(data, array.shape, array.dtype), array)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rle_of_colours(dtype):
    frame = noise(1, 9, 8, 3, dtype=dtype)
    np.testing.assert_array_equal(unpack_rle(packed(frame)[0], (9, 8, 3), np.dtype(dtype)), frame[0])


def rle(*segments):
    at = np.cumsum([64, *map(len, segments)])[:-1]
    return struct.pack("<16I", len(segments), *at, *[0] * (15 - len(segments))) + b"".join(segments)


RUN = bytes([129, 7])  # 128 bytes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"short", "5 bytes, fewer than the 64"),
        (rle(RUN, RUN), "2 RLE segments, and 1 samples of 1 bytes take 1"),
        (rle(RUN), "66 bytes unpack to at most 128, not to 256"),
        (rle(bytes([255, 7]) * 9), "segment 0 unpacks to 18 bytes, not to 256"),
        (rle(RUN * 3), "segment 0 unpacks to at least 384 bytes, not to 256"),
        (rle(RUN * 2 + bytes([241, 7])), "segment 0 unpacks to at least 272 bytes, not to 256"),
        (struct.pack("<16I", 1, 10, *[0] * 14) + RUN * 2, r"segments begin at \[10\]"),
        (struct.pack("<16I", 1, 900, *[0] * 14) + RUN * 2, r"segments begin at \[900\]"),
        (struct.pack("<16I", 2**32 - 1, *[0] * 15), "4,294,967,295 RLE segments"),
        (rle(b""), "0 bytes unpack|64 bytes unpack to at most 0"),
    ],
)
def test_rle_of_another_size_is_refused(data, words):
    with pytest.raises(FormatError, match=words):
        unpack_rle(data, (16, 16), np.dtype("u1"))


def test_a_few_bytes_that_pad_a_segment_are_no_pixels():
    padded = rle(RUN * 2 + bytes([2, 0, 0, 0, 0]))
    np.testing.assert_array_equal(unpack_rle(padded, (16, 16), np.dtype("u1")), np.full((16, 16), 7))


@given(st.binary(max_size=400), st.integers(0, 4))
def test_hostile_rle_is_a_format_error(data, n):
    for whole in (data, rle(*[data] * n)):
        try:
            assert unpack_rle(whole, (4, 8), np.dtype("u2")).shape == (4, 8)
        except FormatError:
            continue


def test_bits_above_the_stored_ones_are_not_values_of_rle(tmp_path):
    values = noise(3, 8, 8) & 0x0FFF
    path = compressed(tmp_path / "a.dcm", values | 0x5000, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(open_volume(File.at(path)), values)


def test_rle_of_single_bits_is_refused(tmp_path):
    frames = noise(2, 8, 8, dtype=np.uint8)
    path = compressed(tmp_path / "a.dcm", frames)
    data = path.read_bytes()
    for element in (0x0100, 0x0101):
        mark = struct.pack("<HH2sH", 0x0028, element, b"US", 2)
        data = data.replace(mark + b"\x08\0", mark + b"\x01\0")
    path.write_bytes(data)
    with pytest.raises(FormatError, match="single bits"):
        open_volume(File.at(path))[0]
