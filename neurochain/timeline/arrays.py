"""Arrays: a chain of windows with their values in place of excerpts, as a training loop takes them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from neurochain.chain.chain import Chain
from neurochain.chain.expressions.column import Column
from neurochain.errors import ColumnNotFoundError, suggestion
from neurochain.timeline.clocked import Clocked
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.resampled import resample

__all__ = ["with_arrays"]

INSTANTS = ("events", "spikes")  # of which values say little without times
HELD = "excerpt"  # column, and parameter of the functions below


def sampled(excerpt: Excerpt, name: str, mask: bool, time: bool) -> dict[str, np.ndarray[Any, Any]]:
    """Values as they were sampled; where they count, and when they were taken, in seconds since the window's start."""
    values = np.ascontiguousarray(excerpt.read())
    found = {name: values}
    if mask:
        kept = excerpt.mask_of(values)
        found[f"{name}_mask"] = np.ones(values.shape, bool) if kept is None else kept
    if time:
        found[f"{name}_time"] = excerpt.time - excerpt.start
    return found


def resampled(excerpt: Excerpt, name: str, sampling_frequency: float) -> dict[str, np.ndarray[Any, Any]]:
    """Values on a grid of times, and where it has some."""
    found = resample(excerpt, sampling_frequency)
    return {name: np.ascontiguousarray(found.values), f"{name}_mask": found.mask}


def with_arrays(
    windows: Chain,
    timeline: Clocked,
    filtered: Sequence[str],
    streams: Sequence[str] | None,
    sampling_frequency: float | None,
    columns: Sequence[str] | None,
) -> Chain:
    """Windows with their values.

    Parameters
    ----------
    windows : Chain
        Of `Timeline.windows`.
    timeline : Timeline
        That gave them.
    filtered : sequence of str
        Streams that have masks.
    streams, sampling_frequency, columns
        As of `Timeline.to_pytorch`.

    Raises
    ------
    ColumnNotFoundError
        A stream or column is not there.
    """
    there = [name for name in timeline if name in windows.schema]
    others = [name for name in windows.schema if name not in timeline]
    wanted = there if streams is None else list(streams)
    for name, known, what in (
        *((n, there, "stream") for n in wanted),
        *((n, others, "column") for n in columns or ()),
    ):
        if name not in known:
            raise ColumnNotFoundError(f"The windows have no {what} {name!r}. {suggestion(name, known)}")
    shown, chain = others if columns is None else columns, windows
    for name in wanted:
        read = (
            partial(sampled, name=name, mask=name in filtered, time=timeline[name].kind in INSTANTS)
            if sampling_frequency is None
            else partial(resampled, name=name, sampling_frequency=float(sampling_frequency))
        )
        chain = chain.mutate(**{HELD: Column(name)}).drop(name).map(read).drop(HELD)
    return chain.select(*shown, *_made(wanted, timeline, filtered, sampling_frequency))


def _made(
    names: Sequence[str], timeline: Clocked, filtered: Sequence[str], sampling_frequency: float | None
) -> list[str]:
    """Columns that the functions above give."""
    found = []
    for name in names:
        found.append(name)
        if sampling_frequency is not None or name in filtered:
            found.append(f"{name}_mask")
        if sampling_frequency is None and timeline[name].kind in INSTANTS:
            found.append(f"{name}_time")
    return found
