"""Leaves: how the flat columns of a frame become the arrays that are mapped, and the columns of a loader again."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.values.objects import EXCERPT, HELD
from neurochain.datasets import arrays
from neurochain.datasets.types import Array, Field, Json, List, Ragged, Record, Scalar
from neurochain.errors import SchemaError
from neurochain.loaders.columns import Column, Files, Group, Numbers, Texts, Varying
from neurochain.loaders.mapped import Mapped, Values

Made = dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
_INT64 = np.dtype("<i8")
_DATES = ("date", "time", "datetime", "datetime[UTC]")


class Leaf(ABC):
    """One value of each row.

    Attributes
    ----------
    path : str
        Dotted name of the column.
    inputs : tuple of str
        Flat columns of the frame; the first is null where the value is.
    makes : dict
        Dtype and row shape of each array that is mapped, by its name.
    said : str
        Its kind: what was mapped of another kind is not taken for it.
    width : int
        Bytes of each array, where they are mapped as they are stored; 0 elsewhere.
    """

    path: str
    inputs: tuple[str, ...]
    makes: Made
    said: str
    width: int = 0

    @abstractmethod
    def arrays(self, frame: pl.DataFrame) -> dict[str, Values]:
        """What is mapped of the next rows; nulls are zeros or empty."""

    @abstractmethod
    def column(self, mapped: Mapping[str, Mapped]) -> Column:
        """The loader's column."""


class NumberLeaf(Leaf):
    """Numbers, durations (in seconds), and arrays of one shape."""

    def __init__(self, path: str, kind: Array | Scalar) -> None:
        self.path, self.inputs, self.said, self._kind = path, (path,), f"number {kind}", kind
        if isinstance(kind, Array):
            dtype, shape = np.dtype(kind.dtype).newbyteorder("<"), kind.shape
            self.width = dtype.itemsize * math.prod(shape)
        else:
            dtype, shape = np.dtype("float64" if kind.name == "duration" else kind.name).newbyteorder("<"), ()
        if dtype.kind in "mM":
            raise SchemaError(f"Column {path!r} holds {dtype} values, which torch lacks. Use numbers.")
        self.makes = {"values": (dtype, shape)}

    def arrays(self, frame: pl.DataFrame) -> dict[str, Values]:
        series = frame[self.path]
        if isinstance(self._kind, Array):
            return {"values": arrays.decode(series, self._kind)}
        if self._kind.name == "duration":
            return {"values": series.dt.total_microseconds().fill_null(0).to_numpy() / 1e6}
        filled = series.fill_null(False) if self._kind.name == "bool" else series.fill_null(0)
        return {"values": filled.to_numpy()}

    def column(self, mapped: Mapping[str, Mapped]) -> Numbers:
        return Numbers(mapped["values"])


class TextLeaf(Leaf):
    """Texts; moments in ISO 8601."""

    def __init__(self, path: str, kind: Scalar | Json) -> None:
        self.path, self.inputs, self.said, self._kind = path, (path,), f"text {kind}", kind
        self.makes = {"data": (np.dtype("u1"), ()), "ends": (_INT64, ())}
        self._end = 0

    def arrays(self, frame: pl.DataFrame) -> dict[str, Values]:
        series = frame[self.path]
        if isinstance(self._kind, Scalar) and self._kind.name in _DATES:
            series = pl.Series(
                [None if v is None else v.isoformat() for v in series.to_list()], dtype=pl.String
            )
        lengths = series.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
        ends = self._end + np.cumsum(lengths)
        self._end = int(ends[-1]) if len(ends) else self._end
        data = "".join(v for v in series.to_list() if v is not None).encode()
        return {"data": np.frombuffer(data, np.uint8), "ends": ends}

    def column(self, mapped: Mapping[str, Mapped]) -> Texts:
        return Texts(mapped["data"], mapped["ends"])


