import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neurochain.errors import FormatError
from neurochain.formats.arrays import slicing
from neurochain.formats.arrays.slicing import Axis, gather, normalise, plan
from neurochain.formats.arrays.stored import ByteArray


class Memory:
    """Bytes in memory that note what is read."""

    uri = "memory"

    def __init__(self, data, gap=64 * 1024):
        self.data, self.gap = data, gap
        self.requests = []

    def read_ranges(self, ranges):
        self.requests += ranges
        return [self.data[start:end] for start, end in ranges]


def indices(shape):
    def part(n):
        bound = st.none() | st.integers(-n - 2, n + 2)
        step = st.sampled_from([None, 1, 2, 3, 7, -1, -2, -5])
        cut = st.builds(slice, bound, bound, step)
        return cut | st.integers(-n, n - 1) if n else cut

    whole = st.tuples(*(part(n) for n in shape))
    fewer = whole.flatmap(lambda t: st.integers(0, len(t)).map(lambda k: t[:k]))
    dots = whole.flatmap(
        lambda t: st.tuples(st.integers(0, len(t)), st.integers(0, len(t))).map(
            lambda ab: (*t[: min(ab)], ..., *t[max(ab) :])
        )
    )
    return whole | fewer | dots


shapes = st.lists(st.integers(0, 7), min_size=1, max_size=4).map(tuple)
dtypes = st.sampled_from(["u1", "<i2", ">i2", "<f4", ">f8", "<c8"])


@given(st.data(), shapes, dtypes, st.sampled_from("CF"), st.sampled_from([0, 1, 5, 64, 10**6]))
def test_plan_equals_slicing_the_whole(data, shape, dtype, order, gap):
    whole = np.arange(int(np.prod(shape))).reshape(shape, order=order).astype(dtype)
    index = data.draw(indices(shape))
    axes = normalise(index, shape)
    blocks = plan(shape, whole.itemsize, order, axes, gap)
    source = Memory(b"head!" + whole.tobytes(order), gap)
    if len(blocks.starts):
        counts = tuple(a.count for a in axes)
        array = gather(source, 5, blocks, whole.dtype)
        array = array.reshape(counts if order == "C" else counts[::-1])
        array = array if order == "C" else array.T
        array = array[tuple(slice(None, None, -1 if a.reverse else 1) for a in axes)]
        array = array[tuple(0 if a.drop else slice(None) for a in axes)]
        np.testing.assert_array_equal(array, whole[index])
    else:
        assert whole[index].size == 0
        assert source.requests == []
    for (_, end), (start, _) in zip(source.requests, source.requests[1:], strict=False):
        assert start - end > gap, "requests that lie closer than the gap were not joined"


@given(st.data(), shapes, dtypes, st.sampled_from("CF"))
@example(None, (3, 4), "<i2", "C")
def test_byte_array_equals_numpy(data, shape, dtype, order):
    whole = np.arange(int(np.prod(shape))).reshape(shape, order=order).astype(dtype)
    index = (..., -1) if data is None else data.draw(indices(shape))
    turn = tuple(range(len(shape))) if data is None else tuple(data.draw(st.permutations(range(len(shape)))))
    shown = whole.transpose(turn)
    index = index if data is None else data.draw(indices(shown.shape))
    array = ByteArray(Memory(whole.tobytes(order)), 0, shape, whole.dtype, order, turn)
    found = array.select(normalise(index, array.shape))
    assert array.shape == shown.shape
    assert found.dtype == whole.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, shown[index])
    assert found.flags.writeable
    assert all(stride >= 0 for stride in found.strides), "PyTorch takes no negative strides"


def test_requests_are_bounded_and_exact(monkeypatch):
    monkeypatch.setattr(slicing, "LARGEST", 1000)
    whole = np.arange(40_000, dtype="<i2").reshape(20, 40, 50)
    source = Memory(whole.tobytes())
    array = ByteArray(source, 0, whole.shape, whole.dtype, "C")
    found = array.select(normalise((slice(None), slice(None), 3), whole.shape))
    np.testing.assert_array_equal(found, whole[:, :, 3])
    assert max(end - start for start, end in source.requests) <= 1000


def test_contiguous_slice_is_one_exact_request():
    whole = np.zeros((64, 64, 30, 10), "<i2")
    source = Memory(whole.tobytes())
    array = ByteArray(source, 0, whole.shape, whole.dtype, "F")
    array.select(normalise((slice(None), slice(None), 7, 3), whole.shape))
    assert [end - start for start, end in source.requests] == [64 * 64 * 2]


def test_distant_pieces_are_requests_of_their_own():
    shape = (100, 100, 100, 5)
    blocks = plan(shape, 8, "F", normalise((4, 4, slice(None), slice(None)), shape), gap=1000)
    assert len(blocks.starts) == 500
    assert len(list(blocks.ranges(1000))) == 500
    assert len(list(blocks.ranges(100_000))) == 1


def test_cut_source_names_the_byte():
    source = Memory(bytes(10))
    with pytest.raises(FormatError, match=r"memory ends at byte 10.*up to byte 16"):
        ByteArray(source, 0, (8,), np.dtype("<i2"), "C").select((Axis(0, 1, 8),))


@pytest.mark.parametrize("index", [None, True, [1, 2], np.array([True, False, True]), "x", 1.5])
def test_what_is_no_basic_index_is_refused(index):
    with pytest.raises(IndexError, match=r"integers, slices and '\.\.\.'"):
        normalise(index, (3, 4), "volume")


@pytest.mark.parametrize(
    ("index", "text"), [(3, "out of bounds"), ((0, 0, 0), "3 indices"), ((..., ...), "one")]
)
def test_impossible_index_is_refused(index, text):
    with pytest.raises(IndexError, match=text):
        normalise(index, (3, 4), "volume")


def test_numpy_integers_are_integers():
    assert normalise(np.int16(-1), (3,)) == (Axis(2, 1, 1, drop=True),)
