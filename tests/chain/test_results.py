"""Results: every kind of value that a function may return comes back as it was."""

import datetime as dt
import types
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from kinds import (
    NOON,
    ZONE,
    Aliased,
    Bare,
    Colour,
    Fit,
    Level,
    Open,
    Pair,
    Partial,
    Peak,
    Slotted,
    Span,
    Tone,
    Volume,
    record_array,
)

import neurochain as nc
from neurochain.datasets.types import Record

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
    "bytearray": (bytearray, [bytearray(b"ab"), bytearray()], [b"ab", b""], "bytes"),
    "memoryview": (bytes, [memoryview(b"ab"), b"c"], [b"ab", b"c"], "bytes"),
    "list of bytes": (None, [[b"a", bytearray(b"b")], []], [[b"a", b"b"], []], "list[bytes]"),
    "str enum": (Tone, [Tone.HIGH], ["high"], "string"),
    "enum of tuples": (Span, [Span.SHORT], [[0, 1]], "list[int64]"),
    "list of enums": (list[Level], [[Level.LOW, Level.HIGH], []], [[1, 2], []], "list[int64]"),
    "flags": (None, [np.array([True, False])], None, "bool[2]"),
    "literal or none": (Literal["a", None], ["a"], None, "string"),
    "int or float": (int | float, [1, 2.5], [1.0, 2.5], "float64"),
    "text or path": (str | Path, ["a", Path("b")], ["a", "b"], "string"),
    "complex scalars": (complex, [1 + 2j, -1j], [np.complex128(1 + 2j), np.complex128(-1j)], "complex128[]"),
    "scalar array": (np.ndarray, [np.array(1.5), np.array(-2.5)], None, "float64[]"),
    "byte orders": (None, [np.array([1, 2], ">u2"), np.array([3, 4], "<u2")], [np.array([1, 2], "<u2"), np.array([3, 4], "<u2")], "uint16[2]"),
    "big endian dates": (None, [np.array([1], ">M8[s]")], [np.array([1], "<M8[s]")], "datetime64[s][1]"),
    "columns": (None, [np.arange(12, dtype=np.int16).reshape(3, 4)[:, ::2]], None, "int16[3, 2]"),
    "typed array": (np.ndarray[Any, np.dtype[np.float32]], [np.zeros(2, np.float32)], None, "float32[2]"),
    "empty ragged": (None, [np.empty((0, 2)), np.empty((3, 0))], None, "float64[?, ?]"),
    "gradient": (torch.Tensor, [torch.zeros(2, requires_grad=True)], [np.zeros(2, np.float32)], "float32[2]"),
    "arrays in dicts": (None, [record_array("a"), record_array("b")], None, "dict"),
    "tensor in a dict": (None, [{"t": torch.arange(2)}], [{"t": np.arange(2)}], "dict"),
    "slots": (Slotted, [Slotted(1), Slotted(2, ["a"], Peak(1.0))], [{"at": 1, "names": [], "peak": None}, {"at": 2, "names": ["a"], "peak": {"at": 1.0, "channel": None}}], "Slotted"),
    "bare named tuple": (None, [Bare(1, "x")], [{"a": 1, "b": "x"}], "Bare"),
    "aliases": (Aliased, [Aliased(theValue=1), Aliased(theValue=2, parts=[Fit(slope=1, peak=Peak(2.0))])], [{"value": 1, "parts": [], "inner": None}, {"value": 2, "parts": [{"slope": 1.0, "peak": {"at": 2.0, "channel": None}, "label": None}], "inner": None}], "Aliased"),
    "extra fields": (Open, [Open(a=1, b=2.5)], [{"a": 1, "b": 2.5}], "Open"),
    "mapping": (None, [types.MappingProxyType({"a": 1})], [{"a": 1}], "dict"),
    "own class": (Volume, [Volume(1)], [{"a": 1}], "record"),
    "times in lists": (None, [[NOON.replace(tzinfo=ZONE)], []], None, "list[datetime[UTC]]"),
    "records in lists in records": (None, [{"a": [{"b": [1, 2]}, {"b": []}]}, {"a": []}], None, "dict"),
    "list with null lists": (None, [[[1], None], [None], []], None, "list[list[int64]]"),
    "list with null records": (None, [[{"a": 1}, None], []], None, "list[dict]"),
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


def test_a_record_that_holds_only_none_has_one_type(folder: Path) -> None:
    # Known results are seen without the values that told their type, so None alone must tell none.
    results = [Slotted(1), {"v": None, "w": np.zeros(1)}, {"v": 1.5, "w": np.zeros(1)}]
    for _ in range(2):
        version = nc.read_values(i=[1]).map(out=lambda i: results[i]).save("none")
        kind = version.schema["out"].type
        assert isinstance(kind, Record)
        assert [str(f.type) for f in kind.fields] == ["null", "float64[1]"]
        nc.read_values(i=[2]).map(out=lambda i: results[i]).collect()


def test_files_in_lists_come_back_as_files(folder: Path) -> None:
    (folder / "a.txt").write_text("text")

    def both(i: int) -> list[nc.File]:
        return [nc.File.at("a.txt")] * i

    def first(files: list[nc.File]) -> str:
        return files[0].read().decode() if files else ""

    nc.read_values(i=[0, 2]).map(files=both).save("files")
    chain = nc.read_dataset("files")
    rows = list(chain)
    assert [[f.name for f in r.files] for r in rows] == [[], ["a.txt", "a.txt"]]
    assert chain.map(text=first).collect()["text"].to_list() == ["", "text"]


def test_typed_dicts_may_lack_fields(folder: Path) -> None:
    def give(i: int) -> Partial:
        return {"a": 1} if i else {"b": "x"}

    chain = nc.read_values(i=[0, 1]).map(out=give)
    assert [dict(r.out) for r in chain] == [{"a": None, "b": "x"}, {"a": 1, "b": None}]
    assert str(chain.schema["out"].type) == "Partial"
