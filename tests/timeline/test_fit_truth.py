"""Fitted maps against simulated clocks, of which the truth is known.

The bound: at every device time from the first pair to the last, the map says that it is not known, or it is off by less than
the jitter of one pulse (its standard deviation, or what a float of that size can tell). A clock's jump lies in a break of the
map (or in the thousandth of an interval that a clock is said to run on behind its last pulse), and each jump has its break.
"""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simulated_clocks import Jump, Setting, Simulated, frame_times, simulate

from neurochain.timeline.clocks.clockfit import ClockFit
from neurochain.timeline.clocks.fitting import BEHIND, fit_clock

NINETEEN_SEVENTY = 1_763_820_000.25
SECTION = 80  # pulses between jumps: some 50 of them are pairs, so that a line through them averages jitter


def check(simulated: Simulated, fit: ClockFit) -> None:
    """The bound above."""
    setting = simulated.setting
    bound = max(setting.jitter, 4 * np.spacing(abs(setting.zero) + 1000))
    device = np.linspace(fit.device[0], fit.device[-1], 5001)
    device = device[fit.map.known(device)]
    truth = simulated.truth(device)
    was = ~np.isnan(truth)  # where its clock jumped ahead a device has no times
    assert np.abs(fit.map(device) - truth)[was].max() < bound
    assert len(fit.breaks) == len(setting.jumps)
    for jump, at in zip(fit.breaks, simulated.jumps_at, strict=True):
        assert jump.start - BEHIND * setting.interval <= at <= jump.end
    if setting.jumps:
        known = len(device) / 5001
        skipped = sum(j.jumps_ahead for j in setting.jumps) / (fit.device[-1] - fit.device[0])
        assert known > 1 - skipped - 20 * len(setting.jumps) * setting.interval / (
            fit.device[-1] - fit.device[0]
        )
    true = simulated.partners & set(zip(fit.device.tolist(), fit.common.tolist(), strict=True))
    assert len(true) > 0.9 * fit.n_pairs
    assert len(true) > 0.9 * len(simulated.partners) - 20 * len(setting.jumps)
    back = fit.map.inverse()(fit.map(device))
    assert np.abs(back - device).max() < max(1e-9, 4 * np.spacing(abs(setting.zero) + abs(setting.offset)))


@st.composite
def drawn(draw: st.DrawFn, jumps: int = 3) -> Setting:
    """All that may go wrong at once."""
    interval = 10 ** draw(st.floats(-2, 1))
    zero = draw(st.sampled_from([0.0, 0.0, NINETEEN_SEVENTY]))
    jitter = interval * 10 ** draw(st.floats(-5, -2))
    least = 40 * max(jitter, 1e-6 if zero else 0)
    apart = [draw(st.integers(SECTION, 300)) for _ in range(draw(st.integers(0, jumps)))]
    n_pulses = sum(apart) + draw(st.integers(SECTION, 300))
    sizes = st.tuples(st.sampled_from(["stall", "ahead", "restart"]), st.floats(0, 1))
    found = []
    for at in np.cumsum(apart):
        kind, share = draw(sizes)
        size = least * (50 * interval / least) ** share
        still, ahead = {"stall": (size, 0.0), "ahead": (0.0, 5 * size), "restart": (2 * size, 5 * size)}[kind]
        found.append(Jump(float(at * interval), still, ahead))
    return Setting(
        offset=draw(st.floats(-500, 500)),
        drift_ppm=draw(st.sampled_from([-1, 1])) * 10 ** draw(st.floats(0.7, 2.9)),
        jitter=jitter,
        lost=draw(st.floats(0, 0.2)),
        spurious=draw(st.floats(0, 0.2)),
        n_pulses=n_pulses
        + int(sum(j.stands_still for j in found) / interval),  # what it does not see meanwhile
        interval=interval,
        irregular=draw(st.floats(0.2, 0.9)),
        jumps=tuple(found),
        zero=zero,
        seed=draw(st.integers(0, 10**6)),
    )


# Derandomised: pulses that lie by chance where the wrong side of a jump would have them make a wrong map once in ten thousand.
@settings(max_examples=30, derandomize=True)
@given(drawn())
def test_irregular_pulses_whatever_goes_wrong(setting: Setting) -> None:
    simulated = simulate(setting)
    check(simulated, fit_clock(simulated.device, simulated.common))


@settings(max_examples=25, derandomize=True)
@given(drawn(jumps=0), st.floats(-0.35, 0.35), st.floats(-3, -1.7))
def test_regular_pulses_of_which_the_offset_is_said(setting: Setting, off: float, jitter: float) -> None:
    setting = Setting(**{**vars(setting), "irregular": 0.0, "jitter": setting.interval * 10**jitter})
    simulated = simulate(setting)
    first = simulated.device[0]
    said = simulated.truth(simulated.device[:1])[0] - first + off * setting.interval
    check(simulated, fit_clock(simulated.device, simulated.common, offset=said))


