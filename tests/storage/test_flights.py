"""Requests under way are shared: whoever waits gets the right bytes, and nothing is asked for twice."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochain.errors import StorageError
from neurochain.storage.extents import Piece, apart
from neurochain.storage.flights import Flights
from neurochain.storage.planner import Link, Range, cut, plan

CONTENT = bytes(i * 7 % 251 for i in range(60_000))
LINK = Link(latency=0.0, bandwidth=1.0)
KEY = ("s3://lab/a", "etag")


class Store:
    """Answers once as many threads have asked as are expected; counts what it is asked for."""

    def __init__(self, expected: int) -> None:
        self.asked: list[Range] = []
        self._all_have_asked = threading.Barrier(expected, timeout=30)

    def pull(self, ranges: Sequence[Range]) -> list[bytes]:
        self.asked += ranges
        self._all_have_asked.wait()
        return [CONTENT[start:end] for start, end in ranges]


def ignore(pieces: Sequence[Piece]) -> None:
    """Keep nothing."""


def found(flights: Flights, store: Store, wanted: list[Range]) -> list[bytes]:
    planned = partial(plan, link=LINK)
    pieces = apart([p for some in flights.pull(KEY, wanted, list, planned, store.pull, ignore) for p in some])
    return cut(wanted, [(a, a + len(data)) for a, data in pieces], [data for _, data in pieces])


RANGES = st.lists(
    st.tuples(st.integers(0, 59_999), st.integers(1, 20_000)).map(lambda r: (r[0], min(r[0] + r[1], 60_000))),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(RANGES, min_size=1, max_size=6))
def test_everybody_gets_what_was_wanted_and_nothing_comes_twice(wanted: list[list[Range]]) -> None:
    flights, store = Flights(), Store(len(wanted))
    with ThreadPoolExecutor(len(wanted)) as pool:
        results = list(pool.map(lambda ranges: found(flights, store, ranges), wanted))
    for ranges, bodies in zip(wanted, results, strict=True):
        assert bodies == [CONTENT[start:end] for start, end in ranges]
    union = {i for ranges in wanted for start, end in ranges for i in range(start, end)}
    # Small gaps between ranges are read along, and may be what somebody else is pulling: never more than that.
    gaps = sum(len(ranges) for ranges in wanted) * LINK.gap("time")
    assert sum(end - start for start, end in store.asked) <= len(union) + gaps
    assert flights._under_way == {}


def test_what_others_fail_to_pull_is_pulled() -> None:
    flights, boarded, failed = Flights(), threading.Event(), threading.Event()

    def fails(ranges: Sequence[Range]) -> list[bytes]:
        boarded.set()
        failed.wait(30)
        raise StorageError("the connection was reset")

    kept: list[Piece] = []

    def pulls(ranges: Sequence[Range]) -> list[bytes]:
        failed.set()
        return [CONTENT[start:end] for start, end in ranges]

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.pull, KEY, [(0, 100)], list, list, fails, kept.extend)
        boarded.wait(30)
        second = pool.submit(flights.pull, KEY, [(50, 150)], list, list, pulls, kept.extend)
        with pytest.raises(StorageError, match="reset"):
            first.result(30)
        held, pulled, shared = second.result(30)
    assert held == shared == []
    assert sorted(pulled) == [(50, CONTENT[50:100]), (100, CONTENT[100:150])] == sorted(kept)
    assert flights._under_way == {}


def test_files_have_nothing_to_do_with_one_another() -> None:
    flights, store = Flights(), Store(2)
    with ThreadPoolExecutor(2) as pool:
        for key in (KEY, ("s3://lab/a", "other")):
            pool.submit(flights.pull, key, [(0, 9)], list, list, store.pull, ignore)
    assert store.asked == [(0, 9), (0, 9)]
