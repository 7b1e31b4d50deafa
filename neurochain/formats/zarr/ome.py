"""OME-Zarr: what the attributes of a group say of its images: axes with units, and a pyramid of levels.

Sources: https://ngff.openmicroscopy.org/0.4/ and https://ngff.openmicroscopy.org/0.5/.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.zarr.node import Json, plain_text

__all__ = ["Axis", "Image", "Level", "image_of", "said_of"]

MILLIMETRES = {
    "angstrom": 1e-7,
    "picometer": 1e-9,
    "nanometer": 1e-6,
    "micrometer": 1e-3,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "decimeter": 100.0,
    "meter": 1e3,
    "kilometer": 1e6,
    "inch": 25.4,
    "foot": 304.8,
    "nm": 1e-6,
    "um": 1e-3,
    "µm": 1e-3,
    "μm": 1e-3,
    "micron": 1e-3,
    "mm": 1.0,
    "cm": 10.0,
    "m": 1e3,
}
"""Of the units of length; those of the specification, and as some programs write them."""
SPACE = ("x", "y", "z")
KINDS = {"x": "space", "y": "space", "z": "space", "t": "time", "c": "channel"}  # before version 0.4, by name
BEFORE_AXES = ("t", "c", "z", "y", "x")  # of versions 0.1 and 0.2
LEVELS = "datasets"  # as OME-Zarr calls them
MOST_LEVELS = 100
MOST_AXES = 32
MOST_CHANNELS = 10_000
Transform = tuple[tuple[float, ...], tuple[float, ...]]
"""Scale and translation along each axis."""


@dataclass(frozen=True)
class Axis:
    """Axis of an image.

    Attributes
    ----------
    name : str
    kind : str
        ``"space"``, ``"time"``, ``"channel"`` or what else the file says; empty where it says nothing.
    unit : str
        As written; empty where there is none.
    """

    name: str
    kind: str
    unit: str


@dataclass(frozen=True)
class Level:
    """One resolution of an image.

    Attributes
    ----------
    path : str
        Of its array, below the image's group.
    scale, translation : tuple of float, or None
        Along each axis, in the units of the axes; None where the file does not say.
    """

    path: str
    scale: tuple[float, ...] | None
    translation: tuple[float, ...] | None


@dataclass(frozen=True)
class Image:
    """Image with its levels, the finest first.

    Attributes
    ----------
    version : str or None
        Of OME-Zarr.
    name : str or None
    axes : tuple of Axis
    levels : tuple of Level
    channels : tuple of str
        Labels; empty where there are none.
    """

    version: str | None
    name: str | None
    axes: tuple[Axis, ...]
    levels: tuple[Level, ...]
    channels: tuple[str, ...]

    def voxel_sizes(self, level: Level) -> tuple[float, ...] | None:
        """Along the spatial axes, in their order, mm; None where the file says no unit or no scale."""
        factors = self._factors()
        if factors is None or level.scale is None:
            return None
        return tuple(abs(level.scale[i]) * factor for i, factor in factors.items())

    def affine(self, level: Level) -> np.ndarray[Any, np.dtype[np.float64]] | None:
        """Voxel indices, along the spatial axes in their order, to (x, y, z) of the file's own space, shape (4, 4), mm.

        None where the spatial axes are not called x, y and z, or have no unit. An axis that is not there has voxels of 1 mm
        at 0.
        """
        factors = self._factors()
        names = [self.axes[i].name for i in factors or ()]
        if not factors or level.scale is None or level.translation is None or not set(names) <= set(SPACE):
            return None
        found = np.zeros((4, 4))
        found[3, 3] = 1.0
        for column, ((i, factor), name) in enumerate(zip(factors.items(), names, strict=True)):
            row = SPACE.index(name)
            found[row, column] = level.scale[i] * factor
            found[row, 3] = level.translation[i] * factor
        for column, name in enumerate((n for n in SPACE if n not in names), len(names)):
            found[SPACE.index(name), column] = 1.0
        return found if np.isfinite(found).all() else None

    def _factors(self) -> dict[int, float] | None:
        """Millimetres of the units of the spatial axes, by position; None where one has none."""
        found = {i: MILLIMETRES.get(a.unit) for i, a in enumerate(self.axes) if a.kind == "space"}
        known = {i: factor for i, factor in found.items() if factor is not None}
        return known if found and len(known) == len(found) <= 3 else None


def said_of(attributes: Mapping[str, Any]) -> Json | None:
    """The object that holds what OME says in a group's attributes; None where it says nothing there."""
    inner = attributes.get("ome")
    for said in (inner, attributes):
        if isinstance(said, dict) and ({"multiscales", "plate", "well", "bioformats2raw.layout"} & set(said)):
            return said
    return None


