"""ClockMap: one clock's seconds as another's, by straight lines between knots."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.jsonfields import mapping, numbers, wholes

__all__ = ["ClockMap"]

ULPS = 4.0  # knots that are nearer to one another are one


@dataclass(frozen=True)
class ClockMap:
    """Strictly increasing map from the seconds of a device's clock to those of a common one.

    Made by `identity`, `offset`, `affine` and `piecewise`, or by `fit_clock`. Plain numbers, so it travels with a pickle.
    Call it with seconds of the device: ``clock_map(12.5)``, or an array of them.

    Where a clock jumped, nothing is known between the last knot before and the first behind: such device times, and in the
    inverse such common times, are NaN. Of a break between the knots a and b these are the times [a, b).

    Attributes
    ----------
    device, common : tuple of float, seconds
        Knots, on both clocks; one at least, ascending.
    slopes : (float, float)
        Common seconds in a device second before the first knot, and behind the last.
    breaks : tuple of int
        Knots behind which the clock jumped.

    Raises
    ------
    ValueError
        The map would not increase strictly, or a break is not between two knots.

    Examples
    --------
    >>> clock_map = ClockMap.affine(1.0001, offset=12.0)
    >>> clock_map(100.0)
    112.01
    >>> clock_map.inverse()(112.01)
    100.0
    >>> clock_map
    <ClockMap affine: +12.000000 s at 0 s, +100.000 ppm>
    """

    device: tuple[float, ...]
    common: tuple[float, ...]
    slopes: tuple[float, float] = (1.0, 1.0)
    breaks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("device", "common", "slopes"):
            object.__setattr__(self, name, tuple(map(float, getattr(self, name))))
        object.__setattr__(self, "breaks", tuple(map(int, self.breaks)))
        n = len(self.device)
        if not n or len(self.common) != n or len(self.slopes) != 2:
            raise ValueError(
                f"ClockMap: {n} knots on the device's clock, {len(self.common)} on the common one and {len(self.slopes)} slopes. "
                "There are as many on both, one at least, and two slopes."
            )
        for name, knots in (("device", self.device), ("common", self.common)):
            wrong = [
                k for k in range(n) if not math.isfinite(knots[k]) or (k and not knots[k] > knots[k - 1])
            ]
            if wrong:
                raise ValueError(
                    f"ClockMap: {name}[{wrong[0]}] is {knots[wrong[0]]!r}, which is not later than the knot before it. Knots "
                    "ascend on both clocks."
                )
        with np.errstate(all="ignore"):
            flat = ~((self._slope > 0) & np.isfinite(self._slope) & np.isfinite(1 / self._slope))
        if flat.any():
            raise ValueError(
                f"ClockMap: a slope of {self._slope[flat][0]!r} common seconds in a device second. Slopes are positive."
            )
        if list(self.breaks) != sorted(set(self.breaks) & set(range(n - 1))):
            raise ValueError(
                f"ClockMap: breaks={self.breaks} must ascend, and be knots that have one behind them: 0 to {n - 2}."
            )

    @classmethod
    def identity(cls) -> "ClockMap":
        """Both clocks are the same one."""
        return cls((0.0,), (0.0,))

    @classmethod
    def offset(cls, seconds: float) -> "ClockMap":
        """``common = device + seconds``."""
        return cls((0.0,), (seconds,))

    @classmethod
    def affine(cls, rate: float, offset: float = 0.0, at: float = 0.0) -> "ClockMap":
        """``common = at + offset + rate * (device - at)``.

        Parameters
        ----------
        rate : float
            Common seconds in a device second.
        offset : float, seconds
            Common minus device, at `at`.
        at : float, seconds
            On the device's clock: of times since 1970 one that lies among them, or digits are lost.
        """
        return cls((at,), (at + offset,), (rate, rate))

    @classmethod
    def piecewise(
        cls,
        device: Iterable[float],
        common: Iterable[float],
        breaks: Iterable[int] = (),
        slopes: tuple[float, float] | None = None,
    ) -> "ClockMap":
        """Straight lines between knots.

        Parameters
        ----------
        device, common : iterable of float, seconds
            Ascending.
        breaks : iterable of int
            Knots behind which the clock jumped.
        slopes : (float, float), optional
            Before the first and behind the last knot; by default those of the nearest lines, 1 where there is none.

        Examples
        --------
        >>> clock_map = ClockMap.piecewise([0, 10, 11, 21], [5, 15, 18, 28], breaks=[1])
        >>> clock_map([5.0, 10.5, 11.0, 30.0])
        array([10., nan, 18., 37.])
        """
        found = cls(tuple(device), tuple(common), (1.0, 1.0) if slopes is None else slopes, tuple(breaks))
        if slopes is not None:
            return found
        lines = found._slope[1:-1][~found._unknown[1:-1]]
        ends = (float(lines[0]), float(lines[-1])) if len(lines) else (1.0, 1.0)
        return cls(found.device, found.common, ends, found.breaks)

    @property
    def kind(self) -> str:
        """``"identity"``, ``"offset"``, ``"affine"`` or ``"piecewise"``."""
        if len(self.device) > 1 or self.slopes[0] != self.slopes[1]:
            return "piecewise"
        if self.slopes[0] != 1.0:
            return "affine"
        return "identity" if self.device == self.common else "offset"

    @property
    def drift_ppm(self) -> float:
        """Common microseconds that a device second has too many; between the outer knots, without breaks, on average."""
        known = ~self._unknown[1:-1]
        device, common = np.diff(self._device)[known].sum(), np.diff(self._common)[known].sum()
        if len(self.device) > 1 and known.any():
            return float((common - device) / device * 1e6)
        return (sum(self.slopes) / 2 - 1) * 1e6

    @overload
    def __call__(self, seconds: float) -> float: ...
    @overload
    def __call__(self, seconds: Floats | Sequence[float]) -> Floats: ...
    def __call__(self, seconds: Any) -> Any:
        """Common seconds of device seconds; NaN where the clock jumped."""
        found = self._through(seconds)
        if self.breaks:
            piece = np.searchsorted(self._device, np.asarray(seconds, np.float64), side="right")
            found = np.where(self._unknown[piece], np.nan, found)
        return float(found) if np.ndim(seconds) == 0 else found

    @overload
    def known(self, seconds: float) -> bool: ...
    @overload
    def known(self, seconds: Floats | Sequence[float]) -> np.ndarray[Any, np.dtype[np.bool_]]: ...
    def known(self, seconds: Any) -> Any:
        """Whether device times have common ones: those where the clock jumped have none."""
        found = np.isfinite(np.asarray(self(seconds)))
        return bool(found) if np.ndim(seconds) == 0 else found

    def span(self, start: float, end: float) -> tuple[float, float]:
        """Device times [first, last) that map into the common times [start, end).

        Where `start` lies in a break, they begin behind it; where `end` does, they end before it. A break that lies wholly
        between the two is part of what is returned; device times in it have no common ones.

        Raises
        ------
        ValueError
            One of them is no number.

        Examples
        --------
        >>> clock_map = ClockMap.piecewise([0, 10, 11, 21], [5, 15, 18, 28], breaks=[1])
        >>> clock_map.span(12.0, 16.0), clock_map.span(16.0, 20.0)
        ((7.0, 10.0), (11.0, 13.0))
        """
        if math.isnan(start) or math.isnan(end):
            raise ValueError(f"span({start}, {end}): both must be times, in seconds.")
        first, last = (self._back(t, behind) for t, behind in ((start, True), (end, False)))
        return first, max(first, last)

    def inverse(self) -> "ClockMap":
        """The map from the common clock to the device's."""
        before, behind = self.slopes
        return ClockMap(self.common, self.device, (1 / before, 1 / behind), self.breaks)

    def then(self, other: "ClockMap") -> "ClockMap":
        """Follow this map by one from the common clock to a third.

        Nothing is known where either does not know.

        Examples
        --------
        >>> ClockMap.offset(3.0).then(ClockMap.affine(2.0))
        <ClockMap affine: +6.000000 s at 0 s, +1000000.000 ppm>
        """
        straight = len(self.device) == len(other.device) == 1
        slopes = self.slopes[0] * other.slopes[0], self.slopes[1] * other.slopes[1]
        if straight and "piecewise" not in (self.kind, other.kind):
            return ClockMap(self.device, (other(self.common[0]),), slopes)
        back = self.inverse()
        hidden = _united([*self._hidden(), *(self._pulled(a, b) for a, b in other._hidden())])
        points = list(zip(self.device, other._through(self._common).tolist(), strict=True))
        points += [
            (float(back._through(knot)), value)
            for knot, value in zip(other.device, other.common, strict=True)
            if math.isfinite(back(knot)) or knot in self.common
        ]
        kept: list[tuple[float, float]] = []
        for x, y in sorted(points):
            inside = any(a < x < b for a, b in hidden)
            apart = not kept or (_later(x, kept[-1][0]) and _later(y, kept[-1][1]))
            if not inside and apart:
                kept.append((x, y))
        device, common = zip(*kept, strict=True)
        breaks = {bisect_right(device, a) - 1 for a, _ in hidden} & set(range(len(device) - 1))
        return ClockMap(device, common, slopes, tuple(sorted(breaks)))

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, from which `from_json` makes the same map."""
        return {
            "kind": self.kind,
            "device": list(self.device),
            "common": list(self.common),
            "slopes": list(self.slopes),
            "breaks": list(self.breaks),
        }

    @classmethod
    def from_json(cls, found: Any) -> "ClockMap":
        """What `to_json` gave.

        Raises
        ------
        FormatError
            Something is missing, or is no map that increases.
        """
        fields = mapping(found, "clock map")
        device, common, slopes = (numbers(fields, key, "clock map") for key in ("device", "common", "slopes"))
        try:
            return cls(device, common, slopes, wholes(fields, "breaks", "clock map"))  # type: ignore[arg-type]  # checked
        except ValueError as error:
            raise FormatError(f"clock map: {error}") from None

    def __repr__(self) -> str:
        ppm = f"{self.drift_ppm:+.3f} ppm"
        if self.kind == "identity":
            return "<ClockMap identity>"
        if self.kind == "piecewise":
            jumps = f", {len(self.breaks)} jump{'s' if len(self.breaks) > 1 else ''}" if self.breaks else ""
            return f"<ClockMap piecewise: {len(self.device):,} knots{jumps}, {ppm}>"
        late = self.common[0] - self.device[0]
        return f"<ClockMap {self.kind}: {late:+.6f} s" + (
            f" at {self.device[0]:g} s, {ppm}>" if self.kind == "affine" else ">"
        )

    @cached_property
    def _device(self) -> Floats:
        return np.array(self.device)

    @cached_property
    def _common(self) -> Floats:
        return np.array(self.common)

    @cached_property
    def _slope(self) -> Floats:
        """Of each piece: the one before the first knot, those between knots, the one behind the last."""
        with np.errstate(all="ignore"):
            between = np.diff(self._common) / np.diff(self._device)
        return np.concatenate([self.slopes[:1], between, self.slopes[1:]])

    @cached_property
    def _unknown(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Of each piece, whether the clock jumped in it."""
        unknown = np.zeros(len(self.device) + 1, bool)
        unknown[[k + 1 for k in self.breaks]] = True
        return unknown

    @cached_property
    def _most(self) -> Floats:
        """What rounding must not lead past, of each piece: the next knot, or what is just before it where a break begins."""
        most = np.append(self._common, np.inf)
        breaks = list(self.breaks)
        most[breaks] = np.nextafter(most[breaks], -np.inf)
        return most

    def _through(self, seconds: Any) -> Floats:
        """As if breaks were lines like others."""
        x = np.asarray(seconds, np.float64)
        piece = np.searchsorted(self._device, x, side="right")
        anchor = np.maximum(piece - 1, 0)
        found = self._common[anchor] + self._slope[piece] * (x - self._device[anchor])
        return np.asarray(np.minimum(found, self._most[piece]), np.float64)

    def _back(self, common: float, behind: bool) -> float:
        """Device time of a common one; of one in a break the edge behind it, or before it."""
        piece = bisect_right(self.common, common)
        if self._unknown[piece]:
            return self.device[piece if behind else piece - 1]
        return float(self.inverse()._through(common))

    def _hidden(self) -> list[tuple[float, float]]:
        """Device times [start, end) of which nothing is known."""
        return [(self.device[k], self.device[k + 1]) for k in self.breaks]

    def _pulled(self, start: float, end: float) -> tuple[float, float]:
        """Device times whose common ones may lie in [start, end)."""
        return self._back(start, False), self._back(end, True)


def _later(a: float, b: float) -> bool:
    return a - b > ULPS * math.ulp(max(abs(a), abs(b)))


def _united(intervals: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Intervals [start, end) that overlap or touch, as one."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
