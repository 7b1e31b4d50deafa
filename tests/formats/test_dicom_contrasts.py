"""Images of one place: repetitions along one axis, contrasts in volumes of their own."""

import pickle
from itertools import product

import numpy as np
import pytest
from dicom_made import pixels, placed, series, stack, write
from pydicom.uid import ImplicitVRLittleEndian

from neurochain.errors import FormatError
from neurochain.formats import dicom_series, open_series, read_header
from neurochain.storage import File


def test_repetitions_lie_along_time(tmp_path):
    """By acquisition, then by instance, whatever the order of the slices was."""
    positions = [p for _ in range(3) for p in stack(4)]
    files = series(
        tmp_path,
        positions,
        each=lambda i: {"AcquisitionNumber": str(10 - i // 4), "InstanceNumber": str(99 - i)},
    )
    volume = dicom_series(files)
    assert (volume.shape, volume.axes[3:]) == ((6, 4, 4, 3), ("t",))
    for k, t in product(range(4), range(3)):
        np.testing.assert_array_equal(volume[:, :, k, t], pixels((2 - t) * 4 + k))


def test_b_values_lie_along_diffusion(tmp_path):
    files = series(
        tmp_path,
        stack(3) * 3,
        each=lambda i: {
            "DiffusionBValue": (0.0, 1000.0, 1000.0)[i // 3],
            "FlipAngle": "90",
            "InversionTime": str(i),
        },
    )
    volume = dicom_series(files)
    assert (volume.shape, volume.axes[3:]) == ((6, 4, 3, 3), ("diffusion",))
    assert volume.coordinates["b_value"] == (0.0, 1000.0, 1000.0)
    assert volume.coordinates["flip_angle"] == (90.0,)
    assert "inversion_time" not in volume.coordinates  # another one in each slice


@pytest.mark.parametrize(
    ("creator", "block", "tag", "vr", "values", "expected"),
    [
        ("SIEMENS MR HEADER", 0x00190010, 0x0019100C, "IS", ("0", "700"), (0.0, 700.0)),
        ("Philips Imaging DD 001", 0x20010010, 0x20011003, "FL", (0.0, 800.0), (0.0, 800.0)),
        (
            "GEMS_PARM_01",
            0x00430012,
            0x00431239,
            "IS",
            (["0", "8", "0"], ["1000000900", "8", "0"]),
            (0.0, 900.0),
        ),
    ],
)
def test_b_values_of_vendors(tmp_path, creator, block, tag, vr, values, expected):
    files = []
    for i, position in enumerate(stack(2) * 2):
        made = placed(pixels(i), position, InstanceNumber=str(i))
        made.add_new(block, "LO", creator)
        made.add_new(tag, vr, values[i // 2])
        syntax = {"syntax": ImplicitVRLittleEndian} if i % 2 else {}
        files.append(File.at(write(tmp_path / f"{i}.dcm", made, **syntax)))
    assert dicom_series(files).coordinates["b_value"] == expected
    assert "900" not in repr(read_header(files[-1]).record["rare"])


def test_contrasts_are_volumes(tmp_path):
    kinds = [("M", "2.46"), ("M", "4.92"), ("P", "2.46")]
    files = series(
        tmp_path,
        [p for _ in kinds for p in stack(4)],
        each=lambda i: {"ImageType": ["ORIGINAL", "PRIMARY", kinds[i // 4][0]], "EchoTime": kinds[i // 4][1]},
    )
    volumes = open_series(files)
    assert [(v.coordinates["image_type"][0][2], v.coordinates["echo"]) for v in volumes] == [
        ("M", (0.00246,)), ("M", (0.00492,)), ("P", (0.00246,))
    ]  # fmt: skip
    for n, volume in enumerate(volumes):
        assert len(volume.files) == 4
        np.testing.assert_array_equal(volume[:, :, 2], pixels(4 * n + 2))
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(volume)), volume)
    with pytest.raises(
        FormatError,
        match=r"3 volumes, by image_type and echo \(image_type ORIGINAL\\PRIMARY\\M, echo 0.00246",
    ):
        dicom_series(files)


def test_coils_are_volumes(tmp_path):
    def coil(i):
        return {"ReceiveCoilName": f"H{i // 3}"}

    assert [v.coordinates["coil"] for v in open_series(series(tmp_path, stack(3) * 2, each=coil))] == [
        ("H0",),
        ("H1",),
    ]


def test_philips_scale(tmp_path):
    """Rescaled values are for display; the scanner's own are stored * slope / (slope * scale), and the intercept alike."""
    files = []
    for i, position in enumerate(stack(2) * 2):
        made = placed(pixels(i), position, InstanceNumber=str(i), RescaleSlope="2", RescaleIntercept="0")
        made.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        made.add_new(0x2005100E, "FL", 0.25 * (1 + i // 2))
        files.append(File.at(write(tmp_path / f"{i}.dcm", made)))
    volume = dicom_series(files)
    assert volume.coordinates["philips_scale"] == (0.25, 0.5)
    assert volume.slope == 2.0
