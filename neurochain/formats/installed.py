"""Installed: formats that other packages bring, by the entry point group ``neurochain.formats``.

In the package's ``pyproject.toml``, with a reader or its class behind the colon::

    [project.entry-points."neurochain.formats"]
    mine = "my_package.reader:MyReader"

Its test subclasses `neurochain.testing.FormatTests`. A package that cannot be loaded is a warning and no format.
"""

import inspect
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from neurochain.errors import BrokenFormatWarning
from neurochain.formats.reader import Reader

__all__ = ["GROUP", "Installed", "installed"]

GROUP = "neurochain.formats"
PARTS = ("name", "formats", "array", "record", "suffixes", "head_size", "companions")
METHODS = ("matches", "read_header", "volume", "recording")
VALUES = (bool, int, float, str, datetime)  # that a field of a record may hold, or lists of them


@dataclass(frozen=True)
class Installed:
    """A format of another package.

    Attributes
    ----------
    reader : Reader
    package, version : str
        Distribution that brings it.
    """

    reader: Reader
    package: str
    version: str

    @property
    def identity(self) -> bytes:
        """What its results depend on: the package's version, and the source of the reader's module as it is now."""
        try:
            source = Path(inspect.getfile(type(self.reader))).read_bytes()
        except (OSError, TypeError):  # of a module that is no file
            source = b""
        return f"{self.package} {self.version}\0".encode() + source


@lru_cache(maxsize=1)
def installed(taken: frozenset[str]) -> tuple[Installed, ...]:
    """Formats of other packages, in the order of the packages' names; loaded once.

    Parameters
    ----------
    taken : frozenset of str
        Names of columns and formats that there are without them.
    """
    found: list[Installed] = []
    for point in sorted(entry_points(group=GROUP), key=lambda p: (_package(p), p.name)):
        package, version = _package(point), point.dist.version if point.dist is not None else ""
        try:
            loaded = point.load()
            reader = loaded() if isinstance(loaded, type) else loaded
            reason = _problem(
                reader, taken | {n for one in found for n in (one.reader.name, *one.reader.formats)}
            )
        except Exception as error:  # whatever another's code raises, the other formats work
            reason = f"{type(error).__name__}: {error}"
        if reason is None:
            found.append(Installed(reader, package, version))
            continue
        warnings.warn(
            f"The format {point.name!r} of the package {package} {version} cannot be used: {reason}. Files of it have no "
            f"format until {package} is mended or uninstalled.",
            BrokenFormatWarning,
            stacklevel=2,
        )
    return tuple(found)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module


def _problem(reader: Any, taken: Iterable[str]) -> str | None:
    """Why an object is no reader; None if it is one."""
    missing = [n for n in (*PARTS, *METHODS) if not hasattr(reader, n)]
    if missing:
        return f"{type(reader).__name__} is no Reader, it has no {', '.join(missing)}"
    if not isinstance(reader.name, str) or not reader.name.isidentifier():
        return f"its name {reader.name!r} is no name of a column"
    if not reader.formats or not _texts(reader.formats):
        return f"its formats are {reader.formats!r}, and must be a tuple of texts"
    doubled = sorted({reader.name, *reader.formats} & set(taken))
    if doubled:
        return f"{', '.join(map(repr, doubled))} is there already"
    if reader.array not in ("volume", "recording"):
        return f"its array is {reader.array!r}, and must be 'volume' or 'recording'"
    if not _texts(reader.suffixes) or any(s != s.lower() or s[:1] != "." for s in reader.suffixes):
        return (
            f"its suffixes are {reader.suffixes!r}, and must be a tuple of endings in lower case: ('.abc',)"
        )
    if type(reader.head_size) is not int or reader.head_size < 1:
        return f"its head_size is {reader.head_size!r}, and must be a number of bytes"
    if not isinstance(reader.companions, Mapping):
        return f"its companions are {reader.companions!r}, and must be a mapping"
    return _record_problem(reader.record)


def _record_problem(record: Any) -> str | None:
    if not (isinstance(record, type) and issubclass(record, BaseModel)):
        return f"its record {record!r} is no pydantic model"
    for name, field in record.model_fields.items():
        parts = get_args(field.annotation) if get_origin(field.annotation) in (UnionType, Union) else ()
        kinds = [kind for kind in parts if kind is not NoneType]
        if field.default is not None or len(kinds) != 1 or NoneType not in parts or not _is_value(kinds[0]):
            return f"its record's field {name} must be null by default: {name}: float | None = column(…)"
    return None


def _is_value(kind: Any) -> bool:
    while get_origin(kind) is list:
        (kind,) = get_args(kind)
    return kind in VALUES


def _texts(values: Any) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, str) for value in values)
