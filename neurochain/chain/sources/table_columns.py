"""Columns of a table out of the variables of a file: which of them, and what a row of each is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.inference import infer_field
from neurochain.chain.values.results import physical
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Record, from_polars
from neurochain.errors import ColumnNotFoundError, FormatError, suggestion

__all__ = ["Chosen", "Columns", "Held", "choose", "frame_of"]

Chosen = str | Sequence[str] | None
Columns = Mapping[str, Any]
"""Of each column the values: an array whose first axis is the rows, or a list."""
SHOWN = 20  # variables named in a message
MOST_EMPTY = 10**6  # rows that take no bytes in the file


@dataclass(frozen=True, slots=True)
class Held:
    """A variable of a file.

    Attributes
    ----------
    name : str
    shown : str
        What it is: ``"1 x 100 double"``.
    rows : int or None
        As a column; None for what is none.
    columns : callable
        Reads it as the columns that it is by itself.
    field : callable or None
        Reads one field of a struct as a column; None where it has no such field.
    """

    name: str
    shown: str
    rows: int | None
    columns: Callable[[], Columns]
    field: Callable[[str], Columns | None] | None = None


def choose(held: Sequence[Held], variable: Chosen) -> Columns:
    """Columns of the variables that are meant: the ones named, or all where they have as many rows.

    Raises
    ------
    ColumnNotFoundError
        There is no such variable.
    FormatError
        They do not have as many rows as each other.
    """
    by_name = {h.name: h for h in held}
    names = [variable] if isinstance(variable, str) else list(by_name if variable is None else variable)
    meant = [_named(name, by_name) for name in names]
    if not meant:
        raise FormatError("it holds no variables" if not held else "variable=[] names none")
    if len(meant) == 1:
        return meant[0].columns()
    if None in (rows := {h.rows for h in meant}) or len(rows) > 1:
        listed = ", ".join(f"{h.name} ({h.shown})" for h in meant[:SHOWN])
        more = f" and {len(meant) - SHOWN} more" if len(meant) > SHOWN else ""
        raise FormatError(
            f"{'its variables' if variable is None else 'these variables'} are not columns of one length: {listed}{more}. "
            "Choose one with variable='name', or some of one length with variable=['a', 'b']; a field of a struct is 'a.b'"
        )
    columns = [column for h in meant for column in h.columns().items()]
    if len({name for name, _ in columns}) < len(columns):
        raise FormatError(f"several columns have one name: {', '.join(name for name, _ in columns)}")
    return dict(columns)


def _named(name: str, by_name: Mapping[str, Held]) -> Held:
    """Variable of a name, or the field of a struct: ``"trials.onset"``.

    Raises
    ------
    ColumnNotFoundError
        There is none.
    """
    if name in by_name:
        return by_name[name]
    head, _, field = name.partition(".")
    holder = by_name.get(head)
    found = holder.field(field) if field and holder is not None and holder.field is not None else None
    if found is None:
        raise ColumnNotFoundError(f"The file has no variable {name!r}. {suggestion(name, by_name)}")
    values = found[field]
    return Held(name, f"{len(values)} rows", len(values), lambda: found)


def frame_of(columns: Columns) -> tuple[Schema, pl.DataFrame]:
    """Schema and flat columns.

    Raises
    ------
    FormatError
        Columns have different lengths, or there are none.
    SchemaError
        Values of a column have no common type.
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        listed = ", ".join(f"{name}: {n}" for name, n in lengths.items())
        raise FormatError(f"columns have different lengths ({listed})" if listed else "there are no columns")
    fields: list[Field] = []
    series: list[pl.Series] = []
    for name, values in columns.items():
        field, flat = _column(name, name, values)
        fields.append(field)
        series += flat
    return Schema(fields), pl.DataFrame(series)


def _column(name: str, path: str, values: Any) -> tuple[Field, list[pl.Series]]:
    """Field and flat columns of one column."""
    if not isinstance(values, np.ndarray):
        field = infer_field(name, values)
        return field, list(physical(field, values, path))
    if not values.nbytes and len(values) > MOST_EMPTY:
        raise FormatError(f"{name} is said to have {len(values):,} rows without any values")
    if values.dtype.kind == "U":
        _check_texts(name, values)
    if values.dtype.names is not None:
        parts = [_column(n, f"{path}.{n}", values[n]) for n in values.dtype.names]
        return Field(name, Record("", tuple(f for f, _ in parts))), [s for _, flat in parts for s in flat]
    if values.ndim == 1 and values.dtype.kind in "biufUS" and values.dtype.char not in "egG":
        if values.dtype.kind in "US":
            flat = pl.Series(
                path, values.tolist(), dtype=pl.String if values.dtype.kind == "U" else pl.Binary
            )
        else:
            flat = pl.Series(path, np.ascontiguousarray(values, values.dtype.newbyteorder("=")))
        return Field(name, from_polars(flat.dtype)), [flat]
    rows = list(values)
    field = infer_field(name, rows)
    return field, list(physical(field, rows, path))


def _check_texts(name: str, values: np.ndarray[Any, Any]) -> None:
    """Look whether each code is a character's: NumPy does not, and takes any four bytes for one.

    Raises
    ------
    FormatError
        One is not.
    """
    codes = np.ascontiguousarray(values, values.dtype.newbyteorder("=")).view(np.uint32)
    if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes <= 0xDFFF))).any():
        raise FormatError(f"texts of {name} hold codes that are no characters")
