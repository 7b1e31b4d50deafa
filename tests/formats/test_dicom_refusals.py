"""Files that make no volume: refused by name and number."""

import math

import numpy as np
import pytest
from dicom_made import image, pixels, placed, series, stack, write

from neurochain.errors import FormatError
from neurochain.formats import dicom_series, open_series
from neurochain.storage import File


def moved(positions, k, by):
    return [tuple(np.add(p, by)) if i == k else p for i, p in enumerate(positions)]


@pytest.mark.parametrize(
    ("positions", "each", "reason"),
    [
        ([(0, k * math.tan(math.radians(12)) * 5, k * 5.0) for k in range(6)], None, r"sheared.*tilted by 12 degrees"),
        ([p for i, p in enumerate(stack(8)) if i != 4], None, r"10 mm between slice 3 \(003\.dcm\) and slice 4 \(004\.dcm\), 5 mm between most: 1 missing"),
        (moved(stack(6), 3, (0, 0, 1.0)), None, "not evenly far apart: 6 mm between slice 2"),
        (moved(stack(6), 2, (0, 3.0, 0)), None, r"slice 2 \(002\.dcm\) lies [23]\.?\d* mm beside the line"),
        ([*stack(6), (1.0, 2.0, 10.0)], None, r"slice 2 of 6, 10 mm along the normal, has 2 images, most have 1"),
        ([*stack(3), *stack(3)], lambda i: {"InstanceNumber": "1"}, r"two images at one position, \(1.0, 2.0, \d.*\.dcm and 00"),
        ([*stack(3), *stack(2)], None, "slices are not there equally often: slice 2 of 3"),
        (stack(4), lambda i: {"orientation": (1, 0, 0, 0, 0, -1)} if i == 2 else {}, "different orientations"),
        (stack(4), lambda i: {"spacing": (2.0, 3.5)} if i == 2 else {}, r"different pixel spacings: 00\d.dcm has"),
        ([*stack(3), *moved(stack(3), 1, (0, 4.0, 0))], None, "do not lie on top of each other: 004.dcm is 4 mm beside"),
        (stack(2) * 2, lambda i: {"TemporalPositionIdentifier": str((1, 2, 3, 4)[i])}, "repetition 0 differ in their temporal_position"),
    ],
)  # fmt: skip
def test_what_is_no_volume_is_refused_by_name(tmp_path, positions, each, reason):
    with pytest.raises(FormatError, match=reason) as caught:
        dicom_series(series(tmp_path, positions, each=each))
    assert str(tmp_path) in str(caught.value)


def test_files_that_are_no_series(tmp_path):
    files = series(tmp_path, stack(3))
    with pytest.raises(FormatError, match="at least one file"):
        open_series([])
    (tmp_path / "x.txt").write_text("hello, this is no image at all")
    with pytest.raises(FormatError, match=r"x\.txt is no DICOM file"):
        open_series([*files, File.at(tmp_path / "x.txt")])
    flat = File.at(write(tmp_path / "flat.dcm", image(pixels(0))))
    with pytest.raises(FormatError, match=r"flat\.dcm does not say where its pixels lie"):
        open_series([*files, flat])
    other = File.at(write(tmp_path / "o.dcm", placed(pixels(0), (0, 0, 0), SeriesInstanceUID="9.9")))
    with pytest.raises(FormatError, match="of 2 series"):
        open_series([*files, other])
    wider = File.at(write(tmp_path / "w.dcm", placed(pixels(0, 6, 5), (0, 0, 0))))
    with pytest.raises(FormatError, match="different sizes"):
        open_series([*files, wider])
    typed = File.at(write(tmp_path / "t.dcm", placed(pixels(0).astype(np.uint16), (0, 0, 0))))
    with pytest.raises(FormatError, match=r"int16 x 1, .*uint16 x 1"):
        open_series([*files, typed])
    cut = tmp_path / "cut.dcm"
    cut.write_bytes((tmp_path / "000.dcm").read_bytes()[:-5])
    with pytest.raises(FormatError, match=r"cut\.dcm: the file is cut short"):
        open_series([*files, File.at(cut)])
