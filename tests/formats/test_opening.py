"""nc.open: from a path to the array."""

import os
import shutil

import nibabel
import numpy as np
import pytest

import neurochain as nc
from neurochain.errors import FormatError, StorageError
from neurochain.storage import ReadLog, recording_reads
from neurochain.testing import CountingFile, ObjectServer
from neurochain.testing.edf import write_edf

VALUES = np.random.default_rng(0).integers(0, 99, (4, 5, 6), np.int16)


@pytest.fixture
def folder(tmp_path):
    nibabel.Nifti1Image(VALUES, np.eye(4)).to_filename(tmp_path / "a.nii")
    write_edf(tmp_path / "a.edf", np.ones((2, 128)), 64, ["a", "b"])
    return tmp_path


def test_the_content_tells_what_it_is(folder, monkeypatch):
    for source in (folder / "a.nii", str(folder / "a.nii"), nc.File.at(folder / "a.nii")):
        volume = nc.open(source)
        assert isinstance(volume, nc.Volume)
        np.testing.assert_array_equal(volume, VALUES)
    assert isinstance(nc.open(folder / "a.edf"), nc.Recording)
    shutil.copyfile(folder / "a.edf", folder / "without_ending")
    assert nc.open(folder / "without_ending").channels == ("a", "b")
    monkeypatch.chdir(folder)
    assert nc.open("a.nii").file.uri == os.path.join(folder, "a.nii")
    with pytest.raises(FormatError, match="No reader knows"):
        nc.open("a.nii", format="x")


def test_only_the_header_is_read(folder):
    file = CountingFile.at(folder / "a.nii")
    nc.open(file)
    assert file.bytes_read <= 2 * 540


def test_what_cannot_be_opened_says_why(folder):
    with pytest.raises(StorageError, match="No such file"):
        nc.open(folder / "b.nii")
    with pytest.raises(StorageError, match="read_storage"):
        nc.open(folder)
    (folder / "a.txt").write_text("hello")
    with pytest.raises(FormatError, match="of no known format"):
        nc.open(folder / "a.txt")


def test_in_a_store_with_options(folder, monkeypatch):
    (folder / "bucket").mkdir()
    shutil.copyfile(folder / "a.nii", folder / "bucket" / "a.nii")
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    with ObjectServer(folder) as server:
        volume = nc.open("s3://bucket/a.nii", anon=True, storage_options={"endpoint": server.url})
        np.testing.assert_array_equal(volume[..., 2], VALUES[..., 2])
        assert server.traffic.requests


def test_the_first_bytes_of_a_file_elsewhere_come_with_what_it_is(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    waves = np.sin(np.arange(20_000) / 4) * [[20.0], [50.0]]
    write_edf(folder / "a.edf", waves, 100, ["Fp1", "O2"])
    (folder / "empty.edf").write_bytes(b"")
    with ObjectServer(tmp_path) as server:
        asked = server.traffic.requests
        log = ReadLog()
        with recording_reads(log):
            first = nc.open(f"{server.url}/files/a.edf")
        assert [request.method for request in asked] == ["GET"]
        assert (log.bytes, log.requests) == (server.traffic.bytes, 1)
        assert [read.ranges[0][0] for read in log.files()] == [0]
        np.testing.assert_array_equal(first.stored[:, :5], nc.open(folder / "a.edf").stored[:, :5])
        server.traffic.clear()
        nc.open(f"{server.url}/files/a.edf")
        assert [request.method for request in server.traffic.requests] == ["HEAD"]
        write_edf(folder / "a.edf", waves[:, :1000], 100, ["Fp1", "O2"])
        assert nc.open(f"{server.url}/files/a.edf").shape == (2, 1000)
        with pytest.raises(
            FormatError, match=r"empty.edf is of no known format: the file is empty \(0 bytes\)"
        ):
            nc.open(f"{server.url}/files/empty.edf")
        with pytest.raises(StorageError, match=r"gone.edf does not exist"):
            nc.open(f"{server.url}/files/gone.edf")
