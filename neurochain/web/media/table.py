"""Table: the first rows of a file that holds some, or the first lines of a text: CSV, TSV, Parquet, JSON, whatever reads as text.

Of a text, the first megabyte is read; of Parquet on this machine, the first rows and the footer.
"""

import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

import polars as pl

from neurochain.datasets.plain import plain
from neurochain.errors import FormatError, ParameterError
from neurochain.storage import File
from neurochain.storage.folders import is_whole
from neurochain.web.media.asked import whole
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["first_rows"]

ROWS = 1000
COLUMNS = 200
BEGINNING = 2**20  # bytes of a text
CHARACTERS = 200_000  # of a text that is shown
LONGEST = 400  # characters of a cell
PULLED = 64 * 2**20  # bytes of a Parquet file elsewhere
MISSING = ["", "n/a", "NA", "NaN", "null"]


def first_rows(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """The first ``rows`` of the file in ``column``.

    Returns
    -------
    dict
        ``kind`` is ``"table"`` or ``"text"``; ``whole`` says whether nothing is left out, ``total`` how many rows there are, where
        that is known.

    Raises
    ------
    DatasetNotFoundError, ParameterError, StorageError, VersionError
        There is no such file.
    FormatError
        It holds neither a table nor text.
    """
    file = sources.file(query)
    rows = whole(query, "rows", 1, ROWS, 50)
    if is_whole(file.name):
        raise ParameterError(f"{file.uri} is a folder: it has no rows of its own.")
    if file.suffix == ".parquet":
        return _parquet(file, rows)
    text, complete = _beginning(file)
    stop()
    suffix = file.suffix.removesuffix(".gz")
    found = None
    if suffix in (".csv", ".tsv"):
        found = _separated(text, rows, suffix, complete)
    elif suffix in (".json", ".jsonl", ".ndjson"):
        found, text = _json(text, rows, suffix, complete)
    return found or {
        "kind": "text",
        "columns": [],
        "rows": [],
        "total": None,
        "text": text[:CHARACTERS],
        "whole": complete and len(text) <= CHARACTERS,
    }


def _parquet(file: File, rows: int) -> dict[str, Any]:
    if file.is_remote and file.size > PULLED:
        raise ParameterError(
            f"{file.uri} has {file.size:,} bytes and lies elsewhere: more than is pulled to show its first rows ({PULLED:,}). "
            "Read it with read_table, or download it."
        )
    file.read_range(0, 4)  # an error where it has changed
    try:
        found = pl.scan_parquet(io.BytesIO(file.read()) if file.is_remote else file.uri, glob=False)
        total = int(found.select(pl.len()).collect().item())
        return _table(found.head(rows).collect(), total)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FormatError(f"{file.uri} cannot be read as Parquet: {error}. Is it complete?") from error


def _beginning(file: File) -> tuple[str, bool]:
    data = file.read_range(0, BEGINNING)
    complete = len(data) == file.size
    if file.suffix.endswith(".gz"):
        try:
            inflating = zlib.decompressobj(31)
            data = inflating.decompress(data, BEGINNING)
            complete = complete and inflating.eof
        except zlib.error as error:
            raise FormatError(f"{file.uri} cannot be unpacked: {error}. Is it complete?") from error
    if b"\0" in data[:8192] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(
            f"{file.uri} holds no text. Download it to look at it with a program that knows it."
        )
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if wide else "utf-8-sig", "replace"), complete


def _separated(text: str, rows: int, suffix: str, complete: bool) -> dict[str, Any] | None:
    if not complete:
        text = text[: text.rfind("\n") + 1]
    first = text.partition("\n")[0]
    separator = "\t" if suffix == ".tsv" else max(",;\t|", key=first.count)
    try:
        found = pl.read_csv(
            io.StringIO(text),
            separator=separator,
            n_rows=rows + 1,
            null_values=MISSING,
            truncate_ragged_lines=True,
            ignore_errors=True,
        )
    except pl.exceptions.PolarsError:
        return None  # a text, then
    return _table(found.head(rows), found.height if complete and found.height <= rows else None)


def _json(text: str, rows: int, suffix: str, complete: bool) -> tuple[dict[str, Any] | None, str]:
    """A table where it is a list of objects; else the text, with a line for each value where it is short."""
    try:
        if suffix == ".json":
            found = json.loads(text) if complete else None
        else:
            lines = text.splitlines() if complete else text.splitlines()[:-1]
            found = [json.loads(line) for line in lines if line.strip()]
    except (ValueError, RecursionError):
        return None, text
    if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
        names = list(dict.fromkeys(str(name) for one in found[:rows] for name in one))[:COLUMNS]
        shown = [[_cell(one.get(name)) for name in names] for one in found[:rows]]
        total = len(found) if complete else None
        columns = [{"name": name, "type": ""} for name in names]
        is_all = complete and len(found) <= rows
        return {
            "kind": "table",
            "columns": columns,
            "rows": shown,
            "total": total,
            "text": "",
            "whole": is_all,
        }, text
    return None, text if found is None else json.dumps(found, indent=2, ensure_ascii=False)


def _table(found: pl.DataFrame, total: int | None) -> dict[str, Any]:
    names = found.columns[:COLUMNS]
    return {
        "kind": "table",
        "columns": [{"name": name, "type": str(found.schema[name]).lower()} for name in names],
        "rows": [[_cell(value) for value in row] for row in found.select(names).iter_rows()],
        "total": total,
        "text": "",
        "whole": total == found.height,
    }


def _cell(value: Any) -> Any:
    found = plain(value)
    if isinstance(found, list | dict):
        found = json.dumps(found, ensure_ascii=False)
    if isinstance(found, str) and len(found) > LONGEST:
        return {"text": found[:LONGEST], "length": len(found)}
    return found
