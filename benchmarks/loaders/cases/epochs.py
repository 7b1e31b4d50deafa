"""What every loader's case does: consume epochs of rows, and print how long each took as one line of JSON.

Usage of a case: ``case.py FOLDER BATCH WORKERS first|second``. FOLDER holds ``signals.npy`` (rows, 64, 64) float32 and
``labels.npy`` (rows,) int64. ``first`` times making what the loader reads and one epoch of it; ``second`` times an epoch
after another one, with all that is made once left out.
"""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "cases"))

from measured import measured

Loader = Callable[[int], Iterable[tuple[Any, Any]]]
"""Gives an epoch's batches, (signals, labels) as tensors, by the number of the epoch."""


def folder_of_arguments() -> tuple[Path, int, int]:
    """FOLDER, BATCH and WORKERS."""
    return Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def timed(make: Callable[[], Loader]) -> None:
    """Time what the last argument says.

    Parameters
    ----------
    make : callable
        Converts what must be converted, and gives the loader.
    """
    found: dict[str, Any] = {}

    def consume(loader: Loader, epoch: int) -> dict[str, object]:
        rows, labels, shape, order = 0, 0, (), []
        for signals, label in loader(epoch):
            rows += len(signals)
            labels += int(label.sum())
            shape = tuple(signals.shape[1:])
            if len(order) < 512:
                order += label.tolist()
            # The first value of a signal is its label, so that a row that was mixed up is seen.
            if int(signals[0, 0, 0]) != int(label[0]):
                raise SystemExit("A signal has another row's label.")
        if order == sorted(order):
            raise SystemExit("The rows were not shuffled.")
        found["values"] = {"labels": [float(labels)], "shape": [float(n) for n in shape]}
        return {"rows": rows}

    if sys.argv[4] == "first":
        measured(lambda: consume(make(), 0), lambda: dict(found))
        return
    loader = make()
    consume(loader, 0)
    time.sleep(0.2)  # what an epoch leaves behind ends in peace
    measured(lambda: consume(loader, 1), lambda: dict(found))
