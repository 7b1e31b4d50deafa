"""FIF tags: where each thing in a file stands, without reading the things.

A FIF file is a chain of tags, each with 16 bytes in front: kind, type, size, and where the next one is. Most files say
where a directory of all tags stands; in those that do not, the chain is followed. Numbers are big-endian.
https://github.com/mne-tools/fiff-constants, and the FIFF specification 1.3.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.fif.chain import MOST_TAGS, TAG, Held, Integers, follow
from neurochain.storage import File, Memo

__all__ = ["Tags", "find_tags", "is_fif"]

MARK = struct.pack(">3i", 100, 31, 20)  # the first tag of every file: its identity
POINTER = struct.Struct(">3i")  # kind, type and size of the second tag: where the directory is
DIRECTORY, POINTER_KIND, ENTRY_TYPE, INTEGER = 102, 101, 32, 3
BLOCK_START, BLOCK_END = 104, 105
SECOND = 36  # byte at which the second tag stands
LEAST = SECOND + 20
MOST_BLOCKS = 50_000
DEEPEST = 40  # blocks within blocks
GUESS = 64 * 1024  # bytes of a directory that are fetched with its first


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags of a file, in the order of their chain.

    Attributes
    ----------
    kinds, types, sizes, places : ndarray, shape (n_tags,), int64
        Of each tag; `places` are the bytes at which their 16 bytes stand.
    blocks : ndarray, shape (n_tags,), int64
        Of each tag, the innermost block that it stands in; -1 outside of all.
    block_kinds : list of int
        Of each block.
    has_directory : bool
        Whether the file says where its tags are.
    """

    kinds: Integers
    types: Integers
    sizes: Integers
    places: Integers
    blocks: Integers
    block_kinds: list[int]
    has_directory: bool

    def found(self, *kinds: int) -> list[int]:
        """Blocks of some kinds, in their order."""
        return [i for i, kind in enumerate(self.block_kinds) if kind in kinds]

    def inside(self, block: int, *kinds: int) -> list[int]:
        """Tags that stand in a block, those of the blocks within left out; all, or those of some kinds."""
        found = self.blocks == block
        chosen: list[int] = np.flatnonzero(found & np.isin(self.kinds, kinds) if kinds else found).tolist()
        return chosen

    def contents(self, file: Held, tags: Sequence[int]) -> list[bytes]:
        """Bytes of some tags, each without its own 16.

        Raises
        ------
        FormatError
            Another tag stands there than the directory says, or it lists the same bytes again and again.
        """
        if int(self.sizes[list(tags)].sum()) > file.file.size:
            raise FormatError("its directory lists the same bytes more than once")
        ranges = [(int(self.places[i]), int(self.places[i] + TAG.size + self.sizes[i])) for i in tags]
        found = []
        for i, data in zip(tags, file.read_ranges(ranges), strict=True):
            stated = int(self.kinds[i]), int(self.types[i]), int(self.sizes[i])
            there = TAG.unpack_from(data)[:3] if len(data) >= TAG.size else None
            if there != stated:
                raise FormatError(
                    f"its directory says that a tag of kind, type and size {stated} stands at byte "
                    f"{int(self.places[i]):,}, and there is {there}: the file is damaged"
                )
            found.append(data[TAG.size :])
        return found


def is_fif(head: bytes) -> bool:
    """Whether first bytes are those of a FIF file."""
    return head.startswith(MARK)


def find_tags(file: Held, memo: Memo | None = None) -> Tags:
    """Tags of a file, from its directory or from tag to tag.

    Parameters
    ----------
    file : Held
        Not compressed.
    memo : Memo, optional
        Where the chain of a file without directory is remembered.

    Raises
    ------
    FormatError
        The file is cut short, or its tags cannot be so.
    StorageError
        The bytes cannot be had.
    """
    _, head = file.piece(0, LEAST)
    if len(head) < LEAST:
        raise FormatError(
            f"the file is cut short: a FIF file has at least {LEAST} bytes, and there are {len(head)}"
        )
    if POINTER.unpack_from(head, SECOND) != (POINTER_KIND, INTEGER, 4):
        raise FormatError(f"its second tag (at byte {SECOND}) does not say where its directory is")
    (place,) = struct.unpack_from(">i", head, SECOND + TAG.size)
    rows = _directory(file.file, place) if place > 0 else _remembered(file, memo)
    _check(file.file, rows)
    return _in_blocks(file, rows, place > 0)


