"""The command ``sql``: the answer of a query as a table, CSV, JSON or Parquet."""

import csv
import io
import json as json_module
import sys
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.markup import escape

from neurochain.cli import printing
from neurochain.cli.options import command_app
from neurochain.errors import ExportError, ParameterError
from neurochain.tables.catalog import Catalog
from neurochain.tables.loading import load_catalog
from neurochain.tables.sql.query import sql as run

DEFAULT = "catalog.py"
SHOWN = 100  # rows of a table in a terminal, unless more are asked for
app = command_app()


class Format(StrEnum):
    """What an answer is written as."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@app.command(epilog="Example: neurochain sql 'select * from alpha_roi_tags' --catalog catalog.py")
def sql(
    query: Annotated[str, typer.Argument(help="One query in DuckDB's SQL; - reads it from standard input.")],
    catalog: Annotated[
        str | None,
        typer.Option(
            metavar="FILE[:NAME]", help="Python file that makes the catalog; catalog.py, where there is one."
        ),
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", "-f", help="By the ending of --output, or else a table.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Written instead of printed.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", min=0, help="At most so many rows; of a table 100, unless more are asked for."
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help="Value of $NAME in the query; may be given several times.",
        ),
    ] = None,
) -> None:
    """Answer a query over the tables of a catalog and the datasets of the project. It reads what the query needs, and writes nothing.

    `implant.spikes` is a table of the catalog, `alpha_roi_tags` a dataset, `"alpha_roi_tags@1.2.0"` a version of it.
    """
    written = _format(format, output)
    if written is Format.PARQUET and output is None:
        raise ParameterError("sql: Parquet is for files. Say where to: --output answer.parquet")
    text = sys.stdin.read() if query == "-" else query
    is_shown = output is None and written is Format.TABLE
    asked = limit if limit is not None else SHOWN if is_shown else None
    more = asked + 1 if is_shown and limit is None and asked is not None else asked
    found = run(text, _catalog(catalog), _parameters(param), limit=more)
    if output is not None:
        _write(found, written, output)
        printing.line(f"wrote {output}: {found.height:,} rows")
    elif is_shown:
        _show(found, asked if limit is None else None)
    else:
        sys.stdout.write(_text(found, written))


def _catalog(given: str | None) -> Catalog | None:
    if given is None:
        return load_catalog(DEFAULT) if Path(DEFAULT).is_file() else None
    return load_catalog(given)


def _format(given: Format | None, output: str | None) -> Format:
    """Format that is asked for.

    Raises
    ------
    ParameterError
        The file's ending tells none.
    """
    if given is not None:
        return given
    if output is None:
        return Format.TABLE
    endings = {".csv": Format.CSV, ".json": Format.JSON, ".parquet": Format.PARQUET, ".txt": Format.TABLE}
    ending = Path(output).suffix.lower()
    if ending not in endings:
        raise ParameterError(f"sql: {output} ends in none of {', '.join(endings)}. Say --format.")
    return endings[ending]


def _parameters(given: list[str] | None) -> dict[str, Any] | None:
    """Values of parameters: a number where it is one, or else the text.

    Raises
    ------
    ParameterError
        One is not NAME=VALUE.
    """
    found: dict[str, Any] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ParameterError(f"--param {text!r}: write it as NAME=VALUE.")
        found[name] = _number(value)
    return found or None


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _show(found: pl.DataFrame, shown: int | None) -> None:
    out = printing.table(None, *map(escape, found.columns))
    rows = found.rows() if shown is None else found.head(shown).rows()
    for row in rows:
        out.add_row(*(escape(_cell(value)) for value in row))
    text: list[Any] = [out] if found.width else []
    if len(rows) < found.height:
        text.append(f"… the first {len(rows)} rows; --limit gives more, --output all")
    printing.show({"data": None, "text": text}, False)


def _cell(value: Any) -> str:
    text = "" if value is None else f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _text(found: pl.DataFrame, written: Format) -> str:
    """Answer as CSV or JSON; what a cell of CSV cannot hold is JSON in it."""
    if written is Format.JSON:
        rows = ",\n ".join(
            json_module.dumps(row, default=_plain, ensure_ascii=False)
            for row in _finite(found).iter_rows(named=True)
        )
        return f"[{rows}]\n"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found.columns)
    for row in found.iter_rows():
        writer.writerow([_flat(value) for value in row])
    return out.getvalue()


def _finite(found: pl.DataFrame) -> pl.DataFrame:
    """JSON has no NaN and no infinity: they are null."""
    floats = pl.selectors.float()
    return found.with_columns(pl.when(floats.is_finite()).then(floats).name.keep())


def _flat(value: Any) -> Any:
    if isinstance(value, dict | list | pl.Series):
        return json_module.dumps(value, default=_plain, ensure_ascii=False)
    return _plain(value) if isinstance(value, bytes) or hasattr(value, "isoformat") else value


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, pl.Series):
        return value.to_list()
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _write(found: pl.DataFrame, written: Format, output: str) -> None:
    """Write the answer.

    Raises
    ------
    ExportError
        It cannot be written.
    """
    path = Path(output)
    try:
        if written is Format.PARQUET:
            found.write_parquet(path)
        elif written is Format.TABLE:
            with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=1000):
                path.write_text(f"{found}\n", "utf-8")
        else:
            path.write_text(_text(found, written), "utf-8")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ExportError(f"{output} cannot be written: {error}.") from error
