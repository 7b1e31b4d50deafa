"""Maps between clocks: they increase, and are undone by their inverses."""

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import FormatError
from neurochain.timeline.clocks.clockmap import ClockMap

NINETEEN_SEVENTY = 1_763_820_000.25


@st.composite
def maps(
    draw: st.DrawFn, breaks: bool = True, zeros: tuple[float, ...] = (0.0, -50.0, NINETEEN_SEVENTY)
) -> ClockMap:
    """Any map that clocks may have: rates near 1, jumps of any size."""
    n = draw(st.integers(1, 6))
    rates = [1 + draw(st.floats(-1000, 1000)) * 1e-6 for _ in range(n + 1)]
    steps = [draw(st.floats(1, 5000)) for _ in range(n - 1)]
    jumped = [k for k in range(n - 1) if breaks and draw(st.booleans())]
    device, common = [draw(st.sampled_from(zeros))], [draw(st.sampled_from(zeros)) + draw(st.floats(-10, 10))]
    for k, step in enumerate(steps):
        device.append(device[-1] + step)
        common.append(common[-1] + (draw(st.floats(0.5, 9000)) if k in jumped else step * rates[k + 1]))
    return ClockMap(tuple(device), tuple(common), (rates[0], rates[-1]), tuple(jumped))


@given(maps(), st.floats(-100, 20_000), st.sampled_from([0.1, 30.0, 30_000.0]))
def test_map_then_inverse_is_the_time_within_half_a_sample(
    found: ClockMap, since: float, rate: float
) -> None:
    device = found.device[0] + since
    common = found(device)
    if math.isnan(common):
        assert not found.known(device)
        return
    back = found.inverse()(common)
    assert abs(back - device) < 0.5 / rate
    assert abs(back - device) <= 4 * (math.ulp(device) + math.ulp(common))
    assert abs(found.then(found.inverse())(device) - device) < 0.5 / rate


@given(maps(), st.lists(st.floats(-1e5, 1e5), min_size=2, max_size=20))
def test_maps_increase(found: ClockMap, since: list[float]) -> None:
    device = found.device[0] + np.sort(since)
    common = found(device)
    known = common[~np.isnan(common)]
    assert (np.diff(known) >= 0).all()
    assert np.array_equal(found.known(device), ~np.isnan(common))
    assert np.array_equal([found(float(t)) for t in device], common, equal_nan=True)


@given(maps())
def test_knots_are_kept_and_breaks_are_half_open(found: ClockMap) -> None:
    for k, (device, common) in enumerate(zip(found.device, found.common, strict=True)):
        if k in found.breaks:
            assert math.isnan(found(device))
            assert not found.known(device)
        else:
            assert found(device) == common
    for k in set(found.breaks) - {b + 1 for b in found.breaks}:
        assert found(math.nextafter(found.device[k], -math.inf)) == pytest.approx(found.common[k], abs=1e-6)
    assert found.inverse().inverse().device == found.device
    assert found.inverse().inverse()(found.device[0] - 7) == pytest.approx(
        found(found.device[0] - 7), abs=1e-6
    )


@given(maps(), maps(zeros=(0.0, 100.0)), st.lists(st.floats(-100, 20_000), min_size=1, max_size=20))
def test_one_map_after_another(first: ClockMap, second: ClockMap, since: list[float]) -> None:
    both = first.then(second)
    device = np.array(first.device[0] + np.array(since))
    step_by_step = second(first(device))
    at_once = both(device)
    # Where a knot lies as near as rounding, one may say that it is known and the other not.
    knots = np.array(both.device)
    clear = np.abs(device[:, None] - knots).min(axis=1) > 1e-5
    assert np.array_equal(np.isnan(step_by_step[clear]), np.isnan(at_once[clear]))
    known = clear & ~np.isnan(at_once)
    assert np.allclose(step_by_step[known], at_once[known], rtol=0, atol=4e-6)


@given(maps(), st.floats(-100, 20_000), st.floats(0, 500), st.lists(st.floats(-200, 21_000), max_size=30))
def test_a_span_holds_what_maps_into_it(
    found: ClockMap, since: float, length: float, others: list[float]
) -> None:
    start = found.common[0] + since
    first, last = found.span(start, start + length)
    assert first <= last
    device = found.device[0] + np.array([*others, 0.0])
    device = np.append(device, [*found.device, first, last])
    common = found(device)
    near = np.minimum(np.abs(common - start), np.abs(common - start - length)) < 2e-6
    known = ~np.isnan(common) & ~near
    inside = (device >= first) & (device < last)
    assert np.array_equal(inside[known], ((common >= start) & (common < start + length))[known])


@given(maps(), st.lists(st.floats(-100, 20_000), min_size=3, max_size=3))
def test_spans_tile_but_for_breaks(found: ClockMap, since: list[float]) -> None:
    a, b, c = (found.common[0] + s for s in sorted(since))
    before, behind = found.span(a, b), found.span(b, c)
    assert before[1] <= max(behind[0], before[0])
    if found.inverse().known(b):
        assert before[1] == behind[0]


