"""Made DICOM files with frames, for tests."""

import struct
import warnings
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels import get_encoder
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

MR = "1.2.840.10008.5.1.4.1.1.4"
ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0" + bytes(4)


def item(data):
    return ITEM + struct.pack("<I", len(data)) + data


def described(frames, **elements):
    """Data set of some frames, without their pixels; shape (frames, rows, columns[, samples])."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = MR, "1.2.3", "MR"
    made.NumberOfFrames, made.Rows, made.Columns = frames.shape[:3]
    made.SamplesPerPixel = frames.shape[3] if frames.ndim == 4 else 1
    made.PhotometricInterpretation = "RGB" if made.SamplesPerPixel == 3 else "MONOCHROME2"
    if made.SamplesPerPixel == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * frames.dtype.itemsize
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, int(frames.dtype.kind == "i")
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def saved(path, made, syntax):
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID, made.file_meta.MediaStorageSOPInstanceUID = MR, "1.2.3"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.save_as(
            path,
            implicit_vr=False,
            little_endian=syntax != ExplicitVRBigEndian,
            enforce_file_format=True,
        )
    return path


def packed(frames, syntax=RLELossless):
    """Each frame, compressed."""
    encoder = get_encoder(syntax)
    one = described(frames[:1])
    options = {
        "rows": one.Rows,
        "columns": one.Columns,
        "number_of_frames": 1,
        "samples_per_pixel": one.SamplesPerPixel,
        "photometric_interpretation": one.PhotometricInterpretation,
        "bits_allocated": one.BitsAllocated,
        "bits_stored": one.BitsStored,
        "pixel_representation": one.PixelRepresentation,
    }
    if "PlanarConfiguration" in one:
        options["planar_configuration"] = 0
    return [encoder.encode(frame, **options) for frame in frames]


def compressed(path, frames, syntax=RLELossless, table="basic", fragments=1, **elements):
    """File of compressed frames; `table` is "basic", "extended" or "none"."""
    made, parts = described(frames, **elements), packed(frames, syntax)
    if table == "extended":
        made.PixelData, made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = encapsulate_extended(
            parts
        )
    else:
        made.PixelData = encapsulate(parts, fragments_per_frame=fragments, has_bot=table == "basic")
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    return saved(path, made, syntax)


def with_items(path, frames, items, syntax=JPEG2000Lossless, **elements):
    """File whose compressed Pixel Data is what `items` says, delimiter and all."""
    made = described(frames, **elements)
    made.PixelData = ITEM + bytes(4) + item(b"\0\0")
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    saved(path, made, syntax)
    whole = path.read_bytes()
    at = whole.index(b"\xe0\x7f\x10\x00OB") + 12
    path.write_bytes(whole[:at] + items)
    return path


def uncompressed(path, frames, pixel_data=None, syntax=ExplicitVRLittleEndian, vr="OW", **elements):
    """File of frames as they are, or of the bytes given."""
    made = described(frames, **elements)
    made.PixelData = frames.tobytes() if pixel_data is None else pixel_data
    made["PixelData"].VR = vr
    return saved(path, made, syntax)


def sparse(path: Path, n_frames: int, side: int, filled: dict[int, np.ndarray]) -> Path:
    """File of many frames of 16 bits, most of which take no room on disk."""
    made = described(np.empty((1, side, side), np.uint16), NumberOfFrames=n_frames)
    saved(path, made, ExplicitVRLittleEndian)
    size = 2 * side * side
    with path.open("ab") as file:
        file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, n_frames * size))
        start = file.tell()
    with path.open("r+b") as file:
        for n, frame in filled.items():
            file.seek(start + n * size)
            file.write(frame.tobytes())
        file.truncate(start + n_frames * size)
    return path


def noise(*shape, dtype=np.uint16):
    info = np.iinfo(dtype)
    return np.random.default_rng(0).integers(info.min, info.max, shape, dtype, endpoint=True)


def cost(file, read):
    """What something pulls: its value, bytes, requests."""
    before = file.bytes_read, file.requests
    value = read()
    return value, file.bytes_read - before[0], file.requests - before[1]
