"""Fragments: packets of an MP4 file that was written piece by piece (ISO/IEC 14496-12, 8.8)."""

import struct
from collections.abc import Iterator

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.boxes import Box, boxes
from neurochain.formats.video.mp4 import Movie
from neurochain.formats.video.pieces import Forward, Pieces
from neurochain.formats.video.tables import Samples
from neurochain.formats.video.track import check_frames
from neurochain.storage import File

__all__ = ["fragments_of"]

LARGEST = 16 * 2**20  # bytes of the box that describes a fragment
MOST = 2**24  # boxes that are walked over
NOT_A_KEY = 1 << 16


def fragments_of(file: File, movie: Movie) -> Samples:
    """Packets in the fragments of a file.

    Raises
    ------
    FormatError
        A fragment is cut short, or contradicts itself.
    """
    parts: list[tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], int]] = []
    time = total = 0
    forward, at = Forward(file), movie.fragments
    for _ in range(MOST):
        if at + 8 > file.size:
            break
        head = forward.read(at, at + 16)
        size, own = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, own = int.from_bytes(head[8:16], "big"), 16
        end = at + size if size else file.size
        if end < at + own:
            raise FormatError(f"the box at byte {at:,} is shorter than its own head")
        if head[4:8] == b"moof":
            if size > LARGEST or end > file.size:
                raise FormatError(
                    f"the fragment at byte {at:,} says that it is described by {size:,} bytes: it is cut short"
                )
            body = forward.read(at, end)
            for table, after in _runs(body, at, movie, time):
                parts.append((table, after))
                time, total = after, total + len(table)
                check_frames(total)
        at = end
    if not parts:
        none = np.zeros(0, np.int64)
        return Samples(none, none, none, np.zeros(0, bool))
    table = np.concatenate([part for part, _ in parts])
    times = table[:, 2]
    last = time - int(table[-1, 4])
    return Samples(table[:, 0], table[:, 1], times, table[:, 3].astype(bool), last)


def _runs(
    moof: bytes, at: int, movie: Movie, time: int
) -> Iterator[tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], int]]:
    """Tables of offset, size, time, key and decoding time of each run of packets; and the time behind it."""
    whole = Pieces(_Shown(moof), moof, 0)  # type: ignore[arg-type]
    for traf in boxes(whole, 8, len(moof)):
        if traf.kind != b"traf":
            continue
        inside = list(boxes(whole, traf.start, traf.end))
        head = next((b for b in inside if b.kind == b"tfhd"), None)
        if head is None or head.size < 8:
            raise FormatError(f"the fragment at byte {at:,} does not say of which track it is")
        number, base, defaults = _head(moof, head, movie.extends or bytes(16), at)
        if number != movie.number:
            continue
        begin = next((b for b in inside if b.kind == b"tfdt" and b.size >= 8), None)
        if begin is not None:
            long = moof[begin.start] == 1 and begin.size >= 12
            time = int.from_bytes(moof[begin.start + 4 : begin.start + (12 if long else 8)], "big")
        place = base
        for box in inside:
            if box.kind == b"trun":
                table, place, time = _run(moof, box, base, place, defaults, time)
                if len(table):
                    yield table, time


class _Shown:
    """Bytes in memory in the place of a file: all of them are here."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)


def _head(moof: bytes, box: Box, extends: bytes, at: int) -> tuple[int, int, tuple[int, int, int]]:
    """Track, first byte of its data, and duration, size and flags of packets that do not say theirs."""
    flags, number = struct.unpack_from(">II", moof, box.start)
    flags &= 0xFFFFFF
    _, duration, size, sample_flags = struct.unpack(">4I", extends.ljust(16, b"\0")[:16])
    place, base = box.start + 8, at
    fields = ((0x1, ">Q"), (0x2, ">I"), (0x8, ">I"), (0x10, ">I"), (0x20, ">I"))
    if place + sum(struct.calcsize(form) for bit, form in fields if flags & bit) > box.end:
        raise FormatError(f"the fragment at byte {at:,} is cut short")
    for bit, form in fields:
        if not flags & bit:
            continue
        (value,) = struct.unpack_from(form, moof, place)
        place += struct.calcsize(form)
        if bit == 0x1:
            base = value
        elif bit == 0x8:
            duration = value
        elif bit == 0x10:
            size = value
        elif bit == 0x20:
            sample_flags = value
    return number, base, (duration, size, sample_flags)


def _run(
    moof: bytes, box: Box, base: int, place: int, defaults: tuple[int, int, int], time: int
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], int, int]:
    """Packets of one run, the byte behind them, and the time behind them."""
    if box.size < 8:
        raise FormatError("a run of a fragment is cut short")
    flags, count = struct.unpack_from(">II", moof, box.start)
    flags &= 0xFFFFFF
    at = box.start + 8
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    extra = 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    if at + extra + 4 * len(columns) * count > box.end or (not columns and count > len(moof)):
        raise FormatError(f"a run of a fragment says {count:,} frames in {box.size:,} bytes")
    if flags & 0x1:
        place = base + int.from_bytes(moof[at : at + 4], "big", signed=True)
        at += 4
    first_flags = int.from_bytes(moof[at : at + 4], "big") if flags & 0x4 else None
    at += 4 if flags & 0x4 else 0
    given = np.frombuffer(moof, ">u4", count * len(columns), at).reshape(count, len(columns)).astype(np.int64)

    def column(bit: int, default: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return given[:, columns.index(bit)] if bit in columns else np.full(count, default, np.int64)

    duration, size, sample_flags = defaults
    durations, sizes, marks = column(0x100, duration), column(0x200, size), column(0x400, sample_flags)
    late = column(0x800, 0).astype(np.int32).astype(np.int64)
    if first_flags is not None and count:
        marks = marks.copy()
        marks[0] = first_flags
    decoded = time + np.cumsum(durations) - durations
    table = np.stack(
        [place + np.cumsum(sizes) - sizes, sizes, decoded + late, (marks & NOT_A_KEY) == 0, decoded], axis=1
    ).astype(np.int64)
    return table, place + int(sizes.sum()), time + int(durations.sum())
