"""Edges: the samples at which pulses begin and end, found block after block."""

import math
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from neurochain.errors import FormatError, ShapeError
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.levels import Levels, find_levels

__all__ = ["Edge", "pulse_edges"]

Edge = Literal["rising", "falling", "both"]
Samples = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

LOOK = 2**17
"""Samples that are looked at together to find the two levels of a signal: 4 s at 30 kHz."""

ARMED = 0.25  # of the way from one level to the other: how far a signal falls back before it may rise again


class _Trigger(NamedTuple):
    """A threshold, and how far beyond it a signal goes back before it can cross it again."""

    threshold: float
    hysteresis: float


def pulse_edges(
    blocks: Samples | Iterable[Samples],
    edge: Edge = "rising",
    *,
    threshold: float | None = None,
    bit: int | None = None,
    hysteresis: float | None = None,
    interpolate: bool = False,
) -> Floats:
    """Sample numbers at which the pulses of a signal begin, or end.

    Parameters
    ----------
    blocks : ndarray, shape (n_samples,), or iterable of such
        The signal, or consecutive blocks of it: pulses may reach over their borders. Numbers, or digital words.
    edge : {"rising", "falling", "both"}
        The first sample that is high, the first that is low again, or both in order.
    threshold : float, optional
        In the signal's unit: high is what reaches it. By default half-way between the two levels that the signal has.
    bit : int, optional
        Of digital words, counted from 0 for the lowest: 6 for the sync line of SpikeGLX.
    hysteresis : float, optional
        In the signal's unit: how far it must go back behind the threshold before the next edge counts. By default a quarter
        of the way between the levels; 0 where a threshold is given.
    interpolate : bool
        Give the time between two samples at which a straight line crosses the threshold, instead of the later sample.

    Returns
    -------
    ndarray, shape (n_edges,), float64, samples
        Counted from the first sample of the first block. What is high there did not begin there.

    Raises
    ------
    ValueError
        Arguments that do not go together, or a bit that the words have not.
    ShapeError
        A block has not one axis.
    FormatError
        The signal has not two levels, so a threshold must be given.

    Examples
    --------
    >>> signal = np.array([0, 0, 5, 5, 0, 0, 0, 5, 5])
    >>> pulse_edges(signal)
    array([2., 7.])
    >>> pulse_edges([signal[:3], signal[3:]], "both", interpolate=True)
    array([1.5, 3.5, 6.5])
    >>> pulse_edges(np.array([0, 64, 65, 1], np.int16), bit=6)
    array([1.])
    """
    if edge not in ("rising", "falling", "both"):
        raise ValueError(f"pulse_edges(edge={edge!r}): choose 'rising', 'falling' or 'both'.")
    if bit is not None and (threshold is not None or hysteresis is not None or interpolate):
        raise ValueError(
            "pulse_edges(bit=…): a bit is 0 or 1. Leave out threshold, hysteresis and interpolate."
        )
    if hysteresis is not None and not 0 <= hysteresis < math.inf:
        raise ValueError(f"pulse_edges(hysteresis={hysteresis!r}): it is finite, and not negative.")
    if threshold is not None and not math.isfinite(threshold):
        raise ValueError(f"pulse_edges(threshold={threshold!r}): it is a finite number.")
    each = _checked([blocks] if isinstance(blocks, np.ndarray) else blocks)
    if bit is not None:
        bits = ((np.asarray(_bits(block, bit), np.int8), before) for block, before in each)
        return _found(bits, edge, _Trigger(0.5, 0.0), False)
    if threshold is not None:
        return _found(each, edge, _Trigger(float(threshold), hysteresis or 0.0), interpolate)
    levels, rest = _looked(each)
    if levels is None:
        return np.empty(0)
    back = ARMED * (levels.high - levels.low) if hysteresis is None else hysteresis
    return _found(rest, edge, _Trigger(levels.middle, back), interpolate)


def _checked(blocks: Iterable[Samples]) -> Iterator[tuple[Samples, int]]:
    """Blocks that hold samples, each with the number of samples before it."""
    before = 0
    for given in blocks:
        block = np.asarray(given)
        if block.ndim != 1:
            raise ShapeError(
                f"pulse_edges(): a block of shape {block.shape} is not one channel. Give blocks of shape (n_samples,): block[0]."
            )
        if block.dtype.kind not in "biuf":
            raise ShapeError(f"pulse_edges(): a block of dtype {block.dtype} holds no numbers.")
        if len(block):
            yield block, before
        before += len(block)


def _bits(words: Samples, bit: int) -> Bools:
    """One bit of digital words."""
    if words.dtype.kind not in "iu":
        raise ValueError(
            f"pulse_edges(bit={bit}): words are whole numbers, not {words.dtype}. Take what the file stores."
        )
    if not 0 <= bit < 8 * words.dtype.itemsize:
        raise ValueError(
            f"pulse_edges(bit={bit}): {words.dtype} has the bits 0 to {8 * words.dtype.itemsize - 1}."
        )
    unsigned = words.view(np.dtype(f"{words.dtype.byteorder}u{words.dtype.itemsize}"))
    return np.asarray((unsigned & unsigned.dtype.type(1 << bit)) != 0)


