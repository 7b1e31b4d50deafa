"""The examples in the docstrings of ways out of a timeline say what is so."""

import doctest
from importlib import import_module

import pytest

MODULES = ["neurochain.timeline.exports", "neurochain.timeline.writing.nwb.images"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str, project) -> None:
    found = doctest.testmod(import_module(name))
    assert found.failed == 0
    assert found.attempted
