"""Grid: which axes of a volume are shown in space, and which ones beside."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import ParameterError
from neurochain.formats import Volume
from neurochain.formats.volumes import regions

__all__ = ["Grid"]

COLOURS = (3, 4)  # samples of a voxel that are shown as a colour


@dataclass(frozen=True)
class Grid:
    """Axes of a volume as a page shows them.

    Attributes
    ----------
    spatial : tuple of int
        Axes in space, in the order of the affine.
    colours : int
        Axis of red, green and blue; -1 where voxels have one value.
    further : tuple of int
        Others: time, echoes, channels of a microscope.
    """

    volume: Volume
    spatial: tuple[int, ...]
    colours: int
    further: tuple[int, ...]

    @classmethod
    def of(cls, volume: Volume) -> "Grid":
        """Of a volume. Frames without a place in space lie behind each other, as slices do."""
        spatial = regions.spatial(volume.axes)
        if len(spatial) == 2 and "frame" in volume.axes and volume.affine is None:
            spatial = (*spatial, volume.axes.index("frame"))
        last = volume.ndim - 1
        named = volume.axes[-1:] == ("sample",)
        colours = last if named and volume.shape[-1] in COLOURS and volume.dtype == np.uint8 else -1
        further = tuple(i for i in range(volume.ndim) if i not in spatial and i != colours)
        return cls(volume, spatial, colours, further)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along the three axes that are shown."""
        x, y, z = ([self.volume.shape[i] for i in self.spatial] + [1, 1, 1])[:3]
        return x, y, z

    @property
    def volumes(self) -> int:
        """How many there are, one for each entry of the further axes."""
        return prod(self.volume.shape[i] for i in self.further)

    def at(self, number: int) -> dict[int, int]:
        """Entry along each further axis of a volume's number, the first axis varying fastest.

        Raises
        ------
        ParameterError
            There are not so many.
        """
        if not 0 <= number < max(self.volumes, 1):
            raise ParameterError(f"t={number}: there are {self.volumes:,} volumes, from t=0 on.")
        found = {}
        for axis in self.further:
            number, found[axis] = divmod(number, self.volume.shape[axis])
        return found

    def index(self, number: int, cut: dict[int, Any] | None = None) -> tuple[Any, ...]:
        """Index of one of the volumes; `cut` says what of the shown axes."""
        at = self.at(number)
        shown = {self.spatial[i]: value for i, value in (cut or {}).items() if i < len(self.spatial)}
        return tuple(at.get(i, shown.get(i, slice(None))) for i in range(self.volume.ndim))

    def turned(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Array of one of the volumes with its axes as they are shown: three in space, and colours."""
        left = [i for i in range(self.volume.ndim) if i not in self.further]
        order = [left.index(i) for i in self.spatial]
        colours = [left.index(self.colours)] if self.colours >= 0 else []
        found = array.transpose([*order, *colours])
        shape = [*found.shape[: len(order)], *[1] * (3 - len(order)), *found.shape[len(order) :]]
        return found.reshape(shape)
