"""Recording: a lazy array of channels over time."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from neurochain.errors import FormatError, ShapeError
from neurochain.formats.arrays.memory import FORMAT, MemorySamples, recording_parts
from neurochain.formats.arrays.slicing import Axis, Index, normalise
from neurochain.formats.recordings.annotations import Annotation
from neurochain.formats.recordings.channels import channel_index, channel_indices
from neurochain.formats.recordings.even import Even, Floats
from neurochain.formats.recordings.gaps import Segments
from neurochain.formats.recordings.part import Part, reopened
from neurochain.formats.recordings.samples import Samples, bytes_of, scaled, turned
from neurochain.formats.recordings.timed import Timed
from neurochain.storage import File

__all__ = ["Recording", "Samples"]


class Recording(Timed):
    """Channels over time, read as they are sliced: ``recording[channel, sample]``.

    Made by `open_recording`, or by `Recording.of` of an array in memory. Values are physical, each channel in
    its own unit, and those of a file float64; `stored` gives the numbers of the file. Channels whose sampling
    frequencies differ have no common array: `pick` those of one frequency, or read one with `channel`. Pickles as
    its file and opens again where it arrives; without a file, by value.

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
    gains, offsets : ndarray, shape (n_channels,), float64
        ``physical = stored * gain + offset``; NaN where the file does not say.
    start : float, seconds
        Of the first sample: 0 but for a `window`, or where `Recording.of` was told otherwise.
    duration : float, seconds
        Of what was recorded, gaps left out.
    discontinuous : bool
        Whether there may be gaps: `segments` tells. Samples follow each other without them, times do not.

    Examples
    --------
    >>> recording = Recording.of(np.arange(20.0).reshape(2, 10), 2.0, ["Fp1", "O2"], "uV")
    >>> recording
    <Recording in memory (2 channels, 5 s) 2 Hz>
    >>> recording[0, :3]
    array([0., 1., 2.])
    >>> recording.window(2.0, 3.0, channels=["O2"])[...]
    array([[14., 15.]])
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
        annotations: Callable[[], Sequence[Annotation]] | None = None,
        segments: Callable[[], Segments] | None = None,
        delay: Callable[[], float] | None = None,
    ) -> None:
        whole = Part.whole(sampling_frequencies, lengths, start)
        super().__init__(whole, duration, start_time, discontinuous, annotations, segments, delay)
        self.file, self.format = file, format
        self._called = file.uri if file is not None else "the recording"
        self.channels, self.units = channels, units
        self.gains, self.offsets = gains, offsets
        self._reopen, self._samples, self._is_stored = reopen, samples, stored

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
    def sampling_frequencies(self) -> tuple[float, ...]:
        """Of each channel, Hz."""
        return self._part.rates

    @property
    def lengths(self) -> tuple[int, ...]:
        """Samples of each channel."""
        return self._part.lengths

    @property
    def sampling_frequency(self) -> float:
        """Of all channels, Hz.

        Raises
        ------
        ShapeError
            They differ.
        """
        self._part.check_one_rate(self.channels, self._called)
        return self.sampling_frequencies[0]

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples.

        Raises
        ------
        ShapeError
            Sampling frequencies differ.
        """
        self._part.check_one_rate(self.channels, self._called)
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

    def pick(self, channels: Iterable[str | int]) -> "Recording":
        """Choose channels, by label or index and in the order wanted; nothing is read.

        Raises
        ------
        ColumnNotFoundError
            No channel, or more than one, has this label.
        ColumnExistsError
            A channel is named twice.
        ShapeError
            None is named.

        Examples
        --------
        >>> recording = Recording.of(np.arange(6.0).reshape(3, 2), 1.0, ["Fp1", "Fp2", "O2"])
        >>> recording.pick(["O2", 0]).channels
        ('O2', 'Fp1')
        >>> recording.pick(["O2", 0])[...]
        array([[4., 5.],
               [0., 1.]])
        """
        return self._pick(channel_indices(channels, self.channels, self._called))

    def window(self, start: float, end: float, channels: Iterable[str | int] | None = None) -> "Recording":
        """Cut out the samples of the times [start, end); they are read when they are used.

        Parameters
        ----------
        start, end : float, seconds
            On the clock on which the first sample of this recording is at `Recording.start`. It goes on in gaps, where
            the file says how long they are.
        channels : iterable of str or int, optional
            As in `pick`; all by default.

        Returns
        -------
        Recording
            Its `start` is the time of its first sample, on the same clock.

        Raises
        ------
        ShapeError
            The window does not lie within the recording, or there is a gap in it.

        Examples
        --------
        >>> recording = Recording.of(np.arange(10.0)[None], 2.0)
        >>> recording.window(1, 2.5)
        <Recording in memory (1 channel, 1.5 s from 1 s) 2 Hz>
        >>> recording.window(1, 2.5)[0]
        array([2., 3., 4.])
        """
        if channels is not None:
            return self.pick(channels).window(start, end)
        self._part.check_samples(self._called)
        part: Part | None = None
        if -math.inf < start <= end < math.inf:
            whole = self._part
            if self._segments is not None:
                whole = whole.within(self._segments(), start, end, self._called)
            part = whole.window(start, end)
        if part is None:
            raise ShapeError(
                f"window({start:g}, {end:g}): {self._called} goes from {self.start:g} s to "
                f"{self.start + self.duration:g} s. Ask for [start, end) within it."
            )
        return self._cut(part)

    def read_window(self, start: float, end: float) -> np.ndarray[Any, Any]:
        """Values of the times [start, end): what ``window(start, end).read()`` gives, in less time; errors as theirs."""
        found = self._even.read(start, end) if self._even is not None else None
        return self.window(start, end).read() if found is None else found

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
        """
        index = channel_index(name, self.channels, self._called)
        first, last, _ = slice(start, end).indices(self.lengths[index])
        samples: np.ndarray[Any, Any] = self._read([index], first, max(first, last))[0]
        return samples

    def bytes_needed(self, index: Index = ...) -> int:
        """Bytes of the file that reading ``recording[index]`` pulls with ``io="bytes"``; nothing is read.

        Then what lies between two pieces is read along only where that costs less than one more request. With
        ``io="time"`` it may be more. 0 in memory.

        Raises
        ------
        ShapeError, IndexError
            As slicing does.
        """
        channels, first, last, *_ = self._selected(index)
        return bytes_of(self._samples, *self._located(channels, first, last))

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
        channels, first, last, row, column = self._selected(index)
        return turned(self._read(channels, first, last)[:, :: column.step], row, column)

    def read(self) -> np.ndarray[Any, Any]:
        """All values, in memory of their own; errors as of a slice."""
        return np.asarray(self[...])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if isinstance(self._samples, MemorySamples):
            part = self._part
            return self._samples.shared(part.channels, part.firsts[0], part.lengths[0], dtype, copy)
        if copy is False:
            raise ValueError("np.asarray(recording, copy=False): a lazy recording has no memory to share.")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __len__(self) -> int:
        return len(self.channels)

    def __reduce__(self) -> tuple[Any, ...]:
        if isinstance(self._samples, MemorySamples):
            values = np.asarray(self), self.sampling_frequency, self.channels, self.units
            return Recording.of, (*values, self.start, self.start_time)
        part = None if self._part is self._whole else self._part
        return reopened, (self._reopen, self.file, self._is_stored, self._is_window, part)

    def __repr__(self) -> str:
        rates = sorted(set(self.sampling_frequencies))
        hz = f"{rates[0]:g} Hz" if len(rates) == 1 else f"{len(rates)} rates"
        gaps, since = (
            (", may have gaps" if self.discontinuous else ""),
            (f" from {self.start:g} s" if self.start else ""),
        )
        name = self.file.name if self.file is not None else "in memory"
        count = f"{len(self.channels)} channel{'' if len(self.channels) == 1 else 's'}"
        return f"<Recording {name} ({count}, {self.duration:g} s{since}) {hz}{gaps}>"

    def _with(self, **changes: Any) -> "Recording":
        """The same recording but for some attributes."""
        twin = object.__new__(Recording)
        twin.__dict__.update(self.__dict__)
        twin.__dict__.update(changes)
        twin.__dict__.pop("_even", None)
        return twin

    @cached_property
    def _even(self) -> Even | None:
        if self._segments is not None:
            return None
        scale = (None, None) if self._is_stored else (self.gains, self.offsets)
        return Even.of(self._part, self._samples, *scale)

    def _pick(self, indices: Sequence[int]) -> "Recording":
        return self._with(
            _part=self._part.pick(indices),
            channels=tuple(self.channels[i] for i in indices),
            units=tuple(self.units[i] for i in indices),
            gains=self.gains[list(indices)],
            offsets=self.offsets[list(indices)],
        )

    def _cut(self, part: Part) -> "Recording":
        # A stretch without gaps; only where nobody knows the gaps there may still be some.
        unclear = self.discontinuous and self._segments is None
        return self._with(
            _part=part, _is_window=True, start=part.start, duration=part.duration, discontinuous=unclear, _segments=None
        )  # fmt: skip

    def _selected(self, index: Index) -> tuple[list[int], int, int, Axis, Axis]:
        """Channels, and the half-open range of samples, that a slice needs; and its two axes."""
        row, column = normalise(index, self.shape, "recording")
        channels = list(range(row.start, row.start + row.count * row.step, row.step))[: row.count]
        end = column.start + (column.count - 1) * column.step + 1 if column.count else column.start
        return channels, column.start, end, row, column

    def _located(self, channels: list[int], start: int, end: int) -> tuple[list[int], int, int]:
        """Channels and samples of the whole."""
        part = self._part
        first = part.firsts[channels[0]] if channels else 0  # one for all, as their rate is
        return [part.channels[c] for c in channels], first + start, first + end

    def _read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        unknown = [] if self._is_stored else [c for c in channels if not math.isfinite(self.gains[c])]
        if unknown:
            raise FormatError(
                f"{self._called} does not say what the values of {self.channels[unknown[0]]!r} mean: its physical and "
                "digital ranges cannot be. recording.stored gives its numbers; recording.pick([…]) other channels."
            )
        array = self._samples.read(*self._located(channels, start, end))
        rows = np.s_[channels, None]
        return array if self._is_stored else scaled(array, self.gains[rows], self.offsets[rows])
