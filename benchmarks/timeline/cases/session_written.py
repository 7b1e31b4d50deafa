"""What was written of a session: each window's values and times, as what the cases compare."""

from hashlib import blake2b
from typing import Any

import h5py
import numpy as np


def written(path: str, streams: list[str]) -> dict[str, list[Any]]:
    """Of each window and stream a hash of the values with their dtype, the shape, and the first and last time."""
    found = {}
    with h5py.File(path) as file:
        for number, window in file["windows"].items():
            for name in streams:
                values, times = window[name]["data"], window[name]["time"]
                data = np.ascontiguousarray(values[...])
                digest = blake2b(data.view(np.uint8).data, digest_size=16).hexdigest()
                found[f"{number} {name}"] = [
                    digest,
                    str(values.dtype),
                    list(values.shape),
                    len(times),
                    times[0],
                    times[-1],
                ]
    return found
