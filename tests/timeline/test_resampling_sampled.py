"""Values at other times: as numpy and scipy have them between samples, and none where there is nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import interp1d

from neurochain.errors import ShapeError
from neurochain.timeline.resampling.picks import picks, sampled

METHODS = ["nearest", "previous", "linear"]

irregular = st.lists(st.integers(0, 40), min_size=1, max_size=12).map(sorted)
regular = st.lists(st.integers(0, 40), min_size=2, max_size=12, unique=True).map(sorted)
anywhere = st.lists(st.integers(-8, 200).map(lambda k: k / 4), max_size=30)


def looked_up(times, at, method, longest_gap, end, period):
    """Sample before, share of the one behind, or None where there is no value: one time after the other, as it is written."""
    if period is None:
        period = float(np.median(np.diff(times))) if len(times) > 1 else 0
    found = []
    for t in at:
        so_far = [k for k, known in enumerate(times) if known <= t]
        if not so_far or (end is not None and t >= end):
            found.append(None)
            continue
        k = so_far[-1]
        last = k == len(times) - 1
        alone = last or (longest_gap is not None and times[k + 1] - times[k] > longest_gap)
        since = t - times[k]
        if since == 0:
            found.append((k, 0))
        elif method == "previous":
            holds = end - times[k] if last and end is not None else period
            found.append(None if alone and since >= holds else (k, 0))
        elif method == "nearest" and alone:
            found.append(None if since > period / 2 else (k, 0))
        elif method == "nearest":
            found.append((k + 1, 0) if times[k + 1] - t < since else (k, 0))
        else:
            found.append(None if alone else (k, since / (times[k + 1] - times[k])))
    return found


@given(
    irregular,
    anywhere,
    st.sampled_from(METHODS),
    st.none() | st.integers(1, 10),
    st.none() | st.integers(0, 8),
    st.none() | st.integers(1, 6),
)
def test_each_time_gets_what_it_should(times, at, method, longest_gap, beyond, period):
    end = None if beyond is None else times[-1] + beyond
    values = np.arange(len(times)) * 10.0 + 100
    found, mask = sampled(values, times, at, method, longest_gap, end, period)
    expected = looked_up(times, at, method, longest_gap, end, period)
    assert mask.tolist() == [e is not None for e in expected]
    for value, e in zip(found, expected, strict=True):
        if e is None:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(values[e[0]] + 10 * e[1])


@given(regular, anywhere)
def test_it_agrees_with_numpy_and_scipy(times, at):
    values = np.random.default_rng(0).normal(size=(len(times), 2))
    there = [t for t in at if times[0] <= t <= times[-1]]
    found, mask = sampled(values, times, there, "linear")
    assert mask.all()
    for k in range(2):
        np.testing.assert_allclose(found[:, k], np.interp(there, times, values[:, k]), rtol=1e-12, atol=1e-12)
    for method in ("nearest", "previous"):
        expected = interp1d(times, values, kind=method, axis=0)(there)
        np.testing.assert_array_equal(sampled(values, times, there, method)[0], expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rate", [3, 10, 29.97, 1000])
def test_what_rounding_makes_of_a_time_is_the_same_sample(method, rate):
    times = np.arange(500) / rate + 1e5
    at = np.nextafter(times, np.where(np.arange(500) % 2, np.inf, -np.inf))
    values = np.arange(500)
    found, mask = sampled(values, times, at, method)
    assert mask.all()
    np.testing.assert_allclose(found, values, atol=1e-6)
    assert (found == values).all() or method == "linear"


@pytest.mark.parametrize(
    ("dtype", "linear", "nothing"),
    [
        ("i2", "f8", 0),
        ("u1", "f8", 0),
        ("i8", "f8", 0),
        ("?", "f8", False),
        ("f2", "f8", np.nan),
        ("f4", "f4", np.nan),
        ("f8", "f8", np.nan),
        ("c8", "c8", np.nan),
        ("U5", None, ""),
        ("M8[s]", None, np.datetime64("NaT")),
    ],
)
def test_dtypes(dtype, linear, nothing):
    values = np.array([1, 0, 1]).astype(dtype if dtype != "M8[s]" else "i8").astype(dtype)
    for method in ("nearest", "previous"):
        found, mask = sampled(values, [0, 1, 2], [-1, 0, 2], method)
        assert (found.dtype, mask.tolist()) == (np.dtype(dtype), [False, True, True])
        np.testing.assert_array_equal(found, np.array([nothing, values[0], values[2]], dtype))
    if linear is None:
        with pytest.raises(TypeError, match="there are none"):
            sampled(values, [0, 1, 2], [0.5], "linear")
    else:
        found, _ = sampled(values, [0, 1, 2], [0.5, 9], "linear")
        assert found.dtype == linear
        assert found[0] == 0.5
        assert np.isnan(found[1])


def test_videos_and_volumes():
    frames = np.random.default_rng(0).integers(0, 255, (6, 4, 5, 3), np.uint8)
    found, mask = sampled(frames, np.arange(6) / 30, [0.0, 0.04, 0.1, 5.0])
    np.testing.assert_array_equal(found[:3], frames[[0, 1, 3]])
    assert not found[3].any()
    assert mask.tolist() == [True, True, True, False]
    volumes = np.random.default_rng(0).normal(size=(3, 4, 2, 5))
    found, mask = sampled(np.moveaxis(volumes, -1, 0), np.arange(5) * 2.0, [1.0, 7.5], "linear")
    np.testing.assert_allclose(found[0], (volumes[..., 0] + volumes[..., 1]) / 2)
    np.testing.assert_allclose(found[1], volumes[..., 3] / 4 + volumes[..., 4] * 3 / 4)
    assert mask.all()


def test_a_missing_neighbour_does_not_spoil_a_sample():
    found, mask = sampled(
        [1, np.nan, np.inf, np.inf, 2], np.arange(5) / 10, [0, 0.05, 0.25, 0.35, 0.4], "linear"
    )
    np.testing.assert_array_equal(found, [1, np.nan, np.inf, np.inf, 2])
    assert mask.all()


@given(irregular, anywhere, st.sampled_from(METHODS), st.none() | st.integers(1, 10))
def test_a_plan_says_what_must_be_read(times, at, method, longest_gap):
    values = np.random.default_rng(0).normal(size=(len(times), 3))
    plan = picks(times, at, method, longest_gap)
    expected, mask = sampled(values, times, at, method, longest_gap)
    spoilt = values.copy()
    spoilt[np.setdiff1d(np.arange(len(times)), plan.needed)] = np.nan
    first, last = plan.span
    assert (first, last) == ((plan.needed[0], plan.needed[-1] + 1) if mask.any() else (0, 0))
    found, same = plan.of(spoilt[first:last], first)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(same, mask)
    if last - first > 1:
        with pytest.raises(ShapeError, match="are needed"):
            plan.of(values[first : last - 1], first)


@given(st.integers(2, 60), st.integers(0, 59), st.sampled_from(METHODS))
def test_parts_agree_with_the_whole_where_the_period_is_said(count, cut, method):
    times = np.arange(count) / 8
    values = np.arange(count) ** 2
    at = np.arange(-8, count * 4 + 16) / 32
    cut = min(cut, count - 1)
    whole, mask = sampled(values, times, at, method, period=1 / 8)
    ahead, behind = at < times[cut], at >= times[cut]
    first, masked = sampled(values[: cut + 1], times[: cut + 1], at[ahead], method, period=1 / 8)
    second, masked_too = sampled(values[cut:], times[cut:], at[behind], method, period=1 / 8)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    np.testing.assert_array_equal(np.concatenate([masked, masked_too]), mask)


def test_without_samples_there_is_nothing():
    for method in METHODS:
        found, mask = sampled(np.zeros((0, 3), np.int16), [], [0, 1], method)
        assert found.shape == (2, 3)
        assert not mask.any()
        assert sampled([1.0], [5], [], method)[0].shape == (0,)
        found, mask = sampled([7.0], [5], [4.9, 5, 5.1], method)
        assert mask.tolist() == [False, True, False]
    found, mask = sampled([7], [5], [5.4, 5.6], "nearest", period=1)
    assert mask.tolist() == [True, False]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (([1, 2], [0], [0]), ShapeError, r"shape \(2,\) and times of shape \(1,\)"),
        ((1, 1, [0]), ShapeError, "first axis"),
        (([1, 2], [1, 0], [0]), ValueError, "ascend"),
        (([1, 2], [0, math.nan], [0]), ValueError, "row 1 is nan"),
        (([1, 2], [0, 1], [math.nan]), ValueError, "at: row 0 is nan"),
        (([1, 2], [0, 1], [0], "cubic"), ValueError, "'nearest', 'previous', 'linear'"),
        (([1, 2], [0, 1], [0], "linear", 0), ValueError, "longest_gap=0"),
        (([1, 2], [0, 1], [0], "linear", None, 0.5), ValueError, "last sample is at 1 s"),
        (([1, 2], [0, 1], [0], "linear", None, None, -1), ValueError, "period=-1"),
        ((["a", "b"], [0, 1], [0.5], "linear"), TypeError, "there are none"),
    ],
)
def test_what_cannot_be_is_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        sampled(*arguments)
