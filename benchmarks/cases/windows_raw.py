"""Windows of raw samples at random times. Usage: windows_raw.py neurochain|memmap FILE COUNT"""

import json
import sys
from pathlib import Path

import numpy as np
from measured import measured

import neurochain as nc

how, path, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
said = json.loads(path.with_suffix(".json").read_text("utf-8"))
rate, channels = said["sampling_frequency"], said["channels"]
duration = path.stat().st_size // (2 * channels * rate)
times = np.random.default_rng(5).integers(0, duration - 1, count)
recording = nc.open(path).stored
samples = np.memmap(path, np.int16, mode="r").reshape(-1, channels)
samples.sum()  # brings the file into memory


def told(sums: list[int]) -> dict[str, object]:
    return {"rows": len(sums), "values": {str(i): [int(one)] for i, one in enumerate(sums)}}


def by_neurochain() -> dict[str, object]:
    return told([recording.window(t, t + 1).read()[3].sum() for t in times.tolist()])


def by_memmap() -> dict[str, object]:
    return told([np.array(samples[t * rate : (t + 1) * rate])[:, 3].sum() for t in times.tolist()])


measured(by_neurochain if how == "neurochain" else by_memmap)
