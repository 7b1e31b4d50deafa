"""EdfReader: EDF, EDF+, BDF and BDF+ recordings."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.edf.annotations import EdfAnnotations
from neurochain.formats.edf.gaps import EdfGaps
from neurochain.formats.edf.header import EdfHeader, EdfRecord, header_bytes, is_edf, parse
from neurochain.formats.edf.samples import EdfSamples
from neurochain.formats.edf.signals import EdfSignal
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["EdfReader"]


class EdfReader:
    """Reader of EDF and BDF files, the plus forms too. Annotations are read when a recording is asked for them."""

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
        samples = {s.samples for s in channels}
        header["n_channels"] = len(channels)
        header["duration"] = n_records * found.record_duration
        header["start_time"] = found.start_time
        header["dtype"] = "int24" if found.sample_bytes == 3 else "int16"
        if len(samples) == 1:
            header["sampling_frequency"] = found.frequency(channels[0]) or None
            header["n_samples"] = n_records * samples.pop()
            header["shape"] = [len(channels), header["n_samples"]]
        problem = found.problem or _length_problem(found, n_records, file.size) or found.scale_problem
        if problem is not None:
            header["error"] = problem
        return FileHeader(header, "edf", _record(found, n_records), found.header_bytes)

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
        """Channels over time in physical units, read by range.

        Of a channel whose scale cannot be, only `Recording.stored` is read; the others are as any.
        """
        try:
            found = _parsed(file, file.read_range(0, self.head_size))
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        n_records = found.counted(file.size)
        problem = found.problem or _length_problem(found, n_records, file.size)
        if problem is not None:
            raise FormatError(f"{file.uri}: {problem}.")
        channels = found.channels
        discontinuous = found.version.endswith("D")
        gaps = EdfGaps(file, found, n_records, lambda: cache_memo() if memo is None else memo)
        noted = EdfAnnotations(file, found, n_records) if found.annotations else None
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
            discontinuous=discontinuous,
            annotations=noted.read if noted is not None else None,
            segments=gaps.segments if discontinuous else None,
            delay=noted.delay if noted is not None else None,
        )


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
    columns = [list(values) for values in zip(*channels, strict=True)] or [[] for _ in EdfSignal._fields]
    of: dict[str, list[Any]] = dict(zip(EdfSignal._fields, columns, strict=True))
    alike = {s.samples: s for s in channels}
    frequencies = {n: header.frequency(s) for n, s in alike.items()}
    return {
        "version": header.version,
        "header_bytes": header.header_bytes,
        "n_records": n_records,
        "record_duration": header.record_duration,
        "record_bytes": header.record_bytes,
        "n_signals": header.n_signals,
        "n_annotation_signals": header.n_signals - len(channels),
        "discontinuous": header.version.endswith("D"),
        "labels": of["label"],
        "transducers": of["transducer"],
        "units": of["unit"],
        "prefiltering": of["prefiltering"],
        "sampling_frequencies": [frequencies[n] for n in of["samples"]],
        "samples_per_record": of["samples"],
        "physical_min": of["physical_min"],
        "physical_max": of["physical_max"],
        "digital_min": of["digital_min"],
        "digital_max": of["digital_max"],
    }
