"""The examples in the docstrings of intervals and resampling say what is so."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import neurochain.timeline.intervals
import neurochain.timeline.resampling

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (neurochain.timeline.intervals, neurochain.timeline.resampling)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.failed == 0
    assert found.attempted
