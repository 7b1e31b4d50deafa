"""The examples in the docstrings of the clocks say what is so."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import neurochain.timeline.clocks

MODULES = [
    m.name for m in pkgutil.walk_packages(neurochain.timeline.clocks.__path__, "neurochain.timeline.clocks.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.failed == 0
