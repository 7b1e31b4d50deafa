"""Arrays are found where they lie in a part, or not at all."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.datasets.compact import DEPTH, MalformedError, struct_at
from neurochain.datasets.pages import ArrayPages

WIDTH = 2_400


def written(path: Path, arrays: list[bytes | None], **options) -> list[bytes] | None:
    """What is found in a part of three columns, the second of which holds the arrays."""
    frame = pl.DataFrame(
        {"_key": [bytes([i % 256]) * 16 for i in range(len(arrays))], "x.y": arrays, "z": range(len(arrays))},
        schema={"_key": pl.Binary, "x.y": pl.Binary, "z": pl.Int64},
    )
    frame.write_parquet(path, **{"compression": "uncompressed", "statistics": False, **options})
    pages = ArrayPages.of(path, "x.y", WIDTH)
    if pages is None:
        return None
    found = [bytes(array) for page in pages for array in page]
    assert pages.rows == len(found)
    return found


def made(rows: int, seed: int = 0) -> list[bytes | None]:
    rng = np.random.default_rng(seed)
    return [rng.bytes(WIDTH) for _ in range(rows)]


MANY = 500  # rows of a row group: Polars writes a dictionary of fewer, where it is small


@given(rows=st.integers(0, 1500), group=st.integers(1, 1000), statistics=st.booleans())
def test_they_are_those_that_were_written(tmp_path_factory, rows, group, statistics):
    arrays = made(rows)
    path = tmp_path_factory.mktemp("part") / "a.parquet"
    found = written(path, arrays, row_group_size=group, statistics=statistics)
    last = rows % group
    assert found == arrays or (found is None and 0 < min(group, last or group, rows) < MANY)


def test_arrays_of_pyarrow_are_found_too(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    arrays, path = made(700), tmp_path / "a.parquet"
    table = pa.table({"x": pa.array(arrays, pa.binary())})
    parquet.write_table(table, path, compression="none", use_dictionary=False)
    pages = ArrayPages.of(path, "x", WIDTH)
    assert pages is not None
    assert [bytes(array) for page in pages for array in page] == arrays
    for other in ({"compression": "zstd"}, {"use_dictionary": True}, {"data_page_version": "2.0"}):
        parquet.write_table(table, path, **{"compression": "none", "use_dictionary": False, **other})
        assert ArrayPages.of(path, "x", WIDTH) is None


@pytest.mark.parametrize("null", [0, 1, 436, 437, 699])
def test_null_arrays_are_left_to_others(tmp_path, null):
    arrays = made(700)
    arrays[null] = None
    assert written(tmp_path / "a.parquet", arrays) is None


@pytest.mark.parametrize("other", [b"", b"x", b"x" * (WIDTH - 1), b"x" * (2 * WIDTH + 4)])
def test_arrays_of_another_length_are_left_to_others(tmp_path, other):
    arrays = made(700)
    arrays[120] = other
    assert written(tmp_path / "a.parquet", arrays) is None


def test_what_is_stored_otherwise_is_left_to_others(tmp_path):
    assert written(tmp_path / "a.parquet", made(500), compression="zstd") is None
    assert written(tmp_path / "a.parquet", [b"x" * WIDTH] * 3000) in (None, [b"x" * WIDTH] * 3000)
    written(tmp_path / "a.parquet", made(500))
    for column in ("z", "x", "absent"):
        assert ArrayPages.of(tmp_path / "a.parquet", column, WIDTH) is None
    for wrong in (b"", b"PAR1", b"PAR1" * 3, b"x" * 100):
        (tmp_path / "b.parquet").write_bytes(wrong)
        assert ArrayPages.of(tmp_path / "b.parquet", "x.y", WIDTH) is None


@given(data=st.data())
def test_damaged_parts_end_in_no_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("part") / "a.parquet"
    written(path, made(500))
    body = bytearray(path.read_bytes())
    footer = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    heads = [i for i in range(len(body) - 4) if body[i : i + 4] == WIDTH.to_bytes(4, "little")][:1]
    told = [*range(footer, len(body)), *range(max(heads[0] - 40, 0), heads[0])]
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.sampled_from(told))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    path.write_bytes(body[:cut] + body[-12:] if data.draw(st.booleans()) else body)
    pages = ArrayPages.of(path, "x.y", WIDTH)
    for page in pages or ():
        assert all(len(array) == WIDTH for array in page)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_struct_or_none(data):
    try:
        found, end = struct_at(data, 0)
    except MalformedError:
        return
    assert isinstance(found, dict)
    assert 0 < end <= len(data)


def test_structs_that_are_too_deep_or_too_long_are_none():
    with pytest.raises(MalformedError):
        struct_at(b"\x1c" * (DEPTH + 1) + b"\0" * (DEPTH + 1), 0)
    with pytest.raises(MalformedError):  # a list of 2**28 truths
        struct_at(b"\x19\xf1" + b"\xff\xff\xff\x7f" + b"\1" * 50, 0)
    with pytest.raises(MalformedError):  # lists of lists of …
        struct_at(b"\x19" + b"\x19" * 200, 0)