def test_spans_at_a_break() -> None:
    found = ClockMap.piecewise([0, 10, 11, 21], [5, 15, 18, 28], breaks=[1])
    assert found.span(15.5, 17.5) == (11.0, 11.0)
    assert found.span(14.0, 15.0) == (9.0, 10.0)
    assert found.span(15.0, 18.0) == (11.0, 11.0)
    assert found.span(14.0, 19.0) == (9.0, 12.0)
    with pytest.raises(ValueError, match="both must be times"):
        found.span(math.nan, 1.0)


def test_200_ppm_since_1970_lose_nothing() -> None:
    found = ClockMap.affine(1 + 200e-6, offset=-NINETEEN_SEVENTY, at=NINETEEN_SEVENTY)
    for hours in (1, 24, 1000):
        assert found(NINETEEN_SEVENTY + 3600.0 * hours) == pytest.approx(
            3600 * hours * (1 + 200e-6), abs=2.5e-7
        )
    assert found.drift_ppm == pytest.approx(200, abs=1e-9)


def test_kinds() -> None:
    assert ClockMap.identity().kind == "identity"
    assert ClockMap.identity()(0.1) == 0.1
    assert ClockMap.offset(3.0).kind == "offset"
    assert ClockMap.offset(3.0)(2.0) == 5.0
    assert ClockMap.affine(1.5, 2.0).kind == "affine"
    assert ClockMap.affine(1.5, 2.0)(2.0) == 5.0
    assert ClockMap.piecewise([0, 1], [0, 2]).kind == "piecewise"
    assert ClockMap((0.0,), (0.0,), (1.0, 2.0)).kind == "piecewise"
    assert ClockMap.identity().then(ClockMap.identity()).kind == "identity"
    assert ClockMap.offset(3.0).then(ClockMap.offset(-3.0)).kind == "identity"
    found = ClockMap.piecewise([0, 10, 20], [0, 10.001, 20.004])
    assert ClockMap.identity().then(found)(15.0) == found(15.0)
    assert found.drift_ppm == pytest.approx(200)
    assert found.slopes == (pytest.approx(1.0001), pytest.approx(1.0003))
    assert ClockMap.piecewise([0, 10, 20, 30], [0, 10, 50, 60.002], breaks=[1]).drift_ppm == pytest.approx(
        100
    )
    assert ClockMap.piecewise([0, 10], [0, 30], breaks=[0]).slopes == (1.0, 1.0)


def test_what_they_look_like() -> None:
    assert repr(ClockMap.identity()) == "<ClockMap identity>"
    assert repr(ClockMap.offset(-3.5)) == "<ClockMap offset: -3.500000 s>"
    found = ClockMap.piecewise([0, 10, 11, 21], [5, 15, 18, 28], breaks=[1])
    assert repr(found) == "<ClockMap piecewise: 4 knots, 1 jump, +0.000 ppm>"
    assert pickle.loads(pickle.dumps(found)) == found
    assert hash(pickle.loads(pickle.dumps(found))) == hash(found)


@pytest.mark.parametrize(
    ("device", "common", "slopes", "breaks"),
    [
        ((), (), (1.0, 1.0), ()),
        ((0.0,), (0.0, 1.0), (1.0, 1.0), ()),
        ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), ()),
        ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0), ()),
        ((0.0, math.nan), (0.0, 1.0), (1.0, 1.0), ()),
        ((0.0, 1.0), (0.0, math.inf), (1.0, 1.0), ()),
        ((0.0,), (0.0,), (0.0, 1.0), ()),
        ((0.0,), (0.0,), (1.0, -1.0), ()),
        ((0.0,), (0.0,), (1.0, math.nan), ()),
        ((0.0,), (0.0,), (1.0,), ()),
        ((0.0, 1.0), (0.0, 1.0), (1.0, 1.0), (1,)),
        ((0.0, 1.0), (0.0, 1.0), (1.0, 1.0), (-1,)),
        ((0.0, 1.0), (0.0, 1.0), (1.0, 1.0), (0, 0)),
        ((-1e308, 1e308), (0.0, 1.0), (1.0, 1.0), ()),
        ((0.0, 5e-324), (0.0, 1e300), (1.0, 1.0), ()),
    ],
)
def test_what_does_not_increase_is_refused(
    device: object, common: object, slopes: object, breaks: object
) -> None:
    with pytest.raises(ValueError, match="ClockMap"):
        ClockMap(device, common, slopes, breaks)  # type: ignore[arg-type]
    fields = {"device": device, "common": common, "slopes": slopes, "breaks": breaks}
    with pytest.raises(FormatError, match="clock map"):
        ClockMap.from_json(fields)


@given(maps())
def test_json_and_back(found: ClockMap) -> None:
    assert ClockMap.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(maps(), st.sampled_from(["device", "common", "slopes", "breaks", None]), anything)
def test_any_json_is_a_map_or_refused(found: ClockMap, key: str | None, value: object) -> None:
    fields: object = value if key is None else {**found.to_json(), key: value}
    try:
        again = ClockMap.from_json(fields)
    except FormatError:
        return
    assert ClockMap.from_json(again.to_json()) == again


@pytest.mark.parametrize("key", ["device", "common", "slopes", "breaks"])
def test_a_missing_field_is_named(key: str) -> None:
    fields = ClockMap.offset(1.0).to_json()
    del fields[key]
    with pytest.raises(FormatError, match=f"the field '{key}' is missing"):
        ClockMap.from_json(fields)
