"""NIfTI-1 and NIfTI-2 headers: 348 or 540 bytes, either byte order; and Analyze 7.5, from which they come.

https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h,
https://nifti.nimh.nih.gov/pub/dist/doc/nifti2.h and, of Analyze,
https://eeg.sourceforge.net/ANALYZE75.pdf
"""

import math
import struct
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.header import column

__all__ = ["DTYPES", "HEADER_BYTES", "NiftiRecord", "identify", "is_analyze", "is_begun", "is_pair", "parse"]

HEADER_BYTES = 540
"""Of NIfTI-2; NIfTI-1 has 348."""

DTYPES = {
    2: "uint8", 4: "int16", 8: "int32", 16: "float32", 32: "complex64", 64: "float64", 128: "rgb24", 256: "int8",
    512: "uint16", 768: "uint32", 1024: "int64", 1280: "uint64", 1536: "float128", 1792: "complex128",
    2048: "complex256", 2304: "rgba32",
}  # fmt: skip
"""Data type of each code; the one-bit type (1) has none."""

_SPATIAL = {0: None, 1: "meter", 2: "mm", 3: "micron"}
_TEMPORAL = {0: None, 8: "s", 16: "ms", 24: "us", 32: "Hz", 40: "ppm", 48: "rad/s"}
_MM = {"meter": 1000.0, "micron": 0.001}
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}

_FIELDS_1 = (
    "i10s18sihBB8h3f4h8f3fhBB4f2i80s24s2h6f4f4f4f16s4s",
    "sizeof_hdr data_type db_name extents session_error regular dim_info dim*8 intent_p*3 intent_code datatype bitpix "
    "slice_start pixdim*8 vox_offset scl_slope scl_inter slice_end slice_code xyzt_units cal_max cal_min "
    "slice_duration toffset glmax glmin descrip aux_file qform_code sform_code quatern*6 srow*12 intent_name magic",
)
_FIELDS_2 = (
    "i8s2h8q3d8dq2d2d2d2q80s24s2i6d4d4d4diii16sB15s",
    "sizeof_hdr magic datatype bitpix dim*8 intent_p*3 pixdim*8 vox_offset scl_slope scl_inter cal_max cal_min "
    "slice_duration toffset slice_start slice_end descrip aux_file qform_code sform_code quatern*6 srow*12 "
    "slice_code xyzt_units intent_code intent_name dim_info unused",
)


class NiftiRecord(BaseModel):
    """Fields of a NIfTI header under the standard's names, numbers as stored.

    Left out: ``db_name`` and ``aux_file``, which hold names of people in old files.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    version: int | None = column("1 or 2; 0: Analyze 7.5, which NIfTI comes from")
    byte_order: str | None = column('"little" or "big"')
    dim: list[int] | None = column("Number of axes, then 7 lengths")
    pixdim: list[float] | None = column("Handedness (-1 or 1), then 7 sizes in the file's own units")
    datatype: int | None = column("Code of the stored type")
    bitpix: int | None = column("Per voxel", "bit")
    vox_offset: int | None = column("Of the first voxel", "byte")
    scl_slope: float | None = column("Value = stored * slope + inter; 0 or NaN: not scaled")
    scl_inter: float | None = column("Value = stored * slope + inter")
    cal_min: float | None = column("For display")
    cal_max: float | None = column("For display")
    spatial_unit: str | None = column('"meter", "mm" or "micron"; null where not said')
    temporal_unit: str | None = column('"s", "ms", "us", "Hz", "ppm" or "rad/s"; null where not said')
    repetition_time: float | None = column(
        "pixdim[4] in seconds; null where its unit is no time. A BIDS sidecar wins over it", "s"
    )
    affine_from: str | None = column(
        'Where header.affine comes from: "sform", "qform" or "pixdim"; null of Analyze, which says no orientation'
    )
    sform_code: int | None = column("0: none, 1: scanner, 2: aligned, 3: Talairach, 4: MNI 152, 5: template")
    qform_code: int | None = column("0: none, 1: scanner, 2: aligned, 3: Talairach, 4: MNI 152, 5: template")
    sform: list[float] | None = column("16 numbers row by row; null when its code is 0", "mm")
    qform: list[float] | None = column("16 numbers row by row; null when its code is 0", "mm")
    intent_code: int | None = column("Statistic or kind of data that the values are; 0: none")
    intent_name: str | None = column("As written")
    intent_parameters: list[float] | None = column("Three, such as degrees of freedom")
    frequency_axis: int | None = column("Axis of frequency encoding, 0 to 2")
    phase_axis: int | None = column("Axis of phase encoding, 0 to 2")
    slice_axis: int | None = column("Axis of slices, 0 to 2")
    slice_code: int | None = column("Order of slices: 1, 2 sequential; 3 to 6 interleaved; 0 unknown")
    slice_start: int | None = column("First slice that slice_code speaks of")
    slice_end: int | None = column("Last slice that slice_code speaks of")
    slice_duration: float | None = column("Null where the unit of time is not known", "s")
    toffset: float | None = column("Shift of the time axis; null where its unit is not known", "s")
    descrip: str | None = column("Free text of the program that wrote the file")


def identify(head: bytes) -> tuple[int, str] | None:
    """NIfTI version and byte order (``"<"`` or ``">"``) of uncompressed first bytes; None if no NIfTI."""
    if len(head) < 348:
        return None
    for order in "<>":
        size = struct.unpack_from(order + "i", head)[0]
        if size == 348 and head[344:348] in (b"n+1\0", b"ni1\0"):
            return 1, order
        if size == 540 and head[4:8] in (b"n+2\0", b"ni2\0"):
            return 2, order
    return None


def is_pair(head: bytes, version: int) -> bool:
    """Whether a NIfTI header says that voxels are in another file."""
    return head[345 if version == 1 else 5] == ord("i")


def is_analyze(head: bytes) -> str | None:
    """Byte order of an Analyze header; it has no mark, so the file's name must speak for it too."""
    if len(head) < 348 or identify(head) is not None:
        return None
    for order in "<>":
        size, axes = struct.unpack_from(order + "i36xh", head)
        if size == 348 and 1 <= axes <= 7:
            return order
    return None


