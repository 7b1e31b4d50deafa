"""Planner: whatever is wanted, over whatever link, what comes back equals slices of the whole."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from neurochain.storage.planner import Cost, Link, cut, plan

SIZE = 3_000
WHOLE = bytes(i * i % 251 for i in range(SIZE))

ranges = st.lists(
    st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(lambda r: (min(r), max(r))), max_size=30
)
links = st.builds(Link, latency=st.floats(0, 2), bandwidth=st.floats(1, 1e9), at_once=st.integers(1, 300))
modes = st.sampled_from(["time", "bytes"])


def union(wanted: list[tuple[int, int]]) -> set[int]:
    return {i for start, end in wanted for i in range(start, end)}


@given(ranges, links, modes)
def test_what_is_read_equals_slices_of_the_whole(wanted: list[tuple[int, int]], link: Link, io: Cost) -> None:
    requests = plan(wanted, link, io)
    bodies = [WHOLE[a:b] for a, b in requests]
    assert cut(wanted, requests, bodies) == [WHOLE[a:b] for a, b in wanted]


@given(ranges, links, modes)
def test_requests_are_disjoint_and_begin_and_end_with_what_is_wanted(
    wanted: list[tuple[int, int]], link: Link, io: Cost
) -> None:
    requests = sorted(plan(wanted, link, io))
    assert all(a < b for a, b in requests)
    assert all(b <= c for (_, b), (c, _) in pairwise(requests))
    covered, needed = union(requests), union(wanted)
    assert needed <= covered
    between = sorted(covered - needed)
    longest = run = 0
    for i, at in enumerate(between):
        run = run + 1 if i and between[i - 1] == at - 1 else 1
        longest = max(longest, run)
    assert longest <= link.gap(io)


def test_a_gap_is_read_where_it_costs_less_than_a_request() -> None:
    far = Link(latency=0.1, bandwidth=10e6, at_once=1)  # a request costs as much as a megabyte
    assert plan([(0, 10), (900_000, 900_010)], far) == [(0, 900_010)]
    assert plan([(0, 10), (1_100_000, 1_100_010)], far) == [(0, 10), (1_100_000, 1_100_010)]
    near = Link(latency=0.001, bandwidth=10e6, at_once=1)
    assert len(plan([(0, 10), (900_000, 900_010)], near)) == 2
    assert len(plan([(0, 10), (2_000, 2_010)], far, io="bytes")) == 2
    assert len(plan([(0, 10), (1_000, 1_010)], far, io="bytes")) == 1  # a request is as many bytes by itself


def test_a_large_range_comes_in_pieces_of_one_size() -> None:
    link = Link(latency=0.02, bandwidth=100e6, at_once=8)
    pieces = sorted(plan([(5, 100_000_005)], link))
    assert len(pieces) == 8
    assert {b - a for a, b in pieces} == {12_500_000}
    assert plan([(0, 1_000_000)], link) == [(0, 1_000_000)]


def test_the_largest_request_goes_first() -> None:
    link = Link(latency=0.0, at_once=4)
    assert plan([(0, 10), (2_000, 2_500), (6_000, 6_100)], link) == [(2_000, 2_500), (6_000, 6_100), (0, 10)]


def test_nothing_wanted_asks_for_nothing() -> None:
    assert plan([], Link()) == []
    assert plan([(5, 5), (0, 0)], Link()) == []
    assert cut([(5, 5)], [], []) == [b""]
