"""Index of a BIDS dataset, by others. Usage: bids_peers.py pybids|bids2table|sidecars ROOT

Sidecars: bids2table's index, and the metadata of each image by its ``load_bids_metadata``.
"""

import sys
from pathlib import Path

from measured import measured

how, root = sys.argv[1], Path(sys.argv[2])
values: dict[str, list[object]] = {}


def by_pybids() -> dict[str, object]:
    global layout
    layout = BIDSLayout(root, validate=False)
    return {"rows": len(layout.get(extension=".nii.gz"))}


def check_pybids() -> dict[str, object]:
    images = layout.get(extension=".nii.gz")
    return {
        "values": {i.filename: [i.get_entities()["subject"], i.get_metadata()["EchoTime"]] for i in images}
    }


def by_bids2table() -> dict[str, object]:
    global images
    table = bids2table.index_dataset(root)
    images = [row for row in table.select(["path", "sub", "ext"]).to_pylist() if row["ext"] == ".nii.gz"]
    if how == "sidecars":
        for row in images:
            row["metadata"] = bids2table.load_bids_metadata(root / row["path"], inherit=True)
    return {"rows": len(images)}


def check_bids2table() -> dict[str, object]:
    for row in images:
        path = root / row["path"]
        found = row.get("metadata") or bids2table.load_bids_metadata(path, inherit=True)
        values[path.name] = [row["sub"], found["EchoTime"]]
    return {"values": values}


if __name__ == "__main__":
    if how == "pybids":
        from bids import BIDSLayout  # each contestant pays for its own imports alone

        measured(by_pybids, check_pybids)
    else:
        import bids2table  # as above

        bids2table.get_arrow_schema()  # reads the schema of BIDS, once
        measured(by_bids2table, check_bids2table)
