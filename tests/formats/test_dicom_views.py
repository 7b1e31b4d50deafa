"""Open pixels that are no plain array: bits, halved colours, swapped bytes; each frame for its own bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_frames import cost, noise, uncompressed

from neurochain.errors import FormatError
from neurochain.formats import open_volume
from neurochain.formats.dicom.views import Bits, HalvedColours, SwappedBytes
from neurochain.storage import File
from neurochain.testing import CountingFile


def bits(whole):
    return np.unpackbits(whole, bitorder="little")


def halved(whole):
    return whole.reshape(-1, 4, 2)[:, [0, 2, 3, 1, 2, 3]].reshape(-1)


def swapped(whole):
    return whole.reshape(-1, 2)[:, ::-1].reshape(-1)


@given(
    st.binary(min_size=80, max_size=80),
    st.integers(0, 9),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)).map(sorted), max_size=5),
    st.sampled_from([(Bits, (), bits), (HalvedColours, (2,), halved), (SwappedBytes, (), swapped)]),
)
def test_ranges_of_a_view_are_those_of_the_whole(tmp_path_factory, data, offset, ranges, view):
    """Law: what a view gives for a range is that range of all it shows."""
    kind, arguments, shown = view
    path = tmp_path_factory.mktemp("views") / "a"
    path.write_bytes(bytes(offset) + data)
    found = kind(File.at(path), offset, *arguments).read_ranges(ranges)
    whole = shown(np.frombuffer(data, np.uint8)).tobytes()
    assert found == [whole[start:end] for start, end in ranges]


@pytest.mark.parametrize(("kind", "arguments"), [(Bits, ()), (HalvedColours, (1,)), (SwappedBytes, ())])
def test_a_view_beyond_the_end_says_where(tmp_path, kind, arguments):
    (tmp_path / "a").write_bytes(bytes(10))
    with pytest.raises(FormatError, match="a ends at byte 10; its header promises"):
        kind(File.at(tmp_path / "a"), 2, *arguments).read_ranges([(0, 3), (0, 100)])


def test_bits_of_many_frames(tmp_path):
    frames = noise(11, 5, 7, dtype=np.uint8) % 2  # 35 bits: frames begin inside bytes
    packed_bits = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    packed_bits += b"\0" * (len(packed_bits) % 2)
    path = uncompressed(
        tmp_path / "a.dcm", frames, packed_bits, vr="OB", BitsAllocated=1, BitsStored=1, HighBit=0
    )
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume, frames)
    for n in range(11):
        np.testing.assert_array_equal(volume[n, 1:4, ::-2], frames[n, 1:4, ::-2])


def test_bits_pull_their_frame(tmp_path):
    frames = noise(64, 256, 256, dtype=np.uint8) % 2
    bits = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    path = uncompressed(tmp_path / "a.dcm", frames, bits, vr="OB", BitsAllocated=1, BitsStored=1, HighBit=0)
    file = CountingFile.at(path)
    volume = open_volume(file)
    found, pulled, requests = cost(file, lambda: volume[40])
    np.testing.assert_array_equal(found, frames[40])
    assert (pulled, requests) == (256 * 256 // 8, 1)


def test_halved_colours_pull_their_frame(tmp_path):
    stored = noise(6, 128, 128, 2, dtype=np.uint8)
    shown = np.empty((6, 128, 128, 3), np.uint8)
    pairs = stored.reshape(6, -1, 4)
    shown[...] = pairs[:, :, [0, 2, 3, 1, 2, 3]].reshape(shown.shape)
    path = uncompressed(tmp_path / "a.dcm", shown, stored.tobytes(), PhotometricInterpretation="YBR_FULL_422")
    file = CountingFile.at(path)
    volume = open_volume(file)
    found, pulled, requests = cost(file, lambda: volume[4])
    np.testing.assert_array_equal(found, shown[4])
    assert (pulled, requests) == (128 * 128 * 2, 1)
    np.testing.assert_array_equal(volume[::2, 3:9, 1::2, 1], shown[::2, 3:9, 1::2, 1])


@pytest.mark.parametrize(
    ("shape", "elements"),
    [
        ((2, 4, 4, 3), {}),
        ((1, 3, 3, 3), {}),
        ((8, 4, 4, 3), {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}),
    ],
)
def test_colours_that_are_not_halved_are_refused(tmp_path, shape, elements):
    frames = noise(*shape, dtype=np.uint8)
    stored = frames.tobytes()[: 100 if elements else 18 if shape[0] == 1 else None]
    path = uncompressed(
        tmp_path / "a.dcm", frames, stored, PhotometricInterpretation="YBR_FULL_422", **elements
    )
    with pytest.raises(FormatError, match="its colours are halved"):
        open_volume(File.at(path))


@pytest.mark.parametrize("planar", [0, 1])
def test_swapped_bytes_of_odd_frames(tmp_path, planar):
    frames = noise(5, 3, 3, 3, dtype=np.uint8)  # 27 bytes: frames begin inside words
    stored = (frames.transpose(0, 3, 1, 2) if planar else frames).tobytes() + b"\0"
    swapped = np.frombuffer(stored, np.uint16).byteswap().tobytes()
    path = uncompressed(
        tmp_path / "a.dcm", frames, swapped, "1.2.840.10008.1.2.2", PlanarConfiguration=planar
    )
    file = CountingFile.at(path)
    volume = open_volume(file)
    np.testing.assert_array_equal(volume, frames)
    for n in range(5):
        found, pulled, requests = cost(file, lambda n=n: volume[n])
        np.testing.assert_array_equal(found, frames[n])
        assert (pulled, requests) == (28, 1)
        np.testing.assert_array_equal(volume[n, 1, ::2, 2], frames[n, 1, ::2, 2])
