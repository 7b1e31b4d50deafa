"""BinaryLayout: how the samples of a raw binary file lie."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.recordings.interleaved import in_samples

__all__ = ["BinaryLayout"]

MOST_CHANNELS = 65_536
KINDS = "iuf"


@dataclass(frozen=True)
class BinaryLayout:
    """Numbers of a raw binary file, sampling time after sampling time, all channels of a time together.

    Attributes
    ----------
    labels : tuple of str
        Of the channels.
    sampling_frequency : float, Hz
    dtype : str
        As stored, byte order included.
    gains, offsets : tuple of float
        Of each channel: the physical value is stored x gain + offset.
    unit : str
        Of the physical values; empty where nobody knows.
    first_byte : int
        Bytes in front of the first sample.
    """

    labels: tuple[str, ...]
    sampling_frequency: float
    dtype: str
    gains: tuple[float, ...] = field(default=())
    offsets: tuple[float, ...] = field(default=())
    unit: str = ""
    first_byte: int = 0

    @classmethod
    def of(
        cls,
        channels: int | Iterable[str],
        sampling_frequency: float,
        dtype: Any,
        gain: float | Sequence[float] | None = None,
        offset: float | Sequence[float] | None = None,
        unit: str = "",
        first_byte: int = 0,
    ) -> "BinaryLayout":
        """Check what was said.

        Parameters
        ----------
        channels : int or iterable of str
            How many there are, or their labels.
        sampling_frequency : float, Hz
            Of all channels.
        dtype : str or dtype
            Of one stored number: ``"int16"``, ``">i2"``.
        gain, offset : float or sequence of float, optional
            Of all channels, or of each.
        unit : str
            Of the physical values.
        first_byte : int
            Bytes in front of the first sample.

        Raises
        ------
        FormatError
            No recording lies so.

        Examples
        --------
        >>> BinaryLayout.of(2, 30000, "int16", gain=0.195, unit="uV").gains
        (0.195, 0.195)
        """
        if isinstance(channels, int | np.integer) and not isinstance(channels, bool):
            labels = tuple(map(str, range(min(max(int(channels), 0), MOST_CHANNELS + 1))))
        elif isinstance(channels, str | bool) or not isinstance(channels, Iterable):
            raise FormatError(f"channels={channels!r}: give how many there are, or their labels")
        else:
            labels = tuple(map(str, channels))
        if not 0 < len(labels) <= MOST_CHANNELS:
            raise FormatError(f"channels={channels!r}: a recording has 1 to {MOST_CHANNELS:,}")
        rate = _number(sampling_frequency, "sampling_frequency")
        if not rate > 0:
            raise FormatError(f"sampling_frequency={sampling_frequency!r} is no positive number of Hz")
        try:
            stored = np.dtype(dtype if isinstance(dtype, str | np.dtype | type) else "V1")
        except (TypeError, ValueError, SyntaxError):
            stored = np.dtype("V1")
        if stored.kind not in KINDS or stored.itemsize > 8:
            raise FormatError(
                f"dtype={str(dtype)[:40]!r}: numbers of a recording are integers or floats, as 'int16' or '>f4'"
            )
        if not isinstance(first_byte, int) or isinstance(first_byte, bool) or first_byte < 0:
            raise FormatError(f"first_byte={first_byte!r} is no number of bytes")
        count = len(labels)
        gains = _each(gain, count, 1.0, "gain")
        return cls(
            labels, rate, stored.str, gains, _each(offset, count, 0.0, "offset"), str(unit), first_byte
        )

    @property
    def n_channels(self) -> int:
        """How many channels there are."""
        return len(self.labels)

    def samples(self, size: int) -> int:
        """How many samples each channel has in a file of so many bytes.

        Raises
        ------
        FormatError
            They are no whole ones.
        """
        n_samples, rest, said = in_samples(size - self.first_byte, self.n_channels, np.dtype(self.dtype))
        if rest or not n_samples:
            behind = f" behind the first {self.first_byte:,}" if self.first_byte else ""
            raise FormatError(
                f"it has {max(size - self.first_byte, 0):,} bytes{behind}, which are {said}: another number of channels or "
                "another dtype is meant, or it is cut short"
            )
        return n_samples


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool | str):
        raise FormatError(f"{name}={value!r} is no number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise FormatError(f"{name}={str(value)[:40]} is no number") from None
    if not math.isfinite(number):
        raise FormatError(f"{name}={value!r} is no number")
    return number


def _each(given: Any, count: int, otherwise: float, name: str) -> tuple[float, ...]:
    """One number for each channel; one alone is for all of them."""
    if given is None:
        return (otherwise,) * count
    if isinstance(given, int | float | np.number):
        return (_number(given, name),) * count
    numbers = tuple(_number(one, name) for one in given)
    if len(numbers) != count:
        raise FormatError(f"{name}: {len(numbers):,} numbers are given for {count:,} channels")
    return numbers
