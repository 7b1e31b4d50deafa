"""Volume: a lazy array with spatial axes."""

from collections.abc import Callable, Iterable, Mapping
from operator import index as as_int
from typing import Any

import numpy as np

from neurochain.errors import ShapeError
from neurochain.formats.arrays.memory import FORMAT, MemoryArray, shared, volume_parts
from neurochain.formats.arrays.scaling import Scaling
from neurochain.formats.arrays.slicing import Index, normalise
from neurochain.formats.arrays.stored import Array, ByteArray, CutArray, Picking
from neurochain.formats.shown.shown import VIEWED, drawing
from neurochain.formats.volumes import regions
from neurochain.formats.volumes.placed import Placed
from neurochain.storage import File

__all__ = ["Volume"]

Cut = tuple[tuple[int, int], ...]


class Volume(Placed):
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
        super().__init__(axes, affine, voxel_sizes, "the volume" if file is None else file.uri)
        self._reopen = reopen
        self._array = array
        self._scaling = None if scaling is None else Scaling(*scaling)
        self._is_stored = stored
        self._cut: Cut | None = None  # of the whole, where this is a part of it

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
        values, names, matrix, sizes = volume_parts(array, affine, axes, voxel_sizes)
        return cls(None, FORMAT, None, MemoryArray(values), names, matrix, sizes)

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
    def slope(self) -> Any:
        """Of the stored values; 1 where the file states none."""
        return 1.0 if self._scaling is None else self._scaling.slope

    @property
    def intercept(self) -> Any:
        """Of the stored values; 0 where the file states none."""
        return 0.0 if self._scaling is None else self._scaling.intercept

    @property
    def stored(self) -> "Volume":
        """The same volume without slope and intercept, in the dtype of the file."""
        return self._with(_is_stored=True)

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
            array = self._scaling.of(array, axes)
        return array if array.ndim else array[()]

    def read_into(self, out: np.ndarray[Any, Any], index: Index = ...) -> None:
        """Read a slice into an array of its shape, whatever its dtype: ``out[...] = volume[index]``, in one copy where that can be.

        Raises
        ------
        IndexError, FormatError, StorageError
            As for a slice.
        """
        if isinstance(self._array, ByteArray) and (self._scaling is None or self._is_stored):
            self._array.select_into(out, normalise(index, self.shape, "volume"))
        else:
            np.copyto(out, self[index], casting="unsafe")

    def bytes_needed(self, index: Index = ...) -> int:
        """Bytes of the file that hold the values of an index, planned without reading them.

        What is pulled may be somewhat more: what lies between two pieces comes along where that is quicker than one more
        request. Of a compressed file it is the bytes that the values are inflated or decoded from: of a ``.nii.gz`` those
        between two places of its seek index, and the whole file while there is no index of it.

        Raises
        ------
        IndexError
            As for a slice.

        Examples
        --------
        >>> volume.bytes_needed((..., 0))                     # doctest: +SKIP
        163840
        """
        needed = self._array.bytes_needed(normalise(index, self.shape, "volume"))
        return sum(file.size for file in self.files) if needed is None else needed

    def roi(self, mask: Any, label: int | Iterable[int] | None = None) -> np.ndarray[Any, Any]:
        """Values of the voxels of a region; only the runs of bytes inside it are pulled, all at once.

        Of what is decoded, of a part (`crop`) and of several files it is the box around the region that is read.

        Parameters
        ----------
        mask : ndarray of bool, or Volume
            Of the first axes of this volume. A volume is an image of labels on the same grid: its shape is that of the
            first axes, and no voxel lies more than a hundredth of its size elsewhere, where both have an affine.
        label : int or iterable of int, optional
            Labels of the region; everything above 0 by default.

        Returns
        -------
        ndarray, shape (n_voxels, *rest)
            What ``np.asarray(volume)[mask]`` gives: voxels in the C order of the mask.

        Raises
        ------
        ShapeError
            The grids differ.
        TypeError
            The mask is neither of bool nor of labels that `label` chooses.

        Examples
        --------
        >>> volume = Volume.of(np.arange(8).reshape(2, 2, 2))
        >>> volume.roi(Volume.of(np.array([[0, 2], [2, 0]])), label=2)
        array([[2, 3],
               [4, 5]])
        """
        grid = mask.affine if isinstance(mask, Volume) else None
        inside = regions.as_mask(np.asarray(mask), label, isinstance(mask, Volume))
        inside = regions.on_grid(inside, grid, self.shape, self.affine, self._called)
        if isinstance(self._array, Picking):
            array = self._array.pick(inside)
        else:
            box, within = regions.box(inside)
            array = self._array.select(normalise(box, self.shape, "volume"))[within]
        if self._scaling is None or self._is_stored:
            return array
        return self._scaling.under(array, inside, self.shape)

    def crop(self, *ranges: tuple[int, int]) -> "Volume":
        """Cut out a part; it is read when it is used.

        Parameters
        ----------
        *ranges : (int, int)
            Half-open, along the first axes; the others stay whole.

        Returns
        -------
        Volume
            Its affine is moved along: a voxel has the same place in mm.

        Raises
        ------
        ShapeError
            A range does not lie within its axis.

        Examples
        --------
        >>> Volume.of(np.zeros((4, 4, 3))).crop((1, 3), (0, 4))
        <Volume in memory (x: 2, y: 4, z: 3) float64>
        """
        cut = tuple((as_int(start), as_int(end)) for start, end in ranges)
        if len(cut) > self.ndim or any(
            not 0 <= a <= b <= n for (a, b), n in zip(cut, self.shape, strict=False)
        ):
            raise ShapeError(
                f"crop({', '.join(map(str, cut))}): {self._called} has the shape {self.shape}. Ask for ranges "
                "[start, end) within it."
            )
        cut += tuple((0, n) for n in self.shape[len(cut) :])
        array: Array = CutArray(self._array, cut)
        if isinstance(self._array, MemoryArray):
            array = MemoryArray(self._array.array[tuple(slice(*c) for c in cut)])
        before = (0,) * self.ndim if self._cut is None else [start for start, _ in self._cut]
        whole = tuple((start + a, start + b) for start, (a, b) in zip(before, cut, strict=True))
        starts = [cut[i][0] for i in regions.spatial(self.axes)]
        return self._with(
            _array=array,
            _cut=whole,
            _scaling=None if self._scaling is None else self._scaling.cut(cut),
            affine=regions.moved(self.affine, starts),
            coordinates=regions.coordinates(self.coordinates, self.axes, self.shape, cut),
        )

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

    def view(self, down: int | None = None, number: int = 0, height: int = 420) -> Any:
        """Look at it in a notebook: slices and 3D, with a crosshair, by NiiVue.

        Parameters
        ----------
        down : int, optional
            Show blocks of so many voxels along each axis as one. By default a large volume is shown coarse, so that it comes
            quickly; ``down=1`` gives every voxel.
        number : int
            Which of its volumes, where there are several; the first axis beyond space counts fastest.
        height : int
            Pixels.

        Returns
        -------
        ipyniivue.NiiVue or Still
            Without the package ipyniivue (``pip install 'neurochain[notebook]'``) the still picture, which says so.

        Raises
        ------
        FormatError, StorageError
            It cannot be read.
        ParameterError
            There are not so many volumes.

        Examples
        --------
        >>> nc.open("sub-01_T1w.nii.gz").view()                 # doctest: +SKIP
        """
        return drawing(VIEWED)(self, down, number, height)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A volume without axes has no length.")
        return self.shape[0]

    def __reduce__(self) -> tuple[Any, ...]:
        if self._reopen is None:
            return Volume.of, (np.asarray(self), self.affine, self.axes, self.voxel_sizes)
        return _reopen, (self._reopen, self.file, self._is_stored, self._cut)

    def __repr__(self) -> str:
        name = self.file.name if self.file is not None else "in memory"
        if len(self.files) > 1:
            name += f" and {len(self.files) - 1} more"
        axes = ", ".join(f"{name}: {n}" for name, n in zip(self.axes, self.shape, strict=True))
        sizes = " x ".join(f"{v:g}" for v in self.voxel_sizes)
        return f"<Volume {name} ({axes}) {self.dtype}{f', {sizes} mm' if sizes else ''}>"

    @property
    def _name(self) -> str:
        return self.file.uri if self.file is not None else "the volume"

    def _with(self, **changes: Any) -> "Volume":
        """The same volume but for some attributes."""
        twin = object.__new__(Volume)
        twin.__dict__.update(self.__dict__)
        twin.__dict__.update(changes)
        return twin


def _reopen(reopen: Callable[[File], Volume], file: File, stored: bool, cut: Cut | None = None) -> Volume:
    volume = reopen(file)
    volume = volume.stored if stored else volume
    return volume if cut is None else volume.crop(*cut)
