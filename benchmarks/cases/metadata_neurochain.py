"""Metadata of a folder of NWB files, saved: neurochain. Usage: metadata_neurochain.py FOLDER"""

import sys

from measured import measured

import neurochain as nc
from neurochain.formats.registry import readers

folder = sys.argv[1]
(
    nc.Chain,
    nc.read_storage,
    readers(),
)  # names are imported at their first use, and imports are not what is timed


def run() -> dict[str, object]:
    return {"rows": nc.read_storage(folder).save("sessions").rows}


def check() -> dict[str, object]:
    saved = nc.read_dataset("sessions")
    columns = (
        "file.path",
        "header.shape",
        "header.sampling_frequency",
        "nwb.subject_species",
        "nwb.unit_count",
        "nwb.trial_count",
    )
    return {"values": {row[0]: [*row[1], *row[2:]] for row in saved.select(*columns).collect().rows()}}


nc.read_values(x=[0]).map(y=lambda x: x).save("warm")  # makes the project
if __name__ == "__main__":
    measured(run, check)
