"""Plain: values as JSON that gives them back exactly, of a short list of types.

A text, a whole number, a true or false and nothing stand for themselves, as does a finite float; everything else is a
mapping of one entry, from the name of its kind to what it is made of. Nothing in it can run code.
"""

import base64
import datetime as dt
import decimal
import fractions
import math
import pathlib
import re
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from neurochain.errors import ReplayError

MOST_BYTES = 4_000_000  # of one value

Json = Any
Encode = Callable[[object], Json]
Decode = Callable[[Json], Any]

_TEXTS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "complex": (complex, repr, complex),
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "fraction": (fractions.Fraction, str, fractions.Fraction),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "bytearray": (bytearray, bytearray.hex, bytearray.fromhex),
    "path": (type(pathlib.Path()), str, pathlib.Path),
    "posix path": (pathlib.PurePosixPath, str, pathlib.PurePosixPath),
}
_NAMES = {cls: name for name, (cls, _, _) in _TEXTS.items()}
_SEQUENCES: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def encode(value: Any, inner: Encode) -> Json:
    """A value as JSON.

    Parameters
    ----------
    value : Any
        Of a type of the list.
    inner : callable
        Encodes what a container holds.

    Raises
    ------
    ReplayError
        It is of no type of the list, or too large.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind in _NAMES:
        name = _NAMES[kind]
        return {name: _TEXTS[name][1](value)}
    if kind in (list, tuple):
        return {kind.__name__: [inner(item) for item in value]}
    if kind in (set, frozenset):
        return {kind.__name__: [inner(item) for item in sorted(value, key=repr)]}
    if kind is dict:
        return {"dict": [[inner(k), inner(v)] for k, v in value.items()]}
    if kind in (range, slice):
        return {kind.__name__: [inner(v) for v in (value.start, value.stop, value.step)]}
    if kind is dt.timedelta:
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    if kind is re.Pattern:
        return {"pattern": [inner(value.pattern), value.flags]}
    if value is Ellipsis:
        return {"ellipsis": None}
    if isinstance(value, np.dtype) and not value.hasobject:
        return {"dtype": _dtype(value)}
    if isinstance(value, np.generic) or kind is np.ndarray:
        return _array(value)
    raise ReplayError(f"a {kind.__module__}.{kind.__qualname__}")


def decode(node: Json, inner: Decode) -> Any:
    """The value that `encode` was given.

    Raises
    ------
    ReplayError
        It is not what `encode` writes.
    """
    if node is None or isinstance(node, bool | int | float | str):
        return node
    if not isinstance(node, dict) or len(node) != 1:
        raise ReplayError(f"{node!r:.60} stands for no value")
    ((kind, content),) = node.items()
    try:
        if kind == "float":
            return float(content)
        if kind in _TEXTS:
            return _TEXTS[kind][2](content)
        if kind in _SEQUENCES:
            return _SEQUENCES[kind]([inner(item) for item in content])
        if kind == "dict":
            return {inner(k): inner(v) for k, v in content}
        if kind in ("range", "slice"):
            return (range if kind == "range" else slice)(*[inner(v) for v in content])
        if kind == "timedelta":
            return dt.timedelta(*content)
        if kind == "pattern":
            return re.compile(
                inner(content[0]), content[1] & ~re.UNICODE if _is_bytes(content) else content[1]
            )
        if kind == "ellipsis":
            return Ellipsis
        if kind == "dtype":
            return _dtype_of(content)
        if kind in ("array", "scalar"):
            return _array_of(kind, content)
    except (TypeError, ValueError, ArithmeticError, OverflowError) as error:
        raise ReplayError(f"{node!r:.60} stands for no value: {error}") from error
    raise ReplayError(f"{kind!r} is no kind of value")


def _is_bytes(pattern: list[Json]) -> bool:
    return isinstance(pattern[0], dict)


def _dtype(dtype: np.dtype[Any]) -> Json:
    return dtype.str if dtype.names is None else [list(field) for field in dtype.descr]


def _dtype_of(node: Json) -> np.dtype[Any]:
    fields = (
        [tuple(tuple(x) if isinstance(x, list) else x for x in f) for f in node]
        if isinstance(node, list)
        else node
    )
    dtype = np.dtype(fields)
    if dtype.hasobject:
        raise ReplayError("an array of Python objects")
    return dtype


def _array(value: Any) -> Json:
    if value.dtype.hasobject:
        raise ReplayError("an array of Python objects")
    if value.nbytes > MOST_BYTES:
        raise ReplayError(f"an array of {value.nbytes:,} bytes, and {MOST_BYTES:,} are recorded at most")
    kind = "array" if isinstance(value, np.ndarray) else "scalar"
    raw = np.ascontiguousarray(value).tobytes()
    return {kind: [_dtype(value.dtype), list(value.shape), base64.b64encode(raw).decode()]}


def _array_of(kind: str, content: list[Json]) -> Any:
    dtype, shape, raw = content
    array = np.frombuffer(base64.b64decode(raw, validate=True), _dtype_of(dtype)).reshape(shape).copy()
    return array if kind == "array" else array[()]
