"""Power between 8 and 13 Hz of one channel in 30 s of each recording, saved: neurochain.

Usage: band_neurochain.py ADDRESS CHANNEL START END [ENDPOINT]
"""

import sys

import numpy as np
from measured import measured
from scipy.signal import welch

import neurochain as nc
from neurochain.formats.registry import readers

address, channel = sys.argv[1:3]
start, end = (int(second) for second in sys.argv[3:5])
there = {"anon": True, "storage_options": {"endpoint": sys.argv[5]}} if len(sys.argv) > 5 else {}
(
    nc.Chain,
    nc.read_storage,
    readers(),
)  # names are imported at their first use, and imports are not what is timed


def alpha(recording: nc.Recording) -> float:
    rate = round(recording.sampling_frequencies[0])
    signal = recording[recording.channels.index(channel), start * rate : end * rate]
    frequencies, density = welch(signal, rate, nperseg=2 * rate)
    return float(density[(frequencies >= 8) & (frequencies < 13)].sum() * frequencies[1])


def run() -> dict[str, object]:
    return {"rows": nc.read_storage(address, **there).map(alpha).save("bands").rows}


def check() -> dict[str, object]:
    rows = nc.read_dataset("bands").select("file.path", "alpha").collect().rows()
    pulled = nc.dataset("bands").lineage().functions[0].bytes
    if not pulled:
        sys.exit("No bytes were pulled: what was measured is a cache.")
    return {"values": {path: [value] for path, value in rows}, "bytes": pulled}


welch(np.zeros(256), 128)  # some of scipy is imported at its first use
nc.read_values(x=[0]).map(y=lambda x: x).save("warm")  # makes the project
measured(run, check)
