"""Planner: which requests pull the ranges that are wanted."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Cost = Literal["time", "bytes"]
Range = tuple[int, int]

REQUEST_BYTES = 1024  # that a request and the head of its answer cost by themselves
LEAST_PIECE = 4 * 2**20  # bytes below which a range is not split


@dataclass(frozen=True)
class Link:
    """The way to a store, as far as it decides what is worth a request.

    Attributes
    ----------
    latency : float, seconds
        Until an answer begins.
    bandwidth : float, bytes/s
        Of all requests together.
    at_once : int
        Requests that may be under way.
    """

    latency: float = 0.03
    bandwidth: float = 100e6
    at_once: int = 16

    def gap(self, io: Cost) -> int:
        """Bytes between two ranges that are better read along: they cost less than one more request."""
        if io == "bytes":
            return REQUEST_BYTES
        return max(REQUEST_BYTES, int(self.latency * self.bandwidth / self.at_once))

    @property
    def piece(self) -> int:
        """Bytes from which on a second request is worth it: those that come during one latency, or 4 MiB."""
        return max(LEAST_PIECE, int(self.latency * self.bandwidth))


def plan(wanted: Sequence[Range], link: Link, io: Cost = "time") -> list[Range]:
    """Plan the requests for some ranges of one object.

    Parameters
    ----------
    wanted : sequence of (int, int)
        Half-open [start, end), in any order; they may overlap, and be empty.
    link : Link
        What a request costs.
    io : {"time", "bytes"}
        Ranges with little between them are one request where that takes less time; or where it pulls fewer bytes, a
        request's own counted.

    Returns
    -------
    list of (int, int)
        Disjoint, not empty, in the order in which they should be sent: large ones first, since they end last.

    Examples
    --------
    >>> link = Link(latency=0.02, bandwidth=1e6, at_once=1)
    >>> plan([(0, 10), (9_000, 9_010), (90_000, 90_010)], link)
    [(0, 9010), (90000, 90010)]
    >>> plan([(0, 10), (9_000, 9_010), (90_000, 90_010)], link, io="bytes")
    [(0, 10), (9000, 9010), (90000, 90010)]
    """
    gap = link.gap(io)
    joined: list[Range] = []
    for start, end in sorted(r for r in wanted if r[0] < r[1]):
        if joined and start <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    pieces = [piece for r in joined for piece in _split(r, link)]
    return sorted(pieces, key=lambda r: (r[0] - r[1], r[0]))


def _split(whole: Range, link: Link) -> list[Range]:
    """A range in pieces of about one size, as many as can be under way."""
    start, end = whole
    count = max(1, min(link.at_once, (end - start) // link.piece))
    bounds = [start + (end - start) * i // count for i in range(count + 1)]
    return list(pairwise(bounds))


def cut(wanted: Sequence[Range], requests: Sequence[Range], bodies: Sequence[bytes]) -> list[bytes]:
    """Cut the ranges that were wanted out of what the requests gave.

    Parameters
    ----------
    wanted : sequence of (int, int)
        As in `plan`.
    requests : sequence of (int, int)
        Disjoint; together they hold all that is wanted.
    bodies : sequence of bytes
        Of the requests.

    Examples
    --------
    >>> cut([(2, 4), (1, 2)], [(0, 5)], [b"abcde"])
    [b'cd', b'b']
    """
    order = sorted(range(len(requests)), key=lambda i: requests[i])
    starts = [requests[i][0] for i in order]
    found = []
    for start, end in wanted:
        at, i = start, bisect_right(starts, start) - 1
        pieces = []
        while at < end:
            body = bodies[order[i]]
            pieces.append(body[at - starts[i] : end - starts[i]])
            at, i = starts[i] + len(body), i + 1
        found.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
    return found


def clipped(size: int, start: int, end: int | None) -> Range:
    """Range [start, end) of an object of some size; a negative start counts from its end, and None is its end.

    Examples
    --------
    >>> clipped(100, -16, None), clipped(100, 90, 120), clipped(10, -16, None)
    ((84, 100), (90, 100), (0, 10))
    """
    first = max(0, size + start) if start < 0 else min(start, size)
    return first, size if end is None else max(first, min(end, size))
