"""Spikes: times of sorted units, of an NWB file, or of a folder of phy or Kilosort by its ``params.py``.

The answer is that of `neurochain.web.media.packed`: float64 ``[2][n]``, times (s, on the file's clock, ascending) and for each the
place of its unit in ``units``. Of a stretch with more than `MOST` spikes every so-manieth comes, and ``down`` says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.datasets.plain import plain
from neurochain.errors import ColumnNotFoundError, ParameterError
from neurochain.formats.nwb.tables import nwb_columns
from neurochain.formats.phy.folder import phy_columns
from neurochain.storage import File
from neurochain.web.media.asked import chosen, real
from neurochain.web.media.gate import Stop
from neurochain.web.media.packed import pack
from neurochain.web.media.sources import Sources

__all__ = ["spike_times"]

MOST = 500_000
FOREVER = 1e15  # s
Numbers = np.ndarray[Any, Any]


@dataclass(frozen=True)
class _Spikes:
    times: Numbers
    units: Numbers
    names: list[Any]


def spike_times(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """Spikes in [``start``, ``end``), seconds, of ``units`` (``0-9,12``: places among all).

    Raises
    ------
    FormatError, ParameterError, StorageError
        There are none, or they cannot be read.
    """
    file = sources.file(query)
    every = sources.held(("spikes", file), lambda: _spikes(file))
    stop()
    start, end = real(query, "start", -FOREVER), real(query, "end", FOREVER)
    first, last = np.searchsorted(every.times, [start, end])
    times, units = every.times[first:last], every.units[first:last]
    if query.get("units"):
        picked = np.isin(units, chosen(query, "units", len(every.names)))
        times, units = times[picked], units[picked]
    down = max(-(-len(times) // MOST), 1)
    header = {
        "units": [plain(name) for name in every.names],
        "matched": len(times),
        "total": len(every.times),
        "down": down,
    }
    return pack(header, np.stack([times[::down], units[::down].astype(np.float64)]))


def _spikes(file: File) -> _Spikes:
    read, label = (phy_columns, "cluster_id") if file.name == "params.py" else (nwb_columns, "id")
    if file.name != "params.py" and file.suffix != ".nwb":
        raise ParameterError(
            f"{file.uri} holds no sorted spikes: NWB files do, and folders of phy by their params.py."
        )
    try:
        found = read(file, "units", [label, "spike_times"])
    except ColumnNotFoundError as error:
        raise ParameterError(f"{file.uri} holds no sorted spikes: {error}") from error
    each = [np.asarray(t, np.float64).reshape(-1) for t in found["spike_times"]]
    times = np.concatenate([*each, np.empty(0)])
    units = np.repeat(np.arange(len(each)), [len(t) for t in each])
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(times[order])]
    return _Spikes(times[order], units[order], list(found[label]))
