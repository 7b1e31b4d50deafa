"""Inflated: compressed volumes that were looked at last, in memory: every slice of one costs a pass over most of its file."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

import numpy as np

__all__ = ["Inflated"]

ROOM = 512 * 2**20  # bytes
Values = np.ndarray[Any, Any]


class Inflated:
    """Arrays by what they are of. Those that were not used for longest go first, and one is made at a time."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lock, self._making = Lock(), Lock()
        self._held: OrderedDict[Hashable, Values] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], Values]) -> Values:
        """An array, which is not to be written to."""
        if (found := self._known(key)) is not None:
            return found
        with self._making:  # two would take the memory of both, and the second finds what the first has made
            if (found := self._known(key)) is not None:
                return found
            found = make()
            with self._lock:
                self._held[key] = found
                while len(self._held) > 1 and sum(v.nbytes for v in self._held.values()) > self._room:
                    self._held.popitem(last=False)
            return found

    def _known(self, key: Hashable) -> Values | None:
        with self._lock:
            if (found := self._held.get(key)) is not None:
                self._held.move_to_end(key)
            return found
