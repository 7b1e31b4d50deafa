"""Given: the windows that are to be written, which are those of the timeline they are written with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neurochain.errors import ShapeError
from neurochain.timeline.window import Window

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["given", "samples"]


def given(timeline: "Exports", windows: Window | Sequence[Window] | None, verb: str) -> list[Window]:
    """Windows to write.

    Parameters
    ----------
    timeline : Timeline
        Whose clocks and filters the file is to tell.
    windows : Window, sequence of Window, or None
        All that the streams have together, where it is None.
    verb : str
        For messages: ``"to_hdf5"``.

    Raises
    ------
    ShapeError
        There is none, or one is of another timeline: of other streams, or of streams with another clock or filter.
    """
    if windows is None:
        return [timeline.window(*timeline.span)]
    found = [windows] if isinstance(windows, Window) else list(windows)
    if not found:
        raise ShapeError(
            f"{verb}(): there are no windows. Leave them out to write all that the streams have together."
        )
    clocks = {name: timeline.map(name) for name in timeline}
    for window in found:
        for name, one in window.items():
            theirs = name not in clocks or one.stream is not timeline[name]
            if theirs or one.map != clocks[name] or one.filter != timeline.filters.get(name):
                what = (
                    "is not that of this timeline"
                    if theirs
                    else "has another clock or filter in this timeline"
                )
                raise ShapeError(
                    f"{verb}(): {window.start:g} s to {window.end:g} s is a window of another timeline: its stream {name!r} "
                    f"{what}. sync, move and where give a new timeline: make the windows with it."
                )
    return found


def samples(windows: Sequence[Window]) -> int:
    """How many samples they have, of all streams."""
    return sum(len(one) for window in windows for one in window.values())
