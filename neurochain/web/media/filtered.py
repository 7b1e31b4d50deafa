"""Filtered: samples as filters show them, for the eye alone.

``highpass``, ``lowpass`` and ``notch`` (Hz), and ``reference=average`` of ``/media/traces`` say which. Filters are those of
Butterworth of second order, and a notch of quality `QUALITY`; they run forwards and backwards, so that nothing is shifted in time.
Samples around the stretch are read along, as many as a filter remembers, so that its edges are those that a filter of the whole
recording gives; there are none beyond a gap.

The average is that of all channels of the same rate and unit that record a body, but for those in ``bad``; other channels stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from neurochain.errors import ParameterError, require
from neurochain.formats import Recording
from neurochain.formats.recordings.extremes import extremes
from neurochain.web.media.asked import chosen, real
from neurochain.web.media.gate import Stop
from neurochain.web.media.groups import Group
from neurochain.web.media.kinds import kind_of

__all__ = ["MOST", "Filters"]

EXTRA = "signals"
MOST = 2**23  # channels times samples that are filtered at once
QUALITY = 30.0  # of the notch: 50 Hz are 1.7 Hz wide
LASTING = 3.0  # periods of the edge after which a filter has forgotten all but a ten-thousandth
NO_BODY = ("stim", "resp")
Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Filters:
    """What is to be taken out.

    Attributes
    ----------
    highpass, lowpass, notch : float, Hz
        0 where there is none.
    average : bool
        Whether the mean of all channels is taken off.
    bad : frozenset of int
        Channels that are not in this mean.
    rate : float, Hz
    """

    highpass: float
    lowpass: float
    notch: float
    average: bool
    bad: frozenset[int]
    rate: float

    @classmethod
    def asked(cls, query: Mapping[str, str], rate: float, count: int) -> "Filters | None":
        """Those of a request for channels of a rate; None where it names none.

        Raises
        ------
        ParameterError
            They cannot be.
        """
        names = "highpass", "lowpass", "notch"
        edges = highpass, lowpass, notch = [real(query, name, 0.0) for name in names]
        reference = query.get("reference", "")
        if reference not in ("", "average"):
            raise ParameterError(f"reference={reference[:40]!r}: there is 'average'.")
        if not any(edges) and not reference:
            return None
        for name, edge in zip(names, edges, strict=True):
            if edge and not 0 < edge < rate / 2:
                raise ParameterError(
                    f"{name}={edge:g}: channels of {rate:g} Hz hold frequencies between 0 and {rate / 2:g} Hz. Choose one of them."
                )
        if lowpass and highpass >= lowpass:
            raise ParameterError(
                f"highpass={highpass:g}, lowpass={lowpass:g}: nothing lies above the first and below the second."
            )
        bad = frozenset(chosen(query, "bad", count)) if query.get("bad") else frozenset()
        return cls(highpass, lowpass, notch, bool(reference), bad, rate)

    @property
    def margin(self) -> int:
        """Samples before and behind a stretch that it takes along."""
        lasting = [LASTING / edge for edge in (self.highpass, self.lowpass) if edge]
        if self.notch:
            lasting.append(LASTING * QUALITY / self.notch)
        return int(np.ceil(sum(lasting) * self.rate))

    def said(self) -> dict[str, Any]:
        """As the header of an answer says it."""
        return {
            "highpass": self.highpass or None,
            "lowpass": self.lowpass or None,
            "notch": self.notch or None,
            "reference": "average" if self.average else None,
        }

    def columns(
        self,
        recording: Recording,
        group: Group,
        channels: list[int],
        asked: tuple[int, int, int],
        breaks: list[int],
        stop: Stop,
    ) -> Values:
        """Extremes of filtered samples [first, last) in columns of so many, shape (n_channels, n_columns, 2), float32, in the channels' units.

        Raises
        ------
        MissingExtraError
            SciPy is not installed.
        ParameterError
            They are too many.
        """
        first, last, bin = asked
        begin, end = first // bin * bin, min(-(-last // bin) * bin, group.n_samples)
        mean = self._averaged(recording, group, channels) if self.average else []
        needed = sorted({*channels, *mean})
        self._check(len(needed), end - begin)
        found = np.empty((len(channels), end - begin), np.float32)
        cuts = [0, *breaks, group.n_samples]
        for low, high in pairwise(cuts):
            a, b = max(low, begin), min(high, end)
            if a >= b:
                continue
            stop()
            around = max(a - self.margin, low), min(b + self.margin, high)
            values = self._filtered(_physical(recording, group, needed, *around))
            stop()
            part = values[:, a - around[0] : b - around[0]]
            rows = part[[needed.index(c) for c in channels]]
            if mean:
                with np.errstate(invalid="ignore"):
                    rows[[c in mean for c in channels]] -= np.nan_to_num(
                        part[[needed.index(c) for c in mean]]
                    ).mean(0)
            found[:, a - begin : b - begin] = rows
        return extremes(found, bin)

    def _averaged(self, recording: Recording, group: Group, channels: list[int]) -> list[int]:
        """Channels of the mean, by their places in the group.

        Raises
        ------
        ParameterError
            There are none.
        """
        units = [recording.units[c] for c in group.channels]
        unit = next((units[c] for c in channels if self._records(recording, group, c)), None)
        found = [
            i
            for i, c in enumerate(group.channels)
            if units[i] == unit and c not in self.bad and self._records(recording, group, i)
        ]
        if unit is not None and not found:
            raise ParameterError("reference=average: all channels of this unit are among the bad ones.")
        return found

    def _records(self, recording: Recording, group: Group, place: int) -> bool:
        own = group.channels[place]
        return kind_of(recording.channels[own], recording.units[own]) not in NO_BODY

    def _check(self, n_channels: int, n_samples: int) -> None:
        if n_channels * (n_samples + 2 * self.margin) <= MOST:
            return
        room = MOST // n_channels - 2 * self.margin
        what = "Zoom in" if room > 0 else "Choose fewer channels or a higher high-pass"
        shown = f" to {room / self.rate:.3g} s" if room > 0 else ""
        raise ParameterError(
            f"{n_channels:,} channels of {n_samples / self.rate:.3g} s are too much to filter for the eye, with the "
            f"{2 * self.margin / self.rate:.3g} s around them that it needs. {what}{shown}, or switch filters off."
        )

    def _filtered(self, values: Values) -> Values:
        """Values without what is to be taken out; those that are no numbers stay so."""
        if not (self.highpass or self.lowpass or self.notch):
            return values
        signal = require("scipy.signal", EXTRA, "filtering traces")
        sections = []
        if self.highpass:
            sections.append(signal.butter(2, self.highpass, "highpass", fs=self.rate, output="sos"))
        if self.lowpass:
            sections.append(signal.butter(2, self.lowpass, "lowpass", fs=self.rate, output="sos"))
        if self.notch:
            sections.append(signal.tf2sos(*signal.iirnotch(self.notch, QUALITY, fs=self.rate)))
        missing = ~np.isfinite(values)
        if missing.any():
            filled = np.where(missing, 0.0, values)
            known = np.maximum((~missing).sum(1, keepdims=True), 1)
            values = np.where(missing, filled.sum(1, keepdims=True) / known, values)
        sos = np.concatenate(sections)
        longest = values.shape[1] - 1
        found: Values = signal.sosfiltfilt(sos, values, padlen=min(3 * (2 * len(sos) + 1), longest))
        found[missing] = np.nan
        return found


def _physical(recording: Recording, group: Group, places: list[int], first: int, last: int) -> Values:
    """Samples in their channels' units, shape (n_channels, n_samples), float64; as stored where the file does not say."""
    own = [group.channels[place] for place in places]
    gains, offsets = recording.gains[own], recording.offsets[own]
    known = np.isfinite(gains) & np.isfinite(offsets)
    stored = group.samples.pick(places).read(first, last)
    gains, offsets = np.where(known, gains, 1.0), np.where(known, offsets, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(stored * gains[:, None] + offsets[:, None], np.float64)
