"""Origin: who wrote a piece of code. Your code is entered; what is installed counts by its version.

The file decides, not ``__module__``, which `functools.wraps` copies. What lies in site-packages or dist-packages is
third-party, the library of Python is Python's, all else is yours: scripts, notebooks, editable installs.
"""

import hashlib
import importlib.metadata
import os
import site
import sys
import sysconfig
from collections.abc import Collection, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Literal, NamedTuple

from neurochain.datasets.environment import name_and_version

__all__ = ["Origin", "distributions", "origin_of_file", "origin_of_module"]

_SITE = {"site-packages", "dist-packages"}
# The package that this file belongs to: a user's function that mentions it is not made anew by each edit of it.
_OWN_NAME = __name__.split(".")[0]
_OWN_ROOT = os.path.join(os.path.realpath(__file__).rsplit(f"{os.sep}chain{os.sep}", 1)[0], "")


class Origin(NamedTuple):
    """`top` is the top-level package, empty for your own code."""

    kind: Literal["first", "third", "python"]
    top: str = ""


FIRST = Origin("first")
PYTHON = Origin("python", "python")


@lru_cache(maxsize=1)
def _roots() -> tuple[list[str], list[str]]:
    paths = sysconfig.get_paths()
    installed = [paths["purelib"], paths["platlib"], site.getusersitepackages(), *site.getsitepackages()]
    python = [paths["stdlib"], paths["platstdlib"], os.path.dirname(os.__file__)]
    return (
        sorted({os.path.join(os.path.realpath(p), "") for p in installed}),
        sorted({os.path.join(os.path.realpath(p), "") for p in python}),
    )


def origin_of_file(filename: str, enter: Collection[str] = ()) -> Origin:
    """Origin of the code in a file.

    Parameters
    ----------
    filename : str
        ``co_filename`` of a code object, or ``__file__`` of a module.
    enter : collection of str
        Top-level packages that count as first-party wherever they lie.
    """
    if filename.startswith("<"):
        return PYTHON if filename.startswith("<frozen ") else FIRST
    origin = _origin_of_path(os.path.realpath(filename))
    return FIRST if origin.top in enter else origin


@lru_cache(maxsize=4096)
def _origin_of_path(path: str) -> Origin:
    if path.startswith(_OWN_ROOT):
        return Origin("third", _OWN_NAME)
    installed, python = _roots()
    for root in installed:
        if path.startswith(root):
            return Origin("third", _top(path[len(root) :]))
    parts = path.split(os.sep)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] in _SITE:
            return Origin("third", _top(os.sep.join(parts[index + 1 :])))
    return PYTHON if any(path.startswith(root) for root in python) else FIRST


def _top(relative: str) -> str:
    return relative.split(os.sep)[0].split(".")[0]


def origin_of_module(module: ModuleType, enter: Collection[str] = ()) -> Origin:
    """Origin of a module."""
    names = vars(module)
    filename = names.get("__file__")
    if isinstance(filename, str):
        return origin_of_file(filename, enter)
    name = names.get("__name__", "")
    if name == "__main__":
        return FIRST
    if name in sys.builtin_module_names or name.split(".")[0] in sys.stdlib_module_names:
        return PYTHON
    for path in list(names.get("__path__", ())):
        return origin_of_file(os.path.join(path, "__init__.py"), enter)
    # A module that some code made in memory.
    return FIRST


_known: dict[str, dict[str, str]] = {}


def distributions(top: str) -> dict[str, str]:
    """Distributions that hold a top-level package, with their versions.

    What was found is kept for the life of the process: so is the code that was imported.
    """
    if top not in _known:
        found = _find(top)
        if not found:
            return {}
        _known[top] = found
    return _known[top]


def _find(top: str) -> dict[str, str]:
    try:
        named = importlib.metadata.distribution(top)
    except importlib.metadata.PackageNotFoundError:
        named = None
    except ValueError:
        return {}
    if top == _OWN_NAME:
        return {top: named.version if named is not None else "0 (source tree)"}
    # A distribution may bear the name of a package that another one holds.
    if named is not None and _holds(named, top):
        return {name_and_version(named)[0]: _exact_version(named)}
    if _packages.cache_info().currsize and top not in _packages():
        _packages.cache_clear()  # it may have been installed since
    names = sorted(set(_packages().get(top, ())))
    return {name: _exact_version(importlib.metadata.distribution(name)) for name in names}


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, list[str]]:
    """Distributions of every package there is: their records are read, which takes a fifth of a second."""
    return importlib.metadata.packages_distributions()


def _holds(distribution: importlib.metadata.Distribution, top: str) -> bool:
    record = "\n" + (distribution.read_text("RECORD") or distribution.read_text("SOURCES.txt") or "")
    if not record.strip():
        return True
    return f"\n{top}/" in record or f"\n{top}." in record


def _exact_version(distribution: importlib.metadata.Distribution) -> str:
    """Version, with a hash of the files where it was not installed from an index.

    A package built from a folder or a repository often keeps its version while its code changes.
    """
    version = name_and_version(distribution)[1]
    if distribution.read_text("direct_url.json") is None:
        return version
    record = distribution.read_text("RECORD") or ""
    files = sorted(line for line in record.splitlines() if ".dist-info/" not in line and ",sha256=" in line)
    return f"{version} (built here: {hashlib.sha256(chr(10).join(files).encode()).hexdigest()[:12]})"