def is_begun(head: bytes) -> bool:
    """Whether fewer bytes than a header has begin as one does."""
    sizes = [struct.pack(order + "i", size) for order in "<>" for size in (348, 540)]
    return len(head) < 348 and any(size.startswith(head[:4]) for size in sizes)


def parse(head: bytes) -> dict[str, Any]:
    """Fields of a header as stored, those of several numbers as lists; ``version`` and ``order`` beside them.

    Raises
    ------
    FormatError
        The bytes are no NIfTI or Analyze header, or end before it does.
    """
    known = identify(head)
    if known is None and (order := is_analyze(head)) is not None:
        return _analyze(head, order)
    if known is None:
        if is_begun(head):
            raise FormatError(f"the file is cut short: its header needs 348 bytes, and there are {len(head)}")
        raise FormatError(
            f"there is no NIfTI header at its start (348 or 540 bytes with a mark); it begins with {head[:8]!r}"
        )
    version, order = known
    return _unpacked(head, version, order) | {"pair": is_pair(head, version)}


def _analyze(head: bytes, order: str) -> dict[str, Any]:
    """Fields of an Analyze header: those that NIfTI-1 has too lie at the same places.

    What was unused is SPM's slope in ``funused1``; the rest NIfTI filled with what Analyze does not know.
    """
    fields = _unpacked(head, 1, order)
    nothing = {"scl_inter": 0.0, "xyzt_units": 0, "sform_code": 0, "qform_code": 0}
    return fields | nothing | {"version": 0, "pair": True}


def _unpacked(head: bytes, version: int, order: str) -> dict[str, Any]:
    """Fields that lie in a header of some version."""
    code, names = _FIELDS_1 if version == 1 else _FIELDS_2
    form = struct.Struct(order + code)
    if len(head) < form.size:
        raise FormatError(
            f"the file is cut short: its NIfTI-2 header needs {form.size} bytes, and there are {len(head)}"
        )
    values = form.unpack_from(head)
    fields: dict[str, Any] = {"version": version, "order": order}
    at = 0
    for name in names.split():
        name, _, count = name.partition("*")
        fields[name] = list(values[at : at + int(count)]) if count else values[at]
        at += int(count or 1)
    return fields


