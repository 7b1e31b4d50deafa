"""LinkMeter: what the way to a store costs, learned from the requests that were made."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from neurochain.storage.planner import Link

SMALL = 64 * 1024  # bytes up to which a request shows the latency
LARGE = 1024 * 1024  # from which on it shows the bandwidth
RECENT = 64  # requests of each kind that count
ENOUGH = 4  # before which nothing is concluded
LATENCY = (100e-6, 2.0)  # seconds; what lies outside is taken for a disturbance
BANDWIDTH = (1e6, 10e9)  # bytes/s


class LinkMeter:
    """Measures a link. Safe to use from several threads.

    Parameters
    ----------
    link : Link
        What is assumed before anything is known.

    Examples
    --------
    >>> meter = LinkMeter(Link(latency=0.03, at_once=16))
    >>> for _ in range(8): meter.note(1000, 0.002, 1)
    >>> meter.link.latency
    0.002
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._rates: deque[float] = deque(maxlen=RECENT)
        self._under_way = 0
        self._lock = threading.Lock()

    @property
    def link(self) -> Link:
        """As far as it is known."""
        return self._link

    @contextmanager
    def request(self, size: int) -> Iterator[None]:
        """Note the request for so many bytes that is made inside the block, if it does not fail."""
        with self._lock:
            self._under_way += 1
            together = self._under_way
        started = time.monotonic()
        try:
            yield
            self.note(size, time.monotonic() - started, together)
        finally:
            with self._lock:
                self._under_way -= 1

    def note(self, size: int, seconds: float, under_way: int) -> None:
        """Note a request that was answered.

        Parameters
        ----------
        size : int
            Bytes that came.
        seconds : float
            Until the last of them.
        under_way : int
            Requests that shared the link, this one among them.
        """
        with self._lock:
            if size <= SMALL:
                if under_way > self._link.at_once:
                    return  # answers wait for one another
                self._latencies.append(seconds)
            elif size >= LARGE:
                rate = size / max(seconds - self._link.latency, seconds / 2)
                self._rates.append(rate * max(under_way, 1))
            else:
                return
            self._link = Link(
                _known(self._latencies, LATENCY, self._link.latency),
                _known(self._rates, BANDWIDTH, self._link.bandwidth),
                self._link.at_once,
            )


def _known(values: deque[float], bounds: tuple[float, float], otherwise: float) -> float:
    if len(values) < ENOUGH:
        return otherwise
    return min(max(median(values), bounds[0]), bounds[1])
