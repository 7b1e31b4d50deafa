"""Packed: numbers with what they mean, as one answer.

Byte by byte, little endian:

=========  ==============================================================================================
bytes      content
=========  ==============================================================================================
0 to 3     uint32: length n of the header
4 to 4+n   header: JSON in UTF-8, filled up with spaces so that what follows begins at a multiple of 8 bytes
4+n to     the values, C order; ``dtype`` and ``shape`` stand in the header
=========  ==============================================================================================

NaN and infinities are values of floats; there are none in the header, where null stands for them.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurochain.datasets.plain import plain

__all__ = ["finite", "pack", "unpack"]

LENGTH = struct.Struct("<I")
ALIGNED = 8
Values = np.ndarray[Any, Any]


def pack(header: Mapping[str, Any], values: Values) -> bytes:
    """Header and values as one answer; dtype and shape are put into the header.

    Examples
    --------
    >>> header, values = unpack(pack({"unit": "uV"}, np.array([[1, 2]], np.int16)))
    >>> header["unit"], header["dtype"], values.tolist()
    ('uV', 'int16', [[1, 2]])
    """
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    said = {**header, "dtype": values.dtype.name, "shape": list(values.shape)}
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(LENGTH.size + len(text)) % ALIGNED)
    return LENGTH.pack(len(text)) + text + values.tobytes()


def unpack(data: bytes) -> tuple[dict[str, Any], Values]:
    """Inverse of `pack`."""
    (length,) = LENGTH.unpack_from(data)
    begin = LENGTH.size + length
    header: dict[str, Any] = json.loads(data[LENGTH.size : begin])
    values = np.frombuffer(data, np.dtype(header["dtype"]).newbyteorder("<"), offset=begin)
    return header, values.reshape(header["shape"])


def finite(value: Any) -> Any:
    """A number as JSON has it; null for those that it lacks."""
    found = plain(value)
    return None if isinstance(found, str) else found
