"""Events: what was noted at times of a recording."""

from collections.abc import Mapping
from typing import Any

from neurochain.formats.recordings.annotations import annotations_within
from neurochain.web.media.asked import real
from neurochain.web.media.gate import Stop
from neurochain.web.media.packed import finite
from neurochain.web.media.sources import Sources

__all__ = ["event_list"]

MOST = 10_000  # of one answer
FOREVER = 1e15  # s


def event_list(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """Annotations that reach into the times [``start``, ``end``), seconds on the recording's clock; ``total`` counts all there are.

    Raises
    ------
    FormatError, ParameterError, StorageError
        They cannot be read.
    """
    recording = sources.recording(query)
    start, end = real(query, "start", -FOREVER), real(query, "end", FOREVER)
    every = sources.kept(("events", recording.file, query.get("part")), lambda: recording.annotations)
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
