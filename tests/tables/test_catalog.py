"""Catalogs: modules are databases; what is not there is said with what is."""

import types
from typing import Any

import polars as pl
import pytest

import neurochain as nc


def frame(name: str) -> nc.Table:
    return nc.FunctionTable(name=name, function=lambda: pl.LazyFrame({"a": [1, 2]}))


@pytest.fixture
def catalog() -> nc.Catalog:
    module = types.ModuleType("implant", "Of the implants.")
    vars(module).update(spikes=frame("spikes"), again=None, other=frame("impedance"), number=7)
    module.again = module.spikes  # type: ignore[attr-defined]
    return nc.Catalog({"implant": module, "behaviour": [frame("trials")]}, name="Lab")


def test_tables_by_name(catalog: nc.Catalog) -> None:
    assert catalog.dbs() == ["behaviour", "implant"]
    assert list(catalog.db("implant")) == ["impedance", "spikes"]
    assert catalog.db("implant").description == "Of the implants."
    assert [(d, t.name) for d, t in catalog.tables()] == [
        ("behaviour", "trials"),
        ("implant", "impedance"),
        ("implant", "spikes"),
    ]
    found = catalog.db("implant").table("spikes", nc.Filter("a", "=", 2), ["a"])
    assert found.collect().rows() == [(2,)]
    assert repr(catalog) == "<Catalog of behaviour (1), implant (2)>"


def test_what_is_not_there(catalog: nc.Catalog) -> None:
    with pytest.raises(nc.TableNotFoundError, match=r"no database 'implants'. Did you mean 'implant'"):
        catalog.db("implants")
    with pytest.raises(nc.TableNotFoundError, match=r"'implant' has no table 'spike'. Did you mean 'spikes'"):
        catalog.db("implant").table("spike")


@pytest.mark.parametrize(
    ("databases", "said"),
    [
        ({"a b": []}, "cannot be called 'a b'"),
        ({"a": 7}, "is a int"),
        ({"a": "spikes"}, "holds 's', which is no table"),
        ({"a": [frame("t"), frame("t")]}, "two tables that are called 't'"),
        ({"a": {"t": 7}}, "holds 7, which is no table"),
    ],
)
def test_what_is_no_catalog(databases: Any, said: str) -> None:
    with pytest.raises(nc.TableError, match=said):
        nc.Catalog(databases)