def image_of(said: Mapping[str, Any]) -> Image | None:
    """First image of a group; None where it has none.

    Raises
    ------
    FormatError
        What it says of it is not as the specification has it.
    """
    listed = said.get("multiscales")
    if listed is None:
        return None
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
        raise FormatError("its multiscales are no list of objects")
    one: Json = listed[0]
    listed = one.get(LEVELS)
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_LEVELS:
        raise FormatError(f"its multiscales list no levels, or more than {MOST_LEVELS}")
    axes = _axes(one.get("axes"))
    outer = _transform(
        one.get("coordinateTransformations"), len(axes), (((1.0,) * len(axes)), ((0.0,) * len(axes)))
    )
    levels = tuple(_level(level, len(axes), outer) for level in listed)
    version = said.get("version", one.get("version"))
    return Image(
        plain_text(version),
        plain_text(one.get("name")),
        axes,
        levels,
        _channels(said.get("omero")),
    )


def _axes(said: Any) -> tuple[Axis, ...]:
    if said is None:
        return tuple(Axis(name, KINDS[name], "") for name in BEFORE_AXES)
    if not isinstance(said, list) or not 0 < len(said) <= MOST_AXES:
        raise FormatError("its axes are no list")
    found = []
    for one in said:
        name = plain_text(one.get("name") if isinstance(one, dict) else one)
        if name is None:
            raise FormatError("one of its axes has no name")
        if isinstance(one, str):
            found.append(Axis(name, KINDS.get(name, ""), ""))
        else:
            found.append(Axis(name, plain_text(one.get("type")) or "", plain_text(one.get("unit")) or ""))
    if len({axis.name for axis in found}) < len(found):
        raise FormatError("two of its axes have one name")
    return tuple(found)


def _level(said: Any, count: int, outer: Transform | None) -> Level:
    path = said.get("path") if isinstance(said, dict) else None
    if not isinstance(path, str) or not path.strip("/"):
        raise FormatError("one of its levels has no path")
    inner = _transform(said.get("coordinateTransformations"), count, None)
    if inner is None or outer is None:
        return Level(path.strip("/"), None, None)
    (scale, shift), (wider, further) = inner, outer
    scales = tuple(a * b for a, b in zip(scale, wider, strict=True))
    shifts = tuple(a * b + c for a, b, c in zip(shift, wider, further, strict=True))
    if not all(map(math.isfinite, (*scales, *shifts))) or 0 in scales:
        raise FormatError(f"the scale of its level {path[:60]!r} cannot be: {scales}")
    return Level(path.strip("/"), scales, shifts)


def _transform(said: Any, count: int, nothing: Transform | None) -> Transform | None:
    """One scale, and one translation behind it; None where something else stands there."""
    if said is None:
        return nothing
    if not isinstance(said, list) or len(said) > 16:
        raise FormatError("its coordinateTransformations are no list")
    scale, shift = (1.0,) * count, (0.0,) * count
    for one in said:
        kind = one.get("type") if isinstance(one, dict) else None
        if kind == "scale" and "scale" in one:
            by = _vector(one["scale"], count)
            scale, shift = (tuple(a * b for a, b in zip(v, by, strict=True)) for v in (scale, shift))
        elif kind == "translation" and "translation" in one:
            shift = tuple(a + b for a, b in zip(shift, _vector(one["translation"], count), strict=True))
        elif kind != "identity":
            return None
    return scale, shift


def _vector(said: Any, count: int) -> tuple[float, ...]:
    if not isinstance(said, list) or len(said) != count or not all(type(v) in (int, float) for v in said):
        raise FormatError(
            f"one of its coordinateTransformations has not one number for each of its {count} axes"
        )
    try:
        return tuple(map(float, said))
    except OverflowError:
        raise FormatError("one of its coordinateTransformations holds a number that cannot be") from None


def _channels(said: Any) -> tuple[str, ...]:
    listed = said.get("channels") if isinstance(said, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_CHANNELS:
        return ()
    found: Sequence[str | None] = [
        plain_text(one.get("label")) if isinstance(one, dict) else None for one in listed
    ]
    return tuple(label or f"channel {i + 1}" for i, label in enumerate(found)) if any(found) else ()
