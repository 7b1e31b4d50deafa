"""Refusals: what no column can hold is said with the row, the column and what to do; drift with both types."""

import datetime as dt
import decimal
import uuid
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from kinds import NOON, ZONE, Either, Empty, Endless, Mixed, Peak, Tone

import neurochain as nc


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
        ([[np.zeros(2)]], r"'out': A list of arrays.*gen\(\)"),
        ([np.ma.masked_array([1, 2], [0, 1])], "'out': row 0 gives a masked array.*filled"),
        ([np.zeros(2), np.ma.masked_array([1.0, 2], [0, 1])], "row 1 gives a masked array"),
        ([np.zeros(2, [("a", int)])], "'out', row 0: An array of dtype .*record"),
        ([np.zeros(2, np.longdouble)], "cannot be stored"),
        ([np.clongdouble(1)], "complex256|clongdouble"),
        (
            [decimal.Decimal("1.5")],
            r"'out': a decimal.Decimal cannot be stored \(row 0\). Return float\(x\), or str",
        ),
        ([[decimal.Decimal(1)]], "decimal.Decimal"),
        ([uuid.UUID(int=1)], r"Return str\(x\)"),
        ([range(3)], r"Return list\(x\)"),
        ([pl.Series([1])], "to_numpy"),
        ([pd.NA], "Return None"),
        ([pd.NaT], "NaT.*Return None"),
        ([pd.Timestamp("2025-01-01 00:00:00.000000001")], "more exact than microseconds.*datetime64"),
        ([dt.time(1, tzinfo=dt.UTC)], "time of day with a zone"),
        ([dt.timedelta.max], "longer than 292,000 years"),
        ([[NOON, NOON.replace(tzinfo=ZONE)]], "some times have a time zone"),
        (["\ud800"], "row 0 gives does not fit"),
        ([1, 2**63], "what row 1 gives does not fit: 9223372036854775808"),
        ([[1], [2**63]], r"'out\[\]' holds int64, and what row 1"),
        ([{}], "'out': Records without fields"),
        ([{"a": {}}], "'out.a': Records without fields"),
        ([[{}]], "Records without fields"),
        ([Empty()], "Records without fields"),
        ([Mixed.ONE, Mixed.TWO], "holds int64, but row 1 gives"),
        ([{"t": torch.zeros(1, dtype=torch.bfloat16)}], r"bfloat16.*tensor.float\(\)"),
        ([Endless(x=1)], "Endless holds a Endless in turn"),
        ([{1: 2}], "named by text"),
    ],
)
def test_what_cannot_be_stored_is_named(values: list[Any], message: str, folder: Path) -> None:
    with pytest.raises(nc.SchemaError, match=message):
        nc.read_values(i=range(len(values))).map(out=lambda i: values[i]).collect()


REFUSED: list[tuple[Any, str]] = [
    (int | str, r"'out': int \| str allows values of several types \(int64, string\), and a column has one"),
    (list[int | str], r"int \| str allows"),
    (bool | int | None, "several types"),
    (dt.date | dt.datetime, "several types"),
    (Literal["a", 1], r"Literal\['a', 1\] allows values of several types \(string, int64\)"),
    (Mixed, r"Mixed allows values of several types \(int64, string\)"),
    (Either, r"'out\.v': int \| str"),
    (Endless, r"'out\.children': Endless holds a Endless in turn.*gen\(\)"),
    (Empty, "'out': Records without fields"),
]


@pytest.mark.parametrize(("annotation", "message"), REFUSED)
def test_an_annotation_that_no_column_can_hold(annotation: Any, message: str, folder: Path) -> None:
    def give(i: int) -> Any:
        return None

    give.__annotations__["return"] = annotation
    chain = nc.read_values(i=[0])
    with pytest.raises(nc.SchemaError, match=message):
        chain.map(out=give).collect()


CLASSES: list[tuple[Any, Any, str]] = [
    (np.ndarray, [1.0], r"'out' is annotated as numpy array, but row 0 gives list"),
    (np.ndarray, 1.0, "row 0 gives float"),
    (np.ndarray[Any, np.dtype[np.float32]], np.zeros(2), r"array of float32, but row 0 gives float64\[2\]"),
    (nc.Volume, np.zeros(2), r"annotated as Volume, but row 0 gives float64\[2\]"),
    (nc.Recording, nc.Volume.of(np.zeros(2)), "annotated as Recording, but row 0 gives Volume"),
]


@pytest.mark.parametrize(("annotation", "value", "message"), CLASSES)
def test_an_annotation_says_the_class_and_the_values_the_rest(
    annotation: Any, value: Any, message: str, folder: Path
) -> None:
    def give(i: int) -> Any:
        return value

    give.__annotations__["return"] = annotation
    with pytest.raises(nc.SchemaError, match=message):
        nc.read_values(i=[0]).map(out=give).collect()


DRIFT: list[tuple[Any, Any, str]] = [
    (list[int], [True], r"'out\[\]' holds int64, but row 1 gives bool"),
    (list[int], [1.5], r"'out\[\]' holds int64, but row 1 gives float"),
    (list[str], [1], r"'out\[\]' holds string, but row 1 gives int"),
    (list[Peak], [{"at": "x"}], r"'out\[\]\.at' holds float64, but row 1 gives str"),
    (list[Peak], [{"at": 1.0, "z": 1}], "row 1 has new fields: 'z'"),
    (list[dt.datetime], [NOON.replace(tzinfo=ZONE)], "times without a zone, and row 1"),
    (list[list[int]], [[1], 2], r"'out\[\]' holds list\[int64\], but row 1 gives int"),
    (int, Tone.HIGH, r"holds int64, but row 1 gives str \('high'\)"),
    (float, decimal.Decimal(1), "holds float64, but row 1 gives Decimal"),
    (complex, "x", r"holds complex128\[\], but row 1 gives str"),
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
