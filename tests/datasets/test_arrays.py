"""Array columns: every dtype there and back, bit by bit."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from logical_types import ARRAY_DTYPES

from neurochain.datasets import arrays
from neurochain.datasets.parts import scan_parts, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, Field, Ragged
from neurochain.errors import SchemaError

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def values(dtype: np.dtype[Any], shape: tuple[int, ...]) -> st.SearchStrategy[np.ndarray[Any, Any]]:
    """Arrays of all bit patterns (every NaN, every date), in C or F order, big or little endian, or strided."""
    count = int(np.prod(shape, dtype=int))
    raw = st.binary(min_size=count * dtype.itemsize, max_size=count * dtype.itemsize)
    if dtype == np.bool_:
        raw = raw.map(lambda b: bytes(x & 1 for x in b))
    plain = raw.map(lambda b: np.frombuffer(b, dtype).reshape(shape))
    return st.tuples(plain, st.sampled_from("CFBS")).map(_laid_out)


def _laid_out(pair: tuple[np.ndarray[Any, Any], str]) -> np.ndarray[Any, Any]:
    plain, layout = pair
    if layout == "F":
        return np.asarray(plain, order="F")
    if layout == "B":
        return plain.astype(plain.dtype.newbyteorder(">"))
    if layout == "S" and plain.ndim:
        doubled = np.repeat(plain, 2, axis=plain.ndim - 1)
        return doubled[..., ::2]
    return plain


@st.composite
def columns(draw: st.DrawFn) -> tuple[Array, list[np.ndarray[Any, Any] | None]]:
    dtype, shape = np.dtype(draw(st.sampled_from(ARRAY_DTYPES))), draw(SHAPES)
    rows = draw(st.lists(st.none() | values(dtype, shape), max_size=4))
    return Array(dtype.name, shape), rows


@st.composite
def ragged_columns(draw: st.DrawFn) -> tuple[Ragged, list[np.ndarray[Any, Any] | None]]:
    dtype, ndim = np.dtype(draw(st.sampled_from(ARRAY_DTYPES))), draw(st.integers(0, 3))
    shapes = hnp.array_shapes(min_dims=ndim, max_dims=ndim, min_side=0, max_side=4)
    one = shapes.flatmap(lambda shape: values(dtype, shape))
    return Ragged(dtype.name, ndim), draw(st.lists(st.none() | one, max_size=4))


def assert_same(back: list[Any], given_rows: list[np.ndarray[Any, Any] | None], dtype: str) -> None:
    assert len(back) == len(given_rows)
    for out, value in zip(back, given_rows, strict=True):
        if value is None:
            assert out is None
            continue
        assert isinstance(out, np.ndarray)
        assert out.dtype == np.dtype(dtype)
        assert out.shape == value.shape
        assert out.flags.writeable
        assert out.tobytes() == value.astype(np.dtype(dtype)).tobytes()


@given(columns())
@example((Array("float32", (0,)), [np.zeros(0, "float32"), None]))
@example((Array("bool", ()), [np.array(True), None]))
def test_an_array_column_comes_back_bit_by_bit(column: tuple[Array, list[Any]]) -> None:
    kind, rows = column
    series = arrays.encode(rows, np.dtype(kind.dtype))
    assert series.null_count() == sum(v is None for v in rows)
    assert_same(arrays.rows(series, kind), rows, kind.dtype)


@given(ragged_columns())
@example((Ragged("float64", 2), [np.zeros((0, 3)), None, np.zeros((2, 0)), np.ones((1, 1))]))
def test_a_ragged_column_comes_back_bit_by_bit(column: tuple[Ragged, list[Any]]) -> None:
    kind, rows = column
    data = arrays.encode(rows, np.dtype(kind.dtype))
    back = arrays.decode_ragged(data.to_list(), arrays.encode_shapes(rows).to_list(), kind)
    assert_same(back, rows, kind.dtype)


@given(columns(), ragged_columns())
def test_arrays_survive_a_part(
    project: Project, column: tuple[Array, list[Any]], ragged: tuple[Ragged, list[Any]]
) -> None:
    (kind, rows), (loose, loose_rows) = column, ragged
    height = min(len(rows), len(loose_rows))
    rows, loose_rows = rows[:height], loose_rows[:height]
    schema = Schema([Field("a", kind), Field("r", loose)])
    frame = pl.DataFrame(
        {
            "a": arrays.encode(rows, np.dtype(kind.dtype)),
            "r.data": arrays.encode(loose_rows, np.dtype(loose.dtype)),
            "r.shape": arrays.encode_shapes(loose_rows),
        }
    )
    part = write_part(project, frame, schema)
    back = scan_parts(project, [part.hash], schema, hidden={}).collect()
    assert_same(arrays.rows(back["a"], kind), rows, kind.dtype)
    decoded = arrays.decode_ragged(back["r.data"].to_list(), back["r.shape"].to_list(), loose)
    assert_same(decoded, loose_rows, loose.dtype)


def test_rows_can_be_written_to_without_touching_each_other() -> None:
    kind = Array("int16", (2,))
    series = arrays.encode([np.array([1, 2], "int16"), np.array([3, 4], "int16")], np.dtype("int16"))
    first, second = arrays.rows(series, kind)
    first[:] = 9
    assert second.tolist() == [3, 4]
    assert arrays.rows(series, kind)[0].tolist() == [1, 2]


@pytest.mark.parametrize("name", ARRAY_DTYPES)
def test_every_dtype_is_stored_little_endian(name: str) -> None:
    for order in "<>=":
        stored = arrays.array_dtype(np.dtype(name).newbyteorder(order))  # type: ignore[arg-type]
        assert stored == np.dtype(name).newbyteorder("<")


@pytest.mark.parametrize(
    "dtype",
    [
        *("O", "U4", "S4", "V8", [("x", "f4"), ("y", "f4")]),
        *("longdouble", "clongdouble", "datetime64", "timedelta64", ">M8", ">m8"),
    ],
    ids=str,
)
def test_what_has_no_fixed_bytes_is_refused(dtype: Any) -> None:
    with pytest.raises(SchemaError, match=r"An array of dtype .* cannot be stored\. Use numbers"):
        arrays.array_dtype(np.dtype(dtype))


def test_bytes_of_another_length_are_named() -> None:
    series = pl.Series("roi", [b"\0" * 8, b"\0" * 7])
    with pytest.raises(SchemaError, match=r"'roi' holds values that are not float32\[2\] \(8 bytes each\)"):
        arrays.decode(series, Array("float32", (2,)))


@pytest.mark.parametrize(
    ("dtype", "shape", "polars"),
    [
        ("float32", (), pl.Float32()),
        ("float32", (2, 3), pl.Array(pl.Float32, (2, 3))),
        ("float16", (2,), pl.Array(pl.Float32, 2)),
        ("bool", (2,), pl.Array(pl.Boolean, 2)),
        ("uint64", (1, 1, 1), pl.Array(pl.UInt64, (1, 1, 1))),
        ("complex64", (), pl.Array(pl.Float32, 2)),
        ("complex128", (3,), pl.Array(pl.Float64, (3, 2))),
        ("float64", (0,), pl.Array(pl.Float64, 0)),
        ("float64", (2, 0), pl.Array(pl.Float64, (2, 0))),
        ("datetime64[us]", (2,), pl.Array(pl.Datetime("us"), 2)),
        ("datetime64[s]", (2, 2), pl.Array(pl.Datetime("ms"), (2, 2))),
        ("datetime64[M]", (), pl.Date()),
        ("timedelta64[ns]", (), pl.Duration("ns")),
        ("timedelta64[h]", (2,), pl.Array(pl.Duration("ms"), 2)),
        ("timedelta64[ps]", (2,), pl.Array(pl.Int64, 2)),
        ("timedelta64[Y]", (2,), pl.Array(pl.Int64, 2)),
    ],
)
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_polars_has_a_column_for_it(dtype: str, shape: tuple[int, ...], polars: Any, rows: int) -> None:
    block = np.zeros(shape, dtype)
    values_given = [block, None, block][:rows]
    series = arrays.encode(values_given, np.dtype(dtype)).alias("x")
    shown = arrays.polars_series(series, Array(dtype, shape))
    assert shown.name == "x"
    assert shown.dtype == polars
    assert shown.is_null().to_list() == [v is None for v in values_given]


@given(columns())
def test_numbers_in_polars_are_those_of_numpy(column: tuple[Array, list[Any]]) -> None:
    kind, rows = column
    dtype = np.dtype(kind.dtype)
    shown = arrays.polars_series(arrays.encode(rows, dtype), kind)
    if dtype.kind in "biuf" and dtype != np.float16:
        for value, row in zip(rows, shown, strict=True):
            assert (row is None) == (value is None)
            if value is not None:
                polars = np.array(row.to_list() if isinstance(row, pl.Series) else row, dtype)
                np.testing.assert_array_equal(polars.reshape(kind.shape), value)


def test_dates_and_complex_numbers_in_polars() -> None:
    dates = np.array(["2025-03-01T12:30", "NaT"], "datetime64[m]")
    series = arrays.encode([dates], np.dtype("datetime64[m]"))
    (shown,) = arrays.polars_series(series, Array("datetime64[m]", (2,))).to_list()
    assert str(shown[0]) == "2025-03-01 12:30:00"
    assert shown[1] is None
    series = arrays.encode([np.array([1 + 2j])], np.dtype("complex128"))
    assert arrays.polars_series(series, Array("complex128", (1,))).to_list() == [[[1.0, 2.0]]]


@given(ragged_columns())
def test_lists_in_polars_hold_the_values_of_each_row(column: tuple[Ragged, list[Any]]) -> None:
    kind, rows = column
    dtype = np.dtype(kind.dtype)
    lists = arrays.polars_lists(arrays.encode(rows, dtype).alias("x.data"), kind)
    one = arrays.polars_series(arrays.encode([np.zeros((), dtype)], dtype), Array(kind.dtype, ()))
    assert lists.dtype == pl.List(one.dtype)
    assert lists.name == "x.data"
    assert [None if v is None else len(v) for v in lists] == [None if v is None else v.size for v in rows]
    if dtype.kind in "biuf" and dtype != np.float16:
        for value, row in zip(rows, lists, strict=True):
            if value is not None:
                np.testing.assert_array_equal(np.array(row.to_list(), dtype), value.reshape(-1))
