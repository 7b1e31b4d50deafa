"""Byte budgets: what a header and a slice may cost, of large files on a local disk and on a server alike."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from neurochain.formats import Volume, open_recording, open_volume, read_header
from neurochain.formats.arrays.indexed import SPACING
from neurochain.storage import Access, File, ReadLog, cache_memo, recording_reads, remember
from neurochain.testing import ObjectServer
from neurochain.testing.edf import write_edf

KB = 1024


@dataclass
class Place:
    """Where a file is read from, and what that cost so far."""

    path: Path
    uri: str
    log: ReadLog
    server: ObjectServer | None = None

    @property
    def file(self) -> File:
        with recording_reads(self.log):
            return File.at(self.uri)

    def cost(self) -> tuple[int, int]:
        """Bytes and requests since the last time."""
        found = self.log.bytes, self.log.requests
        if self.server is not None:  # what the log says is what the server gave
            gets = [r for r in self.server.traffic.requests if r.method == "GET" and not r.is_listing]
            assert (self.server.traffic.bytes, len(gets)) == found
            self.server.traffic.clear()
        self.log.bytes = self.log.requests = 0
        return found


Placed = Callable[[Path], Place]


@pytest.fixture(params=["local", "server"])
def placed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Placed]:
    """Reads a file below the test's folder from the disk, or from a server; only bytes count."""
    if request.param == "local":
        yield lambda path: Place(path, str(path), ReadLog("bytes"))
        return
    with ObjectServer(tmp_path) as server:
        remember("s3://files", Access.of({"anon": True, "endpoint": server.url}))

        def there(path: Path) -> Place:
            server.traffic.clear()
            relative = path.relative_to(tmp_path / "files").as_posix()
            return Place(path, f"s3://files/{relative}", ReadLog("bytes", keeps=False), server)

        yield there


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def nifti(path: Path, shape: tuple[int, ...]) -> Path:
    """A large .nii whose values are zero and take no room."""
    header = nibabel.Nifti1Header()
    header.set_data_shape(shape)
    header.set_data_dtype(np.int16)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    with open(path, "wb") as out:
        out.write(header.binaryblock + bytes(4))
        out.truncate(352 + 2 * int(np.prod(shape)))
    return path


def noise(path: Path, shape: tuple[int, ...]) -> Path:
    """A .nii.gz that does not shrink."""
    values = np.random.default_rng(1).integers(-(2**15), 2**15, shape, np.int16)
    image = nibabel.Nifti1Image(values, np.eye(4))
    path.write_bytes(gzip.compress(image.to_bytes(), 1))
    return path


def edf_plus(path: Path, n_channels: int, seconds: int) -> Path:
    """A long EDF+ recording: the samples of two seconds written, the others zero."""
    small = write_edf(path, np.ones((n_channels, 512)), 256, [f"EEG {i}" for i in range(n_channels)])
    data = bytearray(small.read_bytes())
    data[192:197] = b"EDF+C"
    data[236:244] = str(seconds).ljust(8).encode()
    path.write_bytes(data)
    with open(path, "r+b") as out:
        out.truncate(256 * (n_channels + 1) + seconds * n_channels * 256 * 2)
    return path


def enhanced(path: Path, frames: int, padding: int) -> Path:
    """An enhanced multi-frame MR image whose header is long: each frame's group holds what a vendor adds."""
    scan = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    scan.SOPClassUID = scan.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(scan, keyword)
    orientation, measures, shared = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [2, 2], 1
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = (
        Sequence([orientation]),
        Sequence([measures]),
    )
    scan.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for i in range(frames):
        group, plane = Dataset(), Dataset()
        plane.ImagePositionPatient = [0, 0, i]
        group.PlanePositionSequence = Sequence([plane])
        group.add_new(0x00210010, "LO", "VENDOR")
        group.add_new(0x00211001, "OB", bytes(padding))
        groups.append(group)
    scan.PerFrameFunctionalGroupsSequence = Sequence(groups)
    scan.NumberOfFrames, scan.Rows, scan.Columns = frames, 128, 128
    scan.PixelData = b"".join(np.full(128 * 128, i, "<u2").tobytes() for i in range(frames))
    scan.save_as(path)
    return path


