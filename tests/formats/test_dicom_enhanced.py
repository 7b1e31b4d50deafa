"""Enhanced multi-frame images: functional groups, with pydicom and nibabel as oracles."""

import gzip
import itertools
import random
import warnings

import numpy as np
import pydicom
import pytest
from dicom_made import ENHANCED_MR, enhanced, group, image, mosaic, write
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from neurochain.errors import FormatError
from neurochain.formats import open_series, open_volume, read_header
from neurochain.formats.dicom.reader import DicomReader
from neurochain.storage import File
from neurochain.testing import CountingFile, FormatTests

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nibabel.nicom.dicomwrappers import wrapper_from_data

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


def pixels(n, rows=6, columns=4):
    return np.random.default_rng(n).integers(0, 4000, (n, rows, columns)).astype(np.uint16)


def grid(n_slices=3, echoes=(30.0,), times=1, shuffled=True, **more):
    """Places of frames, in any order, and the index of the frame at each slice, echo and time."""
    cells = list(itertools.product(range(n_slices), range(len(echoes)), range(times)))
    if shuffled:
        random.Random(0).shuffle(cells)
    places = [
        {
            "position": (10.0, -20.0, 5.0 * s),
            "EffectiveEchoTime": echoes[e],
            "TemporalPositionIndex": t + 1,
            "StackID": "1",
            **more,
        }
        for s, e, t in cells
    ]
    where = np.empty((n_slices, len(echoes), times), int)
    for i, cell in enumerate(cells):
        where[cell] = i
    return places, where


class TestEnhanced(FormatTests):
    reader = DicomReader()

    @pytest.fixture
    def files(self, tmp_path):
        written = []
        for i, (syntax, open_ended) in enumerate(itertools.product(SYNTAXES, (False, True))):
            places, _ = grid(3, (30.0, 60.0), 2)
            for j, place in enumerate(places):
                place |= {"slope": 1 + j / 8 if i % 2 else 2.0, "intercept": -j if i % 2 else 1.0}
            made = enhanced(pixels(12), places, open_ended=open_ended)
            written.append(write(tmp_path / f"{i}.dcm", made, syntax))
        return written

    def oracle(self, path):
        made = pydicom.dcmread(path)
        frames = pixel_array(made, raw=True).astype(float)
        for frame, item in zip(frames, made.PerFrameFunctionalGroupsSequence, strict=True):
            rescale = item.PixelValueTransformationSequence[0]
            frame *= float(rescale.RescaleSlope)
            frame += float(rescale.RescaleIntercept)
        _, where = grid(3, (30.0, 60.0), 2)
        return np.moveaxis(frames[where], (0, 1, 2), (2, 3, 4))

    def header_budget(self, path):
        return read_header(File.at(path)).record["header_end"] + 64 * 1024

    def needed(self, path):
        return read_header(File.at(path)).record["pixel_offset"] + len(pydicom.dcmread(path).PixelData)


