"""Map a trivial function over rows and save: neurochain. Usage: map_neurochain.py ROWS"""

import sys

from measured import measured

import neurochain as nc

rows = int(sys.argv[1])
nc.Chain  # noqa: B018, names are imported at their first use, and imports are not what is timed


def run() -> dict[str, object]:
    version = nc.read_values(x=list(range(rows))).map(y=lambda x: x * 2).save("bench")
    return {"rows": version.rows}


nc.read_values(x=[0]).map(y=lambda x: x).save("warm")  # makes the project
measured(run)