def header_bytes(path: Path) -> int:
    """Where the pixels of a DICOM file begin."""
    with open(path, "rb") as file:
        pydicom.dcmread(file, stop_before_pixels=True)
        return file.tell()


def test_header_of_a_large_nifti(folder: Path, placed: Placed) -> None:
    place = placed(nifti(folder / "bold.nii", (64, 64, 36, 400)))
    assert place.path.stat().st_size > 117e6
    assert read_header(place.file).header["shape"] == [64, 64, 36, 400]
    pulled, requests = place.cost()
    assert pulled <= 4 * KB
    assert requests == 1


def test_header_of_a_large_compressed_nifti(folder: Path, placed: Placed) -> None:
    place = placed(noise(folder / "t1.nii.gz", (128, 128, 1100)))
    assert place.path.stat().st_size > 35e6
    assert read_header(place.file).header["shape"] == [128, 128, 1100]
    assert place.cost()[0] <= 4 * KB


def test_header_of_a_long_recording(folder: Path, placed: Placed) -> None:
    place = placed(edf_plus(folder / "night.edf", 64, 5_250))
    assert place.path.stat().st_size > 171e6
    found = read_header(place.file)
    assert (found.header["n_channels"], found.header["duration"]) == (64, 5_250)
    assert place.cost()[0] <= 256 * 65 + 4 * KB


def test_header_of_an_enhanced_image(folder: Path, placed: Placed) -> None:
    place = placed(enhanced(folder / "enhanced.dcm", 96, 3_000))
    length = header_bytes(place.path)
    assert 280_000 < length < 400_000
    found = read_header(place.file)
    assert found.error is None
    assert place.cost()[0] <= length + 64 * KB


def test_header_of_a_mosaic(folder: Path, placed: Placed, real_data: Path) -> None:
    (source,) = (real_data / "dicom_siemens_mosaic/In/20180918Si/mr_0003").glob("*00001.dcm")
    path = folder / "mosaic.dcm"
    path.write_bytes(source.read_bytes())
    place = placed(path)
    assert read_header(place.file).error is None
    assert place.cost()[0] <= header_bytes(path) + 32 * KB


def test_one_slice_of_a_nifti(folder: Path, placed: Placed) -> None:
    place = placed(nifti(folder / "bold.nii", (64, 64, 36, 400)))
    volume = open_volume(place.file)
    opened, _ = place.cost()
    assert opened <= 4 * KB
    assert volume[:, :, 20, 300].shape == (64, 64)
    pulled, requests = place.cost()
    assert pulled <= 1.1 * 64 * 64 * 2
    assert requests <= 2


def test_one_frame_of_many(folder: Path, placed: Placed) -> None:
    place = placed(enhanced(folder / "enhanced.dcm", 96, 100))
    volume = open_volume(place.file)
    place.cost()
    frame = one_frame(volume, 70)
    assert (frame == 70).all()
    pulled, requests = place.cost()
    assert pulled <= 1.1 * 128 * 128 * 2
    assert requests <= 2


def one_frame(volume: Volume, number: int) -> np.ndarray:
    """Along the axis that has as many entries as there are frames."""
    axis = volume.shape.index(96)
    index = [slice(None)] * volume.ndim
    index[axis] = slice(number, number + 1)
    return volume.stored[tuple(index)]


def test_one_channel_of_a_long_recording(folder: Path, placed: Placed) -> None:
    place = placed(edf_plus(folder / "night.edf", 64, 5_250))
    recording = open_recording(place.file)
    place.cost()
    assert recording.channel("EEG 7", 1_000 * 256, 1_010 * 256).shape == (2_560,)
    pulled, requests = place.cost()
    assert pulled <= 1.5 * 2_560 * 2
    assert requests <= 10


def test_one_slice_of_a_compressed_nifti(folder: Path, placed: Placed) -> None:
    place = placed(noise(folder / "t1.nii.gz", (128, 128, 1100)))
    whole = np.asarray(nibabel.load(place.path).dataobj[..., 900])  # type: ignore[attr-defined]
    np.testing.assert_array_equal(
        open_volume(place.file, memo=cache_memo())[..., 900], whole
    )  # builds the index
    place.cost()
    volume = open_volume(place.file, memo=cache_memo())
    place.cost()
    np.testing.assert_array_equal(volume[..., 900], whole)
    assert place.cost()[0] <= 2 * SPACING
