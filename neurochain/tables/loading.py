"""Loading: the catalog that a Python file declares."""

import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurochain.errors import TableError
from neurochain.tables.catalog import Catalog

__all__ = ["load_catalog", "load_named"]

_imported: set[str] = set()
"""Modules that catalogs have brought from their own folders."""


def load_catalog(path: str | Path, name: str = "") -> Catalog:
    """Run a Python file, and give the catalog that it makes; modules beside it can be imported in it.

    Each call reads the file and the modules beside it anew.

    Parameters
    ----------
    path : str or path
        ``catalog.py``; ``catalog.py:lab`` names the variable.
    name : str, optional
        Of the variable, where the file makes several catalogs.

    Raises
    ------
    TableError
        There is no such file, it makes no catalog, or several of which none is named.
    """
    return load_named(path, name)[1]


def load_named(path: str | Path, name: str = "") -> tuple[str, Catalog]:
    """As `load_catalog`, with the name of the variable that holds it."""
    text = str(path)
    if not name and ".py:" in text:
        text, _, name = text.rpartition(":")
    file = Path(text).expanduser().absolute()
    if not file.is_file():
        raise TableError(f"There is no file {file}. Give the Python file that makes the catalog.")
    name_of_module = f"_catalog_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name_of_module, file)
    if spec is None or spec.loader is None:
        raise TableError(f"{file} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    with _beside(file.parent):
        sys.modules[name_of_module] = module  # where dataclasses and pickle look for what is in it
        spec.loader.exec_module(module)
    found = {key: value for key, value in vars(module).items() if isinstance(value, Catalog)}
    if name:
        if name not in found:
            raise TableError(f"{file} has no catalog {name!r}. It makes: {', '.join(found) or 'none'}.")
        return name, found[name]
    if len({id(c) for c in found.values()}) != 1:
        raise TableError(
            f"{file} makes {'no catalog' if not found else 'several catalogs: ' + ', '.join(found)}. "
            + (
                "Write catalog = nc.Catalog({…})."
                if not found
                else f"Name one: {file.name}:{next(iter(found))}."
            )
        )
    return next(iter(found.items()))


@contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Let modules in a folder be imported, and none of the same name that another catalog had."""
    for name in _imported:
        sys.modules.pop(name, None)
    _imported.clear()
    before = set(sys.modules)
    importlib.invalidate_caches()
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            place = getattr(sys.modules[name], "__file__", None)
            if place is not None and Path(place).is_relative_to(folder):
                _imported.add(name)
