"""Windows of a session into one HDF5 file: neurochain. Usage: session_neurochain.py PROBE FILM SCAN COUNT STREAMS"""

import sys

import av.video.reformatter
import h5py
import polars  # what opening imports, as others have imported theirs
from asked import CHANNELS, LENGTH, RATE, instants, read_through, samples_of
from measured import measured
from session_written import written

import neurochain as nc
from neurochain.formats.registry import readers

probe, film, scan, count, names = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5].split(",")
nc.open, nc.Timeline, nc.stream, nc.Video, nc.Volume, readers(), av.CodecContext, h5py.File, polars.Series
times = instants(count, samples_of(probe) / RATE)
for path in (probe, film, scan):
    read_through(path)


def run() -> dict[str, object]:
    openings = {
        "ephys": lambda: nc.open(probe, channels=CHANNELS, sampling_frequency=RATE, dtype="int16"),
        "video": lambda: nc.open(film),
        "bold": lambda: nc.open(scan),
    }
    t = nc.timeline({name: openings[name]() for name in names})
    windows = t.around(times, 0, LENGTH)
    t.to_hdf5("session.h5", windows)
    return {"rows": len(windows)}


measured(run, lambda: {"values": written("session.h5", names)})
