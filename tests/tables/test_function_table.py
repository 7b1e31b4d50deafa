"""Function tables: parameters from filters, and what is not silently left out."""

from typing import Any

import polars as pl
import pytest

import neurochain as nc

CALLS: list[Any] = []


@nc.table(owner="bci", docs_args={"implant_id": 4595, "date": "2024-04-28"})
def diagnostics(implant_id: int, date: str, scale: float = 1.0) -> pl.LazyFrame:
    """Online diagnostics.

    Of each channel.
    """
    CALLS.append((implant_id, date, scale))
    return pl.LazyFrame({"implant_id": [implant_id] * 2, "channel": [1, 2], "ohm": [200.0 * scale, None]})


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


WANTED = (nc.Filter("implant_id", "==", "4595"), nc.Filter("date", "==", "2024-04-28"))


def test_filters_are_parameters_and_conditions() -> None:
    assert diagnostics.name == "diagnostics"
    assert diagnostics.description == "Online diagnostics.\n\nOf each channel."
    assert diagnostics.required == ("implant_id", "date")
    assert diagnostics(WANTED, ["channel"]).collect()["channel"].to_list() == [1, 2]
    assert CALLS == [(4595, "2024-04-28", 1.0)]
    assert diagnostics([*WANTED, nc.Filter("ohm", ">", 1)], scale=2).collect()["ohm"].to_list() == [400.0]
    assert diagnostics(implant_id=7, date="x").collect()["implant_id"].to_list() == [7, 7]


def test_the_schema_is_that_of_the_example() -> None:
    assert diagnostics.schema == {"implant_id": pl.Int64, "channel": pl.Int64, "ohm": pl.Float64}
    with pytest.raises(nc.TableError, match="docs_args="):
        _ = nc.FunctionTable(name="t", function=lambda a: a).schema


@pytest.mark.parametrize(
    "filters",
    [
        (),
        nc.Filter("implant_id", "==", 4595),
        (nc.Filter("implant_id", ">", 4595), nc.Filter("date", "=", "x")),
        [[*WANTED], [nc.Filter("channel", "=", 1)]],
    ],
)
def test_parameters_that_are_missing(filters: Any) -> None:
    with pytest.raises(nc.TableError, match="needs "):
        diagnostics(filters)
    assert not CALLS


@pytest.mark.parametrize(
    "more",
    [
        nc.Filter("date", "=", "2024-04-29"),
        nc.Filter("date", "!=", "2024-04-28"),
        nc.Filter("scale", ">", 2),
        nc.Filter("date", "is null"),
        nc.Column("date") == "2024-04-28",
    ],
)
def test_nothing_that_is_said_of_a_parameter_is_left_out(more: Any) -> None:
    with pytest.raises(nc.TableError, match="is a parameter and no column"):
        diagnostics([*WANTED, more]).collect()


def test_cases_that_say_the_same_of_parameters() -> None:
    either = [[*WANTED, nc.Filter("channel", "=", 2)], [*WANTED, nc.Filter("ohm", ">", 1)]]
    assert diagnostics(either).collect().height == 2
    assert diagnostics(WANTED, date="2024-04-28").collect().height == 2
    with pytest.raises(nc.TableError, match="It was given '2024-04-28'"):
        diagnostics([WANTED[0], nc.Filter("date", "=", "other")], date="2024-04-28")


def test_code_in_a_value_is_no_value() -> None:
    with pytest.raises(nc.TableError, match=r"'implant_id' is int; '1\) or \(1=1' is none"):
        diagnostics(nc.Filter("implant_id", "=", "1) or (1=1"), date="x")
    assert diagnostics([*WANTED, nc.Filter("channel", "=", "1) or (1=1")]).collect().height == 0
    assert not [c for c in CALLS if c[0] != 4595]


@pytest.mark.parametrize(
    "given", [{"a": [1]}, [{"a": 1}], pl.DataFrame({"a": [1]}), pl.LazyFrame({"a": [1]})]
)
def test_what_a_function_may_give(given: Any) -> None:
    table = nc.FunctionTable(name="t", function=lambda: given)
    assert table().collect().rows() == [(1,)]


def test_what_it_may_not_give() -> None:
    table = nc.FunctionTable(name="t", function=lambda: object())
    with pytest.raises(nc.TableError, match="gave a object, of which no frame"):
        table()


def only_by_place(a: int, /) -> None: ...


def with_filters(filters: Any) -> None: ...


@pytest.mark.parametrize(("function", "said"), [(only_by_place, "by its place"), (with_filters, "Rename it")])
def test_functions_that_cannot_be_tables(function: Any, said: str) -> None:
    with pytest.raises(nc.TableError, match=said):
        nc.table(function)


def test_parameters_that_are_not_there() -> None:
    with pytest.raises(nc.TableError, match=r"no parameter 'implant'.*Did you mean 'implant_id'"):
        diagnostics(implant=7)
    with pytest.raises(nc.TableError, match="docs_args has 'implant'"):
        nc.FunctionTable(name="t", function=diagnostics.function, docs_args={"implant": 1})


def test_reference_says_the_parameters() -> None:
    said = diagnostics.reference(implant_id=7)
    assert said["parameters"] == {"implant_id": "7", "date": "2024-04-28"}
    assert said["function"].endswith("test_function_table.diagnostics")
