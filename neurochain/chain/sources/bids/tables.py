"""Tables: rows of many ``.tsv`` files as one frame, its columns those of all files, each of one type."""

import io

import polars as pl

from neurochain.chain.sources.table_text import NULLS, typed
from neurochain.errors import FormatError
from neurochain.formats.bids.tsv import Tsv, split_tsv

FILE = " file"  # number of the file that a row stands in; no column of a table begins with a space


def read_tables(
    names: list[str], texts: pl.DataFrame, needs: str | None = None
) -> tuple[pl.DataFrame, dict[int, str]]:
    """Rows of some tables, in order, and what is wrong with those that cannot be read.

    Parameters
    ----------
    names : list of str
        Of the files, for messages.
    texts : DataFrame
        ``text`` and ``error`` of each.
    needs : str, optional
        A column that every table must have.

    Returns
    -------
    rows : DataFrame
        The number of the file, then the columns of all files in the order in which they are met; null where a file
        has none of that name, and for ``n/a``.
    problems : dict of int to str
        By the number of the file.
    """
    problems: dict[int, str] = {}
    alike: dict[tuple[str, ...], list[tuple[int, Tsv]]] = {}
    for number, (name, (text, error)) in enumerate(zip(names, texts.iter_rows(), strict=True)):
        try:
            if text is None:
                raise FormatError(error)
            table = split_tsv(name, text)
            columns = tuple(map(_literal, table.columns))
            if needs is not None and needs not in columns:
                raise FormatError(f"{name} has no column {needs!r}, which says whom its rows speak of.")
            if len(set(columns)) < len(columns):
                raise FormatError(
                    f"{name} has a column named '*' or '^…$' beside one of that name with '_' behind."
                )
        except FormatError as wrong:
            problems[number] = str(wrong)
            continue
        alike.setdefault(columns, []).append((number, table))
    frames = [_rows(columns, tables) for columns, tables in alike.items()]
    joined = pl.concat([pl.DataFrame(schema={FILE: pl.UInt32}), *frames], how="diagonal")
    joined = joined.sort(FILE, maintain_order=True)
    return joined.with_columns(typed(joined[name]) for name in joined.columns if name != FILE), problems


def _literal(name: str) -> str:
    """Name that Polars takes for no pattern of names."""
    return f"{name}_" if name == "*" or (name.startswith("^") and name.endswith("$")) else name


def _rows(columns: tuple[str, ...], tables: list[tuple[int, Tsv]]) -> pl.DataFrame:
    """Texts of the cells of tables that have the same columns."""
    numbers = [number for number, table in tables for _ in (table.cells or table.lines)]
    frame = pl.concat(
        [_lines(columns, [line for _, table in tables for line in table.lines])]
        if not any(table.cells for _, table in tables)
        else [_cells(columns, table) for _, table in tables]
    )
    return frame.insert_column(0, pl.Series(FILE, numbers, dtype=pl.UInt32))


def _lines(columns: tuple[str, ...], lines: list[str]) -> pl.DataFrame:
    schema = dict.fromkeys(columns, pl.String())
    if not lines:
        return pl.DataFrame(schema=schema)
    if len(columns) == 1:  # an empty line would be left out
        return _nulled(pl.DataFrame({columns[0]: lines}, schema=schema))
    return pl.read_csv(
        io.BytesIO("\n".join(lines).encode()),
        has_header=False,
        separator="\t",
        quote_char=None,
        null_values=NULLS,
        schema=schema,
    )


def _cells(columns: tuple[str, ...], table: Tsv) -> pl.DataFrame:
    if table.cells is None:
        return _lines(columns, table.lines)
    return _nulled(pl.DataFrame(table.cells, schema=dict.fromkeys(columns, pl.String()), orient="row"))


def _nulled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.when(~pl.col(name).is_in(NULLS)).then(name) for name in frame.columns)
