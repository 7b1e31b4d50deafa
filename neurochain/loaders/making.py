"""Making: one leaf of the rows on its way into mapped files."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from neurochain.datasets.pages import ArrayPages
from neurochain.loaders.columns import Column
from neurochain.loaders.leaves import Leaf
from neurochain.loaders.mapped import Mapped
from neurochain.loaders.maps import MapWriter, found
from neurochain.loaders.order import Indices

NULLS = "nulls"  # numbers of the rows whose value is null


@dataclass
class MappedLeaf:
    """A leaf whose files are there.

    Attributes
    ----------
    column : Column
    nulls : ndarray of int
        Numbers of the rows where it is null.
    rows : int
        How many rows there are.
    paths : list of Path
        Of its files.
    """

    column: Column
    nulls: Indices
    rows: int
    paths: list[Path]


class Making:
    """A leaf that is to be mapped.

    Parameters
    ----------
    leaf : Leaf
    origin : str
        What its values follow from; empty where only the values themselves can tell.
    """

    def __init__(self, leaf: Leaf, origin: str) -> None:
        self.leaf = leaf
        self._makes = leaf.makes | {NULLS: (np.dtype("<i8"), ())}
        self._names = {
            part: _digest(f"{origin} {leaf.said} {part}") if origin else "" for part in self._makes
        }
        self._writers: dict[str, MapWriter] = {}
        self._rows = 0

    def find(self) -> MappedLeaf | None:
        """As an earlier loader has made it; None where something is missing."""
        there = {part: found(name) if name else None for part, name in self._names.items()}
        whole = {part: mapped for part, mapped in there.items() if mapped is not None}
        return self._mapped(whole) if len(whole) == len(there) else None

    def add(self, frame: pl.DataFrame) -> None:
        """Append the next rows."""
        for part, values in self.leaf.arrays(frame).items():
            self._writer(part).add(values)
        nulls = frame[self.leaf.inputs[0]].is_null().arg_true().to_numpy().astype(np.int64)
        self._writer(NULLS).add(nulls + self._rows)
        self._rows += frame.height

    def copy(self, pages: ArrayPages) -> None:
        """Append the next rows, none of them null, as they lie in a part."""
        for arrays in pages:
            self._writer("values").add_each(arrays)
        self._rows += pages.rows

    def close(self) -> MappedLeaf:
        """Put its files in their places."""
        mapped = {part: self._writer(part).close() for part in self._makes}
        self._writers.clear()
        return self._mapped(mapped)

    def discard(self) -> None:
        """Leave nothing behind of what was not closed."""
        for writer in self._writers.values():
            writer.discard()

    def _writer(self, part: str) -> MapWriter:
        if part not in self._writers:
            self._writers[part] = MapWriter(*self._makes[part], self._names[part])
        return self._writers[part]

    def _mapped(self, mapped: dict[str, Mapped]) -> MappedLeaf:
        paths = [one.path for one in mapped.values()]
        rows = len((mapped["values"] if "values" in mapped else mapped["ends"]).values)
        return MappedLeaf(self.leaf.column(mapped), mapped[NULLS].values, rows, paths)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