@pytest.mark.parametrize("seed", range(6))
def test_regular_pulses_with_jumps_of_which_each_offset_is_said(seed: int) -> None:
    jumps = (Jump(150.2, stands_still=7.37), Jump(400.4, stands_still=3.4, jumps_ahead=60.0))
    simulated = simulate(Setting(irregular=0.0, jumps=jumps, seed=seed, n_pulses=700))
    starts = [0.0, *(simulated.edges[1:] + simulated.ahead[1:])]
    said = {s + 0.5: float(simulated.truth(np.array([s + 0.5]))[0]) - (s + 0.5) + 0.2 for s in starts}
    check(simulated, fit_clock(simulated.device, simulated.common, offset=said))


@pytest.mark.parametrize("drift", [5, -50, 200])
@pytest.mark.parametrize("jitter", [1e-5, 1e-3, 2e-2])
def test_three_hours_at_one_hertz(drift: float, jitter: float) -> None:
    simulated = simulate(Setting(n_pulses=10_800, drift_ppm=drift, jitter=jitter))
    fit = fit_clock(simulated.device, simulated.common)
    check(simulated, fit)
    assert fit.map.kind == "affine"
    assert fit.drift_ppm == pytest.approx(drift, abs=jitter * 1e6 / 10_800 * 0.2)
    # A sample of 30 kHz is meant, of the hours' last as of the first.
    assert fit.uncertainty(float(fit.device[-1])) < jitter / 20


@pytest.mark.parametrize("amplitude", [1.0, 5.0])
def test_drift_that_changes_is_followed(amplitude: float) -> None:
    simulated = simulate(Setting(n_pulses=7200, wander_ppm=amplitude, wander_period=3600.0))
    fit = fit_clock(simulated.device, simulated.common)
    check(simulated, fit)
    assert fit.map.kind == "piecewise"
    assert 3 < len(fit.map.device) < 80  # jitter is averaged, not followed
    straight = fit_clock(simulated.device, simulated.common, kind="affine", tolerance=0.05)
    device = np.linspace(fit.device[0], fit.device[-1], 1000)
    truth = simulated.truth(device)
    assert np.abs(straight.map(device) - truth).max() > 2 * np.abs(fit.map(device) - truth).max()


def test_exposures_of_a_camera_that_drops_frames() -> None:
    setting = Setting(interval=1 / 60, irregular=0.0, n_pulses=60_000, lost=0.01, spurious=0.0, jitter=2e-4)
    simulated = simulate(setting)
    check(simulated, fit_clock(simulated.device, simulated.common, offset=12.3))


@pytest.mark.long
def test_three_hours_of_exposures() -> None:
    setting = Setting(interval=1 / 60, irregular=0.0, n_pulses=650_000, lost=0.01, spurious=0.0, jitter=1e-3)
    simulated = simulate(setting)
    check(simulated, fit_clock(simulated.device, simulated.common, offset=12.3))


def test_frames_of_a_camera_that_stalls() -> None:
    """Frames between the pulses are mapped as well as the pulses."""
    setting = Setting(jumps=(Jump(200.2, stands_still=2.5), Jump(410.7, stands_still=0.3)), jitter=5e-4)
    simulated = simulate(setting)
    fit = fit_clock(simulated.device, simulated.common)
    stamps, truth = frame_times(simulated, 30.0)
    inside = fit.map.known(stamps) & (stamps > fit.device[0]) & (stamps < fit.device[-1])
    assert np.abs(fit.map(stamps[inside]) - truth[inside]).max() < setting.jitter
    assert inside.mean() > 0.95


def test_pulses_without_any_jitter() -> None:
    simulated = simulate(Setting(jitter=0.0, jumps=(Jump(300.0, stands_still=1.25),)))
    fit = fit_clock(simulated.device, simulated.common)
    assert np.abs(fit.residuals).max() < 1e-9
    assert fit.breaks[0].seconds == pytest.approx(
        1.25 + (fit.breaks[0].end - fit.breaks[0].start) * 50e-6, abs=1e-6
    )


def test_a_cable_that_was_out_is_no_jump() -> None:
    simulated = simulate(Setting(n_pulses=3000))
    common = simulated.common[(simulated.common < 1000) | (simulated.common > 1500)]
    device = simulated.device[(simulated.device < 2000) | (simulated.device > 2200)]
    fit = fit_clock(device, common)
    assert fit.map.kind == "affine"
    regular = simulate(Setting(n_pulses=3000, irregular=0.0))
    common = regular.common[(regular.common < 1000) | (regular.common > 1300)]
    fit = fit_clock(regular.device, common, offset=12.3)
    assert fit.map.kind == "affine"
    assert fit.drift_ppm == pytest.approx(50, abs=0.2)


def test_one_side_has_recorded_for_longer() -> None:
    simulated = simulate(Setting(n_pulses=2000))
    device = simulated.device[(simulated.device > 1080) & (simulated.device < 1230)]
    for a, b, offset in ((device, simulated.common, 12.3), (simulated.common, device, -12.3)):
        fit = fit_clock(a, b)
        assert fit.offset == pytest.approx(offset, abs=0.15)
        assert fit.n_pairs > 80


@pytest.mark.long
@settings(max_examples=2000, derandomize=True, phases=(Phase.generate,))  # shrinking one takes minutes
@given(drawn(jumps=4))
def test_thousands_of_simulations(setting: Setting) -> None:
    simulated = simulate(setting)
    check(simulated, fit_clock(simulated.device, simulated.common))
