"""Windows: recordings cut in time. One spec plans the cuts, without reading, and makes them.

A spec is plain numbers, so it is the same wherever it travels.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from neurochain.errors import ShapeError
from neurochain.formats.header import Header
from neurochain.formats.recordings.recording import Recording

__all__ = ["Span", "Windows", "windows"]


class Span(NamedTuple):
    """Times [start, end) on a recording's clock.

    Attributes
    ----------
    start, end : float, seconds
    """

    start: float
    end: float


@dataclass(frozen=True)
class Windows:
    """Windows of equal length over the time of a recording. Made by `windows`.

    Of channels with one sampling frequency every window has the same number of samples, the whole number nearest to
    ``seconds * sampling_frequency``, and window k begins at the sample nearest to ``k * step``: errors do not add up. Where
    both products are whole numbers, and `step` is `seconds`, the windows tile the recording. Where sampling frequencies
    differ, a window has of each channel the samples whose times lie in it. No window reaches over a gap.

    Attributes
    ----------
    seconds : float, seconds
        Length.
    step : float, seconds
        From the start of one to that of the next.
    channels : tuple of (str or int), or None
        Labels or indices; None for all.
    drop_last : bool
        Whether what is left behind the last whole window is left out; else it is one shorter window.
    random : bool
        Whether a loader draws where they begin, in each epoch anew.
    """

    seconds: float
    step: float
    channels: tuple[str | int, ...] | None = None
    drop_last: bool = True
    random: bool = False

    def cuts(self, sampling_frequency: float, n_samples: int) -> list[tuple[int, int]]:
        """Samples [first, last) of each window of a stretch without gaps.

        Parameters
        ----------
        sampling_frequency : float, Hz
            Of the channels.
        n_samples : int
            Of each.

        Raises
        ------
        ShapeError
            A window or a step is shorter than half a sample.

        Examples
        --------
        >>> windows(2, step=1).cuts(100.0, 450)
        [(0, 200), (100, 300), (200, 400)]
        >>> windows(2, drop_last=False).cuts(100.0, 450)
        [(0, 200), (200, 400), (400, 450)]
        """
        rate = _exact(sampling_frequency)
        length, step = self._length(sampling_frequency), _exact(self.step) * rate
        if length < 1 or step < Fraction(1, 2):
            raise ShapeError(
                f"windows of {self.seconds:g} s, {self.step:g} s apart: at {sampling_frequency:g} Hz there is a sample "
                f"every {1 / sampling_frequency:g} s. Make them longer."
            )
        whole = _whole(length, step, n_samples)
        cuts = [(first := _nearest(k * step), first + length) for k in range(whole)]
        first = _nearest(whole * step)
        if not self.drop_last and first < n_samples and (not cuts or cuts[-1][1] < n_samples):
            cuts.append((first, n_samples))
        return cuts

    def times(self, recording: "Recording | Header | Mapping[str, Any]") -> list[Span]:
        """Times [start, end) of each window, on the recording's clock; no samples are read.

        ``chain.gen(window=nc.windows(2).times)`` gives a row for each window, with its times instead of its samples.

        Parameters
        ----------
        recording : Recording, or Header or mapping with its fields
            A header knows of no gaps, and its clock begins at 0.

        Raises
        ------
        ShapeError
            As `cuts`; or a header says neither samples nor duration; or the windows are random.
        """
        if self.random:
            raise ShapeError(
                "windows(random=True) begin somewhere else in each epoch of a loader, and rows that are saved do not. End the "
                "chain in gen(), with select() at most behind it, and call to_pytorch() or to_numpy_batches()."
            )
        if isinstance(recording, Recording):
            stretches = _stretches(self.picked(recording))
        else:
            stretches = [_stretch(recording if isinstance(recording, Mapping) else recording.model_dump())]
        return [time for stretch in stretches for time in self._times(*stretch)]

    def count(self, recording: "Recording | Header | Mapping[str, Any]") -> int:
        """How many windows there are of a recording.

        Raises
        ------
        ShapeError
            As `times`.

        Examples
        --------
        >>> windows(2, step=1).count({"sampling_frequency": 256.0, "n_samples": 2560, "duration": 10.0})
        9
        """
        return len(replace(self, random=False).times(recording))

    def beginnings(self, recording: Recording) -> list[Span]:
        """Between which times each random window of a recording begins; both may be drawn. No samples are read.

        A stretch without gaps has as many windows as if they were `step` apart, and each begins in a part of its own of all
        the times at which one can begin there: so an epoch covers the recording evenly, and every sample can be reached.

        Raises
        ------
        ShapeError
            As `cuts`; or the channels have different sampling frequencies.

        Examples
        --------
        >>> windows(2, random=True).beginnings(Recording.of([[0.0] * 9], 1.0))
        [Span(start=0.0, end=1.0), Span(start=2.0, end=3.0), Span(start=4.0, end=5.0), Span(start=6.0, end=7.0)]
        """
        spans = []
        for start, _, rate, n_samples in _stretches(self.picked(recording)):
            if rate is None:
                raise ShapeError(
                    "windows(random=True): the channels have different sampling frequencies. Name those of one with channels=."
                )
            cuts = self.cuts(rate, n_samples)
            choices = n_samples - self._length(rate) + 1
            for k in range(len(cuts)):
                first, behind = k * choices // len(cuts), (k + 1) * choices // len(cuts)
                spans.append(Span(start + first / rate, start + max(behind - 1, first) / rate))
        return spans

    def drawn(self, recording: Recording, beginning: Span, share: float) -> Recording:
        """A random window, whose samples are read when they are used.

        Parameters
        ----------
        recording : Recording
            With all its channels.
        beginning : Span
            One of its `beginnings`.
        share : float
            From 0 to below 1: how far from the earliest to the latest time it begins.
        """
        picked = self.picked(recording)
        rate = picked.sampling_frequencies[0]
        choices = round((beginning.end - beginning.start) * rate) + 1
        start = beginning.start + math.floor(share * choices) / rate
        return picked.window(start, start + self._length(rate) / rate)

    def of(self, recording: Recording) -> Iterator[Recording]:
        """Windows of a recording, one after the other; their samples are read when they are used.

        Raises
        ------
        ShapeError
            As `times`.
        ColumnNotFoundError
            A channel is not there.

        Examples
        --------
        >>> recording = Recording.of([[0.0, 1, 2, 3, 4, 5]], 2.0)
        >>> [window.read().tolist() for window in windows(1).of(recording)]
        [[[0.0, 1.0]], [[2.0, 3.0]], [[4.0, 5.0]]]
        """
        picked = self.picked(recording)
        for start, end in self.times(recording):
            yield picked.window(start, end)

    def __call__(self, recording: Recording) -> Iterator[Recording]:
        """As `of`: ``chain.gen(window=nc.windows(2))`` gives a row for each window."""
        return self.of(recording)

    def _length(self, sampling_frequency: float) -> int:
        """Samples of a window."""
        return _nearest(_exact(self.seconds) * _exact(sampling_frequency))

    def picked(self, recording: Recording) -> Recording:
        """A recording's channels that are asked for."""
        return recording if self.channels is None else recording.pick(self.channels)

    def _times(self, start: float, duration: float, rate: float | None, n_samples: int) -> Iterator[Span]:
        """Windows of a stretch without gaps."""
        if rate is not None:
            for first, last in self.cuts(rate, n_samples):
                yield Span(start + first / rate, start + last / rate)
            return
        step, length, total = _exact(self.step), _exact(self.seconds), _exact(duration)
        # A duration that was computed may be off by rounding.
        whole = max(0, math.floor((total - length + Fraction(1, 10**9)) / step) + 1)
        end = 0.0
        for k in range(whole):
            begin, end = float(k * step), min(float(k * step + length), duration)
            yield Span(start + begin, start + end)
        begin = float(whole * step)
        if not self.drop_last and begin < duration and end < duration:
            yield Span(start + begin, start + duration)


