"""NwbReader: Neurodata Without Borders, by way of h5py, which is an extra; samples by range, without it."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Literal

import numpy as np

from neurochain.errors import ColumnNotFoundError, FormatError
from neurochain.formats.hdf5.dataset import Dataset
from neurochain.formats.hdf5.opened import MARK, look
from neurochain.formats.nwb.found import EXTRA, NAME, Found
from neurochain.formats.nwb.header import NwbRecord, identifiers_in, parse
from neurochain.formats.nwb.times import Times
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.arrayed import ArraySamples
from neurochain.formats.recordings.interleaved import Interleaved
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.recordings.samples import Samples
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["NwbReader"]

AXES = ("t", "x", "y", "z")


class NwbReader:
    """Reader of NWB files."""

    name = "nwb"
    formats = ("nwb",)
    array: Literal["volume", "recording"] = "recording"
    record = NwbRecord
    suffixes = (".nwb",)
    head_size = 64 * 1024
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether it is an HDF5 file with the name of NWB's."""
        return head.startswith(MARK) and name.lower().endswith(self.suffixes)

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """What it says of the session, the series and the tables; the header's own fields are those of the one series."""
        found = look(file, parse, NAME, extra=EXTRA)
        header: dict[str, Any] = {"format": "nwb", "start_time": found.start_time, "error": found.problem}
        one = found.chosen()
        if one is not None and one.n_samples:
            header |= {
                "dtype": np.dtype(one.dtype).name,
                "shape": [one.n_channels, one.n_samples],
                "n_channels": one.n_channels,
                "n_samples": one.n_samples,
                "sampling_frequency": one.rate,
                "duration": None if one.rate is None else one.n_samples / one.rate,
            }
        return FileHeader(header, "nwb", found.record)

    def identifiers(self, file: File) -> dict[str, str]:
        """Identifiers and free texts of the session and the subject."""
        return look(file, identifiers_in, NAME, extra=EXTRA)

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Images over time have a name: `part`."""
        raise FormatError(
            f"{file.uri} is an NWB file: open it as a recording, or images over time with nc.open(path, part=…)."
        )

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """The time series, where one can be meant."""
        found = self.part(None, file, memo)
        if not isinstance(found, Recording):
            raise FormatError(f"{file.uri} holds images over time: open them with nc.open(path, part=…).")
        return found

    def part(self, name: str | None, file: File, memo: Memo | None = None) -> Recording | Volume:
        """One of the time series, by its path or the last part of it.

        Raises
        ------
        ColumnNotFoundError
            There is none of this name; the message lists those that there are.
        FormatError
            There are several and no name is given, or it cannot be read.
        """
        memo = cache_memo() if memo is None else memo
        try:
            return self._opened(name, file, memo)
        except (FormatError, ColumnNotFoundError) as error:
            if str(error).startswith(file.uri):
                raise
            raise type(error)(f"{file.uri}: {error}{'' if str(error).endswith('.') else '.'}") from None

    def _opened(self, name: str | None, file: File, memo: Memo) -> Recording | Volume:
        found = Found.of(file, name, memo)
        holder, series, start_time = found.holder, found.series, found.start_time
        dataset = Dataset.at(holder, f"{series.path}/data", memo)
        if dataset.layout.shape != series.shape:
            raise FormatError(
                f"the data of {series.path} have two shapes: {series.shape}, {dataset.layout.shape}"
            )
        reopen = partial(self.part, name)
        if not series.is_recording:
            scaling = (
                None if series.gains == (1.0,) and not series.offset else (series.gains[0], series.offset)
            )
            axes = AXES[: len(series.shape)]
            return Volume(file, "nwb", reopen, dataset.array(), axes, scaling=scaling)  # type: ignore[arg-type]
        n, rate, start, segments = series.n_samples, series.rate, series.start, None
        if rate is None:
            path = f"{series.path}/timestamps"
            times = Times.of(holder, path, Dataset.at(holder, path, memo).array(), memo)
            rate, segments, start = times.rate, times.segments, times.segments[0][0]
        gaps = segments is not None and len(segments) > 1
        count = series.n_channels
        if start_time is not None:
            start_time += timedelta(seconds=start)
        return Recording(
            file,
            "nwb",
            reopen,  # type: ignore[arg-type]
            _samples(dataset, count),
            channels=series.labels,
            units=(series.unit,) * count,
            sampling_frequencies=(rate,) * count,
            lengths=(n,) * count,
            gains=np.broadcast_to(np.array(series.gains, np.float64), (count,)).copy(),
            offsets=np.full(count, series.offset),
            start_time=start_time,
            duration=n / rate,
            start=start,
            discontinuous=gaps,
            segments=(lambda: segments) if gaps and segments is not None else None,
        )


def _samples(dataset: Dataset, n_channels: int) -> Samples:
    """Samples of (times, channels), or of times alone."""
    layout = dataset.layout
    if layout.start is None:
        return ArraySamples(dataset.array(), 0)
    start, count = np.array([layout.start], np.int64), np.array([layout.shape[0]], np.int64)
    return Interleaved(dataset.file, start, count, n_channels, layout.dtype)
