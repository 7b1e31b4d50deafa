"""Times: of samples that each have one of their own, the rate they were taken at and the stretches without gaps."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.arrays.stored import Array
from neurochain.formats.recordings.gaps import Segments
from neurochain.storage import File, Memo

__all__ = ["Times"]

KEY = "nwb times 1"
AT_ONCE = 2**22  # times
EVEN = 0.25  # of the time between two samples: what it may differ by
MOST_GAPS = 100_000
TABLE = "nc.open_table(path, variable=…) reads such a series as a table"
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Times:
    """When samples were taken.

    Attributes
    ----------
    rate : float, Hz
        Within stretches without gaps.
    segments : tuple of (float, float), seconds
        The stretches.
    """

    rate: float
    segments: Segments

    @classmethod
    def of(cls, file: File, path: str, stamps: Array, memo: Memo) -> "Times":
        """Times of an array of them, which is read whole once.

        Parameters
        ----------
        file : File
            That names it; with `path` the key under which they are remembered.
        path : str
            Of the times in it.
        stamps : Array, shape (n_samples,), seconds
            The times.
        memo : Memo
            Where they are kept.

        Raises
        ------
        FormatError
            They do not ascend evenly, or there are fewer than two.
        """
        key = f"{KEY}: {file.uri} {file.etag} {path}"
        if (kept := memo.get(key)) is not None:
            said = json.loads(kept)
            return cls(said["rate"], tuple((a, b) for a, b in said["segments"]))
        found = _found(path, stamps)
        memo.put(key, json.dumps({"rate": found.rate, "segments": found.segments}).encode())
        return found


def _found(path: str, stamps: Array) -> Times:
    n = stamps.shape[0] if len(stamps.shape) == 1 else 0
    if n < 2:
        raise FormatError(f"{path} has {n} times, from which no sampling frequency can be told: {TABLE}")
    period = 0.0
    begins, firsts, last = [0], [], 0.0
    for at in range(0, n, AT_ONCE):
        block = np.asarray(stamps.select((Axis(at, 1, min(AT_ONCE, n - at)),)), np.float64)
        if not np.isfinite(block).all():
            raise FormatError(f"{path} holds times that are no numbers")
        steps = np.diff(block) if not at else np.diff(block, prepend=last)
        if not at:
            period = float(np.median(steps))
            firsts.append(float(block[0]))
        if not period > 0 or (steps <= 0).any():
            raise FormatError(f"the times of {path} do not ascend: {TABLE}")
        apart = np.flatnonzero(steps > (1 + EVEN) * period)
        uneven = int((steps < (1 - EVEN) * period).sum())
        if 10 * (len(apart) + uneven) > len(steps) + 10 or len(begins) + len(apart) > MOST_GAPS:
            raise FormatError(f"the samples of {path} were taken at uneven times: {TABLE}")
        behind = apart + (1 if not at else 0)
        begins += (at + behind).tolist()
        firsts += block[behind].tolist()
        last = float(block[-1])
    return _times(n, begins, firsts, last, stamps)


def _times(n: int, begins: list[int], firsts: list[float], last: float, stamps: Array) -> Times:
    """Rate of the longest stretch, as its first and its last time say it; and the stretches."""
    counts = np.diff([*begins, n])
    longest = int(counts.argmax())
    count = int(counts[longest])
    end = last
    if longest < len(begins) - 1:
        end = float(stamps.select((Axis(begins[longest + 1] - 1, 1, 1),))[0])
    rate = (count - 1) / (end - firsts[longest])
    ends = [first + k / rate for first, k in zip(firsts, counts.tolist(), strict=True)]
    return Times(rate, tuple(zip(firsts, ends, strict=True)))
