"""FIF tags: where each thing in a file stands, without reading the things.

A FIF file is a chain of tags, each with 16 bytes in front: kind, type, size, and where the next one is. Most files say
where a directory of all tags stands; in those that do not, the chain is followed. Numbers are big-endian.
https://github.com/mne-tools/fiff-constants, and the FIFF specification 1.3.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.storage import File, Memo

__all__ = ["TAG", "Held", "Tags", "find_tags", "is_fif"]

TAG = struct.Struct(">4i")
MARK = struct.pack(">3i", 100, 31, 20)  # the first tag of every file: its identity
POINTER = struct.Struct(">3i")  # kind, type and size of the second tag: where the directory is
DIRECTORY, POINTER_KIND, ENTRY_TYPE, INTEGER = 102, 101, 32, 3
BLOCK_START, BLOCK_END, BUFFER = 104, 105, 300
SECOND = 36  # byte at which the second tag stands
LEAST = SECOND + 20
MOST_TAGS = 500_000  # of a file: one of 2 GB, the largest there is, has some thousands
MOST_BLOCKS = 50_000
DEEPEST = 40  # blocks within blocks
GUESS = 64 * 1024  # bytes of a directory that are fetched with its first
WINDOW = 4096, 64 * 1024  # bytes in which tags are looked for, at first and at most
MOST_HELD, MOST_PIECES = 2**20, 16  # bytes of a piece of a file that is held, and pieces

Integers = np.ndarray[Any, np.dtype[np.int64]]


class Held:
    """A file of which what was pulled is held, so that it is not pulled twice.

    Parameters
    ----------
    file : File
    head : bytes
        Its first bytes.
    """

    def __init__(self, file: File, head: bytes) -> None:
        self.file = file
        self._pieces = [(0, head)]

    def piece(self, start: int, end: int) -> tuple[int, bytes]:
        """A piece that holds bytes [start, end), and where it begins; what is not held is pulled."""
        end = min(end, self.file.size)
        for at, data in self._pieces:
            if at <= start and end <= at + len(data):
                return at, data
        near = (p for p in self._pieces if p[0] <= start <= p[0] + len(p[1]) <= p[0] + MOST_HELD)
        at, data = next(near, (start, b""))
        data += self.file.read_range(at + len(data), end)
        self._pieces = [*[p for p in self._pieces if p[0] != at][-MOST_PIECES:], (at, data)]
        return at, data

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Bytes of several ranges [start, end); those that are not held are pulled together."""
        found = [self._found(start, end) for start, end in ranges]
        pulled = iter(
            self.file.read_ranges([r for r, data in zip(ranges, found, strict=True) if data is None])
        )
        return [next(pulled) if data is None else data for data in found]

    def _found(self, start: int, end: int) -> bytes | None:
        for at, data in self._pieces:
            if at <= start and end <= at + len(data):
                return data[start - at : end - at]
        return None


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
    parents : list of int
        Of each block, the block around it, or -1.
    has_directory : bool
        Whether the file says where its tags are.
    """

    kinds: Integers
    types: Integers
    sizes: Integers
    places: Integers
    blocks: Integers
    block_kinds: list[int]
    parents: list[int]
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
            Another tag stands there than the directory says.
        """
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
    rows = _Chain(held).followed()
    if memo is not None:
        memo.put(key, zlib.compress(rows.astype("<i8").tobytes(), 1))
    return rows


class _Chain:
    """The chain of tags, followed from the first: small tags by windows that hold many of them, buffers of samples by
    looking how far they go on in one size, at a few of them.
    """

    def __init__(self, held: Held) -> None:
        self._held, self._file = held, held.file
        self._at, self._window = held.piece(0, WINDOW[0])
        self._step = WINDOW[0]

    def followed(self) -> Integers:
        """Kind, type, size and place of each tag.

        Raises
        ------
        FormatError
            The chain leads out of the file, or round in a circle.
        """
        rows: list[tuple[int, int, int, int]] = []
        seen: set[int] = set()
        place, end = 0, self._file.size
        while place != end:
            if place in seen:
                raise FormatError(f"its tags lead round in a circle: that at byte {place:,} comes twice")
            if not 0 <= place <= end - TAG.size:
                raise FormatError(
                    f"the file is cut short: a tag stands at byte {place:,}, and the file ends at byte {end:,}"
                )
            kind, type_, size, following = TAG.unpack(self._head_of(place))
            if size < 0 or (following == 0 and place + TAG.size + size > end):
                raise FormatError(
                    f"the file is cut short: the tag at byte {place:,} says that it has {size:,} bytes, and the file ends "
                    f"at byte {end:,}"
                )
            more = (
                self._alike((kind, type_, size, following), place) if kind == BUFFER and following == 0 else 0
            )
            if len(rows) + more >= MOST_TAGS:
                raise FormatError(f"it holds more than {MOST_TAGS:,} tags; no more are read")
            places = range(place, place + (more + 1) * (TAG.size + size), TAG.size + size)
            rows.extend((kind, type_, size, at) for at in places)
            seen.update(places)
            if following == -1:
                break
            place = places[-1] + TAG.size + size if following == 0 else following
        return np.array(rows, np.int64).reshape(-1, 4)

    def _head_of(self, place: int) -> bytes:
        """The 16 bytes of a tag."""
        edge = self._at + len(self._window)
        if not self._at <= place <= edge - TAG.size:
            goes_on = self._at <= place <= edge
            self._step = min(2 * self._step, WINDOW[1]) if goes_on else WINDOW[0]
            self._at, self._window = self._held.piece(place, (edge if goes_on else place) + self._step)
        return self._window[place - self._at : place - self._at + TAG.size]

    def _alike(self, row: tuple[int, int, int, int], place: int) -> int:
        """Tags like one that follow it at once. Where one stands at its place, those before it are taken to stand too:
        16 bytes that say the same, that far on, are no chance.
        """
        stride = TAG.size + row[2]
        none = (self._file.size - place) // stride  # the first that would end behind the file
        if self._file.size - place <= self._file.gap:  # one request for all of it is as quick
            self._at, self._window = self._held.piece(place, self._file.size)
            return 0
        if none < 2:
            return 0
        apart = self._file.gap // stride + 2  # nearer ones would be pulled with all that lies between them
        some = [1]
        while some[-1] + apart < none - 1:
            some.append(some[-1] + apart)
            apart *= 2
        some.append(none - 1)
        last, none = self._bounds(row, place, 0, none, some)
        while none - last > 1:
            last, none = self._bounds(row, place, last, none, [(last + none) // 2])
        return last

    def _bounds(
        self, row: tuple[int, int, int, int], place: int, last: int, none: int, some: list[int]
    ) -> tuple[int, int]:
        """The last of some tags that is like the first, and the first that is not."""
        places = [place + i * (TAG.size + row[2]) for i in some]
        for i, head in zip(some, self._file.read_ranges([(p, p + TAG.size) for p in places]), strict=True):
            if TAG.unpack(head) != row:
                return last, i
            last = i
        return last, none


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
    tags = Tags(kinds, types, sizes, places, blocks, [], [], has_directory)
    stack: list[int] = []
    before = 0
    for mark, data in zip(marks.tolist(), tags.contents(file, marks.tolist()), strict=True):
        blocks[before:mark] = stack[-1] if stack else -1
        before = mark + 1
        kind = int.from_bytes(data, "big", signed=True)
        if kinds[mark] == BLOCK_START:
            if len(stack) == DEEPEST:
                raise FormatError(f"its blocks lie more than {DEEPEST} deep")
            tags.parents.append(stack[-1] if stack else -1)
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
