"""A small project, served until the input ends; with --read-only so that nothing can be changed, with --empty without datasets."""

import os
import sys
import threading
from dataclasses import replace

import neurochain as nc
from neurochain.datasets.project import project
from neurochain.web.server.running import run_server

ROWS = 20


def ends() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    found = project()
    if "--empty" not in sys.argv:
        nc.read_values(x=range(ROWS)).save("given", description="Some numbers", labels=["made"])
    if "--read-only" in sys.argv:
        found.database.close()
        found = replace(found, read_only=True)
    threading.Thread(target=ends, daemon=True).start()
    run_server(found, lambda line: print(line, flush=True), port=0, token="secret", browser=False)
