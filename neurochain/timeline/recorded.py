"""Recorded: excerpts as the plain fields that a table holds, and back.

An excerpt of a file is the file, how it was opened, and which samples are meant; one of a table, of spikes or of an array in
memory is its values. The times of its samples stand there, or the clock and the map that give them: so a result is computed
again where the alignment has changed, and only there.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from neurochain.formats.opening import open as open_source
from neurochain.formats.selection import select, selection
from neurochain.storage import File
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.clocks.evenclock import EvenClock
from neurochain.timeline.clocks.stampedclock import StampedClock
from neurochain.timeline.excerpt import Excerpt
from neurochain.timeline.filters.filter import Filter
from neurochain.timeline.streams.filmed import FilmedStream
from neurochain.timeline.streams.held import HeldStream
from neurochain.timeline.streams.sampled import SampledStream
from neurochain.timeline.streams.scanned import ScannedStream
from neurochain.timeline.streams.scantimes import ScanTimes
from neurochain.timeline.streams.stream import Floats, Said, Stream

__all__ = ["excerpt_of", "parts_of"]

SAID = Said("as recorded", "the table")


def parts_of(excerpt: Excerpt) -> dict[str, Any]:
    """Fields of an excerpt."""
    stream, source = excerpt.stream, excerpt.stream.source
    spec: dict[str, Any] = {"name": excerpt.name, "kind": excerpt.kind}
    if excerpt.filter is not None:
        spec["filter"] = excerpt.filter.text
    file = getattr(source, "file", None)
    fields: dict[str, Any] = {
        "file": file,
        "first": excerpt.first,
        "last": excerpt.last,
        "time": None,
        "data": None,
    }
    if file is None:
        spec |= {"axes": list(excerpt.axes), "labels": list(excerpt.labels), "units": list(excerpt.units)}
        fields |= {"first": 0, "last": len(excerpt), "time": excerpt.time, "data": np.asarray(excerpt.read())}
    else:
        spec |= {"opened": {"format": source.format, **source.opened_with}, "selection": selection(source)}
        if isinstance(stream, ScannedStream):
            spec["axis"] = stream.scan.axis
        if isinstance(stream.clock, EvenClock) and not isinstance(stream, FilmedStream):
            spec |= {"clock": _clock_json(stream.clock), "map": excerpt.map.to_json()}
        else:
            fields["time"] = excerpt.time
    text = json.dumps(spec, sort_keys=True)
    return {**fields, "start": excerpt.start, "end": excerpt.end, "spec": text}


def excerpt_of(fields: Mapping[str, Any]) -> Excerpt | None:
    """Excerpt of its fields; None where they are null."""
    if fields["spec"] is None:
        return None
    spec = json.loads(fields["spec"])
    time = None if fields["time"] is None else np.asarray(fields["time"], np.float64)
    stream = _stream(spec, fields["file"], fields["data"], time)
    return Excerpt(
        stream,
        spec["name"],
        fields["start"],
        fields["end"],
        fields["first"],
        fields["last"],
        ClockMap.from_json(spec["map"]) if "map" in spec else ClockMap.identity(),
        Filter.of(spec["filter"]) if "filter" in spec else None,
        time,
    )


def _stream(spec: Mapping[str, Any], file: File | None, data: Any, time: Floats | None) -> Stream:
    """Stream of which the samples of an excerpt are some."""
    kind = spec["kind"]
    if file is None:
        assert time is not None  # `parts_of` gives it with the values
        when = StampedClock(time, float(time[-1]) if len(time) else None)
        return HeldStream.of(
            np.asarray(data),
            when,
            SAID,
            kind,
            tuple(spec["axes"]),
            tuple(spec["labels"]),
            tuple(spec["units"]),
        )
    source = select(open_source(file, **spec["opened"]), spec["selection"])
    if kind == "video":
        return FilmedStream.of(source)
    clock = _clock(spec["clock"]) if "clock" in spec else None
    if kind == "recording":
        made = SampledStream.of(source)
        return made if clock is None else replace(made, clock=clock)
    axis = int(spec["axis"])
    if clock is None:  # the times of the samples are given, and no others are asked for
        clock = EvenClock(1.0, source.shape[axis])
    return ScannedStream.of(source, ScanTimes(axis, clock, SAID))


def _clock(said: Mapping[str, Any]) -> EvenClock:
    segments = said.get("segments")
    rate = Fraction(said["sampling_frequency"])
    return EvenClock(
        rate, said["n_samples"], said["start"], None if segments is None else tuple(map(tuple, segments))
    )


def _clock_json(clock: EvenClock) -> dict[str, Any]:
    rate = clock.sampling_frequency
    said = {
        "sampling_frequency": str(rate if isinstance(rate, Fraction) else Fraction(repr(float(rate)))),
        "n_samples": clock.n_samples,
        "start": clock.start,
    }
    return said if clock.segments is None else {**said, "segments": [list(one) for one in clock.segments]}
