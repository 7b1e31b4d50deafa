"""Edges of pulses: what is found does not depend on how the signal is cut into blocks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import FormatError, ShapeError
from neurochain.timeline.clocks.edges import LOOK, pulse_edges


def cut(signal: np.ndarray, at: list[int]) -> list[np.ndarray]:
    return np.split(signal, sorted(a % (len(signal) + 1) for a in at))


@given(
    st.lists(st.integers(-3, 8), min_size=1, max_size=80),
    st.lists(st.integers(0, 80), max_size=6),
    st.sampled_from([0.0, 1.0, 2.5, 4.0]),
    st.sampled_from(["rising", "falling", "both"]),
    st.booleans(),
)
def test_as_a_loop_over_samples_finds_them(
    values: list[int], at: list[int], back: float, edge: str, between: bool
) -> None:
    signal = np.array(values, np.int16)
    found = pulse_edges(cut(signal, at), edge, threshold=3.0, hysteresis=back, interpolate=between)  # type: ignore[arg-type]
    expected = []
    for rising in (True, False):
        if edge not in ("both", "rising" if rising else "falling"):
            continue
        beyond = [v >= 3.0 if rising else v < 3.0 for v in values]
        armed = [v < 3.0 - back if rising else v >= 3.0 + back for v in values]
        state = beyond[0]
        for k in range(1, len(values)):
            if beyond[k] and not state:
                part = (3.0 - values[k - 1]) / (values[k] - values[k - 1]) - 1 if between else 0
                expected.append(k + part)
            state = beyond[k] or (state and not armed[k])
    assert found.tolist() == pytest.approx(sorted(expected))


@given(
    st.integers(0, 15),
    st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), max_size=4),
)
def test_bits_of_words(bit: int, words: list[int], at: list[int]) -> None:
    signal = np.array(words, np.uint16).view(np.int16)
    bits = [w >> bit & 1 for w in words]
    expected = [k for k in range(1, len(bits)) if bits[k] > bits[k - 1]]
    assert pulse_edges(cut(signal, at), bit=bit).tolist() == expected
    falling = [k for k in range(1, len(bits)) if bits[k] < bits[k - 1]]
    assert pulse_edges(cut(signal, at), "both", bit=bit).tolist() == sorted(expected + falling)


def pulses(
    n: int, every: int, width: int, low: float, high: float, noise: float, first: int = 500
) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(n)
    signal = np.full(n, low)
    at = list(range(first, n, every))
    for k in at:
        signal[k : k + width] = high
    return signal + rng.normal(0, noise, n), at


@pytest.mark.parametrize("size", [997, 65_536, 10**7])
def test_levels_are_found_in_noise(size: int) -> None:
    signal, at = pulses(400_000, 1000, 100, 0.2, 4.8, 0.3)
    blocks = np.array_split(signal, max(1, len(signal) // size))
    assert pulse_edges(blocks).tolist() == at


def test_an_artefact_does_not_move_the_levels() -> None:
    signal, at = pulses(200_000, 1000, 100, 0.0, 5.0, 0.1)
    signal[1777] = -30.0
    signal[77_777] = 12.0
    found = pulse_edges(signal)
    assert sorted(set(found.tolist()) - {77_777.0}) == at


def test_rare_pulses() -> None:
    signal, at = pulses(LOOK, 50_000, 10, 0.0, 5.0, 0.05)
    assert pulse_edges(signal).tolist() == at


@pytest.mark.parametrize("first", [LOOK + 5, 3 * LOOK, 5 * LOOK - 300])
def test_hours_without_pulses_come_first(first: int) -> None:
    signal, at = pulses(6 * LOOK, 4000, 100, -1.0, 3.0, 0.1, first)
    assert pulse_edges(np.array_split(signal, 700)).tolist() == at
    whole = np.round(signal * 1000).astype(np.int16)
    assert pulse_edges(np.array_split(whole, 50)).tolist() == at


def test_a_line_that_flickers_has_no_pulses() -> None:
    rng = np.random.default_rng(0)
    for noise in (
        rng.normal(size=3 * LOOK),
        rng.integers(-1, 2, 3 * LOOK).astype(np.int16),
        np.sin(np.arange(LOOK) / 9),
    ):
        with pytest.raises(FormatError, match="do not lie at two levels"):
            pulse_edges(np.array_split(noise, 7))


def test_a_line_that_never_changes_has_no_edges() -> None:
    assert pulse_edges(np.zeros(3 * LOOK)).tolist() == []
    assert pulse_edges([]).tolist() == []
    assert pulse_edges(np.empty(0)).tolist() == []
    assert pulse_edges(np.ones(10, bool)).tolist() == []


def test_digital_lines() -> None:
    line = np.array([0, 0, 1, 1, 0, 1])
    for dtype in (bool, np.uint8, np.int16, np.int64, np.float32):
        assert pulse_edges(line.astype(dtype)).tolist() == [2, 5]
        assert pulse_edges(line.astype(dtype), "falling").tolist() == [4]


def test_what_is_missing_is_no_edge() -> None:
    signal = np.array([0, 0, math.nan, 0, 5, math.nan, 5, 0, 5.0])
    for back in (0.0, 1.0):
        assert pulse_edges(signal, threshold=2.5, hysteresis=back).tolist() == [4, 8]


def test_slow_pulses_are_timed_between_samples() -> None:
    rng = np.random.default_rng(3)
    at = 50.0 + np.cumsum(rng.uniform(80, 120, 200))
    t = np.arange(25_000)[:, None]
    signal = (np.tanh((t - at) / 3) - np.tanh((t - at - 40) / 3)).sum(axis=1)
    found = pulse_edges(np.array_split(signal, 13), interpolate=True)
    assert np.abs(found - at).max() < 0.05


@pytest.mark.parametrize(
    ("arguments", "kind", "match"),
    [
        ({"edge": "up"}, ValueError, "choose 'rising'"),
        ({"bit": 3, "threshold": 1.0}, ValueError, "a bit is 0 or 1"),
        ({"bit": 64}, ValueError, "has the bits 0 to 63"),
        ({"bit": -1}, ValueError, "has the bits 0 to 63"),
        ({"hysteresis": -1.0}, ValueError, "not negative"),
        ({"threshold": math.inf}, ValueError, "finite number"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        pulse_edges(np.array([0, 1, 0]), **arguments)


def test_blocks_that_cannot_be() -> None:
    with pytest.raises(ShapeError, match=r"block\[0\]"):
        pulse_edges(np.zeros((1, 5)))
    with pytest.raises(ShapeError, match="no numbers"):
        pulse_edges(np.array(["a"]))
    with pytest.raises(ValueError, match="whole numbers, not float64"):
        pulse_edges(np.zeros(5), bit=0)
