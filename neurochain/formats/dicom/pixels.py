"""Pixels of a DICOM file: by range where they lie open, decoded where they are compressed.

PS3.5 section 8 and annex A: https://dicom.nema.org/medical/dicom/current/output/html/part05.html#chapter_8
"""

import re
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.framed import FrameArray
from neurochain.formats.arrays.inflate import RAW, Inflated
from neurochain.formats.arrays.slicing import Ranged
from neurochain.formats.arrays.stored import Array, ByteArray
from neurochain.formats.dicom import geometry
from neurochain.formats.dicom.codecs import BEST, RLE, FrameDecoder
from neurochain.formats.dicom.compressed import CompressedFrames
from neurochain.formats.dicom.layout import OFFSET_TABLES, Scan
from neurochain.formats.dicom.rle import RATIO
from neurochain.formats.dicom.views import Bits, HalvedColours, SwappedBytes
from neurochain.storage import File, Memo

__all__ = ["absence_problem", "is_encapsulated", "pixel_problem", "pixels"]

_KINDS = {
    "1.2.840.10008.5.1.4.1.1.88": "a structured report",
    "1.2.840.10008.5.1.4.1.1.481": "radiotherapy structures or plans",
    "1.2.840.10008.5.1.4.1.1.9": "a waveform",
    "1.2.840.10008.5.1.4.1.1.104": "an encapsulated document",
    "1.2.840.10008.1.3.10": "a directory of other files",
}
# CT, MR (not spectroscopy), PET, ultrasound, X-ray, nuclear medicine, secondary capture, RT image and dose.
_IMAGE = re.compile(
    r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.(?:(?:1|2|7|12|20|128|130)(?:\.\d+)*|3\.1|4(?:\.[134])?|6\.[12]|481\.[12])"
)
_SEQUENCE_END = {False: b"\xfe\xff\xdd\xe0", True: b"\xff\xfe\xe0\xdd"}
AFTER = (b"\xfc\xff\xfc\xff", b"\xfa\xff\xfa\xff")  # trailing padding, digital signatures
COMPRESSED = ("1.2.840.10008.1.2.4.", "1.2.840.10008.1.2.5")
GE_BIG = "1.2.840.113619.5.2"  # GE's own: a little-endian data set with big-endian pixels
TAIL = 1024  # bytes at a file's end in which compressed pixels must end
LARGEST_FRAME = 2**30  # bytes of a compressed frame's pixels; decoders take about four times as many


def is_encapsulated(found: Scan) -> bool:
    """Whether Pixel Data holds compressed frames; some files give them a length all the same."""
    if found.pixel is None or found.pixel[3] is None:
        return True
    return (found.transfer_syntax or "").startswith(COMPRESSED)


def n_bytes(record: dict[str, Any], pixel_tag: int) -> int:
    """Bytes that uncompressed pixels take, from what the header says; 0 where it says nothing."""
    shape = geometry.shape(record)
    if shape is None:
        return 0
    bits = {0x7FE00008: 32, 0x7FE00009: 64}.get(pixel_tag) or record.get("BitsAllocated") or 0
    entries = prod(shape)
    if _is_halved(record):
        entries = entries // 3 * 2
    return (entries * bits + 7) // 8


def pixel_problem(file: File, head: bytes, found: Scan, record: dict[str, Any]) -> str | None:
    """What is wrong with the pixels, as far as the header and the file's size tell; None if nothing."""
    if found.pixel is None:
        return None
    tag, _, offset, length = found.pixel
    if is_encapsulated(found) or length is None:
        return _compressed_problem(file, head, found, record)
    needed = n_bytes(record, tag)
    shape = " x ".join(str(n) for n in geometry.shape(record) or ())
    if needed > length:
        return (
            f"its header says {shape} pixels of {record.get('BitsAllocated')} bits, which take {needed:,} bytes, "
            f"but Pixel Data at byte {offset:,} has {length:,}"
        )
    if found.deflated_at is not None:
        most = Inflated(file).size_at_most
        if offset + length > most:
            return f"its header says pixels up to byte {offset + length:,}, but {file.size:,} bytes inflate to at most {most:,}"
    elif offset + length > file.size:
        return (
            f"the file is cut short: Pixel Data at byte {offset:,} needs {length:,} bytes, and the file ends at "
            f"byte {file.size:,}"
        )
    return None


