"""Windows of a session into one HDF5 file: SpikeInterface, PyAV, nibabel and h5py.

Usage: session_by_hand.py PROBE FILM SCAN COUNT STREAMS asked|sorted

Sorted: in the order of time, and the film is decoded through from its beginning.
"""

import math
import os
import sys
from collections.abc import Callable
from typing import Any

import av
import h5py
import nibabel
import numpy as np
from asked import CHANNELS, LENGTH, RATE, REPETITION_TIME, instants, read_through, samples_of
from measured import measured
from session_written import written
from spikeinterface.core import read_binary

probe, film, scan, count, names = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5].split(",")
how = sys.argv[6]
times = instants(count, samples_of(probe) / RATE)
for path in (probe, film, scan):
    read_through(path)


Frames = Callable[[float, float], list[Any]]


def sought(file: Any, stream: Any) -> Frames:
    """Frames of the times [start, end), from the keyframe before them on."""

    def between(start: float, end: float) -> list[Any]:
        file.seek(int(start / stream.time_base), stream=stream)
        found = []
        for frame in file.decode(stream):
            if frame.time >= end:
                break
            if frame.time >= start:
                found.append(frame)
        return found

    return between


def passing(file: Any, stream: Any) -> Frames:
    """The same of windows that ascend: each frame is decoded once."""
    coming, held = file.decode(stream), []

    def between(start: float, end: float) -> list[Any]:
        held[:] = [frame for frame in held if frame.time >= start]
        while not held or held[-1].time < end:
            frame = next(coming, None)
            if frame is None:
                break
            if frame.time >= start:
                held.append(frame)
        return [frame for frame in held if frame.time < end]

    return between


def run() -> dict[str, object]:
    recording = read_binary(probe, sampling_frequency=RATE, dtype="int16", num_channels=CHANNELS)
    image = nibabel.load(scan)
    with av.open(film) as file, h5py.File("session.h5", "w") as out:
        stream = file.streams.video[0]
        stream.thread_type = "AUTO"
        frames_between = (passing if how == "sorted" else sought)(file, stream)
        for number in sorted(range(count), key=times.__getitem__) if how == "sorted" else range(count):
            start, end = times[number], times[number] + LENGTH
            window = out.create_group(f"windows/{number:06d}")
            window.attrs["start"], window.attrs["end"] = start, end
            for name in names:
                group = window.create_group(name)
                if name == "ephys":
                    first, last = round(start * RATE), round(end * RATE)
                    group["data"] = recording.get_traces(start_frame=first, end_frame=last)
                    group["time"] = np.arange(first, last) / RATE
                elif name == "video":
                    frames = frames_between(start, end)
                    group["data"] = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
                    group["time"] = [frame.time for frame in frames]
                else:
                    first, last = int(start // REPETITION_TIME), math.ceil(end / REPETITION_TIME)
                    group["data"] = image.dataobj[..., first:last]
                    group["time"] = np.arange(first, last) * REPETITION_TIME
    with open("session.h5", "rb+") as there:
        os.fsync(there.fileno())
    return {"rows": len(times)}


measured(run, lambda: {"values": written("session.h5", names)})
