"""Slices as byte ranges: planning first, without reading; then one function that reads.

The law, tested: what `gather` gives for a `plan` equals slicing the whole array.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from operator import index as as_int
from types import EllipsisType
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from neurochain.errors import FormatError

__all__ = ["Axis", "Blocks", "Index", "Packed", "Ranged", "check_shape", "gather", "normalise", "plan"]

Order = Literal["C", "F"]
Index = int | slice | EllipsisType | tuple[int | slice | EllipsisType, ...]

LARGEST = 64 * 2**20
"""Bytes that are read at once, what nobody asked for among them: bounds memory, not speed."""

SCRATCH = 8 * 2**20
"""Bytes that are kept for what is read, of each thread that reads."""

_thread = threading.local()


class Ranged(Protocol):
    """What bytes can be read from by range; a File is one."""

    @property
    def uri(self) -> str: ...

    @property
    def gap(self) -> int:
        """Bytes between two pieces that are better read along than left out."""
        ...

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Bytes of several ranges [start, end), at once where that is quicker; fewer where they end before."""
        ...


@runtime_checkable
class Filling(Protocol):
    """What may put bytes into memory that is there."""

    def fill(self, starts: Sequence[int], length: int, into: memoryview) -> bool:
        """Blocks of `length` bytes, one behind the other; False where they must be read by `read_ranges`."""
        ...


@runtime_checkable
class Packed(Protocol):
    """What a source of inflated bytes says besides: what they cost in its file."""

    def bytes_needed(self, ranges: Sequence[tuple[int, int]]) -> int:
        """Bytes of the file from which ranges [start, end) of the inflated bytes are made."""
        ...


@dataclass(frozen=True, slots=True)
class Axis:
    """Selection along one axis: `count` indices from `start` on, `step` apart (always positive).

    `reverse` says that they were asked for in descending order, `drop` that the axis goes away.
    """

    start: int
    step: int
    count: int
    reverse: bool = False
    drop: bool = False


def normalise(index: Any, shape: tuple[int, ...], what: str = "array") -> tuple[Axis, ...]:
    """Selection along every axis of a shape, from what stands in square brackets.

    Parameters
    ----------
    index : int, slice, Ellipsis, or a tuple of them
        Basic indexing as in NumPy, without new axes.
    shape : tuple of int
        Of the array.
    what : str
        Name of the array, for messages.

    Raises
    ------
    IndexError
        The index is out of bounds, has too many parts, or is a mask, a list or None.

    Examples
    --------
    >>> normalise((0, slice(None, None, -2)), (3, 5))
    (Axis(start=0, step=1, count=1, reverse=False, drop=True), Axis(start=0, step=2, count=3, reverse=True, drop=False))
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError(f"{what}[…]: an index can have one '...' only.")
    given = sum(part is not Ellipsis for part in parts)
    if given > len(shape):
        raise IndexError(f"{what}[…] has {given} indices, but its shape {shape} has {len(shape)} axes.")
    fill = [slice(None)] * (len(shape) - given)
    where = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[where : where + 1] = fill
    return tuple(_axis(part, n, i, what) for i, (part, n) in enumerate(zip(parts, shape, strict=True)))


def _axis(part: Any, n: int, position: int, what: str) -> Axis:
    if isinstance(part, slice):
        start, stop, step = part.indices(n)
        count = len(range(start, stop, step))
        if count == 0:
            return Axis(0, 1, 0)
        if step < 0:
            return Axis(start + (count - 1) * step, -step if count > 1 else 1, count, reverse=True)
        return Axis(start, step if count > 1 else 1, count)
    if part is None or isinstance(part, bool | np.bool_ | list | np.ndarray):
        kind = "None" if part is None else "a mask" if isinstance(part, bool | np.bool_) else "an array"
        raise IndexError(
            f"{what}[…]: index {position} is {kind}; a lazy array takes integers, slices and '...' only. "
            f"Slice first, then index the array it gives: {what}[...][mask]."
        )
    try:
        at = as_int(part)
    except TypeError:
        raise IndexError(
            f"{what}[…]: index {position} is {part!r}; a lazy array takes integers, slices and '...' only."
        ) from None
    if not -n <= at < n:
        raise IndexError(f"{what}[…]: index {at} is out of bounds for axis {position} with {n} entries.")
    return Axis(at % n, 1, 1, drop=True)


def check_shape(shape: Sequence[int], itemsize: int) -> None:
    """Refuse an array that has no entries, but axes so long that no memory has an address for its slices.

    Raises
    ------
    FormatError
        It cannot be.
    """
    if prod(max(n, 1) for n in shape) * itemsize >= 2**62:
        raise FormatError(f"its header says {' x '.join(map(str, shape))} values, which no file holds")


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of bytes, all alike, that hold what was selected.

    Attributes
    ----------
    starts : ndarray, shape (n_blocks,), int64
        First byte of each block, ascending.
    length : int
        Bytes of each.
    shape, strides : tuple of int
        View on one block: entries, and bytes between them.
    """

    starts: np.ndarray[Any, np.dtype[np.int64]]
    length: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def ranges(self, gap: int) -> Iterator[tuple[int, int, int, int]]:
        """Requests: (start, end) in bytes, and the half-open (first, last) of the blocks inside."""
        first = 0
        n = len(self.starts)
        if not n or not self.length:
            return
        # A request ends where the next block lies too far away.
        breaks = np.flatnonzero(np.diff(self.starts) - self.length > gap) + 1
        for last in (*breaks.tolist(), n):
            while first < last:
                limit = int(self.starts[first]) + LARGEST - self.length
                stop = min(last, max(first + 1, int(np.searchsorted(self.starts, limit, side="right"))))
                yield int(self.starts[first]), int(self.starts[stop - 1]) + self.length, first, stop
                first = stop


