"""One time point of each image, its mean saved: neurochain. Usage: slices_neurochain.py ADDRESS mean|index [ENDPOINT]

The seek indexes are there, as after any earlier call: one that took a late time point of each image, in a process of
its own. Nothing of the time point that is timed was pulled by it.
"""

import subprocess
import sys

import numpy as np
from measured import measured

import neurochain as nc
from neurochain.formats.registry import readers

address, how = sys.argv[1:3]
there = {"anon": True, "storage_options": {"endpoint": sys.argv[3]}} if len(sys.argv) > 3 else {}
(
    nc.Chain,
    nc.read_storage,
    readers(),
)  # names are imported at their first use, and imports are not what is timed


def run() -> dict[str, object]:
    chain = nc.read_storage(address, **there)
    version = chain.map(mean=lambda volume: float(np.mean(volume[..., volume.shape[-1] // 2]))).save("slices")
    return {"rows": version.rows}


def index() -> dict[str, object]:
    chain = nc.read_storage(address, **there)
    chain = chain.map(late=lambda volume: float(np.mean(volume[..., volume.shape[-1] * 9 // 10])))
    return {"rows": chain.save("late").rows}


def check() -> dict[str, object]:
    rows = nc.read_dataset("slices").select("file.path", "mean").collect().rows()
    pulled = nc.dataset("slices").lineage().functions[0].bytes
    if not pulled:
        sys.exit("No bytes were pulled: what was measured is a cache.")
    return {"values": {path: [mean] for path, mean in rows}, "bytes": pulled}


if how == "index":
    measured(index)
else:
    command = [sys.executable, __file__, address, "index", *sys.argv[3:]]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    measured(run, check)