def _compressed_problem(file: File, head: bytes, found: Scan, record: dict[str, Any]) -> str | None:
    """What is wrong with compressed pixels: no end, or more promised than so few bytes can hold."""
    if found.deflated_at is not None:
        return (
            "it is deflated as a whole, and its Pixel Data has no length, as only compressed pixels have none"
        )
    _, _, offset, length = found.pixel or (0, b"", 0, 0)
    if length is None:
        problem = _unfinished(file, head, found)
        if problem is not None:
            return problem
        length = file.size - offset
    elif offset + length > file.size:
        return (
            f"the file is cut short: its compressed Pixel Data at byte {offset:,} needs {length:,} bytes, and the file ends "
            f"at byte {file.size:,}"
        )
    return _promise_problem(found, record, length)


def _promise_problem(found: Scan, record: dict[str, Any], length: int) -> str | None:
    """Why so many compressed bytes cannot be what the header says."""
    shape = geometry.shape(record)
    if shape is None:
        return None
    frames, needed = max(record.get("NumberOfFrames") or 1, 1), n_bytes(record, 0)
    said = f"its header says {' x '.join(map(str, shape))} pixels of {record.get('BitsAllocated')} bits"
    if 8 * frames > length:
        return f"{said}, but {length:,} bytes of compressed Pixel Data hold at most {length // 8:,} frames"
    if needed // frames > LARGEST_FRAME:
        return f"{said}; frames of more than {LARGEST_FRAME:,} bytes are not decoded"
    most = RATIO * length if found.transfer_syntax == RLE else max(BEST * length, LARGEST_FRAME)
    if needed > most:
        return f"{said}, but {length:,} bytes of compressed Pixel Data decode to at most {most:,}"
    return None


def absence_problem(file: File, found: Scan, record: dict[str, Any]) -> str | None:
    """Why a file without pixels should have some; None where it is of a kind that has none.

    A file that was cut between two elements shows it in no other way.
    """
    kind = record.get("SOPClassUID") or found.media_class
    end = f"the file ends at byte {file.size:,} without Pixel Data: it is cut short, or its pixels were taken out"
    if record.get("Rows") and record.get("Columns"):
        return f"its header says {record['Rows']} x {record['Columns']} pixels, but {end}"
    if kind is None:
        return f"it does not say what it is (no SOP Class UID), and the file ends at byte {file.size:,}: it may be cut short"
    return f"it is an image (SOP class {kind}), but {end}" if _IMAGE.fullmatch(kind) else None


def _unfinished(file: File, head: bytes, found: Scan) -> str | None:
    """Compressed pixels end with a delimiter; without it the file was cut."""
    start = max(file.size - TAIL, 0)
    tail = head[start:] if len(head) >= file.size else file.read_range(start, file.size)
    at = tail.rfind(_SEQUENCE_END[found.big_endian])
    rest = tail[at + 8 :]
    # Padding, zeros or signatures may follow; anything else is a delimiter inside the compressed bytes.
    if at >= 0 and len(tail) >= at + 8 and (not rest.strip(b"\0") or rest[:4] in AFTER):
        return None
    if AFTER[0] in tail or not tail.strip(b"\0"):
        return None  # padding may be longer than what was looked at
    return (
        f"the file is cut short: its compressed Pixel Data has no end (sequence delimiter) in the last {len(tail):,} "
        f"of {file.size:,} bytes"
    )


def pixels(
    file: File, found: Scan, record: dict[str, Any], head: bytes = b"", memo: Memo | None = None
) -> tuple[Array, tuple[str, ...]]:
    """Lazy array of the stored pixels, and the names of its axes.

    Parameters
    ----------
    file : File
        Of DICOM.
    found : Scan
        Of its header.
    record : dict
        Columns of `DicomRecord`.
    head : bytes
        The file's first bytes, as far as they are at hand: what they hold of offset tables is not read again.
    memo : Memo, optional
        Where the offsets of compressed frames are kept; this user's cache by default.

    Raises
    ------
    FormatError
        The file has no pixels, or of a kind that has no array; says what it is.
    """
    shape = geometry.shape(record)
    if found.pixel is None or shape is None:
        raise FormatError(f"{file.uri} is DICOM, but has no pixels: it is {_kind(record)}.")
    name = geometry.stored_dtype(record, found.pixel[0])
    if name is None:
        raise FormatError(
            f"{file.uri} has {record.get('BitsAllocated')} bits per sample; 1, 8, 16, 32 and 64 are read."
        )
    dtype = np.dtype(name)
    frames = (record.get("NumberOfFrames") or 1) > 1
    samples = (record.get("SamplesPerPixel") or 1) > 1
    axes = (*(("frame",) if frames else ()), "row", "column", *(("sample",) if samples else ()))
    if is_encapsulated(found):
        return _compressed(file, found, record, tuple(shape), dtype, head, memo), axes
    return _open(file, found, record, tuple(shape), dtype), axes


