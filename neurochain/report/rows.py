"""Rows of the page: the first ones, as short texts."""

import numpy as np

from neurochain.chain.show import cells
from neurochain.chain.values.row import column_values
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Ragged, Record
from neurochain.datasets.versions import DatasetVersion
from neurochain.pictures.array import little_array
from neurochain.pictures.words import cut, escaped
from neurochain.report.making import unplaced
from neurochain.report.pieces import table

__all__ = ["rows_html"]

COLUMNS = 14
WIDTH = 90  # characters of a cell


def rows_html(version: DatasetVersion, count: int, who: bool) -> str:
    """The first rows, of the columns that hold something in them."""
    schema = version.schema
    frame = version.scan().select(list(schema.leaves())).head(count).collect()
    if not frame.height:
        return '<p class="quiet">It has no rows.</p>'
    texts = [list(column) for column in zip(*cells(frame, schema), strict=True)]
    fields = [
        (i, f)
        for i, f in enumerate(schema.values())
        if any(text not in ("null", "") for text in texts[i]) and not _is_header(f.type)
    ]
    shown = fields[:COLUMNS]
    columns = []
    for i, field in shown:
        column = [escaped(cut(text if who else unplaced(text), WIDTH)) for text in texts[i]]
        if isinstance(field.type, Array | Ragged):
            values = column_values(frame, field.name, field.type)
            for n, value in enumerate(values):
                if value is not None:
                    column[n] = (
                        f"{little_array(np.asarray(value), f'values of {field.name}')}<small>{column[n]}</small>"
                    )
        columns.append(column)
    heads = ["row", *(_head(schema, field.name) for _, field in shown)]
    rows = [[str(n), *cells_] for n, cells_ in enumerate(zip(*columns, strict=True))]
    out = table(heads, rows, f"first rows of {version.reference}", more="rows")
    hidden = [f.name for _, f in fields[COLUMNS:]]
    if hidden:
        out += f'<p class="quiet">Not shown: {escaped(", ".join(hidden))}</p>'
    return out


def _is_header(kind: DataType) -> bool:
    """Whether it is a record of many facts, which the columns above tell."""
    return isinstance(kind, Record) and kind.name != "File"


def _head(schema: Schema, name: str) -> str:
    unit = schema[name].unit
    return f"{name} ({unit})" if unit else name
