"""View: a volume in a notebook that answers to the mouse, by ipyniivue; without that package the still picture."""

from dataclasses import dataclass
from math import ceil, prod
from typing import Any

import numpy as np

from neurochain.errors import MissingExtraError, ParameterError, require
from neurochain.formats.nifti.small import nifti_bytes
from neurochain.formats.shown.volumes import volume_html
from neurochain.formats.volumes.blocks import block_affine, coarse
from neurochain.formats.volumes.grid import Grid
from neurochain.formats.volumes.levels import levels_of, opened_level
from neurochain.formats.volumes.look import look_at
from neurochain.formats.volumes.volume import Volume
from neurochain.pictures.pieces import note

__all__ = ["AT_FIRST", "Still", "small_nifti", "volume_view"]

AT_FIRST = 16 * 2**20  # bytes of voxels that a page gets where nobody says how many
GONE_THROUGH = (
    512 * 2**20
)  # bytes of a volume that blocks are made of; of a larger one, planes between are left out
MOST_DOWN = 64
EXTRA = "notebook"
LABELS = "random"  # NiiVue's colours for numbers of regions


@dataclass(frozen=True, repr=False)
class Still:
    """A volume as a still picture, since what would move it is not installed.

    Attributes
    ----------
    volume : Volume
    why : str
        What is missing, and how it comes.
    """

    volume: Volume
    why: str

    def __repr__(self) -> str:
        return f"{self.volume!r}\n{self.why}"

    def _repr_html_(self) -> str:
        return note(self.why) + volume_html(self.volume)


def volume_view(volume: Volume, down: int | None, number: int, height: int) -> Any:
    """What `Volume.view` gives."""
    if down is not None and not 1 <= down <= MOST_DOWN:
        raise ParameterError(f"view(down={down}): 1 to {MOST_DOWN} voxels become one.")
    Grid.of(volume).at(number)
    try:
        niivue = require("ipyniivue", EXTRA, "volume.view()")
    except MissingExtraError as error:
        return Still(volume, str(error))
    data, shown = small_nifti(volume, down, number)
    name = volume.file.name if volume.file is not None else "volume"
    widget = niivue.NiiVue(height=height)
    options = {"colormap": LABELS} if shown["labels"] else {}
    if shown["window"] is not None:
        options |= {"cal_min": shown["window"][0], "cal_max": shown["window"][1]}
    widget.load_volumes([niivue.Volume(name=f"{name.split('.')[0]}.nii", data=data, **options)])
    return widget


def small_nifti(volume: Volume, down: int | None = None, number: int = 0) -> tuple[bytes, dict[str, Any]]:
    """One of the volumes as a NIfTI-1 file of `AT_FIRST` bytes at most, or in blocks of `down` voxels.

    Returns
    -------
    bytes
        The file; its affine leads from blocks to the same places.
    dict
        ``down`` (voxels of a block along each axis), ``window`` and ``labels`` as a `Look`.

    Raises
    ------
    FormatError, StorageError
        It cannot be read.
    ParameterError
        There are not so many volumes.
    """
    grid = Grid.of(volume)
    if volume.format == "ome-zarr" and down is None:
        fitting = [level for level in levels_of(grid) if level.path]
        level = next((one for one in fitting if one.bytes <= AT_FIRST), fitting[-1] if fitting else None)
        if level is not None:
            grid = Grid.of(opened_level(volume, level.path))
    volume = grid.volume
    each = down or _fitting(grid)
    blocks = tuple(min(each, max(n, 1)) for n in grid.shape)
    look = look_at(grid, number, "" if volume.file is None else volume.file.name)
    array = grid.turned(_read(grid, number, blocks, look.labels))
    affine = volume.affine if volume.affine is not None else np.diag([*_sizes(volume), 1.0])
    window = None if look.labels else look.window
    data = nifti_bytes(
        array,
        block_affine(affine, blocks),
        window=window,
        colours=grid.colours >= 0,
        descrip=f"{each} voxels as one",
    )
    return data, {"down": blocks, "window": window, "labels": look.labels}


def _read(grid: Grid, number: int, blocks: tuple[int, ...], labels: bool) -> np.ndarray[Any, Any]:
    volume, at = grid.volume, grid.at(number)
    if volume.dtype.kind == "c":
        whole = np.abs(np.asarray(volume[grid.index(number)]))
        steps = {grid.spatial[i]: d for i, d in enumerate(blocks[: len(grid.spatial)])}
        left = [i for i in range(volume.ndim) if i not in at]
        return np.asarray(whole[tuple(slice(None, None, steps.get(i, 1)) for i in left)])
    down = {axis: blocks[i] for i, axis in enumerate(grid.spatial)}
    if grid.colours >= 0:
        cut = {i: slice(None, None, d) for i, d in enumerate(blocks)}
        return np.asarray(volume[grid.index(number, cut)])
    if max(blocks) == 1:
        return np.asarray(volume[grid.index(number)])
    size = prod(grid.shape) * volume.dtype.itemsize
    if size <= GONE_THROUGH or len(grid.spatial) < 3:
        return coarse(volume, down, at, labels)
    slow = 0 if volume.format in ("zarr", "ome-zarr") else len(grid.spatial) - 1
    first = min(blocks[slow] // 2, grid.shape[slow] - 1)
    planes = volume[grid.index(number, {slow: slice(first, None, blocks[slow])})]
    thin = Volume.of(np.asarray(planes), axes=[volume.axes[i] for i in range(volume.ndim) if i not in at])
    left = [i for i in range(volume.ndim) if i not in at]
    rest = {left.index(axis): d for axis, d in down.items() if axis != grid.spatial[slow]}
    return coarse(thin, rest, {}, labels)


def _fitting(grid: Grid) -> int:
    """Voxels along each axis that become one, so that a page gets `AT_FIRST` bytes at most."""
    item = max(min(grid.volume.dtype.itemsize, 4), 1) if grid.colours < 0 else 4
    for each in range(1, MOST_DOWN):
        if prod(ceil(n / each) for n in grid.shape) * (4 if each > 1 else item) <= AT_FIRST:
            return each
    return MOST_DOWN


def _sizes(volume: Volume) -> tuple[float, ...]:
    return tuple((*volume.voxel_sizes, 1.0, 1.0, 1.0)[:3])
