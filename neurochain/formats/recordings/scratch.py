"""Scratch: memory that a thread uses again and again, for what it needs for a moment."""

import threading
from typing import Any

import numpy as np

__all__ = ["Scratch"]


class Scratch(threading.local):
    """Memory of each thread that uses it. The system clears new memory, which may take longer than what it is for.

    Examples
    --------
    >>> scratch = Scratch()
    >>> scratch.take(4) is scratch.take(4)
    False
    >>> np.shares_memory(scratch.take(4), scratch.take(2))
    True
    """

    def __init__(self) -> None:
        self._held: np.ndarray[Any, np.dtype[np.uint8]] = np.empty(0, np.uint8)

    def take(self, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """So many bytes, whose content nobody knows; the same that this thread took before."""
        if len(self._held) < size:
            self._held = np.empty(size, np.uint8)
        return self._held[:size]
