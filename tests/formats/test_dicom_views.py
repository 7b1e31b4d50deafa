"""Open pixels that are no plain array: bits, halved colours, swapped bytes; each frame for its own bytes."""

import numpy as np
import pytest
from made_frames import cost, noise, uncompressed

from neurochain.errors import FormatError
from neurochain.formats import open_volume
from neurochain.storage import File
from neurochain.testing import CountingFile


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
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume, frames)
    for n in range(5):
        np.testing.assert_array_equal(volume[n], frames[n])
        np.testing.assert_array_equal(volume[n, 1, ::2, 2], frames[n, 1, ::2, 2])