def _looked(blocks: Iterator[tuple[Samples, int]]) -> tuple[Levels | None, Iterator[tuple[Samples, int]]]:
    """The two levels of a signal, and its blocks from where they are needed; None where it never changes.

    Before the first pulse a signal has one level, and there may be hours of it. They are let go, all but their extent.
    """
    held: list[tuple[Samples, int]] = []
    lowest, highest, count = np.inf, -np.inf, 0

    for block, before in blocks:
        held.append((block, before))
        count += len(block)
        if count < LOOK:
            continue
        levels = find_levels(np.concatenate([b for b, _ in held]))
        if levels is not None:
            return levels, _resumed(levels, lowest, highest, held, blocks)
        # One block stays: an edge may lie between it and the next.
        lowest = min([lowest, *(float(b.min()) for b, _ in held[:-1])])
        highest = max([highest, *(float(b.max()) for b, _ in held[:-1])])
        held, count = held[-1:], 0
    levels = find_levels(np.concatenate([b for b, _ in held])) if held else None
    if levels is not None:
        return levels, _resumed(levels, lowest, highest, held, blocks)
    low = min([lowest, *(float(b.min()) for b, _ in held)])
    high = max([highest, *(float(b.max()) for b, _ in held)])
    if low < high:
        raise FormatError(
            f"pulse_edges(): values from {low:g} to {high:g} do not lie at two levels, so nobody knows what a pulse is. "
            "Look at the signal, and say threshold=… in its unit."
        )
    return None, iter(())


def _resumed(
    levels: Levels,
    lowest: float,
    highest: float,
    held: list[tuple[Samples, int]],
    blocks: Iterator[tuple[Samples, int]],
) -> Iterator[tuple[Samples, int]]:
    """Blocks from the first that is still there on.

    Raises
    ------
    FormatError
        Those that were let go had edges.
    """
    if lowest < levels.middle <= highest:
        raise FormatError(
            f"pulse_edges(): pulses reach from {levels.low:g} to {levels.high:g}, and before the first of them values cross "
            f"{levels.middle:g} too. Look at the signal, and say threshold=… in its unit."
        )
    yield from held
    yield from blocks


def _found(blocks: Iterable[tuple[Samples, int]], edge: Edge, trigger: _Trigger, interpolate: bool) -> Floats:
    ups, downs = _Watch(trigger, True, interpolate), _Watch(trigger, False, interpolate)
    watches = {"rising": (ups,), "falling": (downs,), "both": (ups, downs)}[edge]
    found: list[Floats] = [np.empty(0)]
    for block, before in blocks:
        found.extend(watch.crossings(block, before) for watch in watches)
    return np.sort(np.concatenate(found))


class _Watch:
    """A signal, watched for edges in one direction; what was seen last is carried from block to block."""

    def __init__(self, trigger: _Trigger, rising: bool, interpolate: bool) -> None:
        self._threshold, self._rising, self._interpolate = trigger.threshold, rising, interpolate
        self._armed_at = trigger.threshold + (-trigger.hysteresis if rising else trigger.hysteresis)
        self._last: float | None = None
        self._beyond = False

    def crossings(self, block: Samples, before: int) -> Floats:
        """Edges in the next block, of which so many samples lie before."""
        threshold, back = self._threshold, self._armed_at
        if block.dtype.kind in "iu":  # whole numbers are compared as they are, without being made floats
            threshold, back = math.ceil(threshold), math.ceil(back)
        beyond = block >= threshold if self._rising else block < threshold
        armed = block < back if self._rising else block >= back
        crossed, rearmed = _begins(beyond), _begins(armed)
        if self._last is None:
            self._beyond = bool(beyond[0])
            crossed = crossed[1:] if beyond[0] else crossed
        # The signal is not armed and beyond at once: what is armed between two crossings is so from some sample on.
        times = np.searchsorted(rearmed, crossed)
        counts = np.diff(times, prepend=0) > 0
        if len(crossed):
            counts[0] |= not self._beyond
            self._beyond = not (len(rearmed) and rearmed[-1] > crossed[-1])
        elif len(rearmed):
            self._beyond = False
        fired = crossed[counts]
        at = fired.astype(np.float64)
        if self._interpolate and len(at):
            previous = block[fired - 1].astype(np.float64)
            if fired[0] == 0 and self._last is not None:
                previous[0] = self._last
            at += (self._threshold - previous) / (block[fired].astype(np.float64) - previous) - 1
        self._last = float(block[-1])
        return np.asarray(at + before, np.float64)


def _begins(state: Bools) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Samples at which a state begins; the first one, if it is there from the start."""
    found = np.flatnonzero(state[1:] & ~state[:-1]) + 1
    return np.concatenate([[0], found]) if state[0] else found
