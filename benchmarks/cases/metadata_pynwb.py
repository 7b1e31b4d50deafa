"""Metadata of a folder of NWB files in a list, by pynwb. Usage: metadata_pynwb.py FOLDER COUNT"""

import sys
from pathlib import Path

from measured import measured
from pynwb import NWBHDF5IO

paths = sorted(Path(sys.argv[1]).glob("*.nwb"))[: int(sys.argv[2])]
found: dict[str, list[object]] = {}


def run() -> dict[str, object]:
    for path in paths:
        with NWBHDF5IO(path, "r") as io:
            file = io.read()
            series = file.acquisition["ap"]
            samples, channels = series.data.shape
            found[path.name] = [
                *(channels, samples, series.rate, file.subject.species),
                *(len(file.units), len(file.trials)),
            ]
    return {"rows": len(found)}


with NWBHDF5IO(paths[0], "r") as first:  # what it imports late, and the schemas that it reads once
    first.read()
measured(run, lambda: {"values": found})
