"""Tables of a folder of phy or Kilosort: every spike, or every unit with its spike times.

Source: https://phy.readthedocs.io/en/latest/ (what phy reads), https://github.com/MouseLand/Kilosort (what Kilosort writes)
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurochain.errors import ColumnNotFoundError, FormatError, suggestion
from neurochain.formats.arrays.npy import open_npy
from neurochain.formats.arrays.slicing import Axis
from neurochain.formats.bids.tsv import split_tsv
from neurochain.formats.binary.described import assignments
from neurochain.formats.columns import Columns
from neurochain.formats.pairs import named_file
from neurochain.storage import File

__all__ = ["TABLES", "phy_columns"]

TABLES = ("units", "spikes")
LARGEST_TEXT = 64 * 2**20  # bytes
OF_UNITS = (
    "cluster_info.tsv",
    "cluster_group.tsv",
    "cluster_KSLabel.tsv",
    "cluster_Amplitude.tsv",
    "cluster_ContamPct.tsv",
)
EACH = {"amplitude": "amplitudes.npy", "template": "spike_templates.npy"}
Values = np.ndarray[Any, Any]


def phy_columns(file: File, name: str, wanted: Sequence[str] | None = None) -> Columns:
    """Columns of a table.

    Parameters
    ----------
    file : File
        ``params.py`` of the folder.
    name : {"units", "spikes"}
        ``units``: ``cluster_id``, what ``cluster_*.tsv`` say of it, ``n_spikes`` and ``spike_times`` (s) of each.
        ``spikes``: ``time`` (s), ``sample``, ``cluster_id``, and ``amplitude`` and ``template`` where there are such.
    wanted : sequence of str, optional
        Columns; only theirs are read.

    Raises
    ------
    ColumnNotFoundError
        There is no such table or column.
    FormatError
        A file of the folder is missing or damaged.
    """
    if name not in TABLES:
        raise ColumnNotFoundError(
            f"a folder of sorted spikes has no table {name!r}. {suggestion(name, TABLES)}"
        )
    columns = _spikes(file, wanted) if name == "spikes" else _units(file)
    for one in wanted or ():
        if one not in columns:
            raise ColumnNotFoundError(f"{name} have no column {one!r}. {suggestion(one, columns)}")
    return columns if wanted is None else {one: columns[one] for one in wanted}


def _rate(file: File) -> float:
    try:
        said = assignments(file.read().decode("utf-8-sig", "replace")) if file.size <= LARGEST_TEXT else {}
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise FormatError(f"{file.name} cannot be read: {error}") from None
    rate = said.get("sample_rate")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate) or rate <= 0:
        raise FormatError(f"{file.name} says no sample_rate")
    return float(rate)


def _vector(file: File, name: str) -> Values | None:
    """One number for each spike."""
    beside = named_file(file.beside, name)
    if beside is None:
        return None
    array = open_npy(beside)
    if len(array.shape) not in (1, 2) or array.shape[1:] not in ((), (1,)):
        raise FormatError(f"{name} has the shape {array.shape}, not one number for each spike")
    return array.select(tuple(Axis(0, 1, n) for n in array.shape)).reshape(-1)


def _sorted(file: File) -> tuple[Values, Values]:
    """Sample and cluster of each spike."""
    samples = _vector(file, "spike_times.npy")
    clusters = _vector(file, "spike_clusters.npy")
    if clusters is None:
        clusters = _vector(file, "spike_templates.npy")
    if samples is None or clusters is None:
        raise FormatError(
            f"there is no {'spike_times' if samples is None else 'spike_clusters'}.npy beside {file.name}"
        )
    if len(samples) != len(clusters):
        raise FormatError(
            f"spike_times.npy has {len(samples):,} spikes, spike_clusters.npy {len(clusters):,}"
        )
    if samples.dtype.kind not in "iuf" or clusters.dtype.kind not in "iu":
        raise FormatError(
            "spike_times.npy and spike_clusters.npy do not hold numbers of samples and clusters"
        )
    return samples, clusters.astype(np.int64)


def _spikes(file: File, wanted: Sequence[str] | None) -> dict[str, Any]:
    rate = _rate(file)
    samples, clusters = _sorted(file)
    columns: dict[str, Any] = {"time": samples / rate, "sample": samples, "cluster_id": clusters}
    for name, held in EACH.items():
        if wanted is not None and name not in wanted:
            continue
        values = _vector(file, held)
        if values is not None and len(values) != len(samples):
            raise FormatError(f"spike_times.npy has {len(samples):,} spikes, {held} {len(values):,}")
        if values is not None:
            columns[name] = values
    return columns


def _units(file: File) -> dict[str, Any]:
    rate = _rate(file)
    samples, clusters = _sorted(file)
    order = np.argsort(clusters, kind="stable")
    found, firsts = np.unique(clusters[order], return_index=True)
    times = (
        dict(zip(found.tolist(), np.split(samples[order] / rate, firsts[1:]), strict=True))
        if len(found)
        else {}
    )
    said: dict[str, dict[int, Any]] = {}
    for name in OF_UNITS:
        for column, values in _table(file, name).items():
            said.setdefault(column, values)
    ids = sorted({*times, *(i for values in said.values() for i in values)})
    columns: dict[str, Any] = {"cluster_id": np.array(ids, np.int64)}
    for name, values in said.items():
        columns[name] = [values.get(i) for i in ids]
    columns["n_spikes"] = np.array([len(times.get(i, ())) for i in ids], np.int64)
    columns["spike_times"] = [times.get(i, np.empty(0)) for i in ids]
    return columns


def _table(file: File, name: str) -> dict[str, dict[int, Any]]:
    """Columns of a table of clusters: what it says of each."""
    beside = named_file(file.beside, name)
    if beside is None:
        return {}
    if beside.size > LARGEST_TEXT:
        raise FormatError(f"{name} has {beside.size:,} bytes; such tables have some thousands")
    table = split_tsv(name, beside.read().decode("utf-8-sig", "replace"))
    rows = table.cells if table.cells is not None else [line.split("\t") for line in table.lines]
    key = next((i for i, c in enumerate(table.columns) if c in ("cluster_id", "id")), None)
    if key is None:
        raise FormatError(f"{name} has no column cluster_id, but {', '.join(table.columns)}")
    found: dict[str, dict[int, Any]] = {}
    try:
        ids = [int(row[key]) for row in rows]
    except ValueError as error:
        raise FormatError(f"{name} has a cluster_id that is no number: {error}") from None
    for i, column in enumerate(table.columns):
        if i != key and column not in ("n_spikes", "spike_times"):
            found[column] = dict(zip(ids, _typed([row[i].strip() for row in rows]), strict=True))
    return found


def _typed(cells: list[str]) -> list[Any]:
    """Numbers, where all that is there is a number; else texts. What is empty is null."""
    for kind in (int, float):
        try:
            return [None if cell in ("", "nan", "n/a") else kind(cell) for cell in cells]
        except ValueError:
            continue
    return [cell or None for cell in cells]
