"""The examples in the docstrings of the tables say what is so."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import neurochain as nc
import neurochain.tables

THEIRS = ("delta", "site", "sql", "serving")  # with extras, and tests of their own
MODULES = [
    m.name
    for m in pkgutil.walk_packages(neurochain.tables.__path__, "neurochain.tables.")
    if m.name.split(".")[2] not in THEIRS
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str) -> None:
    module = import_module(name)
    known = {n: getattr(nc, n) for n in ("Filter", "ParquetTable", "Partition")}
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(module, extraglobs=known, optionflags=options).failed == 0
