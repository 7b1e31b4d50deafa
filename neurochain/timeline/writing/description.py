"""Description: what a file says of the streams that are written into it."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from neurochain.storage import File
from neurochain.timeline.streams.stream import Stream
from neurochain.timeline.window import Window

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["description", "lineage_of", "stream_attributes"]


def stream_attributes(timeline: "Exports", name: str) -> dict[str, Any]:
    """What stands beside the values of a stream: texts, numbers, lists of them, and records of plain JSON.

    Parameters
    ----------
    timeline : Timeline
        That holds it.
    name : str
        Of the stream.

    Returns
    -------
    dict
        ``kind``, ``axes``, ``labels``, ``units``; ``source`` (names of its files); ``clock`` (in words) and who says it;
        ``clock_map`` (a record: from the device's clock to the common one), ``common_clock``, ``synced``; where a clock was
        fitted ``fit`` (a record), ``fitted_to`` (the stream by whose clock), ``drift_ppm``, ``residual_rms``, ``residual_max``
        and ``uncertainty`` (95 %), in seconds; ``filter``.
    """
    one, fit = timeline[name], timeline.fit(name)
    found: dict[str, Any] = {"kind": one.kind, "axes": list(one.axes)}
    if one.labels:
        found["labels"] = list(one.labels)
    if one.units:
        found["units"] = list(one.units)
    found |= {
        "source": [_name(file) for file in one.files] or ["memory"],
        "clock": one.said.clock,
        "clock_by": _within(one, one.said.by),
        "clock_map": timeline.map(name).to_json(),
        "common_clock": timeline.clock,
        "synced": timeline.is_synced(name),
    }
    if fit is not None:
        uncertainty = timeline.uncertainty(name)
        found |= {
            "fit": {**fit.to_json(), "pairs": None},  # they stand beside it, as pulses
            "fitted_to": timeline.links.by[timeline.links.same_clock(name)].to,
            "drift_ppm": fit.drift_ppm,
            "residual_rms": fit.rms,
            "residual_max": fit.worst,
        }
        found |= {} if uncertainty is None else {"uncertainty": uncertainty}
    if name in timeline.filters:
        found["filter"] = timeline.filters[name].text
    rate = getattr(one, "sampling_frequency", None)
    if rate is not None:
        found["sampling_frequency"] = rate
    if one.kind == "volume":
        found |= _placed(one)
    return found


def description(timeline: "Exports") -> dict[str, Any]:
    """What a timeline is made of, as plain JSON: files with their sizes and etags, clocks and what was fitted, filters.

    Folders are left out: they may name people.
    """
    streams = {
        name: {
            "kind": one.kind,
            "files": [_file(file) for file in one.files],
            "clock": {"says": one.said.clock, "by": _within(one, one.said.by)},
            "synced": timeline.is_synced(name),
            "links": [link.to_json() for link in timeline.links.path(name)],
            **({"filter": timeline.filters[name].text} if name in timeline.filters else {}),
        }
        for name, one in timeline.items()
    }
    return {"neurochain": version("neurochain"), "common_clock": timeline.clock, "streams": streams}


def lineage_of(timeline: "Exports", windows: Sequence[Window]) -> dict[str, Any]:
    """What a file of windows was made from, as plain JSON."""
    return {**description(timeline), "windows": [[float(w.start), float(w.end)] for w in windows]}


def _file(file: File) -> dict[str, Any]:
    return {"name": _name(file), "size": file.size, "etag": file.etag}


def _within(one: Stream, by: str) -> str:
    """Who says something, without the folder."""
    for file in one.files:
        by = by.replace(file.uri, file.name)
    return _text(by)


def _name(file: File) -> str:
    return _text(file.name)


def _text(name: str) -> str:
    """Name of a file as text that any other file can hold: bytes that are no UTF-8 are shown as numbers."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _placed(one: Stream) -> dict[str, Any]:
    """Where the voxels of a scan lie."""
    volume = one.source
    found: dict[str, Any] = {"voxel_sizes": list(volume.voxel_sizes)} if volume.voxel_sizes else {}
    if volume.affine is not None:
        found["affine"] = volume.affine.tolist()
    return found
