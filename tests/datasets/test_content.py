"""Content hash: of logical rows, whatever their parts; every difference that means something changes it."""

import datetime as dt
import itertools
import math
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.datasets import arrays
from neurochain.datasets.content import ContentHash
from neurochain.datasets.location import FILE
from neurochain.datasets.parts import scan_parts, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Field, Json, List, Ragged, Record, Scalar, nested_dtype

UTC = dt.UTC


def content(schema: Schema, frames: Sequence[pl.DataFrame]) -> str:
    running = ContentHash(schema)
    for frame in frames:
        running.update(frame)
    return running.hexdigest()


def of_values(kind: DataType, values: Sequence[Any], name: str = "x") -> str:
    schema = Schema([Field(name, kind)])
    series = pl.Series(name, values, dtype=next(iter(schema.leaves().values())))
    return content(schema, [pl.DataFrame([series])])


def of_arrays(values: Sequence[Any], dtype: str) -> str:
    kind = Array(dtype, values[0].shape)
    series = arrays.encode(values, np.dtype(dtype)).alias("x")
    return content(Schema([Field("x", kind)]), [pl.DataFrame([series])])


PERSON = Record("P", (Field("s", Scalar("string")), Field("n", List(Scalar("int64")))))
SCHEMA = Schema(
    [
        Field("i", Scalar("int64")),
        Field("f", Scalar("float64")),
        Field("s", Scalar("string")),
        Field("l", List(Scalar("string"))),
        Field("p", List(PERSON)),
        Field("a", Array("float32", (2,))),
        Field("t", Scalar("datetime[UTC]")),
        Field("b", Scalar("bool")),
        Field("n", Scalar("null")),
    ]
)
TEXT = st.text(max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | st.integers(-(2**63), 2**63 - 1),
            "f": st.none() | st.floats(),
            "s": st.none() | TEXT,
            "l": st.none() | st.lists(st.none() | TEXT, max_size=2),
            "p": st.none()
            | st.lists(
                st.none()
                | st.fixed_dictionaries(
                    {"s": st.none() | TEXT, "n": st.none() | st.lists(st.integers(0, 2), max_size=2)}
                ),
                max_size=2,
            ),
            "a": st.none() | st.binary(min_size=8, max_size=8),
            "t": st.none()
            | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(UTC)),
            "b": st.none() | st.booleans(),
            "n": st.none(),
        }
    ),
    max_size=8,
)


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA.leaves())


@given(ROWS, st.lists(st.integers(0, 8), max_size=4))
def test_the_hash_does_not_know_how_rows_are_cut(rows: list[dict[str, Any]], cuts: list[int]) -> None:
    whole = frame_of(rows)
    ends = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(ends)]
    assert content(SCHEMA, pieces) == content(SCHEMA, [whole]) == content(SCHEMA, [frame_of(rows)])


@pytest.mark.parametrize("cut", [1_000, 65_536, 65_537, 150_000])
def test_the_hash_does_not_know_parts(project: Project, cut: int) -> None:
    schema = Schema([Field("i", Scalar("int64")), Field("s", Scalar("string"))])
    numbers = pl.arange(0, 131_079, eager=True)
    frame = pl.DataFrame({"i": numbers, "s": (numbers % 7).cast(pl.String)})
    parts = [write_part(project, frame[s : s + cut], schema) for s in range(0, frame.height, cut)]
    back = scan_parts(project, [p.hash for p in parts], schema, hidden={})
    assert content(schema, [back.collect()]) == content(schema, [frame])
    assert content(schema, list(frame.iter_slices(cut))) == content(schema, [frame])


@given(ROWS.filter(len), st.data())
def test_any_changed_cell_changes_the_hash(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([n for n in SCHEMA if n != "n"]))
    other = data.draw(ROWS.filter(len))[0][name]
    old = rows[row][name]
    if canonical(name, old) == canonical(name, other):
        return
    changed = [*rows[:row], {**rows[row], name: other}, *rows[row + 1 :]]
    assert content(SCHEMA, [frame_of(changed)]) != content(SCHEMA, [frame_of(rows)])


