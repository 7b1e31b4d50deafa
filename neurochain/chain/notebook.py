"""Notebook: rows and plans as HTML, where a notebook asks for it."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.objects import NAMES
from neurochain.chain.values.row import column_values
from neurochain.datasets.schema import Schema, describe
from neurochain.datasets.secrets import masked
from neurochain.datasets.types import Array, DataType, Ragged, Record
from neurochain.datasets.versionpage import columns_html
from neurochain.errors import StorageError
from neurochain.pictures.array import little_array
from neurochain.pictures.pieces import block, facts, table
from neurochain.pictures.words import cut, escaped

__all__ = ["display", "frame_html", "is_notebook", "plan_html"]

PICTURED = 6  # rows of files that are opened
GIVEN_UP = 2  # files in a row that cannot be had
COLUMNS = 60
WIDTH = 120  # characters of a cell


def is_notebook() -> bool:
    """Whether the running cell belongs to a page that shows HTML."""
    module = sys.modules.get("IPython")  # who works in a notebook has it
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None) is not None


def display(html: str, text: str) -> None:
    """Show HTML below the cell, and the text wherever there is no place for that."""
    sys.modules["IPython"].display.display({"text/html": html, "text/plain": text}, raw=True)


def frame_html(frame: pl.DataFrame, schema: Schema, rows: list[list[str]], counted: str) -> str:
    """Rows as a table, with little pictures of files and arrays.

    Parameters
    ----------
    frame : DataFrame
        Flat columns of the rows that are shown.
    schema : Schema
        Of the frame.
    rows : list of list of str
        Texts of the cells, by row.
    counted : str
        How many rows there are, in words.
    """
    fields = list(schema.values())
    held = [i for i in range(len(fields)) if not rows or any(row[i] != "null" for row in rows)]
    columns = []
    for i in held[:COLUMNS]:
        texts = [escaped(cut(row[i], WIDTH)) for row in rows]
        for n, picture in enumerate(_pictures(frame, fields[i].name, fields[i].type)):
            if picture:
                texts[n] = f"{picture}<br>{texts[n]}"
        columns.append([f'<span style="white-space:pre-wrap">{text}</span>' for text in texts])
    heads = [(fields[i].name, describe(fields[i])) for i in held[:COLUMNS]]
    left = [fields[i].name for i in range(len(fields)) if i not in held]
    said = [counted]
    if left:
        said.append(f"null in all of them: {', '.join(left[:COLUMNS])}{' …' if len(left) > COLUMNS else ''}")
    if len(held) > COLUMNS:
        said.append(f"{len(held) - COLUMNS:,} more columns are not shown")
    shown = [list(row) for row in zip(*columns, strict=True)]
    return block(table(heads, shown, counted), *[facts([("", one)]) for one in said])


def plan_html(source: dict[str, Any], steps: list[dict[str, Any]], schema: Schema) -> str:
    """A plan that has not run: where its rows come from, what is done with them, and its columns."""
    from_ = escaped(cut(_place(source), 200))
    code = "".join(
        f'<li style="margin:0"><code style="background:none">.{escaped(s["step"])}({escaped(cut(s["text"], 200))})</code></li>'
        for s in steps
    )
    more = " More columns are known when it runs." if schema.partial else ""
    listed = f'<ul style="list-style:none;margin:2px 0 2px 6px;padding-left:10px;border-left:2px solid rgba(128,128,128,.5)">{code}</ul>'
    return block(
        f"<div><b>Chain</b> of {from_}</div>",
        listed if steps else "",
        columns_html(schema, "columns of the chain"),
        facts([("", f"Nothing has run.{more} .show() shows its first rows.")]),
    )


def _place(source: dict[str, Any]) -> str:
    """Where rows come from, in words."""
    if "name" in source and "version" in source:
        return f"{source['name']}@{source['version']}"
    place = source.get("patterns") or source.get("uri") or source.get("table") or ""
    shown = ", ".join(_last(str(one)) for one in (place if isinstance(place, list) else [place]))
    return f"{source['source']} {masked(shown)}".strip()


def _last(place: str) -> str:
    """An address; of a place on a local disk the end, since a notebook travels."""
    local = place.removeprefix("file://")
    return f"…/{local.rstrip('/').rpartition('/')[2]}" if local.startswith(("/", "~")) else place


def _pictures(frame: pl.DataFrame, name: str, kind: DataType) -> Iterator[str]:
    """A little picture for each of the first rows; empty where there is none."""
    match kind:
        case Array() | Ragged():
            for value in column_values(frame.head(50), name, kind):
                yield "" if value is None else little_array(np.asarray(value), f"values of {name}")
        case Record(called) if called == "File" or called in NAMES:
            yield from _of_files(column_values(frame.head(PICTURED), name, kind))


def _of_files(values: list[Any]) -> Iterator[str]:
    from neurochain.formats.shown.little import little_picture  # readers take 0.1 s to import

    failed = 0
    for value in values:
        if value is None or failed >= GIVEN_UP:
            yield ""
            continue
        try:
            yield little_picture(value)
            failed = 0
        except StorageError:
            failed += 1
            yield ""
        except Exception:  # whatever a file holds: rows are shown all the same
            yield ""
