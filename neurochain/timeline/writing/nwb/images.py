"""Images: frames of a video, and volumes of a scan, as ImageSeries."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.timeline.streams.scanned import ScannedStream
from neurochain.timeline.writing.nwb.about import about
from neurochain.timeline.writing.nwb.streamed import Written
from neurochain.timeline.writing.nwb.taken import Piece, Taken

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["add_images", "arranged"]

SPACE = ("x", "y", "z")
UNIT = "n.a."  # brightness


def arranged(stream: Any) -> tuple[int, ...]:
    """Axes of a stream in the order of NWB: time, x, y and z, or colour; of any other kind time, and the rest as it is.

    Examples
    --------
    >>> from neurochain.timeline.streams.held import HeldStream
    >>> from neurochain.timeline.streams.stream import Said
    >>> from neurochain.timeline.clocks.evenclock import EvenClock
    >>> frames = np.zeros((2, 3, 4, 3), np.uint8)
    >>> axes = ("time", "row", "column", "color")
    >>> arranged(HeldStream.of(frames, EvenClock(1.0, 2), Said("1 Hz", "the caller"), "video", axes))
    (0, 2, 1, 3)
    """
    names: Sequence[str] = stream.axes
    if stream.kind == "video":
        named = [names.index("column"), names.index("row")]
    elif stream.kind == "volume" and {"x", "y"} <= set(names):
        named = [names.index(n) for n in SPACE if n in names]
    else:
        named = []
    first = [stream.time_axis, *named]
    return (*first, *(i for i in range(len(names)) if i not in first))


def add_images(written: Written, file: Any, timeline: "Exports", name: str, taken: Taken) -> Any:
    """Add frames or volumes; their series.

    Raises
    ------
    ShapeError
        They have more or fewer axes than the standard can say.
    """
    stream: Any = taken.excerpt.stream
    if len(stream.axes) not in (3, 4):
        raise ShapeError(
            f"to_nwb(): {name!r} has the axes {', '.join(stream.axes)}. Images of NWB have time, x, y, and z or colour: leave it "
            "out, or give a part of it."
        )
    order = arranged(stream)
    row = tuple(stream.shape[i] for i in order[1:])
    axes = [stream.axes[i] for i in order]
    dtype, scale, read = _numbers(stream, order)
    series = written.pynwb.image.ImageSeries(
        name=name,
        unit=UNIT,
        format="raw",
        dimension=[n for n, axis in zip(row, axes[1:], strict=True) if axis != "color"],
        data=written.values(taken, row, dtype, read),
        **scale,
        **about(timeline, name, f"{_what(stream)} with the axes ({', '.join(axes)}).", axes=axes),
        **written.timing(taken),
    )
    file.add_acquisition(series)
    return series


def _what(stream: Any) -> str:
    if stream.kind == "video":
        return "Frames of a video"
    return "Volumes; the time of one is that at which its acquisition begins; in comments, affine leads from voxels to mm;"


def _numbers(stream: Any, order: tuple[int, ...]) -> tuple[np.dtype[Any], dict[str, float], Any]:
    """Dtype, meaning and reader of the values: as they are stored, where one slope and intercept say what they mean."""
    numbers, scale = stream, {}
    if isinstance(stream, ScannedStream):
        slope, intercept = stream.source.slope, stream.source.intercept
        if np.ndim(slope) == np.ndim(intercept) == 0:
            numbers = replace(stream, source=stream.source.stored)
            scale = {"conversion": float(slope), "offset": float(intercept)}

    def read(pieces: Sequence[Piece]) -> Iterator[np.ndarray[Any, Any]]:
        spans = [(piece.excerpt.first, piece.excerpt.last) for piece in pieces]
        return (values.transpose(order) for values in numbers.reads(spans))

    return numbers.dtype, scale, read
