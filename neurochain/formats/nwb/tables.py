"""Tables of an NWB file: units with their spike times, trials and epochs, electrodes; and time series sample by sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochain.errors import ColumnNotFoundError, FormatError, suggestion
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.columns import Columns
from neurochain.formats.hdf5.attributes import texts
from neurochain.formats.hdf5.columns import read_columns
from neurochain.formats.hdf5.dataset import Dataset
from neurochain.formats.hdf5.links import Outside, children, follow, is_group
from neurochain.formats.hdf5.opened import look
from neurochain.formats.nwb.found import EXTRA, NAME, Found
from neurochain.formats.nwb.nodes import kind_of, member, series_groups, short
from neurochain.storage import File, cache_memo

__all__ = ["nwb_columns", "table_paths"]

SHORT = {
    "units": ("/units",),
    "trials": ("/intervals/trials",),
    "epochs": ("/intervals/epochs", "/epochs"),
    "invalid_times": ("/intervals/invalid_times",),
    "electrodes": ("/general/extracellular_ephys/electrodes",),
}
HOLDERS = (
    "intervals",
    "processing",
    "analysis",
    "acquisition",
    "general/extracellular_ephys",
    "general/intracellular_ephys",
)
DEEPEST = 4


def nwb_columns(file: File, name: str, wanted: Sequence[str] | None = None) -> Columns:
    """Columns of a table, or of a time series: ``time`` (s) and ``value`` in its unit.

    Parameters
    ----------
    file : File
        NWB.
    name : str
        ``"units"``, ``"trials"``, ``"epochs"``, ``"electrodes"``, a path, or the last part of one.
    wanted : sequence of str, optional
        Columns; only theirs are read.

    Raises
    ------
    ColumnNotFoundError
        There is no such table or column.
    FormatError
        It is damaged.
    """
    path = look(file, lambda root: _path(root, name), NAME, extra=EXTRA)
    return (
        _samples(file, path[1:], wanted) if path.startswith("~") else read_columns(file, path, wanted, NAME)
    )


def table_paths(root: Any) -> list[str]:
    """Paths of the tables of an open file."""
    found = [path for paths in SHORT.values() for path in paths if member(root, path) is not None]
    for holder in HOLDERS:
        group = member(root, holder)
        if group is not None and is_group(group):
            found += _tables_below(group, f"/{holder}", 0)
    return list(dict.fromkeys(found))


def _tables_below(group: Any, path: str, depth: int) -> list[str]:
    found = []
    for name, node in children(group):
        if is_group(node) and depth < DEEPEST:
            below = f"{path}/{name}"
            found += [below] if texts(node, "colnames") else _tables_below(node, below, depth + 1)
    return found


def _path(root: Any, name: str) -> str:
    """Path of a table; with ``~`` in front of it that of a time series."""
    for path in SHORT.get(name, ()):
        if member(root, path) is not None:
            return path
    try:
        node = follow(root, name)
    except ColumnNotFoundError:
        node = None
    if isinstance(node, Outside) or (node is not None and name not in SHORT):
        path = "/" + name.strip("/")
        is_series = (
            not isinstance(node, Outside)
            and is_group(node)
            and "data" in node
            and "colnames" not in node.attrs
        )
        return f"~{path}" if is_series and kind_of(node) else path
    tables, series = table_paths(root), [path for path, _ in series_groups(root)]
    meant = [p for p in tables if p.rpartition("/")[2] == name] or [
        f"~{p}" for p in series if p.rpartition("/")[2] == name
    ]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise FormatError(
            f"several tables are called {name!r}: {', '.join(p.lstrip('~') for p in meant)}. Give the path"
        )
    raise ColumnNotFoundError(f"it has no table {name!r}. {suggestion(name, short([*tables, *series]))}")


def _samples(file: File, path: str, wanted: Sequence[str] | None) -> Columns:
    """Times and values of a time series."""
    names = ("time", "value")
    for name in wanted or ():
        if name not in names:
            raise ColumnNotFoundError(
                f"{path} is a time series: its columns are 'time' and 'value', not {name!r}"
            )
    memo = cache_memo()
    found = Found.of(file, path, memo)
    series, columns = found.series, dict[str, Any]()
    if wanted is None or "time" in wanted:
        if series.rate is not None:
            columns["time"] = series.start + np.arange(series.n_samples) / series.rate
        else:
            columns["time"] = np.asarray(_all(found.holder, f"{series.path}/timestamps"), np.float64)
    if wanted is None or "value" in wanted:
        values = _all(found.holder, f"{series.path}/data")
        scaled = series.gains != (1.0,) or series.offset
        columns["value"] = values * np.array(series.gains) + series.offset if scaled else values
    return {name: columns[name] for name in names if name in columns}


def _all(file: File, path: str) -> np.ndarray[Any, Any]:
    array = Dataset.at(file, path, cache_memo()).array()
    return array.select(tuple(Axis(0, 1, n) for n in array.shape))
