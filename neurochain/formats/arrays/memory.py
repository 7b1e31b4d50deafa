"""Arrays in memory that behave as those in files: what `Volume.of` and `Recording.of` are made of."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.arrays.slicing import Axis

__all__ = [
    "FORMAT",
    "MemoryArray",
    "MemorySamples",
    "numbers",
    "recording_parts",
    "samples_between",
    "shared",
    "volume_parts",
]

FORMAT = "memory"
"""Of an array that has no file, beside those of `header.format`."""
AXES = ("x", "y", "z", "t", "dim5", "dim6", "dim7")
SLACK = 1e-6  # of a sample: what a time may be off by rounding before it counts as another sample's


class MemoryArray:
    """Array whose entries lie in memory already.

    Parameters
    ----------
    array : ndarray
        Not copied; what is selected of it is.
    """

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array
        self.shape: tuple[int, ...] = array.shape
        self.dtype = array.dtype

    def select(self, axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
        """Selected entries, in memory of their own."""
        index = tuple(a.start if a.drop else _slice(a) for a in axes)
        found: np.ndarray[Any, Any] = np.array(self.array[index], order="K")
        turned = tuple(slice(None, None, -1 if a.reverse else None) for a in axes if not a.drop)
        # PyTorch takes no negative strides.
        return found[turned].copy() if any(a.reverse for a in axes) else found

    def bytes_needed(self, axes: tuple[Axis, ...]) -> int:
        """None of any file."""
        return 0


def _slice(axis: Axis) -> slice:
    """The selection along one axis, in ascending order."""
    if not axis.count:
        return slice(0, 0)
    return slice(axis.start, axis.start + (axis.count - 1) * axis.step + 1, axis.step)


class MemorySamples:
    """Samples that lie in memory already, shape (n_channels, n_samples)."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array
        self.dtype = array.dtype

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels, in memory of their own."""
        picked: np.ndarray[Any, Any] = self.array[channels, start:end]
        return picked

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Of no file."""
        return 0

    def shared(
        self, channels: tuple[int, ...], first: int, length: int, dtype: Any, copy: bool | None
    ) -> np.ndarray[Any, Any]:
        """What ``np.asarray`` gets of some channels: themselves, where they lie evenly, else copies.

        Raises
        ------
        ValueError
            They must not be copied, and would have to be.
        """
        span = slice(first, first + length)
        apart = channels[1] - channels[0] if len(channels) > 1 else 1
        evenly = range(channels[0], channels[-1] + (1 if apart > 0 else -1), apart)
        if tuple(evenly) == channels and apart > 0:
            return shared(self.array[channels[0] : channels[-1] + 1 : apart, span], dtype, copy)
        if copy is False:
            raise ValueError("np.asarray(…, copy=False): channels in this order have no memory to share.")
        return shared(self.array[list(channels), span], dtype, None)


