import subprocess
import sys

import pytest

from neurochain.errors import FormatError, StorageError
from neurochain.formats import (
    RECORDS,
    Header,
    Reader,
    open_recording,
    open_volume,
    read_header,
    reader_for,
    readers,
)
from neurochain.storage import File
from neurochain.testing import CountingFile
from neurochain.testing.format_tests import check_record

NAMES = [
    "dicom",
    "nifti",
    "mgh",
    "edf",
    "brainvision",
    "eeglab",
    "fif",
    "spikeglx",
    "openephys",
    "openephys_legacy",
    "nwb",
    "hdf5",
    "zarr",
    "video",
    "binary",
]


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.dcm", "dicom"),
        ("a.IMA", "dicom"),
        ("a.nii", "nifti"),
        ("a.nii.gz", "nifti"),
        ("a.edf", "edf"),
        ("a.BDF", "bdf"),
    ],
)
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"x" * 10_000, bytes(500)], ids=["empty", "short", "text", "zeros"]
)
def test_what_is_not_what_its_name_says(tmp_path, name, format, content):
    (tmp_path / name).write_bytes(content)
    found = read_header(File.at(tmp_path / name))
    assert found.header["format"] == format
    assert ("is empty" if not content else "begins with") in found.error
    assert (found.name, found.record) == (None, None)
    check_record(Header, found.header)
    with pytest.raises(FormatError, match=r"Known are \.dcm"):
        open_volume(File.at(tmp_path / name))


@pytest.mark.parametrize("name", ["a.json", "b.tsv", "c.TXT", "d.bval"])
def test_sidecars_cost_nothing(tmp_path, name):
    (tmp_path / name).write_bytes(b"DICM" * 100)
    file = CountingFile.at(tmp_path / name)
    assert read_header(file).header == dict.fromkeys(Header.model_fields)
    assert file.requests == 0


@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"hello", bytes(range(256)) * 40])
def test_any_other_file_has_no_format(tmp_path, content):
    (tmp_path / "data.bin").write_bytes(content)
    file = CountingFile.at(tmp_path / "data.bin")
    found = read_header(file)
    assert found.header == dict.fromkeys(Header.model_fields)
    assert found.name is None
    assert file.bytes_read <= 4096
    with pytest.raises(FormatError, match="nothing says how they lie"):
        open_recording(file)


def test_content_wins_over_the_name(tmp_path, pydicom_files, nibabel_data):
    ct = next(p for p in pydicom_files if p.name == "CT_small.dcm").read_bytes()
    nii = (nibabel_data / "anatomical.nii").read_bytes()
    for name, content, format in (
        ("IM0001", ct, "dicom"),
        ("scan.nii", ct, "dicom"),
        ("1.2.840.113619", ct, "dicom"),
        ("scan.dcm", nii, "nifti"),
        ("scan", nii, "nifti"),
    ):
        (tmp_path / name).write_bytes(content)
        found = read_header(File.at(tmp_path / name))
        assert (found.header["format"], found.header["error"]) == (format, None)
        assert open_volume(File.at(tmp_path / name)).shape == tuple(found.header["shape"])


def test_bytes_that_cannot_be_had_are_a_storage_error(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(b"x" * 500)
    file = File.at(path)
    path.unlink()
    with pytest.raises(StorageError, match=r"a\.dcm"):
        read_header(file)


def test_readers_by_format():
    assert [reader.name for reader in readers()] == NAMES
    asked = {name for name in dir(Reader) if not name.startswith("_")}
    assert asked >= {"matches", "read_header", "identifiers", "volume", "recording", "companions"}
    for reader in readers():
        assert asked <= set(dir(reader)), reader
        for format in reader.formats:
            assert reader_for(format) is reader
    with pytest.raises(FormatError, match=r"'con'.*Known: dicom, nifti, analyze, mgh, edf, bdf"):
        reader_for("con")


def test_records_describe_every_column():
    assert list(RECORDS) == ["header", *NAMES, "bids"]
    for record in RECORDS.values():
        for name, field in record.model_fields.items():
            assert field.description, name
            assert field.default is None, name
    units = {n: f.json_schema_extra["unit"] for n, f in Header.model_fields.items() if f.json_schema_extra}
    assert units == {"voxel_sizes": "mm", "affine": "mm", "sampling_frequency": "Hz", "duration": "s"}
    # A field of the header is found by its own name alone, whatever formats there are.
    others = {
        name
        for key, record in RECORDS.items()
        if key not in ("header", "bids")
        for name in record.model_fields
    }
    assert not others & set(Header.model_fields)
    # Nor does one take a name that tables of participants have: https://bids-specification.readthedocs.io (participants file).
    assert not others & {"participant_id", "age", "sex", "handedness", "species", "strain", "group", "site"}
    dicom = RECORDS["dicom"].model_fields
    assert dicom["EchoTime"].json_schema_extra["unit"] == "ms"
    assert 60 <= sum("tag" in (f.json_schema_extra or {}) for f in dicom.values()) <= 80


def test_headers_need_no_pydicom(tmp_path, pydicom_files):
    """pydicom costs 0.3 s to import; the header of a sound file does without."""
    path = next(p for p in pydicom_files if p.name == "CT_small.dcm")
    code = (
        "import sys; from neurochain.formats import open_volume, read_header; from neurochain.storage import File;"
        f"f = File.at({str(path)!r}); assert read_header(f).header['shape'] == [128, 128];"
        "assert open_volume(f)[5].shape == (128,);"
        "print([m for m in ('pydicom', 'nibabel', 'polars', 'pyarrow', 'torch') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
