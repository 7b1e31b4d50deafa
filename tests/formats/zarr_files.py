"""Zarr folders, made by zarr-python of seeded numbers: no images of anything."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import zarr

UNITS = {"0.4": "micrometer", "0.5": "micrometer"}


def numbers(shape: tuple[int, ...], dtype: Any = "uint16", seed: int = 1) -> np.ndarray:
    """Some numbers of a type, most of them small, so that compressors have something to do."""
    drawn = np.random.default_rng(seed).normal(0, 40, shape)
    kind = np.dtype(dtype).kind
    if kind == "c":
        drawn = drawn + 1j * drawn[::-1] if shape else drawn + 2j
    if kind == "b":
        return drawn > 0
    with np.errstate(invalid="ignore"):
        return np.abs(drawn).astype(dtype) if kind == "u" else np.asarray(drawn).astype(dtype)


def array(path: Path, values: np.ndarray, only: Any = ..., name: str | None = None, **options: Any) -> Path:
    """Write an array as a folder; with `only` just the chunks of that part of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of codecs that are not in the specification
        options.setdefault("zarr_format", 3)
        made = zarr.create_array(str(path), shape=values.shape, dtype=values.dtype, name=name, **options)
        made[only] = values[only]
    return path


def group(
    path: Path, arrays: dict[str, np.ndarray], version: int = 3, consolidated: bool = False, **options: Any
) -> Path:
    """Write several arrays into one folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = zarr.create_group(str(path), zarr_format=version)
        for name, values in arrays.items():
            made = top.create_array(name, shape=values.shape, dtype=values.dtype, **options)
            made[...] = values
        if consolidated:
            zarr.consolidate_metadata(str(path), zarr_format=version)
    return path


def image(
    path: Path,
    values: np.ndarray,
    axes: str = "zyx",
    version: str = "0.5",
    scale: tuple[float, ...] = (2.0, 0.5, 0.5),
    levels: int = 3,
    unit: str | None = "micrometer",
    shift: tuple[float, ...] | None = None,
    channels: tuple[str, ...] = (),
    where: str = "",
    **options: Any,
) -> Path:
    """Write an OME-Zarr image whose levels are every second voxel of the one before along y and x."""
    kinds = {"t": ("time", "second"), "c": ("channel", None)}
    said_axes = []
    for name in axes:
        kind, own = kinds.get(name, ("space", unit))
        said_axes.append({"name": name, "type": kind, **({"unit": own} if own else {})})
    listed = []
    spatial = [i for i, name in enumerate(axes) if name in "zyx"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr_format = 2 if version == "0.4" else 3
        top = zarr.open_group(str(path), mode="a", zarr_format=zarr_format)
        top = top.require_group(where) if where else top
        for level in range(levels):
            own = values[tuple(slice(None, None, 2**level if n in "yx" else 1) for n in axes)]
            chunks = options.get("chunks", (1,) * (len(axes) - 2) + (16, 16))
            given = {"chunks": tuple(min(c, n) for c, n in zip(chunks, own.shape, strict=True))}
            if "shards" in options:
                given["shards"] = tuple(-(-min(s, n) // c) * c for s, n, c in zip(
                    options["shards"], own.shape, given["chunks"], strict=True))  # fmt: skip
            made = top.create_array(str(level), shape=own.shape, dtype=own.dtype, **{**options, **given})
            made[...] = own
            by = [1.0] * len(axes)
            for i, size in zip(spatial, scale, strict=True):
                by[i] = size * (2**level if axes[i] in "yx" else 1)
            transforms: list[dict[str, Any]] = [{"type": "scale", "scale": by}]
            if shift is not None:
                moved = [0.0] * len(axes)
                for i, at in zip(spatial, shift, strict=True):
                    moved[i] = at
                transforms.append({"type": "translation", "translation": moved})
            listed.append({"path": str(level), "coordinateTransformations": transforms})
        said: dict[str, Any] = {
            "multiscales": [{"axes": said_axes, "datasets": listed, "name": "made, no image"}]
        }
        if channels:
            said["omero"] = {"channels": [{"label": label} for label in channels]}
        if version == "0.4":
            said["multiscales"][0]["version"] = version
            top.attrs.update(said)
        else:
            top.attrs["ome"] = {"version": version, **said}
    return path


def edit(path: Path, change: Any) -> None:
    """Change the JSON of a file of metadata."""
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


def metadata(path: Path) -> list[Path]:
    """Files of metadata in a folder."""
    names = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
    return sorted(p for p in path.rglob("*") if p.name in names)


def held(path: Path) -> list[Path]:
    """Files of chunks or shards in a folder."""
    return sorted(p for p in path.rglob("*") if p.is_file() and p not in metadata(path))
