"""Session: an NWB file of windows, put together and written."""

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurochain.chain.progress import Progress
from neurochain.errors import ShapeError
from neurochain.formats import Recording, Video
from neurochain.storage.beside import written_beside
from neurochain.timeline.window import Window
from neurochain.timeline.writing.description import lineage_of
from neurochain.timeline.writing.given import given
from neurochain.timeline.writing.nwb.checks import add_mask, add_residuals, add_slice_times
from neurochain.timeline.writing.nwb.images import add_images
from neurochain.timeline.writing.nwb.recordings import add_recording
from neurochain.timeline.writing.nwb.streamed import EXTRA, VERB, Written
from neurochain.timeline.writing.nwb.tables import add_behavior, add_events, add_units, add_windows
from neurochain.timeline.writing.nwb.taken import Taken
from neurochain.timeline.writing.shielded import shielded_hdf5

if TYPE_CHECKING:
    from neurochain.timeline.exports import Exports

__all__ = ["to_nwb"]

ADDING = {
    "recording": add_recording,
    "video": add_images,
    "volume": add_images,
    "table": add_behavior,
    "events": add_events,
}


def to_nwb(
    timeline: "Exports",
    windows: Window | Sequence[Window] | None,
    path: str | os.PathLike[str],
    session_start_time: datetime | None,
    compression: str | None,
    said: Mapping[str, Any],
) -> Path:
    """Write windows; see `Timeline.to_nwb`."""
    written = Written(compression)
    found = given(timeline, windows, "to_nwb")
    session = _session(written, timeline, found, _start(timeline, session_start_time), said)
    with (
        written_beside(path, "to_nwb") as (beside, target),
        Progress().step(f"write {target.name}", written.samples, unit="samples") as step,
        shielded_hdf5(beside, EXTRA, VERB) as (file, shield),
        written.hdf5_io(file) as io,
    ):

        def done(count: int) -> None:
            shield.check()
            step.advance(count)

        written.done = done
        io.write(session)
    return target


def _session(
    written: Written, timeline: "Exports", windows: Sequence[Window], start: datetime, said: Mapping[str, Any]
) -> Any:
    """All of the file; values are read when it is written."""
    given = {name: value for name, value in said.items() if value is not None}
    file = written.pynwb.NWBFile(
        **{
            "session_description": f"{', '.join(timeline)}, on the clock of {timeline.clock}",
            "identifier": str(uuid.uuid4()),
            "was_generated_by": [["neurochain", version("neurochain")]],
            **given,
        },
        session_start_time=start,
    )
    taken = {name: Taken.of([w[name] for w in windows]) for name in windows[0]}
    spikes = {name: one for name, one in taken.items() if one.excerpt.kind == "spikes"}
    for name, one in taken.items():
        if name not in spikes and len(one):
            series = ADDING[one.excerpt.kind](written, file, timeline, name, one)
            if series is not None:
                add_mask(written, file, timeline, name, one, series)
                add_slice_times(written, file, timeline, name, one, series)
        add_residuals(written, file, timeline, name)
    if spikes:
        add_units(written, file, timeline, spikes, windows)
    add_windows(written, file, windows)
    lineage = json.dumps(lineage_of(timeline, windows), sort_keys=True)
    file.add_scratch(
        lineage, name="lineage", description="What this file was made from, as JSON, by neurochain."
    )
    return file


def _start(timeline: "Exports", said: datetime | None) -> datetime:
    """When the common clock showed zero.

    Raises
    ------
    ShapeError
        Nobody knows.
    """
    found = said
    for kind in (Recording, Video):
        for name, one in timeline.items():
            source: Any = one.source
            if found is None and isinstance(source, kind) and source.start_time is not None:
                # A recording says it of its first sample, a video of its file's zero.
                at = one.clock.start - (source.start if kind is Video else 0.0)
                found = source.start_time - timedelta(seconds=float(timeline.map(name)(at)))
    if found is None:
        raise ShapeError(
            f"to_nwb(): no stream says when it was recorded ({', '.join(timeline)}), and an NWB file must. Say when the clock of "
            f"{timeline.clock} showed zero: to_nwb(…, session_start_time=datetime(2026, 5, 1, 14, 30)), in a shell --session-start 2026-05-01T14:30."
        )
    if found.tzinfo is not None:
        return found
    try:
        return found.astimezone()  # that of this machine, as pynwb would have it
    except (OverflowError, ValueError, OSError):
        return found.replace(tzinfo=UTC)
