"""Sieves: filters laid over whole streams, made once for all their windows."""

from functools import lru_cache

import numpy as np

from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.filters.sieve import Sieve
from neurochain.timeline.streams.sampled import SampledStream
from neurochain.timeline.streams.stream import Floats, Stream

__all__ = ["laid", "moments_of"]

AT_ONCE = 64 * 2**20  # bytes of values


@lru_cache(maxsize=32)
def laid(found: Filter, stream: SampledStream, to_common: ClockMap) -> Sieve:
    """A filter over a recording; its mean, standard deviation and thresholds are found once.

    Parameters
    ----------
    found : Filter
        What is laid.
    stream : SampledStream
        Over what.
    to_common : ClockMap
        From the device's clock to the common one.
    """
    moved = stream.clock.start - stream.source.start
    return Sieve.of(found, stream.source, clock=lambda seconds: to_common(seconds + moved))


@lru_cache(maxsize=32)
def moments_of(stream: Stream) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each value along time, over all samples; NaN is left out.

    Parameters
    ----------
    stream : Stream
        Of frames, volumes or rows: a pixel, voxel or column is what a channel is of a recording.
    """
    size = int(np.prod(stream.shape, dtype=np.int64)) // max(stream.clock.n_samples, 1)
    step = max(AT_ONCE // max(size * 8, 1), 1)
    count, mean, square = np.zeros(size), np.zeros(size), np.zeros(size)
    for first in range(0, stream.clock.n_samples, step):
        values = stream.read(first, min(first + step, stream.clock.n_samples))
        flat = np.moveaxis(values, stream.time_axis, 0).reshape(-1, size).astype(np.float64)
        there = np.isfinite(flat)
        n = there.sum(axis=0)
        own = np.where(there, flat, 0).sum(axis=0) / np.maximum(n, 1)
        spread = np.where(there, np.square(flat - own), 0).sum(axis=0)
        total = np.maximum(count + n, 1)
        square += spread + np.square(own - mean) * count * n / total
        mean += (own - mean) * n / total
        count += n
    with np.errstate(invalid="ignore"):
        empty = count == 0
        mean[empty] = np.nan
        return mean, np.where(empty, np.nan, np.sqrt(square / np.maximum(count, 1)))
