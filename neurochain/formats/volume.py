"""Volume: a lazy array with spatial axes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurochain.formats.slicing import Index, normalise
from neurochain.formats.stored import Array
from neurochain.storage import File

__all__ = ["Volume"]


class Volume:
    """Array of voxels or pixels that reads what is sliced from it.

    Made by `open_volume`. A NIfTI volume has the axes (x, y, z[, t, …]), a DICOM volume
    ([frame,] row, column[, sample]). Integers, slices with steps and ``...`` work as in NumPy; masks and lists
    do not: slice first. Pickles as its file and opens again where it arrives.

    Attributes
    ----------
    file : File
        Where the values lie.
    format : str
        As in `header.format`.
    shape : tuple of int
        Of the array.
    dtype : dtype
        Of what a slice gives: float64 where the file states a slope or an intercept, else as stored.
    axes : tuple of str
        Names of the axes.
    affine : ndarray, shape (4, 4), float64, mm, or None
        Voxel indices to RAS+ coordinates. NIfTI: (x, y, z, 1), as nibabel gives it. DICOM: (row, column, 0, 1).
    voxel_sizes : tuple of float, mm
        Along the spatial axes; empty where the file does not say.
    slope, intercept : float
        ``value = stored * slope + intercept``; 1 and 0 where the file states none.

    Examples
    --------
    >>> volume = open_volume(File.at("bold.nii"))             # doctest: +SKIP
    >>> volume[:, :, 10, 0].mean()                            # doctest: +SKIP
    """

    def __init__(
        self,
        file: File,
        format: str,
        reopen: "Callable[[File], Volume]",
        array: Array,
        axes: tuple[str, ...],
        affine: np.ndarray[Any, np.dtype[np.float64]] | None = None,
        voxel_sizes: tuple[float, ...] = (),
        scaling: tuple[float, float] | None = None,
        stored: bool = False,
    ) -> None:
        self.file = file
        self.format = format
        self.axes = axes
        self.affine = affine
        self.voxel_sizes = voxel_sizes
        self.slope, self.intercept = scaling or (1.0, 0.0)
        self._reopen = reopen
        self._array = array
        self._scaling = scaling
        self._is_stored = stored

    @property
    def shape(self) -> tuple[int, ...]:
        """Entries along each axis."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._array.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self._array.shape, dtype=object))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what a slice gives."""
        if self._scaling is None or self._is_stored:
            return self._array.dtype
        return np.result_type(self._array.dtype, np.float64)

    @property
    def stored(self) -> "Volume":
        """The same volume without slope and intercept, in the dtype of the file."""
        return Volume(
            self.file,
            self.format,
            self._reopen,
            self._array,
            self.axes,
            self.affine,
            self.voxel_sizes,
            self._scaling,
            stored=True,
        )

    def __getitem__(self, index: Index) -> Any:
        """Read a slice; one entry is a NumPy scalar.

        Raises
        ------
        IndexError
            Out of bounds, or no integer, slice or ``...``.
        FormatError
            The file does not hold what its header promises.
        StorageError
            The bytes cannot be had.
        """
        array = self._array.select(normalise(index, self.shape, "volume"))
        if self._scaling is not None and not self._is_stored:
            slope, intercept = self._scaling
            array = array * np.float64(slope) + np.float64(intercept)
        return array if array.ndim else array[()]

    def read(self) -> np.ndarray[Any, Any]:
        """All values, in memory of their own."""
        return np.asarray(self[...])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("np.asarray(volume, copy=False): a lazy volume has no memory to share.")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A volume without axes has no length.")
        return self.shape[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self._reopen, self.file, self._is_stored)

    def __repr__(self) -> str:
        axes = ", ".join(f"{name}: {n}" for name, n in zip(self.axes, self.shape, strict=True))
        sizes = " x ".join(f"{v:g}" for v in self.voxel_sizes)
        return f"<Volume {self.file.name} ({axes}) {self.dtype}{f', {sizes} mm' if sizes else ''}>"


def _reopen(reopen: Callable[[File], Volume], file: File, stored: bool) -> Volume:
    volume = reopen(file)
    return volume.stored if stored else volume
