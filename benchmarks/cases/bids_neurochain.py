"""Index of a BIDS dataset, saved: neurochain. Usage: bids_neurochain.py ROOT"""

import sys

from measured import measured

import neurochain as nc
from neurochain.formats.registry import readers

root = sys.argv[1]
(
    nc.Chain,
    nc.read_storage,
    readers(),
)  # names are imported at their first use, and imports are not what is timed


def run() -> dict[str, object]:
    return {"rows": nc.read_bids(root, headers=False).save("dataset").rows}


def check() -> dict[str, object]:
    frame = nc.read_dataset("dataset").select("file.path", "bids.subject", "sidecar.EchoTime").collect()
    return {"values": {path.rpartition("/")[2]: [subject, echo] for path, subject, echo in frame.rows()}}


nc.read_values(x=[0]).map(y=lambda x: x).save("warm")  # makes the project
measured(run, check)
