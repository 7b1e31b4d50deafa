"""Resampled: an excerpt at other times than those at which it was sampled."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.resampling.decimation import Decimation
from neurochain.timeline.resampling.grid import grid
from neurochain.timeline.resampling.picks import picks
from neurochain.timeline.resampling.spikes import Side, spike_counts_of
from neurochain.timeline.streams.stream import Floats, Kind

__all__ = ["METHODS", "Method", "Resampled", "resample"]

Method = Literal["nearest", "previous", "linear", "decimate", "count"]
METHODS: Mapping[Kind, Method] = {
    "recording": "decimate",
    "video": "previous",
    "volume": "previous",
    "table": "linear",
    "events": "count",
    "spikes": "count",
}
"""What is done where nobody says: recordings are lowered without aliases, and raised along straight lines."""
GAP = 1.5  # periods without a sample that are a gap of a recording


class Resampled(NamedTuple):
    """Values on a common grid of times.

    Attributes
    ----------
    time : ndarray, shape (n,), float64, seconds
        On the timeline's clock. Counts are those of [time, time + 1 / sampling_frequency).
    values : ndarray
        With the axes of the stream; of spikes (n, n_units), of events (n,).
    mask : ndarray, shape (n,), bool
        Where there are values: not in gaps, and not outside of what was recorded.
    """

    time: Floats
    values: np.ndarray[Any, Any]
    mask: np.ndarray[Any, np.dtype[np.bool_]]


def resample(
    excerpt: Excerpt,
    sampling_frequency: float,
    method: Method | None = None,
    *,
    longest_gap: float | None = None,
    side: Side = "left",
) -> Resampled:
    """An excerpt on a grid of times; see `Excerpt.resampled`."""
    how = _method(excerpt, sampling_frequency, method)
    times = grid(excerpt.start, excerpt.end, sampling_frequency)
    if how == "count":
        return _counted(excerpt, times, sampling_frequency, side)
    if how == "decimate":
        return _decimated(excerpt, times, sampling_frequency)
    return _picked(excerpt, times, how, longest_gap)


def _method(excerpt: Excerpt, sampling_frequency: float, method: Method | None) -> Method:
    kind = excerpt.kind
    if method is None:
        lowers = kind != "recording" or sampling_frequency < excerpt.sampling_frequency
        return METHODS[kind] if lowers else "linear"
    if (method == "count") != (kind in ("events", "spikes")):
        allowed = "'count'" if kind in ("events", "spikes") else "'nearest', 'previous', 'linear', 'decimate'"
        raise ShapeError(f"resampled(method={method!r}): {excerpt.name!r} holds {kind}: choose {allowed}.")
    if method == "decimate" and kind != "recording":
        raise ShapeError(
            f"resampled(method='decimate'): {excerpt.name!r} is no recording, whose samples follow each other evenly. "
            "Choose 'nearest', 'previous' or 'linear'."
        )
    return method


def _counted(excerpt: Excerpt, times: Floats, sampling_frequency: float, side: Side) -> Resampled:
    """How many events lie in each bin; those behind the last edge are read too, since one on it may count."""
    edges = grid(excerpt.start, excerpt.end + 1.5 / sampling_frequency, sampling_frequency)[: len(times) + 1]
    first, last = excerpt.stream.between(
        *excerpt.map.span(excerpt.start, excerpt.end + 1 / sampling_frequency)
    )
    wide = replace(excerpt, first=first, last=last, given=None) if excerpt.given is None else excerpt
    when = wide.time
    if excerpt.kind == "events":
        counts = spike_counts_of([when], edges, side)[:, 0]
    else:
        units = wide.read()
        counts = spike_counts_of([when[units == i] for i in range(len(excerpt.labels))], edges, side)
    return Resampled(times, counts, np.ones(len(times), np.bool_))


def _picked(excerpt: Excerpt, times: Floats, method: Method, longest_gap: float | None) -> Resampled:
    """Samples at or around the times; those just outside of the window are read along."""
    stream, axis = excerpt.stream, excerpt.stream.time_axis
    first, last = excerpt.first, excerpt.last
    if excerpt.given is None:
        first, last = max(first - 1, 0), min(last + 1, stream.clock.n_samples)
    wide = excerpt if excerpt.given is not None else replace(excerpt, first=first, last=last)
    known = np.isfinite(wide.time)
    period = _period(excerpt)
    if longest_gap is None and excerpt.kind == "recording":
        longest_gap = GAP * period
    end = None
    if last == stream.clock.n_samples and stream.is_bounded and known[-1:].all() and len(known):
        held = stream.held_until(last - 1) if stream.is_held else stream.clock.end
        end = max(float(excerpt.map(held)), float(wide.time[-1]))
    plan = picks(wide.time[known], times, method, longest_gap, end, period)  # type: ignore[arg-type]
    values = np.moveaxis(wide.read(), axis, 0)[known]
    found, mask = plan.of(values)
    return Resampled(times, np.moveaxis(found, 0, axis), mask)


def _decimated(excerpt: Excerpt, times: Floats, sampling_frequency: float) -> Resampled:
    """Each stretch without gaps alone, with what the filter needs around the window."""
    clock = excerpt.stream.clock
    if not isinstance(clock, EvenClock):
        raise ShapeError(
            f"resampled(method='decimate'): the samples of {excerpt.name!r} do not follow each other evenly. Choose "
            "'nearest', 'previous' or 'linear'."
        )
    n_channels = excerpt.shape[1]
    values = np.full((len(times), n_channels), np.nan)
    mask = np.zeros(len(times), np.bool_)
    origin = float(times[0]) if len(times) else excerpt.start
    for first, last, start, rate in _stretches(excerpt, clock):
        plan = Decimation(rate, sampling_frequency, start=start, origin=origin)
        low, high = plan.samples(0, len(times))
        low, high = max(low, 0), min(high, last - first)
        if low >= high:
            continue
        block = excerpt.stream.read(first + low, first + high)
        found, there = plan.of(block, low, 0, len(times))
        values[there] = found[there]
        mask |= there
    return Resampled(times, values, mask)


def _stretches(excerpt: Excerpt, clock: EvenClock) -> list[tuple[int, int, float, float]]:
    """Samples [first, last) of each stretch without gaps, when it starts on the common clock, and its rate there."""
    bounds = [(clock.start, clock.end)] if clock.segments is None else list(clock.segments)
    hidden = [(excerpt.map.device[k], excerpt.map.device[k + 1]) for k in excerpt.map.breaks]
    found = []
    for start, end in bounds:
        edges = [start, *(t for pair in hidden if start < pair[0] and pair[1] < end for t in pair), end]
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            first, last = clock.between(a, b)
            if last - first < 2:
                continue
            ends = excerpt.map(clock.times(first, last)[[0, -1]])
            # The clock's rate in the window: a map of several lines is a straight one there, but for nanoseconds.
            middle = np.clip(np.array([excerpt.first, excerpt.last - 1]), first, last - 1)
            near = excerpt.map(np.array([clock.times(k, k + 1)[0] for k in middle.tolist()]))
            if middle[1] > middle[0] and np.isfinite(near).all():
                rate = float((middle[1] - middle[0]) / (near[1] - near[0]))
                begins = float(near[0]) - (middle[0] - first) / rate
            else:
                rate, begins = float((last - 1 - first) / (ends[1] - ends[0])), float(ends[0])
            found.append((first, last, begins, rate))
    return found


def _period(excerpt: Excerpt) -> float:
    """Seconds between samples on the common clock."""
    return 1 / excerpt.sampling_frequency if excerpt.stream.clock.period > 0 else 1.0
