"""What the cases of cold files do: read batches of a file that is not in the page cache.

Usage of a case: ``case.py FOLDER all|half``; FOLDER as in `epochs`.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

FOLDER, HALF = Path(sys.argv[1]), sys.argv[2] == "half"
BATCH = 64


def timed(path: Path, batches: Callable[[], Iterable[Any]]) -> None:
    """Time batches of signals, of a file that is forgotten before."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)

    def run() -> dict[str, object]:
        rows = sum(len(batch) for batch in batches())
        return {"rows": rows, "values": {"batch": [BATCH]}}

    measured(run)
