"""Tables in files of which only what belongs to them is read: HDF5, NWB, and folders of sorted spikes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochain.chain.sources.table_columns import Chosen, Columns
from neurochain.errors import FormatError
from neurochain.formats.hdf5.columns import read_columns
from neurochain.formats.hdf5.opened import look
from neurochain.formats.nwb.tables import nwb_columns, table_paths
from neurochain.formats.phy.folder import phy_columns
from neurochain.storage import File

__all__ = ["FORMATS", "columns_of"]

FORMATS = ("nwb", "h5", "hdf5", "h5ad", "py")


def columns_of(file: File, variable: Chosen, columns: Sequence[str] | None = None) -> Columns:
    """Columns of a table.

    Parameters
    ----------
    file : File
        ``params.py`` for a folder of sorted spikes.
    variable : str, sequence of str, or None
        The table, or several columns of one length by their paths.
    columns : sequence of str, optional
        Those that are read.

    Raises
    ------
    FormatError
        It is damaged, or several tables may be meant.
    ColumnNotFoundError
        There is no such table or column.
    """
    names = _meant(file) if variable is None else [variable] if isinstance(variable, str) else list(variable)
    found: dict[str, Any] = {}
    for name in names:
        for column, values in _columns(file, name, columns if len(names) == 1 else None).items():
            if column in found:
                raise FormatError(f"several columns are called {column!r}")
            found[column] = values
    return {
        name: _rectangular(values) for name, values in found.items() if columns is None or name in columns
    }


def _columns(file: File, name: str, wanted: Sequence[str] | None) -> Columns:
    if file.suffix == ".nwb":
        return nwb_columns(file, name, wanted)
    if file.suffix == ".py":
        return phy_columns(file, name, wanted)
    return read_columns(file, name, wanted)


def _meant(file: File) -> list[str]:
    """The table that is meant where none is named."""
    if file.suffix == ".py":
        return ["units"]
    if file.suffix != ".nwb":
        return ["/obs" if file.suffix == ".h5ad" else "/"]
    paths = look(file, table_paths, "NWB", extra="nwb")
    if len(paths) != 1:
        raise FormatError(
            f"it has {len(paths)} tables: {', '.join(paths) or 'none'}. Say which: variable='…'"
        )
    return paths


def _rectangular(values: Any) -> Any:
    """Arrays of one number of entries in each row as they are; lists of lists of them as arrays of two axes, where they are."""
    if isinstance(values, list) and values and all(isinstance(v, list) for v in values):
        return [
            np.array(v)
            if v and all(isinstance(x, np.ndarray) for x in v) and len({x.shape for x in v}) == 1
            else v
            for v in values
        ]
    return values
