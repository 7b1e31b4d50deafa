"""A volume in a notebook: its middle slices with the letters of their ends, and what its header says."""

from typing import Any

import numpy as np

from neurochain.formats.shown.planes import Middle, Planes, middle_planes
from neurochain.formats.shown.trying import or_note
from neurochain.formats.volumes.grid import Grid
from neurochain.formats.volumes.look import Look, look_of
from neurochain.formats.volumes.orientation import LETTERS, codes, directions
from neurochain.formats.volumes.volume import Volume
from neurochain.pictures.colours import grey, regions
from neurochain.pictures.pieces import block, facts, note, title
from neurochain.pictures.sheet import Tile, sheet_img
from neurochain.pictures.words import human_bytes, number

__all__ = ["slices_html", "volume_facts", "volume_html"]

VIEWS = ((2, 0, 1, "axial"), (1, 0, 2, "coronal"), (0, 1, 2, "sagittal"))  # across, to the right, upwards
UNPLACED = ("zarr", "ome-zarr")  # what lies in no body
Values = np.ndarray[Any, Any]


def volume_html(volume: Volume) -> str:
    """Picture and facts, as a notebook shows them. What cannot be read is said in one line.

    At most 8 MiB of a file whose values lie open are pulled for it; of one that is inflated or decoded 64 MiB, or 16 MiB elsewhere.
    """
    name = volume.file.name if volume.file is not None else "in memory"
    if len(volume.files) > 1:
        name += f" and {len(volume.files) - 1:,} more"
    return block(
        title(name, f"volume, {volume.format}"),
        or_note(lambda: facts(volume_facts(volume))),
        or_note(lambda: slices_html(volume)),
    )


def volume_facts(volume: Volume) -> list[tuple[str, object]]:
    """What the header says, each with what it is."""
    shape = " × ".join(f"{n:,}" for n in volume.shape)
    sizes = " × ".join(f"{v:.4g}" for v in volume.voxel_sizes)
    scaled = np.ndim(volume.slope) or np.ndim(volume.intercept) or (volume.slope, volume.intercept) != (1, 0)
    lettered = volume.format not in UNPLACED and len(volume.shape) > 2
    return [
        ("shape", f"{shape} ({', '.join(volume.axes)})"),
        ("voxels", f"{sizes} mm" if sizes else ""),
        ("axes run to", codes(volume.affine) if lettered else ""),
        ("stored as", f"{volume.stored.dtype}{', scaled' if scaled else ''}"),
        ("files", f"{len(volume.files):,}" if len(volume.files) > 1 else ""),
        ("size", human_bytes(sum(file.size for file in volume.files)) if volume.files else ""),
    ]


def slices_html(volume: Volume, share: float = 1.0, only: int | None = None, tallest: int = 220) -> str:
    """Middle slices, and in one line below between what values they are shown and what was pulled.

    Parameters
    ----------
    volume : Volume
        Whose slices.
    share : float
        Of the bytes that a picture may pull.
    only : int, optional
        Only the slice across this axis.
    tallest : int
        Pixels.

    Raises
    ------
    FormatError, StorageError
        It cannot be read.
    """
    planes = middle_planes(volume, share, only)
    out = ""
    if planes.left_out:
        cost, count = max(planes.left_out.values())
        which = f"{len(planes.left_out)} of {len(planes.left_out) + len(planes.found)} slices"
        many = f" in {count:,} requests" if count > 1 else ""
        out = note(f"Left out: {which}, of which a picture would pull {human_bytes(cost)}{many}.")
    if not planes.found:
        return out or note("It has no slices.")
    look = _look(planes)
    tiles = _tiles(volume, planes, look)
    said = f"Slices through the middle: {', '.join(t.title for t in tiles)}"
    if only is not None:
        return sheet_img([_bare(t) for t in tiles], said, tallest)
    return sheet_img(tiles, said, tallest) + _below(planes, look) + out


