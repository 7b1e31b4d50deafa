"""What every case of patches does: look at batches of them until there were enough, and print how long it took.

Usage of a case: ``case.py FOLDER PATCHES``.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

PATCH = 64
BATCH = 8
OF_EACH = 4


def timed(batches: Callable[[str], Iterable[Any]]) -> None:
    """Time batches of tensors, shape (patches, [1,] 64, 64, 64), as a function of the folder gives them."""
    folder, wanted = sys.argv[1], int(sys.argv[2])

    def run() -> dict[str, object]:
        seen = 0
        for batch in batches(folder):
            found = batch.reshape(-1, PATCH, PATCH, PATCH)[: wanted - seen]
            # Voxels say where they stand, see `make_volumes`: a patch that was cut wrongly is seen.
            corners = found[:, 5, 0, 0] - found[:, 0, 0, 0], found[:, 0, 5, 0] - found[:, 0, 0, 0]
            far = found[:, 0, 0, 63] - found[:, 0, 0, 0]
            if not ((corners[0] == 5).all() and (corners[1] == 35).all() and (far == 13 * 63).all()):
                raise SystemExit("A patch was not cut out of a volume.")
            seen += len(found)
            if seen == wanted:
                break
        return {"rows": seen, "values": {"shape": [PATCH]}}

    measured(run)
