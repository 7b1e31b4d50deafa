"""PNG and colours, held against Pillow and numpy."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from neurochain.pictures.array import heat_of, little_array
from neurochain.pictures.bars import bars_svg
from neurochain.pictures.colours import grey, heat, limits, regions
from neurochain.pictures.png import png_bytes
from neurochain.pictures.words import escaped

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda two: st.sampled_from([two, (*two, 1), (*two, 3), (*two, 4)])
)


@given(SHAPES.flatmap(lambda shape: hnp.arrays(np.uint8, shape)))
def test_what_is_written_is_what_is_read(pixels: np.ndarray) -> None:
    found = np.asarray(Image.open(io.BytesIO(png_bytes(pixels))))
    np.testing.assert_array_equal(found, pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    assert png_bytes(pixels) == png_bytes(pixels.copy())


def test_smooth_pictures_are_small() -> None:
    x = np.linspace(0, 3, 256)
    smooth = np.round(127 * (1 + np.sin(x[:, None] + x))).astype(np.uint8)
    assert len(png_bytes(smooth)) < smooth.nbytes / 4


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 2)), np.zeros((0, 2), np.uint8), np.zeros((2, 2, 2), np.uint8)], ids=str
)
def test_what_is_no_picture_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rows x columns"):
        png_bytes(wrong)


def test_values_between_two_others_are_grey() -> None:
    values = np.array([-np.inf, -5.0, 0.0, 5.0, 10.0, 99.0, np.inf, np.nan])
    assert grey(values, 0.0, 10.0).tolist() == [0, 0, 0, 128, 255, 255, 255, 0]
    assert grey(np.array([3, 3], np.int16), 3, 3).tolist() == [0, 0]
    assert limits(np.array([np.nan, np.inf])) is None
    assert limits(np.full(5, 2.0)) == (2.0, 2.0)


def test_the_scale_grows_lighter() -> None:
    pixels = heat(np.linspace(0, 1, 64), 0, 1).astype(float)
    light = pixels @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()
    assert heat(np.array([np.nan]), 0, 1).tolist() == [[128, 128, 128]]


def test_regions_have_colours_of_their_own() -> None:
    pixels = regions(np.arange(60))
    assert pixels[0].tolist() == [0, 0, 0]
    assert len({tuple(p) for p in pixels.tolist()}) == 60
    np.testing.assert_array_equal(pixels[7], regions(np.array([7.0]))[0])


def test_maps_have_few_pixels_and_keep_the_mean() -> None:
    values = np.arange(1000.0 * 30).reshape(1000, 30)
    made = heat_of(values, (100, 10))
    assert made.pixels.shape == (100, 10, 3)
    assert heat_of(np.array([[-1.0, 1.0]]), (9, 9)).low == -heat_of(np.array([[-1.0, 1.0]]), (9, 9)).high


def test_arrays_of_any_kind_become_pictures_or_nothing() -> None:
    for values in (
        np.zeros(0), np.zeros((2, 2, 2)), np.float32(1.0).reshape(()), np.full(9, np.nan), np.zeros((0, 3)),
    ):  # fmt: skip
        assert "<img" not in little_array(values, "x")
    for values in (
        np.arange(9) * 1j,
        np.arange(9).astype("datetime64[s]"),
        np.arange(9) > 3,
        np.arange(9, dtype=np.float16),
    ):
        assert little_array(values, "x").startswith("<svg")
    assert little_array(np.eye(5), '"<x>').startswith('<img alt="&quot;&lt;x&gt;"')


def test_hostile_texts_stay_texts() -> None:
    assert escaped("<script>\x00\ud800\u202e'\"&") == "&lt;script&gt;\ufffd\ufffd\ufffd&#x27;&quot;&amp;"
    assert "<img" not in bars_svg([1], '"><img src=x>')
    assert bars_svg([0, 0], "nothing") == ""
