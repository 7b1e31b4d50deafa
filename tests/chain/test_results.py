"""Results: every kind of value that a function may return comes back as it was."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest
import torch

import neurochain as nc


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Peak:
    at: float
    channel: str | None = None


class Fit(pydantic.BaseModel):
    slope: float
    peak: Peak
    label: str | None = None


class Pair(NamedTuple):
    left: int
    right: str


ZONE = dt.timezone(dt.timedelta(hours=2))
NOON = dt.datetime(2025, 6, 1, 12, 0, 0, 123456)
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]

# name: (annotation, values, what comes back where it is not the same, type of the column)
KINDS: dict[str, tuple[Any, Sequence[Any], Sequence[Any] | None, str]] = {
    "bool": (bool, [True, False], None, "bool"),
    "int": (int, [1, -(2**62)], None, "int64"),
    "float": (float, [1.5, float("inf")], None, "float64"),
    "int and float": (None, [1, 2.5], [1.0, 2.5], "float64"),
    "str": (str, ["a", "", "ü\n"], None, "string"),
    "bytes": (bytes, [b"a", b"", b"\0\xff"], None, "bytes"),
    "date": (dt.date, [dt.date(2025, 1, 1), dt.date(1900, 1, 1)], None, "date"),
    "time": (dt.time, [dt.time(1, 2, 3, 4)], None, "time"),
    "naive": (dt.datetime, [NOON], None, "datetime"),
    "aware": (None, [NOON.replace(tzinfo=ZONE)], [NOON.replace(tzinfo=ZONE)], "datetime[UTC]"),
    "duration": (dt.timedelta, [dt.timedelta(days=-1, microseconds=3)], None, "duration"),
    "enum": (Colour, [Colour.RED, Colour.BLUE], ["red", "blue"], "string"),
    "int enum": (Level, [Level.LOW, Level.HIGH], [1, 2], "int64"),
    "literal": (Literal["a", "b"], ["a", "b"], None, "string"),
    "path": (Path, [Path("a/b")], ["a/b"], "string"),
    "pure path": (None, [PurePosixPath("a"), PurePosixPath("b/c")], ["a", "b/c"], "string"),
    "optional": (float | None, [1.0, None], None, "float64"),
    "list": (list[int], [[1, 2], []], None, "list[int64]"),
    "list of floats": (None, [[1, 2], [0.5]], [[1.0, 2.0], [0.5]], "list[float64]"),
    "tuple": (tuple[str, ...], [("a", "b"), ()], [["a", "b"], []], "list[string]"),
    "nested": (list[list[int]], [[[1], []], []], None, "list[list[int64]]"),
    "list of dates": (None, [[dt.date(2025, 1, 1)], []], None, "list[date]"),
    "list with nulls": (None, [[1, None], [None]], None, "list[int64]"),
    "numpy in a list": (None, [[np.float32(0.5)], []], [[0.5], []], "list[float32]"),
    "dict": (None, [{"a": 1, "b": "x"}, {"a": 2, "b": None}], None, "dict"),
    "nested dict": (None, [{"a": {"b": 1.0}}], None, "dict"),
    "list of dicts": (None, [[{"a": 1}, {"a": 2}], []], None, "list[dict]"),
    "dataclass": (Peak, [Peak(1.0, "Fz"), Peak(2.0)], [{"at": 1.0, "channel": "Fz"}, {"at": 2.0, "channel": None}], "Peak"),
    "pydantic": (Fit, [Fit(slope=1, peak=Peak(2.0, "Cz"))], [{"slope": 1.0, "peak": {"at": 2.0, "channel": "Cz"}, "label": None}], "Fit"),
    "named tuple": (Pair, [Pair(1, "x")], [{"left": 1, "right": "x"}], "Pair"),
    "list of dataclasses": (list[Peak], [[Peak(1.0, "a")], []], [[{"at": 1.0, "channel": "a"}], []], "list[Peak]"),
    "tensor": (None, [torch.arange(3, dtype=torch.int32)], [np.arange(3, dtype=np.int32)], "int32[3]"),
    "tensor scalar": (None, [torch.tensor(1.5)], [np.float32(1.5)], "float32[]"),
    "array": (np.ndarray, [np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32)], None, "float32[2, 2]"),
    "fortran": (None, [np.asfortranarray(np.arange(6.0).reshape(2, 3))], None, "float64[2, 3]"),
    "view": (None, [np.arange(10)[::-2]], None, "int64[5]"),
    "empty array": (None, [np.empty((0, 3), np.int16), np.empty((0, 3), np.int16)], None, "int16[0, 3]"),
    "ragged": (None, [np.arange(3.0), np.arange(0.0), np.arange(5.0)], None, "float64[?]"),
    "ragged 2": (None, [np.eye(2, dtype=np.int8), np.ones((3, 1), np.int8)], None, "int8[?, ?]"),
    "complex": (None, [np.array([1 + 2j, 0])], None, "complex128[2]"),
    "flags": (None, [np.array([True, False])], None, "bool[2]"),
    "half": (None, [np.array([0.5], np.float16)], None, "float16[1]"),
    "days": (None, [np.array(["2025-01-01"], "datetime64[D]")], None, "datetime64[D][1]"),
    "big endian": (None, [np.array([1, 2], ">i4")], [np.array([1, 2], "<i4")], "int32[2]"),
    **{n: (None, [np.dtype(n).type(np.iinfo(n).max)], [int(np.iinfo(n).max)], n) for n in INTEGERS},
    "float32": (np.float32, [np.float32(0.1)], [float(np.float32(0.1))], "float32"),
    "float16": (None, [np.float16(0.5)], [0.5], "float32"),
    "numpy float": (None, [np.float64(0.1)], [0.1], "float64"),
    "numpy bool": (None, [np.bool_(True)], [True], "bool"),
    "numpy str": (None, [np.str_("a")], ["a"], "string"),
    "complex number": (None, [np.complex64(1 + 2j)], [np.complex64(1 + 2j)], "complex64[]"),
    "numpy date": (None, [np.datetime64("2025-01-01"), np.datetime64("1999-12-31")], None, "datetime64[D][]"),
    "all null": (None, [None, None], None, "null"),
}  # fmt: skip


def same(given: Any, expected: Any) -> bool:
    """Equal, of one kind, arrays to the dtype and shape."""
    if isinstance(expected, np.ndarray | np.generic) or isinstance(given, np.ndarray):
        a, b = np.asarray(given), np.asarray(expected)
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(expected, dict):
        return (
            given is not None
            and given.keys() == expected.keys()
            and all(same(given[k], expected[k]) for k in expected)
        )
    if isinstance(expected, list):
        return isinstance(given, list) and len(given) == len(expected) and all(map(same, given, expected))
    return type(given) is type(expected) and bool(given == expected)


CASES = [(kind, a) for kind, (hint, *_) in KINDS.items() for a in (False, True) if hint is not None or not a]


@pytest.mark.parametrize(("kind", "annotated"), CASES)
def test_round_trip(kind: str, annotated: bool, folder: Path) -> None:
    annotation, values, back, type_name = KINDS[kind]
    expected = list(values if back is None else back)
    # Once with a value in every row, once with nulls before and after; both come as often as rows are there.
    full, gaps = [values[i % len(values)] for i in range(len(values) + 2)], [None, *values, None]
    expected_full = [expected[i % len(expected)] for i in range(len(full))]
    expected_gaps = [None, *expected, None]

    def give(i: int) -> Any:
        return full[i]

    def give_gaps(i: int) -> Any:
        return gaps[i]

    def again(out: Any) -> Any:
        return out

    if annotated:
        give.__annotations__["return"] = give_gaps.__annotations__["return"] = annotation
    again.__annotations__["return"] = np.uint64 if kind == "uint64" else None

    def exact(chain: nc.Chain, column: str = "out") -> bool:
        rows = list(chain)
        return all(map(same, [r[column] for r in rows], expected_full)) and all(
            map(same, [r["gaps"] for r in rows], expected_gaps)
        )

    chain = nc.read_values(i=range(len(full))).map(out=give).map(gaps=give_gaps).select("out", "gaps")
    assert exact(chain)
    version = chain.save("values")
    assert [str(f.type) for f in version.schema.values()] == [type_name, type_name]
    saved = nc.read_dataset("values")
    assert exact(saved)
    saved.map(again=again).select("again", "gaps").save("again")
    assert exact(nc.read_dataset("again"), "again")
    frame = saved.collect()
    assert frame["gaps"].null_count() >= 2
    assert frame["out"].null_count() == sum(v is None for v in full)
    assert chain.collect().equals(frame)
    assert saved.to_arrow().num_rows == frame.height
    assert isinstance(saved.to_pandas(), pd.DataFrame)


@pytest.mark.parametrize("annotated", [False, True], ids=["plain", "annotated"])
def test_no_rows(annotated: bool, folder: Path) -> None:
    def mean(x: int) -> Any:
        return x / 2

    if annotated:
        mean.__annotations__["return"] = float
    chain = nc.read_values(x=[1]).filter(nc.Column("x") > 1).map(mean)
    frame = chain.collect()
    assert frame.shape == (0, 2)
    assert frame["mean"].dtype == (pl.Float64 if annotated else pl.Null)
    assert chain.save("none").rows == 0
    assert nc.read_dataset("none").collect().equals(frame)
    assert list(nc.read_dataset("none")) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], r"'out' holds int64, but row 1 gives str"),
        ([True, 1], r"'out' holds bool, but row 1 gives int"),
        ([object()], "object cannot be stored"),
        ([{1, 2}, {"a"}], r"'out\[\]' holds int64, but row 1 gives str"),
        ([np.zeros(2), np.zeros(2, np.float32)], r"holds float64\[2\], but row 1 gives float32\[2\]"),
        ([np.zeros(2), np.zeros((2, 1))], r"row 1 gives float64\[2, 1\]"),
        ([np.zeros(2), [0.0, 0.0]], "row 1 gives list"),
        ([np.array(["a"])], "<U1 cannot be stored"),
        ([np.array([object()])], "object cannot be stored"),
        (
            [dt.datetime(2025, 1, 1), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)],
            "times without a zone, and row 1",
        ),
        ([2**64], "does not fit"),
        ([[np.zeros(2)]], "list of arrays"),
        ([{1: 2}], "named by text"),
    ],
)
def test_what_cannot_be_stored_is_named(values: list[Any], message: str, folder: Path) -> None:
    with pytest.raises(nc.SchemaError, match=message):
        nc.read_values(i=range(len(values))).map(out=lambda i: values[i]).collect()


DRIFT: list[tuple[Any, Any, str]] = [
    (int, 1.5, r"'out' holds int64, but row 1 gives float \(1.5\)"),
    (int, True, r"holds int64, but row 1 gives bool"),
    (float, "x", r"holds float64, but row 1 gives str \('x'\)"),
    (str, 1, r"holds string, but row 1 gives int"),
    (bool, 1, r"holds bool, but row 1 gives int"),
    (dt.date, dt.datetime(2025, 1, 1), r"holds date, but row 1 gives datetime"),
    (list[int], 3, r"holds list\[int64\], but row 1 gives int"),
    (list[int], ["a"], r"'out\[\]' holds int64, but row 1 gives str \('a'\)"),
    (Peak, 3, r"holds Peak, but row 1 gives int"),
    (Peak, {"at": "x"}, r"'out.at' holds float64, but row 1 gives str"),
    (Peak, {"at": 1.0, "width": 2}, r"row 1 has new fields: 'width'"),
    (np.int8, 300, "does not fit"),
    (
        dt.datetime,
        dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
        "times without a zone, and row 1 gives 2025.*annotation",
    ),
]


@pytest.mark.parametrize(("annotation", "value", "message"), DRIFT)
def test_a_value_against_the_annotation_is_drift(
    annotation: Any, value: Any, message: str, folder: Path
) -> None:
    def give(i: int) -> Any:
        return None if i == 0 else value

    give.__annotations__["return"] = annotation
    with pytest.raises(nc.SchemaError, match=message):
        nc.read_values(i=[0, 1]).map(out=give).collect()
