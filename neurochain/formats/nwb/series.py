"""Series: what an NWB file says of one of its time series, small enough to be remembered.

Source: https://nwb-schema.readthedocs.io (TimeSeries, ElectricalSeries, SpatialSeries, RoiResponseSeries).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.hdf5.attributes import number, plain, text
from neurochain.formats.hdf5.links import Outside, follow, is_group
from neurochain.formats.hdf5.whole import whole
from neurochain.formats.nwb.nodes import kind_of, member

__all__ = ["Series", "Values", "series_of", "values_of"]

UNITS = {
    "volts": "V",
    "volt": "V",
    "millivolts": "mV",
    "microvolts": "uV",
    "µV": "uV",
    "μV": "uV",
    "amperes": "A",
    "ampere": "A",
    "seconds": "s",
    "meters": "m",
    "metres": "m",
    "meter": "m",
    "siemens": "S",
    "ohms": "Ohm",
    "farads": "F",
    "n.a.": "",
    "n/a": "",
    "unknown": "",
}
PLANE = ("x", "y", "z")
ELECTRODES = "/general/extracellular_ephys/electrodes"
MOST_CHANNELS = 1_000_000


class Values(NamedTuple):
    """Data of a time series.

    Attributes
    ----------
    shape : tuple of int
        Times come first.
    dtype : str
        As stored.
    unit : str
        Of the physical values.
    conversion, offset : float
        ``physical = stored * conversion + offset``.
    """

    shape: tuple[int, ...]
    dtype: str
    unit: str
    conversion: float
    offset: float


@dataclass(frozen=True)
class Series:
    """One time series.

    Attributes
    ----------
    path : str
        In the file.
    kind : str
        Type by the standard: ``"ElectricalSeries"``.
    shape : tuple of int
        Of its data: times come first.
    dtype : str
        As stored.
    rate : float or None, Hz
        None where each sample has a time of its own.
    start : float, seconds
        Of the first sample, on the file's clock, where it has a rate.
    labels : tuple of str
        Of the channels.
    unit : str
        Of the physical values.
    gains : tuple of float
        ``physical = stored * gain + offset``; of each channel, or one for all.
    offset : float
    """

    path: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    rate: float | None
    start: float
    labels: tuple[str, ...]
    unit: str
    gains: tuple[float, ...]
    offset: float

    @property
    def is_recording(self) -> bool:
        """Whether it is channels over time, no images."""
        return len(self.shape) in (1, 2)

    @property
    def n_samples(self) -> int:
        """Times."""
        return self.shape[0]

    @property
    def n_channels(self) -> int:
        """Of a recording."""
        return self.shape[1] if len(self.shape) == 2 else 1

    def packed(self) -> bytes:
        """As bytes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpacked(cls, data: bytes) -> "Series":
        """From what `packed` gave."""
        said: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v for n, v in json.loads(data).items()
        }
        return cls(**said)


def values_of(data: Any, path: str) -> Values:
    """What a dataset says of its values.

    Raises
    ------
    FormatError
        They are no values over time.
    """
    if data is None or is_group(data) or data.shape is None:
        raise FormatError(f"{path} has no data")
    shape = tuple(int(n) for n in data.shape)
    if not 1 <= len(shape) <= 4:
        raise FormatError(f"the data of {path} has {len(shape)} axes")
    unit, conversion, offset = text(data, "unit"), number(data, "conversion"), number(data, "offset")
    return Values(
        shape, data.dtype.str, UNITS.get(unit, unit), _finite(conversion, 1.0), _finite(offset, 0.0)
    )


def series_of(root: Any, path: str, values: Values | None = None) -> Series | Outside:
    """What a group says.

    Parameters
    ----------
    root : h5py.File
        The whole.
    path : str
        Of the group of a time series.
    values : Values, optional
        Of its data, where they lie in another file.

    Returns
    -------
    Series or Outside
        The place of its data, where that is in another file and `values` are not given.

    Raises
    ------
    FormatError
        It is no time series, or not as the standard has it.
    """
    if values is None:
        data = follow(root, f"{path}/data")
        if isinstance(data, Outside):
            return data
        values = values_of(data, path)
    rate, start = _clock(root, path)
    kind = kind_of(follow(root, path))
    labels = tuple(_labels(root, path, kind, values.shape)) if len(values.shape) <= 2 else ()
    gains = _gains(root, path, values)
    return Series(
        path, kind, values.shape, values.dtype, rate, start, labels, values.unit, gains, values.offset
    )


def _clock(root: Any, path: str) -> tuple[float | None, float]:
    """Rate and first time; no rate where each sample has its own time."""
    node = member(root, f"{path}/starting_time")
    if node is None or is_group(node):
        return None, 0.0
    rate, start = number(node, "rate"), plain(whole(node))
    if rate is None or not math.isfinite(rate) or rate <= 0:
        raise FormatError(f"the starting_time of {path} says a rate of {rate} Hz")
    known = isinstance(start, int | float) and math.isfinite(start)
    return rate, float(start) if known else 0.0


def _gains(root: Any, path: str, values: Values) -> tuple[float, ...]:
    each = member(root, f"{path}/channel_conversion")
    if each is None or is_group(each) or len(values.shape) != 2:
        return (values.conversion,)
    n = values.shape[1]
    if each.shape != (n,) or n > MOST_CHANNELS or each.dtype.kind not in "iuf":
        raise FormatError(f"{path} has {n:,} channels, and its channel_conversion the shape {each.shape}")
    return tuple((np.asarray(whole(each), np.float64) * values.conversion).tolist())


def _labels(root: Any, path: str, kind: str, shape: tuple[int, ...]) -> Sequence[str]:
    """Labels of the channels: of electrodes as their table calls them, else x, y, z, or numbers."""
    if len(shape) == 1:
        return (path.rpartition("/")[2],)
    n = shape[1]
    if n > MOST_CHANNELS:
        raise FormatError(f"{path} has {n:,} channels")
    region = next((r for r in ("electrodes", "rois") if member(root, f"{path}/{r}") is not None), None)
    if region is not None:
        found = _named_rows(root, f"{path}/{region}", n)
        if found and len(set(found)) == n:
            return found
    if kind == "SpatialSeries" and n <= len(PLANE):
        return PLANE[:n]
    return tuple(map(str, range(n)))


def _named_rows(root: Any, path: str, n: int) -> list[str]:
    """Names of the rows of a table to which a region refers; none where they cannot be told."""
    region = member(root, path)
    if is_group(region) or region.shape != (n,) or region.dtype.kind not in "iu":
        return []
    rows = whole(region).tolist()
    table = member(root, ELECTRODES)
    reference = region.attrs.get("table")
    if reference is not None:
        try:
            table = root[reference]
        except (KeyError, ValueError, TypeError):
            return []
    if table is None or not is_group(table):
        return []
    for name in ("channel_name", "label", "id"):
        column = member(root, f"{table.name}/{name}")
        if column is None or is_group(column) or column.ndim != 1 or column.shape[0] > MOST_CHANNELS:
            continue
        values = [plain(v) for v in whole(column).tolist()]
        if all(0 <= row < len(values) for row in rows):
            names = [str(values[row]) for row in rows]
            if len(set(names)) == n:
                return names
    return []


def _finite(value: float | None, otherwise: float) -> float:
    return value if value is not None and math.isfinite(value) else otherwise
