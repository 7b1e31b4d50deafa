"""Exports: the ``to_…`` methods of a chain, each reached by name."""

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

    def to_parquet(self: Runs, path: str | Path) -> Path:
        """Write all rows to one Parquet file that any tool reads; its path."""
        target = Path(path)
        self.collect().write_parquet(target)
        return target

    def to_pytorch(self: Runs) -> Any:
        """Dataset for ``torch.utils.data.DataLoader``: one dict per row.

        Numbers and arrays are tensors, texts stay texts, a file becomes a float32 tensor: NIfTI (x, y, z[, t]),
        DICOM ([frame,] row, column), EDF (channel, sample).
        """
        return use("to_pytorch")(self)
