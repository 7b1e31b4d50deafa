"""Fitting: a map between two clocks from the pulses that both have seen."""

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurochain.errors import FormatError, ShapeError
from neurochain.formats.recordings.even import Floats
from neurochain.timeline.clocks.ascending import ascending
from neurochain.timeline.clocks.band import Band
from neurochain.timeline.clocks.clockfit import ClockFit
from neurochain.timeline.clocks.clockmap import ClockMap
from neurochain.timeline.clocks.jumps import sure_ranges
from neurochain.timeline.clocks.matching import FEWEST_PAIRS, Anchor, match_pulses
from neurochain.timeline.clocks.regression import Curve, choose, quantile
from neurochain.timeline.clocks.seeds import Ints, Rules
from neurochain.timeline.clocks.tracking import PAIRED, mutual, nearest

__all__ = ["Kind", "Offset", "fit_clock"]

Kind = Literal["auto", "offset", "affine", "piecewise"]
Offset = float | Literal["first"] | Mapping[float, float] | None

FLOOR = 1e-5  # of the interval between pulses: jitter below this is none
ULPS = 4  # of the largest time: no float says it better
FEWEST = 3  # pairs of a section: of fewer nobody knows where they belong
OUTSIDE = 0.7  # of the widest that a pair may be apart: beyond there are no true ones, and within as many of the others
TURNS = 2  # of pairing anew by the fitted curve, and fitting
BEHIND = 1e-3  # of an interval: a clock that gave a pulse ran on so long, or the sample of the pulse itself would have no time


def fit_clock(
    device: Any,
    common: Any,
    *,
    offset: Offset = None,
    tolerance: float | None = None,
    kind: Kind = "auto",
    most_drift_ppm: float = 1000.0,
) -> ClockFit:
    """Fit the map from a device's clock to a common one, from pulses that both have recorded.

    Pulses may be missing or spurious on both sides, jitter, and a clock may stand still or jump. Irregular pulses are paired by
    their intervals, whatever the offset. Of regular ones nobody can say by how many periods they are shifted: then `offset`
    must be said. The clocks' rates are compared by straight lines; with more than one where residuals show that drift changed.

    Parameters
    ----------
    device, common : array_like, shape (n,), seconds
        Ascending times of the pulses, on the device's clock and on the common one.
    offset : float, "first" or mapping of float to float, optional
        About what common minus device is at the device's first pulse, in seconds; ``"first"`` if the first pulses of both are
        the same one. It chooses among alignments that are as good. A mapping says it at several device times: one for each
        stretch between jumps.
    tolerance : float, seconds, optional
        The most by which a pair may differ; found from the pulses by default.
    kind : {"auto", "offset", "affine", "piecewise"}
        What lies between jumps: one straight line or more, as the pulses need it; or what is said. ``"offset"`` is for two
        devices that share one clock: else no two run alike, so by default the drift is always fitted.
    most_drift_ppm : float
        Beyond which no drift is looked for.

    Returns
    -------
    ClockFit

    Raises
    ------
    ShapeError
        Too few pulses.
    FormatError
        Times that do not ascend; pulses that do not agree; or that agree as well at several offsets: says which, and what to do.
    ValueError
        Arguments that cannot be.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> common = np.cumsum(rng.uniform(0.5, 1.5, 600))
    >>> device = (common - 12.0) / (1 + 40e-6)
    >>> fit = fit_clock(np.delete(device, [3, 50, 51]), np.delete(common, [200, 400]))
    >>> fit.n_pairs, round(fit.drift_ppm, 3), round(fit.map(100.0), 6)
    (595, 40.0, 112.004)
    """
    if kind not in ("auto", "offset", "affine", "piecewise"):
        raise ValueError(f"fit_clock(kind={kind!r}): choose 'auto', 'offset', 'affine' or 'piecewise'.")
    if tolerance is not None and not 0 < tolerance < math.inf:
        raise ValueError(f"fit_clock(tolerance={tolerance!r}): it is a positive number of seconds.")
    if not 0 < most_drift_ppm < 1e5:
        raise ValueError(
            f"fit_clock(most_drift_ppm={most_drift_ppm!r}): it is positive, and less than 100,000 (a tenth)."
        )
    pulses = ascending(device, "device pulses"), ascending(common, "common pulses")
    if min(map(len, pulses)) < FEWEST_PAIRS:
        raise ShapeError(
            f"fit_clock(): {len(pulses[0])} pulses of the device and {len(pulses[1])} of the common clock are too few: "
            f"{FEWEST_PAIRS} are needed on each side, or nobody can see whether they agree. If you know which belongs to which, "
            "say the map yourself: ClockMap.piecewise(device, common)."
        )
    return _Fitting(*pulses, tolerance, most_drift_ppm).fit(_anchors(offset, *pulses), kind)


