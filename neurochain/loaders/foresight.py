"""Foresight: batches to come, whose rows the kernel is asked to read while those before them are used.

Only where somebody has waited for the disk: of rows that are in memory already, asking costs a quarter of taking them.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from neurochain.loaders.order import Indices
from neurochain.loaders.rows import Rows

try:
    import resource
except ImportError:  # Windows
    COUNTS = False
else:
    COUNTS = hasattr(resource, "RUSAGE_THREAD")  # Linux

AHEAD = 16  # batches
RELIED_ON = 256  # batches for which the disk is taken to be waited for, once it was


def foreseen(rows: Rows, batches: Iterable[Indices]) -> Iterator[Indices]:
    """Batches as they are, some of which are announced to the kernel before they are given.

    Parameters
    ----------
    rows : Rows
        Whose batches they are.
    batches : iterable of ndarray of int
        Row numbers.
    """
    if not COUNTS or not rows.announced:
        yield from batches
        return
    coming: deque[Indices] = deque()
    left = 0  # batches for which it goes on
    waited = _waits(rows)
    for batch in batches:
        coming.append(batch)
        if left:
            rows.announce(batch)
        if len(coming) <= AHEAD:
            continue
        yield coming.popleft()
        left = max(left - 1, 0)
        now = _waits(rows)
        if now > waited and not left:
            left = RELIED_ON
            for other in coming:
                rows.announce(other)
        waited = now
    yield from coming


def _waits(rows: Rows) -> int:
    """How often this thread has waited for the disk."""
    mapped = resource.getrusage(resource.RUSAGE_THREAD).ru_majflt
    return mapped + sum(column.values.waits for column in rows.announced)
