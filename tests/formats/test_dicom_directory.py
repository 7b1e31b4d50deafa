"""DICOMDIR: what is on a medium, with pydicom's directories and a few that lie."""

import struct
from pathlib import Path

import pydicom
import pytest

from neurochain.errors import FormatError
from neurochain.formats import dicom_directory, dicom_series, open_volume, read_header
from neurochain.storage import File
from neurochain.testing import CountingFile

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"
WHOLE = ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-reordered"]


def listed(name):
    return dicom_directory(File.at(FOLDER / name))


@pytest.mark.parametrize("name", [*WHOLE, "DICOMDIR-empty.dcm", "DICOMDIR-nopatient", "TINY_ALPHA/DICOMDIR"])
def test_directory_is_a_sound_file_without_array(name):
    file = CountingFile.at(FOLDER / name)
    found = read_header(file)
    assert (found.header["format"], found.header["shape"], found.error) == ("dicom", None, None)
    assert found.record["header_end"] == file.size
    assert file.bytes_read <= file.size
    with pytest.raises(FormatError, match="a directory of other files: list them with dicom_directory"):
        open_volume(File.at(FOLDER / name))


@pytest.mark.parametrize("name", ["DICOMDIR", "TINY_ALPHA/DICOMDIR"])
def test_entries_are_what_pydicom_reads(name):
    folder = (FOLDER / name).parent
    records = pydicom.dcmread(FOLDER / name).DirectoryRecordSequence
    theirs = {}
    for record in records:
        if "ReferencedFileID" in record:
            path = folder.joinpath(*record.ReferencedFileID)
            one = pydicom.dcmread(path, stop_before_pixels=True)
            theirs[one.SOPInstanceUID] = (one.StudyInstanceUID, one.SeriesInstanceUID, one.Modality, path)
    ours = {
        e.sop_instance: (e.study, e.series, e.modality, Path(e.uri))
        for e in listed(name)
        if e.path is not None
    }
    assert ours == theirs
    assert len(ours) > 25


@pytest.mark.parametrize("name", WHOLE[1:])
def test_every_form_lists_the_same(name):
    assert listed(name) == listed("DICOMDIR")


def test_records_follow_their_links():
    entries = listed("DICOMDIR")
    assert [e.type for e in entries[:8]] == [
        "PATIENT",
        "STUDY",
        "SERIES",
        "IMAGE",
        "SERIES",
        "IMAGE",
        "SERIES",
        "IMAGE",
    ]
    assert entries[3].path == "77654033/CR1/6154"
    assert (entries[3].series_number, entries[3].instance_number, entries[3].modality) == (1, 1, "CR")
    assert entries[0].study is None
    assert {e.type for e in entries if e.path is None} == {"PATIENT", "STUDY", "SERIES"}


def test_directory_whose_first_link_is_broken_loses_nothing():
    entries = listed("DICOMDIR-nopatient")
    whole = {e.sop_instance: e for e in listed("DICOMDIR")}
    assert {e.sop_instance for e in entries} == whole.keys()
    assert all(e == whole[e.sop_instance] for e in entries if e.path is not None)


def test_directory_holds_no_names():
    assert b"Archibald" in (FOLDER / "DICOMDIR").read_bytes()
    entries = listed("DICOMDIR")
    assert "Archibald" not in repr(entries)


def test_listed_series_opens():
    entries = [e for e in listed("DICOMDIR") if e.path is not None and "/CT5N/" in e.path]
    volume = dicom_series([File.at(e.uri) for e in entries])
    assert volume.shape == (16, 16, 5)
    assert volume.voxel_sizes == pytest.approx((0.488281, 0.488281, 2.5))


@pytest.mark.parametrize(
    "named", [b"..\\..\\ETC\\SHADOW ", b"C:\\WINDOWS\\SYSTEM", b"/ETC/PASSWD       ", b"A\\\\B"]
)
def test_file_outside_the_folder_is_refused(tmp_path, named):
    data = (FOLDER / "DICOMDIR").read_bytes()
    old = b"77654033\\CR1\\6154 "
    assert data.count(old) == 1
    (tmp_path / "DICOMDIR").write_bytes(data.replace(old, named.ljust(len(old))[: len(old)]))
    with pytest.raises(FormatError, match="does not lie in a folder of its own"):
        dicom_directory(File.at(tmp_path / "DICOMDIR"))


def test_links_in_a_circle_end(tmp_path):
    data = bytearray((FOLDER / "DICOMDIR").read_bytes())
    first = struct.unpack_from("<I", data, data.index(b"\x04\x00\x00\x12UL\x04\x00") + 8)[0]
    at = -1
    while (at := data.find(b"\x04\x00\x20\x14UL\x04\x00", at + 1)) >= 0:
        struct.pack_into("<I", data, at + 8, first)
    (tmp_path / "DICOMDIR").write_bytes(data)
    assert len(dicom_directory(File.at(tmp_path / "DICOMDIR"))) == 52


def test_files_that_are_no_directory(tmp_path, pydicom_files):
    with pytest.raises(FormatError, match="no DICOMDIR, but of the SOP class"):
        dicom_directory(File.at(next(p for p in pydicom_files if p.name == "CT_small.dcm")))
    (tmp_path / "x").write_bytes(b"nothing at all, for a while" * 10)
    with pytest.raises(FormatError, match="no DICOMDIR: it begins with"):
        dicom_directory(File.at(tmp_path / "x"))


def test_directory_cut_or_changed_never_breaks(tmp_path):
    data = (FOLDER / "DICOMDIR").read_bytes()
    path = tmp_path / "DICOMDIR"
    for n in range(0, len(data), 97):
        path.write_bytes(data[:n])
        if n > 500:
            assert read_header(File.at(path)).error
        with pytest.raises(FormatError):
            dicom_directory(File.at(path))
        changed = bytearray(data)
        changed[n : n + 4] = b"\xff\xff\xff\xff"
        path.write_bytes(changed)
        try:
            assert len(dicom_directory(File.at(path))) <= 52
        except FormatError:
            continue
