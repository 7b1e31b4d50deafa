"""Windows of a second at random times, through a timeline: neurochain. Usage: excerpts_neurochain.py FILE COUNT numbers|uV"""

import sys

from asked import CHANNELS, GAINS, RATE, ROW, read_through, samples_of, starts
from measured import measured

import neurochain as nc

path, count, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
scale = {"gain": GAINS[how], "unit": how} if how in GAINS else {}
t = nc.timeline(ephys=nc.open(path, channels=CHANNELS, sampling_frequency=RATE, dtype="int16", **scale))
firsts = starts(count, samples_of(path), RATE)
for first in firsts:
    read_through(path, first * ROW, (first + RATE) * ROW)


def run() -> dict[str, object]:
    sums = []
    for first in firsts:
        a = first / RATE
        values = t.window(a, a + 1)["ephys"].read()
        sums.append([float(values[:, 3].sum(dtype=float)), len(values)])
    return {"rows": len(sums), "values": {f"{path} {how} {i}": one for i, one in enumerate(sums)}}


measured(run)
