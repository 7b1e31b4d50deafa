"""Tables in NumPy's files. What is pickled is never loaded.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import io
import struct
import zipfile
import zlib
from math import prod
from typing import Any

import numpy as np

from neurochain.chain.sources.table_columns import Chosen, Columns, Held, choose
from neurochain.errors import FormatError
from neurochain.storage import File

__all__ = ["npy", "npz"]

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # bytes, as NumPy's own limit
RATIO = 1032  # deflate cannot shrink further: https://zlib.net/zlib_tech.html
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of NumPy


def npy(file: File, content: bytes, variable: Chosen) -> Columns:
    """Column ``value`` of an array, or the columns of a structured one.

    Raises
    ------
    FormatError
        It is no array file, holds objects, or is cut short.
    """
    if variable is not None:
        raise FormatError(f"a .npy file holds one array without a name. Leave out variable={variable!r}")
    return _columns("value", _array(content))


def npz(file: File, content: bytes, variable: Chosen) -> Columns:
    """Columns of an archive of arrays.

    Raises
    ------
    ColumnNotFoundError
        There is no such array.
    FormatError
        It is no such archive, holds objects, or arrays that are no table.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return choose(_members(archive, len(content)), variable)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        NotImplementedError,
        struct.error,
    ) as error:
        raise FormatError(f"it is no sound .npz archive: {error}") from error


def _members(archive: zipfile.ZipFile, size: int) -> list[Held]:
    infos = [i for i in archive.infolist() if not i.filename.endswith("/")]
    # Members may overlap, so that a small archive promises much.
    if (promised := sum(i.file_size for i in infos)) > RATIO * size:
        raise FormatError(f"it promises {promised:,} bytes, and {size:,} hold at most {RATIO * size:,}")
    held = []
    for info in infos:
        if info.compress_type not in METHODS:
            raise FormatError(f"{info.filename!r} is compressed in a way that NumPy does not use")
        if not info.filename.endswith(".npy"):
            raise FormatError(f"it holds {info.filename!r}, which is no array")
        held.append(_held(archive, info))
    return held


def _held(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Held:
    """Array of an archive; its header alone is read."""
    name = info.filename.removesuffix(".npy")
    with archive.open(info) as member:
        shape, _, dtype, _ = _header(member.read(LONGEST_HEADER + 12))
    shown = f"{' x '.join(map(str, shape)) or 'a single'} {dtype}"
    rows = shape[0] if shape and dtype.names is None and not dtype.hasobject else None

    def columns() -> Columns:
        with archive.open(info) as member:
            content = member.read(info.file_size + 1)
        if len(content) != info.file_size:
            raise FormatError(
                f"{info.filename!r} has more than the {info.file_size:,} bytes that are promised"
            )
        try:
            return _columns(name, _array(content))
        except FormatError as error:
            raise FormatError(f"{info.filename!r}: {error}") from error

    return Held(name, shown, rows, columns)


def _columns(name: str, array: np.ndarray[Any, Any]) -> Columns:
    if not array.ndim:
        raise FormatError(f"{name!r} is a single value, not rows of them")
    if array.dtype.names is not None and array.ndim == 1:
        return {n: array[n] for n in array.dtype.names}
    return {name: array}


def _array(content: bytes) -> np.ndarray[Any, Any]:
    """Array of a whole file.

    Raises
    ------
    FormatError
        The file is none, holds objects, or another number of bytes than its header says.
    """
    shape, fortran, dtype, at = _header(content)
    if dtype.hasobject:
        raise FormatError(
            f"its dtype {dtype} has Python objects, which are pickled and never loaded. Save them as numbers or texts"
        )
    if (needed := prod(shape) * dtype.itemsize) != len(content) - at:
        raise FormatError(
            f"its header says {' x '.join(map(str, shape))} values of {dtype}, {needed:,} bytes, and there are "
            f"{len(content) - at:,}"
        )
    if not needed:
        return np.zeros(shape, dtype)
    return np.frombuffer(content, dtype, offset=at).reshape(shape, order="F" if fortran else "C")


def _header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether in Fortran order, dtype, and where the values begin.

    Raises
    ------
    FormatError
        It is no header of NumPy's.
    """
    if head[:6] != MAGIC or len(head) < 12 or head[6] not in (1, 2, 3):
        raise FormatError(f"it is no array file of NumPy: it begins with {head[:8]!r}")
    start, form = (10, "<H") if head[6] == 1 else (12, "<I")
    (length,) = struct.unpack_from(form, head, 8)
    if length > LONGEST_HEADER or start + length > len(head):
        raise FormatError(
            f"its header says it has {length:,} bytes; it ends before, or is no header of NumPy's"
        )
    try:
        found = ast.literal_eval(head[start : start + length].decode("utf-8" if head[6] == 3 else "latin-1"))
        dtype = np.lib.format.descr_to_dtype(found["descr"])
        shape, fortran = found["shape"], found["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, IndexError, RecursionError, MemoryError) as error:
        raise FormatError(f"its header cannot be understood: {error}") from None
    sound = isinstance(shape, tuple) and all(type(n) is int and 0 <= n < 2**63 for n in shape)
    if not sound or not isinstance(fortran, bool) or len(shape) > 32 or prod(shape) >= 2**63:
        raise FormatError(f"its header says shape {shape!r}, order {fortran!r}")
    return shape, fortran, dtype, start + length
