"""Types: what they are on disk, and their JSON."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from logical_types import fields, inside_lists, schemas, types

from neurochain.datasets.schema import Schema, describe
from neurochain.datasets.types import (
    SCALARS,
    Array,
    DataType,
    Field,
    Json,
    List,
    Ragged,
    Record,
    Scalar,
    content_type,
    field_from_json,
    field_to_json,
    from_polars,
    nested_dtype,
    type_from_json,
    type_to_json,
)
from neurochain.errors import ColumnExistsError, ColumnNotFoundError, NeurochainError, SchemaError


@given(types)
def test_a_type_survives_json(kind: DataType) -> None:
    assert type_from_json(json.loads(json.dumps(type_to_json(kind)))) == kind


@given(fields)
def test_a_field_survives_json(field: Field) -> None:
    assert field_from_json(json.loads(json.dumps(field_to_json(field)))) == field


@given(schemas)
def test_a_schema_survives_json(schema: Schema) -> None:
    again = Schema.from_json(json.loads(schema.dumps()))
    assert again == schema
    assert again.dumps() == schema.dumps()
    assert again.leaves() == schema.leaves()


@given(inside_lists)
def test_types_inside_a_list_come_back_from_polars(kind: DataType) -> None:
    dtype = nested_dtype(List(kind))
    assert nested_dtype(from_polars(dtype)) == dtype


@given(types)
def test_content_type_has_no_keys_and_is_a_fixed_point(kind: DataType) -> None:
    plain = content_type(kind)
    assert content_type(plain) == plain
    assert '"json": {' not in json.dumps(type_to_json(plain))


def test_every_leaf_is_a_flat_column() -> None:
    header = Record(
        "Header", (Field("n", Scalar("int64")), Field("at", Record("", (Field("x", Ragged("float32", 2)),))))
    )
    schema = Schema([Field("header", header), Field("data", Array("float32", (2, 3))), Field("s", Json())])
    assert schema.leaves() == {
        "header.n": pl.Int64(),
        "header.at.x.data": pl.Binary(),
        "header.at.x.shape": pl.List(pl.Int64()),
        "data": pl.Binary(),
        "s": pl.String(),
    }


@pytest.mark.parametrize("name", sorted(SCALARS))
def test_scalars_come_back_from_polars(name: str) -> None:
    assert from_polars(SCALARS[name]) == Scalar(name)


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.Datetime("ns"), Scalar("datetime")),
        (pl.Datetime("ms", "Europe/Berlin"), Scalar("datetime[UTC]")),
        (pl.Duration("ms"), Scalar("duration")),
        (pl.Categorical(), Scalar("string")),
        (pl.Enum(["a"]), Scalar("string")),
        (pl.Array(pl.Float32, (2, 3)), Array("float32", (2, 3))),
        (pl.Array(pl.Boolean, 2), Array("bool", (2,))),
    ],
)
def test_polars_columns_with_another_name_here(dtype: pl.DataType, kind: DataType) -> None:
    assert from_polars(dtype) == kind


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Object(),
        pl.Decimal(10, 2),
        pl.Array(pl.String, 2),
        pl.Array(pl.Date, 2),
        pl.Array(pl.Datetime("us", "UTC"), 2),
        pl.List(pl.Object),
    ],
)
def test_polars_columns_that_cannot_be_stored(dtype: pl.DataType) -> None:
    with pytest.raises(SchemaError, match="Cast it"):
        from_polars(dtype)


@pytest.mark.parametrize("item", [Array("float32", (2,)), Ragged("float32", 1), Record("Empty", ())])
def test_a_list_of_what_has_no_column_is_refused(item: DataType) -> None:
    with pytest.raises(SchemaError, match="cannot be stored"):
        nested_dtype(List(item))


def test_two_columns_of_one_name_are_refused() -> None:
    a = Field("a", Scalar("int64"))
    dotted = Field("r.a", Scalar("int64"))
    record = Field("r", Record("R", (a,)))
    for clash in ([a, a], [dotted, record], [record, dotted]):
        with pytest.raises(ColumnExistsError, match="Rename"):
            Schema(clash)
    with pytest.raises(ColumnExistsError, match="Rename"):
        Schema([Field("r", Record("R", (a, a)))])
    with pytest.raises(ColumnExistsError, match="hidden key"):
        Schema([Field("_key", Scalar("bytes"))])


def test_an_unknown_column_is_answered_with_what_there_is() -> None:
    schema = Schema([Field("subject", Scalar("string")), Field("age", Scalar("float64"))])
    with pytest.raises(ColumnNotFoundError, match=r"'subjct' is not found.*Did you mean 'subject'"):
        schema["subjct"]
    assert "subjct" not in schema


def test_repr_shows_shapes_axes_and_units() -> None:
    field = Field("eeg", Array("float32", (64, 100)), "uV", ("channel", "time"))
    assert describe(field) == "float32[64, 100] (channel, time), uV"
    assert repr(Schema([field])) == "Schema(\n  eeg: float32[64, 100] (channel, time), uV\n)"
    assert describe(Field("x", Ragged("int16", 2))) == "int16[?, ?]"
    assert describe(Field("x", List(Scalar("string")))) == "list[string]"


def test_with_fields_replaces_in_place_and_adds_at_the_end() -> None:
    schema = Schema([Field("a", Scalar("int64")), Field("b", Scalar("int64"))])
    wider = schema.with_fields([Field("c", Scalar("bool")), Field("a", Scalar("string"))])
    assert list(wider) == ["a", "b", "c"]
    assert wider["a"].type == Scalar("string")
    assert list(schema) == ["a", "b"]


def test_a_type_of_a_newer_program_is_refused_by_name() -> None:
    with pytest.raises(NeurochainError, match=r"does not know.*tensor"):
        type_from_json({"tensor": "float32"})


def test_array_dtypes_are_named_so_that_numpy_knows_them() -> None:
    for name in ("float16", "complex128", "datetime64[25s]", "bool"):
        assert np.dtype(name).name == name
