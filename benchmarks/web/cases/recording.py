"""The first screen of a long recording.

Usage: recording.py FOLDER here|far
"""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from served import measured, served

import neurochain as nc
from neurochain.testing import ObjectServer

LONG = 10  # seconds
folder, where = Path(sys.argv[1]), sys.argv[2]
with ExitStack() as stack:
    bucket = stack.enter_context(ObjectServer(folder, latency=0.02, still=True)) if where == "far" else None
    if bucket is not None:
        far = {"AWS_ENDPOINT_URL": bucket.url, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
        os.environ |= far
    nc.read_storage("s3://lab/*.edf" if bucket else f"{folder}/lab/*.edf").save("signals")
    server = stack.enter_context(served(Path(os.environ["NEUROCHAIN_HOME"])))
    key = json.loads(server.ask("/api/rows", ref="signals@1.0.0"))["rows"][0]["key"]
    row = {"ref": "signals@1.0.0", "key": key, "column": "file"}
    before = bucket.traffic.bytes if bucket else 0

    def opened() -> dict[str, object]:
        found = json.loads(server.ask("/media/traces/info", **row))
        rate, count = found["sampling_frequency"], len(found["channels"])
        last = int(LONG * rate)
        screen = server.ask(
            "/media/traces", **row, first=0, last=last, columns=1200, channels=f"0-{count - 1}"
        )
        return {"bytes": len(screen), "wanted": 2 * last * count}

    measured(opened, lambda: {"pulled": (bucket.traffic.bytes if bucket else 0) - before})