def plan(shape: tuple[int, ...], itemsize: int, order: Order, axes: tuple[Axis, ...], gap: int) -> Blocks:
    """Blocks of an array that a selection needs.

    Parameters
    ----------
    shape : tuple of int
        Of the array as stored.
    itemsize : int
        Bytes of one entry.
    order : {"C", "F"}
        Whether the last or the first axis varies fastest.
    axes : tuple of Axis
        From `normalise`.
    gap : int
        Bytes not asked for that are read along.

    Returns
    -------
    Blocks
        Offsets count from the array's first byte. Blocks times the view's shape are the selected entries, slow
        axes first (``"F"``: the axes in reverse order).
    """
    slow_first = list(range(len(shape))) if order == "C" else list(range(len(shape)))[::-1]
    if any(axes[i].count == 0 for i in slow_first):
        return Blocks(np.empty(0, np.int64), 0, (), ())
    stride = {}
    size = itemsize
    for i in reversed(slow_first):
        stride[i] = size
        size *= shape[i]
    base = sum(axes[i].start * stride[i] for i in slow_first)
    inner: list[int] = []
    span = useful = itemsize
    for i in reversed(slow_first):
        distance = axes[i].step * stride[i]
        wider = (axes[i].count - 1) * distance + span
        tight = wider == useful * axes[i].count
        if axes[i].count > 1 and not tight and (distance - span > gap or wider > LARGEST):
            break
        inner.insert(0, i)
        span, useful = wider, useful * axes[i].count
    starts = np.array([base], np.int64)
    for i in slow_first[: len(slow_first) - len(inner)]:
        steps = np.arange(axes[i].count, dtype=np.int64) * (axes[i].step * stride[i])
        starts = (starts[:, None] + steps).reshape(-1)
    return Blocks(
        starts, span, tuple(axes[i].count for i in inner), tuple(axes[i].step * stride[i] for i in inner)
    )


def gather(
    source: Ranged,
    offset: int,
    blocks: Blocks,
    dtype: np.dtype[Any],
    out: np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """Read blocks.

    Parameters
    ----------
    source : Ranged
        File, or what stands for one.
    offset : int
        Of the array in it, bytes.
    blocks : Blocks
        From `plan`.
    dtype : dtype
        As stored, byte order included.
    out : ndarray, shape (n_blocks, *blocks.shape), optional
        Where they go, whatever its dtype.

    Returns
    -------
    ndarray, shape (n_blocks, *blocks.shape)
        `out`; by default memory of its own, in the machine's byte order.

    Raises
    ------
    FormatError
        The source ends before a block does.
    """
    if out is None:
        out = np.empty((len(blocks.starts), *blocks.shape), dtype.newbyteorder("="))
    if _filled(source, offset, blocks, dtype, out):
        return out
    for some in _together(blocks.ranges(source.gap)):
        pulled = source.read_ranges([(offset + start, offset + end) for start, end, _, _ in some])
        for (start, end, first, last), data in zip(some, pulled, strict=True):
            if len(data) != end - start:
                raise FormatError(
                    f"{source.uri} ends at byte {offset + start + len(data):,}; its header promises values up to byte "
                    f"{offset + end:,}. It is cut short: fetch or write it again."
                )
            # The assignment copies (bytes are read-only) and swaps bytes where it must.
            out[first:last] = _blocks_of(data, blocks, first, last, start, dtype)
    return out


def _filled(
    source: Ranged, offset: int, blocks: Blocks, dtype: np.dtype[Any], out: np.ndarray[Any, Any]
) -> bool:
    """Whether `gather` was done: of blocks that lie apart, where the source can put them into memory."""
    n = len(blocks.starts)
    apart = n > 1 and bool((np.diff(blocks.starts) - blocks.length > source.gap).all())
    if not apart or n * blocks.length > SCRATCH or not isinstance(source, Filling):
        return False
    held = _scratch()[: n * blocks.length]
    if not source.fill((blocks.starts + offset).tolist(), blocks.length, held.data):
        return False
    found = np.ndarray((n, *blocks.shape), dtype, held, strides=(blocks.length, *blocks.strides))
    np.copyto(out, found, casting="unsafe")
    return True


def _scratch() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Memory of this thread, which the system need not clear each time."""
    if not hasattr(_thread, "scratch"):
        _thread.scratch = np.empty(SCRATCH, np.uint8)
    held: np.ndarray[Any, np.dtype[np.uint8]] = _thread.scratch
    return held


def _together(ranges: Iterable[tuple[int, int, int, int]]) -> Iterator[list[tuple[int, int, int, int]]]:
    """Requests in groups that memory holds at once."""
    some: list[tuple[int, int, int, int]] = []
    held = 0
    for one in ranges:
        if some and held + one[1] - one[0] > LARGEST:
            yield some
            some, held = [], 0
        some.append(one)
        held += one[1] - one[0]
    if some:
        yield some


def _blocks_of(
    data: bytes, blocks: Blocks, first: int, last: int, start: int, dtype: np.dtype[Any]
) -> np.ndarray[Any, Any]:
    """Blocks [first, last) inside the bytes of one request."""
    within = blocks.starts[first:last] - start
    even = np.diff(within)
    if len(even) == 0 or (even == even[0]).all():
        stride = int(even[0]) if len(even) else 0
        return np.ndarray((last - first, *blocks.shape), dtype, data, strides=(stride, *blocks.strides))
    rows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, np.uint8), blocks.length)[within]
    return np.ndarray((last - first, *blocks.shape), dtype, rows, strides=(blocks.length, *blocks.strides))
