"""ChunkTree: the places of a dataset's chunks in a file elsewhere, one level of their tree at a time.

HDF5 goes down such a tree from node to node, and each is a round trip; here all nodes of a level are one. Read are trees of
version 1, which files have unless their writer asked for the latest format.

Source: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html (III.A.1, IV.A)
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.hdf5.links import address_of
from neurochain.storage import File

__all__ = ["ChunkTree"]

UNDEFINED = 2**64 - 1
LAYOUT, CONTINUATION = 0x08, 0x10  # messages
HEAD = 512  # bytes of an object's header that are read first
MOST_HEAD = 64 * 1024
MOST_BLOCKS = 64  # in which one header lies
DEEPEST = 32
FRONT = 24  # bytes of a node in front of its entries
ENTRIES = 64  # of a node, where the writer did not ask for more
MOST_CHUNKS = 50_000_000
Rows = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]


@dataclass(frozen=True)
class ChunkTree:
    """Where a dataset's tree of chunks can be found.

    Attributes
    ----------
    base : int
        Byte of the file at which HDF5 begins.
    header : int
        Byte, from there, of the dataset's header.
    n_axes : int
        Of the dataset.
    """

    base: int
    header: int
    n_axes: int

    @classmethod
    def of(cls, node: Any) -> "ChunkTree | None":
        """That of a dataset of an open file; None where its places are not 8 bytes long."""
        plist = node.file.id.get_create_plist()
        if plist.get_sizes() != (8, 8):
            return None
        return cls(plist.get_userblock(), address_of(node), node.ndim)

    def rows(self, file: File) -> Rows | None:
        """First indices (n, n_axes), places, sizes and skipped filters of the chunks; None where they are no such tree.

        Raises
        ------
        FormatError
            The tree is damaged.
        """
        root = self._root(file)
        if root is None:
            return None
        key = np.dtype(
            [("size", "<u4"), ("skipped", "<u4"), ("at", "<u8", (self.n_axes + 1,)), ("child", "<u8")]
        )
        level, found, seen = [root] if root != UNDEFINED else [], list[np.ndarray[Any, Any]](), 0
        for _ in range(DEEPEST):
            if not level:
                break
            below: list[int] = []
            for depth, entries in self._nodes(file, level, key):
                seen += len(entries)
                if seen > MOST_CHUNKS:
                    raise FormatError(f"it has more than {MOST_CHUNKS:,} chunks")
                if depth:
                    below += entries["child"].tolist()
                else:
                    found.append(entries)
            level = below
        if level:
            raise FormatError("its chunks are in a tree that has no end")
        all_ = np.concatenate(found) if found else np.empty(0, key)
        return (
            all_["at"][:, : self.n_axes],
            all_["child"] + np.uint64(self.base),
            all_["size"],
            all_["skipped"],
        )

    def _nodes(
        self, file: File, level: list[int], key: np.dtype[Any]
    ) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
        """Levels and entries of some nodes."""
        length = FRONT + ENTRIES * key.itemsize
        for at, data in zip(level, self._read(file, [(at, length) for at in level]), strict=True):
            if len(data) < FRONT or data[:5] != b"TREE\x01":
                raise FormatError("a node of the tree of its chunks is damaged")
            count = int.from_bytes(data[6:8], "little")
            if count > ENTRIES:
                (data,) = self._read(file, [(at, FRONT + count * key.itemsize)])
            if FRONT + count * key.itemsize > len(data):
                raise FormatError("a node of the tree of its chunks goes beyond the file")
            yield data[5], np.frombuffer(data, key, count, FRONT)

    def _read(self, file: File, pieces: list[tuple[int, int]]) -> list[bytes]:
        size = file.size
        places = [(min(self.base + at, size), min(self.base + at + n, size)) for at, n in pieces]
        return file.read_ranges(places)

    def _root(self, file: File) -> int | None:
        """Byte of the root; None where the layout is another one."""
        for kind, data in self._messages(file):
            if kind == LAYOUT and len(data) >= 11:
                version, way, axes = data[0], data[1], data[2]
                if version == 3 and way == 2 and axes == self.n_axes + 1:
                    return int.from_bytes(data[3:11], "little")
                return None
        return None

    def _messages(self, file: File) -> Iterator[tuple[int, bytes]]:
        start = self.base + self.header
        head = file.read_range(start, start + HEAD)
        if head[:4] == b"OHDR" and len(head) > 16:
            flags = head[5]
            at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            width = 1 << (flags & 3)
            size, front = int.from_bytes(head[at : at + width], "little"), at + width
            step = 6 if flags & 4 else 4
        elif head[:1] == b"\x01" and len(head) > 16:
            size, front, step = int.from_bytes(head[8:12], "little"), 16, 8
        else:
            return
        if front + size > len(head):
            head = file.read_range(start, start + min(front + size, MOST_HEAD))
        blocks = [head[front : front + size]]
        for _ in range(MOST_BLOCKS):
            if not blocks:
                return
            for kind, data in _in_block(blocks.pop(0), step):
                if kind == CONTINUATION and len(data) >= 16:
                    place, length = struct.unpack_from("<QQ", data)
                    if place < file.size and 8 < length <= MOST_HEAD:
                        more = file.read_range(self.base + place, self.base + place + length)
                        blocks.append(more[4:-4] if step < 8 else more)
                else:
                    yield kind, data


def _in_block(block: bytes, step: int) -> Iterator[tuple[int, bytes]]:
    """Messages of one piece of a header; `step` is the length of what stands in front of each."""
    at = 0
    while at + step <= len(block):
        if step == 8:
            kind, size = struct.unpack_from("<HH", block, at)
        else:
            kind, size = struct.unpack_from("<BH", block, at)
        yield kind, block[at + step : at + step + size]
        at += step + size
