"""Lines, boxes and sheets as SVG that any parser takes."""

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.pictures.boxes import boxes_svg
from neurochain.pictures.lines import Lane, lanes_svg, nice, spark_svg
from neurochain.pictures.pieces import block, facts, note, table, title
from neurochain.pictures.sheet import Tile, sheet_svg

HOSTILE = '</svg><script>alert(1)</script><img src=x onerror="alert(1)">\'"&\x00'


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace(' xmlns="http://www.w3.org/2000/svg"', ""))


@given(st.floats(1e-9, 1e9))
def test_nice_numbers_are_the_next_ones(value: float) -> None:
    found = nice(value)
    assert found >= value * 0.998
    assert found <= value * 2.6
    assert f"{found / 10 ** math.floor(math.log10(found) + 1e-9):.0f}" in "1 2 5 10"


@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=0, max_size=40),
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
)
def test_any_numbers_are_drawn(values: list[float], start: float, lasting: float) -> None:
    array = np.array(values, np.float64)
    finite = array[np.isfinite(array)]
    spark = spark_svg(array, "s")
    assert bool(spark) == bool(len(finite))
    lane = Lane("a", array, array, 0.0, 1.0, "±1")
    svg = lanes_svg([lane, lane], start, start + lasting, "s")
    parsed(svg)
    assert "nan" not in svg
    assert "inf" not in svg.replace('"inherit"', "")


def test_a_spike_stays() -> None:
    values = np.zeros(100_000)
    values[54_321] = 1.0
    path = parsed(spark_svg(values, "s", 100, 20)).find("path")
    assert path is not None
    steps = re.findall(r"-?\d+", path.get("d", ""))
    assert max(abs(int(n)) for n in steps[3::2]) == 170  # from the lane's one edge to the other: 17 pixels


def test_a_gap_breaks_the_line() -> None:
    values = np.array([1.0, 2.0, np.nan, np.nan, 3.0, 4.0])
    assert spark_svg(values, "s").count("M") == 2


def test_the_axis_has_round_times() -> None:
    lane = Lane("Fp1", np.zeros(5), np.ones(5), 0.5, 1.0, "±1 µV")
    texts = ["".join(t.itertext()) for t in parsed(lanes_svg([lane], 60.0, 70.0, "s")).iter("text")]
    assert texts[:6] == ["60", "62", "64", "66", "68", "70"]
    assert "±1 µV" in texts


def test_hostile_texts_stay_texts() -> None:
    box = {"kind": HOSTILE, "title": HOSTILE, "about": [HOSTILE], "column": 0, "row": 0}
    pixels = np.zeros((2, 2), np.uint8)
    drawn = [
        boxes_svg([box, {**box, "column": 1}], [(0, 1)], HOSTILE),
        lanes_svg([Lane(HOSTILE, np.zeros(2), np.ones(2), 0, 1, HOSTILE)], 0, 1, HOSTILE),
        sheet_svg([Tile(pixels, 2, 2, HOSTILE, (HOSTILE,) * 4)], HOSTILE),
        spark_svg(np.arange(5), HOSTILE),
        f"<div>{block(title(HOSTILE, HOSTILE), facts([(HOSTILE, HOSTILE)]), note(HOSTILE), table([(HOSTILE, HOSTILE)], [], HOSTILE))}</div>",
    ]
    for svg in drawn:
        parsed(svg.replace("<br>", "<br/>"))
        assert "<script" not in svg
        assert "<img" not in svg
        assert "\x00" not in svg


def test_a_graph_has_a_box_for_each_and_a_line_between() -> None:
    boxes = [
        {"kind": "storage", "title": "scans", "about": ["3 files"], "column": 0, "row": 0},
        {"kind": "activity", "title": "snr()", "about": [], "column": 1, "row": 0},
        {"kind": "version", "title": "quality@1.0.0", "about": ["3 rows"], "column": 2, "row": 0},
    ]
    svg = parsed(boxes_svg(boxes, [(0, 1), (1, 2)], "s"))
    assert len(list(svg.iter("rect"))) == 3
    xs = [float(r.get("x", "")) for r in svg.iter("rect")]
    assert xs == sorted(xs)
    assert len([p for p in svg.iter("path") if p.get("fill") == "none"]) == 2
    assert "quality@1.0.0" in "".join(svg.itertext())


@pytest.mark.parametrize("count", [1, 3])
def test_tiles_of_a_sheet_are_to_one_scale(count: int) -> None:
    tiles = [
        Tile(np.zeros((4, 4 + i), np.uint8), 40.0 + 10 * i, 40.0, f"t{i}", ("L", "R", "S", "I"))
        for i in range(count)
    ]
    svg = parsed(sheet_svg(tiles, "s"))
    shown = [(float(i.get("width", "")), float(i.get("height", ""))) for i in svg.iter("image")]
    assert len(shown) == count
    for (w, h), tile in zip(shown, tiles, strict=True):
        assert w / h == pytest.approx(tile.width / tile.height, abs=0.01)