def windows(
    seconds: float,
    step: float | None = None,
    channels: Iterable[str | int] | None = None,
    drop_last: bool = True,
    random: bool = False,
) -> Windows:
    """Cut recordings into windows of time: by itself, or as a function of `gen`.

    Parameters
    ----------
    seconds : float, seconds
        Length of a window.
    step : float, seconds, optional
        From the start of one to that of the next; `seconds` by default.
    channels : iterable of str or int, optional
        Labels or indices; all by default.
    drop_last : bool
        Leave out what is left behind the last whole window; else it is one shorter window.
    random : bool
        For loaders: as many windows of each recording, but they begin somewhere else in each epoch, as the loader's seed
        decides.

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        A length or step that is not positive; random windows that are not whole.

    Examples
    --------
    >>> windows(2, step=1)
    Windows(seconds=2.0, step=1.0, channels=None, drop_last=True, random=False)
    >>> chain.gen(window=nc.windows(2, step=1)).map(power=lambda window: window.read().var())    # doctest: +SKIP
    """
    length, apart = float(seconds), float(seconds if step is None else step)
    if not (0 < length < math.inf and 0 < apart < math.inf):
        raise ValueError(
            f"windows(seconds={seconds!r}, step={step!r}): both must be positive numbers of seconds."
        )
    if isinstance(channels, str):
        raise ValueError(f"windows(channels={channels!r}): give a list of labels: [{channels!r}].")
    if random and not drop_last:
        raise ValueError(
            "windows(random=True, drop_last=False): random windows are whole ones. Leave drop_last out."
        )
    return Windows(length, apart, None if channels is None else tuple(channels), drop_last, random)


def _stretches(recording: Recording) -> list[tuple[float, float, float | None, int]]:
    """Start, duration, common sampling frequency and number of samples of each stretch without gaps."""
    rates = set(recording.sampling_frequencies)
    rate = rates.pop() if len(rates) == 1 else None
    return [
        (start, end - start, rate, 0 if rate is None else _nearest(_exact(end - start) * _exact(rate)))
        for start, end in recording.segments
    ]


def _stretch(header: Mapping[str, Any]) -> tuple[float, float, float | None, int]:
    """The same of a whole recording, as its header says it.

    Raises
    ------
    ShapeError
        It does not.
    """
    rate, n_samples, duration = (header.get(n) for n in ("sampling_frequency", "n_samples", "duration"))
    if rate and n_samples is not None:
        return 0.0, n_samples / rate, rate, n_samples
    if duration is None:
        raise ShapeError("windows: the header says neither samples nor a duration. Open the file to see why.")
    return 0.0, duration, None, 0


def _exact(number: float) -> Fraction:
    """A number as it is written: of 0.1 a tenth, where its bits mean a little more."""
    return Fraction(repr(float(number)))


def _nearest(number: Fraction) -> int:
    """The nearest whole number; of one half-way the higher."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def _whole(length: int, step: Fraction, n_samples: int) -> int:
    """How many windows lie in so many samples: those k for which the sample nearest to ``k * step`` is early enough."""
    return 0 if n_samples < length else math.ceil((n_samples - length + Fraction(1, 2)) / step)
