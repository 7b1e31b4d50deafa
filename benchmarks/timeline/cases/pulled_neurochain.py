"""Bytes that are read for windows of a probe and of a scan: neurochain. Usage: pulled_neurochain.py FOLDER COUNT here|far"""

import sys
from collections.abc import Callable
from pathlib import Path

from asked import CHANNELS, LENGTH, RATE, instants, samples_of
from measured import measured

import neurochain as nc
from neurochain.formats.registry import readers
from neurochain.testing import ObjectServer

folder, count, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
nc.open, nc.Timeline, nc.Recording, nc.Volume, readers()
times = instants(count, samples_of(folder / "probe.bin") / RATE)


def rchar() -> int:
    """Bytes that this process has read, whatever from."""
    return int(Path("/proc/self/io").read_text("utf-8").split()[1])


def run(place: str, read: Callable[[], int]) -> dict[str, object]:
    before, wanted = read(), 0
    probe = nc.open(f"{place}/probe.bin", channels=CHANNELS, sampling_frequency=RATE, dtype="int16")
    t = nc.timeline(ephys=probe, bold=nc.open(f"{place}/bold.nii"))
    for window in t.around(times, 0, LENGTH):
        wanted += sum(values.nbytes for values in window.read().values())
    return {"rows": count, "pulled": read() - before, "wanted": wanted}


if how == "here":
    measured(lambda: run(str(folder), rchar))
else:
    with ObjectServer(folder.parent, still=True) as server:
        measured(lambda: run(f"{server.url}/{folder.name}", lambda: server.traffic.bytes))
