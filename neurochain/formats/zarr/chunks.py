"""Chunks of a Zarr array: one object each, or several in a shard."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.arrays.slicing import LARGEST
from neurochain.formats.chunks.grid import Grid
from neurochain.formats.zarr.codecs import Pipeline, pipeline
from neurochain.formats.zarr.node import ArrayNode
from neurochain.formats.zarr.shards import ShardIndex, Sharding
from neurochain.storage import File, Members

__all__ = ["ChunkObjects", "ShardedChunks", "chunks_of"]

KEPT = 64 * 2**20  # bytes of indices of shards, of each array
Values = np.ndarray[Any, Any]
Integers = np.ndarray[Any, np.dtype[np.int64]]


def chunks_of(members: Members, path: str, node: ArrayNode) -> "ChunkObjects | ShardedChunks":
    """Chunks of an array of numbers.

    Parameters
    ----------
    members : Members
        Of the tree.
    path : str
        Of the array in it; empty for its root.
    node : ArrayNode
        The array.

    Raises
    ------
    FormatError
        A codec is not known.
    """
    found = pipeline(node)
    if found.sharding is not None:
        return ShardedChunks(members, path, node, found.sharding)
    return ChunkObjects(members, path, node, found)


class ChunkObjects:
    """Chunks that are objects of their own.

    Parameters
    ----------
    members, path, node
        As of `chunks_of`.
    codecs : Pipeline
    """

    def __init__(self, members: Members, path: str, node: ArrayNode, codecs: Pipeline) -> None:
        assert node.dtype is not None
        self._members, self._path, self._node, self._codecs = members, path, node, codecs
        self.grid = Grid(node.shape, node.chunks)
        self.dtype = node.dtype.newbyteorder("=")
        self.fill = node.fill

    def pull(self, numbers: Sequence[int]) -> list[bytes | None]:
        """Bytes of some chunks, in one round trip; None where there is no such object."""
        found = self._members.read(self._keys(numbers), most=self._codecs.most)
        for member in found:
            if member is not None and len(member.data) != member.file.size:
                raise FormatError(
                    f"{member.file.uri} has {member.file.size:,} bytes; no chunk of its array takes more than "
                    f"{self._codecs.most:,}. It is damaged, or belongs to another array."
                )
        return [None if member is None else member.data for member in found]

    def decode(self, number: int, data: bytes) -> Values:
        """Values of a chunk.

        Raises
        ------
        FormatError
            It is damaged.
        """
        try:
            return self._codecs.decode(data)
        except FormatError as error:
            (key,) = self._keys([number])
            self._members.forget(key)
            raise FormatError(
                f"{self._members.folder.uri}/{key}: {error}. Fetch or write it again."
            ) from None

    def bytes_needed(self, numbers: Sequence[int]) -> int:
        """Bytes of some chunks; of a tree elsewhere what they have at most, since nobody says it ahead."""
        sizes = self._members.sizes(self._keys(numbers))
        if sizes is not None:
            return sum(sizes)
        each = prod(self._node.chunks) * self.dtype.itemsize
        whole = self._members.folder.size
        return len(numbers) * each if self._codecs.plain or not whole else min(len(numbers) * each, whole)

    def _keys(self, numbers: Sequence[int]) -> list[str]:
        before = f"{self._path}/" if self._path else ""
        places = _places(numbers, self.grid.counts).tolist()
        return [before + self._node.key(place) for place in places]


class ShardedChunks:
    """Chunks that lie several in one object. Its index is pulled once, and kept.

    Parameters
    ----------
    members, path, node
        As of `chunks_of`.
    sharding : Sharding
    """

    def __init__(self, members: Members, path: str, node: ArrayNode, sharding: Sharding) -> None:
        assert node.dtype is not None
        self._members, self._path, self._node, self._sharding = members, path, node, sharding
        self._counts = Grid(node.shape, node.chunks).counts
        self._kept: OrderedDict[int, tuple[File, ShardIndex] | None] = OrderedDict()
        self._lock = threading.Lock()
        self.grid = Grid(node.shape, sharding.chunks)
        self.dtype = node.dtype.newbyteorder("=")
        self.fill = node.fill

    def pull(self, numbers: Sequence[int]) -> list[bytes | None]:
        """Bytes of some chunks: the indices that are not known in one round trip, then the chunks in another."""
        found = list[bytes | None]([None] * len(numbers))
        wanted: dict[int, tuple[File, list[int], list[tuple[int, int]]]] = {}
        for i, (shard, file, place) in enumerate(self._ranges(numbers)):
            if file is not None and place is not None:
                _, mine, ranges = wanted.setdefault(shard, (file, [], []))
                mine.append(i)
                ranges.append(place)
        for file, _, ranges in wanted.values():
            if sum(end - start for start, end in ranges) > max(LARGEST, file.size):
                raise FormatError(
                    f"{file.uri}: its chunks overlap, so its index is damaged. Fetch or write it again."
                )
        pulled = self._members.read_ranges([(file, ranges) for file, _, ranges in wanted.values()])
        for (_, mine, _), pieces in zip(wanted.values(), pulled, strict=True):
            for i, data in zip(mine, pieces, strict=True):
                found[i] = data
        return found

    def decode(self, number: int, data: bytes) -> Values:
        """Values of a chunk.

        Raises
        ------
        FormatError
            It is damaged.
        """
        try:
            return self._sharding.inner.decode(data)
        except FormatError as error:
            shards, within = self._located([number])
            (key,) = self._keys(shards.tolist())
            raise FormatError(
                f"{self._members.folder.uri}/{key}: chunk {within[0]} in it: {error}. Fetch or write it again."
            ) from None

    def bytes_needed(self, numbers: Sequence[int]) -> int:
        """Bytes of some chunks; the indices of their shards are pulled for it."""
        return sum(place[1] - place[0] for _, _, place in self._ranges(numbers) if place is not None)

    def _ranges(self, numbers: Sequence[int]) -> list[tuple[int, File | None, tuple[int, int] | None]]:
        """Of each chunk its shard, and where it lies in that one's file."""
        shards, within = self._located(numbers)
        known = self._indices(np.unique(shards).tolist())
        found: list[tuple[int, File | None, tuple[int, int] | None]] = []
        for shard, number in zip(shards.tolist(), within.tolist(), strict=True):
            held = known[shard]
            if held is None:
                found.append((shard, None, None))
                continue
            file, index = held
            try:
                found.append((shard, file, index.range(number, self._sharding.inner.most)))
            except FormatError as error:
                raise FormatError(f"{file.uri}: {error}. Fetch or write it again.") from None
        return found

    def _located(self, numbers: Sequence[int]) -> tuple[Integers, Integers]:
        """Of chunks the number of the shard, and the number within it."""
        places = _places(numbers, self.grid.counts)
        inside = np.array(self._sharding.counts, np.int64)
        shards, within = np.divmod(places, inside) if places.size else (places, places)
        return _numbers(shards, self._counts), _numbers(within, self._sharding.counts)

    def _indices(self, shards: Sequence[int]) -> dict[int, tuple[File, ShardIndex] | None]:
        """Files and indices of shards; None where there is no such object."""
        with self._lock:
            known = {shard: self._kept[shard] for shard in shards if shard in self._kept}
        missing = [shard for shard in shards if shard not in known]
        if not missing:
            return known
        start, end = self._sharding.index_place
        found = self._members.read(self._keys(missing), start, end)
        for shard, member in zip(missing, found, strict=True):
            if member is None:
                known[shard] = None
                continue
            try:
                known[shard] = member.file, self._sharding.index(member.data, member.file.size)
            except FormatError as error:
                raise FormatError(f"{member.file.uri}: {error}. Fetch or write it again.") from None
        with self._lock:
            self._kept.update((shard, known[shard]) for shard in missing)
            most = max(1, KEPT // max(1, self._sharding.index_bytes))
            while len(self._kept) > most:
                self._kept.popitem(last=False)
        return known

    def _keys(self, shards: Sequence[int]) -> list[str]:
        before = f"{self._path}/" if self._path else ""
        return [before + self._node.key(place) for place in _places(shards, self._counts).tolist()]


def _places(numbers: Sequence[int], counts: Sequence[int]) -> Integers:
    """Numbers in C order as numbers along each axis, shape (n, n_axes)."""
    left = np.asarray(numbers, np.int64)
    found = np.empty((len(left), len(counts)), np.int64)
    for axis in range(len(counts) - 1, -1, -1):
        left, found[:, axis] = np.divmod(left, max(1, counts[axis]))
    return found


def _numbers(places: Integers, counts: Sequence[int]) -> Integers:
    """Inverse of `_places`."""
    found = np.zeros(len(places), np.int64)
    for axis, count in enumerate(counts):
        found = found * count + places[:, axis]
    return found
