"""The examples in the docstrings of the ready-made functions."""

import doctest
from importlib import import_module

import pytest
from source_tree import REPOSITORY

MODULES = sorted(p.stem for p in (REPOSITORY / "udfs").glob("*.py") if p.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    found = doctest.testmod(import_module(f"udfs.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_the_package_names_its_modules() -> None:
    said = import_module("udfs").__doc__ or ""
    page = (REPOSITORY / "docs" / "udfs.md").read_text("utf-8")
    assert not [name for name in MODULES if f"`udfs.{name}`" not in said or f"`udfs.{name}`" not in page]
