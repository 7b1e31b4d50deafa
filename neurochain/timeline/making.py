"""Making: a timeline of what is given."""

from collections.abc import Mapping
from typing import Any

from neurochain.errors import ColumnNotFoundError, ShapeError, suggestion
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.links import Link, Links
from neurochain.timeline.streams.opening import stream
from neurochain.timeline.timeline import Timeline

__all__ = ["timeline"]


def timeline(streams: Mapping[str, Any] | None = None, /, **named: Any) -> Timeline:
    """Streams of several devices on one clock; no samples are read.

    Parameters
    ----------
    streams : mapping, optional
        By name, where a name is no keyword.
    **named : Recording, Video, Volume, DataFrame, array, str, path or Stream
        As of `stream`, by name. The first one's clock is the common one.

    Returns
    -------
    Timeline

    Raises
    ------
    FormatError
        A file is of no known format, or nobody says when its samples were taken.
    StorageError
        A file is not there.

    Examples
    --------
    >>> t = nc.timeline(ephys=nc.open("probe.bin"), video="cam.mp4", events="events.tsv")     # doctest: +SKIP
    >>> t = t.sync("video", to="ephys", pulses=("video.ttl", "ephys.sync"))                     # doctest: +SKIP
    >>> t.window(2.0, 3.0)["ephys"].read().shape                                                # doctest: +SKIP
    (30000, 384)
    """
    given = {**(streams or {}), **named}
    if not given:
        raise ShapeError("timeline() got no streams. Write timeline(ephys=nc.open('probe.bin'), …).")
    made = {}
    for name, source in given.items():
        if not str(name).isidentifier():
            raise ShapeError(
                f"timeline(): a stream's name is a word, not {name!r}: it becomes a column, and a group in files."
            )
        made[str(name)] = stream(source)
    links = {}
    for name, one in made.items():
        if one.on is not None:
            if one.on not in made or one.on == name:
                raise ColumnNotFoundError(
                    f"The stream {name!r} was recorded on the clock of {one.on!r}, which is not given. {suggestion(one.on, [n for n in made if n != name])}"
                )
            links[name] = Link(one.on, ClockMap.identity())
    found = Links({})
    for name, link in links.items():
        found = found.linked(name, link)
    return Timeline(made, found)
