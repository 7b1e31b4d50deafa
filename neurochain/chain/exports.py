"""Exports: the ``to_…`` methods of a chain, each reached by name."""

import os
from collections.abc import Callable, Mapping
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

    def to_pytorch(
        self: Runs,
        transform: Callable[[dict[str, Any]], Any] | None = None,
        shuffle: bool = False,
        seed: int = 0,
        ragged: Mapping[str, Any] | None = None,
    ) -> Any:
        """Dataset for ``torch.utils.data.DataLoader``: one dict per row; ``.loader()`` gives the loader, ready and fast.

        Parameters
        ----------
        transform : callable, optional
            Gets the dict of a row, and gives what stands in its place.
        shuffle : bool
            Give rows in an order that only the number of rows, `seed` and the epoch decide.
        seed : int
            Of the order.
        ragged : mapping of str to str, optional
            What a loader makes of arrays of several shapes, by column: ``"pad"`` with zeros up to the longest of the batch
            (their own shapes are ``{column}_shape``), ``"crop"`` from the beginning down to the shortest, or ``"bucket"``:
            batches hold rows of one shape. By default they are an error.

        Notes
        -----
        Numbers and arrays are tensors, texts stay texts, a file becomes a float32 tensor: NIfTI (x, y, z[, t]),
        DICOM ([frame,] row, column), EDF (channel, sample). What was saved is read from files that are mapped into
        memory, made once in the cache folder and shared by all processes.

        Raises
        ------
        MissingExtraError
            torch is not installed.
        SchemaError
            A column can become neither a tensor nor a text, or holds nulls.

        Examples
        --------
        >>> data = nc.read_dataset("features").to_pytorch(shuffle=True, seed=1)      # doctest: +SKIP
        >>> for batch in data.loader(batch_size=64): ...                           # doctest: +SKIP
        """
        return use("to_pytorch")(self, transform, shuffle, seed, ragged or {})

    def to_numpy_batches(
        self: Runs,
        batch_size: int = 16,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        rank: int = 0,
        ranks: int = 1,
        ragged: Mapping[str, Any] | None = None,
    ) -> Any:
        """Batches of numpy arrays, for NumPy and JAX, in the order of `to_pytorch`.

        Parameters
        ----------
        batch_size : int
            Rows of a batch (of each rank).
        shuffle, seed, ragged
            As in `to_pytorch`.
        drop_last : bool
            Leave out the rows that fill no batch of all ranks.
        rank, ranks : int
            Which of how many processes of one training this is.

        Returns
        -------
        NumpyBatches
            Each pass over it is an epoch; it has ``set_epoch()``, ``state_dict()`` and ``load_state_dict()``.

        Raises
        ------
        SchemaError
            A column can become neither an array nor a text, or holds nulls.
        LoaderError
            A size or rank that cannot be; the chain is a part of a split whose parts share something.

        Examples
        --------
        >>> for batch in nc.read_dataset("features").to_numpy_batches(64, shuffle=True): ...    # doctest: +SKIP
        """
        options = {"shuffle": shuffle, "seed": seed, "drop_last": drop_last, "rank": rank, "ranks": ranks}
        return use("to_numpy_batches")(self, batch_size, ragged or {}, **options)
