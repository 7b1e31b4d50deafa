"""NIfTI: a small NIfTI-1 file, made of an array in memory.

https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h
"""

import struct
from typing import Any

import numpy as np

from neurochain.errors import ParameterError

__all__ = ["LONGEST", "nifti_bytes", "shown_dtype"]

HEADER = struct.Struct("<i10s18sihBB8h3f4h8f3fhBB4f2i80s24s2h6f12f16s4s")
CODES = {
    "uint8": 2, "int16": 4, "int32": 8, "float32": 16, "int8": 256, "uint16": 512, "uint32": 768,
    "rgb": 128, "rgba": 2304,
}  # fmt: skip
FIRST = 352  # byte of the first voxel
LONGEST = 32_767  # entries of an axis
MILLIMETRES, SECONDS = 2, 8
SCANNER = 1  # what the affine leads to
Values = np.ndarray[Any, Any]


def shown_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which pages get values of another: exact where it can be, else float32.

    Examples
    --------
    >>> shown_dtype(np.dtype(">i2")), shown_dtype(np.dtype("int64")), shown_dtype(np.dtype(bool))
    (dtype('int16'), dtype('float32'), dtype('uint8'))
    """
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return np.dtype(dtype.name) if dtype.name in CODES else np.dtype(np.float32)


def nifti_bytes(
    array: Values,
    affine: np.ndarray[Any, np.dtype[np.float64]] | None,
    sizes: tuple[float, ...] = (),
    scaling: tuple[float, float] = (1.0, 0.0),
    window: tuple[float, float] | None = None,
    colours: bool = False,
    descrip: str = "",
) -> bytes:
    """A NIfTI-1 file in memory.

    Parameters
    ----------
    array : ndarray, shape (x, y, z)
        With a last axis of 3 or 4 where there are `colours`.
    affine : ndarray, shape (4, 4), mm, or None
        Voxel indices to RAS+ coordinates; None where nobody knows: then `sizes` alone are said.
    sizes : tuple of float, mm
        Of the voxels.
    scaling : (float, float)
        Slope and intercept of the values.
    window : (float, float), optional
        Between what values are shown.
    colours : bool
        Whether voxels have red, green and blue, or alpha too, instead of a value.
    descrip : str
        Short text.

    Raises
    ------
    ParameterError
        An axis is longer than the format counts.
    """
    grid = array.shape[:3]
    if max(grid) > LONGEST:
        raise ParameterError(
            f"A picture of {' x '.join(map(str, grid))} voxels is too large: {LONGEST:,} along an axis at most. Ask with down=…."
        )
    if colours:
        array = np.asarray(array, np.uint8)
        code = CODES["rgb" if array.shape[3] == 3 else "rgba"]
        bits = 8 * array.shape[3]
        body = np.moveaxis(array, 3, 0).tobytes("F")  # colours of a voxel lie together
    else:
        array = array.astype(np.int32 if _fits(array) else shown_dtype(array.dtype), copy=False)
        code, bits = CODES[array.dtype.name], 8 * array.dtype.itemsize
        body = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes("F")
    if affine is not None:
        known = np.linalg.norm(affine[:3, :3], axis=0).tolist()
    else:
        known = [*sizes, 1.0, 1.0, 1.0][:3]
    low, high = window or (0.0, 0.0)
    rows = [0.0] * 12 if affine is None else affine[:3].ravel().tolist()
    head = HEADER.pack(
        348, b"", b"", 0, 0, 0, 0,
        3, *grid, 1, 1, 1, 1,
        0, 0, 0, 0, code, bits, 0,
        1, *known, 0, 0, 0, 0,
        FIRST, *scaling, 0, 0, MILLIMETRES | SECONDS,
        high, low, 0, 0, 0, 0,
        descrip.encode("ascii", "replace")[:79], b"",
        0, 0 if affine is None else SCANNER, *[0.0] * 6, *rows, b"", b"n+1\0",
    )  # fmt: skip
    return b"".join((head, bytes(FIRST - len(head)), body))


def _fits(array: Values) -> bool:
    """Whether wide whole numbers are small ones: numbers of labels, which float32 would round."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return False
    return int(array.min()) >= -(2**31) and int(array.max()) < 2**31
