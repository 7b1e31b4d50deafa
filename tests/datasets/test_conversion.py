"""Unify and convert: schemas that grow without losing a value."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from logical_types import KEY_TYPES, NAMES, fields

from neurochain.datasets import arrays
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.schema import KEY, Schema, unify
from neurochain.datasets.types import (
    Array,
    DataType,
    Field,
    Json,
    List,
    Ragged,
    Record,
    Scalar,
    nested_dtype,
    type_to_json,
)
from neurochain.errors import SchemaError

INT, NULL, TEXT = Scalar("int64"), Scalar("null"), Scalar("string")


def loose(kind: DataType) -> Any:
    """Type without the order of fields and the names of records, which the first of two gives."""
    data = type_to_json(kind)

    def walk(node: Any) -> Any:
        if isinstance(node, dict) and "record" in node:
            return sorted((f["name"], json.dumps(walk(f["type"]), sort_keys=True)) for f in node["fields"])
        return {k: walk(v) for k, v in node.items()} if isinstance(node, dict) else node

    return walk(data)


@st.composite
def relatives(draw: st.DrawFn) -> tuple[Field, Field]:
    """A field and one that differs from it as results of one function may."""
    old = draw(fields)

    def vary(kind: DataType) -> DataType:
        match kind:
            case _ if draw(st.integers(0, 4)) == 0:
                return NULL
            case Array(dtype, shape) if draw(st.booleans()):
                return Array(dtype, tuple(n + 1 for n in shape))
            case Array(dtype, shape) if draw(st.booleans()):
                return Ragged(dtype, len(shape))
            case Json():
                return Json(draw(st.none() | st.dictionaries(NAMES, st.sampled_from(KEY_TYPES), max_size=2)))
            case List(item):
                return List(vary(item))
            case Record(name, members):
                kept = [Field(f.name, vary(f.type)) for f in members if draw(st.integers(0, 3))]
                more = [Field("more", INT)] if draw(st.booleans()) else []
                new = [f for f in more if f.name not in {m.name for m in kept}]
                kept = kept if kept or new else list(members[:1])  # a list has no place for an empty record
                return Record(name, (*draw(st.permutations(kept)), *new))
            case _:
                return kind

    return old, Field(old.name, vary(old.type))


@given(fields)
def test_unify_with_itself_or_null_changes_nothing(field: Field) -> None:
    empty = Field(field.name, NULL)
    assert unify(field, field) == field
    assert unify(field, empty).type == field.type
    assert unify(empty, field).type == field.type


@given(relatives())
def test_unify_is_commutative_where_it_is_defined(pair: tuple[Field, Field]) -> None:
    def outcome(a: Field, b: Field) -> Any:
        try:
            return loose(unify(a, b).type)
        except SchemaError:
            return "drift"

    assert outcome(*pair) == outcome(*pair[::-1])


@given(relatives())
def test_the_joined_type_holds_both(pair: tuple[Field, Field]) -> None:
    try:
        joined = unify(*pair)
    except SchemaError:
        assume(False)
    for one in pair:
        assert loose(unify(joined, one).type) == loose(joined.type)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (INT, TEXT),
        (INT, Scalar("float64")),
        (Array("float32", (2,)), Array("float64", (2,))),
        (Array("float32", (2,)), Array("float32", (2, 1))),
        (Ragged("float32", 1), Ragged("float32", 2)),
        (List(INT), INT),
        (List(INT), List(TEXT)),
        (Record("R", (Field("x", INT),)), Record("R", (Field("x", TEXT),))),
        (Record("File", (Field("uri", TEXT),)), Record("dict", (Field("uri", TEXT),))),
    ],
)
def test_drift_is_an_error(a: DataType, b: DataType) -> None:
    with pytest.raises(SchemaError, match=r"Column 'x' holds .* so far, and now"):
        unify(Field("x", a), Field("x", b))


def test_units_and_axes_that_differ_are_drift() -> None:
    mm = Field("x", Array("float32", (2,)), "mm", ("row",))
    assert unify(mm, Field("x", mm.type)) == mm
    assert unify(Field("x", mm.type), mm) == mm
    with pytest.raises(SchemaError, match=r"\(row\), mm so far, and now .*\(row\), uV"):
        unify(mm, Field("x", mm.type, "uV", ("row",)))
    with pytest.raises(SchemaError, match=r"\(row\), mm so far, and now .*\(column\), mm"):
        unify(mm, Field("x", mm.type, "mm", ("column",)))


def test_a_json_key_of_two_types_becomes_the_one_that_holds_both() -> None:
    a = Json({"a": "int64", "b": "int64", "c": "list[int64]", "d": "string", "e": "null"})
    b = Json({"a": "float64", "b": "string", "c": "list[float64]", "d": "json", "e": "bool", "f": "bool"})
    joined = unify(Field("x", a), Field("x", b)).type
    assert joined == Json(
        {"a": "float64", "b": "string", "c": "list[float64]", "d": "json", "e": "bool", "f": "bool"}
    )


def test_other_columns_than_before_are_named() -> None:
    old, new = Schema([Field("a", INT), Field("b", INT)]), Schema([Field("a", INT), Field("c", INT)])
    with pytest.raises(SchemaError, match="c new, b missing"):
        unify_schemas(old, new)


def converted(frame: pl.DataFrame, old: Field, new: Field) -> tuple[pl.DataFrame, DataType]:
    before, after = Schema([old]), unify_schemas(Schema([old]), Schema([new]))
    keyed = frame.insert_column(0, pl.Series(KEY, [b"k"] * frame.height))
    back = convert(keyed, before, after)
    assert back.columns == [KEY, *after.leaves()]
    assert {k: v for k, v in back.schema.items() if k != KEY} == after.leaves()
    assert back[KEY].to_list() == [b"k"] * frame.height
    return back, after["x"].type


@pytest.mark.parametrize("wrapped", [False, True], ids=["column", "field of a record"])
def test_arrays_of_another_shape_become_ragged_with_their_values(wrapped: bool) -> None:
    block = [np.arange(6, dtype="int16").reshape(2, 3), None]
    path = "x.a" if wrapped else "x"
    frame = pl.DataFrame({path: arrays.encode(block, np.dtype("int16"))})

    def field(shape: tuple[int, ...]) -> Field:
        kind = Array("int16", shape)
        return Field("x", Record("R", (Field("a", kind),)) if wrapped else kind)

    back, kind = converted(frame, field((2, 3)), field((4, 1)))
    ragged = kind.fields[0].type if isinstance(kind, Record) else kind
    assert isinstance(ragged, Ragged)
    data, shapes = back[f"{path}.data"].to_list(), back[f"{path}.shape"].to_list()
    first, second = arrays.decode_ragged(data, shapes, ragged)
    np.testing.assert_array_equal(first, block[0])
    assert first.dtype == np.int16
    assert second is None


@given(relatives(), st.integers(0, 3))
def test_any_rows_can_be_converted_to_the_joined_schema(pair: tuple[Field, Field], height: int) -> None:
    old, new = (Field("x", f.type) for f in pair)
    try:
        unify(old, new)
    except SchemaError:
        assume(False)
    for a, b in ((old, new), (new, old)):
        nothing = pl.DataFrame({leaf: pl.Series([None] * height, dtype=d) for leaf, d in a.leaves()})
        if nothing.width:
            back, _ = converted(nothing, a, b)
            assert back.height == height


def test_lists_of_records_get_the_new_field_and_keep_their_values() -> None:
    a = List(Record("R", (Field("n", INT), Field("inner", List(Record("S", (Field("s", TEXT),)))))))
    b = List(
        Record(
            "R", (Field("inner", List(Record("S", (Field("t", INT),)))), Field("m", TEXT), Field("n", INT))
        )
    )
    rows = [[{"n": 1, "inner": [{"s": "q"}]}, None, {"n": None, "inner": None}], None, []]
    frame = pl.DataFrame({"x": pl.Series(rows, dtype=nested_dtype(a))})
    back, _ = converted(frame, Field("x", a), Field("x", b))
    assert back["x"].to_list() == [
        [
            {"n": 1, "inner": [{"s": "q", "t": None}], "m": None},
            None,
            {"n": None, "inner": None, "m": None},
        ],
        None,
        [],
    ]


def test_all_null_gives_way_to_anything() -> None:
    frame = pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Null)})
    record = Record(
        "R", (Field("a", Array("int8", (1,))), Field("b", Ragged("int8", 1)), Field("c", List(INT)))
    )
    for kind in (INT, List(INT), Array("int8", (1,)), Ragged("int8", 1), record, Json({})):
        back, joined = converted(frame.clone(), Field("x", NULL), Field("x", kind))
        assert joined == kind
        assert back.height == 2
        assert all(back[leaf].null_count() == 2 for leaf in back.columns if leaf != KEY)
