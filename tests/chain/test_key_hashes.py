"""Keys of rows that came from other rows: one hash, for all rows at once, that no structure gets through."""

import struct
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.chain.keys import (
    branch_keys,
    child_keys,
    group_keys,
    joined_keys,
    position_keys,
    sample_hashes,
    text_keys,
)

MASK = 2**64 - 1
C1, C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
KEY = st.binary(min_size=16, max_size=16)


def murmur(data: bytes, seed: int) -> bytes:
    """MurmurHash3_x64_128 as its author wrote it down, one value at a time."""

    def rotl(x: int, r: int) -> int:
        return (x << r | x >> (64 - r)) & MASK

    def fmix(k: int) -> int:
        k = (k ^ k >> 33) * 0xFF51AFD7ED558CCD & MASK
        k = (k ^ k >> 33) * 0xC4CEB9FE1A85EC53 & MASK
        return k ^ k >> 33

    h1 = h2 = seed
    whole = len(data) // 16 * 16
    for k1, k2 in struct.iter_unpack("<QQ", data[:whole]):
        h1 ^= rotl(k1 * C1 & MASK, 31) * C2 & MASK
        h1 = ((rotl(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= rotl(k2 * C2 & MASK, 33) * C1 & MASK
        h2 = ((rotl(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    rest = data[whole:].ljust(16, b"\0")
    k1, k2 = struct.unpack("<QQ", rest)
    h2 ^= rotl(k2 * C2 & MASK, 33) * C1 & MASK
    h1 ^= rotl(k1 * C1 & MASK, 31) * C2 & MASK
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    h1, h2 = fmix(h1), fmix(h2)
    h1 = (h1 + h2) & MASK
    return struct.pack("<QQ", h1, (h2 + h1) & MASK)


def test_the_reference_is_the_published_hash() -> None:
    # The value that the package mmh3 gives as its example: mmh3.hash128("foo", 42).
    assert int.from_bytes(murmur(b"foo", 42), "little") == 215966891540331383248189432718888555506


def binary(*values: bytes | None) -> pl.Series:
    return pl.Series(values, dtype=pl.Binary)


@given(st.lists(st.tuples(KEY, KEY), max_size=5), st.integers(0, 2**64 - 1))
def test_against_the_reference(pairs: list[tuple[bytes, bytes]], number: int) -> None:
    left, right = binary(*(a for a, _ in pairs)), binary(*(b for _, b in pairs))
    assert joined_keys(left, right).to_list() == [murmur(a + b, 0x10) for a, b in pairs]
    numbers = np.full(len(pairs), number, np.uint64)
    tail = struct.pack("<QQ", number, 0)
    assert child_keys(left, numbers).to_list() == [murmur(a + tail, 0x20) for a, _ in pairs]
    assert sample_hashes(left, number).to_list() == [murmur(a + tail, 0x50) for a, _ in pairs]
    assert branch_keys(left, 3).to_list() == [murmur(a + struct.pack("<QQ", 3, 0), 0x30) for a, _ in pairs]
    signed = pl.Series(range(len(pairs)), dtype=pl.Int64)
    expected = [murmur(a + struct.pack("<QQ", i, 0), 0x20) for i, (a, _) in enumerate(pairs)]
    assert child_keys(left, signed).to_list() == expected


@given(KEY, KEY)
def test_order_and_missing_sides_matter(a: bytes, b: bytes) -> None:
    found = joined_keys(binary(a, b, a, None, a, None), binary(b, a, None, a, b"\0" * 16, b)).to_list()
    distinct = {(a, b), (b, a), (a, None), (None, a), (a, b"\0" * 16), (None, b)}
    assert len(set(found)) == len(distinct)


def test_a_million_and_more_keys_are_distinct() -> None:
    count = 200_000
    keys = position_keys(count)
    files = text_keys(pl.Series(["data"] * 1000), pl.Series([f"sub-{i:04}/image.nii" for i in range(1000)]))
    ordinals = np.tile(np.arange(200), 1000)
    children = child_keys(files.gather(np.repeat(np.arange(1000), 200)), ordinals)
    grandchildren = child_keys(children, np.zeros(count, np.int64))
    made = [
        keys, children, grandchildren, joined_keys(keys, keys), joined_keys(keys, keys.reverse()),
        branch_keys(keys, 0), branch_keys(keys, 1), branch_keys(branch_keys(keys, 0), 1),
        branch_keys(branch_keys(keys, 1), 0),
    ]  # fmt: skip
    every = pl.concat(made)
    assert len(every) == len(made) * count
    halves = every.bin.reinterpret(dtype=pl.Array(pl.UInt64, 2), endianness="little").to_numpy()[count:]
    assert len(np.unique(halves[:, 0])) == len(halves)  # by chance, once in ten million tries not
    assert len(np.unique(halves[:, 1])) == len(halves)


@pytest.mark.parametrize("side", ["left", "right"])
def test_each_bit_changes_half_of_the_key(side: str) -> None:
    base = np.random.default_rng(0).integers(0, 256, (200, 16), dtype=np.uint8)
    fixed = binary(*(bytes(r) for r in base[::-1]))

    def bits(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        series = binary(*(bytes(r) for r in rows))
        found = joined_keys(series, fixed) if side == "left" else joined_keys(fixed, series)
        return np.unpackbits(np.frombuffer(b"".join(found.to_list()), np.uint8).reshape(-1, 16), axis=1)

    before = bits(base)
    for bit in range(128):
        flipped = base.copy()
        flipped[:, bit // 8] ^= 1 << bit % 8
        changed = (bits(flipped) != before).mean(axis=0)
        assert changed.min() > 0.25
        assert changed.max() < 0.75


def test_keys_do_not_depend_on_the_batch() -> None:
    keys = position_keys(40_000)
    whole = joined_keys(keys, keys.reverse())
    for start, length in ((0, 1), (16_383, 2), (39_999, 1), (100, 20_000)):
        part = joined_keys(keys.slice(start, length), keys.reverse().slice(start, length))
        assert part.equals(whole.slice(start, length))


GROUPS: list[Any] = [
    pl.Series([1, 2, None], dtype=pl.Int64),
    pl.Series([1, 2, None], dtype=pl.Int8),
    pl.Series([1.0, 2.0, None]),
    pl.Series(["1", "2", None]),
    pl.Series([True, False, None]),
    pl.Series([[1], [2], None], dtype=pl.List(pl.Int64)),
]


def test_groups_have_keys_by_value_and_type() -> None:
    found = [group_keys(s.to_frame("g")) for s in GROUPS]
    assert pl.concat(found).n_unique() == 3 * len(GROUPS)
    again = group_keys(GROUPS[0].reverse().to_frame("other"))
    assert again.reverse().equals(found[0])
    two = group_keys(pl.DataFrame({"a": ["x", "xy"], "b": ["yz", "z"]}))
    assert two.n_unique() == 2


def test_equal_floats_are_one_group() -> None:
    weird = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0001))[0]
    keys = group_keys(pl.DataFrame({"x": [0.0, -0.0, float("nan"), weird, None]})).to_list()
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert len(set(keys)) == 3
    assert group_keys(pl.DataFrame({"x": pl.Series([-0.0, 0.0], dtype=pl.Float32)})).n_unique() == 1


def test_no_rows() -> None:
    none = binary()
    for made in (
        position_keys(0),
        joined_keys(none, none),
        child_keys(none, np.empty(0, np.int64)),
        branch_keys(none, 1),
        group_keys(pl.DataFrame({"x": []}, schema={"x": pl.Float64})),
    ):
        assert made.dtype == pl.Binary
        assert len(made) == 0