def canonical(name: str, value: Any) -> str:
    if name == "f" and value is not None:
        return repr(math.nan if math.isnan(value) else value + 0.0)
    if name == "a" and value is not None:
        return repr([canonical("f", x) for x in struct.unpack("<2f", value)])
    return repr(value)


def test_rows_columns_and_order_count() -> None:
    a, b = Field("a", Scalar("int64")), Field("b", Scalar("int64"))
    frame = pl.DataFrame({"a": [1, 2], "b": [2, 1]})
    hashes = [
        content(Schema([a, b]), [frame]),
        content(Schema([b, a]), [frame]),
        content(Schema([a, b]), [frame[::-1]]),
        content(Schema([a, b]), [frame[:1]]),
        content(Schema([a, b]), [frame[:0]]),
        content(Schema([a]), [frame]),
        content(Schema([Field("c", a.type), b]), [frame.rename({"a": "c"})]),
        content(Schema([Field("a", Scalar("int32")), b]), [frame.cast({"a": pl.Int32})]),
        content(Schema([]), [pl.DataFrame()]),
    ]
    assert len(set(hashes)) == len(hashes)


def test_null_nan_zero_and_empty_are_four_things() -> None:
    assert len({of_values(Scalar("float64"), [v]) for v in (None, math.nan, 0.0, 1.0)}) == 4
    assert len({of_values(Scalar("string"), v) for v in ([None], [""], ["a"], ["", ""])}) == 4
    texts = List(Scalar("string"))
    assert len({of_values(texts, [v]) for v in (None, [], [None], [""], ["", ""], [None, ""])}) == 6
    assert of_values(Scalar("string"), ["ab", "c"]) != of_values(Scalar("string"), ["a", "bc"])
    assert of_values(Scalar("bytes"), [b"ab", b"c"]) != of_values(Scalar("bytes"), [b"a", b"bc"])
    nested = List(List(Scalar("int64")))
    assert of_values(nested, [[[1], [2]]]) != of_values(nested, [[[1, 2]]])
    assert of_values(nested, [[[1], []]]) != of_values(nested, [[[], [1]]])
    people = List(PERSON)
    assert of_values(people, [[None]]) != of_values(people, [[{"s": None, "n": None}]])


