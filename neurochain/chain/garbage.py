"""Garbage: Python looks for it among new objects alone while many rows are made."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["young_garbage"]

AT_START = 1_000  # more objects than an interpreter freezes when it starts (Python 3.12: 375)
_lock = threading.Lock()
_inside = 0  # blocks that are being run, in all threads
_frozen = False  # whether they froze anything: not where somebody had before them


@contextmanager
def young_garbage() -> Iterator[None]:
    """Collect garbage among new objects alone.

    Many results make Python look for garbage often, each time among all objects there are: those of every
    imported package, which took longer than making the results. Blocks may lie in each other, and beside each other in
    threads; what was frozen before the first is left alone.
    """
    global _inside, _frozen
    with _lock:
        if not _inside and gc.get_freeze_count() <= AT_START:
            gc.freeze()
            _frozen = True
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _frozen:
                gc.unfreeze()
                _frozen = False
