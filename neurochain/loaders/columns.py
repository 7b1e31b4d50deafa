"""Columns: what a loader takes the rows of a batch from. Mapped files alone, so that a worker touches no engine.

`take(rows)` gives the values of some rows: one array where they have one shape, else a list.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from neurochain.formats import open_array
from neurochain.loaders.buffers import Buffers
from neurochain.loaders.mapped import Mapped, Values
from neurochain.loaders.order import Indices
from neurochain.storage import File
from neurochain.storage.scheme import split_uri, store_for

ELSEWHERE = 4  # batches read at once of files elsewhere: they wait


class Column(Protocol):
    """Values of all rows.

    Attributes
    ----------
    at_once : int
        Batches that are worth being read at once; 0 where no files of the user's are read.
    """

    @property
    def at_once(self) -> int: ...

    def take(self, rows: Indices) -> Any:
        """Of some rows, in their order; the numbers are not checked."""
        ...


class Announced(Protocol):
    """A column of which the kernel may be asked to read rows ahead.

    Attributes
    ----------
    values : Mapped
        What they are read of.
    """

    @property
    def values(self) -> Mapped: ...

    def announce(self, rows: Indices) -> None:
        """Ask for some rows that will be taken soon."""
        ...


class Numbers:
    """Numbers, or arrays of one shape.

    Parameters
    ----------
    mapped : Mapped
        Shape (rows, …).
    """

    at_once = 0

    def __init__(self, mapped: Mapped) -> None:
        self.mapped = mapped
        self._buffers: Buffers | None = None

    @property
    def count(self) -> int:
        """Rows that the file has."""
        return len(self.mapped.values)

    @property
    def values(self) -> Mapped:
        """As in `Announced`."""
        return self.mapped

    def take(self, rows: Indices) -> Values:
        """Shape (len(rows), …)."""
        if self._buffers is None:
            values = self.mapped.values
            self._buffers = Buffers(values.dtype, values.shape[1:])
        return self.mapped.take(rows, self._buffers.take(len(rows)))

    def announce(self, rows: Indices) -> None:
        """As in `Announced`."""
        self.mapped.announce((row, row + 1) for row in rows.tolist())


class Varying:
    """Arrays whose shapes differ.

    Parameters
    ----------
    data : Mapped
        All values, one array behind the other.
    ends : Mapped
        Where each ends, shape (rows,).
    shapes : Mapped, optional
        Shape (rows, axes); without, they have one axis.
    """

    at_once = 0

    def __init__(self, data: Mapped, ends: Mapped, shapes: Mapped | None = None) -> None:
        self.data, self.ends, self.shapes = data, ends, shapes

    @property
    def count(self) -> int:
        """Rows that the file has."""
        return len(self.ends.values)

    @property
    def values(self) -> Mapped:
        """As in `Announced`."""
        return self.data

    def take(self, rows: Indices) -> list[Values]:
        """Copies, which may be written to."""
        found = [self.data.piece(start, end) for start, end in spans(self.ends, rows)]
        if self.shapes is None:
            return found
        shapes = self.shapes.values[rows].tolist()
        return [values.reshape(shape) for values, shape in zip(found, shapes, strict=True)]

    def announce(self, rows: Indices) -> None:
        """As in `Announced`."""
        self.data.announce(spans(self.ends, rows))

    def shapes_of(self, rows: Indices) -> Indices:
        """Shapes of some rows, shape (len(rows), axes)."""
        if self.shapes is not None:
            return self.shapes.values[rows]
        return np.array([[end - start] for start, end in spans(self.ends, rows)], np.int64).reshape(
            len(rows), 1
        )


class Texts:
    """Texts.

    Parameters
    ----------
    data : Mapped
        Of bytes, in UTF-8.
    ends : Mapped
        Where each ends.
    """

    at_once = 0

    def __init__(self, data: Mapped, ends: Mapped) -> None:
        self.data, self.ends = data, ends

    def take(self, rows: Indices) -> list[str]:
        data = self.data.values
        return [data[start:end].tobytes().decode() for start, end in spans(self.ends, rows)]


class Group:
    """Fields of a record.

    Parameters
    ----------
    fields : mapping of str to Column
    """

    def __init__(self, fields: Mapping[str, Column]) -> None:
        self.fields = fields

    @property
    def at_once(self) -> int:
        """As in `Column`."""
        return max((column.at_once for column in self.fields.values()), default=0)

    def take(self, rows: Indices) -> dict[str, Any]:
        return {name: column.take(rows) for name, column in self.fields.items()}


class Files:
    """Content of files, read when it is asked for.

    Parameters
    ----------
    uri, etag : Texts
    size : Numbers
    """

    @property
    def at_once(self) -> int:
        """As in `Column`."""
        return ELSEWHERE if self.lies_far else 1

    @property
    def lies_far(self) -> bool:
        """Whether they lie elsewhere, so that several are worth being read at once."""
        first = self.uri.take(np.zeros(min(len(self.uri.ends.values), 1), np.int64))
        return any(store_for(split_uri(uri)[0]).is_remote for uri in first)

    def __init__(self, uri: Texts, size: Numbers, etag: Texts) -> None:
        self.uri, self.size, self.etag = uri, size, etag

    def files(self, rows: Indices) -> list[File]:
        """The files themselves."""
        parts = zip(self.uri.take(rows), self.size.take(rows).tolist(), self.etag.take(rows), strict=True)
        return [File(*part) for part in parts]

    def take(self, rows: Indices) -> list[Values]:
        """As float32: NIfTI (x, y, z[, t]), DICOM ([frame,] row, column), EDF (channel, sample).

        Raises
        ------
        FormatError
            A file is of no known format, or has no one array (channels of different rates).
        """
        return [np.asarray(open_array(file), dtype=np.float32) for file in self.files(rows)]


def spans(ends: Mapped, rows: Indices) -> list[tuple[int, int]]:
    """Where the values of some rows begin and end."""
    stops = ends.values
    starts = np.where(rows > 0, stops[np.maximum(rows, 1) - 1], 0)
    return list(zip(starts.tolist(), stops[rows].tolist(), strict=True))