def shape(fields: dict[str, Any]) -> list[int]:
    """Lengths of the axes; colours of RGB data are one more.

    Raises
    ------
    FormatError
        The numbers are impossible.
    """
    dim = fields["dim"]
    if not 1 <= dim[0] <= 7:
        raise FormatError(f"its header says {dim[0]} axes (dim[0]); there can be 1 to 7")
    lengths = [int(n) for n in dim[1 : dim[0] + 1]]
    # FreeSurfer's surfaces are longer than 16 bits hold: https://surfer.nmr.mgh.harvard.edu/fswiki/NiftiFreeSurfer
    if fields["version"] == 1 and lengths[:3] == [-1, 1, 1] and fields["glmin"] > 0:
        lengths[:3] = [int(fields["glmin"]), 1, 1]
    elif fields["version"] == 1 and lengths[:3] == [27307, 1, 6]:
        lengths[:3] = [163842, 1, 1]
    if min(lengths) < 0:
        raise FormatError(f"its header says the lengths {lengths} (dim); a length cannot be negative")
    return lengths + {128: [3], 2304: [4]}.get(fields["datatype"], [])


def scaling(fields: dict[str, Any]) -> tuple[float, float] | None:
    """Slope and intercept; None where values are not scaled.

    Raises
    ------
    FormatError
        The intercept is no number.
    """
    slope, inter = fields["scl_slope"], fields["scl_inter"]
    if slope == 0 or not math.isfinite(slope) or fields["datatype"] in (128, 2304):
        return None
    if not math.isfinite(inter):
        raise FormatError(
            f"its header says slope {slope} and intercept {inter}; an intercept must be a number"
        )
    return None if (slope, inter) == (1.0, 0.0) else (slope, inter)


def sform(fields: dict[str, Any]) -> list[float] | None:
    """Matrix of srow_x, srow_y, srow_z; None when its code is 0."""
    return [*fields["srow"], 0.0, 0.0, 0.0, 1.0] if fields["sform_code"] > 0 else None


def qform(fields: dict[str, Any]) -> list[float] | None:
    """Matrix of quaternion, sizes and offsets; None when its code is 0 or the quaternion is none."""
    if fields["qform_code"] <= 0:
        return None
    b, c, d, *offset = fields["quatern"]
    rest = 1.0 - (b * b + c * c + d * d)
    # Rounding to the stored width; nibabel draws the line here too.
    rounding = 3 * (2.0**-23 if fields["version"] == 1 else 2.0**-52)
    if not rest > -rounding or not all(map(math.isfinite, (*offset, *fields["pixdim"][1:4]))):
        return None
    a = math.sqrt(rest) if rest >= rounding else 0.0
    rotation = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
    ])  # fmt: skip
    sizes = np.array(fields["pixdim"][1:4], dtype=float)
    sizes[2] *= -1.0 if fields["pixdim"][0] < 0 else 1.0
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * sizes
    matrix[:3, 3] = offset
    return [float(v) for v in matrix.ravel()]


def base_affine(fields: dict[str, Any]) -> list[float]:
    """Matrix of sizes alone, the middle of the image at the origin and x pointing left, as nibabel has it."""
    lengths = [*fields["dim"][1 : fields["dim"][0] + 1], 1, 1, 1][:3]
    sizes = [*fields["pixdim"][1:4]]
    sizes = [s if i < fields["dim"][0] else 1.0 for i, s in enumerate(sizes)]
    sizes[0] = -sizes[0]
    matrix = np.diag([*sizes, 1.0])
    matrix[:3, 3] = [-(n - 1) / 2.0 * s for n, s in zip(lengths, sizes, strict=True)]
    return [float(v) for v in matrix.ravel()]


def units(fields: dict[str, Any]) -> tuple[str | None, str | None]:
    """Names of the units of space and time."""
    code = fields["xyzt_units"]
    return _SPATIAL.get(code & 7), _TEMPORAL.get(code & 56)


def millimetres(fields: dict[str, Any]) -> float:
    """Millimetres in the file's unit of space; 1 where it does not say."""
    return _MM.get(units(fields)[0] or "", 1.0)


def voxel_sizes(fields: dict[str, Any]) -> list[float]:
    """Sizes along the spatial axes, mm."""
    factor = millimetres(fields)
    return [abs(float(size)) * factor for size in fields["pixdim"][1 : min(fields["dim"][0], 3) + 1]]


def seconds(fields: dict[str, Any], value: float) -> float | None:
    """Time in seconds; None where the file's unit is no time."""
    factor = _SECONDS.get(units(fields)[1] or "")
    return None if factor is None or not math.isfinite(value) else float(value) * factor
