"""What the cases of a timeline share: files that are in the page cache, times by chance, and how a probe's samples lie."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

import numpy as np

CHANNELS, RATE = 384, 30_000
ROW = 2 * CHANNELS  # bytes
GAINS = {"uV": 4.0, "mV": 0.0041}
LENGTH = 0.1  # seconds of a window of several streams
REPETITION_TIME = 2.0  # seconds


def read_through(path: str | Path, first: int = 0, last: int | None = None) -> None:
    """Bring the bytes [first, last) of a file into the page cache, and not into the memory of this process."""
    buffer = memoryview(bytearray(2**22))
    with open(path, "rb", buffering=0) as file:
        left = (last if last is not None else file.seek(0, 2)) - first
        file.seek(first)
        while left > 0 and (got := file.readinto(buffer[: min(left, len(buffer))])):
            left -= got


def samples_of(path: str | Path) -> int:
    """How many samples of each channel a file holds."""
    return Path(path).stat().st_size // ROW


def starts(count: int, n_samples: int, length: int) -> list[int]:
    """First samples of windows of a length, by chance."""
    return np.random.default_rng(5).integers(0, n_samples - length, count).tolist()


def instants(count: int, seconds: float) -> list[float]:
    """When windows begin, by chance: at samples of the probe, and at no edge of a frame or volume."""
    return [ms / 1000 + 0.0004 for ms in starts(count, int(seconds * 1000), 101)]
