"""Compressed and odd pixels of real files, as pydicom decodes them; and files that lie about what they hold."""

import random
import struct
import tracemalloc
import warnings
import zlib

import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_frames import END, compressed, item, noise, packed, uncompressed, with_items
from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEG2000, JPEG2000Lossless, RLELossless

from neurochain.errors import FormatError, MissingExtraError, NeurochainError
from neurochain.formats import Volume, open_volume, read_header
from neurochain.formats.dicom.codecs import stated_shape
from neurochain.formats.dicom.layout import Refused
from neurochain.formats.dicom.pixels import pixel_problem, pixels
from neurochain.formats.dicom.scan import scan
from neurochain.formats.dicom.values import WANTED, decode
from neurochain.formats.dicom.with_pydicom import scan_with_pydicom
from neurochain.storage import File
from neurochain.testing.format_tests import random_index

WORDS = {"badVR.dcm"}  # NumberOfFrames is "1A": pydicom gives up, neurochain takes it for one frame
FOLDERS = ("dicom_edge", "dicom_jpeg_frag", "dicom_siemens_mosaic", "dicom_ge_fmri")


def dataset(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True)


def by_pydicom(path):
    """Pixels as pydicom has them, without change of colours; None where it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pixel_array(dataset(path), raw=True)
        except (AttributeError, KeyError, NotImplementedError, RuntimeError, ValueError):
            return None


def in_file_order(path):
    """Pixels as the file has them, whatever volume they make up."""
    file, data = File.at(path), path.read_bytes()
    try:
        found = scan(data, len(data), WANTED)
        record = decode(found.values, found.big_endian, strict=found.deflated_at is None)
    except Refused as refused:
        found = scan_with_pydicom(file, str(refused))
        record = decode(found.values, found.big_endian)
    problem = found.cut or pixel_problem(file, data, found, record)
    if problem is not None:
        raise FormatError(problem)
    array, axes = pixels(file, found, record, data)
    return Volume(file, "dicom", None, array, axes)


def compare(paths):
    """Whole files and random slices of their frames; the number of files with pixels."""
    chosen, compared = random.Random(0), 0
    for path in paths:
        expected = by_pydicom(path)
        if expected is None and path.name not in WORDS:
            with pytest.raises(NeurochainError):
                np.asarray(in_file_order(path))
            continue
        if expected is None:
            continue
        stored = in_file_order(path)
        for _ in range(4):
            index = random_index(expected.shape, chosen)
            np.testing.assert_array_equal(stored[index], expected[index], err_msg=str((path, index)))
        whole = np.asarray(stored)
        np.testing.assert_array_equal(whole, expected, err_msg=str(path))
        assert (whole.dtype, whole.shape) == (expected.dtype.newbyteorder("="), expected.shape)
        compared += 1
    return compared


def test_every_file_of_pydicom_is_decoded_as_pydicom_does(pydicom_files):
    assert compare([p for p in pydicom_files if p.suffix == ".dcm" or "dicomdirtests" in p.parts]) >= 89


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_real_file_is_decoded_as_pydicom_does(real_data, folder):
    assert compare(sorted((real_data / folder).rglob("*.dcm"))) > 7


def test_compressed_series_is_its_nifti(real_data):
    """dcm2niix decoded the same slices of JPEG Lossless in fragments."""
    folder = real_data / "dicom_jpeg_frag"
    theirs = np.asarray(nibabel.load(next(folder.rglob("*.nii"))).dataobj)
    met = set()
    for path in sorted(folder.rglob("*.dcm")):
        found = np.asarray(open_volume(File.at(path)).stored)
        # dcm2niix turns the rows round, and the axes of a sagittal series.
        views = [np.moveaxis(theirs, axis, 0) for axis in range(3)]
        same = {
            (axis, k)
            for axis, view in enumerate(views)
            for k, plane in enumerate(view)
            for turned in (found[::-1].T, found[::-1, ::-1].T)
            if plane.shape == turned.shape and np.array_equal(plane, turned)
        }
        assert len(same) == 1, path
        met |= same
    assert len(met) == len(list(folder.rglob("*.dcm")))
    assert len({axis for axis, _ in met}) == 1


def test_codestreams_state_their_shape(pydicom_files):
    stated = 0
    for path in pydicom_files:
        made = dataset(path) if path.suffix == ".dcm" else {}
        syntax = getattr(made, "file_meta", {}).get("TransferSyntaxUID")
        if "PixelData" not in made or syntax is None or not syntax.is_compressed or "Rows" not in made:
            continue
        if syntax.is_deflated or syntax == RLELossless or by_pydicom(path) is None:
            continue
        for frame in generate_frames(made.PixelData, number_of_frames=int(made.get("NumberOfFrames") or 1)):
            assert stated_shape(frame) == (made.Rows, made.Columns, made.SamplesPerPixel), path
            stated += 1
    assert stated > 50


@given(
    st.binary(max_size=80),
    st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xff\xff\xc0", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "]),
)
def test_no_bytes_break_the_look_at_a_codestream(data, mark):
    stated = stated_shape(mark + data)
    assert stated is None or len(stated) == 3


def test_a_codestream_in_boxes_states_its_shape():
    stream = packed(noise(1, 64, 48), JPEG2000Lossless)[0]
    signature = struct.pack(">I4s4s", 12, b"jP  ", b"\r\n\x87\n")
    other = struct.pack(">I4s4s", 12, b"ftyp", b"jp2 ")
    assert stated_shape(signature + other + struct.pack(">I4s", 8 + len(stream), b"jp2c") + stream) == (
        64,
        48,
        1,
    )


def test_without_a_decoder_the_extra_is_named(tmp_path, monkeypatch):
    frames = noise(2, 40, 40)
    path = compressed(tmp_path / "a.dcm", frames, JPEG2000Lossless)
    other = compressed(tmp_path / "b.dcm", frames)
    for syntax in (JPEG2000Lossless, RLELossless):
        monkeypatch.setattr(get_decoder(syntax), "_available", {})
    volume = open_volume(File.at(path))
    assert volume.shape == (2, 40, 40)
    with pytest.raises(
        MissingExtraError, match=r"a\.dcm is compressed \(JPEG 2000 .*pip install 'neurochain\[dicom\]'"
    ):
        volume[0]
    np.testing.assert_array_equal(open_volume(File.at(other)), frames)  # RLE needs none


@pytest.mark.parametrize(
    ("syntax", "words"),
    [
        ("1.2.840.10008.1.2.4.102", "transfer syntax '1.2.840.10008.1.2.4.102' is not decoded"),
        ("1.2.840.10008.1.2.1", "compressed, but its transfer syntax is 'Explicit VR Little Endian'"),
        ("1.2.3", "transfer syntax '1.2.3' is not decoded"),
        (JPEG2000, "frame 1 cannot be decoded: its codestream is none that is known"),
    ],
)
def test_what_is_not_decoded(tmp_path, syntax, words):
    frames = noise(2, 40, 40)
    items = item(b"") + b"".join(map(item, packed(frames))) + END
    path = with_items(tmp_path / "a.dcm", frames, items, RLELossless)
    path.write_bytes(
        path.read_bytes().replace(b"1.2.840.10008.1.2.5\0", str(syntax).encode().ljust(20, b"\0"))
    )
    if len(syntax) > 20:
        made = with_items(tmp_path / "b.dcm", frames, items, syntax)
        path.write_bytes(made.read_bytes())
    with pytest.raises(FormatError, match=words):
        open_volume(File.at(path))[1]


def patched(path, **numbers):
    """File whose header says other numbers."""
    data = bytearray(path.read_bytes())
    tags = {"Rows": 0x10, "Columns": 0x11, "SamplesPerPixel": 0x02}
    for name, value in numbers.items():
        at = data.index(struct.pack("<HH2sH", 0x0028, tags[name], b"US", 2)) + 8
        struct.pack_into("<H", data, at, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
@pytest.mark.parametrize("numbers", [{"Rows": 39}, {"Rows": 41}, {"Columns": 80}, {"Rows": 1, "Columns": 1}])
def test_images_of_another_shape_are_refused(tmp_path, syntax, numbers):
    path = patched(compressed(tmp_path / "a.dcm", noise(3, 40, 40), syntax), **numbers)
    volume = open_volume(File.at(path))
    with pytest.raises(
        FormatError,
        match=r"a\.dcm: frame 2 cannot be decoded: its (codestream has 40 x 40 x 1 pixels|RLE|\d)",
    ):
        volume[2]


@pytest.mark.parametrize(
    ("frames", "numbers", "words"),
    [
        (
            9000,
            {},
            r"9000 x 40 x 40 pixels of 16 bits, but [\d,]+ bytes of compressed Pixel Data hold at most",
        ),
        (1, {"Rows": 65535, "Columns": 65535}, "frames of more than 1,073,741,824 bytes are not decoded"),
        (2, {"Rows": 20000, "Columns": 20000}, "decode to at most"),
    ],
)
def test_a_header_that_promises_too_much_allocates_nothing(tmp_path, frames, numbers, words):
    path = patched(compressed(tmp_path / "a.dcm", noise(2, 40, 40), NumberOfFrames=frames), **numbers)
    tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    with pytest.raises(FormatError, match=words):
        open_volume(File.at(path))
    assert read_header(File.at(path)).error
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - before < 20_000_000


def test_fragments_that_are_deflated_once_more_are_refused(tmp_path):
    path = with_items(tmp_path / "a.dcm", noise(1, 40, 40), item(b"") + item(b"ab") + END, RLELossless)
    whole = path.read_bytes()
    meta = 132 + 12 + int.from_bytes(whole[140:144], "little")
    head = whole[:meta].replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1.99")
    head = head.replace(b"\x02\x00\x10\x00UI\x14\x00", b"\x02\x00\x10\x00UI\x16\x00")
    head = head[:140] + struct.pack("<I", len(head) - 144) + head[144:]
    packer = zlib.compressobj(wbits=-15)
    path.write_bytes(head + packer.compress(whole[meta:]) + packer.flush())
    assert "deflated as a whole" in read_header(File.at(path)).error


def test_a_few_bytes_are_no_huge_image(tmp_path):
    """Header and codestream agree on 600 MB of pixels, in 200 bytes: no decoder sees them."""
    stream = bytearray(packed(noise(1, 40, 40), JPEG2000Lossless)[0][:200])
    struct.pack_into(">2I", stream, 8, 20_000, 15_000)
    path = with_items(tmp_path / "a.dcm", noise(1, 40, 40), item(b"") + item(bytes(stream)) + END)
    volume = open_volume(File.at(patched(path, Rows=15_000, Columns=20_000)))
    with pytest.raises(FormatError, match="its 200 bytes should decode to 600,000,000"):
        volume[0, 0]


def test_a_lying_codestream_allocates_nothing(tmp_path):
    """Rows and columns agree in header and codestream, the pixels do not follow."""
    stream = packed(noise(1, 40, 40), JPEG2000Lossless)[0]
    path = with_items(tmp_path / "a.dcm", noise(1, 40, 40), item(b"") + item(stream[:60]) + END)
    with pytest.raises(FormatError, match="frame 0 cannot be decoded"):
        open_volume(File.at(path))[...]


def test_mutated_compressed_files_never_raise_another_error(tmp_path, pydicom_files):
    """Every codec, damaged inside Pixel Data: an error of neurochain, or pixels of the header's shape."""
    chosen = random.Random(4)
    files = [p for p in pydicom_files if p.suffix == ".dcm" and p.stat().st_size < 60_000]
    originals = []
    for path in files:
        found = read_header(File.at(path))
        record = found.record or {}
        if found.error is None and found.header.get("shape") and record["pixel_offset"] is None:
            originals.append((path.read_bytes(), record["header_end"] or 0))
    assert len({pydicom_syntax(data) for data, _ in originals}) >= 6
    path, decoded = tmp_path / "a.dcm", 0
    for _ in range(1500):
        data, start = chosen.choice(originals)
        out = bytearray(data)
        for _ in range(chosen.choice((1, 2, 8))):
            at = chosen.randrange(start, min(len(out), start + chosen.choice((40, 2000, 60_000))))
            if chosen.random() < 0.7:
                out[at] = chosen.randrange(256)
            elif chosen.random() < 0.5:
                del out[at : at + chosen.randrange(1, 5)]
            else:
                out[at : at + 4] = b"\xff\xff\xff\xff"
        path.write_bytes(out)
        try:
            volume = open_volume(File.at(path))
            assert np.asarray(volume).shape == volume.shape
            decoded += 1
        except FormatError:
            continue
    assert 100 < decoded < 1500


def pydicom_syntax(data):
    at = data.index(b"\x02\x00\x10\x00UI") + 6
    return data[at + 2 : at + 2 + data[at]]


def test_deflated_bits_and_frames(tmp_path):
    """What is deflated as a whole is looked at in the same way."""
    frames = noise(5, 9, 7, dtype=np.uint8) % 2
    bits = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    path = uncompressed(
        tmp_path / "a.dcm",
        frames,
        bits + b"\0" * (len(bits) % 2),
        "1.2.840.10008.1.2.1.99",
        "OB",
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
    )
    np.testing.assert_array_equal(open_volume(File.at(path))[3], frames[3])
