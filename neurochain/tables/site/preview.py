"""Preview: the first rows of a table as short texts, without what is large."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.datasets.public import public
from neurochain.tables.filters.condition import Condition
from neurochain.tables.site.typename import array_parts, type_name
from neurochain.tables.table import Table

__all__ = ["Preview", "cell_text", "preview_of"]

ROWS = 8
COLUMNS = 24
WIDTH = 80  # characters of a cell
LARGEST = 12_000  # characters of all cells
SHOWN = 4  # values of a list
Cell = str | None


@dataclass(frozen=True)
class Preview:
    """The first rows of a table.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of str or None
        Short texts; None for a null.
    omitted : int
        Columns that are not shown.
    empty : int
        Records that are not shown because none of these rows has anything in them.
    filters : str
        Which rows were asked for; empty where all were.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    omitted: int = 0
    empty: int = 0
    filters: str = ""


def preview_of(table: Table, rows: int = ROWS) -> Preview:
    """Read the first rows that meet `docs_filters`.

    Of arrays only type and shape are shown, which need not be read; texts are cut, and bytes counted, before they leave Polars.

    Parameters
    ----------
    table : Table
        Whose rows are read.
    rows : int
        At most.

    Raises
    ------
    ColumnNotFoundError, ExpressionError, StorageError
        As the table's call.
    """
    condition = Condition.of(table.docs_filters)
    found = table.scan(condition, table.docs_columns, **getattr(table, "docs_args", {}))
    schema = found.collect_schema()
    names = list(schema)[:COLUMNS]
    asked = [_asked(name, schema[name]) for name in names if not isinstance(schema[name], pl.Array)]
    frame = found.head(rows).with_row_index("\0row").select("\0row", *asked).collect()
    cells = {name: _cells(name, schema[name], frame) for name in names}
    empty = [n for n in names if isinstance(schema[n], pl.Struct) and frame.height and not any(cells[n])]
    shown = {name: column for name, column in cells.items() if name not in empty}
    lines = [tuple(column[i] for column in shown.values()) for i in range(frame.height)]
    return Preview(
        columns=tuple(shown),
        rows=tuple(_fitting(lines)),
        omitted=len(schema) - len(names),
        empty=len(empty),
        filters=condition_text(condition),
    )


def condition_text(condition: Condition) -> str:
    """A condition in words."""
    cases = [
        " and ".join(
            f"{t.column} {t.operator}" + ("" if t.value is None else f" {_said(t.value)}")
            if isinstance(t, tuple)
            else repr(t)
            for t in case
        )
        for case in condition.cases
    ]
    return " or ".join(f"({c})" if len(cases) > 1 else c for c in cases)


def _said(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset | range):
        return f"[{', '.join(map(_said, value))}]"
    return str(value) if isinstance(value, dt.date | dt.time | int | float) else repr(value)


def _asked(name: str, dtype: pl.DataType) -> pl.Expr:
    """As much of a column as is shown."""
    column = pl.col(name)
    match dtype:
        case pl.String():
            return column.str.slice(0, WIDTH + 1)
        case pl.Binary():
            return column.bin.size().alias(name)
        case pl.List():
            return pl.struct(column.list.head(SHOWN).alias("head"), column.list.len().alias("length")).alias(
                name
            )
    return column


def _cells(name: str, dtype: pl.DataType, frame: pl.DataFrame) -> list[Cell]:
    match dtype:
        case pl.Array():
            return [type_name(dtype)] * frame.height
        case pl.Binary():
            return [None if size is None else f"{size:,} bytes" for size in frame[name]]
        case pl.List():
            return [_list(value["head"], value["length"]) for value in frame[name].to_list()]
    holds_text = not (dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean)
    texts = [None if _is_null(value) else cell_text(value, dtype) for value in frame[name].to_list()]
    return [None if t is None else _cut(public(t)) if holds_text else t for t in texts]


def _list(head: Sequence[Any] | None, length: int | None) -> Cell:
    if head is None or length is None:
        return None
    shown = ", ".join(cell_text(v) for v in head)
    if length <= len(head):
        return _cut(public(f"[{shown}]"))
    return f"{_cut(public(f'[{shown}'), WIDTH - 20)}, …] {length:,} values"


def cell_text(value: Any, dtype: pl.DataType | None = None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case dt.datetime():
            plain = value.replace(tzinfo=None) if value.utcoffset() == dt.timedelta(0) else value
            return plain.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
        case bytes():
            return f"{len(value):,} bytes"
        case {"uri": str(uri), "path": path}:  # a file
            return str(path or uri)
        case Mapping():
            kinds = {f.name: f.dtype for f in dtype.fields} if isinstance(dtype, pl.Struct) else {}
            return f"{{{', '.join(f'{k}: {_nested(v, kinds.get(k))}' for k, v in value.items() if v is not None)}}}"
        case list() | tuple():
            more = ", …" if len(value) > SHOWN else ""
            return f"[{', '.join(cell_text(v) for v in value[:SHOWN])}{more}]"
    return str(value)


def _is_null(value: Any) -> bool:
    """Whether nothing is there; of a record, in all its fields."""
    return value is None or (isinstance(value, dict) and all(map(_is_null, value.values())))


def _nested(value: Any, kind: Any) -> str:
    if isinstance(kind, pl.Array):
        inner, shape = array_parts(kind)
        return f"{type_name(inner)} {'×'.join(map(str, shape))}"
    return cell_text(value, kind if isinstance(kind, pl.DataType) else None)


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _fitting(lines: list[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    """As many rows as have room."""
    size = 0
    found: list[tuple[Cell, ...]] = []
    for line in lines:
        size += sum(len(cell or "") for cell in line)
        if size > LARGEST and found:
            break
        found.append(line)
    return found
