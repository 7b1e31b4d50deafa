"""Tables: the samples of a track, as the boxes of its sample table say where and when they are.

ISO/IEC 14496-12, 8.6 and 8.7.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.video.track import check_frames

__all__ = ["Samples", "counted", "decode_times", "expanded", "joined", "samples_of", "sizes_of"]

Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Samples:
    """Packets of a track, in the order in which they are decoded.

    Attributes
    ----------
    offsets, sizes : ndarray, shape (n_samples,), int64, bytes
        Where each lies in the file.
    times : ndarray, shape (n_samples,), int64, ticks
        When each is shown.
    keys : ndarray, shape (n_samples,), bool
        Whether decoding can begin with it.
    last : int, ticks
        How long the last one is shown.
    hidden : ndarray, shape (n_samples,), bool, or None
        Those that others refer to, and that are not shown themselves; None where all are.
    """

    offsets: Integers
    sizes: Integers
    times: Integers
    keys: np.ndarray[Any, np.dtype[np.bool_]]
    last: int = 0
    hidden: np.ndarray[Any, np.dtype[np.bool_]] | None = None

    def __len__(self) -> int:
        return len(self.offsets)


def sizes_of(kind: bytes, body: bytes, size: int) -> Integers:
    """Bytes of each sample, from ``stsz`` or ``stz2``.

    Parameters
    ----------
    kind, body : bytes
        Of the box; its content.
    size : int
        Of the file: all samples together are no longer.
    """
    each, count = counted(kind, body)
    check_frames(count)
    if kind == b"stz2":
        if each not in (4, 8, 16) or 12 + -(-count * each // 8) > len(body):
            raise FormatError(f"it says {count:,} frames, and its table of sizes is cut short")
        if each == 4:
            pairs = np.frombuffer(body, np.uint8, -(-count // 2), 12)
            return np.stack([pairs >> 4, pairs & 15], axis=1).reshape(-1)[:count].astype(np.int64)
        return np.frombuffer(body, f">u{each // 8}", count, 12).astype(np.int64)
    if each:
        if each * count > size:
            raise FormatError(f"it says {count:,} frames of {each:,} bytes, and the file has {size:,}")
        return np.full(count, each, np.int64)
    if 12 + 4 * count > len(body):
        raise FormatError(
            f"it says {count:,} frames, whose sizes take {4 * count:,} bytes, and their table has {max(len(body) - 12, 0):,}"
        )
    return np.frombuffer(body, ">u4", count, 12).astype(np.int64)


def counted(kind: bytes, head: bytes) -> tuple[int, int]:
    """What is said before the sizes: that of all samples, or the bits of each size; and how many samples there are."""
    if len(head) < 12:
        raise FormatError("its table of sizes is cut short")
    each = head[7] if kind == b"stz2" else int.from_bytes(head[4:8], "big")
    return each, int.from_bytes(head[8:12], "big")


def decode_times(body: bytes, count: int) -> tuple[Integers, int]:
    """Time of each sample in the order of decoding, from ``stts``; and how long the last one lasts.

    Raises
    ------
    FormatError
        The box says fewer times than there are samples, or time goes back.
    """
    lasting = expanded("stts", body, count)
    if count and int(lasting.min()) < 0:
        raise FormatError(
            f"frame {int(lasting.argmin()):,} lasts {int(lasting.min()):,} ticks, and time does not go back"
        )
    times = np.zeros(count, np.int64)
    np.cumsum(lasting[:-1], out=times[1:])
    return times, int(lasting[-1]) if count else 0


def expanded(name: str, body: bytes, count: int) -> Integers:
    """One value for each sample, of a table of runs: ``stts`` or ``ctts``."""
    runs, values = pairs(name, body)
    ends = np.minimum(np.cumsum(runs), count)
    if (int(ends[-1]) if len(ends) else 0) < count:
        raise FormatError(
            f"its table {name!r} is of {int(ends[-1]) if len(ends) else 0:,} frames, and there are {count:,}"
        )
    return np.repeat(values, np.diff(ends, prepend=0))


def pairs(name: str, body: bytes) -> tuple[Integers, Integers]:
    """Lengths and values of the runs of a table."""
    table = rows(name, body, 2)
    return table[:, 0].astype(np.uint32).astype(np.int64), table[:, 1].astype(np.int64)


def rows(name: str, body: bytes, width: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Rows of a table of 32-bit numbers, behind version, flags and their count."""
    count = int.from_bytes(body[4:8], "big")
    if len(body) < 8 or 8 + 4 * width * count > len(body):
        raise FormatError(f"its table {name!r} says {count:,} entries in {len(body):,} bytes")
    found = np.frombuffer(body, ">i4", count * width, 8)
    return found.reshape(count, width).astype(np.int32)


