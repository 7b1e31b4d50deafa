"""OpenEphysReader: streams of channels in Open Ephys' binary format, described by ``structure.oebin``.

Source: https://open-ephys.github.io/gui-docs/User-Manual/Recording-data/Binary-format.html
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.header import column
from neurochain.formats.openephys.lines import FILES, annotations, line_folders
from neurochain.formats.openephys.numbers import SampleNumbers
from neurochain.formats.openephys.stretches import stretches
from neurochain.formats.pairs import named_file
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.annotations import Annotation
from neurochain.formats.recordings.gaps import Segments
from neurochain.formats.recordings.interleaved import Interleaved, in_samples
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["OpenEphysReader"]

DTYPE = np.dtype("<i2")
LARGEST_TEXT = 64 * 2**20  # bytes; thousands of channels take one or two million
NUMBERS = ("sample_numbers.npy", "timestamps.npy")  # of GUI 0.6 and later, and before
UNITS = {"uV": "uV", "mV": "mV", "V": "V", "µV": "uV", "μV": "uV"}


class OpenEphysRecord(BaseModel):
    """Fields of ``structure.oebin``; lists have one entry per stream."""

    model_config = ConfigDict(extra="forbid", strict=True)

    gui_version: str | None = column("Of Open Ephys")
    streams: list[str] | None = column("Names of the streams")
    stream_frequencies: list[float] | None = column("Of the streams", "Hz")
    channel_counts: list[int] | None = column("Of the streams")
    sample_counts: list[int] | None = column(
        "Of each channel of the streams; 0 where the samples are not there"
    )


@dataclass(frozen=True)
class _Stream:
    name: str
    folder: str
    rate: float
    labels: tuple[str, ...]
    steps: tuple[float, ...]
    units: tuple[str, ...]
    lines: tuple[str, ...] = ()


class OpenEphysReader:
    """Reader of Open Ephys' binary format. The samples lie in folders beside ``structure.oebin``."""

    name = "openephys"
    formats = ("openephys",)
    array: Literal["volume", "recording"] = "recording"
    record = OpenEphysRecord
    suffixes = (".oebin",)
    head_size = 64 * 1024
    companions: Mapping[str, tuple[str, ...]] = {
        ".oebin": (
            *(f"continuous/*/{name}" for name in ("continuous.dat", *NUMBERS)),
            *(f"events/*/*/{name}" for name in FILES),
        )
    }

    def matches(self, head: bytes, name: str) -> bool:
        """Whether it has the name of such files, and may be JSON."""
        return name.lower().endswith(self.suffixes) and head.lstrip()[:1] == b"{"

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """What it says of its streams, and how many samples they have; the header's own fields where there is one."""
        version, streams = _parse(file, head)
        counts, problem = [], None
        for stream in streams:
            try:
                counts.append(_samples(file, stream)[1])
            except FormatError as error:
                counts.append(0)
                problem = problem or str(error)
        header: dict[str, Any] = {"format": "openephys", "dtype": DTYPE.name, "error": problem}
        if len(streams) == 1 and problem is None:
            stream, count = streams[0], counts[0]
            header |= {
                "shape": [len(stream.labels), count],
                "sampling_frequency": stream.rate,
                "n_channels": len(stream.labels),
                "n_samples": count,
                "duration": count / stream.rate,
            }
        record = {
            "gui_version": version,
            "streams": [s.name for s in streams],
            "stream_frequencies": [s.rate for s in streams],
            "channel_counts": [len(s.labels) for s in streams],
            "sample_counts": counts,
        }
        return FileHeader(header, "openephys", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """It describes recordings."""
        raise FormatError(f"{file.uri} describes recordings, no volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """The stream, where there is one."""
        return self.part(None, file, memo)

    def part(self, name: str | None, file: File, memo: Memo | None = None) -> Recording:
        """One of its streams, by name.

        Raises
        ------
        FormatError
            There is none of this name, or there are several and no name is given; the message lists them.
        """
        try:
            _, streams = _parse(file, file.read_range(0, self.head_size))
            stream = _chosen(streams, name)
            data, n_samples = _samples(file, stream)
            numbers = _numbers(file, stream, n_samples)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        count, rate = len(stream.labels), stream.rate
        gapless = numbers is None or numbers.is_gapless

        def found() -> Segments:
            assert numbers is not None
            return stretches(*numbers.blocks(), rate)

        def noted() -> tuple[Annotation, ...]:
            try:
                return annotations(file, stream.lines, numbers[0] if numbers is not None else 0, rate)
            except FormatError as error:
                raise FormatError(f"{file.uri}: {error}.") from None

        block = np.array([0], np.int64), np.array([n_samples], np.int64)
        return Recording(
            file,
            "openephys",
            partial(self.part, name),
            Interleaved(data, *block, count, DTYPE),
            channels=stream.labels,
            units=stream.units,
            sampling_frequencies=(rate,) * count,
            lengths=(n_samples,) * count,
            gains=np.array(stream.steps, np.float64),
            offsets=np.zeros(count),
            start_time=None,
            duration=n_samples / rate,
            discontinuous=not gapless,
            segments=None if gapless else found,
            annotations=noted if stream.lines and numbers is not None else None,
        )


def _chosen(streams: list[_Stream], name: str | None) -> _Stream:
    names = ", ".join(repr(s.name) for s in streams) or "none"
    if name is None:
        if len(streams) != 1:
            raise FormatError(f"it has {len(streams)} streams: {names}. Say which: nc.open(path, part=…)")
        return streams[0]
    for stream in streams:
        if name in (stream.name, stream.folder):
            return stream
    raise FormatError(f"it has no stream {name!r}; there are {names}")


def _samples(file: File, stream: _Stream) -> tuple[File, int]:
    """The file of a stream's samples, and how many of each channel it holds."""
    place = f"continuous/{stream.folder}/continuous.dat"
    data = named_file(file.below, place)
    if data is None:
        raise FormatError(f"there is no {place} beside it")
    n_samples, rest, said = in_samples(data.size, len(stream.labels), DTYPE)
    if rest or not n_samples:
        raise FormatError(
            f"{place} has {data.size:,} bytes, which are {said}: it is cut short, or belongs to another structure.oebin"
        )
    return data, n_samples


def _numbers(file: File, stream: _Stream, n_samples: int) -> SampleNumbers | None:
    """Numbers of a stream's samples; None where there are none."""
    for name in NUMBERS:
        place = named_file(file.below, f"continuous/{stream.folder}/{name}")
        found = SampleNumbers.of(place) if place is not None else None
        if found is None:
            continue
        if found.count != n_samples:
            raise FormatError(f"{name} has {found.count:,} numbers, and there are {n_samples:,} samples")
        return found
    return None


def _parse(file: File, head: bytes) -> tuple[str | None, list[_Stream]]:
    if file.size > LARGEST_TEXT:
        raise FormatError(f"it has {file.size:,} bytes; a structure.oebin has some thousands")
    try:
        said = json.loads(head + file.read_range(len(head), file.size))
    except UnicodeDecodeError as error:
        raise FormatError(f"it is no JSON: byte {error.start:,} is not of UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"it is no JSON: {error}") from None
    listed = said.get("continuous") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise FormatError("it does not list streams under 'continuous'")
    version = said.get("GUI version")
    streams = [_stream(one, i) for i, one in enumerate(listed)]
    streams = [replace(s, lines=tuple(line_folders(said.get("events"), s.folder))) for s in streams]
    return version if isinstance(version, str) else None, streams


def _stream(said: Any, index: int) -> _Stream:
    folder = said.get("folder_name") if isinstance(said, dict) else None
    if not isinstance(folder, str) or not folder.strip("/"):
        raise FormatError(f"stream {index} has no folder_name")
    folder = folder.strip("/")
    rate, channels = _finite(said.get("sample_rate")), said.get("channels")
    if not rate > 0:
        raise FormatError(f"stream {folder!r} has no sample_rate")
    if not isinstance(channels, list) or not channels or not all(isinstance(c, dict) for c in channels):
        raise FormatError(f"stream {folder!r} lists no channels")
    if said.get("num_channels", len(channels)) != len(channels):
        raise FormatError(
            f"stream {folder!r} lists {len(channels):,} channels, and num_channels is {said['num_channels']!r}"
        )
    labels = tuple(str(c.get("channel_name", f"CH{i + 1}")) for i, c in enumerate(channels))
    units = tuple(_unit(c, label) for c, label in zip(channels, labels, strict=True))
    name = str(said.get("stream_name") or folder)
    return _Stream(name, folder, rate, labels, tuple(_finite(c.get("bit_volts")) for c in channels), units)


def _unit(channel: Mapping[str, Any], label: str) -> str:
    """As it says; before 0.6 it does not, and headstage channels are in uV, others in V."""
    said = UNITS.get(str(channel.get("units", "")))
    return said or ("V" if label.upper().startswith(("ADC", "AUX")) else "uV")


def _finite(value: Any) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known else math.nan
