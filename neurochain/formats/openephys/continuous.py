"""ContinuousReader: one channel in blocks of 1,024 samples, as Open Ephys wrote them before its binary format.

Source: https://open-ephys.github.io/gui-docs/User-Manual/Recording-data/Open-Ephys-format.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import Blocks, gather
from neurochain.formats.header import column
from neurochain.formats.openephys.stretches import Integers, stretches
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.gaps import Segments
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["ContinuousReader"]

HEAD = 1024  # bytes of the header
SAMPLES = 1024  # of a block
FRONT, BACK = (
    12,
    10,
)  # bytes of a block in front of its samples (number of the first, how many, recording), and behind them
BLOCK = FRONT + 2 * SAMPLES + BACK
DTYPE = np.dtype(">i2")
_MARK = b"header.format = 'Open Ephys Data Format'"
_LINE = re.compile(r"header\.(\w{1,30}) = ('[^']*'|[^;]*);")
_DATES = ("%d-%b-%Y %H%M%S", "%d-%b-%Y %H:%M:%S")


class ContinuousRecord(BaseModel):
    """Fields of the header of a ``.continuous`` file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: str | None = column("Of the format")
    channel: str | None = column('Label of the channel: "CH1", "ADC3"')
    bit_volts: float | None = column(
        "Physical value of one stored step; uV of headstage channels, V of others"
    )
    start_sample: int | None = column("Number of the first sample since acquisition began")


@dataclass(frozen=True)
class _Head:
    version: str
    label: str
    rate: float
    step: float
    start_time: datetime | None


class ContinuousReader:
    """Reader of ``.continuous`` files: one channel each."""

    name = "openephys_legacy"
    formats = ("openephys_legacy",)
    array: Literal["volume", "recording"] = "recording"
    record = ContinuousRecord
    suffixes = (".continuous",)
    head_size = HEAD + 8
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether it begins as such files do."""
        return head.startswith(_MARK)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header, and the number of the first sample."""
        said = _parse(head)
        record: dict[str, Any] = {"version": said.version, "channel": said.label, "bit_volts": said.step}
        header: dict[str, Any] = {
            "format": "openephys_legacy",
            "dtype": "int16",
            "n_channels": 1,
            "sampling_frequency": said.rate,
            "start_time": said.start_time,
        }
        try:
            blocks = _blocks(file)
            header["n_samples"] = blocks * SAMPLES
            header["shape"] = [1, blocks * SAMPLES]
            header["duration"] = blocks * SAMPLES / said.rate
            record["start_sample"] = int.from_bytes(head[HEAD : HEAD + 8], "little", signed=True)
        except FormatError as error:
            header["error"] = str(error)
        return FileHeader(header, "openephys_legacy", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """It holds a recording."""
        raise FormatError(f"{file.uri} is an Open Ephys file, not a volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """One channel over time; the numbers of the first and the last block tell whether there are gaps."""
        try:
            said, blocks = _parse(file.read_range(0, HEAD)), _blocks(file)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        starts = HEAD + FRONT + BLOCK * np.arange(blocks, dtype=np.int64)
        counts = np.full(blocks, SAMPLES, np.int64)
        first, last = (_numbers(file, np.array([i])) for i in (0, blocks - 1))
        gapless = int(last[0] - first[0]) == (blocks - 1) * SAMPLES

        def found() -> Segments:
            return stretches(_numbers(file, np.arange(blocks)), SAMPLES, said.rate)

        return Recording(
            file,
            "openephys_legacy",
            self.recording,
            Interleaved(file, starts, counts, 1, DTYPE),
            channels=(said.label,),
            units=("uV" if said.label.upper().startswith("CH") else "V",),
            sampling_frequencies=(said.rate,),
            lengths=(blocks * SAMPLES,),
            gains=np.array([said.step]),
            offsets=np.zeros(1),
            start_time=said.start_time,
            duration=blocks * SAMPLES / said.rate,
            discontinuous=not gapless,
            segments=None if gapless else found,
        )


def _numbers(file: File, blocks: Integers) -> Integers:
    """Numbers of the first samples of some blocks."""
    where = Blocks(HEAD + BLOCK * blocks, 8, (1,), (8,))
    found: Integers = gather(file, 0, where, np.dtype("<i8"))[:, 0]
    return found


def _blocks(file: File) -> int:
    blocks, rest = divmod(file.size - HEAD, BLOCK)
    if blocks <= 0 or rest:
        raise FormatError(
            f"it has {max(file.size - HEAD, 0):,} bytes behind its header, which are {max(blocks, 0):,} blocks of {BLOCK:,} "
            f"bytes and {max(rest, 0) if blocks >= 0 else 0:,} bytes more: it is cut short"
        )
    return blocks


def _parse(head: bytes) -> _Head:
    values = {key: value.strip("'").strip() for key, value in _LINE.findall(head[:HEAD].decode("latin-1"))}
    version = values.get("version", "")
    if _number(values, "version") < 0.2:
        raise FormatError(
            f"it is of version {version or 'unknown'} of the format, whose blocks lie otherwise; known are 0.2 and 0.4"
        )
    if int(_number(values, "header_bytes")) != HEAD or int(_number(values, "blockLength")) != SAMPLES:
        raise FormatError(f"its header says other lengths than {HEAD} bytes and {SAMPLES} samples of a block")
    rate = _number(values, "sampleRate")
    if not rate > 0:
        raise FormatError("its header says no sampling frequency (sampleRate)")
    return _Head(
        version,
        values.get("channel", ""),
        rate,
        _number(values, "bitVolts"),
        _date(values.get("date_created", "")),
    )


def _number(values: Mapping[str, str], key: str) -> float:
    try:
        number = float(values[key])
    except (KeyError, ValueError):
        raise FormatError(f"its header says no {key}") from None
    if not np.isfinite(number):
        raise FormatError(f"its header says {key} = {values[key][:40]}")
    return number


def _date(text: str) -> datetime | None:
    for form in _DATES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
