"""A slice of a scan in a bucket.

Usage: scan.py FOLDER
"""

import json
import os
import sys
from pathlib import Path

from served import measured, served

import neurochain as nc
from neurochain.testing import ObjectServer

folder = Path(sys.argv[1])
with ObjectServer(folder, latency=0.02, still=True) as bucket:
    far = {"AWS_ENDPOINT_URL": bucket.url, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    os.environ |= far
    nc.read_storage("s3://lab/*.nii").save("scans")
    with served(Path(os.environ["NEUROCHAIN_HOME"])) as server:
        key = json.loads(server.ask("/api/rows", ref="scans@1.0.0"))["rows"][0]["key"]
        row = {"ref": "scans@1.0.0", "key": key, "column": "file"}
        before = bucket.traffic.bytes
        size = (folder / "lab/large.nii").stat().st_size

        def opened() -> dict[str, object]:
            shape = json.loads(server.ask("/media/volume/info", **row))["shape"]
            picture = server.ask("/media/volume", **row, axis=2, i=shape[2] // 2)
            return {"bytes": len(picture), "wanted": size // 100}

        measured(opened, lambda: {"pulled": bucket.traffic.bytes - before})
