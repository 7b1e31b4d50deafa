"""Places inside a gzip file: inflating from any of them gives what slicing the whole gives."""

import gzip
import io
import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexed_gzip import IndexedGzipFile

from neurochain.formats.arrays import deflate
from neurochain.formats.arrays.seekpoints import PADDINGS, SeekPoints, Window, inflate_from, needed_of

SPACING = 40_000  # inflated bytes between two places; a window has 32 KB
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FILTERED)
FLUSHES = (None, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_BLOCK)


@pytest.fixture(params=["fastest", "zlib"], autouse=True, scope="module")
def library(request: pytest.FixtureRequest) -> Iterator[None]:
    """All of it holds with the library that is installed, and with the standard one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "zlib":
            patch.setattr(deflate, "LIBRARY", zlib)
        yield


def places(data: bytes) -> tuple[SeekPoints, list[Window]]:
    file = IndexedGzipFile(fileobj=io.BytesIO(data), spacing=SPACING, buffer_size=65536, readbuf_size=65536)
    out = io.BytesIO()
    file.build_full_index()
    file.export_index(fileobj=out)
    points, windows = SeekPoints.exported(out.getvalue(), len(data))
    return points, [needed_of(points, p, w, data) for p, w in zip(points.inside(), windows, strict=True)]


def content(seed: int, length: int) -> bytes:
    """Noise, runs, repeats and zeros in turn."""
    rng = np.random.default_rng(seed)
    out = bytearray()
    while len(out) < length:
        n = int(rng.integers(1, 60_000))
        kind = rng.integers(5)
        if kind == 0:
            out += rng.integers(0, 256, n, np.uint8).tobytes()
        elif kind == 1:
            out += rng.integers(0, int(rng.integers(2, 40)), n, np.uint8).tobytes()
        elif kind == 2:
            out += bytes(n)
        elif kind == 3:
            out += rng.normal(1000, 60, n // 2).astype("<i2").tobytes()
        else:
            out += bytes(out[-int(rng.integers(1, 33_000)) :])
    return bytes(out[:length])


def compressed(whole: bytes, level: int, strategy: int, flush: int | None, piece: int) -> bytes:
    deflater = zlib.compressobj(level, zlib.DEFLATED, 31, 8, strategy)
    out = b""
    for at in range(0, len(whole), piece):
        out += deflater.compress(whole[at : at + piece])
        if flush is not None:
            out += deflater.flush(flush)
    return out + deflater.flush()


def sliced(data: bytes, points: SeekPoints, windows: list[Window], start: int, end: int) -> bytes:
    place = points[points.around(start, end)[0]]
    first, last = points.span(start, end)
    window = b"" if place.window is None else windows[place.window]
    return inflate_from(points, place, window, data[first:last], start - place.inflated, end - start)


members = st.lists(
    st.tuples(
        st.integers(0, 300_000),
        st.integers(0, 9),
        st.sampled_from(STRATEGIES),
        st.sampled_from(FLUSHES),
        st.integers(3_000, 200_000),
        st.integers(0, 30),  # zero bytes behind it
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(members, st.integers(0, 2**32), st.data())
def test_any_slice_equals_one_of_the_whole(
    made: list[tuple[int, int, int, int | None, int, int]], seed: int, data: st.DataObject
) -> None:
    parts = [content(seed + i, length) for i, (length, *_) in enumerate(made)]
    packed = b"".join(
        compressed(part, *how) + bytes(zeros) for part, (_, *how, zeros) in zip(parts, made, strict=True)
    )
    whole = b"".join(parts)
    points, windows = places(packed)
    assert SeekPoints(points.pack(), len(packed)).pack() == points.pack()
    for _ in range(8):
        start = data.draw(st.integers(0, len(whole) + 10))
        end = start + data.draw(st.integers(0, 150_000))
        assert sliced(packed, points, windows, start, end) == whole[start:end]


@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("strategy", [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED])
def test_every_bit_of_a_byte_can_be_begun_at(level: int, strategy: int) -> None:
    whole = content(level, 4_000_000)
    packed = compressed(whole, level, strategy, zlib.Z_PARTIAL_FLUSH, 77_777)
    points, windows = places(packed)
    inside = [points[i] for i in range(len(points))]
    assert {place.bits for place in inside} == set(range(8))
    for place, following in pairwise(inside):
        # to the next place, and beyond it
        for end in (following.inflated, min(following.inflated + 50_000, len(whole))):
            found = sliced(packed, points, windows, place.inflated, end)
            assert found == whole[place.inflated : end]


def test_stored_blocks_stay_aligned() -> None:
    rng = np.random.default_rng(0)
    letters = [rng.integers(0, 20, 10_007, np.uint8).tobytes() for _ in range(120)]
    noise = [rng.integers(0, 256, 10_007, np.uint8).tobytes() for _ in range(120)]  # never shrinks: stored
    # places come after letters, before noise
    whole = b"".join(one + other for one, other in zip(noise, letters, strict=True))
    packed = compressed(whole, 1, zlib.Z_DEFAULT_STRATEGY, zlib.Z_BLOCK, 10_007)
    assert all(one[:8_000] in packed for one in noise)
    points, windows = places(packed)
    assert len({points[i].bits for i in range(len(points))}) > 4
    for start in range(0, len(whole), 33_333):
        assert sliced(packed, points, windows, start, start + 50_000) == whole[start : start + 50_000]


def test_a_window_keeps_what_is_referred_to() -> None:
    whole = np.random.default_rng(0).normal(1000, 60, 400_000).astype("<i2").tobytes()
    packed = compressed(whole, 1, zlib.Z_DEFAULT_STRATEGY, None, len(whole))
    points, windows = places(packed)
    inner = [np.frombuffer(w, np.uint8) for w in windows[:-1]]
    assert all(0 < np.count_nonzero(w) < 10_000 for w in inner)
    assert not any(windows[-1])  # nothing follows the end
    for i in range(1, len(inner)):
        at = points[i].inflated
        assert sliced(packed, points, windows, at, at + 40_000) == whole[at : at + 40_000]


def test_damage_is_one_of_the_errors() -> None:
    inflating = deflate.inflater(deflate.RAW)
    with pytest.raises(deflate.ERRORS):
        inflating.decompress(b"\xff" * 100)


def test_a_checksum_that_is_wrong_is_one_of_the_errors() -> None:
    data = bytearray(gzip.compress(b"some bytes"))
    data[-6] ^= 1
    with pytest.raises(deflate.ERRORS):
        deflate.inflater(deflate.GZIP).decompress(data)


@pytest.mark.parametrize("length", range(8))
def test_padding_inflates_to_nothing(length: int) -> None:
    bits, count = PADDINGS[length]
    assert count % 8 == length
    # A last block, stored: its bytes begin at the next whole byte.
    last = (bits | 1 << count).to_bytes((count + 3 + 7) // 8, "little") + b"\x03\0\xfc\xffend"
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(last) == b"end"
    assert inflater.eof


def test_a_long_block_is_skipped_in_pieces() -> None:
    packed = gzip.compress(bytes(50_000_000) + b"end", 9)
    points = SeekPoints(np.array([(10, 0, 0, 0)], points_dtype()).tobytes(), len(packed))
    assert sliced(packed, points, [], 49_999_999, 50_000_010) == b"\0end"


@pytest.mark.parametrize(
    "table",
    [
        [],
        [(10, 0, 0, 1)],  # begins inside a member
        [(10, 0, 0, 0), (500, 40_000, 8, 1)],  # more bits than a byte has
        [(10, 0, 0, 0), (500, 40_000, 0, 1), (400, 80_000, 0, 1)],  # goes back
        [(10, 0, 0, 0), (5_000, 40_000, 0, 1)],  # behind the end
        [(10, 0, 0, 0), (2**64 - 1, 40_000, 0, 1)],
    ],
)
def test_what_is_no_table_of_places_is_refused(table: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(ValueError, match="places"):
        SeekPoints(np.array(table, points_dtype()).tobytes(), 1_000)


def test_half_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        SeekPoints(bytes(17), 1_000)


def test_an_export_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="not known"):
        SeekPoints.exported(b"GZIDX\x02" + bytes(60), 1_000)


def points_dtype() -> np.dtype:
    return np.dtype([("packed", "<u8"), ("inflated", "<u8"), ("bits", "u1"), ("window", "u1")])
