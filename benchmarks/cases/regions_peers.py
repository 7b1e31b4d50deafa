"""A region of each NWB file of a folder, by h5py over others. Usage: regions_peers.py PLACE COUNT h5py|remfile|fsspec"""

import sys
from typing import Any

import h5py
from measured import measured

place, count, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
RATE = 30_000


def opened(path: str) -> Any:
    if how == "remfile":
        return remfile.File(path)
    if how == "fsspec":
        return fsspec.open(path, "rb").open()
    return path


def run() -> dict[str, object]:
    values = {}
    for number in range(count):
        name = f"sub-{number:05d}_ecephys.nwb"
        with h5py.File(opened(f"{place}/{name}"), "r") as file:
            found = file["acquisition/ap/data"][RATE : RATE + RATE // 10, 8:16]
        values[name] = [int(found.astype(int).sum()), len(found)]
    return {"rows": count, "values": values}


if how == "remfile":
    import remfile  # each contestant pays for its own imports alone
elif how == "fsspec":
    import aiohttp  # noqa: F401  # what fsspec reads web servers by
    import fsspec
    import fsspec.implementations.http
measured(run)
