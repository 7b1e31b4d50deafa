"""Riff: what an AVI file says of its video, and where its packets lie.

https://learn.microsoft.com/en-us/windows/win32/directshow/avi-riff-file-reference, and the OpenDML extensions to it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.codecs import INTRA, of_bitmap
from neurochain.formats.video.pieces import Forward, Pieces
from neurochain.formats.video.tables import Samples
from neurochain.formats.video.track import Codec, Track, check_frames, check_size
from neurochain.storage import File

__all__ = ["Riff", "packets_of", "said_in"]

LISTS = (b"RIFF", b"LIST")
MOST_CHUNKS = 2**24  # that are walked over
MOST = 4096  # chunks side by side that are looked at for a header
LARGEST = 1 << 20  # bytes of a stream's format
LONGEST = 4096  # bytes of a text that is read
KEY = 0x10
NOT_A_KEY = 1 << 31
DATES = ("%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d")
Integers = np.ndarray[Any, np.dtype[np.int64]]


class Chunk(NamedTuple):
    """One chunk: its kind (of a list: that of the list), and where its content begins and ends."""

    kind: bytes
    start: int
    end: int
    is_list: bool = False


@dataclass(frozen=True)
class Riff:
    """The video of an AVI file.

    Attributes
    ----------
    track : Track
    stream : int
        Number of the video among the streams.
    start : int
        Frames by which it begins later.
    above : tuple of (int, int)
        Byte and length of each part of the OpenDML index.
    movie : tuple of Chunk
        Lists that hold the packets.
    old : Chunk or None
        The index that is at the end of the first list.
    texts : tuple of Chunk
        Lists of what is said about the file.
    """

    track: Track
    stream: int
    start: int
    above: tuple[tuple[int, int], ...]
    movie: tuple[Chunk, ...]
    old: Chunk | None
    texts: tuple[Chunk, ...] = ()

    @classmethod
    def of(cls, pieces: Pieces) -> "Riff":
        """Riff of a file.

        Raises
        ------
        FormatError
            There is no video in it, or it contradicts itself.
        """
        streams: list[_Stream] = []
        movie: list[Chunk] = []
        texts: list[Chunk] = []
        old, problem, frames, date = None, None, None, None
        at = 0
        while at + 12 <= pieces.size:
            riff = _chunk(pieces, at)
            if riff.kind not in (b"AVI ", b"AVIX"):
                break
            if riff.end == riff.start:
                problem = "its length is not said: it was not finished"
                riff = riff._replace(end=pieces.size)
            elif riff.end > pieces.size:
                problem = f"it says that it goes to byte {riff.end:,}, and has {pieces.size:,} bytes: it is cut short"
            for chunk in _chunks(pieces, riff.start, min(riff.end, pieces.size)):
                if chunk.kind == b"hdrl":
                    streams, frames = _streams(pieces, chunk)
                elif chunk.kind == b"movi":
                    unfinished = chunk.end == chunk.start and problem is not None
                    movie.append(
                        chunk._replace(end=pieces.size if unfinished else min(chunk.end, pieces.size))
                    )
                    if unfinished:
                        break
                elif chunk.kind == b"INFO":
                    texts.append(chunk)
                elif (
                    chunk.kind == b"idx1"
                    and not chunk.is_list
                    and len(movie) == 1
                    and chunk.end <= pieces.size
                ):
                    old = chunk
                elif chunk.kind == b"IDIT" and chunk.end - chunk.start <= 64:
                    date = pieces.read(chunk.start, chunk.end)
            at = riff.end + (riff.end & 1)
        number = next((i for i, s in enumerate(streams) if s.kind == b"vids" and s.codec is not None), None)
        if number is None:
            kinds = ", ".join(repr(s.kind.decode("latin-1")) for s in streams) or "none"
            raise FormatError(f"it has no video: its streams are {kinds}")
        video = streams[number]
        if not movie:
            raise FormatError(
                "it has no list 'movi', which holds its frames: it was not finished, or is cut short"
            )
        count = frames or video.length
        check_frames(count)
        assert video.codec is not None
        track = Track(
            "avi",
            video.codec,
            video.width,
            video.height,
            video.tick,
            frame_count=count or None,
            duration=float(count * video.tick) if count else None,
            frame_rate=1 / video.tick,
            is_variable=False,
            has_audio=any(s.kind == b"auds" for s in streams),
            start_time=_date(date or next((s.date for s in streams if s.date), b"")),
            encoder=next((t for c in texts for n, t in said_in(pieces, c.start, c.end) if n == "ISFT"), None),
            problem=problem,
            length=movie[0].start if movie[0].start < 32 * 1024 and problem is None else None,
        )
        return cls(track, number, video.start, video.above, tuple(movie), old, tuple(texts))


@dataclass
class _Stream:
    kind: bytes = b""
    codec: Codec | None = None
    width: int = 0
    height: int = 0
    tick: Fraction = Fraction(1)
    start: int = 0
    length: int = 0
    above: tuple[tuple[int, int], ...] = ()
    date: bytes = b""


def _chunk(pieces: Pieces, at: int) -> Chunk:
    kind, size = struct.unpack("<4sI", pieces.read(at, at + 8))
    if kind in LISTS:
        return Chunk(pieces.read(at + 8, at + 12), at + 12, max(at + 8 + size, at + 12), True)
    return Chunk(kind, at + 8, at + 8 + size)


def _chunks(pieces: Pieces, start: int, end: int) -> Iterator[Chunk]:
    for _ in range(MOST):
        if start + 8 > end or start + 12 > pieces.size:
            return
        chunk = _chunk(pieces, start)
        yield chunk
        start = chunk.end + (chunk.end & 1)
    raise FormatError(f"it has more than {MOST:,} chunks side by side")


def said_in(pieces: Pieces, start: int, end: int) -> Iterator[tuple[str, str]]:
    """Names and texts of a list ``INFO``."""
    for chunk in _chunks(pieces, start, min(end, pieces.size)):
        if chunk.end - chunk.start <= LONGEST and not chunk.is_list:
            text = pieces.read(chunk.start, min(chunk.end, pieces.size)).split(b"\0")[0]
            yield chunk.kind.decode("latin-1"), text.decode("utf-8", "replace").strip()


def _streams(pieces: Pieces, header: Chunk) -> tuple[list[_Stream], int | None]:
    """Streams of the list ``hdrl``, and how many frames all lists together have, where that is said."""
    if header.end > pieces.size:
        raise FormatError("its header is cut short")
    streams, frames = [], None
    for chunk in _chunks(pieces, header.start, header.end):
        if chunk.kind == b"strl":
            streams.append(_stream(pieces, chunk))
        elif chunk.kind == b"odml":
            for inner in _chunks(pieces, chunk.start, min(chunk.end, header.end)):
                if inner.kind == b"dmlh" and inner.end - inner.start >= 4:
                    frames = int.from_bytes(pieces.read(inner.start, inner.start + 4), "little")
    return streams, frames


def _stream(pieces: Pieces, chunk: Chunk) -> _Stream:
    found = _Stream()
    for inner in _chunks(pieces, chunk.start, min(chunk.end, pieces.size)):
        size = inner.end - inner.start
        if inner.kind == b"strh" and size >= 36:
            body = pieces.read(inner.start, inner.start + 36)
            found.kind = body[:4]
            scale, rate, found.start, found.length = struct.unpack_from("<4I", body, 20)
            if found.kind == b"vids":
                if not scale or not rate:
                    raise FormatError(f"its frame rate is {rate} / {scale}")
                found.tick = Fraction(scale, rate)
        elif inner.kind == b"strf" and found.kind == b"vids":
            if not 40 <= size <= LARGEST:
                raise FormatError(f"its codec is described by {size} bytes, and a BITMAPINFOHEADER has 40")
            body = pieces.read(inner.start, inner.end)
            _, width, height = struct.unpack_from("<Iii", body)
            found.width, found.height = width, abs(height)
            check_size(found.width, found.height)
            found.codec = of_bitmap(body)
        elif inner.kind == b"indx" and found.kind == b"vids" and 24 <= size <= LARGEST:
            found.above = _above(pieces.read(inner.start, inner.end))
        elif inner.kind == b"IDIT" and size <= 64:
            found.date = pieces.read(inner.start, inner.end)
    return found


def _above(body: bytes) -> tuple[tuple[int, int], ...]:
    """Places of the parts of an OpenDML index; none where it is no index of indexes."""
    width, _, kind, count = struct.unpack_from("<HBBI", body)
    if width != 4 or kind != 0 or 24 + 16 * count > len(body):
        return ()
    return tuple((at, size) for at, size, _ in struct.iter_unpack("<QII", body[24 : 24 + 16 * count]))


def _date(text: bytes) -> datetime | None:
    said = text.strip(b"\0\r\n ").decode("latin-1")
    for form in DATES:
        try:
            return datetime.strptime(said, form)
        except ValueError:
            continue
    return None


def packets_of(file: File, riff: Riff) -> Samples:
    """Packets of the video; those that hold nothing, in place of a frame that was dropped, are left out.

    Raises
    ------
    FormatError
        There is no way to find them.
    """
    found = None
    if riff.above:
        found = _by_parts(file, riff)
    elif riff.old is not None and len(riff.movie) == 1:
        found = _by_old(file, riff)
    if found is None or not _is_right(file, riff, found):
        found = _walked(file, riff)
    check_frames(len(found))
    offsets, sizes, keys = found[:, 0], found[:, 1], found[:, 2].astype(bool)
    times = riff.start + np.arange(len(found), dtype=np.int64)
    held = sizes > 0
    if riff.track.codec.name in INTRA:
        keys = np.ones(len(found), bool)
    elif held.any():
        keys[np.flatnonzero(held)[0]] = True
    return Samples(offsets[held], sizes[held], times[held], keys[held], 1)


def _by_parts(file: File, riff: Riff) -> Integers | None:
    """Offset, size and whether it is a key, of each packet, by the OpenDML index."""
    if any(at + size > file.size or size < 32 for at, size in riff.above):
        return None
    parts = []
    for body in file.read_ranges([(at, at + size) for at, size in riff.above], note=False):
        width, _, kind, count = struct.unpack_from("<HBBI", body, 8)
        (base,) = struct.unpack_from("<Q", body, 20)
        if width != 2 or kind != 1 or 32 + 8 * count > len(body):
            return None
        table = np.frombuffer(body, "<u4", 2 * count, 32).reshape(count, 2).astype(np.int64)
        parts.append(
            np.stack(
                [base + table[:, 0], table[:, 1] & (NOT_A_KEY - 1), (table[:, 1] & NOT_A_KEY) == 0], axis=1
            )
        )
    return np.concatenate(parts).astype(np.int64) if parts else None


def _by_old(file: File, riff: Riff) -> Integers | None:
    """The same, by the index ``idx1``."""
    assert riff.old is not None
    count = (riff.old.end - riff.old.start) // 16
    check_frames(count // 8)  # of all streams
    body = file.read_range(riff.old.start, riff.old.start + 16 * count, note=False)
    table = np.frombuffer(body, [("kind", "S4"), ("flags", "<u4"), ("at", "<u4"), ("size", "<u4")])
    table = table[np.isin(table["kind"], _names(riff.stream))]
    if not len(table):
        return None
    offsets, sizes = table["at"].astype(np.int64), table["size"].astype(np.int64)
    keys = (table["flags"] & KEY).astype(bool)
    for base in (
        riff.movie[0].start - 4,
        0,
    ):  # from the list on, as they should be, or from the beginning of the file
        found = np.stack([base + offsets + 8, sizes, keys], axis=1).astype(np.int64)
        if _is_right(file, riff, found):
            return found
    return None


def _names(stream: int) -> list[bytes]:
    return [f"{stream:02d}{kind}".encode() for kind in ("dc", "db")]


def _is_right(file: File, riff: Riff, found: Integers) -> bool:
    """Whether packets lie where an index says: the first, the last, and one between."""
    if not len(found):
        return False
    some = found[[0, len(found) // 2, -1]].tolist()
    if any(not 8 <= at <= at + size <= file.size for at, size, _ in some):
        return False
    heads = file.read_ranges([(at - 8, at) for at, _, _ in some], note=False)
    return all(
        head[:4] in _names(riff.stream) and int.from_bytes(head[4:], "little") == size
        for head, (_, size, _) in zip(heads, some, strict=True)
    )


def _walked(file: File, riff: Riff) -> Integers:
    """Packets as they follow one another; without an index nobody says which are keys, but for the first."""
    forward, names = Forward(file), _names(riff.stream)
    found: list[tuple[int, int, bool]] = []
    left = MOST_CHUNKS
    for movie in riff.movie:
        at, end = movie.start, movie.end
        while at + 8 <= end:
            kind, size = struct.unpack("<4sI", forward.read(at, at + 8))
            left -= 1
            if left < 0 or kind == b"\0\0\0\0":  # zeros that nothing was written over
                break
            if kind == b"LIST":
                at += 12
                continue
            if kind in names and at + 8 + size <= end:
                found.append((at + 8, size, not found))
                check_frames(len(found))
            at += 8 + size + (size & 1)
    if not found:
        raise FormatError("it holds no frames")
    return np.array(found, np.int64)
