"""Headers that are like one another: what is not parsed again is what parsing gives, and what is left out is not read."""

from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from neurochain.formats import HeadSizes, read_header, read_identifiers
from neurochain.formats.dicom import image
from neurochain.formats.dicom.likes import KEPT, LONGEST, MOST, Likes
from neurochain.storage import File, ReadLog, recording_reads

BLOB = 300_000  # bytes of a private value, larger than what any store reads along


@pytest.fixture(autouse=True)
def likes(monkeypatch: pytest.MonkeyPatch) -> Likes:
    """Headers of the other tests are not known."""
    found = Likes()
    monkeypatch.setattr(image, "LIKES", found)
    return found


def scanner(name: str = "MR_small.dcm") -> FileDataset:
    return pydicom.dcmread(str(get_testdata_file(name)))


def series(folder: Path, count: int, scan: FileDataset) -> list[Path]:
    """Files that differ as those of a series do."""
    paths = []
    for number in range(count):
        scan.SOPInstanceUID = scan.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[str(number) * (number % 3 + 1)]
        )
        scan.InstanceNumber = 7 * number**3
        scan.SliceLocation = f"{number * 1.5}"
        scan.ImagePositionPatient = [number, -number / 3, 12]
        paths.append(folder / f"{number:03d}.dcm")
        scan.save_as(paths[-1], enforce_file_format=True)
    return paths


def alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """What a header says that is read by itself."""
    with monkeypatch.context() as patch:
        patch.setattr(image, "LIKES", Likes())
        found = read_header(File.at(path))
    return found.header, found.record


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian])
def test_a_series_reads_as_each_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, likes: Likes, syntax: str
) -> None:
    scan = scanner("MR_small_bigendian.dcm" if syntax == ExplicitVRBigEndian else "MR_small.dcm")
    if syntax == ImplicitVRLittleEndian:
        scan = scanner("MR_small_implicit.dcm")
    assert scan.file_meta.TransferSyntaxUID == syntax
    sizes = HeadSizes()
    for path in series(tmp_path, 12, scan):
        found = read_header(File.at(path), sizes)
        assert (found.header, found.record) == alone(path, monkeypatch)
        assert found.record is not None
        assert found.record["InstanceNumber"] == int(pydicom.dcmread(path).InstanceNumber)
    assert len(likes._likes) == 1  # and the others were read by it


def test_what_a_reader_of_a_record_changes_is_its_own(tmp_path: Path) -> None:
    paths = series(tmp_path, 6, scanner())
    records = [read_header(File.at(path)).record for path in paths]
    assert records[4] is not None
    assert records[5] is not None
    before = list(records[5]["ImageType"])
    records[4]["ImageType"].clear()
    assert records[5]["ImageType"] == before
    again = read_header(File.at(paths[5])).record
    assert again is not None
    assert again["ImageType"] == before


def test_elements_that_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with an element more, less, doubled in another place, or in another character set."""
    paths = series(tmp_path, 4, scanner())
    for path in paths:
        read_header(File.at(path))
    for number, (keyword, value) in enumerate(
        [
            ("PatientComments", "more"),
            ("SliceLocation", None),
            ("SpecificCharacterSet", "ISO_IR 192"),
            ("SpecificCharacterSet", "ISO_IR 100"),
            ("Columns", [64, 64]),
            ("EchoTime", ["1", "2"]),
            ("SeriesDescription", "other"),
        ]
    ):
        scan = pydicom.dcmread(paths[3])
        with pydicom.config.disable_value_validation():
            if value is None:
                delattr(scan, keyword)
            else:
                setattr(scan, keyword, value)
            scan.PatientName = "Müller" if keyword == "SpecificCharacterSet" else "M"
            changed = tmp_path / f"changed-{number}.dcm"
            scan.save_as(changed)
        found = read_header(File.at(changed))
        assert (found.header, found.record) == alone(changed, monkeypatch)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**16), st.binary(min_size=1, max_size=6), st.booleans())
def test_damage_reads_as_it_does_alone(
    tmp_path_factory: pytest.TempPathFactory, at: int, put: bytes, cut: bool
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damage"
    if not folder.exists():
        folder.mkdir()
        series(folder, 5, scanner())
    known = Likes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "LIKES", known)
        for number in range(4):
            read_header(File.at(folder / f"{number:03d}.dcm"))
        data = (folder / "004.dcm").read_bytes()
        at %= 2_000  # the header
        (folder / "damaged").write_bytes(data[:at] if cut else data[:at] + put + data[at + len(put) :])
        found = read_header(File.at(folder / "damaged"))
        assert (found.header, found.record) == alone(folder / "damaged", patch)


def test_long_private_values_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = scanner()
    block = scan.private_block(0x0029, "VENDOR", create=True)
    block.add_new(0x10, "OB", bytes(range(250)) * (BLOB // 250))
    block.add_new(0x11, "SH", "after")
    scan.PixelData = bytes(64 * 64 * 2)
    paths = series(tmp_path, 5, scan)
    sizes, expected = HeadSizes(), [alone(path, monkeypatch) for path in paths]
    for path, (header, record) in zip(paths, expected, strict=True):  # type: ignore[misc]
        log = ReadLog()
        with recording_reads(log):
            file = File.at(path)
        found = read_header(file, sizes)
        assert (found.header, found.record) == (header, record)
        assert found.record is not None
        assert found.record["header_end"] > BLOB
        (read,) = log.files()
        assert len(read.ranges) == 2
        assert log.bytes == sum(b - a for a, b in read.ranges)
        assert log.bytes < 80_000 if path == paths[0] else log.bytes < 20_000
        assert read_identifiers(File.at(path), "dicom")["PatientName"] == str(scan.PatientName)


def test_headers_that_differ_in_much_are_learnt_anew() -> None:
    likes = Likes()

    def learn(values: list[bytes]) -> None:
        likes.learn(False, False, list(enumerate(values)), {}, {}, len)

    learn([b"a"] * (MOST + 1))
    learn([b"b"] * (MOST + 1))
    assert not likes._likes
    learn([b"b"] * MOST + [b"c"])
    (like,) = likes._likes
    assert [(run.data, run.others) for run in like.runs] == [(b"b" * MOST, 1), (b"", 0)]


def test_only_so_many_kinds_are_kept() -> None:
    likes = Likes()
    for number in range(3 * KEPT):
        for _ in range(2):
            likes.learn(False, False, [(number, b"x"), (number + 1, None)], {}, {}, len)
    assert len(likes._likes) == KEPT
    assert likes.like(False, False, b"..x", 2) is not None
    assert likes.like(True, False, b"..x", 2) is None
    assert likes.like(False, False, b"..y", 2) is None
    likes.learn(
        False, False, [(1, b"x"), (1, b"x")], {}, {}, len
    )  # one tag twice: the order of values matters
    assert LONGEST < BLOB