@pytest.mark.parametrize(
    ("echoes", "times", "axes"),
    [
        ((30.0,), 1, ()),
        ((30.0, 60.0), 1, ("echo",)),
        ((30.0,), 4, ("t",)),
        ((60.0, 30.0), 3, ("echo", "t")),
    ],
)
def test_frames_are_a_grid(tmp_path, echoes, times, axes):
    places, where = grid(3, echoes, times)
    frames = pixels(len(places))
    path = write(tmp_path / "a.dcm", enhanced(frames, places))
    volume = open_volume(File.at(path))
    assert volume.axes == ("row", "column", "slice", *axes)
    where = where[:, np.argsort(echoes)]
    expected = np.moveaxis(frames[where], (0, 1, 2), (2, 3, 4)).reshape(volume.shape)
    np.testing.assert_array_equal(volume, expected)
    assert volume.dtype == np.uint16
    assert volume.coordinates["echo"] == tuple(sorted(e / 1000 for e in echoes))
    expected = [[0, -3, 0, -10], [-2, 0, 0, 20], [0, 0, 5, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(volume.affine, expected)
    header = read_header(File.at(path)).header
    assert (header["shape"], header["error"]) == (list(volume.shape), None)
    assert header["voxel_sizes"] == [2.0, 3.0, 5.0]
    assert header["n_samples"] == (times if times > 1 else None)
    np.testing.assert_array_equal(np.reshape(header["affine"], (4, 4)), expected)


def test_diffusion_and_components(tmp_path):
    places = [
        {
            "position": (0, 0, 4.0 * s),
            "b_value": float(b),
            "component": c,
            "DimensionIndexValues": [1, s + 1, i + 1],
        }
        for c in ("MAGNITUDE", "PHASE")
        for i, b in enumerate((0, 1000, 1000))
        for s in (1, 0)
    ]
    path = write(tmp_path / "a.dcm", enhanced(pixels(12), places))
    volume = open_volume(File.at(path))
    assert (volume.shape, volume.axes[3:]) == ((6, 4, 2, 2, 3), ("image_type", "diffusion"))
    assert volume.coordinates["b_value"] == (0.0, 1000.0, 1000.0)
    assert [t[-1] for t in volume.coordinates["image_type"]] == ["MAGNITUDE", "PHASE"]
    apart = open_series([File.at(path)])
    assert [v.shape for v in apart] == [(6, 4, 2, 3)] * 2
    for i, one in enumerate(apart):
        np.testing.assert_array_equal(one, volume[:, :, :, i])
        np.testing.assert_array_equal(one.affine, volume.affine)


def test_combinations_that_are_no_product_are_one_axis(tmp_path):
    places = [
        {"position": (0, 0, 4.0 * s), "component": c, "EffectiveEchoTime": e}
        for c, e in (("MAGNITUDE", 30.0), ("MAGNITUDE", 60.0), ("PHASE", 30.0))
        for s in range(2)
    ]
    volume = open_volume(File.at(write(tmp_path / "a.dcm", enhanced(pixels(6), places))))
    assert (volume.shape, volume.axes[3:]) == ((6, 4, 2, 3), ("image",))
    assert volume.coordinates["echo"] == (0.03, 0.06, 0.03)


def test_frame_pulls_its_pixels(tmp_path):
    places, where = grid(20, (30.0,), 10, shuffled=False)
    frames = pixels(200, 64, 32)
    file = CountingFile.at(write(tmp_path / "a.dcm", enhanced(frames, places)))
    volume = open_volume(file)
    before, requests = file.bytes_read, file.requests
    np.testing.assert_array_equal(volume[:, :, 7, 3], frames[where[7, 0, 3]])
    assert file.bytes_read - before == 64 * 32 * 2
    assert file.requests - requests == 1
    before = file.bytes_read
    np.testing.assert_array_equal(volume[5, :, 7, ::-2], frames[where[7, 0, ::-2], 5].T)
    assert file.bytes_read - before <= 10 * 64 * 32 * 2


def test_header_costs_little(tmp_path):
    """A header of 300 KB, most of it groups of frames: fetched in steps, never much more than it has."""
    for open_ended in (False, True):
        places, _ = grid(60, (30.0,), 25, slope=1.0, intercept=0.0)
        file = CountingFile.at(
            write(tmp_path / "a.dcm", enhanced(pixels(1500, 16, 16), places, open_ended=open_ended))
        )
        found = read_header(file)
        assert found.header["shape"] == [16, 16, 60, 25]
        assert found.record["header_end"] > 250_000
        assert file.bytes_read <= found.record["header_end"] + 64 * 1024


def test_slopes_of_frames(tmp_path):
    places, where = grid(3, (30.0,), 2)
    for i, place in enumerate(places):
        place |= {"slope": 0.5 + i, "intercept": 10.0 * i}
    frames = pixels(6)
    volume = open_volume(File.at(write(tmp_path / "a.dcm", enhanced(frames, places))))
    assert volume.dtype == np.float64
    expected = frames * (0.5 + np.arange(6))[:, None, None] + 10.0 * np.arange(6)[:, None, None]
    expected = np.moveaxis(expected[where[:, 0]], (0, 1), (2, 3))
    np.testing.assert_array_equal(volume, expected)
    np.testing.assert_array_equal(volume[2, ::-1, 1, ::-1], expected[2, ::-1, 1, ::-1])
    np.testing.assert_array_equal(volume[2, 3, 1, 1], expected[2, 3, 1, 1])
    np.testing.assert_array_equal(volume.stored, np.moveaxis(frames[where[:, 0]], (0, 1), (2, 3)))
    assert volume.slope.shape == (1, 1, 3, 2)


def test_one_frame_is_one_slice(tmp_path):
    frames = pixels(1)
    path = write(tmp_path / "a.dcm", enhanced(frames, [{"position": (0, 0, 7.0)}]))
    volume = open_volume(File.at(path))
    assert (volume.axes, volume.voxel_sizes) == (("row", "column", "slice"), (2.0, 3.0, 5.0))
    assert read_header(File.at(path)).header["shape"] == [6, 4, 1]
    np.testing.assert_array_equal(volume[:, :, 0], frames[0])


def test_gradients_of_frames(tmp_path):
    places = [
        {
            "position": (0, 0, 4.0 * s),
            "b_value": 1000.0 * t,
            "TemporalPositionIndex": t + 1,
            "gradient": [t, 0.0, 1 - t],
        }
        for s in range(2)
        for t in range(2)
    ]
    volume = open_volume(File.at(write(tmp_path / "a.dcm", enhanced(pixels(4), places))))
    assert volume.axes[3:] == ("diffusion",)
    assert volume.coordinates["gradient"] == ((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0))
    assert volume.coordinates["temporal_position"] == (1.0, 2.0)


def test_shared_groups_hold_for_all_frames(tmp_path):
    places, _ = grid(3)
    shared = {
        "PixelValueTransformationSequence": group(RescaleSlope="3", RescaleIntercept="-1", RescaleType="US")
    }
    volume = open_volume(File.at(write(tmp_path / "a.dcm", enhanced(pixels(3), places, shared))))
    assert (volume.slope, volume.intercept) == (3.0, -1.0)


@pytest.mark.parametrize(
    "change",
    [
        lambda places: places[0].update(position=(0, 0, 2.0)),  # uneven
        lambda places: places[0].update(orientation=(0, 1, 0, 0, 0, -1)),  # a localizer
        lambda places: places[0].update(StackID="2"),
        lambda places: places[0].update(position=places[1]["position"]),  # one slice twice, one missing
    ],
)
def test_frames_that_are_no_grid_stay_frames(tmp_path, change):
    places, _ = grid(4, shuffled=False)
    change(places)
    frames = pixels(4)
    path = write(tmp_path / "a.dcm", enhanced(frames, places))
    header = read_header(File.at(path)).header
    assert (header["shape"], header["affine"], header["error"]) == ([4, 6, 4], None, None)
    volume = open_volume(File.at(path))
    assert volume.axes == ("frame", "row", "column")
    np.testing.assert_array_equal(volume, frames)


def test_image_without_groups(tmp_path):
    """Some scripts that anonymise take them away."""
    path = write(tmp_path / "a.dcm", image(pixels(3), SOPClassUID=ENHANCED_MR))
    assert read_header(File.at(path)).header["shape"] == [3, 6, 4]
    with pytest.raises(FormatError, match="does not say where its pixels lie"):
        open_series([File.at(path)])


def test_header_of_other_frames_than_it_promises(tmp_path):
    places, _ = grid(3)
    made = enhanced(pixels(3), places)
    made.PerFrameFunctionalGroupsSequence = made.PerFrameFunctionalGroupsSequence[:2]
    path = write(tmp_path / "a.dcm", made)
    assert "3 frames, and tells where 2 lie" in read_header(File.at(path)).error
    with pytest.raises(FormatError, match=r"a\.dcm: its header says 3 frames"):
        open_volume(File.at(path))


def test_text_that_needs_pydicom_leaves_the_groups(tmp_path):
    places, _ = grid(3)
    made = enhanced(pixels(3), places, SpecificCharacterSet=["", "ISO 2022 IR 87"], SeriesDescription="頭")
    found = read_header(File.at(write(tmp_path / "a.dcm", made)))
    assert found.record["SeriesDescription"] == "頭"
    assert found.header["shape"] == [6, 4, 3]


def test_philips_frames_lie_where_they_say(nicom_data, tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(gzip.decompress((nicom_data / "philips_mprage.dcm.gz").read_bytes()))
    volume = open_volume(File.at(path))
    assert (volume.shape, volume.axes) == ((256, 256, 176), ("row", "column", "slice"))
    made = pydicom.dcmread(path)
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    heights = []
    for k, item in enumerate(made.PerFrameFunctionalGroupsSequence):
        position = np.array(item.PlanePositionSequence[0].ImagePositionPatient, float)
        row, down = np.reshape(item.PlaneOrientationSequence[0].ImageOrientationPatient, (2, 3)).astype(float)
        np.testing.assert_allclose((flip @ volume.affine @ [0, 0, k, 1])[:3], position, atol=1e-4)
        corner = position + 255 * (down + row)
        np.testing.assert_allclose((flip @ volume.affine @ [255, 255, k, 1])[:3], corner, atol=1e-3)
        heights.append(position @ np.cross(row, down))
    assert (np.diff(heights) > 0).all()
    # nibabel's slices go the other way, since its normal is that of columns and rows.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = wrapper_from_data(made).affine
    turned = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 175], [0, 0, 0, 1.0]])
    np.testing.assert_allclose(flip @ volume.affine, theirs @ turned, atol=2e-3)
    assert volume.slope == 2.1079365079365
    assert volume.coordinates["philips_scale"] == (0.0002682503836695105,)


