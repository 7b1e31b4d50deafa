"""Flights: ranges that are being pulled in this process, so that what one thread waits for no other asks for again."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from neurochain.storage.extents import Piece, missing, uncovered
from neurochain.storage.planner import Range

Key = tuple[str, str]  # address and etag
Found = tuple[list[Piece], list[Piece], list[Piece]]
SLOTS = 1024  # of files, in which landings are counted


@dataclass(eq=False)
class Flight:
    """One request under way.

    Attributes
    ----------
    start, end : int
        Of its bytes, half-open.
    landed : Future of bytes
    """

    start: int
    end: int
    landed: Future[bytes] = field(default_factory=Future)


class Flights:
    """Requests under way, by file. Safe to use from several threads."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all: a process that was forked has none of the threads that they are of."""
        self._lock = threading.Lock()
        self._under_way: dict[Key, list[Flight]] = {}
        self._landings = [0] * SLOTS

    def pull(
        self,
        key: Key,
        wanted: Sequence[Range],
        find: Callable[[], list[Piece]],
        plan: Callable[[Sequence[Range]], list[Range]],
        pull: Callable[[Sequence[Range]], Sequence[bytes]],
        keep: Callable[[Sequence[Piece]], None],
    ) -> Found:
        """Pieces that were kept before, that were pulled now, and that others were pulling: together all that is wanted.

        Parameters
        ----------
        key : (str, str)
            Of the file.
        wanted : sequence of (int, int)
            Half-open ranges.
        find : callable
            Gives what was kept before.
        plan : callable
            Requests for ranges.
        pull : callable
            Bytes of requests.
        keep : callable
            Gets what was pulled, before others cease to see it under way.

        Raises
        ------
        StorageError
            As `pull`. What others fail to pull is pulled here.
        """
        held, own, others = self._board(key, wanted, find, plan)
        try:
            bodies = pull([(flight.start, flight.end) for flight in own])
            pulled = [(flight.start, data) for flight, data in zip(own, bodies, strict=True)]
            keep(pulled)
            for flight, data in zip(own, bodies, strict=True):
                flight.landed.set_result(data)
        except BaseException as error:
            for flight in own:
                if not flight.landed.done():
                    flight.landed.set_exception(error)
            raise
        finally:
            self._leave(key, own)
        # Nobody waits before what others wait for has landed, so no two wait for one another.
        shared = [(f.start, f.landed.result()) for f in others if f.landed.exception() is None]
        if left := missing(wanted, [*held, *pulled, *shared]):
            requests = plan(left)
            again = list(zip((start for start, _ in requests), pull(requests), strict=True))
            keep(again)
            pulled += again
        return held, pulled, shared

    def _board(
        self,
        key: Key,
        wanted: Sequence[Range],
        find: Callable[[], list[Piece]],
        plan: Callable[[Sequence[Range]], list[Range]],
    ) -> tuple[list[Piece], list[Flight], list[Flight]]:
        """What was kept, flights for what nobody is pulling, and those of others that hold the rest."""
        slot = hash(key) % SLOTS
        while True:
            before = self._landings[slot]
            held = find()
            with self._lock:
                if self._landings[slot] != before:
                    continue  # what has landed since then is under way no longer, and was not kept when that was looked at
                left = missing(wanted, held)
                known = self._under_way.setdefault(key, [])
                others = [f for f in known if any(a < f.end and f.start < b for a, b in left)]
                rest = uncovered(left, [(f.start, f.end) for f in others])
                own = [Flight(start, end) for start, end in plan(rest)]
                known += own
                return held, own, others

    def _leave(self, key: Key, own: Sequence[Flight]) -> None:
        with self._lock:
            self._landings[hash(key) % SLOTS] += bool(own)
            left = [flight for flight in self._under_way.get(key, ()) if flight not in own]
            if left:
                self._under_way[key] = left
            else:
                self._under_way.pop(key, None)


FLIGHTS = Flights()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FLIGHTS.clear)
