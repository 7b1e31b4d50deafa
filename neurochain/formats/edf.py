"""EdfReader: EDF, EDF+, BDF and BDF+ recordings."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.edf_header import EdfHeader, EdfRecord, EdfSignal, header_bytes, is_edf, parse
from neurochain.formats.reader import FileHeader
from neurochain.formats.recording import Recording
from neurochain.formats.slicing import Blocks, gather
from neurochain.formats.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["EdfReader"]


class EdfReader:
    """Reader of EDF and BDF files, the plus forms too. Annotations are counted, not read."""

    name = "edf"
    formats = ("edf", "bdf")
    array: Literal["volume", "recording"] = "recording"
    record = EdfRecord
    suffixes = (".edf", ".bdf")  # .rec is also the pixels of a Philips PAR; content tells
    head_size = 4096  # the header of 15 signals; the rest is fetched to the byte
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the file begins as EDF or BDF files do."""
        return is_edf(head)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header of an EDF or BDF file, and whether the file is long enough for its data records."""
        header: dict[str, Any] = {"format": "bdf" if head[:1] == b"\xff" else "edf"}
        try:
            found = _parsed(file, head)
        except FormatError as error:
            return FileHeader({**header, "error": str(error)})
        n_records = found.counted(file.size)
        channels = found.channels
        rates = {found.frequency(s) for s in channels}
        samples = {s.samples for s in channels}
        header["n_channels"] = len(channels)
        header["duration"] = n_records * found.record_duration
        header["start_time"] = found.start_time
        header["dtype"] = "int24" if found.sample_bytes == 3 else "int16"
        if len(samples) == 1:
            header["sampling_frequency"] = rates.pop() or None
            header["n_samples"] = n_records * samples.pop()
            header["shape"] = [len(channels), header["n_samples"]]
        problem = found.problem or _length_problem(found, n_records, file.size)
        if problem is not None:
            header["error"] = problem
        return FileHeader(header, "edf", _record(found, n_records))

    def identifiers(self, file: File) -> dict[str, str]:
        """The two lines of text that identify the patient and the recording, as they stand."""
        head = file.read_range(0, 168).decode("latin-1")
        texts = {
            "patient_identification": head[8:88].strip(),
            "recording_identification": head[88:168].strip(),
        }
        return {name: text for name, text in texts.items() if text.strip("X ")}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """EDF files hold recordings."""
        raise FormatError(f"{file.uri} is an EDF file, not a volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Channels over time in physical units, read by range."""
        try:
            found = _parsed(file, file.read_range(0, self.head_size))
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        n_records = found.counted(file.size)
        problem = found.problem or _length_problem(found, n_records, file.size)
        if problem is not None:
            raise FormatError(f"{file.uri}: {problem}.")
        channels = found.channels
        return Recording(
            file,
            "bdf" if found.sample_bytes == 3 else "edf",
            self.recording,
            EdfSamples(file, found),
            channels=tuple(s.label for s in channels),
            units=tuple(s.unit for s in channels),
            sampling_frequencies=tuple(found.frequency(s) for s in channels),
            lengths=tuple(s.samples * n_records for s in channels),
            gains=np.array([s.gain for s in channels], np.float64),
            offsets=np.array([s.shift for s in channels], np.float64),
            start_time=found.start_time,
            duration=n_records * found.record_duration,
            discontinuous=found.version.endswith("D"),
        )


class EdfSamples:
    """Stored samples: in each data record the channels stand one after the other."""

    def __init__(self, file: File, header: EdfHeader) -> None:
        self._file = file
        self._header = header
        self.dtype = np.dtype(np.int16 if header.sample_bytes == 2 else np.int32)

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels that have the same number of samples in a record."""
        signals = [self._header.channels[i] for i in channels]
        out = np.empty((len(channels), max(end - start, 0)), self.dtype)
        if not out.size:
            return out
        per_record = signals[0].samples
        first, last = start // per_record, (end - 1) // per_record
        # Records that are wanted in part stand at the ends; those between them are alike.
        middle = (first + (start % per_record > 0), last + (end % per_record == 0))
        pieces = [(first, first + 1, start % per_record, min(end - first * per_record, per_record))]
        if middle[0] == first:
            pieces = []
        if middle[0] < middle[1]:
            pieces.append((*middle, 0, per_record))
        if middle[1] == last and (last > first or not pieces):
            pieces.append((last, last + 1, max(start - last * per_record, 0), end - last * per_record))
        for r0, r1, s0, s1 in pieces:
            at = r0 * per_record + s0 - start
            n = (r1 - r0) * (s1 - s0)
            out[:, at : at + n] = self._block(signals, r0, r1, s0, s1)
        return out

    def _block(self, signals: list[EdfSignal], r0: int, r1: int, s0: int, s1: int) -> np.ndarray[Any, Any]:
        """Samples [s0, s1) of each data record [r0, r1), shape (n_channels, n)."""
        width, header = self._header.sample_bytes, self._header
        order = np.argsort([s.offset for s in signals], kind="stable")
        offsets = np.array([signals[i].offset for i in order], np.int64) + s0
        starts = np.arange(r0, r1, dtype=np.int64)[:, None] * header.record_bytes + offsets * width
        n = s1 - s0
        blocks = Blocks(starts.reshape(-1), n * width, (n, width), (width, 1))
        data = gather(self._file, header.header_bytes, blocks, np.dtype(np.uint8))
        values = _integers(data, width).reshape(r1 - r0, len(signals), n).transpose(1, 0, 2)
        return values[np.argsort(order)].reshape(len(signals), -1)


def _integers(data: np.ndarray[Any, Any], width: int) -> np.ndarray[Any, Any]:
    """Little-endian integers of 2 or 3 bytes, from an array of bytes whose last axis is `width` long."""
    if width == 2:
        return data.view("<i2")[..., 0].astype(np.int16, copy=False)
    wide = np.zeros((*data.shape[:-1], 4), np.uint8)
    wide[..., 1:] = data
    # The three bytes stand high, so the shift carries the sign down.
    return wide.view("<i4")[..., 0].astype(np.int32, copy=False) >> 8


def _parsed(file: File, head: bytes) -> EdfHeader:
    size = header_bytes(head)
    if size > len(head):
        head += file.read_range(len(head), size)
    return parse(head)


def _length_problem(header: EdfHeader, n_records: int, size: int) -> str | None:
    """What is missing at the end of the file."""
    end = header.header_bytes + n_records * header.record_bytes
    if end <= size:
        return None
    return (
        f"the file is cut short: its header says {n_records:,} data records of {header.record_bytes:,} bytes, up to "
        f"byte {end:,}, and the file ends at byte {size:,}"
    )


def _record(header: EdfHeader, n_records: int) -> dict[str, Any]:
    """Fields of `EdfRecord`."""
    channels = header.channels
    return {
        "version": header.version,
        "header_bytes": header.header_bytes,
        "n_records": n_records,
        "record_duration": header.record_duration,
        "record_bytes": header.record_bytes,
        "n_signals": header.n_signals,
        "n_annotation_signals": header.n_signals - len(channels),
        "discontinuous": header.version.endswith("D"),
        "labels": [s.label for s in channels],
        "transducers": [s.transducer for s in channels],
        "units": [s.unit for s in channels],
        "prefiltering": [s.prefiltering for s in channels],
        "sampling_frequencies": [header.frequency(s) for s in channels],
        "samples_per_record": [s.samples for s in channels],
        "physical_min": [s.physical_min for s in channels],
        "physical_max": [s.physical_max for s in channels],
        "digital_min": [s.digital_min for s in channels],
        "digital_max": [s.digital_max for s in channels],
    }
