"""Shortfall: windows written where there is no room for them, as ``python shortfall.py disk|limit FOLDER VERB,… SIZE…``.

``limit`` allows no larger files, ``disk`` makes a disk of that size in the folder, and must be root, of a namespace of its
own. A line of JSON for each size.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np

import neurochain as nc

BEGAN = datetime(2026, 5, 1)
sys.dont_write_bytecode = True  # a limit would cut what others import


def made() -> nc.Timeline:
    """Streams of a few megabytes, which cannot be compressed."""
    rng = np.random.default_rng(0)
    return nc.timeline(
        ephys=nc.Recording.of(rng.normal(size=(4, 40_000)), 1000.0, units="uV"),
        bold=nc.stream(
            nc.Volume.of(rng.normal(size=(8, 8, 4, 20)), axes=("x", "y", "z", "t")), repetition_time=2
        ),
        behavior={"time": np.arange(0, 40, 0.1), "velocity": rng.normal(size=400)},
        events={"onset": [1.0, 2.0], "what": ["a", "b"]},
    ).where("signal > 0")


def write(timeline: nc.Timeline, verb: str, path: Path) -> None:
    """Write all of it."""
    more = {"session_start_time": BEGAN} if verb == "to_nwb" else {}
    getattr(timeline, verb)(path, **more)


@contextmanager
def small(kind: str, folder: Path, size: int) -> Iterator[None]:
    """No room for more bytes."""
    if kind == "disk":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
        yield
        subprocess.run(["umount", folder], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def main(kind: str, folder: Path, verbs: list[str], sizes: list[int]) -> None:
    timeline = made()
    for verb in verbs:
        place = folder / verb
        place.mkdir()
        for size in sizes:
            with small(kind, place, size):
                try:
                    write(timeline, verb, place / "out")
                    said = ""
                except nc.StorageError as error:
                    said = str(error)
                left = sorted(os.listdir(place))
            print(json.dumps({"verb": verb, "size": size, "said": said, "left": left}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(","), [int(a) for a in sys.argv[4:]])
