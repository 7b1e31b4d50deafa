"""Windows of a second at random times: others. Usage: excerpts_peers.py memmap|spikeinterface FILE COUNT numbers|uV"""

import sys
from collections.abc import Callable

import numpy as np
from asked import CHANNELS, GAINS, RATE, ROW, read_through, samples_of, starts
from measured import measured

who, path, count, how = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
firsts = starts(count, samples_of(path), RATE)
for first in firsts:
    read_through(path, first * ROW, (first + RATE) * ROW)


def by_memmap() -> Callable[[int], np.ndarray]:
    samples = np.memmap(path, np.int16, mode="r").reshape(-1, CHANNELS)
    return lambda first: np.array(samples[first : first + RATE])


def by_spikeinterface() -> Callable[[int], np.ndarray]:
    from spikeinterface.core import read_binary  # of the peers' environment

    said = {} if how == "numbers" else {"gain_to_uV": GAINS[how], "offset_to_uV": 0.0}
    recording = read_binary(path, sampling_frequency=RATE, dtype="int16", num_channels=CHANNELS, **said)
    if said:
        return lambda first: recording.get_traces(
            start_frame=first, end_frame=first + RATE, return_in_uV=True
        )
    return lambda first: np.array(recording.get_traces(start_frame=first, end_frame=first + RATE))


window = by_memmap() if who == "memmap" else by_spikeinterface()


def run() -> dict[str, object]:
    sums = []
    for first in firsts:
        values = window(first)
        sums.append([float(values[:, 3].sum(dtype=float)), len(values)])
    return {"rows": len(sums), "values": {f"{path} {how} {i}": one for i, one in enumerate(sums)}}


measured(run)
