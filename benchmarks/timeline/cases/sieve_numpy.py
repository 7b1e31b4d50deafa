"""A whole recording by NumPy, read or compared second by second. Usage: sieve_numpy.py FILE read|plain|std"""

import sys

import numpy as np
from asked import CHANNELS, GAINS, RATE, read_through
from measured import measured

path, how = sys.argv[1], sys.argv[2]
gain = np.float32(GAINS["mV"])
samples = np.memmap(path, np.int16, mode="r").reshape(-1, CHANNELS)
megabytes = max(round(samples.nbytes / 1e6), 1)
chunks = [slice(at, at + RATE) for at in range(0, len(samples), RATE)]
read_through(path)


def reading() -> dict[str, object]:
    for chunk in chunks:
        np.array(samples[chunk])
    return {"rows": megabytes}


def plain() -> dict[str, object]:
    held = sum(int((samples[chunk] * gain > 0.8).sum()) for chunk in chunks)
    return {"rows": megabytes, "values": {f"{path} signal > 0.8": [held]}}


def spread() -> dict[str, object]:
    total = np.zeros((2, CHANNELS))
    for chunk in chunks:
        values = samples[chunk] * gain
        total += values.sum(axis=0, dtype=float), np.square(values, dtype=float).sum(axis=0)
    mean, square = total / len(samples)
    limit = (4 * np.sqrt(square - mean**2)).astype(np.float32)
    held = sum(int((np.abs(samples[chunk] * gain) > limit).sum()) for chunk in chunks)
    return {"rows": megabytes, "values": {f"{path} abs(signal) > 4*std": [held]}}


measured({"read": reading, "plain": plain, "std": spread}[how])
