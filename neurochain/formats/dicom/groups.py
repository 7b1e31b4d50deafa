"""Functional groups: what an enhanced multi-frame image says of all its frames, and of each.

PS3.3 section C.7.6.16: https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.7.6.16
"""

from typing import Any

from neurochain.formats.dicom.elements import Tree, floats, number, numbers, private, text

__all__ = ["GROUP_TAGS", "PHILIPS_SCALE", "Frame", "frames", "is_enhanced"]

_ENHANCED = "1.2.840.10008.5.1.4.1.1."
_CLASSES = frozenset(
    _ENHANCED + end for end in ("2.1", "2.2", "4.1", "4.3", "4.4", "13.1.1", "13.1.3", "128.1", "130")
)
"""Enhanced CT and MR, converted legacy CT, MR and PET, X-ray in 3D, enhanced PET."""
SHARED, EACH = 0x52009229, 0x52009230
MOST_FRAMES = 1_000_000

_PLANE_POSITION, _PLANE_ORIENTATION, _MEASURES, _VALUES = 0x00209113, 0x00209116, 0x00289110, 0x00289145
_CONTENT, _ECHO, _DIFFUSION, _DIRECTION, _COIL = 0x00209111, 0x00189114, 0x00189117, 0x00189076, 0x00189042
_CARDIAC, _TIME, _TIMING = 0x00189118, 0x00209310, 0x00189112
_PHILIPS = 0x2005140F  # what single images of Philips hold, repeated in a private group
PHILIPS_SCALE = 0x2005, "Philips MR Imaging DD 001", 0x0E
_TYPES = (0x00189226, 0x00189329, 0x00189751, 0x00189504)  # frame type of MR, CT, PET, X-ray in 3D
_GROUP: dict[int, Any] = {
    _PLANE_POSITION: {0x00200032: None},
    _PLANE_ORIENTATION: {0x00200037: None},
    _MEASURES: {0x00280030: None, 0x00180050: None, 0x00180088: None},
    _VALUES: {0x00281052: None, 0x00281053: None},
    _CONTENT: {0x00209056: None, 0x00209128: None, 0x00209157: None},
    _ECHO: {0x00189082: None},
    _DIFFUSION: {0x00189087: None, _DIRECTION: {0x00189089: None}},
    _TIMING: {0x00181314: None},
    _COIL: {0x00181250: None},
    _CARDIAC: {0x00209153: None},
    _TIME: {0x0020930D: None},
    _PHILIPS: dict.fromkeys(
        tag for block in range(0x10, 0x18) for tag in (0x20050000 | block, 0x20050000 | block << 8 | 0x0E)
    ),
    **{tag: {0x00089007: None, 0x00089208: None} for tag in _TYPES},
}
GROUP_TAGS: dict[int, Any] = {SHARED: _GROUP, EACH: _GROUP}
"""Elements of the functional groups that are read."""

Frame = dict[str, Any]
"""What the groups say of one frame; a key is absent where they say nothing."""


def is_enhanced(record: dict[str, Any]) -> bool:
    """Whether an image says where it lies in functional groups."""
    return record.get("SOPClassUID") in _CLASSES


def frames(extra: Tree, big: bool) -> list[Frame]:
    """What the functional groups say of each frame, those of all frames included; empty where there are none."""
    shared = _read(extra[SHARED][0], big) if extra.get(SHARED) else {}
    return [shared | _read(each, big) for each in (extra.get(EACH) or [])[:MOST_FRAMES]]


def _first(item: Tree, tag: int) -> Tree:
    """The one item of a functional group."""
    found = item.get(tag)
    first: Tree = found[0] if isinstance(found, list) and found else {}
    return first


def _read(item: Tree, big: bool) -> Frame:
    measures, values = _first(item, _MEASURES), _first(item, _VALUES)
    content, diffusion = _first(item, _CONTENT), _first(item, _DIFFUSION)
    kind: Tree = next(filter(None, (_first(item, tag) for tag in _TYPES)), {})
    words = text(kind, 0x00089007)
    types = (*(words.split("\\") if words else ()), *filter(None, [text(kind, 0x00089208)]))
    time = number(_first(item, _TIME), 0x0020930D, big, b"FD")
    trigger = number(_first(item, _CARDIAC), 0x00209153, big, b"FD")
    found: Frame = {
        "position": floats(_first(item, _PLANE_POSITION), 0x00200032, 3, big),
        "orientation": floats(_first(item, _PLANE_ORIENTATION), 0x00200037, 6, big),
        "spacing": floats(measures, 0x00280030, 2, big),
        "thickness": number(measures, 0x00180050, big),
        "between": number(measures, 0x00180088, big),
        "intercept": number(values, 0x00281052, big),
        "slope": number(values, 0x00281053, big),
        "stack": text(content, 0x00209056),
        "temporal_position": number(content, 0x00209128, big, b"UL"),
        "dimensions": tuple(numbers(content.get(0x00209157), big, b"UL")) or None,
        "echo": number(_first(item, _ECHO), 0x00189082, big, b"FD"),
        "b_value": number(diffusion, 0x00189087, big, b"FD"),
        "gradient": floats(_first(diffusion, _DIRECTION), 0x00189089, 3, big, b"FD"),
        "flip_angle": number(_first(item, _TIMING), 0x00181314, big),
        "scale": number({0: private(_first(item, _PHILIPS), *PHILIPS_SCALE)}, 0, big, b"FL"),
        "coil": text(_first(item, _COIL), 0x00181250),
        "time": time if time is not None else trigger,
        "image_type": types or None,
    }
    return {name: value for name, value in found.items() if value is not None}