class VaryingLeaf(Leaf):
    """Arrays whose shapes differ, and lists of numbers."""

    def __init__(self, path: str, kind: Ragged | List) -> None:
        self.path, self.said, self._kind, self._end = path, f"varying {kind}", kind, 0
        if isinstance(kind, Ragged):
            self.inputs = (f"{path}.data", f"{path}.shape")
            self._dtype = np.dtype(kind.dtype).newbyteorder("<")
            self.makes = {"shapes": (_INT64, (kind.ndim,))}
        else:
            self.inputs = (path,)
            self._dtype = np.dtype(str(kind.item)).newbyteorder("<")
            self.makes = {}
        if self._dtype.kind in "mM":
            raise SchemaError(f"Column {path!r} holds {self._dtype} values, which torch lacks. Use numbers.")
        self.makes |= {"data": (self._dtype, ()), "ends": (_INT64, ())}

    def arrays(self, frame: pl.DataFrame) -> dict[str, Values]:
        series = frame[self.inputs[0]]
        found: dict[str, Values] = {}
        if isinstance(self._kind, Ragged):
            flat: Values = np.frombuffer(b"".join(series.drop_nulls().to_list()), self._dtype)
            lengths = series.bin.size().fill_null(0).to_numpy().astype(np.int64) // self._dtype.itemsize
            nothing = [0] * self._kind.ndim
            shapes = [nothing if shape is None else shape for shape in frame[self.inputs[1]].to_list()]
            found["shapes"] = np.asarray(shapes, np.int64).reshape(len(shapes), self._kind.ndim)
        else:
            lengths = series.list.len().fill_null(0).to_numpy().astype(np.int64)
            # What explodes an empty list makes a null of it.
            flat = series.filter(pl.Series(lengths > 0)).explode().to_numpy().astype(self._dtype)
        ends = self._end + np.cumsum(lengths)
        self._end = int(ends[-1]) if len(ends) else self._end
        return found | {"data": flat, "ends": ends}

    def column(self, mapped: Mapping[str, Mapped]) -> Varying:
        return Varying(mapped["data"], mapped["ends"], mapped.get("shapes"))


def leaves_of(field: Field, path: str = "") -> Iterator[Leaf]:
    """Leaves of a column.

    Raises
    ------
    SchemaError
        It can become neither a tensor nor a text.
    """
    path, kind = path or field.name, field.type
    match kind:
        case Record("File"):
            yield TextLeaf(f"{path}.uri", Scalar("string"))
            yield NumberLeaf(f"{path}.size", Scalar("int64"))
            yield TextLeaf(f"{path}.etag", Scalar("string"))
        case Record(name) if name == EXCERPT:
            raise SchemaError(
                f"Column {path!r} says where values lie, and holds none. Read them: "
                f".map({path}_values=lambda {path}: {path}.read()).select('{path}_values')."
            )
        case Record(name, fields):
            for inner in fields[:1] if name in HELD else fields:
                yield from leaves_of(inner, f"{path}.{inner.name}")
        case Array():
            yield NumberLeaf(path, kind)
        case Ragged():
            yield VaryingLeaf(path, kind)
        case Scalar(name) if name == "string" or name in _DATES:
            yield TextLeaf(path, kind)
        case Json():
            yield TextLeaf(path, kind)
        case Scalar(name) if name not in ("bytes", "null"):
            yield NumberLeaf(path, kind)
        case List(Scalar(name)) if name not in ("string", "bytes", "null", "duration", *_DATES):
            yield VaryingLeaf(path, kind)
        case _:
            raise SchemaError(
                f"Column {path!r} holds {kind}, which is neither a tensor nor a text. "
                "Leave it out with select(), or turn it into an array with map()."
            )


def column_of(field: Field, known: Mapping[str, Column], path: str = "") -> Column:
    """Column of a loader, of those of its leaves."""
    path, kind = path or field.name, field.type
    if isinstance(kind, Record) and kind.name == "File":
        uri, size, etag = (known[f"{path}.{name}"] for name in ("uri", "size", "etag"))
        assert isinstance(uri, Texts)
        assert isinstance(size, Numbers)
        assert isinstance(etag, Texts)
        return Files(uri, size, etag)
    if isinstance(kind, Record) and kind.name in HELD:
        inner = kind.fields[0]
        return column_of(inner, known, f"{path}.{inner.name}")
    if isinstance(kind, Record):
        return Group({f.name: column_of(f, known, f"{path}.{f.name}") for f in kind.fields})
    return known[path]
