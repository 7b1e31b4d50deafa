"""Data types and fill values of Zarr arrays, as JSON says them.

Source: https://zarr-specs.readthedocs.io/en/latest/v3/data-types/index.html, and for version 2
https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html#data-type-encoding.
"""

import math
from typing import Any

import numpy as np

from neurochain.errors import FormatError

__all__ = ["dtype_v2", "dtype_v3", "fill_value", "numeric"]

V3 = ("bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
      "float16", "float32", "float64", "complex64", "complex128")  # fmt: skip
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LONGEST = 40  # characters of a type that nobody knows, in a message or a record
Found = tuple[np.dtype[Any] | None, str]
"""A dtype of numbers, or None; and its name."""


def dtype_v3(said: Any) -> Found:
    """Data type of version 3; byte order is a codec's there.

    Raises
    ------
    FormatError
        It is none.
    """
    name = said.get("name") if isinstance(said, dict) else said
    if not isinstance(name, str):
        raise FormatError("its data_type is no name")
    if name in V3:
        return np.dtype(name), name
    return None, _short(name)


def dtype_v2(said: Any) -> Found:
    """Data type of version 2, as NumPy writes it: ``"<i2"``.

    Raises
    ------
    FormatError
        It is none.
    """
    if isinstance(said, list):
        return None, "record"
    if not isinstance(said, str):
        raise FormatError("its dtype is no text")
    found = numeric(said)
    if found is not None:
        return found, found.name
    kinds = {"O": "object", "S": "bytes", "U": "text", "M": "datetime", "m": "timedelta", "V": "void"}
    kind = kinds.get(said[1:2])
    if kind is None:
        raise FormatError(f"its dtype is {_short(said)!r}, which is none of NumPy's")
    return None, kind


def numeric(said: Any) -> np.dtype[Any] | None:
    """Dtype of numbers that a text names; None for any other."""
    if not isinstance(said, str) or len(said) > 16:
        return None
    try:
        found = np.dtype(said)
    except (TypeError, ValueError, SyntaxError):
        return None
    return found if found.kind in "biufc" and found.itemsize <= 16 else None


def fill_value(said: Any, dtype: np.dtype[Any]) -> Any:
    """Value of what was never written, in the machine's byte order.

    Parameters
    ----------
    said : value of JSON
        None is 0.
    dtype : dtype
        Of the array.

    Raises
    ------
    FormatError
        It is no value of this type.
    """
    native = dtype.newbyteorder("=")
    try:
        if said is None:
            return native.type(0)
        if native.kind == "c":
            real, imaginary = said
            return native.type(complex(_real(real, native), _real(imaginary, native)))
        if native.kind == "f":
            return _floating(said, native)
        if native.kind == "b":
            if isinstance(said, bool) or said in (0, 1):
                return native.type(said)
        elif isinstance(said, int | float) and int(said) == said:
            found = native.type(int(said))
            if int(found) == said:
                return found
    except (TypeError, ValueError, OverflowError):
        pass
    raise FormatError(f"its fill_value is {_short(repr(said))}, which is no {native.name}")


def _floating(said: Any, dtype: np.dtype[Any]) -> Any:
    """A float, by its bits where it is written in hexadecimals."""
    if isinstance(said, str) and said[:2] in ("0x", "0X"):
        bits = int(said, 16).to_bytes(dtype.itemsize, "little")
        return np.frombuffer(bits, dtype.newbyteorder("<"))[0].astype(dtype)
    with np.errstate(over="ignore"):
        return dtype.type(_real(said, dtype))


def _real(said: Any, dtype: np.dtype[Any]) -> float:
    if isinstance(said, str) and said not in SPECIAL:
        if said[:2] in ("0x", "0X") and dtype.kind == "c":
            return float(_floating(said, np.dtype(f"f{dtype.itemsize // 2}")))
        raise ValueError(said)
    if isinstance(said, bool):
        raise TypeError("a bool is no number here")
    return SPECIAL[said] if isinstance(said, str) else float(said)


def _short(text: str) -> str:
    plain = text.encode("utf-8", "replace").decode()
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"
