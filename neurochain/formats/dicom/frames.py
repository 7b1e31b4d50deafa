"""Planes of one file: of a picture, of a mosaic's tiles, of an enhanced image's frames."""

from collections.abc import Sequence
from typing import Any

from neurochain.errors import FormatError
from neurochain.formats.dicom.elements import Tree, number, numbers, private, text
from neurochain.formats.dicom.groups import GROUP_TAGS, PHILIPS_SCALE, Frame, frames, is_enhanced
from neurochain.formats.dicom.mosaic import MOSAIC_TAGS, is_mosaic, mosaic_of
from neurochain.formats.dicom.planes import FARTHEST, LPS_TO_RAS, NEAREST, Plane, Triple, is_placed

__all__ = ["SERIES_TAGS", "further_tags", "planes_of"]

_BLOCKS = range(0x10, 0x18)
_COIL = 0x0051, "SIEMENS MR HEADER", 0x0F
_B_VALUES = (
    (0x0019, "SIEMENS MR HEADER", 0x0C, b"IS"),
    (0x2001, "Philips Imaging DD 001", 0x03, b"FL"),
    (0x0043, "GEMS_PARM_01", 0x39, b"IS"),
)
"""Group, creator, element and value representation of b-values, of before the standard had a place for them."""
_GRADIENT = 0x0019, "SIEMENS MR HEADER", 0x0E
GE_SHIFT = 1_000_000_000  # added to b-values by some versions of GE's software
SERIES_TAGS: dict[int, None] = dict.fromkeys(
    tag
    for group, element in (
        (0x0019, 0x0C),
        (0x0019, 0x0E),
        (0x2001, 0x03),
        (0x2005, 0x0E),
        (0x0043, 0x39),
        (0x0051, 0x0F),
    )
    for block in _BLOCKS
    for tag in (group << 16 | block, group << 16 | block << 8 | element)
)
"""Private elements that tell images of one place apart."""


def further_tags(record: dict[str, Any], series: bool) -> dict[int, Any]:
    """What of a header needs a closer look than the scan's: nothing, for most files."""
    wanted: dict[int, Any] = {}
    if is_mosaic(record):
        wanted |= MOSAIC_TAGS | SERIES_TAGS
    if is_enhanced(record):
        wanted |= GROUP_TAGS
    return wanted | SERIES_TAGS if series else wanted


