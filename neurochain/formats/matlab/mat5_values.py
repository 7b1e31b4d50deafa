"""Values of a MAT-file's variables, read when they are wanted. Nothing is ever executed."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.stored import Array, ByteArray, DecodedArray
from neurochain.formats.matlab.mat5 import NUMBERS, STORED, Variable, children, element
from neurochain.formats.matlab.mat5_bytes import FileBytes

__all__ = ["Unread", "lazy", "read"]

DEEPEST = 32
MOST_VALUES = 4_000_000  # fields and cells of one variable, each of which costs memory of its own


@dataclass(frozen=True, slots=True)
class Unread:
    """What stands where MATLAB has something that is not read.

    Attributes
    ----------
    kind : str
        ``"sparse"``, ``"object"``, ``"function_handle"`` or ``"opaque"``.
    """

    kind: str


def read(variable: Variable) -> Any:
    """Value of a variable.

    Returns
    -------
    ndarray
        Numbers, in MATLAB's class and shape.
    str, or list of str
        Characters; a list where there are several rows, without the blanks that make them equally long.
    dict, or list of dict
        A struct; a list, in Fortran order, unless it is 1 x 1.
    list
        Cells, in Fortran order.
    Unread
        Sparse matrices, objects and function handles.

    Raises
    ------
    FormatError
        The file holds what cannot be, too deep or too much of it.
    """
    value = _read(variable, 0, [MOST_VALUES])
    if variable.name:
        variable.source.ends_at(variable.stop)
    return value


def lazy(variable: Variable) -> Array:
    """Numbers of a variable as an array that is read by range, or once where it must be inflated.

    The dtype is that of the stored numbers.

    Raises
    ------
    FormatError
        It holds no real numbers.
    """
    if variable.stored is None or variable.dtype is None or variable.complex:
        raise FormatError(f"{variable} holds no real numbers")
    if isinstance(variable.source, FileBytes):
        return ByteArray(variable.source.file, variable.start, variable.shape, variable.stored, "F")
    return DecodedArray(lambda: _stored(variable), variable.shape, variable.stored.newbyteorder("="))


def _read(variable: Variable, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth > DEEPEST:
        raise FormatError(f"{variable.source.place(variable.start)} is nested more than {DEEPEST} deep")
    if left[0] < 0:
        raise FormatError(
            f"more than {MOST_VALUES:,} values are nested before {variable.source.place(variable.start)}"
        )
    if variable.dtype is not None:
        return _numbers(variable)
    if variable.kind == "char":
        return _characters(variable)
    if variable.kind == "cell":
        return [_read(child, depth + 1, left) for _, _, child in children(variable)]
    if variable.kind == "struct":
        found: list[dict[str, Any]] = []
        for index, name, child in children(variable):
            if index == len(found):
                found.append({})
            found[index][name] = _read(child, depth + 1, left)
        if prod(variable.shape) == 1:
            return found[0] if found else {}
        return found
    return Unread(variable.kind)


def _stored(variable: Variable) -> np.ndarray[Any, Any]:
    """Numbers as stored, in the machine's byte order."""
    stored = np.dtype(variable.stored)
    raw = np.frombuffer(variable.source.take(variable.start, variable.end), stored)
    return raw.astype(stored.newbyteorder("=")).reshape(variable.shape, order="F")


def _numbers(variable: Variable) -> np.ndarray[Any, Any]:
    real = _stored(variable).astype(variable.dtype, copy=False)
    if not variable.complex:
        return real
    imaginary = element(variable.source, variable.after, variable.stop, variable.order)
    if imaginary.type not in NUMBERS:
        raise FormatError(f"{variable.source.place(imaginary.start)} holds numbers of type {imaginary.type}")
    stored = STORED[variable.order][imaginary.type]
    if imaginary.end - imaginary.start != prod(variable.shape) * stored.itemsize:
        raise FormatError(f"{variable.source.place(imaginary.start)} holds no whole imaginary part")
    raw = np.frombuffer(variable.source.take(imaginary.start, imaginary.end), stored)
    wide = np.complex64 if variable.dtype == np.float32 else np.complex128
    out = np.empty(variable.shape, wide, order="F")
    out.real, out.imag = real, raw.reshape(variable.shape, order="F")
    return out


def _characters(variable: Variable) -> str | list[str]:
    raw = variable.source.take(variable.start, variable.end)
    code = variable.encoding or "latin-1"
    if code in ("utf-16", "utf-32"):
        code += "-le" if variable.order == "<" else "-be"
    text = raw.decode(code, "replace")
    rows, columns = variable.shape[0], prod(variable.shape[1:])
    if not rows * columns:
        return ""
    if rows == 1:
        return text
    # Characters lie column by column, and blanks make the rows equally long.
    return [text[i::rows].rstrip(" ") for i in range(min(rows, len(text)))]
