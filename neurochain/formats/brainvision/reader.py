"""BrainVisionReader: a header (.vhdr), its samples (.eeg, .dat) and its markers (.vmrk)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import Blocks, gather
from neurochain.formats.brainvision.header import (
    FREE_TEXT,
    BrainVisionHeader,
    BrainVisionRecord,
    is_header,
    parse,
)
from neurochain.formats.brainvision.markers import annotations, new_segments, segments, start_time
from neurochain.formats.pairs import named_file
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.annotations import Annotation
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["BrainVisionReader"]

DATA = (".eeg", ".dat", ".avg", ".seg")
MARKERS = ".vmrk"
MARKER_HEAD = 4096  # bytes of the marker file: the date stands in its first marker
LARGEST_TEXT = 16 * 2**20  # bytes of a header or a marker file; thousands of markers take some 100 KB


class BrainVisionReader:
    """Reader of BrainVision recordings. The other two files lie beside the header, under the names that it says."""

    name = "brainvision"
    formats = ("brainvision",)
    array: Literal["volume", "recording"] = "recording"
    record = BrainVisionRecord
    suffixes = (".vhdr",)
    head_size = 16384  # some 200 channels; free text behind them is not read
    companions: Mapping[str, tuple[str, ...]] = {".vhdr": (*DATA, MARKERS)}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the file begins as BrainVision headers do."""
        return is_header(head, name)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header, and whether the data file is as long as it says; the date is that of the first marker."""
        text = _text(file, head)
        found = parse(text)
        header: dict[str, Any] = {
            "format": "brainvision",
            "dtype": np.dtype(found.dtype).name if found.dtype else None,
            "sampling_frequency": found.sampling_frequency or None,
            "n_channels": len(found.channels) or None,
        }
        length = len(text)
        try:
            _sound(found)
            data = _data(file, found)
            header["n_samples"] = data.n_samples
            header["shape"] = [len(found.channels), data.n_samples]
            header["duration"] = data.n_samples / found.sampling_frequency
            markers = _markers(file, found)
            if markers is not None:
                header["start_time"] = start_time(markers.read_range(0, MARKER_HEAD))
        except FormatError as error:
            header["error"] = str(error)
        return FileHeader(header, "brainvision", _record(file, found), length)

    def identifiers(self, file: File) -> dict[str, str]:
        """None: the header has no field for who was recorded."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """BrainVision files hold recordings."""
        raise FormatError(f"{file.uri} is a BrainVision file, not a volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Channels over time in physical units, read by range. The markers are read, for what they say of gaps."""
        try:
            found, data, marks = self._opened(file)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        channels, rate = found.channels, found.sampling_frequency
        times = None if found.segmented else segments(marks, data.n_samples, rate)

        def noted() -> list[Annotation]:
            try:
                return [Annotation(*one) for one in annotations(marks, rate, times)]
            except FormatError as error:
                raise FormatError(f"{file.uri}: {error}.") from None

        return Recording(
            file,
            "brainvision",
            self.recording,
            data.samples(found),
            channels=tuple(c.label for c in channels),
            units=tuple(c.unit for c in channels),
            sampling_frequencies=(found.sampling_frequency,) * len(channels),
            lengths=(data.n_samples,) * len(channels),
            gains=np.array([c.resolution for c in channels], np.float64),
            offsets=np.zeros(len(channels)),
            start_time=_start(marks),
            duration=data.n_samples / found.sampling_frequency,
            discontinuous=found.segmented or len(new_segments(marks)) > 1,
            annotations=noted,
            segments=None if times is None else lambda: times,
        )

    def _opened(self, file: File) -> tuple[BrainVisionHeader, "_Data", bytes]:
        """Header, samples, and all bytes of the marker file."""
        found = parse(_text(file, file.read_range(0, self.head_size)))
        _sound(found)
        data, markers = _data(file, found), _markers(file, found)
        return found, data, markers.read() if markers is not None else b""


@dataclass(frozen=True, slots=True)
class _Data:
    """Data file whose size is right."""

    file: File
    dtype: np.dtype[Any]
    n_samples: int

    def samples(self, header: BrainVisionHeader) -> "Interleaved | _Vectors":
        """As stored, in the order that the header says."""
        if header.orientation == "VECTORIZED":
            return _Vectors(self.file, self.n_samples, self.dtype)
        one = np.array([0], np.int64), np.array([self.n_samples], np.int64)
        return Interleaved(self.file, *one, len(header.channels), self.dtype)


