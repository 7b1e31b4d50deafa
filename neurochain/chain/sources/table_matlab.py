"""Tables in MATLAB's files: vectors of one length, or a struct of them."""

import io
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from neurochain.chain.sources.table_columns import Chosen, Columns, Held, choose
from neurochain.errors import FormatError
from neurochain.formats.matlab.hdf5 import MatHdf5, look
from neurochain.formats.matlab.mat5 import Variable, is_hdf5, variables
from neurochain.formats.matlab.mat5_values import Unread, read
from neurochain.storage import File

__all__ = ["mat"]

NO_COLUMN = ("struct", "sparse", "object", "function_handle", "opaque", "table")


def mat(file: File, content: bytes, variable: Chosen) -> Columns:
    """Columns of a MAT-file.

    Raises
    ------
    ColumnNotFoundError
        There is no such variable.
    FormatError
        It is no such file, or holds no table.
    MissingExtraError
        It is of version 7.3, and h5py is not installed.
    """
    if not is_hdf5(content):
        return choose([_of_mat5(v) for v in variables(file, content)], variable)
    return look(file, lambda root: choose(_of_hdf5(root), variable), io.BytesIO(content))


def _of_hdf5(root: MatHdf5) -> list[Held]:
    held = []
    for name in root.names():
        node = root.member(name)
        if node is not None:
            kind, shape = (
                root.kind(node) or ("struct" if root.is_struct(node) else "unknown"),
                root.shape(node),
            )
            held.append(_held(name, kind, shape, lambda node=node: root.plain(node)))
    return held


def _of_mat5(variable: Variable) -> Held:
    return _held(variable.name, variable.kind, variable.shape, lambda: read(variable))


def _held(name: str, kind: str, shape: tuple[int, ...], value: Any) -> Held:
    shown = f"{' x '.join(map(str, shape))} {kind}"
    rows = None if kind in NO_COLUMN else shape[0] if kind == "char" else _rows(shape)
    return Held(name, shown, rows, lambda: _columns(name, shown, value()), lambda f: _field(f, value()))


def _field(field: str, value: Any) -> Columns | None:
    """Column of one field of a struct, or of an array of structs."""
    if isinstance(value, Mapping) and field in value:
        return {field: _column(field, value[field])}
    if isinstance(value, list) and value and all(isinstance(v, Mapping) and field in v for v in value):
        return {field: [_one(field, v[field]) for v in value]}
    return None


def _columns(name: str, shown: str, value: Any) -> Columns:
    """Columns that a variable is by itself.

    Raises
    ------
    FormatError
        It is none.
    """
    if isinstance(value, Mapping):
        columns = {field: _column(field, v) for field, v in value.items()}
        if len({len(v) for v in columns.values()}) > 1:
            listed = ", ".join(f"{field}: {len(v)}" for field, v in columns.items())
            raise FormatError(
                f"fields of {name} have different lengths ({listed}). Choose some of one length with "
                f"variable=['{name}.{next(iter(columns))}', …]"
            )
        return columns
    if isinstance(value, list) and value and all(isinstance(v, Mapping) for v in value):
        return {field: [_one(field, v[field]) for v in value] for field in value[0]}
    if isinstance(value, Unread):
        raise FormatError(
            f"{name} ({shown}) is not read. In MATLAB, make a struct of it (table2struct(…, 'ToScalar', true)), "
            "or a full matrix"
        )
    return {name: _column(name, value)}


def _column(name: str, value: Any) -> Any:
    """Values of a column: rows are a vector's values, a matrix' rows, or cells."""
    if isinstance(value, np.ndarray):
        return value.reshape(_rows(value.shape), *(() if _is_vector(value.shape) else value.shape[1:]))
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [_one(name, v) for v in value]
    raise _nested(name, value)


def _one(name: str, value: Any) -> Any:
    """Value of one row: a number, a text, an array, or None where nothing stands there."""
    if isinstance(value, str):
        return value
    if not isinstance(value, np.ndarray):
        raise _nested(name, value)
    if value.size < 2:
        return value.reshape(-1)[0] if value.size else None
    return value.reshape(-1) if _is_vector(value.shape) else value


def _is_vector(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and 1 in shape


def _rows(shape: tuple[int, ...]) -> int:
    return prod(shape) if _is_vector(shape) else shape[0]


def _nested(name: str, value: Any) -> FormatError:
    kind = (
        value.kind
        if isinstance(value, Unread)
        else "struct"
        if isinstance(value, Mapping)
        else "cell or text array"
    )
    return FormatError(f"{name} holds a {kind} in a field or cell, which is no value of a row")
