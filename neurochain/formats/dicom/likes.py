"""Likes: headers that are like one another, as those of a series are, but for a few elements.

What is the same in all of them is compared and not parsed: equal bytes have equal elements. Only what differs is walked
over and decoded, which is a tenth of the work.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

__all__ = ["LONGEST", "Element", "Like", "Likes"]

LONGEST = 1024  # bytes of an element that is compared; longer ones are stepped over
MOST = 96  # elements that differ; beyond them headers are learnt anew
KEPT = 16  # kinds of headers

Element = tuple[int, bytes | None]
"""Tag, as a number in the file's byte order reads it, and all bytes; None where they are long or differ."""
Values = dict[int, tuple[bytes, bytes]]
Key = tuple[bool, bool, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Run:
    """Elements that are the same in all headers, and how many follow that are not.

    Attributes
    ----------
    data : bytes
        Of the elements together.
    elements : list of Element
    values : dict
        Of those that are wanted, as in `Scan`.
    others : int
        Elements that follow and differ.
    """

    data: bytes
    elements: list[Element]
    values: Values
    others: int


@dataclass(frozen=True, slots=True)
class Like:
    """What some headers have in common.

    Attributes
    ----------
    implicit, big : bool
        As in `Scan`.
    runs : list of Run
        In the order of the file.
    values : dict
        Of all runs.
    content : Any
        What the values say.
    """

    implicit: bool
    big: bool
    runs: list[Run]
    values: Values
    content: Any


class Likes:
    """Headers that were met last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._seen: dict[Key, tuple[list[Element], Like | None]] = {}
        self._likes: tuple[Like, ...] = ()
        self._lock = threading.Lock()

    def like(self, implicit: bool, big: bool, data: bytes, at: int) -> Like | None:
        """What begins as a header does at `at`."""
        for like in self._likes:
            if like.implicit == implicit and like.big == big and data.startswith(like.runs[0].data, at):
                return like
        return None

    def learn(
        self,
        implicit: bool,
        big: bool,
        elements: list[Element],
        values: Values,
        wanted: dict[int, int],
        decode: Callable[[Values], Any],
    ) -> None:
        """Take in a header that is like none so far.

        Parameters
        ----------
        implicit, big : bool
            As in `Scan`.
        elements : list of Element
            All of them.
        values : dict
            Of those that are wanted.
        wanted : dict
            From tags as they are read to those of `values`.
        decode : callable
            Gives what values say.
        """
        tags = tuple(tag for tag, _ in elements)
        if len(set(tags)) < len(tags):
            return
        key = (implicit, big, tags)
        with self._lock:
            before = self._seen.pop(key, None)
            like = None
            if before is not None:
                joined = [
                    one if one[1] == other[1] else (one[0], None)
                    for one, other in zip(before[0], elements, strict=True)
                ]
                if sum(data is None for _, data in joined) <= MOST:
                    elements, like = joined, _like(implicit, big, joined, values, wanted, decode)
            self._seen[key] = elements, like
            if len(self._seen) > KEPT:
                del self._seen[next(iter(self._seen))]
            likes = [like for _, like in reversed(self._seen.values()) if like is not None]
            self._likes = tuple(sorted(likes, key=lambda like: -len(like.runs[0].data)))


def _like(
    implicit: bool,
    big: bool,
    elements: list[Element],
    values: Values,
    wanted: dict[int, int],
    decode: Callable[[Values], Any],
) -> Like:
    runs: list[Run] = []
    same: list[Element] = []
    for differs, group in groupby(elements, lambda element: element[1] is None):
        some = list(group)
        if not differs:
            same = some
            continue
        runs.append(_run(same, values, wanted, len(some)))
        same = []
    runs.append(_run(same, values, wanted, 0))
    known: Values = {}
    for run in runs:
        known |= run.values
    return Like(implicit, big, runs, known, decode(known))


def _run(same: list[Element], values: Values, wanted: dict[int, int], others: int) -> Run:
    known = [wanted[tag] for tag, _ in same if tag in wanted]
    data = b"".join(data for _, data in same if data is not None)
    return Run(data, same, {tag: values[tag] for tag in known}, others)
