"""Volume: small NIfTI files of parts of a volume: all of it in larger voxels, a slice, one time.

``down=d`` gives blocks of d voxels along each axis: their mean, or of labels the voxel in their middle. ``axis=a&i=n`` gives one
slice, ``t=n`` one of several volumes. ``labels=0`` or ``1`` says whether values are numbers of regions, where the guess in
`look` is wrong; ``series=1`` opens all images of a DICOM file's series, ``part=`` one of several arrays.

The file is not compressed: for 128^3 float32, 8.4 MB, isal takes 27 ms and saves a third to a half, which a connection within one
machine carries in less time, and the page need not inflate it.
``cal_min`` and ``cal_max`` say between what values it is shown.
"""

import hashlib
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import ParameterError
from neurochain.formats import Volume
from neurochain.formats.nifti.small import nifti_bytes
from neurochain.formats.volumes.blocks import block_affine, coarse
from neurochain.formats.volumes.grid import Grid
from neurochain.formats.volumes.levels import Level, levels_of, opened_level
from neurochain.formats.volumes.look import Look, look_at
from neurochain.storage import cache_memo
from neurochain.storage.extents import extent_cache
from neurochain.web.media.asked import flag, whole
from neurochain.web.media.gate import Stop
from neurochain.web.media.sources import Sources

__all__ = ["volume_info", "volume_part"]

MOST = 256 * 2**20  # bytes of an answer
DECODED = 8 * 2**30  # bytes of a file that one picture is made of
INFLATED = (
    384 * 2**20
)  # bytes of a compressed volume that are in memory at once; a second pass costs more than that
AT_ONCE = 16 * 2**20  # bytes of a compressed volume that are looked into before anybody asks for it
AHEAD = 64 * 2**20  # bytes of a compressed file elsewhere that are pulled together
KEPT = 4 * 2**20  # bytes pulled for a picture that is worth remembering
REMEMBERED = 64 * 2**20  # bytes of a picture
DOWN = 64
PACKED = (".gz", ".mgz")


def volume_info(sources: Sources, query: Mapping[str, str], stop: Stop) -> dict[str, Any]:
    """What a volume is, and which pictures of it there are.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be opened.
    """
    volume = sources.volume(query)
    grid = Grid.of(volume)
    scaling = _scaling(volume)
    stored = volume if scaling is None else volume.stored
    look = None if _is_late(grid) else _look(sources, query, _of(stored, grid), 0)
    window = None if look is None else _physical(look.window, scaling)
    series = () if flag(query, "series") else sources.series(query)
    return {
        "shape": list(grid.shape),
        "axes": [volume.axes[i] for i in grid.spatial],
        "voxel_sizes": list(volume.voxel_sizes),
        "affine": None if volume.affine is None else volume.affine.tolist(),
        "dtype": str(volume.stored.dtype),
        "unit": "",
        "scaling": None if scaling is None else list(scaling),
        "colours": grid.colours >= 0,
        "volumes": grid.volumes,
        "volume_axes": [{"name": volume.axes[i], "n": volume.shape[i]} for i in grid.further],
        "levels": [
            {"down": level.down, "shape": list(level.shape), "bytes": level.bytes}
            for level in _levels(sources, query, grid)
        ],
        "slice_axis": 0 if volume.format in ("zarr", "ome-zarr") else len(grid.spatial) - 1,
        "compressed": _is_packed(volume),
        "window": window,
        "labels": None if look is None else look.labels,
        "labels_why": "" if look is None else look.why,
        "files": len(volume.files),
        "series": {"files": len(series)} if series else None,
    }


