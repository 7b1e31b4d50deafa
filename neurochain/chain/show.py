"""Show: the first rows of a chain, for people."""

import numpy as np
import polars as pl

from neurochain.chain.notebook import display, frame_html, is_notebook
from neurochain.chain.values.row import presented
from neurochain.datasets.schema import Schema, describe
from neurochain.datasets.types import Array, DataType, Json, Ragged, Record

WIDTH = 60  # characters of a cell


def show_frame(frame: pl.DataFrame, schema: Schema, limit: int) -> None:
    """Show rows as a table: a record by its non-null fields, an array by its shape; in a notebook with little pictures.

    Parameters
    ----------
    frame : DataFrame
        Flat columns, one row more than `limit` where there are more.
    schema : Schema
        Of the frame.
    limit : int
        Rows to print.
    """
    more = frame.height > limit
    rows = cells(frame.head(limit), schema)
    heads = [f"{f.name}\n{describe(f)}" for f in schema.values()]
    columns = {head: [row[i] for row in rows] for i, head in enumerate(heads)}
    counted = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}{', and more' if more else ''}"
    with pl.Config(
        tbl_rows=limit, tbl_cols=-1, fmt_str_lengths=WIDTH, tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True, tbl_width_chars=200,
    ):  # fmt: skip
        text = f"{pl.DataFrame(columns, schema=dict.fromkeys(heads, pl.String))}\n{counted}"
    if is_notebook():
        display(frame_html(frame.head(limit), schema, rows, counted), text)
    else:
        print(text)  # noqa: T201, what show() is for


def cells(frame: pl.DataFrame, schema: Schema) -> list[list[str]]:
    """Rows as short texts, one per column."""
    shown = presented(frame, schema)
    columns = [[_cell(v, f.type) for v in shown[f.name].to_list()] for f in schema.values()]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: object, kind: DataType) -> str:
    if value is None:
        return "null"
    if isinstance(kind, Array | Ragged):
        data = value["data"] if isinstance(value, dict) else value
        return f"{_preview(data)} {kind}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(kind, Record) and isinstance(value, dict):
        if kind.name == "File":
            return str(value["path"] or value["uri"])
        present = {k: v for k, v in value.items() if v is not None}
        return ", ".join(f"{k}={_short(v)}" for k, v in present.items())
    if isinstance(kind, Json):
        return " ".join(str(value).split())
    return str(value)


def _preview(values: object) -> str:
    """First numbers of an array: ``[0.12, 0.5, …]``."""
    flat = np.asarray(values).reshape(-1)
    shown = [f"{v:.4g}" if isinstance(v, float | np.floating) else str(v) for v in flat[:3]]
    return f"[{', '.join(shown)}{', …' if flat.size > 3 else ''}]"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 20 else text[:19] + "…"