def test_negative_zero_and_the_payloads_of_nan_do_not_count() -> None:
    payload = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0123))[0]
    assert of_values(Scalar("float64"), [0.0, math.nan]) == of_values(Scalar("float64"), [-0.0, payload])
    floats = List(Scalar("float64"))
    assert of_values(floats, [[0.0, math.nan]]) == of_values(floats, [[-0.0, payload]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_inside_arrays_too(dtype: str) -> None:
    plain = np.array([0, np.nan, 1], dtype)
    other = np.array([-0.0, -np.nan, 1], dtype)
    raw = other.view(f"u{other.real.itemsize}").copy()
    part = 2 if dtype.startswith("complex") else 1
    quiet = np.array([np.nan], other.real.dtype).view(raw.dtype)[0]
    raw[part] = quiet ^ (1 << (8 * other.real.itemsize - 1)) ^ 5  # another sign and payload
    if part == 2:
        raw[1] = 1 << (8 * other.real.itemsize - 1)  # imaginary -0.0
    other = raw.view(dtype)
    assert other.tobytes() != plain.tobytes()
    assert of_arrays([other], dtype) == of_arrays([plain], dtype)
    assert of_arrays([np.array([0, 0, 1], dtype)], dtype) != of_arrays([plain], dtype)


def test_a_signalling_nan_is_hashed_in_silence() -> None:
    signalling = np.frombuffer(b"\x01\x00\xa0\x7f", "<f4")
    assert of_arrays([signalling], "float32") == of_arrays([np.array([np.nan], "float32")], "float32")


def test_bits_of_integers_and_shapes_of_arrays_count() -> None:
    assert of_arrays([np.array([0], "int32")], "int32") != of_arrays([np.array([-(2**31)], "int32")], "int32")
    flat = np.arange(6.0)
    assert of_arrays([flat], "float64") != of_arrays([flat.reshape(2, 3)], "float64")
    assert of_arrays([flat, None], "float64") != of_arrays([flat, np.zeros(6)], "float64")
    ragged = Schema([Field("x", Ragged("float64", 2))])

    def of_shape(*shapes: tuple[int, int]) -> str:
        blocks = [np.zeros(s) for s in shapes]
        data = arrays.encode(blocks, np.dtype("float64")).alias("x.data")
        return content(ragged, [pl.DataFrame([data, arrays.encode_shapes(blocks).alias("x.shape")])])

    assert len({of_shape((2, 3)), of_shape((3, 2)), of_shape((1, 3), (1, 3)), of_shape((0, 3))}) == 4


def file_frame(**changed: Any) -> pl.DataFrame:
    row = {
        "uri": "/data/a.nii",
        "size": 7,
        "etag": "7-1-2-3",
        "mtime": dt.datetime(2025, 1, 1, tzinfo=UTC),
        "root": "data",
        "path": "a.nii",
        "companions": '{"a.json": "1"}',
    }
    schema = Schema([Field("file", FILE)])
    return pl.DataFrame(
        {f"file.{k}": [v] for k, v in (row | changed).items()}, schema_overrides=schema.leaves()
    )


def test_where_a_file_lies_and_when_it_was_written_is_left_out() -> None:
    schema = Schema([Field("file", FILE)])
    known = content(schema, [file_frame()])
    moved = {"uri": None, "etag": "x", "mtime": None, "root": "elsewhere", "companions": None}
    for name, value in moved.items():
        assert content(schema, [file_frame(**{name: value})]) == known, name
    assert content(schema, [file_frame(path="b.nii")]) != known
    assert content(schema, [file_frame(size=8)]) != known


def test_the_same_for_files_in_a_list() -> None:
    kind = List(FILE)

    def listed(**changed: Any) -> str:
        row = file_frame(**changed).rename(lambda n: n.removeprefix("file.")).row(0, named=True)
        return of_values(kind, [[row, None]])

    assert nested_dtype(kind)
    assert listed(uri="/elsewhere/a.nii", root="x", etag="y", mtime=None, companions=None) == listed()
    assert listed(path="b.nii") != listed()


def test_keys_seen_in_json_are_no_content() -> None:
    texts = ['{"a": 1}', None]
    assert of_values(Json(None), texts) == of_values(Json({"a": "int64"}), texts)
    assert of_values(List(Json(None)), [texts]) == of_values(List(Json({"a": "int64"})), [texts])
    assert of_values(Json(None), texts) != of_values(Scalar("string"), texts)


def test_every_process_gives_the_same_hash(project: Project) -> None:
    rows = [{"i": 1, "f": -0.0, "s": "é", "l": ["a", None], "p": [{"s": "q", "n": [1]}], "a": b"\0" * 8}]
    frame = frame_of([{**dict.fromkeys(SCHEMA), **rows[0]}])
    part = write_part(project, frame, SCHEMA)
    script = (
        "import json, sys\n"
        "from neurochain.datasets.content import ContentHash\n"
        "from neurochain.datasets.parts import scan_parts\n"
        "from neurochain.datasets.project import find_project\n"
        "from neurochain.datasets.schema import Schema\n"
        "schema = Schema.from_json(json.loads(sys.argv[1]))\n"
        "running = ContentHash(schema)\n"
        "running.update(scan_parts(find_project(), [sys.argv[2]], schema, hidden={}).collect())\n"
        "print(running.hexdigest())\n"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script, SCHEMA.dumps(), part.hash],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == content(SCHEMA, [frame])


def test_the_scheme_does_not_change_unnoticed() -> None:
    schema = Schema([Field("a", Scalar("int64")), Field("s", Scalar("string"))])
    frame = pl.DataFrame({"a": [1, None], "s": ["x", ""]})
    assert content(schema, [frame]) == GOLDEN


GOLDEN = "b129d8c7087423f2bb68aa1b92482c1713b07af67a19410314e65842c272a346"
