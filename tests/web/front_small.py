"""A small project, served until the input ends; with --read-only so that nothing can be changed, with --empty without datasets."""

import sys
from dataclasses import replace

from served import serve

import neurochain as nc
from neurochain.datasets.project import project

ROWS = 20


if __name__ == "__main__":
    found = project()
    if "--empty" not in sys.argv:
        nc.read_values(x=range(ROWS)).save("given", description="Some numbers", labels=["made"])
    if "--read-only" in sys.argv:
        found.database.close()
        found = replace(found, read_only=True)
    serve(found)
