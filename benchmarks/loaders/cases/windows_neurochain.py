"""Windows of some channels of all recordings of a folder, shuffled: neurochain.

Usage: windows_neurochain.py FOLDER CHANNELS SECONDS
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

import numpy as np
from measured import measured

import neurochain as nc

folder, channels, seconds = sys.argv[1], sys.argv[2].split(","), float(sys.argv[3])
spec = nc.windows(seconds, channels=channels)
data = nc.read_storage(folder).gen(window=spec).select("window").to_pytorch(shuffle=True)
loader = data.loader(64)
next(iter(loader))
loader.set_epoch(0)


def run() -> dict[str, object]:
    rows = sum(len(batch["window"]) for batch in loader)
    return {"rows": rows}


measured(
    run,
    lambda: {
        "values": {str(n): [round(float(data.batch(np.array([n]))["window"].mean()), 3)] for n in (0, 7, 140)}
    },
)
