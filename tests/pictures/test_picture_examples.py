"""Examples in the docstrings of what draws, and of what is drawn, are true."""

import doctest
import pkgutil
from importlib import import_module

import pytest

PACKAGES = ["neurochain.pictures", "neurochain.report"]
NAMES = [
    f"{package}.{found.name}"
    for package in PACKAGES
    for found in pkgutil.iter_modules(import_module(package).__path__)
] + [
    "neurochain.formats.volumes.orientation",
    "neurochain.datasets.columnsummary",
    "neurochain.datasets.public",
]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0
