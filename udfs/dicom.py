"""DICOM: is the geometry of an image sound, and is a series complete and even?

The parameters are named as DICOM names them, so they are filled from the header index: no file is opened.

PS3.3 section C.7.6.2 (image plane): https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.7.6.2.html
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

import neurochain as nc
from neurochain.errors import FormatError
from neurochain.formats import read_header
from udfs.stack import Stack, direction_error, stacks

__all__ = ["ImageQC", "SeriesQC", "image_qc", "keywords", "series_qc"]

POSITION = 0.01  # mm: positions are written with two to six decimals
DIRECTION = 1e-3  # of a unit vector: 0.06 degrees
TILT = 0.1  # degrees


@dataclass(frozen=True)
class ImageQC:
    """Whether one image says where it lies.

    Attributes
    ----------
    has_geometry : bool
        Position, orientation and pixel spacing are there, and possible.
    direction_error : float or None
        How far the orientation is from two perpendicular unit vectors; null without one.
    problems : list of str
        Empty for a sound image.
    """

    has_geometry: bool
    direction_error: float | None
    problems: list[str]


@dataclass(frozen=True)
class SeriesQC:
    """Whether the images of a series are all there, once, and evenly placed.

    Attributes
    ----------
    n_files : int
    n_without_geometry : int
        Images whose place is not known: no position or orientation, several frames, or a mosaic of slices. What
        follows is of the others.
    n_orientations : int
        Different directions of the images; three in a localiser.
    n_slices : int
        Different places.
    n_volumes : int
        Images at most places: times, echoes, b-values.
    slice_spacing : float or None, mm
        Median distance between neighbouring slices along their normal; null for one slice.
    spacing_deviation : float or None, mm
        Largest difference of a distance from it, or from its multiple where slices are missing.
    tilt : float or None, deg
        Between the way from the first to the last slice and the slices' normal: a tilted gantry.
    misplacement : float or None, mm
        Largest distance of a slice from the straight line between the first and the last.
    n_missing_slices : int
        Places that are left out between the others.
    n_missing_images : int
        Images that are left out at places that have others.
    n_duplicate_images : int
        Images beyond the usual number at a place.
    n_missing_numbers : int
        Instance numbers that are left out between the least and the largest.
    n_duplicate_numbers : int
        Images whose instance number another one has already.
    n_duplicate_uids : int
        Images whose SOPInstanceUID another one has already: copies.
    same_matrix : bool
        All have the same rows and columns.
    same_pixel_spacing : bool
    problems : list of str
        Each as a sentence; empty for a sound series.
    """

    n_files: int
    n_without_geometry: int
    n_orientations: int
    n_slices: int
    n_volumes: int
    slice_spacing: Annotated[float | None, nc.Unit("mm")]
    spacing_deviation: Annotated[float | None, nc.Unit("mm")]
    tilt: Annotated[float | None, nc.Unit("deg")]
    misplacement: Annotated[float | None, nc.Unit("mm")]
    n_missing_slices: int
    n_missing_images: int
    n_duplicate_images: int
    n_missing_numbers: int
    n_duplicate_numbers: int
    n_duplicate_uids: int
    same_matrix: bool
    same_pixel_spacing: bool
    problems: list[str]


def image_qc(
    ImagePositionPatient: Sequence[float] | None,
    ImageOrientationPatient: Sequence[float] | None,
    PixelSpacing: Sequence[float] | None,
) -> ImageQC:
    """Look at where one image says it lies.

    Parameters
    ----------
    ImagePositionPatient : sequence of 3 float, mm, or None
        Centre of the first voxel, LPS+.
    ImageOrientationPatient : sequence of 6 float, or None
        Directions along a row and along a column.
    PixelSpacing : sequence of 2 float, mm, or None
        Between rows, between columns.

    Examples
    --------
    >>> image_qc([0, 0, 0], [1, 0, 0, 0, 1, 0], [1, 1])
    ImageQC(has_geometry=True, direction_error=0.0, problems=[])
    >>> image_qc(None, [1, 0, 0, 0, 1, 0], [1, 0]).problems
    ['no ImagePositionPatient', 'PixelSpacing [1, 0] is not positive']
    """
    problems = []
    error = None
    for name, value, length in (
        ("ImagePositionPatient", ImagePositionPatient, 3),
        ("ImageOrientationPatient", ImageOrientationPatient, 6),
        ("PixelSpacing", PixelSpacing, 2),
    ):
        if value is None or not len(value):
            problems.append(f"no {name}")
        elif len(value) != length or not np.isfinite(value).all():
            problems.append(f"{name} {list(value)} are not {length} numbers")
        elif name == "PixelSpacing" and min(value) <= 0:
            problems.append(f"PixelSpacing {list(value)} is not positive")
        elif name == "ImageOrientationPatient":
            error = direction_error(value)
            if error > DIRECTION:
                problems.append("ImageOrientationPatient is not two perpendicular unit vectors")
    return ImageQC(not problems, error, problems)


def series_qc(
    SOPInstanceUID: Sequence[str | None],
    InstanceNumber: Sequence[int | None],
    ImageType: Sequence[Sequence[str] | None],
    NumberOfFrames: Sequence[int | None],
    ImagePositionPatient: Sequence[Sequence[float] | None],
    ImageOrientationPatient: Sequence[Sequence[float] | None],
    PixelSpacing: Sequence[Sequence[float] | None],
    Rows: Sequence[int | None],
    Columns: Sequence[int | None],
) -> SeriesQC:
    """Look at all images of one series: ``chain.agg(series_qc, partition_by="SeriesInstanceUID")``.

    Parameters
    ----------
    SOPInstanceUID, InstanceNumber, ImageType, NumberOfFrames : sequence, one entry for each image
        As the files say; None where they do not. `keywords` reads all from files, without a chain.
    ImagePositionPatient : sequence of 3 float each, mm, LPS+
        Centre of the first voxel.
    ImageOrientationPatient : sequence of 6 float each
        Directions along a row and along a column.
    PixelSpacing : sequence of 2 float each, mm
        Between rows, between columns.
    Rows, Columns : sequence of int
        Size of each image.

    Notes
    -----
    Images at one place are times, echoes or b-values as long as all places have the same number: the usual number
    is the most frequent, of several the largest. A distance counts as slices left out where it is a multiple of the
    median distance, to a tenth of it.

    Examples
    --------
    >>> z = [0.0, 3.0, 6.0, 12.0]
    >>> qc = series_qc(
    ...     ["1", "2", "3", "5"], [1, 2, 3, 5], [None] * 4, [None] * 4, [[0, 0, v] for v in z],
    ...     [[1, 0, 0, 0, 1, 0]] * 4, [[1, 1]] * 4, [64] * 4, [64] * 4,
    ... )
    >>> qc.slice_spacing, qc.n_missing_slices, qc.problems
    (3.0, 1, ['1 slice is missing', '1 instance number is missing'])
    """
    images: list[tuple[Sequence[float], Sequence[float]]] = [
        (position, orientation)
        for position, orientation, kinds, frames in zip(
            ImagePositionPatient, ImageOrientationPatient, ImageType, NumberOfFrames, strict=True
        )
        # The position of a mosaic is not that of its first slice, and frames have their own.
        if position is not None
        and orientation is not None
        and _placed(position, orientation)
        and "MOSAIC" not in (kinds or ())
        and (frames or 1) == 1
    ]
    found = stacks([p for p, _ in images], [o for _, o in images], POSITION, DIRECTION)
    places = [count for stack in found for count in stack.counts]
    usual = _usual(places)
    numbers = [n for n in InstanceNumber if n is not None]
    spread = max(numbers) - min(numbers) + 1 if numbers else 0
    facts: dict[str, Any] = {
        "n_files": len(SOPInstanceUID),
        "n_without_geometry": len(SOPInstanceUID) - len(images),
        "n_orientations": len(found),
        "n_slices": len(places),
        "n_volumes": usual,
        "slice_spacing": _spacing(found),
        "spacing_deviation": _largest(stack.deviation for stack in found),
        "tilt": _largest(stack.tilt for stack in found),
        "misplacement": _largest(stack.misplacement for stack in found),
        "n_missing_slices": sum(stack.n_missing for stack in found),
        "n_missing_images": sum(max(0, usual - n) for n in places),
        "n_duplicate_images": sum(max(0, n - usual) for n in places),
        "n_missing_numbers": spread - len(set(numbers)),
        "n_duplicate_numbers": len(numbers) - len(set(numbers)),
        "n_duplicate_uids": _repeated(SOPInstanceUID),
        "same_matrix": len(set(zip(Rows, Columns, strict=True))) <= 1,
        "same_pixel_spacing": len({None if s is None else tuple(s) for s in PixelSpacing}) <= 1,
    }
    return SeriesQC(**facts, problems=_problems(facts))


def keywords(files: Iterable[nc.File]) -> dict[str, list[Any]]:
    """Arguments of `series_qc`, from the headers of files.

    Parameters
    ----------
    files : iterable of File
        The images of one series.

    Raises
    ------
    FormatError
        One of them is no DICOM file.
    StorageError
        A header cannot be had.

    Examples
    --------
    >>> series_qc(**keywords(nc.File.at(p) for p in Path("series").glob("*.dcm")))  # doctest: +SKIP
    """
    names = [name for name in series_qc.__annotations__ if name != "return"]
    found: dict[str, list[Any]] = {name: [] for name in names}
    for file in files:
        header = read_header(file)
        if header.name != "dicom" or header.record is None:
            raise FormatError(f"{file.uri} is no DICOM file, so it belongs to no series. Leave it out.")
        for name in names:
            found[name].append(header.record[name])
    return found


def _placed(position: Sequence[float], orientation: Sequence[float]) -> bool:
    if len(position) != 3 or len(orientation) != 6:
        return False
    return bool(np.isfinite([*position, *orientation]).all()) and direction_error(orientation) < 0.1


def _usual(counts: list[int]) -> int:
    often = Counter(counts)
    return max(often, key=lambda n: (often[n], n), default=0)


def _repeated(values: Iterable[Any]) -> int:
    known = [v for v in values if v is not None]
    return len(known) - len(set(known))


def _spacing(found: list[Stack]) -> float | None:
    distances = [stack.distances for stack in found if len(stack.distances)]
    return float(np.median(np.concatenate(distances))) if distances else None


def _largest(values: Iterable[float | None]) -> float | None:
    return max((v for v in values if v is not None), default=None)


def _problems(facts: dict[str, Any]) -> list[str]:
    problems = []
    for name, what, happened in (
        ("n_missing_slices", "slice", "missing"),
        ("n_missing_images", "image", "missing at a place that has others"),
        ("n_duplicate_images", "image", "one too many at its place"),
        ("n_missing_numbers", "instance number", "missing"),
        ("n_duplicate_numbers", "instance number", "used before"),
        ("n_duplicate_uids", "image", "a copy of another"),
    ):
        n = facts[name]
        if n:
            problems.append(f"{n} {what}{'s are' if n > 1 else ' is'} {happened}")
    if 0 < facts["n_without_geometry"] < facts["n_files"]:
        problems.append(
            f"{facts['n_without_geometry']} of {facts['n_files']} images do not say where they are"
        )
    if (facts["spacing_deviation"] or 0) > POSITION:
        problems.append(f"slices are unevenly spaced, by up to {facts['spacing_deviation']:.3g} mm")
    if (facts["misplacement"] or 0) > POSITION:
        problems.append(f"slices are off the line between them, by up to {facts['misplacement']:.3g} mm")
    if (facts["tilt"] or 0) > TILT:
        problems.append(f"the stack is tilted by {facts['tilt']:.3g} degrees")
    if not facts["same_matrix"]:
        problems.append("rows and columns differ")
    if not facts["same_pixel_spacing"]:
        problems.append("pixel spacings differ")
    return problems
