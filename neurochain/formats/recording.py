"""Recording: a lazy array of channels over time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from neurochain.errors import ColumnNotFoundError, ShapeError, suggestion
from neurochain.formats.slicing import Axis, Index, normalise
from neurochain.storage import File

__all__ = ["Recording", "Samples"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Samples(Protocol):
    """Stored samples of a recording."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what `read` gives."""
        ...

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels of one rate, shape (n_channels, end - start), own memory."""
        ...


class Recording:
    """Channels over time, read as they are sliced: ``recording[channel, sample]``.

    Made by `open_recording`. Values are physical, float64, each channel in its own unit; `stored` gives the
    numbers of the file. Channels whose sampling frequencies differ have no common array: read them one by one
    with `channel`. Pickles as its file and opens again where it arrives.

    Attributes
    ----------
    file : File
        Where the samples lie.
    format : str
        As in `header.format`.
    channels : tuple of str
        Labels, annotation signals left out.
    units : tuple of str
        Of each channel; empty text where the file does not say.
    sampling_frequencies : tuple of float, Hz
        Of each channel.
    lengths : tuple of int
        Samples of each channel.
    gains, offsets : ndarray, shape (n_channels,), float64
        ``physical = stored * gain + offset``.
    start_time : datetime or None
        Local time of the first sample, without time zone.
    duration : float, seconds
        Of what was recorded, gaps left out.
    discontinuous : bool
        Whether there are gaps; samples then follow each other without them.

    Examples
    --------
    >>> recording = open_recording(File.at("night.edf"))      # doctest: +SKIP
    >>> recording[0, :1000].std()                             # doctest: +SKIP
    """

    def __init__(
        self,
        file: File,
        format: str,
        reopen: "Callable[[File], Recording]",
        samples: Samples,
        *,
        channels: tuple[str, ...],
        units: tuple[str, ...],
        sampling_frequencies: tuple[float, ...],
        lengths: tuple[int, ...],
        gains: Floats,
        offsets: Floats,
        start_time: datetime | None,
        duration: float,
        discontinuous: bool = False,
        stored: bool = False,
    ) -> None:
        self.file = file
        self.format = format
        self.channels = channels
        self.units = units
        self.sampling_frequencies = sampling_frequencies
        self.lengths = lengths
        self.gains = gains
        self.offsets = offsets
        self.start_time = start_time
        self.duration = duration
        self.discontinuous = discontinuous
        self._reopen = reopen
        self._samples = samples
        self._is_stored = stored

    @property
    def sampling_frequency(self) -> float:
        """Of all channels, Hz.

        Raises
        ------
        ShapeError
            They differ.
        """
        self._one_rate()
        return self.sampling_frequencies[0]

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        """
        self._one_rate()
        return len(self.channels), self.lengths[0]

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    @property
    def axes(self) -> tuple[str, str]:
        """Names of the axes."""
        return "channel", "sample"

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what a slice gives."""
        return self._samples.dtype if self._is_stored else np.dtype(np.float64)

    @property
    def stored(self) -> "Recording":
        """The same recording in the numbers of the file."""
        return Recording(
            self.file,
            self.format,
            self._reopen,
            self._samples,
            channels=self.channels,
            units=self.units,
            sampling_frequencies=self.sampling_frequencies,
            lengths=self.lengths,
            gains=self.gains,
            offsets=self.offsets,
            start_time=self.start_time,
            duration=self.duration,
            discontinuous=self.discontinuous,
            stored=True,
        )

    def channel(self, name: str | int, start: int = 0, end: int | None = None) -> np.ndarray[Any, Any]:
        """Samples [start, end) of one channel, whatever the rates of the others.

        Parameters
        ----------
        name : str or int
            Label, or index.
        start, end : int
            Samples; negative ones count from the end. All by default.

        Returns
        -------
        ndarray, shape (n_samples,), float64, in the channel's unit

        Raises
        ------
        ColumnNotFoundError
            No channel, or more than one, has this label.
        """
        index = self._index(name) if isinstance(name, str) else range(len(self.channels))[name]
        first, last, _ = slice(start, end).indices(self.lengths[index])
        samples: np.ndarray[Any, Any] = self._read([index], first, max(first, last))[0]
        return samples

    def __getitem__(self, index: Index) -> Any:
        """Read a slice; one entry is a NumPy scalar.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        IndexError
            Out of bounds, or no integer, slice or ``...``.
        FormatError
            The file does not hold what its header promises.
        """
        row, column = normalise(index, self.shape, "recording")
        channels = list(range(row.start, row.start + row.count * row.step, row.step))[: row.count]
        end = column.start + (column.count - 1) * column.step + 1 if column.count else column.start
        array = self._read(channels, column.start, end)[:, :: column.step]
        return _turned(array, row, column)

    def read(self) -> np.ndarray[Any, Any]:
        """All values, in memory of their own.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        """
        return np.asarray(self[...])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("np.asarray(recording, copy=False): a lazy recording has no memory to share.")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __len__(self) -> int:
        return len(self.channels)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self._reopen, self.file, self._is_stored)

    def __repr__(self) -> str:
        rates = sorted(set(self.sampling_frequencies))
        hz = f"{rates[0]:g} Hz" if len(rates) == 1 else f"{len(rates)} rates"
        gaps = ", with gaps" if self.discontinuous else ""
        return f"<Recording {self.file.name} ({len(self.channels)} channels, {self.duration:g} s) {hz}{gaps}>"

    def _read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        array = self._samples.read(channels, start, end)
        if self._is_stored:
            return array
        return array * self.gains[channels, None] + self.offsets[channels, None]

    def _index(self, name: str) -> int:
        if self.channels.count(name) == 1:
            return self.channels.index(name)
        if name in self.channels:
            at = [i for i, c in enumerate(self.channels) if c == name]
            raise ColumnNotFoundError(
                f"{self.file.uri} has several channels {name!r}: use one of the indices {at}."
            )
        raise ColumnNotFoundError(
            f"{self.file.uri} has no channel {name!r}. {suggestion(name, self.channels)}"
        )

    def _one_rate(self) -> None:
        if not self.channels:
            raise ShapeError(f"{self.file.uri} has no channels: it holds annotations only.")
        if len(set(zip(self.sampling_frequencies, self.lengths, strict=True))) > 1:
            named: dict[float, list[str]] = {}
            for rate, channel in zip(self.sampling_frequencies, self.channels, strict=True):
                named.setdefault(rate, []).append(channel)
            rates = "; ".join(
                f"{rate:g} Hz: {', '.join(c[:4])}{' …' if len(c) > 4 else ''}"
                for rate, c in sorted(named.items())
            )
            raise ShapeError(
                f"The channels of {self.file.uri} have different sampling frequencies ({rates}), so there is no "
                "one array. Read them one by one: recording.channel('name')."
            )


def _turned(array: np.ndarray[Any, Any], row: Axis, column: Axis) -> Any:
    """Turn round what was asked for backwards, and take away axes that one index selected."""
    index = tuple(0 if a.drop else slice(None, None, -1 if a.reverse else None) for a in (row, column))
    found = np.asarray(array[index])
    if not found.ndim:
        return found[()]
    # A step or a turn leaves a view on more memory than needed, or negative strides that PyTorch refuses.
    return found.copy() if row.reverse or column.reverse or column.step > 1 else found


def _reopen(reopen: Callable[[File], Recording], file: File, stored: bool) -> Recording:
    recording = reopen(file)
    return recording.stored if stored else recording