class _Vectors:
    """Stored samples, each channel whole and the next one behind it: a range for each channel."""

    def __init__(self, file: File, n_samples: int, dtype: np.dtype[Any]) -> None:
        self._file, self._n_samples, self._stored = file, n_samples, dtype
        self.dtype = dtype.newbyteorder("=")

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels, shape (n_channels, end - start)."""
        size, n = self._stored.itemsize, max(end - start, 0)
        if not channels or not n:
            return np.empty((len(channels), n), self.dtype)
        asked, places = np.unique(np.array(channels, np.int64), return_inverse=True)
        starts = (asked * self._n_samples + start) * size
        return gather(self._file, 0, Blocks(starts, n * size, (n,), (size,)), self._stored)[places]

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Bytes that `read` pulls where bytes are saved."""
        return len(set(channels)) * max(end - start, 0) * self._stored.itemsize


def _text(file: File, head: bytes) -> bytes:
    """Bytes of a header as far as they say anything."""
    found = FREE_TEXT.search(head)
    if found is None and len(head) < file.size:
        if file.size > LARGEST_TEXT:
            raise FormatError(
                f"it has {file.size:,} bytes; the text of a BrainVision header has a few thousand"
            )
        head += file.read_range(len(head), file.size)
        found = FREE_TEXT.search(head)
    return head if found is None else head[: found.end()]


def _sound(header: BrainVisionHeader) -> None:
    if header.problem is not None:
        raise FormatError(header.problem)


def _data(file: File, header: BrainVisionHeader) -> _Data:
    """Data file beside a header.

    Raises
    ------
    FormatError
        There is none, or its size is not right.
    """
    named = _name(file, header.data_file)
    if named is None:
        raise FormatError("its header says no DataFile in [Common Infos]")
    data = named_file(file.beside, named)
    if data is None:
        raise FormatError(_absent(file, "DataFile", named, DATA))
    dtype = np.dtype(header.dtype)
    row = len(header.channels) * dtype.itemsize
    n_samples, rest = divmod(data.size, row)
    if rest or not n_samples:
        raise FormatError(
            f"{named} has {data.size:,} bytes, which are {n_samples:,} samples of {len(header.channels):,} channels x "
            f"{dtype.itemsize} bytes and {rest:,} bytes more: it is cut short, or belongs to another header"
        )
    if header.data_points not in (None, n_samples):
        raise FormatError(
            f"its header says {header.data_points:,} DataPoints, and {named} has {data.size:,} bytes, which are "
            f"{n_samples:,} samples of {len(header.channels):,} channels x {dtype.itemsize} bytes"
        )
    return _Data(data, dtype, n_samples)


def _markers(file: File, header: BrainVisionHeader) -> File | None:
    """Marker file beside a header; None where the header names none.

    Raises
    ------
    FormatError
        It is not there.
    """
    named = _name(file, header.marker_file)
    if named is None:
        return None
    found = named_file(file.beside, named)
    if found is None:
        raise FormatError(_absent(file, "MarkerFile", named, (MARKERS,)))
    if found.size > LARGEST_TEXT:
        raise FormatError(f"{named} has {found.size:,} bytes; marker files have at most {LARGEST_TEXT:,}")
    return found


def _start(marks: bytes) -> datetime | None:
    return start_time(marks[:MARKER_HEAD])


def _stem(file: File) -> str:
    return file.name.rpartition(".")[0] or file.name


def _name(file: File, stated: str | None) -> str | None:
    return stated.replace("$b", _stem(file)) if stated else None


def _absent(file: File, key: str, named: str, endings: tuple[str, ...]) -> str:
    """What is missing, and what lies there in its place."""
    text = f"its header says {key}={named[:200]}, and no such file lies beside it"
    own = [name for ending in endings if named_file(file.beside, name := _stem(file) + ending) is not None]
    if own:
        return (
            f"{text}; {own[0]} does. If that is the file that is meant, write {key}={own[0]} into the header"
        )
    return f"{text}. Put it there under that name"


def _record(file: File, header: BrainVisionHeader) -> dict[str, Any]:
    """Fields of `BrainVisionRecord`."""
    channels = header.channels
    return {
        "version": header.version,
        "codepage": header.codepage,
        "data_file": _name(file, header.data_file),
        "marker_file": _name(file, header.marker_file),
        "data_orientation": header.orientation,
        "binary_format": header.binary_format,
        "sampling_interval": header.sampling_interval or None,
        "data_points": header.data_points,
        "segmentation": header.segmentation,
        "segment_data_points": header.segment_data_points,
        "averaged": header.averaged,
        "labels": [c.label for c in channels],
        "references": [c.reference for c in channels],
        "units": [c.unit for c in channels],
        "resolutions": [c.resolution for c in channels],
    }