def numbers(array: Any, what: str) -> np.ndarray[Any, Any]:
    """Values as an array of numbers in the machine's byte order; no copy where none is needed.

    Raises
    ------
    TypeError
        They are no numbers, or some are masked.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{what}: a masked array has values that are missing. Say what stands there: array.filled(…)."
        )
    found = np.asarray(array)
    if found.dtype.kind not in "biufc":
        raise TypeError(f"{what}: an array of dtype {found.dtype} holds no numbers.")
    return found.astype(found.dtype.newbyteorder("="), copy=False)


def shared(held: np.ndarray[Any, Any], dtype: Any, copy: bool | None) -> np.ndarray[Any, Any]:
    """What ``np.asarray`` gets of values in memory: themselves, where neither dtype nor `copy` ask for others.

    Raises
    ------
    ValueError
        They must not be copied, and would have to be.
    """
    wanted = held.dtype if dtype is None else np.dtype(dtype)
    if copy is False and wanted != held.dtype:
        raise ValueError(f"np.asarray(…, copy=False): {held.dtype} becomes {wanted} by copying alone.")
    return held.astype(wanted, copy=bool(copy))


def volume_parts(
    array: Any, affine: Any, axes: Iterable[str] | None, voxel_sizes: Iterable[float] | None
) -> tuple[np.ndarray[Any, Any], tuple[str, ...], np.ndarray[Any, Any] | None, tuple[float, ...]]:
    """Values, axes, affine and voxel sizes of a Volume in memory, from what `Volume.of` was given.

    Raises
    ------
    ShapeError
        The affine is not 4x4, or the axes are not as many as the array has.
    TypeError
        The values are no numbers, or some are masked.
    """
    values = numbers(array, "Volume.of()")
    ndim = values.ndim
    names = (*AXES, *(f"dim{i + 1}" for i in range(len(AXES), ndim)))[:ndim] if axes is None else tuple(axes)
    if len(names) != ndim:
        raise ShapeError(
            f"Volume.of(): an array of shape {values.shape} has {ndim} axes, and {len(names)} names are given: "
            f"{', '.join(names) or 'none'}."
        )
    matrix = None if affine is None else np.array(affine, np.float64)
    if matrix is not None and matrix.shape != (4, 4):
        raise ShapeError(f"Volume.of(): an affine has the shape (4, 4), this one {matrix.shape}.")
    if voxel_sizes is None:
        sizes = () if matrix is None else np.linalg.norm(matrix[:3, : min(ndim, 3)], axis=0)
    else:
        sizes = voxel_sizes
    return values, names, matrix, tuple(float(v) for v in sizes)


def recording_parts(
    array: Any,
    frequency: float,
    channels: Iterable[str] | None,
    units: str | Iterable[str] | None,
    start: float,
    start_time: datetime | None,
) -> dict[str, Any]:
    """Arguments of a Recording for samples in memory, from those of `Recording.of`.

    Raises
    ------
    ShapeError
        The array has not two axes, or not as many channels as there are labels or units.
    TypeError
        The values are no numbers, or some are masked.
    ValueError
        A frequency or time that cannot be.
    """
    values = numbers(array, "Recording.of()")
    if values.ndim != 2 or not len(values):
        raise ShapeError(
            f"Recording.of(): an array of shape {values.shape} is not (n_channels, n_samples), one channel at "
            "least. Of one channel, give array[None, :]."
        )
    count, length = values.shape
    rate = float(frequency)
    if not 0 < rate < math.inf:
        raise ValueError(f"Recording.of(): sampling_frequency={frequency!r} is no positive number.")
    if not math.isfinite(start):
        raise ValueError(f"Recording.of(): start={start!r} is no time in seconds.")
    if start_time is not None and start_time.tzinfo is not None:
        raise ValueError(
            "Recording.of(): start_time is local time. Leave out its zone: replace(tzinfo=None)."
        )
    return {
        "samples": MemorySamples(values),
        "channels": _per_channel(range(count) if channels is None else list(channels), count, "labels"),
        "units": _per_channel(units, count, "units"),
        "sampling_frequencies": (rate,) * count,
        "lengths": (length,) * count,
        "gains": np.ones(count),
        "offsets": np.zeros(count),
        "start": float(start),
        "start_time": start_time,
        "duration": length / rate,
    }


def _per_channel(given: str | Iterable[Any] | None, count: int, what: str) -> tuple[str, ...]:
    """One text for each channel; one text alone is for all of them."""
    if given is None or isinstance(given, str):
        return (given or "",) * count
    texts = tuple(map(str, given))
    if len(texts) != count:
        raise ShapeError(
            f"Recording.of(): the array has {count} channels, and {len(texts)} {what} are given."
        )
    return texts


def samples_between(start: float, end: float, frequency: float, origin: float = 0.0) -> tuple[int, int]:
    """Half-open range of the samples whose times lie in [start, end).

    Parameters
    ----------
    start : float, seconds
        First time.
    end : float, seconds
        Behind the last time.
    frequency : float, Hz
        Sampling frequency.
    origin : float, seconds
        Time of sample 0.

    Examples
    --------
    >>> samples_between(0.3, 0.7, 10.0)
    (3, 7)
    """
    # Times since 1970 are known to 0.2 microseconds only.
    slack = min(SLACK + 2 * frequency * math.ulp(max(abs(start), abs(end), abs(origin))), 0.49)
    return math.ceil((start - origin) * frequency - slack), math.ceil((end - origin) * frequency - slack)
