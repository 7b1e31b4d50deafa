"""Placed: where the voxels of a volume lie."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from neurochain.formats.arrays.slicing import Index
from neurochain.formats.shown.shown import Shown
from neurochain.formats.volumes import regions

__all__ = ["Placed"]


class Placed(Shown, ABC):
    """Array with axes, some of which an affine places in space.

    Parameters
    ----------
    axes : tuple of str
        Names of the axes.
    affine : ndarray, shape (4, 4), float64, mm, or None
        Voxel indices, along the spatial axes, to RAS+ coordinates.
    voxel_sizes : tuple of float, mm
        Along the spatial axes.
    called : str
        Name for messages.

    Attributes
    ----------
    opened_with : mapping
        What the caller of `open` said of the file, as plain JSON.
    """

    opened_with: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        axes: tuple[str, ...],
        affine: np.ndarray[Any, np.dtype[np.float64]] | None,
        voxel_sizes: tuple[float, ...],
        called: str,
    ) -> None:
        self.axes = axes
        self.affine = affine
        self.voxel_sizes = voxel_sizes
        self._called = called

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Entries along each axis."""

    @abstractmethod
    def __getitem__(self, index: Index) -> Any:
        """Read a slice."""

    def index_at(self, x: float, y: float, z: float) -> tuple[int | slice, ...]:
        """Index of the voxel whose middle is nearest to a point; of a point half-way, the higher one.

        Parameters
        ----------
        x, y, z : float, mm
            RAS+ coordinates.

        Returns
        -------
        tuple of int or slice
            Integers along the spatial axes, the whole of any other.

        Raises
        ------
        ShapeError
            The point lies in no voxel, or the volume has no affine.

        Examples
        --------
        >>> from neurochain.formats import Volume
        >>> volume = Volume.of(np.zeros((4, 4, 3, 10)), affine=np.diag([2.0, 2.0, 3.0, 1.0]))
        >>> volume.index_at(2.2, 6.0, 3.0)
        (1, 3, 1, slice(None, None, None))
        """
        axes = regions.spatial(self.axes)
        lengths = tuple(self.shape[i] for i in axes)
        found = regions.nearest(self.affine, lengths, (x, y, z), self._called)
        index: list[int | slice] = [slice(None)] * len(self.shape)
        for axis, at in zip(axes, found, strict=True):
            index[axis] = at
        return tuple(index)

    def at_mm(self, x: float, y: float, z: float) -> Any:
        """Value at a point: that of the voxel whose middle is nearest, as `index_at` finds it.

        Parameters
        ----------
        x, y, z : float, mm
            RAS+ coordinates.

        Returns
        -------
        NumPy scalar, or ndarray over the axes that are not spatial
            Of a volume over time, the time course.

        Raises
        ------
        ShapeError
            The point lies in no voxel, or the volume has no affine.

        Examples
        --------
        >>> volume.at_mm(-42.0, -22.0, 54.0)                  # doctest: +SKIP
        """
        return self[self.index_at(x, y, z)]
