"""Curves through pairs, against NumPy's least squares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.timeline.clocks.regression import choose
from neurochain.timeline.clocks.tracking import mutual, nearest
from neurochain.timeline.clocks.tridiagonal import Tridiagonal


@given(st.integers(1, 30), st.integers(0, 1000))
def test_tridiagonal_is_the_dense_matrix(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    beside = rng.uniform(-1, 1, n - 1)
    dense = np.diag(rng.uniform(2.5, 4, n)) + np.diag(beside, 1) + np.diag(beside, -1)
    found, right = Tridiagonal(np.diag(dense), beside), rng.normal(size=n)
    assert np.allclose(found.solve(right), np.linalg.solve(dense, right))
    diagonal, shared = found.inverse()
    assert np.allclose(diagonal, np.diag(np.linalg.inv(dense)))
    assert np.allclose(shared, np.diag(np.linalg.inv(dense), 1))


def test_one_line_is_least_squares() -> None:
    rng = np.random.default_rng(2)
    x = np.sort(rng.uniform(0, 1000, 500))
    z = (
        0.3 + 5e-5 * x + rng.uniform(-1e-3, 1e-3, 500)
    )  # no tails: Huber's estimate is nearly that of least squares
    curve = choose(x, z, np.zeros(500, np.int64), 1e-12)
    (slope, level), covariance = np.polyfit(x, z, 1, cov=True)
    assert curve.parallel
    assert curve.drift == pytest.approx(slope, rel=1e-9)
    assert curve.drift_variance == pytest.approx(covariance[0, 0], rel=1e-6)
    assert curve.values == pytest.approx(level + slope * curve.knots, abs=1e-12)
    expected = [covariance[0, 0] * k**2 + 2 * covariance[0, 1] * k + covariance[1, 1] for k in (x[0], x[-1])]
    assert curve.variance == pytest.approx(expected, rel=1e-6)
    assert curve.late(np.array([-500.0, 2000.0]), 0) == pytest.approx(
        [level - 500 * slope, level + 2000 * slope]
    )


def test_lines_between_knots_are_least_squares() -> None:
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(0, 1000, 800))
    z = 2e-3 * np.sin(x / 120) + rng.uniform(-1e-4, 1e-4, 800)
    curve = choose(x, z, np.zeros(800, np.int64), 1e-12)
    knots = curve.knots
    hats = np.stack([np.interp(x, knots, row) for row in np.eye(len(knots))], axis=1)
    values, (rss,), *_ = np.linalg.lstsq(hats, z, rcond=None)
    assert curve.values == pytest.approx(values, abs=2e-6)
    spread = rss / (800 - len(knots)) * np.linalg.inv(hats.T @ hats)
    assert curve.variance == pytest.approx(np.diag(spread), rel=0.1)
    assert curve.covariance == pytest.approx(np.diag(spread, 1), rel=0.1)
    assert np.abs(curve.late(x, 0) - 2e-3 * np.sin(x / 120)).max() < 1e-4


@pytest.mark.parametrize("n", [400, 60_000])
def test_sections_share_one_slope(n: int) -> None:
    rng = np.random.default_rng(4)
    x = np.sort(rng.uniform(0, 1000, n))
    section = (x > 300).astype(np.int64) + (x > 350)
    z = np.array([0.0, 5.0, -3.0])[section] + 7e-5 * x + rng.normal(0, 1e-3, n)
    curve = choose(x, z, section, 1e-12)
    assert curve.parallel
    assert curve.drift == pytest.approx(7e-5, abs=4 * np.sqrt(curve.drift_variance))
    assert len(curve.knots) == 6
    assert curve.knots[[0, -1]].tolist() == [x[0], x[-1]]


def test_means_of_many_pairs_are_known_as_well() -> None:
    rng = np.random.default_rng(5)
    x = np.sort(rng.uniform(0, 1000, 100_000))
    z = 1e-5 * x + rng.normal(0, 1e-3, 100_000)
    curve = choose(x, z, np.zeros(100_000, np.int64), 1e-12)
    _, covariance = np.polyfit(x, z, 1, cov=True)
    assert curve.drift_variance == pytest.approx(covariance[0, 0], rel=0.05)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=30).map(sorted),
    st.lists(st.floats(-5, 105), min_size=1, max_size=30).map(sorted),
)
def test_each_pulse_has_one_partner_and_each_partner_one_pulse(
    common: list[float], times: list[float]
) -> None:
    pulses, expected = np.array(common), np.array(times)
    partner = nearest(pulses, expected)
    away = pulses[partner] - expected
    assert np.abs(away) == pytest.approx(np.abs(pulses[None, :] - expected[:, None]).min(axis=1))
    pairs = mutual(partner, away, np.abs(away) < 3.0)
    assert len(set(partner[pairs].tolist())) == len(pairs)
    for i in np.flatnonzero(np.abs(away) < 3.0):
        rivals = pairs[partner[pairs] == partner[i]]
        assert len(rivals) == 1
        assert abs(away[rivals[0]]) <= abs(away[i])
