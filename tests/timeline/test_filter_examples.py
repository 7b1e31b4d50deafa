"""The examples in the docstrings of the filters say what is so."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import neurochain.timeline.filters

PACKAGE = "neurochain.timeline.filters"
MODULES = [
    PACKAGE,
    *(f"{PACKAGE}.{m.name}" for m in pkgutil.iter_modules(neurochain.timeline.filters.__path__)),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name):
    assert doctest.testmod(import_module(name)).failed == 0
