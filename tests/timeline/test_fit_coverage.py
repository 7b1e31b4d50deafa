"""Intervals are honest: as often as they say, the truth lies in them."""

from dataclasses import replace

import numpy as np
import pytest
from simulated_clocks import Jump, Setting, simulate

from neurochain.timeline.clocks.fitting import fit_clock
from neurochain.timeline.clocks.regression import quantile

PLAIN = Setting(n_pulses=100)
FEW = Setting(n_pulses=25, lost=0.05, spurious=0.05, interval=2.0)
JUMPED = Setting(n_pulses=240, jumps=(Jump(100.5, stands_still=3.0),))
JITTERY = Setting(n_pulses=200, jitter=1e-2, drift_ppm=-120.0)


def coverage(setting: Setting, trials: int) -> tuple[float, float, float]:
    """How often drift, offset, and the time at a place drawn at random lie in their intervals."""
    inside = np.zeros(3)
    for seed in range(trials):
        simulated = simulate(replace(setting, seed=seed))
        fit = fit_clock(simulated.device, simulated.common)
        place = np.random.default_rng(seed).uniform(fit.device[0], fit.device[-1], 40)
        at = place[fit.map.known(place)][:1]
        first = fit.device[:1]
        inside += (
            fit.drift_interval[0] <= setting.drift_ppm <= fit.drift_interval[1],
            fit.offset_interval[0] <= (simulated.truth(first) - first)[0] <= fit.offset_interval[1],
            abs(fit.map(at) - simulated.truth(at))[0] <= fit.uncertainty(at)[0],
        )
    drift, offset, time = inside / trials
    return drift, offset, time


def bounds(trials: int) -> tuple[float, float]:
    """Where a share of 95 % lies but once in ten thousand times; and 1 % lower, for what is no line and no normal jitter."""
    spread = 3.9 * np.sqrt(0.95 * 0.05 / trials)
    return 0.94 - spread, 0.95 + spread


@pytest.mark.parametrize("setting", [FEW, JUMPED], ids=["few", "jumped"])
def test_95_percent_are_95_percent(setting: Setting) -> None:
    low, high = bounds(25)
    for share in coverage(setting, 25):
        assert low <= share <= high


@pytest.mark.long
@pytest.mark.parametrize("setting", [PLAIN, FEW, JUMPED, JITTERY], ids=["plain", "few", "jumped", "jittery"])
def test_95_percent_of_thousands(setting: Setting) -> None:
    low, high = bounds(2000)
    for share in coverage(setting, 2000):
        assert low <= share <= high


def test_a_curve_is_as_well_known_as_it_says() -> None:
    """Of drift that changes slowly, lines between knots leave no error that the interval does not hold."""
    inside = []
    for seed in range(12):
        simulated = simulate(
            Setting(n_pulses=2000, wander_ppm=3.0, wander_period=1500.0, jitter=1e-4, seed=seed)
        )
        fit = fit_clock(simulated.device, simulated.common)
        device = np.linspace(fit.device[0], fit.device[-1], 200)
        inside.append(np.mean(np.abs(fit.map(device) - simulated.truth(device)) <= fit.uncertainty(device)))
    assert 0.88 < np.mean(inside) < 0.995


@pytest.mark.parametrize("freedom", [4, 7, 30, 1000])
def test_quantile_is_students(freedom: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-3)
