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
    from datasets import Dataset


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

    def to_hdf5(self: Runs, path: str | os.PathLike[str]) -> Path:
        """Write all rows to one HDF5 file, a dataset per column; its path.

        Parameters
        ----------
        path : str or path
            A local file.

        Notes
        -----
        A dataset has shape (rows, *shape) and chunks of about a megabyte that hold whole rows where they fit. Fields
        of records are columns of their own (``"header.duration"``), a file is its uri, texts are UTF-8, lists JSON
        text. Arrays of several shapes, and bytes, are a group: row i is
        ``data[offsets[i]:offsets[i + 1]].reshape(shapes[i])``. Dates, times and durations are int64 in the unit that
        the attribute ``dtype`` names (``"datetime64[us]"``; times since midnight).

        HDF5 has no nulls. Where a column holds some, the dataset ``"{column}.null"`` says where, and the values are
        0, False, ``""`` or empty there.

        Each dataset has the attributes ``type``, ``unit`` and ``axes`` where they are known; those of the file are as
        in `to_parquet`: the schema (``neurochain``) and what the rows came from (``neurochain.lineage``), as JSON.

        Raises
        ------
        MissingExtraError
            h5py is not installed.
        SchemaError
            A column has a name that no dataset can have, or a text holds a NUL character.
        StorageError
            The file cannot be written.

        Examples
        --------
        >>> nc.read_dataset("windows").to_hdf5("windows.h5")                       # doctest: +SKIP
        """
        return Path(use("to_hdf5")(self, path))

    def to_zarr(self: Runs, folder: str | os.PathLike[str]) -> Path:
        """Write all rows to a Zarr group in a folder, an array per column; its path.

        Parameters
        ----------
        folder : str or path
            A local folder: none yet, an empty one, or an earlier export, which is replaced.

        Notes
        -----
        Columns are as in `to_hdf5`, except that Zarr has dates and durations (``datetime64[us]``). The format is
        Zarr 3, since only it has shards: chunks of about two megabytes, which are read alone, lie many in a file of
        about 64 MB, compressed by Blosc (zstd). The group's attribute ``neurochain`` holds the schema and what the
        rows came from, those of an array are ``type``, ``unit`` and ``axes``; its dimensions are named by them.

        Raises
        ------
        MissingExtraError
            zarr is not installed.
        SchemaError
            A column has a name that no array can have.
        StorageError
            The folder cannot be written, or holds something else.

        Examples
        --------
        >>> nc.read_dataset("windows").to_zarr("windows.zarr")                     # doctest: +SKIP
        """
        return Path(use("to_zarr")(self, folder))

    def to_webdataset(
        self: Runs,
        folder: str | os.PathLike[str],
        shard_bytes: int = 256_000_000,
        shard_rows: int | None = None,
    ) -> Path:
        """Write all rows to tar files for WebDataset, ``shard-000000.tar`` and so on; the folder.

        Parameters
        ----------
        folder : str or path
            A local folder: none yet, an empty one, or an earlier export, which is replaced.
        shard_bytes : int
            Of a tar file; one row may have more.
        shard_rows : int, optional
            Rows of one at most.

        Notes
        -----
        A row is ``{column}.npy`` for each array, ``{column}.bin`` for bytes, and one ``json`` with all else by its
        dotted name; ``WebDataset(…).decode()`` gives arrays, bytes and a dict. In ``json`` a file is its uri, dates,
        times and durations are ISO 8601; NaN and infinity are written as Python's json does. Null is null there; of
        an array or bytes that are null the row has no member. WebDataset reads names in lower case.

        The same rows have the same bytes. The schema and what the rows came from are the member
        ``__neurochain__/lineage.json`` of each tar file, which WebDataset passes over, and ``lineage.json`` beside
        them, which counts the rows of each.

        Raises
        ------
        SchemaError
            A column of arrays or bytes has a name that is none of a member, or two differ only in their case.
        ExportError
            A size that cannot be.
        StorageError
            The folder cannot be written, or holds something else.

        Examples
        --------
        >>> nc.read_dataset("windows").to_webdataset("windows", shard_rows=10_000)   # doctest: +SKIP
        """
        return Path(use("to_webdataset")(self, folder, shard_bytes, shard_rows))

    def to_litdata(self: Runs, folder: str | os.PathLike[str], chunk_bytes: int = 64_000_000) -> Path:
        """Write all rows to chunks for ``litdata.StreamingDataset``; the folder.

        Parameters
        ----------
        folder : str or path
            A local folder: none yet, an empty one, or an earlier export, which is replaced.
        chunk_bytes : int
            Of a chunk; one row may have more.

        Notes
        -----
        A row is a dict by dotted names: arrays are numpy's, numbers, texts and bytes Python's (uint64 numpy's). A
        file is its uri, lists and JSON are JSON text, dates, times and durations ISO 8601, inside arrays int64 in
        their unit. litdata has no nulls: where a column holds some, ``"{column}.null"`` says whether a row's is, and
        its value is 0, False, ``""`` or empty then. To know which do, nulls are counted first.

        The schema and what the rows came from are ``config.neurochain`` of ``index.json``, and ``lineage.json``.

        Raises
        ------
        MissingExtraError
            litdata is not installed.
        ExportError
            A size that cannot be.
        StorageError
            The folder cannot be written, or holds something else.

        Examples
        --------
        >>> nc.read_dataset("windows").to_litdata("windows")                       # doctest: +SKIP
        """
        return Path(use("to_litdata")(self, folder, chunk_bytes))

    def to_huggingface(self: Runs, folder: str | os.PathLike[str] | None = None) -> "Dataset":
        """All rows as a Dataset of Hugging Face's ``datasets``, mapped into memory.

        Parameters
        ----------
        folder : str or path, optional
            Where its files lie, as ``save_to_disk`` leaves them and ``load_from_disk`` reads them: none yet, an empty
            one, or an earlier export, which is replaced. By default the library's folder for this session, which is
            gone when Python ends.

        Notes
        -----
        Arrays of two to five axes are `Array2D` to `Array5D`, others lists of that length; those of several shapes are
        lists, of more than one axis a dict of a flat list (``data``) and its ``shape``. Records are dicts, a file is
        its uri, JSON a text. Nulls stay. Arrow has no complex numbers: they are a last axis (real, imaginary); NaT is
        null, and dates in arrays have the nearest unit that Arrow has, without loss.

        The schema and what the rows came from stand in ``info.description`` behind one line for people, in
        ``lineage.json``, and in the metadata of the Arrow files, as in `to_parquet`.

        Raises
        ------
        MissingExtraError
            datasets is not installed.
        StorageError
            The folder cannot be written, or holds something else.

        Examples
        --------
        >>> nc.read_dataset("windows").to_huggingface().with_format("torch")       # doctest: +SKIP
        """
        dataset: Dataset = use("to_huggingface")(self, folder)
        return dataset

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