def volume_part(sources: Sources, query: Mapping[str, str], stop: Stop) -> bytes:
    """A part of a volume as a NIfTI-1 file.

    Raises
    ------
    FormatError, ParameterError, StorageError
        It cannot be read, or is too large.
    """
    grid = Grid.of(sources.volume(query))
    number = whole(query, "t", 0, max(grid.volumes - 1, 0), 0)
    down = whole(query, "down", 1, DOWN, 1)
    cut = {}
    if query.get("axis"):
        axis = whole(query, "axis", 0, len(grid.spatial) - 1)
        cut[axis] = whole(query, "i", 0, grid.shape[axis] - 1)
    levels = _levels(sources, query, grid)
    level = next((one for one in levels if one.path and one.down == down), None)
    if level is not None and level is not levels[0]:  # an image with levels of its own
        finer, path = grid, level.path
        coarser = sources.held(("level", finer.volume.file, path), lambda: opened_level(finer.volume, path))
        grid, down = Grid.of(coarser), 1
        cut = {axis: i * grid.shape[axis] // finer.shape[axis] for axis, i in cut.items()}
    each = tuple(1 if axis in cut else min(down, max(n, 1)) for axis, n in enumerate(grid.shape))
    _check_size(grid, each, cut, levels)
    stop()
    volume = grid.volume
    remembers = not cut and max(each) > 1 and volume.bytes_needed(grid.index(number)) >= KEPT
    memo, key = cache_memo(), _key(volume, number, each, query)
    if remembers and (kept := memo.get(key)) is not None:
        return kept
    made = _made(sources, query, grid, number, each, cut, stop)
    if remembers and len(made) <= REMEMBERED:
        memo.put(key, made)
    return made


def _made(
    sources: Sources,
    query: Mapping[str, str],
    grid: Grid,
    number: int,
    each: tuple[int, ...],
    cut: dict[int, int],
    stop: Stop,
) -> bytes:
    volume = grid.volume
    scaling = _scaling(volume)
    stored = volume.stored if scaling is not None else volume
    at = {**grid.at(number), **{grid.spatial[axis]: i for axis, i in cut.items() if axis < len(grid.spatial)}}
    wanted_whole = stored.dtype.kind == "c" or _is_packed(volume) or _is_across(volume, cut)
    if wanted_whole and _bytes(grid) <= INFLATED:
        # In one go: to inflate it piece by piece costs a second pass, and of complex numbers the size is shown.
        stop()
        held = sources.inflated.of(_key(volume, number, (), {}), lambda: _whole(stored, grid, number, stop))
        left = [i for i in range(volume.ndim) if i not in grid.further]
        stored = Volume.of(held, axes=[volume.axes[i] for i in left])
        spatial = tuple(left.index(i) for i in grid.spatial)
        inner = Grid(stored, spatial, -1 if grid.colours < 0 else left.index(grid.colours), ())
        look = _look_once(sources, volume, inner, number)
        at = {left.index(i): value for i, value in at.items() if i in left}
        down = {i: each[n] for n, i in enumerate(spatial) if i not in at}
    else:
        look = _look(sources, query, _of(stored, grid), number)
        down = {i: each[n] for n, i in enumerate(grid.spatial) if i not in at}
    labels = flag(query, "labels") if query.get("labels") else look.labels
    if max(each) == 1:
        array = np.asarray(stored[tuple(at.get(i, slice(None)) for i in range(stored.ndim))])
    else:
        array = coarse(stored, down, at, labels and grid.colours < 0, stop)
    if grid.colours >= 0:
        array = np.rint(array)
    for i in sorted(grid.spatial[axis] for axis in cut if axis < len(grid.spatial)):
        array = np.expand_dims(array, sum(1 for axis in range(i) if axis not in grid.further))
    slope, inter = scaling or (1.0, 0.0)
    window = _physical(look.window, scaling)
    return nifti_bytes(
        grid.turned(array),
        None if volume.affine is None else block_affine(_moved(volume.affine, cut), each),
        tuple(size * d for size, d in zip(volume.voxel_sizes, each, strict=False)),
        (slope, inter),
        None if window is None else (window[0], window[1]),
        colours=grid.colours >= 0,
        descrip=f"neurochain: {'labels' if labels else 'values'}, {' x '.join(map(str, each))} voxels as one",
    )


def _whole(stored: Volume, grid: Grid, number: int, stop: Stop) -> np.ndarray[Any, Any]:
    file = stored.file
    if file is not None and file.is_remote and _is_packed(stored) and extent_cache() is not None:
        # What inflates goes from piece to piece; these come several at once, and wait for it in the cache.
        forward = grid.volumes == 1 and _bytes(grid) > file.size
        for at in range(0, file.size if forward else 0, AHEAD):
            stop()
            file.read_range(at, at + AHEAD)
    held = np.asarray(stored[grid.index(number)])
    return np.abs(held) if held.dtype.kind == "c" else held


def _bytes(grid: Grid) -> int:
    """Of the voxels of one of the volumes."""
    colours = grid.volume.shape[grid.colours] if grid.colours >= 0 else 1
    return prod(grid.shape) * colours * grid.volume.dtype.itemsize


def _look_once(sources: Sources, volume: Volume, inner: Grid, number: int) -> Look:
    name = "" if volume.file is None else volume.file.name
    key = "look", volume.files, volume.shape, number, "held"
    return sources.kept(key, lambda: look_at(inner, 0, name))


def _of(volume: Volume, grid: Grid) -> Grid:
    return Grid(volume, grid.spatial, grid.colours, grid.further)


def _physical(window: tuple[float, float] | None, scaling: tuple[float, float] | None) -> list[float] | None:
    slope, inter = scaling or (1.0, 0.0)
    return None if window is None else sorted(v * slope + inter for v in window)


def _moved(affine: np.ndarray[Any, np.dtype[np.float64]], cut: Mapping[int, int]) -> np.ndarray[Any, Any]:
    """Affine of a slice."""
    start = np.eye(4)
    for axis, i in cut.items():
        start[axis, 3] = i
    return np.asarray(affine @ start)


def _scaling(volume: Volume) -> tuple[float, float] | None:
    """Slope and intercept where a NIfTI header holds them as they are; None where they differ from slice to slice."""
    slope, inter = volume.slope, volume.intercept
    if np.ndim(slope) or np.ndim(inter):
        return None
    exact = all(float(np.float32(v)) == float(v) for v in (slope, inter))
    return (float(slope), float(inter)) if exact and slope != 0 else None


def _look(sources: Sources, query: Mapping[str, str], grid: Grid, number: int) -> Look:
    """Look at stored values: once for each of the volumes."""
    volume = grid.volume
    name = "" if volume.file is None else volume.file.name
    key = "look", volume.files, volume.shape, query.get("part"), number, str(volume.dtype)
    return sources.kept(key, lambda: look_at(grid, number, name))


def _levels(sources: Sources, query: Mapping[str, str], grid: Grid) -> list[Level]:
    key = "levels", grid.volume.files, grid.volume.shape, query.get("part")
    return sources.kept(key, lambda: levels_of(grid))


def _is_packed(volume: Volume) -> bool:
    return volume.file is not None and volume.file.name.lower().endswith(PACKED)


def _is_across(volume: Volume, cut: Mapping[int, int]) -> bool:
    """Whether a slice has values from all over the file, so that the next one costs as much as all of them."""
    return list(cut) == [0] and volume.format in ("nifti", "analyze", "mgh")


def _is_late(grid: Grid) -> bool:
    """Whether a look at a plane costs a pass over a large file; the picture itself then says between what it is shown."""
    plane = {len(grid.spatial) - 1: 0}
    return _is_packed(grid.volume) and grid.volume.bytes_needed(grid.index(0, plane)) > AT_ONCE


def _check_size(grid: Grid, each: tuple[int, ...], cut: Mapping[int, int], levels: list[Level]) -> None:
    """Check what is decoded, and what is answered.

    Raises
    ------
    ParameterError
        It is too much.
    """
    volume = grid.volume
    shown = [
        1 if axis in cut else -(-n // d) for axis, (n, d) in enumerate(zip(grid.shape, each, strict=True))
    ]
    wide = volume.shape[grid.colours] if grid.colours >= 0 else max(volume.dtype.itemsize, 4)
    if prod(shown) * wide > MOST:
        small = next((one.down for one in levels if one.bytes <= MOST), levels[-1].down)
        raise ParameterError(
            f"{' x '.join(map(str, shown))} voxels are more than a page gets at once ({MOST:,} bytes). Ask with down={small}, or "
            "for a slice: axis=2&i=0."
        )
    decoded = prod(n for axis, n in enumerate(grid.shape) if axis not in cut) * volume.dtype.itemsize
    most = INFLATED if _is_packed(volume) and not cut else DECODED
    if volume.dtype.kind == "c":  # whose size is shown, which is made of all of it
        decoded, most = _bytes(grid), INFLATED
    if decoded > most and (max(each) > 1 or most == INFLATED):
        raise ParameterError(
            f"{volume.file.uri if volume.file else 'The volume'} has {decoded:,} bytes of voxels, more than are gone through for a "
            f"picture ({most:,}). Ask for a slice: axis=2&i=0."
        )


def _key(volume: Volume, number: int, each: tuple[int, ...], query: Mapping[str, str]) -> str:
    said = [(f.uri, f.etag, f.size, f.companions) for f in volume.files]
    more = query.get("part"), query.get("series"), query.get("labels")
    name = hashlib.blake2b(repr((said, volume.shape, more)).encode(), digest_size=16).hexdigest()
    return f"coarse 1: {name} {number} {each}"