def _below(planes: Planes, look: Look) -> str:
    said = ""
    if look.labels:
        said = "Each number has a colour. "
    elif look.window is not None and planes.grid.colours < 0:
        said = f"Black to white: {number(look.window[0])} to {number(look.window[1])}. "
    if planes.grid.volumes > 1:
        said += f"The first of {planes.grid.volumes:,} volumes. "
    if planes.bytes:
        size = sum(file.size for file in planes.grid.volume.files)
        said += f"The picture pulled {human_bytes(planes.bytes)}{f' of {human_bytes(size)}' if size else ''}."
    return note(said) if said else ""


def _look(planes: Planes) -> Look:
    name = "" if planes.grid.volume.file is None else planes.grid.volume.file.name
    return look_of([_real(p.values) for p in planes.found], planes.grid, name)


def _real(values: Values) -> Values:
    return np.abs(values) if values.dtype.kind == "c" else values


def _tiles(volume: Volume, planes: Planes, look: Look) -> list[Tile]:
    grid = planes.grid
    lettered = volume.format not in UNPLACED
    worlds = directions(grid.volume.affine) if lettered and len(grid.spatial) in (2, 3) else None
    sizes = tuple(v if 0 < v < np.inf else 1.0 for v in (*grid.volume.voxel_sizes, 1.0, 1.0, 1.0)[:3])
    if worlds is None or len(grid.spatial) == 2:
        return [_stored(grid, p, look, worlds, sizes) for p in planes.found]
    by_world = {worlds[p.axis][0]: p for p in planes.found}
    return [
        _upright(by_world[across], right, up, name, look, worlds, sizes)
        for across, right, up, name in VIEWS
        if across in by_world
    ]


def _upright(
    plane: Middle, right: int, up: int, name: str, look: Look, worlds: Any, sizes: tuple[float, ...]
) -> Tile:
    """A slice as it lies in the body: its left is the left of the picture, what is above or before is above."""
    others = [i for i in range(3) if i != plane.axis]
    voxel = {worlds[i][0]: (n, worlds[i][1], i) for n, i in enumerate(others)}
    row, column = voxel[up], voxel[right]
    values = np.moveaxis(plane.values, row[0], 0)
    values = values[::-1] if row[1] > 0 else values
    values = values[:, ::-1] if column[1] < 0 else values
    width = values.shape[1] * plane.sizes[column[0]] * sizes[column[2]]
    height = values.shape[0] * plane.sizes[row[0]] * sizes[row[2]]
    edges = (*LETTERS[right], LETTERS[up][1], LETTERS[up][0])
    return Tile(_pixels(values, look), width, height, f"{name}, {plane.at}", edges, look.labels)


def _stored(grid: Grid, plane: Middle, look: Look, worlds: Any, sizes: tuple[float, ...]) -> Tile:
    """A slice as it lies in the file: rows from above to below, or y upwards where the axes are called so."""
    others = [i for i in range(3) if i != plane.axis]
    names = [grid.volume.axes[grid.spatial[i]] if i < len(grid.spatial) else "" for i in others]
    values, spans = (
        plane.values,
        [plane.values.shape[n] * plane.sizes[n] * sizes[i] for n, i in enumerate(others)],
    )
    along = list(others)
    if names[0] == "x":  # across, and up
        values, spans, along = np.moveaxis(values, 0, 1)[::-1], spans[::-1], along[::-1]
    edges: tuple[str, str, str, str] = ("", "", "", "")
    if worlds is not None:
        (across, sign), (down, way) = worlds[along[1]], worlds[along[0]]
        way = -way if names[0] == "x" else way
        (left, right), (top, bottom) = LETTERS[across][::sign], LETTERS[down][::way]
        edges = left, right, top, bottom
    cut = grid.volume.axes[grid.spatial[plane.axis]] if plane.axis < len(grid.spatial) else ""
    return Tile(
        _pixels(values, look),
        spans[1],
        spans[0],
        f"{cut} {plane.at}".strip() if cut else "",
        edges,
        look.labels,
    )


def _bare(tile: Tile) -> Tile:
    return Tile(tile.pixels, tile.width, tile.height, "", ("", "", "", ""), tile.sharp)


def _pixels(values: Values, look: Look) -> Values:
    if values.ndim == 3:
        return np.ascontiguousarray(values[..., :3]).astype(np.uint8)
    values = _real(values)
    if look.labels:
        return regions(values)
    low, high = look.window or (0.0, 1.0)
    return grey(values, low, high)