def _directory(file: File, place: int) -> Integers:
    """Kind, type, size and place of each tag, as the directory lists them."""
    data = file.read_range(min(place, file.size), min(place + TAG.size + GUESS, file.size))
    if len(data) < TAG.size:
        raise FormatError(
            f"the file is cut short: its directory stands at byte {place:,}, and the file ends at byte {file.size:,}"
        )
    kind, entry, size, _ = TAG.unpack_from(data)
    if (kind, entry) != (DIRECTORY, ENTRY_TYPE) or size % TAG.size or size < 0:
        raise FormatError(
            f"its second tag says that its directory stands at byte {place:,}, and there is none"
        )
    if place + TAG.size + size > file.size:
        raise FormatError(
            f"the file is cut short: its directory needs {size:,} bytes from byte {place + TAG.size:,} on, and the file "
            f"ends at byte {file.size:,}"
        )
    if size > MOST_TAGS * TAG.size:
        raise FormatError(f"its directory lists {size // TAG.size:,} tags; at most {MOST_TAGS:,} are read")
    data += file.read_range(
        min(place + len(data), file.size), max(place + TAG.size + size, place + len(data))
    )
    rows = np.frombuffer(data, ">i4", size // 4, TAG.size).astype(np.int64).reshape(-1, 4)
    # Some programs end the list with an entry of nothing.
    listed: Integers = rows[(rows[:, 0] != -1) & (rows[:, 3] != -1)]
    return listed


def _remembered(held: Held, memo: Memo | None) -> Integers:
    file = held.file
    key = f"fif tags 1: {file.uri} {file.etag} {file.size}"
    packed = memo.get(key) if memo is not None else None
    if packed is not None:
        return np.frombuffer(zlib.decompress(packed), "<i8").astype(np.int64).reshape(-1, 4)
    rows = follow(held)
    if memo is not None:
        memo.put(key, zlib.compress(rows.astype("<i8").tobytes(), 1))
    return rows


def _check(file: File, rows: Integers) -> None:
    """Compare what tags promise with the file's size."""
    ends = rows[:, 3] + TAG.size + rows[:, 2]
    wrong = np.flatnonzero((rows[:, 2] < 0) | (rows[:, 3] < 0) | (ends > file.size))
    if len(wrong):
        kind, _, size, place = (int(v) for v in rows[wrong[0]])
        raise FormatError(
            f"its tag of kind {kind} at byte {place:,} has {size:,} bytes, and the file ends at byte {file.size:,}"
        )


def _in_blocks(file: Held, rows: Integers, has_directory: bool) -> Tags:
    """Tags with the blocks that they stand in."""
    kinds, types, sizes, places = (np.ascontiguousarray(rows[:, i]) for i in range(4))
    blocks = np.full(len(rows), -1, np.int64)
    marks = np.flatnonzero((kinds == BLOCK_START) | (kinds == BLOCK_END))
    if len(marks) > 2 * MOST_BLOCKS:
        raise FormatError(f"it holds more than {MOST_BLOCKS:,} blocks; no more are read")
    if len(wrong := marks[sizes[marks] != 4]):
        raise FormatError(f"its block at byte {int(places[wrong[0]]):,} does not say of which kind it is")
    tags = Tags(kinds, types, sizes, places, blocks, [], has_directory)
    stack: list[int] = []
    before = 0
    for mark, data in zip(marks.tolist(), tags.contents(file, marks.tolist()), strict=True):
        blocks[before:mark] = stack[-1] if stack else -1
        before = mark + 1
        kind = int.from_bytes(data, "big", signed=True)
        if kinds[mark] == BLOCK_START:
            if len(stack) == DEEPEST:
                raise FormatError(f"its blocks lie more than {DEEPEST} deep")
            stack.append(len(tags.block_kinds))
            tags.block_kinds.append(kind)
        elif not stack or tags.block_kinds[stack.pop()] != kind:
            raise FormatError(
                f"its block of kind {kind} ends at byte {int(places[mark]):,}, and had not begun"
            )
    if stack:
        raise FormatError(
            f"the file is cut short: its block of kind {tags.block_kinds[stack[-1]]} does not end"
        )
    blocks[before:] = -1
    return tags
