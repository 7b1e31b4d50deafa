"""DICOM files made for tests: images, mosaics, enhanced multi-frame images."""

import random
import struct
import warnings

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from neurochain.storage import File

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
KINDS = {"NumberOfImagesInMosaic": b"US", "Comment": b"LO", "AcquisitionMatrixText": b"SH"}
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def image(pixels, **elements):
    """Data set of one picture, or of several frames."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = MR, "1.2.3", "MR"
    made.SeriesInstanceUID = "1.2.3.4"
    made.Rows, made.Columns = pixels.shape[-2:]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = pixels.dtype.itemsize * 8
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, int(pixels.dtype.kind == "i")
    if pixels.ndim > 2:
        made.NumberOfFrames = len(pixels)
    made.PixelData = pixels.tobytes()
    made["PixelData"].VR = "OW"
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def placed(pixels, position, orientation=AXIAL, spacing=(2.0, 3.0), **elements):
    """Data set of one picture with a place in space."""
    return image(
        pixels,
        ImagePositionPatient=[decimal(v) for v in position],
        ImageOrientationPatient=[decimal(v) for v in orientation],
        PixelSpacing=[decimal(v) for v in spacing],
        **elements,
    )


def decimal(value):
    """Number as a DS holds it: 16 characters at most."""
    return next(t for d in range(16, 0, -1) if len(t := f"{value:.{d}g}") <= 16)


def write(path, made, syntax=ExplicitVRLittleEndian):
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    if syntax == ExplicitVRBigEndian:
        made.PixelData = np.frombuffer(made.PixelData, f"u{made.BitsAllocated // 8}").byteswap().tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.save_as(
            path,
            implicit_vr=syntax.is_implicit_VR,
            little_endian=syntax.is_little_endian,
            enforce_file_format=True,
        )
    return path


def pixels(seed, rows=6, columns=4):
    """Random pixels."""
    return np.random.default_rng(seed).integers(-3000, 3000, (rows, columns)).astype(np.int16)


def series(folder, positions, orientation=AXIAL, each=None, shuffled=True, **elements):
    """Files of a series, in any order; `each` gives further elements of the image of a number."""
    files = []
    for i, position in enumerate(positions):
        more = elements | ({} if each is None else each(i))
        made = placed(
            pixels(i), position, more.pop("orientation", orientation),
            **({"InstanceNumber": str(i + 1), "SOPInstanceUID": f"1.2.3.{i}"} | more),
        )  # fmt: skip
        files.append(File.at(write(folder / f"{i:03}.dcm", made)))
    if shuffled:
        random.Random(0).shuffle(files)
    return files


def stack(n, apart=5.0):
    """Positions of axial slices."""
    return [(1.0, 2.0, apart * k) for k in range(n)]


def csa(tags, second=True):
    """Siemens' private header: name to texts."""
    out = (b"SV10\x04\x03\x02\x01" if second else b"") + struct.pack("<II", len(tags), 77)
    base = None
    for name, texts in tags.items():
        out += struct.pack(
            "<64si4s3i",
            name.encode(),
            len(texts),
            KINDS.get(name, b"FD"),
            4,
            len(texts),
            77,
        )
        base = len(texts) if base is None else base
        for text in texts:
            value = text.encode() + b"\0"
            first = len(value) + (0 if second else base)
            out += struct.pack("<4i", first, len(value), 77, 0) + value + bytes(-len(value) % 4)
    return out


def mosaic(slices, position, normal=(0, 0, 1), orientation=AXIAL, between=4.0, header=None, **elements):
    """Data set of slices, shape (n, rows, columns), side by side; `position` is that of the whole picture."""
    n, rows, columns = slices.shape
    per_side = int(np.ceil(np.sqrt(n)))
    picture = np.zeros((per_side * rows, per_side * columns), slices.dtype)
    for k, one in enumerate(slices):
        r, c = k // per_side * rows, k % per_side * columns
        picture[r : r + rows, c : c + columns] = one
    made = placed(
        picture,
        position,
        orientation,
        ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"],
        SpacingBetweenSlices=str(between),
        **elements,
    )
    if header is None:
        header = csa(
            {
                "Comment": ["secret"],
                "AcquisitionMatrixText": [f"{columns}*{rows}"],
                "EchoLinePosition": ["32", "64"],
                "NumberOfImagesInMosaic": [str(n)],
                "SliceNormalVector": [str(v) for v in normal],
            }
        )
    if header:
        made.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
        made.add_new(0x00291010, "OB", header + bytes(len(header) % 2))
    return made


def group(**elements):
    """Sequence of one item."""
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return Sequence([item])


def enhanced(frames, places, shared=None, open_ended=False, **elements):
    """Data set of an enhanced image.

    `places` holds, for each frame, a position and what else its groups say: ``{"EffectiveEchoTime": 30.0}``.
    """
    made = image(frames, SOPClassUID=ENHANCED_MR, InstanceNumber="1", **elements)
    common = Dataset()
    common.PlaneOrientationSequence = group(ImageOrientationPatient=[decimal(v) for v in AXIAL])
    common.PixelMeasuresSequence = group(PixelSpacing=["2", "3"], SliceThickness="5")
    for name, value in (shared or {}).items():
        setattr(common, name, value)
    each = []
    for i, place in enumerate(places):
        item = Dataset()
        item.PlanePositionSequence = group(ImagePositionPatient=[decimal(v) for v in place["position"]])
        content = {
            k: place[k] for k in ("StackID", "TemporalPositionIndex", "DimensionIndexValues") if k in place
        }
        item.FrameContentSequence = group(FrameAcquisitionNumber=i, **content)
        if "EffectiveEchoTime" in place:
            item.MREchoSequence = group(EffectiveEchoTime=place["EffectiveEchoTime"])
        if "b_value" in place:
            item.MRDiffusionSequence = group(DiffusionBValue=place["b_value"])
        if "gradient" in place:
            direction = group(DiffusionGradientOrientation=[float(v) for v in place["gradient"]])
            item.MRDiffusionSequence[0].DiffusionGradientDirectionSequence = direction
        if "component" in place:
            item.MRImageFrameTypeSequence = group(
                FrameType=["ORIGINAL", "PRIMARY"], ComplexImageComponent=place["component"]
            )
        if "orientation" in place:
            item.PlaneOrientationSequence = group(
                ImageOrientationPatient=[decimal(v) for v in place["orientation"]]
            )
        if "slope" in place:
            item.PixelValueTransformationSequence = group(
                RescaleSlope=decimal(place["slope"]),
                RescaleIntercept=decimal(place["intercept"]),
                RescaleType="US",
            )
        each.append(item)
    made.SharedFunctionalGroupsSequence = Sequence([common])
    made.PerFrameFunctionalGroupsSequence = Sequence(each)
    if open_ended:
        _open(made)
    return made


def _open(made):
    """Write sequences and items without their lengths."""
    made.is_undefined_length_sequence_item = True
    for element in made:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                _open(item)
