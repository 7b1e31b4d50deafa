"""Decimation: a lower sampling frequency without aliases, whole or block by block."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.arrays.memory import samples_between
from neurochain.timeline.intervals.edges import Bools
from neurochain.timeline.intervals.times import Times, exact, floors, period_of
from neurochain.timeline.resampling.grid import grid_times
from neurochain.timeline.resampling.kernel import HALF, weights

__all__ = ["Decimated", "Decimation", "context", "decimated"]

Array = np.ndarray[Any, Any]

DRIFT = 1.001  # a clock that runs slow by less than this still counts as one of the rate that is asked for
ROWS = 32  # outputs of one product of matrices
MOST_WEIGHTS = 2**20  # of such a product: 8 MB
MOST_KEPT = 2**22  # weights that are kept where they come again: 32 MB
GROUPS = 16  # products for which samples are made floats at a time


class Decimated(NamedTuple):
    """Values at a lower sampling frequency.

    Attributes
    ----------
    times : ndarray, shape (n,), float64, seconds
    values : ndarray, shape (n, …)
        float32 of float32, else float64; NaN where there is none.
    mask : ndarray, shape (n,), bool
        Whether the filter lies wholly on samples.
    """

    times: Times
    values: Array
    mask: Bools


@dataclass(frozen=True)
class Decimation:
    """A filter and a grid of output times: what must be read for an output, and what is made of it.

    Output k lies at the time ``origin + k / to``, sample n at ``start + n / sampling_frequency``; the numbers are taken as they
    are written, so neither drifts. The ratio may be any. The filter is symmetric about each output's time (zero phase), passes
    frequencies up to ``0.4 * to`` within 0.001 dB, and lowers those from ``0.5 * to`` on, the new Nyquist frequency, by 80 dB.

    Parameters
    ----------
    sampling_frequency : float, Hz
        Of the samples.
    to : float, Hz
        Of the outputs; lower, or higher by no more than the drift of a clock (a thousandth).
    start : float, seconds
        Of sample 0.
    origin : float, seconds
        Of output 0.

    Raises
    ------
    ValueError
        A frequency that is not positive, `to` is too high, or a time is not finite.

    Examples
    --------
    To read the outputs of the times [2, 3) alone, out of 10 s of samples:

    >>> plan = Decimation(1000, to=100)
    >>> first, last = plan.outputs(2, 3)
    >>> plan.samples(first, last)
    (1721, 3271)
    >>> samples = np.ones(10_000)
    >>> values, mask = plan.of(samples[1721:3271], 1721, first, last)
    >>> values.shape, bool(mask.all())
    ((100,), True)
    """

    sampling_frequency: float
    to: float
    start: float = 0.0
    origin: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.origin)):
            raise ValueError(f"start={self.start!r}, origin={self.origin!r}: both are times in seconds.")
        if self._step * Fraction(DRIFT) < 1:
            raise ValueError(
                f"to={self.to:g} Hz is above the sampling frequency, {self.sampling_frequency:g} Hz. "
                "Decimation lowers it; take method='linear' to raise it."
            )

    @property
    def context(self) -> int:
        """Samples that an output needs on either side of its time."""
        return math.ceil(HALF * max(self._step, Fraction(1)))

    def outputs(self, start: float, end: float) -> tuple[int, int]:
        """Outputs [first, last) whose times are in [start, end)."""
        first, last = samples_between(start, end, float(1 / period_of(self.to)), self.origin)
        return first, max(first, last)

    def times(self, first: int, last: int) -> Times:
        """Times of the outputs [first, last), seconds."""
        return grid_times(exact(self.origin), period_of(self.to), first, last)

    def samples(self, first: int, last: int) -> tuple[int, int]:
        """Samples [first, last) that some outputs need: `context` of them on either side.

        Where they reach beyond the recording, read what there is; what then is not covered comes back masked.
        """
        if first >= last:
            return 0, 0
        ends, _ = floors(self._at(first), (last - 1 - first) * self._step, 2)
        return int(ends[0]) - self.context + 1, int(ends[1]) + self.context + 1

    def of(self, values: Any, at: int, first: int, last: int) -> tuple[Array, Bools]:
        """Outputs [first, last) from a stretch of samples without gaps.

        What comes out does not depend on where blocks are cut, but for rounding.

        Parameters
        ----------
        values : array_like, shape (n_samples, …)
            Time is the first axis. A sample that is NaN or infinite makes NaN of each output that it reaches, and no other.
        at : int
            Number of the first sample given.
        first, last : int
            As of `outputs`.

        Returns
        -------
        values : ndarray, shape (last - first, …)
            float32 of float32, else float64; NaN where there is none.
        mask : ndarray, shape (last - first,), bool
            Whether all samples that an output needs were given.

        Raises
        ------
        TypeError
            The values are no real numbers.
        """
        array = np.asarray(values)
        if array.dtype.kind not in "biuf" or not array.ndim:
            raise TypeError(
                f"decimated(): values of dtype {array.dtype} and shape {array.shape} have no spectrum."
            )
        flat = array.reshape(len(array), math.prod(array.shape[1:]))
        dtype = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
        whole, rest = floors(self._at(first), self._step, max(0, last - first))
        low, high = whole - self.context + 1 - at, whole + self.context + 1 - at
        mask = (low >= 0) & (high <= len(flat))
        found = np.full((len(mask), flat.shape[1]), np.nan, dtype)
        rows = np.flatnonzero(mask)
        if len(rows):
            covered = slice(int(rows[0]), int(rows[-1]) + 1)
            self._filter(flat, low[covered], rest[covered], found[covered])
        return found.reshape(len(mask), *array.shape[1:]), mask

    @property
    def _step(self) -> Fraction:
        """Samples from one output to the next."""
        return period_of(self.to) / period_of(self.sampling_frequency)

    def _at(self, output: int) -> Fraction:
        """Where an output lies, in samples."""
        since = exact(self.origin) - exact(self.start) + output * period_of(self.to)
        return since / period_of(self.sampling_frequency)

    def _filter(self, flat: Array, low: Array, rest: Times, found: Array) -> None:
        """Fill the outputs whose first samples are `low`, and which lie `rest` of a sample behind one."""
        bank = _Bank(self._step, self.context, found.dtype)
        width, many = 2 * self.context, bank.rows * GROUPS
        for begin in range(0, len(low), many):
            part = slice(begin, begin + many)
            starts, base = low[part], int(low[begin])
            block = flat[base : int(starts[-1]) + width].astype(found.dtype, copy=False)
            with np.errstate(invalid="ignore", over="ignore"):
                bank.apply(block, starts - base, rest[part], found[part])
            if not np.isfinite(found[part]).all():
                # 0 times infinity is NaN: such samples would reach beyond the filter.
                lost = ~np.isfinite(block)
                bank.apply(np.where(lost, 0, block), starts - base, rest[part], found[part])
                before = np.concatenate([np.zeros((1, lost.shape[1]), np.int64), lost.cumsum(axis=0)])
                reached = before[starts - base + width] > before[starts - base]
                found[part][reached] = np.nan


class _Bank:
    """Weights of groups of outputs, and their products with samples.

    Parameters
    ----------
    step : Fraction
        Samples from one output to the next.
    half : int
        Samples that an output needs on either side.
    dtype : dtype
        Of samples and outputs.
    """

    def __init__(self, step: Fraction, half: int, dtype: np.dtype[Any]) -> None:
        self.half, self.dtype = half, dtype
        self.scale = float(max(step, Fraction(1)))
        self.rows = max(1, min(ROWS, MOST_WEIGHTS // (2 * half)))
        # Groups of outputs lie in so many ways between samples; then their weights come again.
        phases = (self.rows * step).denominator
        self._keeps = phases * self.rows * (2 * half + self.rows * self.scale) <= MOST_KEPT
        self._kept: dict[tuple[float, int], Array] = {}

    def apply(self, block: Array, starts: Array, rest: Times, found: Array) -> None:
        """Fill the outputs whose first samples in the block are `starts`."""
        for begin in range(0, len(starts), self.rows):
            part = slice(begin, begin + self.rows)
            first = int(starts[begin])
            own = self._weights(starts[part] - first, rest[part])
            np.matmul(own, block[first : first + own.shape[1]], out=found[part])

    def _weights(self, starts: Array, rest: Times) -> Array:
        key = float(rest[0]), len(starts)
        if (kept := self._kept.get(key)) is not None:
            return kept
        centres = starts + rest + (self.half - 1)
        distances = np.arange(int(starts[-1]) + 2 * self.half) - centres[:, None]
        made = weights(distances / self.scale).astype(self.dtype, copy=False)
        if self._keeps:
            self._kept[key] = made
        return made


def context(sampling_frequency: float, to: float) -> int:
    """Samples that decimation needs on either side of an output's time; errors as those of `Decimation`.

    Examples
    --------
    >>> context(30_000, 1000), context(60, 7.5)
    (840, 224)
    """
    return Decimation(sampling_frequency, to).context


def decimated(
    values: Any,
    sampling_frequency: float,
    to: float,
    *,
    start: float = 0.0,
    origin: float = 0.0,
    segments: Sequence[tuple[float, float]] | None = None,
) -> Decimated:
    """Values at a lower sampling frequency, without aliases: as `Decimation` describes them.

    There are no values where the filter would reach beyond the samples: for 28 output samples at either end, and on either side
    of each gap. Nothing is made up for them.

    Parameters
    ----------
    values : array_like, shape (n_samples, …)
        Time is the first axis. Recordings have it last: ``recording.read().T``.
    sampling_frequency, to : float, Hz
        Of the values, and wanted.
    start : float, seconds
        Of the first sample.
    origin : float, seconds
        Outputs lie at ``origin + k / to`` for whole numbers k: with one origin, streams have a common grid.
    segments : sequence of (float, float), seconds, optional
        Times of each stretch without gaps, as `Recording.segments` has them; `start` then says nothing. Samples of one stretch
        follow those of the one before.

    Returns
    -------
    Decimated
        All outputs from the start of the first sample to the end of the last.

    Raises
    ------
    ValueError
        As `Decimation`.
    TypeError
        The values are no real numbers.
    ShapeError
        The segments have not as many samples as there are.

    Examples
    --------
    >>> found = decimated(np.ones((1000, 2), np.int16), 1000, to=100)
    >>> found.values.shape, found.times[:3], int(found.mask.sum())
    ((100, 2), array([0.  , 0.01, 0.02]), 44)
    """
    array, plan = np.asarray(values), Decimation(sampling_frequency, to, origin=origin)
    samples = array.shape[0] if array.ndim else 0
    spans = ((start, start + samples / sampling_frequency),) if segments is None else tuple(segments)
    counts = [samples] if segments is None else [round((b - a) * sampling_frequency) for a, b in spans]
    if sum(counts) != samples:
        raise ShapeError(
            f"decimated(): the segments have {sum(counts)} samples at {sampling_frequency:g} Hz, and {samples} are given."
        )
    first, last = plan.outputs(spans[0][0], spans[-1][1]) if spans else (0, 0)
    parts, masks, done, row = [], [], first, 0
    for (begin, end), count in zip(spans, counts, strict=True):
        _, behind = plan.outputs(begin, end)
        stretch = Decimation(sampling_frequency, to, begin, origin)
        # From the end of the stretch before: what lies in the gap is not covered.
        found, mask = stretch.of(array[row : row + count], 0, done, behind)
        parts.append(found)
        masks.append(mask)
        done, row = max(done, behind), row + count
    if not parts:
        found, mask = plan.of(array, 0, 0, 0)
        parts, masks = [found], [mask]
    return Decimated(plan.times(first, last), np.concatenate(parts), np.concatenate(masks))
