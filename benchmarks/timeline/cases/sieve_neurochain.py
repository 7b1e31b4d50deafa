"""A condition over a whole recording: neurochain. Usage: sieve_neurochain.py FILE CONDITION"""

import sys

from asked import CHANNELS, GAINS, RATE, read_through
from measured import measured

import neurochain as nc
from neurochain.timeline.filters.sieve import Sieve

path, text = sys.argv[1], sys.argv[2]
recording = nc.open(
    path, channels=CHANNELS, sampling_frequency=RATE, dtype="int16", gain=GAINS["mV"], unit="mV"
)
megabytes = max(round(recording.file.size / 1e6), 1)
read_through(path)


def run() -> dict[str, object]:
    runs = Sieve.of(text, recording).runs()
    held = sum(int((found[:, 1] - found[:, 0]).sum()) for found in map(runs.of, runs.labels))
    return {"rows": megabytes, "values": {f"{path} {text}": [held]}}


measured(run)
