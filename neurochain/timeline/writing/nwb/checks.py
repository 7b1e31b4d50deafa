"""Checks: what says how far values can be trusted: masks of filters, residuals of clocks, times of slices."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.timeline.streams.scanned import ScannedStream
from neurochain.timeline.writing.nwb.about import about
from neurochain.timeline.writing.nwb.images import arranged
from neurochain.timeline.writing.nwb.streamed import Written, module_of
from neurochain.timeline.writing.nwb.taken import Piece, Taken

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["add_mask", "add_residuals", "add_slice_times"]


def add_mask(written: Written, file: Any, timeline: "Exports", name: str, taken: Taken, series: Any) -> None:
    """Add where the values of a stream count.

    Parameters
    ----------
    written, file, timeline, name, taken
        As of the others.
    series : TimeSeries
        Of the values, whose times these share.
    """
    stream, found = taken.excerpt.stream, taken.excerpt.filter
    if found is None:
        return
    order = arranged(stream)
    row = tuple(stream.shape[i] for i in order[1:])

    def read(pieces: Sequence[Piece]) -> Iterator[np.ndarray[Any, Any]]:
        for piece in pieces:
            mask = piece.excerpt.mask
            yield (np.ones(piece.excerpt.shape, bool) if mask is None else mask).transpose(order)

    module_of(file, "masks", "Where values count, as filters say.").add(
        written.pynwb.TimeSeries(
            name=name,
            unit="n.a.",
            data=written.values(taken, row, np.dtype(bool), read),
            **about(timeline, name, f"Whether {found.text}.", axes=[stream.axes[i] for i in order]),
            **(written.timing(taken) if taken.rate is not None else {"timestamps": series}),
        )
    )


def add_residuals(written: Written, file: Any, timeline: "Exports", name: str) -> None:
    """Add what is left between pulses that a clock was fitted to."""
    fit = timeline.fit(name)
    if fit is None or not len(fit.device) or timeline.links.same_clock(name) != name:
        return
    to = timeline.links.by[name].to
    what = f"Residuals of pulses: their time on the clock of {to}, less what the map makes of that of {name}; at their common times."
    times = timeline.map(to)(fit.common)
    known = np.isfinite(times)
    module_of(file, "synchronization", "How well the clocks of devices are known.").add(
        written.pynwb.TimeSeries(
            name=f"{name}_residuals",
            unit="seconds",
            data=fit.residuals[known],
            timestamps=times[known],
            **about(timeline, name, what),
        )
    )


def add_slice_times(
    written: Written, file: Any, timeline: "Exports", name: str, taken: Taken, series: Any
) -> None:
    """Add when the slices of volumes were acquired."""
    stream = taken.excerpt.stream
    if not isinstance(stream, ScannedStream) or stream.scan.slice_times is None:
        return
    blocks = [stream.slice_times(first, last) for first, last in taken.ranges]
    times = taken.excerpt.map(np.concatenate([b for b in blocks if b is not None], axis=1).T)
    axis = stream.source.axes[stream.scan.slice_axis]
    module_of(file, "synchronization", "How well the clocks of devices are known.").add(
        written.pynwb.TimeSeries(
            name=f"{name}_slice_times",
            unit="seconds",
            data=times,
            **about(
                timeline, name, f"When slices along {axis} were acquired, (time, slice), on the common clock."
            ),
            **(written.timing(taken) if taken.rate is not None else {"timestamps": series}),
        )
    )
