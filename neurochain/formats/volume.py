"""Volume: a lazy array with spatial axes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.memory import FORMAT, MemoryArray, numbers, shared
from neurochain.formats.slicing import Axis, Index, normalise
from neurochain.formats.stored import Array
from neurochain.storage import File

__all__ = ["Volume"]

AXES = ("x", "y", "z", "t", "dim5", "dim6", "dim7")


class Volume:
    """Array of voxels or pixels that reads what is sliced from it.

    Made by `open_volume`, or by `Volume.of` of an array in memory. A NIfTI volume has the axes (x, y, z[, t, …]), a DICOM volume
    (row, column[, slice, …][, sample]), or (frame, row, column[, sample]) where the frames make no grid in space. Integers, slices with steps and ``...`` work as in NumPy; masks and lists
    do not: slice first. Pickles as its file and opens again where it arrives; without a file, by value.

    Attributes
    ----------
    file : File or None
        Where the values lie; None for an array in memory.
    files : tuple of File
        All of them, where several make the array: images of a DICOM series.
    format : str
        As in `header.format`; ``"memory"`` without a file.
    shape : tuple of int
        Of the array.
    dtype : dtype
        Of what a slice gives: float64 where the file states a slope or an intercept, else as stored.
    axes : tuple of str
        Names of the axes.
    affine : ndarray, shape (4, 4), float64, mm, or None
        Voxel indices to RAS+ coordinates. NIfTI: (x, y, z, 1), as nibabel gives it. DICOM: (row, column, slice, 1).
    voxel_sizes : tuple of float, mm
        Along the spatial axes; empty where the file does not say.
    slope, intercept : float or ndarray
        ``value = stored * slope + intercept``; 1 and 0 where the file states none. Arrays, as many entries as there are
        slices, where slices differ.
    coordinates : dict of str to tuple
        What is known of the entries along further axes: ``"echo"``, ``"inversion_time"`` (s), ``"b_value"`` (s/mm²),
        ``"gradient"`` (direction, RAS+), ``"flip_angle"`` (degrees), ``"image_type"``, ``"coil"``, ``"temporal_position"``;
        one value where it is the same for all. ``"philips_scale"`` is Philips' private scale: values of different series
        compare as ``value / (slope * philips_scale)``. Not stored with the volume.

    Examples
    --------
    >>> volume = open_volume(File.at("bold.nii"))             # doctest: +SKIP
    >>> volume[:, :, 10, 0].mean()                            # doctest: +SKIP
    """

    def __init__(
        self,
        file: File | None,
        format: str,
        reopen: "Callable[[File], Volume] | None",
        array: Array,
        axes: tuple[str, ...],
        affine: np.ndarray[Any, np.dtype[np.float64]] | None = None,
        voxel_sizes: tuple[float, ...] = (),
        scaling: tuple[Any, Any] | None = None,
        stored: bool = False,
        files: tuple[File, ...] = (),
        coordinates: Mapping[str, tuple[Any, ...]] | None = None,
    ) -> None:
        self.file = file
        self.files = files or (() if file is None else (file,))
        self.coordinates = dict(coordinates or {})
        self.format = format
        self.axes = axes
        self.affine = affine
        self.voxel_sizes = voxel_sizes
        self.slope: Any = 1.0 if scaling is None else scaling[0]
        self.intercept: Any = 0.0 if scaling is None else scaling[1]
        self._reopen = reopen
        self._array = array
        self._scaling = scaling
        self._is_stored = stored

    @classmethod
    def of(
        cls,
        array: Any,
        affine: Any = None,
        axes: Iterable[str] | None = None,
        voxel_sizes: Iterable[float] | None = None,
    ) -> "Volume":
        """Volume of an array in memory, which is not copied.

        Parameters
        ----------
        array : array_like
            Of numbers, in the dtype that slices have.
        affine : array_like, shape (4, 4), mm, optional
            Voxel indices to RAS+ coordinates.
        axes : iterable of str, optional
            Name of each axis; x, y, z, t, … by default, as NIfTI has them.
        voxel_sizes : iterable of float, mm, optional
            Along the spatial axes; by default those that the affine says, of at most three axes.

        Raises
        ------
        ShapeError
            The affine is not 4x4, or the axes are not as many as the array has.
        TypeError
            The values are no numbers, or some are masked.

        Examples
        --------
        >>> Volume.of(np.zeros((4, 4, 3), np.int16), affine=np.diag([2.0, 2.0, 3.0, 1.0]))
        <Volume in memory (x: 4, y: 4, z: 3) int16, 2 x 2 x 3 mm>
        """
        values = numbers(array, "Volume.of()")
        ndim = values.ndim
        names = (
            (*AXES, *(f"dim{i + 1}" for i in range(len(AXES), ndim)))[:ndim] if axes is None else tuple(axes)
        )
        if len(names) != ndim:
            raise ShapeError(
                f"Volume.of(): an array of shape {values.shape} has {ndim} axes, and {len(names)} names are given: "
                f"{', '.join(names) or 'none'}."
            )
        matrix = None if affine is None else np.array(affine, np.float64)
        if matrix is not None and matrix.shape != (4, 4):
            raise ShapeError(f"Volume.of(): an affine has the shape (4, 4), this one {matrix.shape}.")
        if voxel_sizes is None:
            sizes = () if matrix is None else np.linalg.norm(matrix[:3, : min(ndim, 3)], axis=0)
        else:
            sizes = voxel_sizes
        return cls(None, FORMAT, None, MemoryArray(values), names, matrix, tuple(float(v) for v in sizes))

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
            True,
            self.files,
            self.coordinates,
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
        axes = normalise(index, self.shape, "volume")
        array = self._array.select(axes)
        if self._scaling is not None and not self._is_stored:
            slope, intercept = (_part(np.asarray(v, np.float64), axes) for v in self._scaling)
            array = array * slope + intercept
        return array if array.ndim else array[()]

    def read(self) -> np.ndarray[Any, Any]:
        """All values, in memory of their own."""
        return np.asarray(self[...])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if isinstance(self._array, MemoryArray):
            return shared(self._array.array, dtype, copy)
        if copy is False:
            raise ValueError("np.asarray(volume, copy=False): a lazy volume has no memory to share.")
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A volume without axes has no length.")
        return self.shape[0]

    def __reduce__(self) -> tuple[Any, ...]:
        if self._reopen is None:
            return Volume.of, (np.asarray(self), self.affine, self.axes, self.voxel_sizes)
        return _reopen, (self._reopen, self.file, self._is_stored)

    def __repr__(self) -> str:
        name = self.file.name if self.file is not None else "in memory"
        if len(self.files) > 1:
            name += f" and {len(self.files) - 1} more"
        axes = ", ".join(f"{name}: {n}" for name, n in zip(self.axes, self.shape, strict=True))
        sizes = " x ".join(f"{v:g}" for v in self.voxel_sizes)
        return f"<Volume {name} ({axes}) {self.dtype}{f', {sizes} mm' if sizes else ''}>"


def _part(values: np.ndarray[Any, Any], axes: tuple[Axis, ...]) -> np.ndarray[Any, Any]:
    """Slopes or intercepts of what was selected; one number is that of every entry."""
    if not values.ndim:
        return values
    picked = []
    for n, a in zip(values.shape, axes, strict=True):
        indices = np.arange(a.count) * a.step + a.start if n > 1 else np.zeros(1, np.int64)
        picked.append(indices[::-1] if a.reverse else indices)
    found = values[np.ix_(*picked)]
    return found[tuple(0 if a.drop else slice(None) for a in axes)]


def _reopen(reopen: Callable[[File], Volume], file: File, stored: bool) -> Volume:
    volume = reopen(file)
    return volume.stored if stored else volume
