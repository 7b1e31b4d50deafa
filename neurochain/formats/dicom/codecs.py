"""FrameDecoder: one compressed frame to its pixels.

RLE is unpacked here, everything else by pylibjpeg through pydicom. What a codestream says of its size is
compared with the header before a decoder sees it, since decoders believe it. PS3.5 section 8.2 and annex A; JPEG: ITU-T
T.81 annex B; JPEG-LS: T.87 annex C; JPEG 2000: T.800 annexes A and I.
"""

import struct
from collections.abc import Callable
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.errors import FormatError, MissingExtraError, StorageError
from neurochain.formats.dicom.fragments import ITEM
from neurochain.formats.dicom.rle import unpack_rle
from neurochain.formats.dicom.with_pydicom import quiet, shortened

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import Decoder

__all__ = ["BEST", "RLE", "FrameDecoder", "stated_shape"]

RLE = "1.2.840.10008.1.2.5"
# One decoder for a codec, so that pixels do not depend on what else is installed: Pillow's differ by 1 in lossy JPEG. GDCM
# is no choice, since damaged frames end the process in it (seen with 3.2.6).
PLUGIN = "pylibjpeg"
BEST = 16384
"""Times that a codec shrinks a frame; only black ones come near it."""
SMALL = 256 * 2**20  # bytes of a frame's pixels that are decoded, however few compressed bytes there are
_OPTIONS = {
    "rows": "Rows",
    "columns": "Columns",
    "samples_per_pixel": "SamplesPerPixel",
    "photometric_interpretation": "PhotometricInterpretation",
    "planar_configuration": "PlanarConfiguration",
    "pixel_representation": "PixelRepresentation",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # JPEG markers without a length
_FRAME = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}  # that begin a frame


class FrameDecoder:
    """Decoder of the frames of one file.

    Parameters
    ----------
    uri : str
        Of the file, for messages.
    syntax : str or None
        UID of the transfer syntax.
    record : dict
        Columns of `DicomRecord`.
    shape : tuple of int
        Of a frame: (rows, columns) or (rows, columns, samples).
    dtype : dtype
        Of its pixels.
    correct : callable, optional
        Clears the bits that hold no pixels, where the codec does not.
    """

    def __init__(
        self,
        uri: str,
        syntax: str | None,
        record: dict[str, Any],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        correct: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None,
    ) -> None:
        self._uri, self._syntax = uri, syntax
        self._shape, self._dtype = shape, dtype
        self._correct = correct
        values = {option: record.get(keyword) for option, keyword in _OPTIONS.items()}
        self._options: dict[str, Any] = {"number_of_frames": 1}
        self._options |= {option: value for option, value in values.items() if value is not None}

    def decode(self, data: bytes, number: int) -> np.ndarray[Any, Any]:
        """Pixels as stored, colours as the file has them.

        Parameters
        ----------
        data : bytes
            The frame.
        number : int
            Of the frame, for messages.

        Raises
        ------
        FormatError
            The frame is damaged, or not of the shape that the header says.
        MissingExtraError
            The decoder is not installed.
        """
        try:
            return self._by_rle(data) if self._syntax == RLE else self._by_pydicom(data)
        except FormatError as error:
            raise FormatError(f"{self._uri}: frame {number:,} cannot be decoded: {error}.") from error

    def _by_rle(self, data: bytes) -> np.ndarray[Any, Any]:
        if self._options.get("bits_allocated") == 1:
            raise FormatError("RLE packs bytes, and its samples are single bits")
        pixels = unpack_rle(data, self._shape, self._dtype)
        return pixels if self._correct is None else self._correct(pixels)

    def _by_pydicom(self, data: bytes) -> np.ndarray[Any, Any]:
        decoder = _decoder(self._syntax or "")
        if PLUGIN not in decoder.available_plugins:
            raise MissingExtraError(
                f"{self._uri} is compressed ({decoder.UID.name}), and its decoder is not installed. Install it with: "
                "pip install 'neurochain[dicom]'"
            )
        stated = stated_shape(data)
        expected = (*self._shape, 1)[:3]
        if stated != expected:
            found = "is none that is known" if stated is None else f"has {_by(stated)} pixels"
            raise FormatError(f"its codestream {found}, the header says {_by(expected)}")
        size = prod(self._shape) * self._dtype.itemsize
        if size > max(SMALL, BEST * len(data)):
            raise FormatError(
                f"its {len(data):,} bytes should decode to {size:,}; more than {SMALL:,} need a byte for each {BEST:,}"
            )
        one = ITEM + bytes(4) + ITEM + struct.pack("<I", len(data)) + data
        try:
            with quiet():
                pixels, _ = decoder.as_array(one, index=0, raw=True, decoding_plugin=PLUGIN, **self._options)
        except StorageError:
            raise
        except (
            Exception
        ) as error:  # any kind: pydicom and its plugins have no root error, and the file is at fault
            raise FormatError(shortened(error)) from error
        if pixels.shape != self._shape or pixels.dtype != self._dtype:
            raise FormatError(
                f"it decodes to {_by(pixels.shape)} pixels of {pixels.dtype}, not to {_by(self._shape)} of {self._dtype}"
            )
        return pixels


@cache
def _decoder(syntax: str) -> "Decoder":
    from pydicom.pixels.decoders.base import get_decoder  # import costs 0.3 s; most files are not compressed

    try:
        with quiet():
            decoder = get_decoder(syntax)
    except NotImplementedError:
        stated = f"{syntax!r} is not decoded" if syntax else "is not stated"
        raise FormatError(f"its transfer syntax {stated}") from None
    if decoder.is_native:
        raise FormatError(f"its pixels are compressed, but its transfer syntax is {decoder.UID.name!r}")
    return decoder


def stated_shape(data: bytes) -> tuple[int, int, int] | None:
    """Rows, columns and samples that a JPEG, JPEG-LS or JPEG 2000 codestream says; None for anything else.

    Examples
    --------
    >>> stated_shape(bytes.fromhex("ffd8 ffc3 000b 0c 0080 0040 01 01 11 00"))
    (128, 64, 1)
    """
    if data[:4] == b"\x00\x00\x00\x0c":
        data = _boxed(data)
    if data[:4] == b"\xff\x4f\xff\x51" and len(data) >= 42:
        right, bottom, left, top = struct.unpack_from(">4I", data, 8)
        return bottom - top, right - left, int.from_bytes(data[40:42], "big")
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while data[at : at + 1] == b"\xff" and at + 10 <= len(data):
        marker = data[at + 1]
        if marker in _FRAME:
            rows, columns, samples = struct.unpack_from(">HHB", data, at + 5)
            return rows, columns, samples
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _boxed(data: bytes) -> bytes:
    """First bytes of the codestream in a file of boxes."""
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"jp2c":
            return data[at + 8 : at + 8 + 42]
        if length < 8:
            break
        at += length
    return b""


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
