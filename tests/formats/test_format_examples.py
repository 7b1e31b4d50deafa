"""The examples in the docstrings of the formats say what is so."""

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import neurochain.formats
import neurochain.testing

MODULES = [
    "neurochain.formats",
    *(m.name for m in pkgutil.walk_packages(neurochain.formats.__path__, "neurochain.formats.")),
    *(f"neurochain.testing.{m.name}" for m in pkgutil.iter_modules(neurochain.testing.__path__)),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(import_module(name))
    assert found.failed == 0
