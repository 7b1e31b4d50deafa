"""Window: how many calls are under way at once, while they wait for files elsewhere."""

import math

FIRST = 8  # calls, before anything is known of them
MOST = 64
BYTES = 256 * 2**20  # that the calls under way may have pulled, together
SPARE = 2  # times as many calls as would hide the waiting if all took the same time
MEMORY = 8  # calls before the last that count half as much as it


class Window:
    """As many calls as it takes to hide the waiting of one behind the work of the others.

    A call that works for 1 ms and waits for 40 leaves room for 40 others, and for as many again, since calls do not come
    evenly; one that never waits leaves room for none.

    Parameters
    ----------
    size : int or None
        Fixed by the user.
    """

    def __init__(self, size: int | None = None) -> None:
        self._fixed = size
        self._worked = self._waited = self._pulled = self._calls = 0.0

    @property
    def most(self) -> int:
        """Calls that may ever be under way."""
        return self._fixed or MOST

    @property
    def size(self) -> int:
        """Calls that should be under way now."""
        if self._fixed is not None:
            return self._fixed
        if not self._calls:
            return FIRST
        hidden = 1 + SPARE * self._waited / max(self._worked, 1e-9)
        held = BYTES * self._calls / max(self._pulled, 1)
        return max(2, min(math.ceil(hidden), int(held), MOST))

    def learn(self, seconds: float, waited: float, pulled: int) -> None:
        """Note what a call took.

        Parameters
        ----------
        seconds, waited : float
            In all, and for bytes.
        pulled : int
            Bytes.
        """
        fade = 0.5 ** (1 / MEMORY)
        values = (max(seconds - waited, 0.0), waited, pulled, 1.0)
        before = (self._worked, self._waited, self._pulled, self._calls)
        self._worked, self._waited, self._pulled, self._calls = (
            fade * a + b for a, b in zip(before, values, strict=True)
        )
