"""Loading: the catalog that a Python file declares."""

import importlib.util
import sys
from pathlib import Path

from neurochain.errors import TableError
from neurochain.tables.catalog import Catalog

__all__ = ["load_catalog", "load_named"]


def load_catalog(path: str | Path, name: str = "") -> Catalog:
    """Run a Python file, and give the catalog that it makes; modules beside it can be imported in it.

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
    spec = importlib.util.spec_from_file_location(f"_catalog_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise TableError(f"{file} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(file.parent))
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