def _open(
    file: File, found: Scan, record: dict[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> ByteArray:
    """Array of pixels that are not compressed, or only with everything else."""
    _, vr, offset, length = found.pixel or (0, b"", 0, 0)
    source: Ranged = file if found.deflated_at is None else Inflated(file, found.deflated_at, RAW)
    halved = _is_halved(record)
    # Bytes of big-endian files are swapped in words of 16 bits, also where samples have 8.
    if found.big_endian and vr == b"OW" and record.get("BitsAllocated") == 8:
        source, offset = SwappedBytes(source, offset), 0
    if halved:
        whole = (length or 0) >= prod(shape) * dtype.itemsize
        if whole or prod(shape) % 2 or record.get("BitsAllocated") == 1:
            raise FormatError(
                f"{file.uri} says that its colours are halved (YBR_FULL_422), but its Pixel Data of {length:,} bytes is not."
            )
        source, offset = HalvedColours(source, offset, dtype.itemsize), 0
    if record.get("BitsAllocated") == 1:
        source, offset = Bits(source, offset), 0
    stored, transpose, lead = shape, None, int((record.get("NumberOfFrames") or 1) > 1)
    if (record.get("SamplesPerPixel") or 1) > 1 and record.get("PlanarConfiguration") == 1 and not halved:
        stored = (*shape[:lead], shape[-1], *shape[lead:-1])
        transpose = (*range(lead), lead + 1, lead + 2, lead)
    order = dtype.newbyteorder(">" if found.big_endian or found.transfer_syntax == GE_BIG else "<")
    return ByteArray(source, offset, stored, order, "C", transpose, _unused_bits(record, dtype))


def _compressed(
    file: File,
    found: Scan,
    record: dict[str, Any],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    head: bytes,
    memo: Memo | None,
) -> FrameArray:
    """Array of compressed frames."""
    n_frames = max(record.get("NumberOfFrames") or 1, 1)
    one = shape[1:] if n_frames > 1 else shape
    decoder = FrameDecoder(file.uri, found.transfer_syntax, record, one, dtype, _unused_bits(record, dtype))
    _, _, start, length = found.pixel or (0, b"", 0, 0)
    tables = [found.values[tag][1] for tag in OFFSET_TABLES if tag in found.values]
    frames = CompressedFrames(
        file,
        start,
        file.size if length is None else start + length,
        n_frames,
        prod(one) * dtype.itemsize,
        head,
        (tables[0], tables[1]) if len(tables) == 2 else None,
        memo,
    )

    def read(numbers: Sequence[int]) -> Iterator[np.ndarray[Any, Any]]:
        for n, data in zip(numbers, frames.read(numbers), strict=True):
            yield decoder.decode(data, n)

    return FrameArray(read, shape, dtype, n_frames > 1, frames.bytes_needed)


def _unused_bits(
    record: dict[str, Any], dtype: np.dtype[Any]
) -> Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None:
    """What clears the bits above the stored ones: old files keep overlays there, others leave the sign out."""
    stored, high = record.get("BitsStored"), record.get("HighBit")
    spare = dtype.itemsize * 8 - (stored or 0)
    if dtype.kind == "f" or not stored or spare <= 0 or (high is not None and high != stored - 1):
        return None
    return lambda array: np.right_shift(np.left_shift(array, spare), spare)


def _is_halved(record: dict[str, Any]) -> bool:
    return record.get("PhotometricInterpretation") == "YBR_FULL_422" and record.get("SamplesPerPixel") == 3


def _kind(record: dict[str, Any]) -> str:
    """What a DICOM object without pixels is."""
    uid = str(record.get("SOPClassUID"))
    known = next(
        (kind for start, kind in _KINDS.items() if uid.startswith(start)), "an object without an image"
    )
    return f"{known} (Modality {record.get('Modality')}, SOP class {uid})"
