"""A region of each NWB file of a folder: neurochain. Usage: regions_neurochain.py PLACE COUNT first|again"""

import os
import subprocess
import sys

from measured import measured

import neurochain as nc
from neurochain.formats.registry import readers

place, count, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
at = 1.0 if how != "known" else 2.5  # seconds
(
    nc.open,
    nc.StorageError,
    readers(),
)  # names are imported at their first use, and imports are not what is timed
import h5py  # noqa: E402, F401


def run() -> dict[str, object]:
    values = {}
    for number in range(count):
        name = f"sub-{number:05d}_ecephys.nwb"
        recording = nc.open(f"{place}/{name}", part="/acquisition/ap")
        found = recording.stored.window(at, at + 0.1, channels=list(range(8, 16))).read()
        values[name] = [int(found.astype(int).sum()), found.shape[1]]
    return {"rows": count, "values": values}


if how == "known":
    run()
else:
    if how == "again":
        # What it pulls is not kept; where the chunks lie is.
        quiet = {**os.environ, "NEUROCHAIN_CACHE_BYTES": "0"}
        command = [sys.executable, __file__, place, str(count), "known"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=quiet)
    measured(run)
