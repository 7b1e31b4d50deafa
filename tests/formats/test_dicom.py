import random
import warnings

import pydicom
import pytest
from pydicom.pixels.utils import pixel_array

from neurochain.formats import RECORDS, read_header
from neurochain.formats.dicom.layout import CutShort, Refused
from neurochain.formats.dicom.reader import DicomReader
from neurochain.formats.dicom.scan import scan
from neurochain.formats.dicom.values import WANTED
from neurochain.storage import File
from neurochain.testing import FormatTests

LYING = {"MR_truncated.dcm", "rtplan_truncated.dcm", "no_meta.dcm"}
HEADERS_ONLY = {"UN_sequence.dcm", "no_meta_group_length.dcm", "priv_SQ.dcm", "csa_slice_norm.dcm"}
KEYWORDS = [
    (int(field.json_schema_extra["tag"], 16), name)
    for name, field in RECORDS["dicom"].model_fields.items()
    if "tag" in (field.json_schema_extra or {})
]


def dataset(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True)


def plain(value):
    """pydicom's value as neurochain's columns hold it, texts without the padding."""
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        return None
    if isinstance(value, str):
        return value.strip("\0 ") or None
    if hasattr(value, "append"):
        return [v.strip("\0 ") if isinstance(v, str) else v for v in value]
    return value


def compare(path, record):
    """Every indexed keyword as pydicom reads it."""
    ds = dataset(path)
    compared = 0
    for tag, keyword in KEYWORDS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = plain(ds.get(keyword))
        found = record.get(keyword)
        if isinstance(found, list) and not isinstance(expected, list) and expected is not None:
            expected = [expected]
        if isinstance(expected, list) and isinstance(found, str):
            expected = "\\".join(expected)
        if found is None and expected is not None:
            assert keyword in (record["rare"] or ""), (path, keyword, expected)
            continue
        assert found == expected, (path, f"{tag:08X}", keyword)
        compared += expected is not None
    return compared


class TestDicom(FormatTests):
    reader = DicomReader()

    @pytest.fixture
    def files(self, pydicom_files, nicom_data):
        images = [p for p in pydicom_files if p.suffix == ".dcm" and "dicomdirtests" not in p.parts]
        images = [
            p for p in images if p.name not in LYING and "Rows" in (d := dataset(p)) and "PixelData" in d
        ]
        return images + [p for p in sorted(nicom_data.glob("*.dcm")) if p.name != "csa_slice_norm.dcm"]

    def oracle(self, path):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                array = pixel_array(dataset(path), raw=True)
        except (RuntimeError, ValueError, AttributeError, NotImplementedError):
            return None  # no decoder here
        ds = dataset(path)
        slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
        return array if (slope, intercept) == (1, 0) else array * slope + intercept

    def header_budget(self, path):
        return max(64 * 1024, 4 * (read_header(File.at(path)).record["header_end"] or 0)) + 1024

    def needed(self, path):
        found = read_header(File.at(path)).record
        if found["pixel_offset"] is None:
            # Compressed: the end is where the sequence delimiter is.
            data = path.read_bytes()
            return (
                max(
                    data.rfind(b"\xfe\xff\xdd\xe0" + bytes(4)),
                    data.rfind(b"\xff\xfe\xe0\xdd" + bytes(4)),
                    132,
                )
                + 8
            )
        ds = dataset(path)
        return found["pixel_offset"] + len(ds.PixelData)


def test_every_keyword_equals_pydicom(pydicom_files, nicom_data):
    compared = read = 0
    for path in [*pydicom_files, *sorted(nicom_data.glob("*.dcm"))]:
        found = read_header(File.at(path))
        if found.header.get("format") == "dicom" and path.name not in LYING:
            assert found.record is not None, (path, found.error)
            compared += compare(path, found.record)
            read += 1
    assert read > 100
    assert compared > 2000


def test_every_keyword_of_real_files_equals_pydicom(real_data):
    for path in sorted(real_data.glob("dicom_*/**/*.dcm")):
        if path.name not in LYING:
            found = read_header(File.at(path))
            assert found.error is None or path.name in HEADERS_ONLY, (path, found.error)
            compare(path, found.record)


def test_a_head_cut_short_is_never_accepted(pydicom_files, nicom_data):
    """pydicom reads such a head without a word, the Rows missing."""
    chosen = random.Random(0)
    for path in [*pydicom_files, *sorted(nicom_data.glob("*.dcm"))]:
        data = path.read_bytes()
        if data[128:132] != b"DICM":
            continue
        try:
            whole = scan(data, len(data), WANTED)
        except Refused:
            continue
        for n in {*range(132, 220), *(chosen.randrange(132, len(data)) for _ in range(60)), whole.end + 12}:
            try:
                found = scan(data[:n], len(data), WANTED)
            except (CutShort, Refused):
                continue
            assert n >= whole.end or (found.cut and whole.cut), (path, n)
            assert (found.values, found.pixel) == (whole.values, whole.pixel)
