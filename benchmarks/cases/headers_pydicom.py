"""Headers of a folder of DICOM files in a list, by two processes and pydicom. Usage: headers_pydicom.py FOLDER KEYWORDS"""

import sys
from multiprocessing import Pool
from pathlib import Path

from measured import measured
from pydicom import dcmread

folder, keywords = Path(sys.argv[1]), sys.argv[2].split(",")
found: list[dict[str, object]] = []


def read(path: str) -> dict[str, object]:
    scan = dcmread(path, stop_before_pixels=True, specific_tags=keywords)
    return {"path": path} | {k: scan[k].value for k in keywords if k in scan}


def run() -> dict[str, object]:
    paths = [str(path) for path in folder.rglob("*.dcm")]
    with Pool(2) as pool:
        found.extend(pool.imap(read, paths, chunksize=50))
    return {"rows": len(found)}


def check() -> dict[str, object]:
    """Values by path, as the other cases have them."""
    named = {"/".join(str(one["path"]).split("/")[-2:]): one for one in found}
    return {"values": {name: values(one) for name, one in named.items()}}


def values(one: dict[str, object]) -> list[object]:
    echo = one.get("EchoTime")
    return [
        str(one["SOPInstanceUID"]),
        int(one["InstanceNumber"]),
        None if echo is None else float(echo),
        int(one["Rows"]),
    ]


if __name__ == "__main__":
    measured(run, check)
