"""Recording: a lazy array of channels over time."""

import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np

from neurochain.errors import ColumnNotFoundError, ShapeError, suggestion
from neurochain.formats.memory import FORMAT, MemorySamples, recording_parts, samples_between, shared
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

    Made by `open_recording`, or by `Recording.of` of an array in memory. Values are physical, each channel in
    its own unit, and those of a file float64; `stored` gives the numbers of the file. Channels whose sampling
    frequencies differ have no common array: read them one by one with `channel`. Pickles as its file and opens
    again where it arrives; without a file, by value.

    Attributes
    ----------
    file : File or None
        Where the samples lie; None for an array in memory.
    format : str
        As in `header.format`; ``"memory"`` without a file.
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
    start : float, seconds
        Of the first sample: 0 but for a `window`, or where `Recording.of` was told otherwise.
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
        file: File | None,
        format: str,
        reopen: "Callable[[File], Recording] | None",
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
        start: float = 0.0,
    ) -> None:
        self.file = file
        self.format = format
        self.channels = channels
        self.units = units
        self.sampling_frequencies = sampling_frequencies
        self.lengths = lengths
        self.gains = gains
        self.offsets = offsets
        self.start = start
        self.start_time = start_time
        self.duration = duration
        self.discontinuous = discontinuous
        self._reopen = reopen
        self._samples = samples
        self._is_stored = stored
        self._origin = start, start_time  # of the whole, where this is a window of it
        self._is_window = False
        self._firsts = (0,) * len(lengths)  # sample of the whole with which each channel begins

    @classmethod
    def of(
        cls,
        array: Any,
        sampling_frequency: float,
        channels: Iterable[str] | None = None,
        units: str | Iterable[str] | None = None,
        start: float = 0.0,
        start_time: datetime | None = None,
    ) -> "Recording":
        """Recording of an array in memory, which is not copied.

        Parameters
        ----------
        array : array_like, shape (n_channels, n_samples)
            Physical values, in the dtype that slices have.
        sampling_frequency : float, Hz
            Of all channels.
        channels : iterable of str, optional
            Labels; "0", "1", … by default.
        units : str or iterable of str, optional
            Of all channels, or of each.
        start : float, seconds
            Of the first sample.
        start_time : datetime, optional
            Local time of the first sample, without time zone.

        Raises
        ------
        ShapeError
            The array has not two axes, or not as many channels as there are labels or units.
        TypeError
            The values are no numbers, or some are masked.
        ValueError
            A frequency that is not positive, or a time that cannot be.

        Examples
        --------
        >>> Recording.of(np.zeros((2, 500)), 250.0, channels=["Fz", "Cz"], units="uV", start=10.0)
        <Recording in memory (2 channels, 2 s from 10 s) 250 Hz>
        """
        parts = recording_parts(array, sampling_frequency, channels, units, start, start_time)
        return cls(None, FORMAT, None, stored=True, **parts)

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
        return self._with(_is_stored=True)

    def window(self, start: float, end: float) -> "Recording":
        """Cut out the samples of the times [start, end); they are read when they are used.

        Parameters
        ----------
        start, end : float, seconds
            On the clock on which the first sample of this recording is at `Recording.start`. Where there are
            gaps, time stands still in them, as it does in `duration`.

        Returns
        -------
        Recording
            The same channels. Its `start` is the time of its first sample, on the same clock.

        Raises
        ------
        ShapeError
            The window does not lie within the recording.

        Examples
        --------
        >>> recording = Recording.of(np.arange(10.0)[None], 2.0)
        >>> recording.window(1, 2.5)
        <Recording in memory (1 channels, 1.5 s from 1 s) 2 Hz>
        >>> recording.window(1, 2.5)[0]
        array([2., 3., 4.])
        """
        ordered = -math.inf < start <= end < math.inf
        rates = self.sampling_frequencies if ordered else ()
        cuts = [samples_between(start, end, rate, self.start) for rate in rates]
        if not ordered or any(a < 0 or b > n for (a, b), n in zip(cuts, self.lengths, strict=True)):
            raise ShapeError(
                f"window({start:g}, {end:g}): {self._name} goes from {self.start:g} s to "
                f"{self.start + self.duration:g} s. Ask for [start, end) within it."
            )
        firsts = [first + a for first, (a, _) in zip(self._firsts, cuts, strict=True)]
        return self._cut(tuple(firsts), tuple(b - a for a, b in cuts))

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
        if isinstance(self._samples, MemorySamples):
            return shared(self._held(self._samples), dtype, copy)
        if copy is False:
            raise ValueError("np.asarray(recording, copy=False): a lazy recording has no memory to share.")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __len__(self) -> int:
        return len(self.channels)

    def __reduce__(self) -> tuple[Any, ...]:
        if isinstance(self._samples, MemorySamples):
            held, rate = self._held(self._samples), self.sampling_frequency
            return Recording.of, (held, rate, self.channels, self.units, self.start, self.start_time)
        cut = (self._firsts, self.lengths) if self._is_window else None
        return _reopen, (self._reopen, self.file, self._is_stored, cut)

    def __repr__(self) -> str:
        rates = sorted(set(self.sampling_frequencies))
        hz = f"{rates[0]:g} Hz" if len(rates) == 1 else f"{len(rates)} rates"
        gaps = ", with gaps" if self.discontinuous else ""
        name = self.file.name if self.file is not None else "in memory"
        since = f" from {self.start:g} s" if self.start else ""
        return f"<Recording {name} ({len(self.channels)} channels, {self.duration:g} s{since}) {hz}{gaps}>"

    @property
    def _name(self) -> str:
        return self.file.uri if self.file is not None else "the recording"

    def _with(self, **changes: Any) -> "Recording":
        """The same recording but for some attributes."""
        twin = object.__new__(Recording)
        twin.__dict__.update(self.__dict__)
        twin.__dict__.update(changes)
        return twin

    def _cut(self, firsts: tuple[int, ...], lengths: tuple[int, ...]) -> "Recording":
        """So many samples of each channel, from some sample of the whole on."""
        rates = self.sampling_frequencies
        offset = min((first / rate for first, rate in zip(firsts, rates, strict=True)), default=0.0)
        start, time = self._origin
        # Behind a gap nobody knows what time it is.
        known = time is not None and not (self.discontinuous and offset)
        return self._with(
            _firsts=firsts,
            _is_window=True,
            lengths=lengths,
            start=start + offset,
            start_time=time + timedelta(seconds=offset) if known and time is not None else None,
            duration=max((n / rate for n, rate in zip(lengths, rates, strict=True)), default=0.0),
        )

    def _held(self, samples: MemorySamples) -> np.ndarray[Any, Any]:
        """Values in memory, shared."""
        return samples.array[:, self._firsts[0] : self._firsts[0] + self.lengths[0]]

    def _read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        first = self._firsts[channels[0]] if channels else 0  # one for all, as their rate is
        array = self._samples.read(channels, first + start, first + end)
        if self._is_stored:
            return array
        return array * self.gains[channels, None] + self.offsets[channels, None]

    def _index(self, name: str) -> int:
        if self.channels.count(name) == 1:
            return self.channels.index(name)
        if name in self.channels:
            at = [i for i, c in enumerate(self.channels) if c == name]
            raise ColumnNotFoundError(
                f"{self._name} has several channels {name!r}: use one of the indices {at}."
            )
        raise ColumnNotFoundError(f"{self._name} has no channel {name!r}. {suggestion(name, self.channels)}")

    def _one_rate(self) -> None:
        if not self.channels:
            raise ShapeError(f"{self._name} has no channels: it holds annotations only.")
        if len(set(zip(self.sampling_frequencies, self.lengths, strict=True))) > 1:
            named: dict[float, list[str]] = {}
            for rate, channel in zip(self.sampling_frequencies, self.channels, strict=True):
                named.setdefault(rate, []).append(channel)
            rates = "; ".join(
                f"{rate:g} Hz: {', '.join(c[:4])}{' …' if len(c) > 4 else ''}"
                for rate, c in sorted(named.items())
            )
            raise ShapeError(
                f"The channels of {self._name} have different sampling frequencies ({rates}), so there is no "
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


def _reopen(
    reopen: Callable[[File], Recording],
    file: File,
    stored: bool,
    cut: tuple[tuple[int, ...], tuple[int, ...]] | None = None,
) -> Recording:
    recording = reopen(file)
    recording = recording.stored if stored else recording
    return recording if cut is None else recording._cut(*cut)
