"""Windows of some channels of all recordings of a folder, in a random order: mne.

Usage: windows_mne.py FOLDER CHANNELS SECONDS
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

import mne
import numpy as np
import torch
from measured import measured

mne.set_log_level("ERROR")
channels, seconds = sys.argv[2].split(","), float(sys.argv[3])
raws = [mne.io.read_raw_edf(path) for path in sorted(Path(sys.argv[1]).glob("*.edf"))]
length = round(seconds * raws[0].info["sfreq"])
places = [(raw, start) for raw in raws for start in range(0, raw.n_times - length + 1, length)]


def window(number: int) -> np.ndarray:
    raw, start = places[number]
    return 1e6 * raw.get_data(picks=channels, start=start, stop=start + length)


def run() -> dict[str, object]:
    rows = 0
    order = np.random.default_rng(0).permutation(len(places))
    for first in range(0, len(order), 64):
        batch = torch.stack(
            [torch.from_numpy(window(n).astype(np.float32)) for n in order[first : first + 64]]
        )
        rows += len(batch)
    return {"rows": rows}


measured(run, lambda: {"values": {str(n): [round(float(window(n).mean()), 3)] for n in (0, 7, 140)}})
