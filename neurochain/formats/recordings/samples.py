"""Samples: what a recording reads from."""

from typing import Any, Protocol, runtime_checkable

import numpy as np

from neurochain.formats.arrays.slicing import Axis

__all__ = ["MeasuredSamples", "Samples", "bytes_of", "turned"]


class Samples(Protocol):
    """Stored samples of a recording."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what `read` gives."""
        ...

    def read(self, channels: list[int], start: int, end: int) -> np.ndarray[Any, Any]:
        """Samples [start, end) of channels of one rate, shape (n_channels, end - start), own memory."""
        ...


@runtime_checkable
class MeasuredSamples(Samples, Protocol):
    """Samples that know what reading some of them costs."""

    def bytes_needed(self, channels: list[int], start: int, end: int) -> int:
        """Bytes that `read` pulls where bytes are saved; nothing is read."""
        ...


def bytes_of(samples: Samples, channels: list[int], start: int, end: int) -> int:
    """Bytes that reading samples pulls where bytes are saved; by default those of the values themselves."""
    if isinstance(samples, MeasuredSamples):
        return samples.bytes_needed(channels, start, end)
    return len(channels) * max(end - start, 0) * samples.dtype.itemsize


def scaled(
    array: np.ndarray[Any, Any], gains: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Physical values of stored ones, shape (n_channels, n_samples); gains and offsets have shape (n_channels, 1)."""
    values: np.ndarray[Any, Any]
    if array.dtype.kind == "f":  # any bytes may be floats: some are no numbers, or too large
        with np.errstate(invalid="ignore", over="ignore"):
            values = array * gains + offsets
        return values
    values = array * gains
    values += offsets
    return values


def turned(array: np.ndarray[Any, Any], row: Axis, column: Axis) -> Any:
    """Turn round what was asked for backwards, and take away axes that one index selected."""
    index = tuple(0 if a.drop else slice(None, None, -1 if a.reverse else None) for a in (row, column))
    found = np.asarray(array[index])
    if not found.ndim:
        return found[()]
    # A step or a turn leaves a view on more memory than needed, or negative strides that PyTorch refuses.
    return found.copy() if row.reverse or column.reverse or column.step > 1 else found