def samples_of(tables: dict[bytes, bytes], size: int) -> Samples:
    """Samples of a sample table.

    Parameters
    ----------
    tables : dict
        Content of its boxes, by kind.
    size : int
        Of the file, bytes.

    Raises
    ------
    FormatError
        A box is missing, or they contradict one another.
    """
    kind = b"stsz" if b"stsz" in tables else b"stz2"
    sizes = sizes_of(kind, _table(tables, kind), size)
    count = len(sizes)
    if not count:
        none = np.zeros(0, np.int64)
        return Samples(none, none, none, np.zeros(0, bool))
    times, last = decode_times(_table(tables, b"stts"), count)
    if b"ctts" in tables:
        times = times + expanded("ctts", tables[b"ctts"], count)
    return Samples(_offsets(tables, sizes), sizes, times, _keys(tables, count), last)


def _offsets(tables: dict[bytes, bytes], sizes: Integers) -> Integers:
    if b"co64" in tables:
        body = tables[b"co64"]
        n = int.from_bytes(body[4:8], "big")
        if len(body) < 8 or 8 + 8 * n > len(body):
            raise FormatError(f"its table 'co64' says {n:,} entries in {len(body):,} bytes")
        chunks = np.frombuffer(body, ">i8", n, 8).astype(np.int64)
    else:
        chunks = rows("stco", _table(tables, b"stco"), 1)[:, 0].astype(np.uint32).astype(np.int64)
    runs = rows("stsc", _table(tables, b"stsc"), 3).astype(np.uint32).astype(np.int64)
    firsts, each, described = runs[:, 0], runs[:, 1], runs[:, 2]
    if not len(firsts) or firsts[0] != 1 or (np.diff(firsts) <= 0).any() or firsts[-1] > max(len(chunks), 1):
        raise FormatError(f"its table 'stsc' does not say how {len(chunks):,} chunks are divided")
    if (described != described[0]).any():
        raise FormatError("its frames are described in several ways, one after the other, which is not read")
    in_chunk = np.minimum(np.repeat(each, np.diff(firsts, append=len(chunks) + 1)), len(sizes))
    ends = np.minimum(np.cumsum(in_chunk), len(sizes))
    if not len(ends) or ends[-1] < len(sizes):
        raise FormatError(
            f"its table 'stsc' is of {int(ends[-1]) if len(ends) else 0:,} frames, and there are {len(sizes):,}"
        )
    begins = np.concatenate([[0], ends[:-1]])
    before = np.concatenate([[0], np.cumsum(sizes)])
    counts = ends - begins
    offsets: Integers = np.repeat(chunks - before[begins], counts) + before[:-1]
    return offsets


def _keys(tables: dict[bytes, bytes], count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if b"stss" not in tables:
        return np.ones(count, bool)
    keys = np.zeros(count, bool)
    for kind in (b"stss", b"stps"):
        if kind in tables:
            numbers = rows(kind.decode(), tables[kind], 1)[:, 0].astype(np.int64) - 1
            if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < count:
                raise FormatError(
                    f"its table {kind.decode()!r} names a frame that is not there: there are {count:,}"
                )
            keys[numbers] = True
    return keys


def _table(tables: dict[bytes, bytes], kind: bytes) -> bytes:
    if kind not in tables:
        raise FormatError(f"its sample table has no box {kind.decode()!r}")
    return tables[kind]


def joined(one: Samples, other: Samples) -> Samples:
    """Packets of two tables, one behind the other."""
    if not len(one) or not len(other):
        return one if len(one) else other
    return Samples(
        np.concatenate([one.offsets, other.offsets]),
        np.concatenate([one.sizes, other.sizes]),
        np.concatenate([one.times, other.times]),
        np.concatenate([one.keys, other.keys]),
        other.last,
    )
