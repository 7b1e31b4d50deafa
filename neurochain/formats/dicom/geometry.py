"""Geometry of one DICOM image in the terms of `Header`: shape, mm, RAS+.

PS3.3 section C.7.6.2.1.1: https://dicom.nema.org/medical/dicom/current/output/html/part03.html
"""

from typing import Any

__all__ = ["affine", "shape", "stored_dtype", "voxel_sizes"]

_FLOATS = {0x7FE00008: "float32", 0x7FE00009: "float64"}


def shape(record: dict[str, Any]) -> list[int] | None:
    """[frames,] rows, columns[, samples]; None where the file states no rows and columns."""
    rows, columns = record.get("Rows") or 0, record.get("Columns") or 0
    if rows < 1 or columns < 1:
        return None
    frames = record.get("NumberOfFrames") or 1
    samples = record.get("SamplesPerPixel") or 1
    return [*([frames] if frames > 1 else []), rows, columns, *([samples] if samples > 1 else [])]


def stored_dtype(record: dict[str, Any], pixel_tag: int) -> str | None:
    """Type of the pixels as NumPy names it; None for widths that have none."""
    if pixel_tag in _FLOATS:
        return _FLOATS[pixel_tag]
    bits = record.get("BitsAllocated")
    if bits == 1:
        return "uint8"
    if bits not in (8, 16, 32, 64):
        return None
    return f"{'int' if record.get('PixelRepresentation') == 1 else 'uint'}{bits}"


def voxel_sizes(record: dict[str, Any]) -> list[float] | None:
    """Row spacing, column spacing and, where known, slice spacing, mm."""
    spacing = record.get("PixelSpacing")
    if spacing is None or len(spacing) != 2:
        return None
    between = _slice_spacing(record)
    return [*spacing, *([between] if between else [])]


def affine(record: dict[str, Any]) -> list[float] | None:
    """Indices (row, column, 0) of a single image to RAS+ mm, 16 numbers row by row.

    The third column is the normal of the image, as long as the slice spacing (1 mm where unknown): the
    files of a series, not one image, tell which way slices go. None for several frames, for a mosaic of
    slices (its position is not that of its first pixel), and where position, orientation or spacing is
    absent or impossible.
    """
    spacing = record.get("PixelSpacing")
    position = record.get("ImagePositionPatient")
    orientation = record.get("ImageOrientationPatient")
    if not spacing or not position or not orientation or (record.get("NumberOfFrames") or 1) > 1:
        return None
    if "MOSAIC" in (record.get("ImageType") or ()):
        return None
    if len(spacing) != 2 or len(position) != 3 or len(orientation) != 6 or min(spacing) <= 0:
        return None
    x0, x1, x2, y0, y1, y2 = orientation
    normal = (x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0)
    if not 0.9 < sum(n * n for n in normal) < 1.1:
        return None  # not two perpendicular unit vectors
    between = _slice_spacing(record) or 1.0
    down, across = spacing
    # Moving down a column (next row) follows the second vector; DICOM's x and y point left and back.
    return [
        -y0 * down, -x0 * across, -normal[0] * between, -position[0],
        -y1 * down, -x1 * across, -normal[1] * between, -position[1],
        y2 * down, x2 * across, normal[2] * between, position[2],
        0.0, 0.0, 0.0, 1.0,
    ]  # fmt: skip


def _slice_spacing(record: dict[str, Any]) -> float | None:
    between = record.get("SpacingBetweenSlices") or record.get("SliceThickness")
    # Some scanners write a negative spacing for descending slices.
    return abs(between) if between else None