def planes_of(picture: int, name: str, record: dict[str, Any], extra: Tree, big: bool) -> list[Plane]:
    """Planes of a file, in the file's order; none where it does not say where they lie.

    Parameters
    ----------
    picture : int
        Number of the file's array.
    name : str
        Of the file.
    record : dict
        Fields of `DicomRecord`.
    extra : dict
        What `further_tags` asks for.
    big : bool
        Whether numbers are big endian.

    Raises
    ------
    FormatError
        Its frames are not those that the header promises.
    """
    if is_enhanced(record):
        return _enhanced(picture, name, record, extra, big)
    if (record.get("NumberOfFrames") or 1) > 1:
        return []
    placed = tuple(record.get(k) for k in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"))
    if not is_placed(*placed):
        return []
    position, orientation, spacing = (tuple(p) for p in placed if p)
    between = _between(record.get("SpacingBetweenSlices"), record.get("SliceThickness"))
    labels = _labels(record, extra, big)
    order = (*_order(record), 0.0)
    size = (record.get("Rows") or 0, record.get("Columns") or 0)
    scaling = (_or(record.get("RescaleSlope"), 1.0), _or(record.get("RescaleIntercept"), 0.0))
    if not is_mosaic(record):
        return [
            Plane(picture, name, None, (0, 0), size, position, orientation, spacing, between, scaling, labels, order)
        ]  # fmt: skip
    mosaic = mosaic_of(record, extra, big)
    if mosaic is None:
        return []
    tile = (mosaic.rows, mosaic.columns)
    return [
        Plane(picture, name, None, mosaic.corner(k), tile, mosaic.position(record, k, between or 1.0), orientation,
              spacing, between, scaling, labels, order)
        for k in range(mosaic.n_slices)
    ]  # fmt: skip


def _enhanced(picture: int, name: str, record: dict[str, Any], extra: Tree, big: bool) -> list[Plane]:
    found = frames(extra, big)
    stated = record.get("NumberOfFrames") or 1
    if not found or not all(
        is_placed(f.get("position"), f.get("orientation"), f.get("spacing")) for f in found
    ):
        return []
    if len(found) != stated:
        raise FormatError(f"its header says {stated} frames, and tells where {len(found)} lie")
    size = (record.get("Rows") or 0, record.get("Columns") or 0)
    planes = []
    for i, f in enumerate(found):
        scaling = (
            _or(f.get("slope", record.get("RescaleSlope")), 1.0),
            _or(f.get("intercept", record.get("RescaleIntercept")), 0.0),
        )
        labels = {
            "stack": f.get("stack"),
            "image_type": f.get("image_type"),
            "echo": _seconds(f.get("echo")),
            "coil": f.get("coil"),
            "b_value": f.get("b_value"),
            "gradient": _ras(f.get("gradient")),
            "philips_scale": f.get("scale"),
            "flip_angle": f.get("flip_angle"),
            "temporal_position": f.get("temporal_position"),
        }
        planes.append(
            Plane(
                picture, name, i if stated > 1 else None, (0, 0), size, f["position"], f["orientation"], f["spacing"],
                _between(f.get("between", record.get("SpacingBetweenSlices")), f.get("thickness")), scaling, labels,
                (*_order(record, f), *f.get("dimensions", ()), float(i)),
            )
        )  # fmt: skip
    return planes


def _order(record: dict[str, Any], frame: Frame | None = None) -> tuple[float, ...]:
    """By what repetitions are sorted: index in time, acquisition, time, number of the image."""
    frame = frame or {}
    keys = (
        frame.get("temporal_position", record.get("TemporalPositionIdentifier")),
        record.get("AcquisitionNumber"),
        frame.get("time", record.get("TriggerTime")),
        record.get("InstanceNumber"),
    )
    return tuple(-1.0 if k is None else float(k) for k in keys)


def _labels(record: dict[str, Any], extra: Tree, big: bool) -> dict[str, Any]:
    time, count = _seconds(record.get("EchoTime")), record.get("EchoNumbers")
    coil = private(extra, *_COIL)
    coils = (record.get("ReceiveCoilName"), text({0: coil}, 0))
    position = record.get("TemporalPositionIdentifier")
    stated = numbers(private(extra, *_GRADIENT), big, b"FD")
    return {
        "image_type": tuple(record.get("ImageType") or ()) or None,
        "echo": time if time is not None or count is None else float(count),
        "coil": coils[1] or coils[0],
        "b_value": _b_value(record, extra, big),
        "gradient": _ras(record.get("DiffusionGradientOrientation") or stated),
        "philips_scale": number({0: private(extra, *PHILIPS_SCALE)}, 0, big, b"FL"),
        "flip_angle": record.get("FlipAngle"),
        "inversion_time": _seconds(record.get("InversionTime")),
        "temporal_position": None if position is None else float(position),
    }


def _b_value(record: dict[str, Any], extra: Tree, big: bool) -> float | None:
    """b-value, s/mm²: where the standard has it, or in the vendor's private element."""
    stated = record.get("DiffusionBValue")
    if stated is not None:
        return float(stated)
    for group, creator, element, vr in _B_VALUES:
        found = numbers(private(extra, group, creator, element), big, vr)
        if found:
            return found[0] % GE_SHIFT if group == 0x0043 else found[0]
    return None


def _ras(direction: Sequence[float] | None) -> Triple | None:
    """Direction of a diffusion gradient, LPS, in RAS."""
    if not direction or len(direction) != 3:
        return None
    x, y, z = (a * b + 0.0 for a, b in zip(direction, LPS_TO_RAS, strict=True))
    return x, y, z


def _between(spacing: Any, thickness: Any) -> float | None:
    # Some scanners write a negative spacing for descending slices.
    between = abs(float(spacing or thickness or 0.0))
    return between if NEAREST < between < FARTHEST else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 9)


def _or(value: float | None, default: float) -> float:
    return default if value is None else float(value)
