"""MghReader: FreeSurfer's volumes, ``.mgh`` and ``.mgz``."""

import math
import struct
from collections.abc import Mapping
from math import prod
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from neurochain.errors import FormatError
from neurochain.formats.arrays.indexed import Indexed
from neurochain.formats.arrays.inflate import GZIP_MARK, check_length, plain_head
from neurochain.formats.arrays.slicing import check_shape
from neurochain.formats.arrays.stored import ByteArray
from neurochain.formats.header import column
from neurochain.formats.reader import FileHeader
from neurochain.formats.recordings.recording import Recording
from neurochain.formats.volumes.volume import Volume
from neurochain.storage import File, Memo, cache_memo

__all__ = ["MghReader", "MghRecord"]

# Version, 4 lengths, type, degrees of freedom, whether the geometry holds, geometry.
FIELDS = struct.Struct(">7ih15f")
DATA = 284  # byte at which voxels begin
TYPES = {0: "uint8", 1: "int32", 3: "float32", 4: "int16"}
# Columns of directions where the file says none.
CORONAL = ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))


class MghRecord(BaseModel):
    """Fields of an MGH header, under FreeSurfer's names."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: int | None = column("Always 1")
    type: int | None = column("Code of the stored type: 0 uint8, 1 int32, 3 float32, 4 int16")
    dof: int | None = column("Degrees of freedom, of statistics")
    good_ras: bool | None = column(
        "Whether the file states its geometry; else a coronal one of 1 mm is meant"
    )
    delta: list[float] | None = column("Voxel sizes as stored", "mm")
    direction_cosines: list[float] | None = column(
        "Of the three axes, one after the other: x_ras, y_ras, z_ras"
    )
    center: list[float] | None = column("RAS+ coordinates of the middle voxel", "mm")


class MghReader:
    """Reader of FreeSurfer's volumes, compressed or not. The footer behind the voxels is not read."""

    name = "mgh"
    formats = ("mgh",)
    array: Literal["volume", "recording"] = "volume"
    record = MghRecord
    suffixes = (".mgh", ".mgz", ".mgh.gz")
    head_size = 512  # 90 bytes say all; compressed, the first block holds them
    companions: Mapping[str, tuple[str, ...]] = {}

    def matches(self, head: bytes, name: str) -> bool:
        """Whether an MGH header stands at the start; since it has no mark, only where the name says so."""
        if not name.lower().endswith(self.suffixes):
            return False
        return head[:2] == GZIP_MARK or head[:4] == b"\0\0\0\1"

    def read_header(self, file: File, head: bytes) -> FileHeader:
        """Header of an MGH file, and whether the file is long enough for its voxels."""
        fields = _parsed(file, head)
        header: dict[str, Any] = {"format": "mgh"}
        record = _record(fields)
        try:
            header["dtype"] = TYPES.get(fields[5])
            header["shape"] = list(_shape(fields))
            affine, sizes = _geometry(fields)
            header["affine"], header["voxel_sizes"] = affine.reshape(-1).tolist(), list(sizes)
            if fields[4] > 1:
                header["n_samples"] = int(fields[4])
            _check(file, fields, head[:2] == GZIP_MARK)
        except FormatError as error:
            header["error"] = str(error)
        return FileHeader(header, "mgh", record)

    def identifiers(self, file: File) -> dict[str, str]:
        """None: there is no field for them."""
        return {}

    def volume(self, file: File, memo: Memo | None = None) -> Volume:
        """Voxels as (x, y, z[, t]); by range."""
        head = file.read_range(0, self.head_size)
        packed = head[:2] == GZIP_MARK
        try:
            fields = _parsed(file, head)
            shape = _shape(fields)
            affine, sizes = _geometry(fields)
            _check(file, fields, packed)
        except FormatError as error:
            raise FormatError(f"{file.uri}: {error}.") from None
        source = Indexed(file, cache_memo() if memo is None else memo) if packed else file
        array = ByteArray(source, DATA, shape, np.dtype(TYPES[fields[5]]).newbyteorder(">"), "F")
        return Volume(
            file,
            "mgh",
            self.volume,
            array,
            ("x", "y", "z", "t")[: len(shape)],
            affine=affine,
            voxel_sizes=sizes,
        )

    def recording(self, file: File, memo: Memo | None = None) -> Recording:
        """MGH files hold volumes."""
        raise FormatError(f"{file.uri} is an MGH file, not a recording: open it as a volume.")


def _parsed(file: File, head: bytes) -> tuple[Any, ...]:
    plain = plain_head(file, head, FIELDS.size)
    if len(plain) < FIELDS.size:
        raise FormatError(
            f"the file is cut short: an MGH header needs {FIELDS.size} bytes, and there are {len(plain)}"
        )
    fields = FIELDS.unpack_from(plain)
    if fields[0] != 1:
        raise FormatError(f"its header says version {fields[0]}; an MGH file has version 1")
    return fields


def _shape(fields: tuple[Any, ...]) -> tuple[int, ...]:
    """Lengths of the axes; that of time only where there are several volumes.

    Raises
    ------
    FormatError
        One is not positive.
    """
    lengths = tuple(int(n) for n in fields[1:5])
    if min(lengths) < 1:
        raise FormatError(f"its header says {' x '.join(map(str, lengths))} voxels")
    return lengths if lengths[3] > 1 else lengths[:3]


def _geometry(fields: tuple[Any, ...]) -> tuple[np.ndarray[Any, np.dtype[np.float64]], tuple[float, ...]]:
    """Matrix in mm, voxel indices to RAS+, and voxel sizes.

    Raises
    ------
    FormatError
        A number is not finite.
    """
    stated = fields[7] > 0
    sizes = tuple(float(v) for v in fields[8:11]) if stated else (1.0, 1.0, 1.0)
    cosines = np.array(fields[11:20], np.float64).reshape(3, 3).T if stated else np.array(CORONAL)
    center = np.array(fields[20:23] if stated else (0.0, 0.0, 0.0), np.float64)
    affine = np.eye(4)
    affine[:3, :3] = cosines * np.array(sizes)
    affine[:3, 3] = center - affine[:3, :3] @ (np.array(fields[1:4], np.float64) / 2)
    if not np.isfinite(affine).all():
        raise FormatError(
            f"its geometry holds numbers that are not finite: {[float(v) for v in fields[8:23]]}"
        )
    return affine, sizes


def _check(file: File, fields: tuple[Any, ...], packed: bool) -> None:
    """Compare what the header promises with the file's size.

    Raises
    ------
    FormatError
        It cannot be so.
    """
    if fields[5] not in TYPES:
        raise FormatError(f"its header says type {fields[5]}; known are {', '.join(map(str, TYPES))}")
    shape, dtype = _shape(fields), TYPES[fields[5]]
    check_shape(shape, np.dtype(dtype).itemsize)
    needed = DATA + prod(shape) * np.dtype(dtype).itemsize
    check_length(file, needed, f"{' x '.join(map(str, shape))} voxels of {dtype}", packed)


def _record(fields: tuple[Any, ...]) -> dict[str, Any]:
    """Fields of `MghRecord`."""

    def finite(values: tuple[Any, ...]) -> list[float] | None:
        return [float(v) for v in values] if all(map(math.isfinite, values)) else None

    return {
        "version": int(fields[0]),
        "type": int(fields[5]),
        "dof": int(fields[6]),
        "good_ras": fields[7] > 0,
        "delta": finite(fields[8:11]),
        "direction_cosines": finite(fields[11:20]),
        "center": finite(fields[20:23]),
    }