def test_real_frames(real_data):
    path = real_data / "dicom_edge" / "eCT_Supplemental.dcm"
    volume = open_volume(File.at(path))
    assert (volume.shape, volume.axes) == ((512, 512, 2), ("row", "column", "slice"))
    # The normal of these images points down, so the first slice is the higher one.
    assert [round(float((volume.affine @ [0, 0, k, 1])[2])) for k in (0, 1)] == [-149, -159]
    frames = pixel_array(pydicom.dcmread(path), raw=True)
    np.testing.assert_array_equal(volume.stored, frames[::-1].transpose(1, 2, 0))


def test_compressed_frames_and_tiles(tmp_path):
    """Decoded pictures are taken apart as open ones are."""
    places, where = grid(3, (30.0,), 2)
    frames = pixels(6)
    slices = pixels(5)
    for name, made in (("e", enhanced(frames, places)), ("m", mosaic(slices, (0, 0, 0)))):
        write(tmp_path / "open.dcm", made)
        packed = pydicom.dcmread(tmp_path / "open.dcm")
        packed.compress(RLELossless, generate_instance_uid=False)
        packed.save_as(tmp_path / f"{name}.dcm")
    volume = open_volume(File.at(tmp_path / "e.dcm"))
    np.testing.assert_array_equal(volume, np.moveaxis(frames[where[:, 0]], (0, 1), (2, 3)))
    np.testing.assert_array_equal(volume[2, ::-1, 1], frames[where[1, 0], 2, ::-1].T)
    volume = open_volume(File.at(tmp_path / "m.dcm"))
    np.testing.assert_array_equal(volume, slices.transpose(1, 2, 0))
    np.testing.assert_array_equal(volume[1:3, 2, 4], slices[4, 1:3, 2])
    assert read_header(File.at(tmp_path / "m.dcm")).header["shape"] == [6, 4, 5]
