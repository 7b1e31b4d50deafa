"""What a fit says: errors that tell what to do, reports, JSON."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_clocks import Jump, Setting, simulate

from neurochain.errors import FormatError, ShapeError
from neurochain.timeline.clocks.clockfit import ClockFit
from neurochain.timeline.clocks.fitting import fit_clock

JUMPED = simulate(Setting(jumps=(Jump(200.2, stands_still=2.5),)))
FIT = fit_clock(JUMPED.device, JUMPED.common)
REGULAR = simulate(Setting(irregular=0.0))


def test_regular_pulses_are_never_guessed() -> None:
    with pytest.raises(FormatError, match="several offsets pair about as many") as found:
        fit_clock(REGULAR.device, REGULAR.common)
    said = str(found.value)
    assert 'offset="first"' in said
    assert "more. Which one is meant" in said
    candidates = [float(part.split(" s (")[0].split()[-1]) for part in said.split(" pairs)")[:-1]]
    assert np.diff(candidates) == pytest.approx(1.0, abs=0.01)
    fits = [fit_clock(REGULAR.device, REGULAR.common, offset=c) for c in candidates]
    assert [f.offset for f in fits] == pytest.approx(candidates, abs=0.01)
    with pytest.raises(
        FormatError, match=r"lies between two alignments that are as good, .* Say it more exactly"
    ):
        fit_clock(REGULAR.device, REGULAR.common, offset=12.8)


def test_the_first_pulses_may_be_said_to_be_one() -> None:
    common = 100.0 + np.arange(300.0)
    device = (common - 100.0) * (1 - 30e-6)
    fit = fit_clock(device, common, offset="first")
    assert fit.offset == pytest.approx(100.0, abs=1e-6)
    assert fit.n_pairs == 300
    with pytest.raises(FormatError, match="several offsets"):
        fit_clock(device, common)


def test_a_sequence_that_repeats_is_not_guessed() -> None:
    """Trials drawn with one seed in each block: the pulses of one block fit to every block."""
    rng = np.random.default_rng(0)
    block = np.cumsum(rng.uniform(1, 3, 100))
    common = np.concatenate([block, 400 + block, 900 + block])
    with pytest.raises(FormatError, match=r"400\.\d+ s \(\d+ pairs\), 900\.\d+ s"):
        fit_clock(block, common)
    assert fit_clock(block, common, offset=410.0).offset == pytest.approx(400.0)
    assert fit_clock(common, common).offset == pytest.approx(0.0)


def test_regular_pulses_behind_a_jump_need_an_offset_of_their_own() -> None:
    jumped = simulate(Setting(irregular=0.0, jumps=(Jump(300.2, stands_still=4.37),)))
    with pytest.raises(
        FormatError, match=r"the pulses behind a jump, from 30\d\.\d+ s of the device on.*offset={30"
    ):
        fit_clock(jumped.device, jumped.common, offset=12.3)
    fit = fit_clock(jumped.device, jumped.common, offset={0.0: 12.3, 301.0: 16.7})
    assert fit.breaks[0].seconds == pytest.approx(4.37, abs=0.01)


def test_too_few_pulses() -> None:
    with pytest.raises(
        ShapeError, match=r"3 pulses of the device and 10 of the common clock are too few: 6 .*piecewise"
    ):
        fit_clock([1.0, 2.0, 4.0], np.arange(10.0))
    with pytest.raises(ShapeError, match="all pulses of one side have the same time"):
        fit_clock(np.ones(10), np.arange(10.0))


def test_pulses_that_do_not_agree() -> None:
    rng = np.random.default_rng(0)
    device, common = (np.sort(rng.uniform(0, 100, 100)) for _ in range(2))
    with pytest.raises(
        FormatError, match=r"do not agree: at the best offset \d+ of \d+ successive ones have a partner"
    ):
        fit_clock(device, common)


def test_a_clock_that_goes_back() -> None:
    with pytest.raises(FormatError, match=r"device pulses must ascend: number 6 .*two streams"):
        fit_clock([0.0, 1.0, 2.5, 3.0, 4.5, 6.0, 0.5, 1.0], np.arange(10.0))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"kind": "spline"}, "choose 'auto'"),
        ({"tolerance": 0.0}, "positive number"),
        ({"tolerance": float("nan")}, "positive number"),
        ({"most_drift_ppm": 0.0}, "is positive"),
        ({"offset": "last"}, "or 'first'"),
        ({"offset": float("nan")}, "give seconds"),
        ({"offset": {}}, "give seconds"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        fit_clock(JUMPED.device, JUMPED.common, **arguments)


def test_kinds_that_are_said() -> None:
    simulated = simulate(Setting(drift_ppm=0.0))
    fit = fit_clock(simulated.device, simulated.common, kind="offset")
    assert fit.map.slopes == (1.0, 1.0)
    assert (fit.drift_ppm, fit.drift_interval) == (0.0, (0.0, 0.0))
    assert fit.uncertainty(0.0) == pytest.approx(fit.uncertainty(1e6))
    assert fit_clock(simulated.device, simulated.common, kind="piecewise").map.kind == "piecewise"
    affine = fit_clock(simulated.device, simulated.common, kind="affine")
    assert affine.map.kind == "affine"
    assert affine.uncertainty(1e6) > 100 * affine.uncertainty(300.0)
    assert fit_clock(
        JUMPED.device, JUMPED.common, kind="offset", tolerance=0.02
    ).map.drift_ppm == pytest.approx(0, abs=1e-6)


def test_tolerance_is_kept() -> None:
    simulated = simulate(Setting(jitter=5e-3))
    fit = fit_clock(simulated.device, simulated.common, tolerance=0.01)
    assert fit.worst <= 0.0101
    assert fit.n_pairs < fit_clock(simulated.device, simulated.common).n_pairs


def test_what_it_says() -> None:
    assert repr(FIT).startswith("<ClockFit +12.3")
    assert " ppm (95 %: +" in repr(FIT)
    assert repr(FIT).endswith(
        f"{FIT.n_pairs} of {FIT.n_device} pulses paired, 1 jump of 2.50 s at {FIT.breaks[0].start:.1f} s>"
    )
    lines = FIT.lines("video", "ephys")
    assert lines[0].startswith("video -> ephys: +12.3")
    assert f"{FIT.device_only} of {FIT.n_device} pulses of video" in lines[1]
    assert lines[2].startswith("residuals: ")
    assert lines[3].startswith("jump of 2.50 s between ")
    assert FIT.n_pairs + FIT.common_only == FIT.n_common
    assert FIT.uncertainty(200.2) == np.inf
    assert FIT.uncertainty(np.array([100.0, 200.2]))[0] == FIT.uncertainty(100.0) < 1e-3
    assert FIT.rms == pytest.approx(np.sqrt(np.mean((FIT.common - FIT.map(FIT.device)) ** 2)))
    with pytest.raises(ValueError, match="read-only"):
        FIT.residuals[0] = 0.0


def same(one: ClockFit, other: ClockFit) -> bool:
    return one.to_json() == other.to_json() and np.array_equal(one.residuals, other.residuals)


def test_json_and_pickle_and_back() -> None:
    found = json.loads(json.dumps(FIT.to_json(), allow_nan=False))
    assert same(ClockFit.from_json(found), FIT)
    assert same(pickle.loads(pickle.dumps(FIT)), FIT)
    many = simulate(Setting(n_pulses=10_000))
    fit = fit_clock(many.device, many.common)
    again = ClockFit.from_json(json.loads(json.dumps(fit.to_json())))
    assert fit.to_json()["pairs"] is None
    assert len(again.device) == len(again.residuals) == 0
    assert repr(again) == repr(fit)
    assert again.map == fit.map
    assert again.uncertainty(77.0) == fit.uncertainty(77.0)
    assert len(json.dumps(fit.to_json())) < 2000


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
PATHS = [(k,) for k in FIT.to_json()] + [(a, b) for a in ("map", "band", "pairs") for b in FIT.to_json()[a]]


@given(st.sampled_from(PATHS), anything, st.booleans())
def test_any_json_is_a_fit_or_refused(path: tuple[str, ...], value: object, missing: bool) -> None:
    found = json.loads(json.dumps(FIT.to_json()))
    inside = found if len(path) == 1 else found[path[0]]
    inside[path[-1]] = value
    if missing:
        del inside[path[-1]]
    try:
        again = ClockFit.from_json(found)
    except FormatError:
        return
    assert again.to_json()["n_pairs"] == FIT.n_pairs or path == ("n_pairs",)
    assert repr(again)


@given(anything)
def test_json_of_something_else_is_refused(value: object) -> None:
    with pytest.raises(FormatError, match="clock"):
        ClockFit.from_json(value)
