"""Exports: the ``to_…`` methods of a chain, each reached by name."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from neurochain.chain.run import Run, State
from neurochain.chain.uses import use
from neurochain.datasets.schema import Schema
from neurochain.errors import require

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Runs(Protocol):
    """What an export needs of a chain."""

    def collect(self) -> pl.DataFrame: ...

    def execute(self) -> tuple[State, Run]: ...

    def physical(self) -> tuple[pl.DataFrame, Schema]: ...


class Exports:
    """Ways out of a chain, into files and into the objects of other libraries."""

    def to_pandas(self: Runs) -> "pd.DataFrame":
        """All rows as a pandas DataFrame."""
        require("pandas", "pandas", "to_pandas()")
        require("pyarrow", "pandas", "to_pandas()")
        return self.collect().to_pandas()

    def to_arrow(self: Runs) -> "pa.Table":
        """All rows as a pyarrow Table; arrays have the type ``fixed_shape_tensor``."""
        require("pyarrow", "arrow", "to_arrow()")
        table: pa.Table = use("to_arrow")(self)
        return table

    def to_csv(self: Runs, path: str | os.PathLike[str]) -> Path:
        """Write all rows to a CSV file; its path.

        Parameters
        ----------
        path : str or path
            A local file. Its ending says more: ``.tsv`` has tabs, ``.gz`` is compressed.

        Notes
        -----
        Records become one column per field (``header.shape``), lists and arrays JSON text. A file is its uri,
        bytes are base64, dates and times ISO 8601. Null is nothing at all, an empty text is ``""``. Rows are
        written as they come, beside the path, and the file moves there when it is whole.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        return Path(use("to_csv")(self, path))

    def to_json(self: Runs, path: str | os.PathLike[str], lines: bool | None = None) -> Path:
        """Write all rows to a JSON file; its path.

        Parameters
        ----------
        path : str or path
            A local file; one that ends in ``.gz`` is compressed.
        lines : bool, optional
            One object per line (JSON Lines), or one array of objects. By default lines for ``.jsonl`` and
            ``.ndjson``.

        Notes
        -----
        Records are objects, lists and arrays are arrays, files, bytes, dates and times as in `to_csv`. JSON has
        no NaN and no infinity: both are null.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        return Path(use("to_json")(self, path, lines))

    def to_parquet(self: Runs, path: str | os.PathLike[str]) -> Path:
        """Write all rows to one Parquet file that any tool reads; its path.

        Records are structs, arrays fixed-size lists. The file's metadata hold the schema (``neurochain``) and
        what the rows came from (``neurochain.lineage``).

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        return Path(use("to_parquet")(self, path))

    def to_datachain(self: Runs, name: str) -> Any:
        """Save all rows as a dataset of DataChain; the chain that reads it there.

        Parameters
        ----------
        name : str
            Of the dataset; a name that exists gets another version.

        Notes
        -----
        Files become DataChain's `File`, records its models. What it cannot hold is changed: numbers have its 64
        bits, NaN is null, arrays are lists, times are UTC, dates, durations and times of day are ISO 8601 texts.

        Raises
        ------
        MissingExtraError
            datachain is not installed.
        SchemaError
            A column's name is none that DataChain takes.
        """
        return use("to_datachain")(self, name)

    def to_pytorch(self: Runs) -> Any:
        """Dataset for ``torch.utils.data.DataLoader``: one dict per row.

        Numbers and arrays are tensors, texts stay texts, a file becomes a float32 tensor: NIfTI (x, y, z[, t]),
        DICOM ([frame,] row, column), EDF (channel, sample).
        """
        return use("to_pytorch")(self)
