"""Map a trivial function over rows and save: DataChain. Usage: map_datachain.py ROWS default|tuned

Tuned: prefetch=0. Nothing is downloaded here, but by default each row passes through the machinery that would.
"""

import sys

import datachain as dc
from measured import measured

rows, how = int(sys.argv[1]), sys.argv[2]


def run() -> dict[str, object]:
    chain = dc.read_values(x=list(range(rows)))
    if how == "tuned":
        chain = chain.settings(prefetch=0)
    saved = chain.map(y=lambda x: x * 2, output=int).save("bench")
    return {"rows": saved.count()}


dc.read_values(x=[0]).map(y=lambda x: x, output=int).save("warm")  # makes its database
measured(run)
