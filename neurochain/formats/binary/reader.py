"""BinaryReader: raw samples, described beside or by the caller."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.binary.described import ENDINGS, described
from neurochain.formats.binary.layout import BinaryLayout
from neurochain.formats.header import column
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo

__all__ = ["BinaryReader", "open_binary"]

SUFFIXES = (".dat", ".bin", ".raw")


class BinaryRecord(BaseModel):
    """How raw samples lie; lists have one entry per channel."""

    model_config = ConfigDict(extra="forbid", strict=True)

    described_by: str | None = column("Name of the file beside that says so")
    labels: list[str] | None = column("Of the channels")
    gains: list[float] | None = column("Physical value of one stored step")
    offsets: list[float] | None = column("Physical value of a stored 0")
    unit: str | None = column("Of the physical values; null where nobody says")
    first_byte: int | None = column("At which the first sample begins")


class BinaryReader:
    """Reader of raw samples beside which a file says how they lie; without one they are of no known format."""

    name = "binary"
    formats = ("binary",)
    array: Literal["volume", "recording"] = "recording"
    record = BinaryRecord
    suffixes: tuple[str, ...] = ()  # what these endings have may be of any format: content is looked at first
    head_size = 0  # samples begin with anything
    companions: Mapping[str, tuple[str, ...]] = dict.fromkeys(SUFFIXES, ENDINGS)

    def matches(self, head: bytes, name: str) -> bool:
        """Whether the name has an ending that raw samples have."""
        return name.lower().endswith(SUFFIXES)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """What lies beside the file says of it; nothing, where nothing does."""
        found = described(file)
        if found is None:
            return FileHeader()
        layout, by = found
        header: dict[str, Any] = {
            "format": "binary",
            "dtype": np.dtype(layout.dtype).name,
            "n_channels": layout.n_channels,
            "sampling_frequency": layout.sampling_frequency,
        }
        try:
            n_samples = header["n_samples"] = layout.samples(file.size)
            header["shape"] = [layout.n_channels, n_samples]
            header["duration"] = n_samples / layout.sampling_frequency
        except FormatError as error:
            header["error"] = f"{error} ({by} beside it)"
        record = {
            "described_by": by,
            "labels": list(layout.labels),
            "gains": list(layout.gains),
            "offsets": list(layout.offsets),
            "unit": layout.unit or None,
            "first_byte": layout.first_byte,
        }
        return FileHeader(header, "binary", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Raw samples are recordings."""
        raise FormatError(f"{file.uri} holds raw samples, no volume: open it as a recording.")

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """Channels over time."""
        try:
            found = described(file)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        if found is None:
            raise FormatError(
                f"{file.uri} holds raw samples, and nothing says how they lie. Say it: nc.open(path, channels=384, "
                "sampling_frequency=30000, dtype='int16'); or write these into a .json of the same name beside it."
            )
        return open_binary(found[0], file)


def open_binary(layout: BinaryLayout, file: File) -> Recording:
    """Raw samples as a recording.

    Parameters
    ----------
    layout : BinaryLayout
        How they lie.
    file : File
        That holds them.

    Raises
    ------
    FormatError
        They do not fit the file's size.
    """
    try:
        n_samples = layout.samples(file.size)
    except FormatError as error:
        raise FormatError(f"{file.uri}: {error}.") from None
    count, rate = layout.n_channels, layout.sampling_frequency
    block = np.array([layout.first_byte], np.int64), np.array([n_samples], np.int64)
    return Recording(
        file,
        "binary",
        partial(open_binary, layout),
        Interleaved(file, *block, count, np.dtype(layout.dtype)),
        channels=layout.labels,
        units=(layout.unit,) * count,
        sampling_frequencies=(rate,) * count,
        lengths=(n_samples,) * count,
        gains=np.array(layout.gains, np.float64),
        offsets=np.array(layout.offsets, np.float64),
        start_time=None,
        duration=n_samples / rate,
    )
