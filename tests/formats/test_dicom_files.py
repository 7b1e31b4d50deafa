"""DICOM beyond the conformance suite: geometry, budgets, odd encodings, files that lie."""

import json
import struct
import warnings
import zlib

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import get_decoder
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from neurochain.errors import FormatError, MissingExtraError
from neurochain.formats import open_recording, open_volume, read_header
from neurochain.formats.dicom.rare import rare_keywords
from neurochain.storage import File
from neurochain.testing import CountingFile

MR = "1.2.840.10008.5.1.4.1.1.4"
SYNTAXES = [
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
]


def image(pixels, **elements):
    """Data set of one MR image."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = MR, "1.2.3", "MR"
    made.Rows, made.Columns = pixels.shape[-2:]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = pixels.dtype.itemsize * 8
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, int(pixels.dtype.kind == "i")
    if pixels.ndim > 2:
        made.NumberOfFrames = len(pixels)
    made.PixelData = pixels.tobytes()
    made["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def write(path, dataset, syntax=ExplicitVRLittleEndian):
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = MR
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = (
            np.frombuffer(dataset.PixelData, f"u{dataset.BitsAllocated // 8}").byteswap().tobytes()
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(
            path,
            implicit_vr=syntax.is_implicit_VR,
            little_endian=syntax.is_little_endian,
            enforce_file_format=True,
        )
    return path


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(-3000, 3000, (30, 40)).astype(np.int16)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda s: s.name)
def test_every_open_encoding(tmp_path, pixels, syntax):
    path = write(
        tmp_path / "a.dcm",
        image(pixels, EchoTime="30.5", SeriesDescription="rest", DiffusionBValue=1000.0),
        syntax,
    )
    found = read_header(File.at(path))
    assert found.error is None
    assert (found.header["shape"], found.header["dtype"]) == ([30, 40], "int16")
    assert (found.record["EchoTime"], found.record["DiffusionBValue"]) == (30.5, 1000.0)
    assert found.record["transfer_syntax"] == str(syntax)
    volume = open_volume(File.at(path))
    np.testing.assert_array_equal(volume, pixels)
    np.testing.assert_array_equal(volume[3:20:4, ::-1], pixels[3:20:4, ::-1])
    if syntax != DeflatedExplicitVRLittleEndian:
        at = found.record["pixel_offset"]
        stored = path.read_bytes()[at : at + 2]
        assert (
            int.from_bytes(stored, "big" if syntax == ExplicitVRBigEndian else "little", signed=True)
            == pixels[0, 0]
        )


@pytest.mark.parametrize("syntax", SYNTAXES[:3], ids=lambda s: s.name)
def test_without_preamble(tmp_path, pixels, syntax):
    path = write(tmp_path / "a.dcm", image(pixels), syntax)
    whole = path.read_bytes()
    meta = 132 + 12 + int.from_bytes(whole[140:144], "little")
    for cut in (132, meta):
        path.write_bytes(whole[cut:])
        found = read_header(File.at(path))
        assert (found.error, found.header["shape"]) == (None, [30, 40])
        np.testing.assert_array_equal(open_volume(File.at(path)), pixels)


def test_frame_of_many_pulls_the_frame(tmp_path):
    frames = np.random.default_rng(0).integers(0, 4000, (96, 64, 64)).astype(np.uint16)
    file = CountingFile.at(write(tmp_path / "a.dcm", image(frames)))
    volume = open_volume(file)
    assert (volume.shape, volume.axes, volume.affine) == ((96, 64, 64), ("frame", "row", "column"), None)
    before = file.bytes_read
    np.testing.assert_array_equal(volume[40], frames[40])
    assert file.bytes_read - before == 64 * 64 * 2
    np.testing.assert_array_equal(volume[::-30, 5], frames[::-30, 5])


def test_head_grows_until_the_pixels(tmp_path, pixels):
    big = image(pixels)
    big.add_new(0x00291010, "OB", bytes(300_000))
    path = write(tmp_path / "a.dcm", big)
    file = CountingFile.at(path)
    found = read_header(file)
    assert (found.error, found.header["shape"]) == (None, [30, 40])
    assert found.record["header_end"] > 300_000
    assert file.requests <= 3
    np.testing.assert_array_equal(open_volume(File.at(path)), pixels)


def test_pixels_are_not_pulled_with_the_header(tmp_path):
    file = CountingFile.at(write(tmp_path / "a.dcm", image(np.zeros((1000, 1000), np.uint16))))
    read_header(file)
    assert (file.bytes_read, file.requests) == (64 * 1024, 1)


def test_rescaled_values(tmp_path, pixels):
    path = write(tmp_path / "a.dcm", image(pixels, RescaleSlope="0.5", RescaleIntercept="-1024"))
    volume = open_volume(File.at(path))
    assert (volume.dtype, volume.slope, volume.intercept) == (np.float64, 0.5, -1024.0)
    np.testing.assert_array_equal(volume[1:4], pixels[1:4] * 0.5 - 1024)
    np.testing.assert_array_equal(volume.stored, pixels)
    assert volume.stored.dtype == np.int16
    path = write(tmp_path / "b.dcm", image(pixels, RescaleSlope="1", RescaleIntercept="0"))
    assert open_volume(File.at(path)).dtype == np.int16


def test_bits_above_the_stored_ones_are_not_values(tmp_path):
    values = np.random.default_rng(0).integers(-2048, 2048, (8, 9)).astype(np.int16)
    raw = (values & 0x0FFF) | 0x5000
    path = write(tmp_path / "a.dcm", image(raw.astype(np.int16), BitsStored=12, HighBit=11))
    np.testing.assert_array_equal(open_volume(File.at(path)), values)


def test_colour_planes_are_shown_last(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (5, 6, 3), np.uint8)
    made = image(colours[..., 0], SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=1)
    made.PixelData = colours.transpose(2, 0, 1).tobytes()
    volume = open_volume(File.at(write(tmp_path / "a.dcm", made)))
    assert (volume.shape, volume.axes) == ((5, 6, 3), ("row", "column", "sample"))
    np.testing.assert_array_equal(volume, colours)
    np.testing.assert_array_equal(volume[2:4, ::2, 1], colours[2:4, ::2, 1])


def test_float_pixels(tmp_path):
    values = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    made = image(values.view(np.uint32))
    del made.PixelData, made.BitsStored, made.HighBit, made.PixelRepresentation
    made.FloatPixelData = values.tobytes()
    path = write(tmp_path / "a.dcm", made)
    assert read_header(File.at(path)).header["dtype"] == "float32"
    np.testing.assert_array_equal(open_volume(File.at(path)), values)


@pytest.mark.parametrize(
    ("charset", "text"),
    [("ISO_IR 192", "Kopf – Über 頭"), ("ISO_IR 100", "Kopf Über"), ("GB18030", "头部"), ("ISO_IR 144", "голова"),
     (["", "ISO 2022 IR 87"], "頭")],
)  # fmt: skip
def test_character_sets(tmp_path, pixels, charset, text):
    path = write(tmp_path / "a.dcm", image(pixels, SpecificCharacterSet=charset, SeriesDescription=text))
    assert read_header(File.at(path)).record["SeriesDescription"] == text


def test_values_that_do_not_fit_stand_in_rare(tmp_path, pixels):
    path = write(tmp_path / "a.dcm", image(pixels, AcquisitionNumber="12", EchoTime="30", FlipAngle="9"))
    data = path.read_bytes()
    for old, new in ((b"IS\x02\x0012", b"IS\x02\x001A"), (b"DS\x02\x0030", b"DS\x02\x00x ")):
        assert data.count(old) == 1
        data = data.replace(old, new)
    path.write_bytes(data)
    found = read_header(File.at(path))
    assert found.error is None
    assert (found.record["AcquisitionNumber"], found.record["EchoTime"], found.record["FlipAngle"]) == (
        None,
        None,
        9.0,
    )
    assert json.loads(found.record["rare"]) == {"AcquisitionNumber": "1A", "EchoTime": "x"}


def test_nothing_that_identifies_is_indexed(tmp_path, pixels):
    secret = {
        "PatientName": "Secret^Anna", "PatientID": "SECRET1", "PatientBirthDate": "19510502", "StudyDate": "20240102",
        "AcquisitionDate": "20240103", "InstitutionName": "SECRET Hospital", "InstitutionAddress": "SECRET street",
        "ReferringPhysicianName": "Secret^Dr", "OperatorsName": "Secret^Op", "AccessionNumber": "SECRET2",
        "StationName": "SECRET3", "DeviceSerialNumber": "SECRET4", "PatientComments": "SECRET5",
        "AcquisitionComments": "SECRET6", "AngioFlag": "SECRET: A LONG TEXT IN A CODE STRING",
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = image(pixels, **secret)
    made.add_new(0x00091001, "LO", "SECRET private")
    found = read_header(File.at(write(tmp_path / "a.dcm", made)))
    text = repr(found).lower()
    assert "secret" not in text
    assert not any(date in text for date in ("19510502", "20240102", "20240103"))


def test_rare_keywords_are_those_of_the_standard():
    numbers_and_codes = {"CS", "DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"}
    for tag, (vr, keyword) in rare_keywords().items():
        assert DicomDictionary[tag][0] == vr
        assert DicomDictionary[tag][4] == keyword
        assert vr in numbers_and_codes
        assert tag >> 16 in (0x0008, 0x0018, 0x0020, 0x0028, 0x0054)
        assert not keyword.startswith(("PatientID", "PatientName", "PatientBirth", "Institution"))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("rtstruct.dcm", "radiotherapy"),
        ("test-SR.dcm", "structured report"),
        ("waveform_ecg.dcm", "waveform"),
    ],
)
def test_objects_without_pixels(pydicom_files, name, what):
    path = next(p for p in pydicom_files if p.name == name)
    header = read_header(File.at(path)).header
    assert (header["format"], header["shape"], header["error"]) == ("dicom", None, None)
    with pytest.raises(FormatError, match=what):
        open_volume(File.at(path))
    with pytest.raises(FormatError, match="open it as a volume"):
        open_recording(File.at(path))


def test_header_that_promises_more_pixels(tmp_path, pixels):
    made = image(pixels)
    made.Rows = 3000
    path = write(tmp_path / "a.dcm", made)
    found = read_header(File.at(path))
    assert "3000 x 40 pixels of 16 bits, which take 240,000 bytes" in found.error
    assert found.record["Modality"] == "MR"
    with pytest.raises(FormatError, match=r"a\.dcm: its header says 3000 x 40"):
        open_volume(File.at(path))


def test_length_that_goes_beyond_the_file_is_not_believed(tmp_path, pixels):
    data = bytearray(write(tmp_path / "a.dcm", image(pixels)).read_bytes())
    at = data.index(b"\xe0\x7f\x10\x00OW")
    struct.pack_into("<I", data, at + 8, 0xFFFFFF00)
    (tmp_path / "a.dcm").write_bytes(data)
    file = CountingFile.at(tmp_path / "a.dcm")
    assert "needs 4,294,967,040 bytes" in read_header(file).error
    assert file.bytes_read <= file.size


def test_compressed_without_a_decoder_names_the_extra(pydicom_files, monkeypatch):
    decoder = get_decoder(JPEG2000)
    monkeypatch.setattr(decoder, "_available", {})  # Pillow and pylibjpeg may be here
    monkeypatch.setattr(decoder, "_unavailable", {"pylibjpeg": ("pylibjpeg>=2.0",)})
    path = next(p for p in pydicom_files if p.name == "JPEG2000.dcm")
    volume = open_volume(File.at(path))
    assert volume.shape == (1024, 256)
    with pytest.raises(MissingExtraError, match=r"pip install 'neurochain\[dicom\]'"):
        volume[0]


def test_compressed_file_that_was_cut(tmp_path, pydicom_files):
    path = next(p for p in pydicom_files if p.name == "JPEG2000.dcm")
    (tmp_path / "a.dcm").write_bytes(path.read_bytes()[:-20])
    assert "no end (sequence delimiter)" in read_header(File.at(tmp_path / "a.dcm")).error


def test_deflate_bomb(tmp_path, pixels):
    path = write(tmp_path / "a.dcm", image(pixels), DeflatedExplicitVRLittleEndian)
    whole = path.read_bytes()
    meta = 132 + 12 + int.from_bytes(whole[140:144], "little")
    element = struct.pack("<HH2sHI", 0x0009, 0x1001, b"OB", 0, 0xFFFFFFF0)
    packer = zlib.compressobj(9, wbits=-15)
    path.write_bytes(whole[:meta] + packer.compress(element + bytes(100_000_000)) + packer.flush())
    found = read_header(File.at(path))
    assert found.header["format"] == "dicom"
    assert "larger than" in found.error


def test_affine_of_an_oblique_image(tmp_path, pixels):
    row, down = np.array([0.8, 0.6, 0.0]), np.array([0.0, 0.0, -1.0])
    made = image(
        pixels,
        ImageOrientationPatient=[*row, *down],
        ImagePositionPatient=[10, 20, 30],
        PixelSpacing=[2, 3],
        SliceThickness="4",
        SpacingBetweenSlices="-5",
    )
    header = read_header(File.at(write(tmp_path / "a.dcm", made))).header
    assert header["voxel_sizes"] == [2.0, 3.0, 5.0]
    affine = np.reshape(header["affine"], (4, 4))
    for r, c in ((0, 0), (4, 7)):
        lps = np.array([10, 20, 30]) + r * 2 * down + c * 3 * row
        np.testing.assert_allclose(affine @ [r, c, 0, 1], [*(lps * [-1, -1, 1]), 1])
    volume = open_volume(File.at(tmp_path / "a.dcm"))
    np.testing.assert_array_equal(volume.affine, affine)
    assert volume.voxel_sizes == (2.0, 3.0, 5.0)


@pytest.mark.parametrize(
    "change",
    [
        {"PixelSpacing": [0, 1]},
        {"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImagePositionPatient": None},
        {"NumberOfFrames": 2},
    ],
)
def test_impossible_geometry_has_no_affine(tmp_path, pixels, change):
    place = {
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 0],
        "PixelSpacing": [1, 1],
    }
    made = image(np.stack([pixels, pixels]) if "NumberOfFrames" in change else pixels, **(place | change))
    header = read_header(File.at(write(tmp_path / "a.dcm", made))).header
    assert (header["affine"], header["error"]) == (None, None)


def test_series_lies_where_its_nifti_lies(real_data):
    """dcm2niix turned the same images into NIfTI: voxels and coordinates must meet."""
    folder = real_data / "dicom_ge_fmri"
    (reference,) = folder.rglob("*.nii*")
    theirs = nibabel.load(reference)
    values, met = np.asarray(theirs.dataobj), set()
    n_rows = values.shape[1]
    for path in sorted(folder.rglob("*.dcm")):
        volume = open_volume(File.at(path))
        # dcm2niix turns the rows round: voxel (i, j) is column i, row n - 1 - j.
        at = np.linalg.inv(theirs.affine) @ volume.affine @ [0, 0, 0, 1]
        k = round(at[2])
        np.testing.assert_allclose(at, [0, n_rows - 1, k, 1], atol=2e-2)
        last = np.linalg.inv(theirs.affine) @ volume.affine @ [n_rows - 1, 63, 0, 1]
        np.testing.assert_allclose(last, [63, 0, k, 1], atol=2e-2)
        turned = np.asarray(volume)[::-1].T
        t = [t for t in range(values.shape[3]) if np.array_equal(values[:, :, k, t], turned)]
        assert len(t) == 1, path
        met.add((k, t[0]))
    assert len(met) > 100


def test_pydicom_stays_out_of_the_way(pydicom_files):
    """Reading an odd file changes no filter and prints nothing; pydicom's own warnings would raise here."""
    before = list(warnings.filters)
    for path in pydicom_files[:40]:
        read_header(File.at(path))
    assert warnings.filters == before
    assert pydicom.config.settings.reading_validation_mode == pydicom.config.WARN
