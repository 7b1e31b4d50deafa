"""Events: what was noted at times of a recording."""

import math
from collections.abc import Mapping
from typing import Any

from neurochain.errors import ColumnNotFoundError
from neurochain.formats import Annotation, Recording, read_header
from neurochain.formats.nwb.tables import nwb_columns
from neurochain.formats.recordings.annotations import annotations_within
from neurochain.storage import File
from neurochain.web.media.asked import real
from neurochain.web.media.gate import Stop
from neurochain.web.media.packed import finite
from neurochain.web.media.sources import Sources

__all__ = ["event_list"]

MOST = 10_000  # of one answer
FOREVER = 1e15  # s


def event_list(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """Annotations, and of NWB its tables of intervals, that reach into the times [``start``, ``end``), seconds on the recording's clock; ``total`` counts all there are.

    Raises
    ------
    FormatError, ParameterError, StorageError
        They cannot be read.
    """
    recording = sources.recording(query)
    start, end = real(query, "start", -FOREVER), real(query, "end", FOREVER)
    every = sources.kept(("events", recording.file, query.get("part")), lambda: _noted(recording))
    stop()
    found = annotations_within(every, start, end)
    shown = [
        {
            "start": finite(a.onset),
            "end": finite(a.onset + (a.duration or 0.0)),
            "label": a.text,
            "channel": a.channel,
        }
        for a in found[:MOST]
    ]
    return {"total": len(every), "matched": len(found), "events": shown}


def _noted(recording: Recording) -> tuple[Annotation, ...]:
    """All that was noted, by onset."""
    found = list(recording.annotations)
    if recording.format == "nwb" and recording.file is not None:
        for name in (read_header(recording.file).record or {}).get("intervals") or ():
            found += _intervals(recording.file, name)
    return tuple(sorted(found, key=lambda a: a.onset))


def _intervals(file: File, name: str) -> list[Annotation]:
    """Rows of a table of intervals: what it is called stands for what they are."""
    try:
        columns = nwb_columns(file, name, ["start_time", "stop_time"])
    except ColumnNotFoundError:  # not every table has both
        return []
    pairs = zip(columns["start_time"], columns["stop_time"], strict=True)
    return [
        Annotation(float(a), float(b - a) if b >= a else None, name) for a, b in pairs if math.isfinite(a)
    ]
