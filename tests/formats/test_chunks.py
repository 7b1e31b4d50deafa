"""Chunks: what a selection touches, and what is read of it, against NumPy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurochain.formats.arrays.slicing import normalise
from neurochain.formats.chunks.array import ChunkedArray
from neurochain.formats.chunks.grid import Grid


class InMemory:
    """Chunks of an array in memory; those in `absent` were never written."""

    def __init__(self, array, chunks, absent=()):
        self.grid, self.dtype, self.fill = Grid(array.shape, chunks), array.dtype, array.dtype.type(7)
        self.pulled = []
        self._blocks = {}
        counts = self.grid.counts
        for number in set(range(int(np.prod(counts)))) - set(absent):
            at = np.unravel_index(number, counts)
            block = np.full(chunks, 99, array.dtype)  # what lies beyond the array is nobody's
            part = array[tuple(slice(i * c, (i + 1) * c) for i, c in zip(at, chunks, strict=True))]
            block[tuple(slice(0, n) for n in part.shape)] = part
            self._blocks[number] = block

    def pull(self, numbers):
        self.pulled += numbers
        return [self._blocks[n].tobytes() if n in self._blocks else None for n in numbers]

    def decode(self, number, data):
        return np.frombuffer(data, self.dtype).reshape(self.grid.chunks)

    def bytes_needed(self, numbers):
        return sum(self._blocks[n].nbytes for n in numbers if n in self._blocks)


@st.composite
def arrays_in_chunks(draw):
    n_axes = draw(st.integers(1, 3))
    shape = tuple(draw(st.integers(1, 9)) for _ in range(n_axes))
    chunks = tuple(draw(st.integers(1, 10)) for _ in range(n_axes))
    index = tuple(
        draw(st.one_of(st.integers(-n, n - 1), st.slices(n))) for n in shape[: draw(st.integers(0, n_axes))]
    )
    return shape, chunks, index


@given(arrays_in_chunks(), st.sets(st.integers(0, 20)))
def test_a_selection_is_that_of_the_whole(made, absent):
    shape, chunks, index = made
    array = np.arange(np.prod(shape)).reshape(shape)
    held = InMemory(array, chunks, absent)
    whole = ChunkedArray(held).select(normalise((), shape))
    expected = array.copy()
    for number in absent & set(range(int(np.prod(held.grid.counts)))):
        at = np.unravel_index(number, held.grid.counts)
        expected[tuple(slice(i * c, (i + 1) * c) for i, c in zip(at, chunks, strict=True))] = 7
    np.testing.assert_array_equal(whole, expected)
    held.pulled.clear()
    axes = normalise(index, shape)
    lazy = ChunkedArray(held)
    needed = lazy.bytes_needed(axes)
    found = lazy.select(axes)
    np.testing.assert_array_equal(found, expected[index])
    assert len(set(held.pulled)) == len(held.pulled)  # none twice
    assert held.bytes_needed(held.pulled) == needed
    selected = np.zeros(shape, bool)
    selected[index] = True
    for number in held.pulled:  # none that gives nothing
        at = np.unravel_index(number, held.grid.counts)
        assert selected[tuple(slice(i * c, (i + 1) * c) for i, c in zip(at, chunks, strict=True))].any()


def test_an_axis_may_be_given_by_its_indices():
    array = np.arange(200).reshape(20, 10)
    held = InMemory(array, (6, 3))
    rows = normalise(slice(4, 15), (20,))
    found = ChunkedArray(held).take((*rows, np.array([8, 0, 1])))
    np.testing.assert_array_equal(found, array[4:15][:, [8, 0, 1]])
    assert sorted(held.pulled) == [0, 2, 4, 6, 8, 10]


def test_a_chunk_that_was_used_in_part_is_read_once():
    held = InMemory(np.arange(100), (30,))
    lazy = ChunkedArray(held)
    for start in range(0, 100, 10):
        np.testing.assert_array_equal(
            lazy.select(normalise(slice(start, start + 10), (100,))), np.arange(start, start + 10)
        )
    assert held.pulled == [0, 1, 2, 3]
    lazy.select(normalise(slice(0, 30), (100,)))
    lazy.select(normalise(slice(0, 30), (100,)))
    assert held.pulled == [0, 1, 2, 3] or held.pulled == [0, 1, 2, 3, 0]  # one that was used up is forgotten