def _anchors(offset: Offset, device: Floats, common: Floats) -> list[Anchor]:
    """What the user knows, in the times of the clocks."""
    if offset is None:
        return []
    if isinstance(offset, Mapping):
        said = {float(at): float(late) for at, late in offset.items()}
    elif isinstance(offset, str):
        if offset != "first":
            raise ValueError(f"fit_clock(offset={offset!r}): give seconds, or 'first'.")
        said = {float(device[0]): float(common[0] - device[0])}
    else:
        said = {float(device[0]): float(offset)}
    if not said or not all(map(math.isfinite, (*said, *said.values()))):
        raise ValueError(
            f"fit_clock(offset={offset!r}): give seconds, or a mapping of device times to seconds."
        )
    return [Anchor(at, late) for at, late in sorted(said.items())]


class _Fitting:
    """Pulses of two clocks, from their first ones on: what lies near 0 has more digits."""

    def __init__(
        self, device: Floats, common: Floats, tolerance: float | None, most_drift_ppm: float
    ) -> None:
        self._zero = float(device[0]), float(common[0])
        self._device, self._common = device - device[0], common - common[0]
        self._given = device, common
        apart = [np.diff(times) for times in (self._device, self._common)]
        spacing = min(float(np.median(d[d > 0])) if (d > 0).any() else 0.0 for d in apart)
        if not 0 < spacing < math.inf:
            raise ShapeError("fit_clock(): all pulses of one side have the same time.")
        ulp = math.ulp(max(abs(float(times[at])) for times in (device, common) for at in (0, -1)))
        self._ulp = ULPS * ulp
        self._rules = Rules(spacing, most_drift_ppm * 1e-6, max(FLOOR * spacing, self._ulp), tolerance)

    def fit(self, anchors: list[Anchor], kind: str) -> ClockFit:
        """Pairs, and the curve through them."""
        base = self._zero[1] - self._zero[0]
        relative = [Anchor(a.at - self._zero[0], a.offset - base) for a in anchors]
        sections = match_pulses(self._device, self._common, self._rules, relative, self._zero)
        i = np.concatenate([s.device for s in sections])
        j = np.concatenate([s.common for s in sections])
        section = np.repeat(np.arange(len(sections)), [len(s.device) for s in sections])
        self._stray = 0.0
        for _ in range(TURNS):
            curve = self._curve(i, j, section, kind)
            i, j, section = self._paired_anew(curve, i, j, section)
        return self._result(self._curve(i, j, section, kind), i, j)

    def _curve(self, i: Ints, j: Ints, section: Ints, kind: str) -> Curve:
        x = self._device[i]
        return choose(x, self._common[j] - x, section, self._ulp, kind, self._stray)

    def _map(self, curve: Curve, zero: tuple[float, float] = (0.0, 0.0)) -> ClockMap:
        """The curve as a map; of times from `zero` on."""
        if curve.parallel and len(curve.firsts) == 1:
            at = self._device[np.abs(self._device - curve.knots.mean()).argmin()]
            late = curve.values[0] + curve.drift * (at - curve.knots[0])
            rate = 1 + curve.drift
            return ClockMap((zero[0] + float(at),), (zero[1] + float(at + late),), (rate, rate))
        x, late = curve.knots.copy(), curve.values.copy()
        breaks = curve.firsts[1:] - 1
        slopes = np.diff(late) / np.diff(x)
        room = np.minimum((x[breaks + 1] - x[breaks]), (x + late)[breaks + 1] - (x + late)[breaks])
        if (room <= 0).any():
            at = float(x[breaks[int(room.argmin())]]) + self._zero[0]
            raise FormatError(
                f"fit_clock(): near {at:.6f} s of the device its clock would have to go back. Fit the pulses before and behind "
                "as two streams."
            )
        further = np.minimum(BEHIND * self._rules.spacing, room / 4)
        x[breaks] += further
        late[breaks] += further * slopes[breaks - 1]
        common = zero[1] + (x + late)
        return ClockMap(
            tuple((zero[0] + x).tolist()),
            tuple(common.tolist()),
            (1 + float(slopes[0]), 1 + float(slopes[-1])),
            tuple(breaks.tolist()),
        )

    def _paired_anew(self, curve: Curve, i: Ints, j: Ints, section: Ints) -> tuple[Ints, Ints, Ints]:
        """All pulses, paired by the curve; the section of each pair."""
        x = self._device[i]
        away = self._common[j] - x
        for k in range(len(curve.firsts)):
            away[section == k] -= curve.late(x[section == k], k)
        jitter = max(1.4826 * float(np.median(np.abs(away))), self._rules.floor)
        gate = self._rules.tolerance or PAIRED * jitter
        found: list[tuple[Ints, Ints, Ints]] = []
        used, paired, strays = -1, 0, 0
        ranges = sure_ranges(self._device, self._common, curve, i, j, section, jitter)
        for k, (first, last) in enumerate(ranges):
            pulses = self._device[first:last]
            expected = pulses + curve.late(pulses, k)
            partner = nearest(self._common, expected)
            away = self._common[partner] - expected
            pairs = mutual(partner, away, (np.abs(away) <= gate) & (partner > used))
            if len(pairs) >= FEWEST:
                used = int(partner[pairs[-1]])
                paired, strays = (
                    paired + len(pairs),
                    strays + int((np.abs(away[pairs]) > OUTSIDE * gate).sum()),
                )
                found.append((first + pairs, partner[pairs], np.full(len(pairs), len(found))))
        self._stray = min(strays / paired / (1 - OUTSIDE), 0.5)
        i, j, section = (np.concatenate(part) for part in zip(*found, strict=True))
        return i, j, section

    def _result(self, curve: Curve, i: Ints, j: Ints) -> ClockFit:
        clock_map = self._map(curve, self._zero)
        device, common = self._given[0][i], self._given[1][j]
        residuals = common - clock_map(device)
        sure = quantile(curve.freedom)
        band = Band(
            tuple((self._zero[0] + curve.knots).tolist()), tuple(curve.variance.tolist()), tuple(curve.covariance.tolist()), sure
        )  # fmt: skip
        first = device[:1]
        offset, half = float(clock_map(first)[0] - first[0]), float(band(first)[0])
        drift, wide = curve.drift * 1e6, sure * math.sqrt(curve.drift_variance) * 1e6
        for array in (device, common, residuals):
            array.setflags(write=False)
        return ClockFit(
            map=clock_map,
            device=device,
            common=common,
            residuals=residuals,
            n_pairs=len(i),
            n_device=len(self._device),
            n_common=len(self._common),
            jitter=1.4826 * float(np.median(np.abs(residuals))),
            rms=float(np.sqrt(np.mean(residuals**2))),
            worst=float(np.abs(residuals).max()),
            drift_ppm=drift,
            drift_interval=(drift - wide, drift + wide),
            offset=offset,
            offset_interval=(offset - half, offset + half),
            band=band,
        )
