"""read_records: rows of dicts, dataclasses and models, also of more than memory holds."""

import dataclasses
import datetime as dt
import typing
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import numpy as np
import polars as pl
import pydantic
import pytest

import neurochain as nc
from neurochain.chain.sources import records as module

pytestmark = pytest.mark.usefixtures("folder")


@dataclasses.dataclass
class Scan:
    subject: str
    age: int | None = None
    weight: Annotated[float, nc.Unit("kg")] = 1.0


class Session(pydantic.BaseModel):
    subject: str
    scan: Scan
    when: dt.datetime | None = None
    tags: list[str] = []


class Pair(NamedTuple):
    subject: str
    age: int


class Typed(typing.TypedDict):
    subject: str
    age: int


EXPECTED = pl.DataFrame({"subject": ["a", "b"], "age": [1, None]})


@pytest.mark.parametrize(
    "records",
    [
        [{"subject": "a", "age": 1}, {"subject": "b"}],
        [{"subject": "a", "age": 1}, {"age": None, "subject": "b"}],
        (Pair(s, a) for s, a in [("a", 1), ("b", None)]),  # type: ignore[arg-type]
        nc.Row({"subject": "a", "age": 1}) and [nc.Row({"subject": "a", "age": 1}), {"subject": "b"}],
    ],
)
def test_every_form_of_records(records: Any) -> None:
    assert nc.read_records(records).collect().equals(EXPECTED)


def test_a_class_says_the_columns() -> None:
    for chain in (
        nc.read_records([Scan("a", 1), Scan("b")]),
        nc.read_records(iter([{"subject": "a", "age": 1}, {"subject": "b"}]), Scan),
        nc.read_records([Scan("a", 1), {"subject": "b"}], Scan),
    ):
        assert chain.collect().equals(EXPECTED.with_columns(weight=pl.lit(1.0)))
        assert chain.schema["weight"].unit == "kg"
        assert chain.count() == 2
    assert nc.read_records([{"age": 1, "subject": "a"}, {"subject": "b"}], Typed).collect().equals(EXPECTED)


def test_nested_models_keep_their_types_where_all_is_null() -> None:
    chain = nc.read_records([Session(subject="a", scan=Scan("x"))])
    assert str(chain.schema["when"].type) == "datetime"
    assert chain.collect()["scan"].to_list() == [{"subject": "x", "age": None, "weight": 1.0}]
    assert chain.filter(nc.Column("scan.weight") == 1).count() == 1
    rows = list(
        nc.read_records([{"subject": "a", "scan": {"subject": "y"}, "when": "2025-01-01T00:00"}], Session)
    )
    assert rows[0].when == dt.datetime(2025, 1, 1)
    assert rows[0].tags == []


def test_no_records_of_a_known_class() -> None:
    chain = nc.read_records([], Scan)
    assert chain.collect().schema == {"subject": pl.String, "age": pl.Int64, "weight": pl.Float64}
    assert chain.map(older=lambda age: age + 1).count() == 0
    with pytest.raises(nc.SchemaError, match="got no records"):
        nc.read_records([])


def numbers(count: int) -> Iterator[dict[str, Any]]:
    for i in range(count):
        yield {"i": i, "late": None if i < 15_000 else float(i), "a": np.full(3, i, np.float32)}


def test_more_records_than_are_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 25_000
    expected = nc.read_values(list(numbers(count)))
    chain = nc.read_records(numbers(count))
    assert str(chain.schema["late"].type) == "float64"
    assert chain.collect().equals(expected.collect())
    assert chain.collect().equals(chain.collect())  # a generator is read once, its rows as often as one likes
    first = chain.save("numbers")
    assert expected.save("numbers").version == first.version  # the same source, so nothing new
    monkeypatch.setattr(module, "HELD_BYTES", 100_000)
    assert nc.read_records(numbers(count)).save("numbers").version == first.version


def test_arrays_of_other_shapes_become_ragged() -> None:
    given = [np.zeros(2)] * 10_000 + [np.ones(3)]
    chain = nc.read_records({"a": a} for a in given)
    assert str(chain.schema["a"].type) == "float64[?]"
    assert [row.a.shape for row in chain][-2:] == [(2,), (3,)]


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ({"i": "x"}, r"'i' holds int64, but row 10000 gives str"),
        ({"i": 1.5}, r"'i' holds int64, but row 10000 gives float"),
        ({"i": 1, "j": 2}, r"record 10000 has new fields: 'j'. There are 'i'"),
        (7, r"record 10000 is a int \(7\)"),
    ],
)
def test_drift_names_the_record(late: Any, message: str) -> None:
    with pytest.raises(nc.SchemaError, match=message):
        nc.read_records([*({"i": i} for i in range(10_000)), late])


def test_integers_among_floats_stay_floats() -> None:
    chain = nc.read_records([*({"f": 0.5} for _ in range(10_000)), {"f": 2}])
    assert chain.collect()["f"][-1] == 2.0


def test_records_that_do_not_fit_their_model() -> None:
    with pytest.raises(nc.SchemaError, match=r"record 1 is no such record (?s:.*)when"):
        nc.read_records([{"subject": "a", "scan": Scan("a"), "when": w} for w in (None, "old")], Session)
    with pytest.raises(nc.SchemaError, match=r"record 0 is no such record .*extra"):
        nc.read_records([{"subject": "a", "extra": 1}], Scan)
    with pytest.raises(nc.SchemaError, match=r"'age' holds int64, but row 0 gives str"):
        nc.read_records([Scan("a", "old")])  # type: ignore[arg-type]
    with pytest.raises(nc.SchemaError, match="the model says the columns"):
        nc.read_records([{"a": 1}], dict)


def test_what_is_no_record() -> None:
    for given in ({"x": [1]}, 3):
        with pytest.raises(nc.SchemaError, match=r"got a (dict|int)"):
            nc.read_records(given)  # type: ignore[arg-type]
    with pytest.raises(nc.SchemaError, match="no fields"):
        nc.read_records([{}])
    with pytest.raises(nc.ColumnExistsError, match="hidden key"):
        nc.read_records([{"_key": 1}])


def test_key() -> None:
    rows = [{"id": f"s{i}", "x": i} for i in range(12_000)]
    nc.read_records(rows, key="id").save("keyed")
    fewer = nc.read_records(rows[1:], key="id").save("keyed")
    assert fewer.diff().added().height == 0
    assert fewer.diff().removed()["id"].to_list() == ["s0"]
    with pytest.raises(nc.SchemaError, match="does not tell the rows apart"):
        nc.read_records([*rows, rows[0]], key="id")
    with pytest.raises(nc.ColumnNotFoundError, match=r"'idd' is not found. Did you mean 'id'"):
        nc.read_records(rows, key="idd")
    with pytest.raises(nc.SchemaError, match="A key is a number"):
        nc.read_records([{"id": [1]}], key="id")
